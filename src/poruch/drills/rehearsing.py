"""`poruch rehearse`: an officer shows, once a year, that the paper in his drawer still opens what the fund seals.

The share comes from the keyboard and goes into one partial for a file of nothing (poruch.cases.trials). It is written
nowhere, and the share that the desk keeps is not looked at: this is about the paper.
"""

import fcntl
import getpass
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from poruch.cases.trials import Trial
from poruch.crypto.group import multiply_base
from poruch.crypto.keyfile import OfficerKey
from poruch.crypto.paper import SHARE_WORDS, ShareBlock, parse_share_words, typed_words
from poruch.crypto.quorum_group import Group
from poruch.desk import guard, trials
from poruch.desk.duties import do_duties
from poruch.desk.porter import LOCK_FILE
from poruch.desk.program import KEY_FILE, Desk, open_desk
from poruch.desk.server import real_day
from poruch.errors import AlreadyDone, BadPaper, DeskRunning, NotADesk, NotAllowed, OldPaper, WrongGroup
from poruch.journal.sync import HttpRelay, Relay

_TRIES = 3
_MOST_LINES = 2 * SHARE_WORDS

_ASK = """\
Take your paper. Type the {count} share words, as many in a line as you like; nothing of them is shown or kept.
"""
_DONE = "Your paper holds your share. {gave} of {k} officers have done this rehearsal: {names}."
_OPENS = "The papers of {k} officers open the fund's files. Put yours away again."
_WAITS = "{missing} more must do it by {until}."


def run_rehearsal(folder: Path, front: str, today: Callable[[], date] = real_day) -> int:
    """Answer the rehearsal that is running, or begin one, with the share on this officer's paper.

    Raises DeskRunning, NotADesk, WrongPassphrase, RelayUnreachable, AlreadyDone, BadPaper, OldPaper, and what a desk
    raises.
    """
    os.umask(0o077)
    guard.forbid_dumps()
    guard.lock_memory()
    with alone(folder):
        desk = open_desk(folder, hidden("Your passphrase: "), _relay(front, today), today)
        try:
            _rehearse(desk)
        finally:
            desk.close()
    return 0


def _rehearse(desk: Desk) -> None:
    desk.sync()
    do_duties(desk)
    desk.push()
    group = _own_group(desk)
    trial = _running(desk, group)
    block = ask_share()
    check_paper(desk, group, block)
    desk.act([trials.answer(desk, trial, block.scalar)])
    desk.push()
    _say_how_far(desk, desk.trials.trials[trial.id], group)


def _own_group(desk: Desk) -> Group:
    """The group in force, if this officer holds a share of it."""
    group = desk.public.ceremonies.group
    if group is None:
        raise WrongGroup("there is no quorum key yet")
    if desk.number not in group.officers:
        raise NotAllowed("you hold no share of the quorum key")
    return group


def _running(desk: Desk, group: Group) -> Trial:
    """The rehearsal to answer. One that begins here is told to the others before anybody looks for his paper."""
    trial = trials.running_rehearsal(desk)
    if trial is not None and desk.number in trial.answers:
        raise AlreadyDone(f"you have done the rehearsal that runs until {trial.until}")
    if trial is None:
        desk.act([trials.begin(desk, group, b"")])
        desk.push()
        trial = trials.running_rehearsal(desk)
        if trial is None:
            raise WrongGroup("the key was dealt anew just now")
        print("You begin a rehearsal; the desks of your colleagues will remind them.")
    return trial


def check_paper(desk: Desk, group: Group, block: ShareBlock) -> None:
    """Raises OldPaper unless the words are those of this officer's share in `group`."""
    words_fit = (block.number, block.epoch) == (desk.number, group.epoch) and block.is_of(desk.fund)
    if not words_fit or multiply_base(block.scalar) != group.verification_share(desk.number):
        raise OldPaper


def _say_how_far(desk: Desk, trial: Trial, group: Group) -> None:
    result = trial.result(group)
    names = ", ".join(desk.members.name(number) for number in result.gave)
    print(_DONE.format(gave=len(result.gave), k=group.k, names=names))
    for number in result.blamed:
        print(f"{desk.members.name(number)} gave a partial that does not verify.")
    if result.succeeded is not None:
        print(_OPENS.format(k=group.k))
    else:
        print(_WAITS.format(missing=group.k - len(result.gave), until=trial.until))


# ---- the keyboard -----------------------------------------------------------------------------


def ask_share() -> ShareBlock:
    """The share words, unseen; on a terminal again after a slip. Raises BadPaper."""
    print(_ASK.format(count=SHARE_WORDS), flush=True)
    tries = _TRIES if sys.stdin.isatty() else 1
    for left in range(tries - 1, -1, -1):
        try:
            return parse_share_words(_typed())
        except BadPaper as error:
            if not left:
                raise
            print(f"  {error.sentence} ({error.detail})", flush=True)
    raise BadPaper


def _typed() -> str:
    """Lines until there are as many words as a share has, or until an empty one."""
    lines: list[str] = []
    for _ in range(_MOST_LINES):
        count = len(typed_words(" ".join(lines)))
        if count >= SHARE_WORDS:
            break
        line = hidden(f"{count} of {SHARE_WORDS} words: ")
        if not line.strip():
            break
        lines.append(line)
    return " ".join(lines)


def hidden(question: str) -> str:
    """A line from the keyboard, unseen."""
    if sys.stdin.isatty():
        try:
            return getpass.getpass(question)
        except EOFError:
            return ""
    return sys.stdin.readline().rstrip("\n")


# ---- the folder and the front -----------------------------------------------------------------


def _relay(front: str, today: Callable[[], date]) -> Callable[[OfficerKey], Relay]:
    return lambda key: HttpRelay(front, key.number, key.signing, today)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the desk's folder as an open desk does: two programs would write one officer's chain."""
    if not (folder / KEY_FILE).exists():
        raise NotADesk
    with (folder / LOCK_FILE).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise DeskRunning from None
        yield
