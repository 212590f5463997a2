"""`poruch found`: founders at one table make a fund, each with a passphrase and a desk of his own.

The desks do what they would do on machines of their own: each makes its part of the quorum key, checks all others' and
certifies, over a front that runs for as long as the founding.
"""

import getpass
import os
import resource
import shlex
import shutil
import signal
import sys
import tempfile
import unicodedata
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import NoReturn

from poruch.crypto.fingerprint import fingerprint_words
from poruch.crypto.keyfile import LEAST_PASSPHRASE
from poruch.desk import founding
from poruch.desk.plan import PlannedFund, parse_plan
from poruch.desk.program import Desk
from poruch.drills.fund import Calendar, make_founders, open_desks, run_ceremonies, serve_front
from poruch.errors import (
    BadCharter,
    BadOfficers,
    FolderInUse,
    PassphrasesDiffer,
    WeakPassphrase,
)
from poruch.front import server
from poruch.journal.ceremonies import Ceremony

FRONT_ADDRESS = "http://127.0.0.1:8000"
_TRIES = 3

_WELCOME = """\
Founding {name}: {n} officers, of whom {k} must agree to open a name or to pay.

All founders sit at this table, and each types a passphrase that nobody else sees. It opens his key file; nobody can
replace it. Take six or more words drawn at random. (Founding from many machines is to come: docs/officers.md.)
"""
_FOUNDED = """
{name} is founded.

Its fingerprint, which every founder writes down and compares:
  {words}

To run the front, on the server:
  bin/poruch front {front}
To open a desk, each officer on his own computer, with the address of the front:
"""
_AFTERWARDS = """
Each folder under {desks} belongs on its officer's own computer and nowhere else: move it there now.
The front's folder holds no key."""
_RELATED = """\
The plan names the fund's related parties in clear: delete it, or keep it where you keep such things."""


def run_founding(folder: Path, plan: Path) -> int:
    """Found the fund of `plan` in the new `folder`. 2 and a sentence if the plan is refused, and nothing is left.

    Raises `FolderInUse`, `WeakPassphrase`, `PassphrasesDiffer`, `CeremonyStopped`.
    """
    try:
        planned = read_plan(plan)
    except (BadCharter, BadOfficers) as error:
        print(error.detail or error.sentence, file=sys.stderr)
        return 2
    refuse_used(folder)
    keep_to_ourselves()
    charter = planned.plan
    print(_WELCOME.format(name=charter.name, n=len(planned.names), k=charter.k), flush=True)
    with all_or_nothing(folder) as made:
        words = _found(made, planned)
    front, desks = shlex.quote(str(folder / "front")), folder / "desks"
    print(_FOUNDED.format(name=charter.name, words=words, front=front), end="")
    for name in planned.names.values():
        print(f"  bin/poruch desk {shlex.quote(str(desks / name.lower()))} --front {FRONT_ADDRESS}")
    print(_AFTERWARDS.format(desks=desks))
    if charter.related:
        print(_RELATED)
    return 0


def read_plan(path: Path) -> PlannedFund:
    """A plan that can become a fund. Raises `BadCharter`, `BadOfficers`, whose detail is a sentence for founders."""
    try:
        planned = parse_plan(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise BadCharter("The plan is not UTF-8.") from None
    # The charter is tried with keys of nobody, so that founders hear of a fault before they think of passphrases.
    founding.make_charter(planned.plan, [(number, bytes(32)) for number in planned.names])
    return planned


# ---- passphrases ------------------------------------------------------------------------------


def ask_passphrase(name: str) -> str:
    """A founder's passphrase, typed twice: unseen on a terminal, else from two lines of standard input.

    Raises `WeakPassphrase`, `PassphrasesDiffer`; on a terminal only after some tries.
    """
    tries = _TRIES if sys.stdin.isatty() else 1
    for left in range(tries - 1, -1, -1):
        try:
            return _typed_twice(name)
        except (WeakPassphrase, PassphrasesDiffer) as error:
            if not left:
                raise
            print(f"  {error.sentence}", flush=True)
    raise WeakPassphrase


def _typed_twice(name: str) -> str:
    first = hidden_line(f"{name}, your passphrase: ")
    if len(unicodedata.normalize("NFC", first)) < LEAST_PASSPHRASE:
        raise WeakPassphrase
    if hidden_line(f"{name}, once more:       ") != first:
        raise PassphrasesDiffer
    return first


def hidden_line(question: str) -> str:
    """One line, unseen where it is typed on a terminal."""
    if sys.stdin.isatty():
        try:
            return getpass.getpass(question)
        except EOFError:
            return ""
    return sys.stdin.readline().rstrip("\n")


# ---- the founding itself ----------------------------------------------------------------------


@dataclass
class Progress:
    """Says once what each desk has done."""

    names: dict[int, str]
    said: set[tuple[int, bytes, str]] = field(default_factory=set)

    def __call__(self, desk: Desk) -> None:
        """Look at a desk after its turn."""
        ceremony = desk.public.ceremonies.latest
        session = ceremony.session if ceremony else b""
        if desk.number in desk.public.officers:
            self._say(desk.number, b"", "announced the public keys")
        if ceremony is not None:
            for what, who in _parts(ceremony).items():
                if desk.number in who:
                    self._say(desk.number, session, what)
        if desk.number in desk.members.names:
            self._say(desk.number, b"", "took the keys of the circles")

    def _say(self, number: int, session: bytes, what: str) -> None:
        if (number, session, what) not in self.said:
            self.said.add((number, session, what))
            width = max(map(len, self.names.values()))
            print(f"  {self.names[number]:<{width}}  {what}", flush=True)


def _parts(ceremony: Ceremony) -> dict[str, Collection[int]]:
    return {
        "joined the ceremony of the quorum key": ceremony.joined,
        "announced a dealing": ceremony.digests,
        "dealt": ceremony.dealings,
        "certified the quorum key": ceremony.certified,
    }


def _found(folder: Path, planned: PlannedFund) -> str:
    """Found the fund in `folder`; returns the words of its fingerprint."""
    calendar = Calendar(server.real_day())
    founders = make_founders(folder, planned, ask_passphrase)
    print(flush=True)
    server.create(folder / "front", founders.fund)
    with serve_front(folder / "front", calendar) as address:
        desks = open_desks(founders, address, calendar)
        try:
            run_ceremonies(desks, founders, planned.plan, Progress(planned.names))
            return fingerprint_words(desks[min(desks)].public.fingerprint)
        finally:
            for desk in desks.values():
                desk.close()


def refuse_used(folder: Path) -> None:
    """Raises `FolderInUse` unless `folder` is empty or not there."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FolderInUse(str(folder))


@contextmanager
def all_or_nothing(folder: Path) -> Iterator[Path]:
    """A folder beside `folder` that takes its name when the block is through, and is removed if it is not."""
    folder = folder.absolute()
    half = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        yield half
        half.rename(folder)
        os.sync()  # what is printed next is believed
    except BaseException:
        shutil.rmtree(half)
        raise


def keep_to_ourselves() -> None:
    """Keys are in this memory: no core dump, no file for others, and no half-made fund after a signal."""
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
