"""`poruch desk restore`: an officer types what stands on his paper and has his desk again, in a new folder."""

import datetime
import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from poruch.crypto.keyfile import OfficerKey
from poruch.crypto.paper import KEY_WORDS, SHARE_WORDS, parse_key_words, typed_words
from poruch.crypto.wordlist import near_words, word_numbers
from poruch.desk.restoring import Backup, FolderSource, Restored, Source, is_line, read_line, read_words, restore
from poruch.drills.founding import all_or_nothing, ask_passphrase, keep_to_ourselves, refuse_used
from poruch.errors import BadPaper, PapersDiffer
from poruch.journal.sync import HttpRelay

_TRIES = 5
_CLEAR = "\033[2J\033[3J\033[H"
Answer = TypeVar("Answer")

_WELCOME = """\
Restoring a desk from its paper. What you type stays on this screen until it is cleared: be alone.
"""
_SHARES = {
    "now": "Your share is the present one: you can open together with your colleagues as before.",
    "old": "Your share is of an earlier dealing and opens nothing now. You get a new one at the next dealing.",
    "none": "No share was restored: you can read and vote, and open nothing until the quorum is dealt anew.",
    "unchecked": "Your share was kept and not checked, for the front did not answer.",
}
_DONE = """
The desk of officer {number} is restored. {share}
{fund}
To open it:
  bin/poruch desk {folder} --front {front}

At its first sync it begins a new life of your chain. Until a colleague who has spoken with you confirms it on the page
Officers, nothing that you sign counts. If somebody else may have the lost desk or this paper, say so now: your
colleagues then deal the quorum anew."""
_FUND = """
The fund's fingerprint of today, to compare with a colleague's desk:
  {words}
"""
_NO_FRONT = """
The front did not answer: nothing but the paper was checked. The desk fetches the journal when the front is back.
"""


def run_restore(folder: Path, front: str, carried: Path | None = None) -> int:
    """Restore a desk into the new `folder`, from the front at `front` or from the folder `carried`.

    Raises `FolderInUse` and what reading and restoring raise.
    """
    refuse_used(folder)
    keep_to_ourselves()
    print(_WELCOME, flush=True)
    key = _again(_ask_key)
    backup = read_line(key) if is_line(key) else _again(lambda: _ask_share(key))
    name = _shown("Your working name, as on the paper: ").strip()
    _clear()
    passphrase = ask_passphrase(name or "New desk")
    print("\nReading the folder ..." if carried else "\nAsking the front ...", flush=True)
    with all_or_nothing(folder) as made:
        done = restore(made, backup, name, passphrase, _source(front, carried), _today)
    print(_said(done, folder, front or "URL"))
    return 0


def _said(done: Restored, folder: Path, front: str) -> str:
    fund = _FUND.format(words=done.fund_words) if done.synced else _NO_FRONT
    quoted = shlex.quote(str(folder))
    return _DONE.format(number=done.number, share=_SHARES[done.share], fund=fund, folder=quoted, front=front)


def _today() -> datetime.date:
    return datetime.datetime.now(datetime.UTC).date()


def _source(front: str, carried: Path | None) -> Callable[[OfficerKey], Source]:
    if carried is not None:
        return lambda key: FolderSource(carried, _today)
    return lambda key: HttpRelay(front, key.number, key.signing, _today)


# ---- asking -----------------------------------------------------------------------------------


def _again(ask: Callable[[], Answer]) -> Answer:
    """On a terminal a slip of the finger costs no more than to type it again."""
    for left in range(_TRIES - 1 if sys.stdin.isatty() else 0, -1, -1):
        try:
            return ask()
        except (BadPaper, PapersDiffer) as error:
            if not left:
                raise
            detail = f" ({error.detail})" if error.detail else ""
            print(f"  {error.sentence}{detail}", flush=True)
    raise BadPaper


def _ask_key() -> str:
    typed = _block(f"The {KEY_WORDS} key words, or the line under the QR code:", KEY_WORDS)
    if is_line(typed):
        read_line(typed)
    else:
        _hint(typed)
        parse_key_words(typed)
    return typed


def _ask_share(key: str) -> Backup:
    typed = _block(f"The {SHARE_WORDS} share words; only Enter if you have none:", SHARE_WORDS)
    _hint(typed)
    return read_words(key, typed)


def _block(question: str, count: int) -> str:
    """Lines until there are enough words, or an empty one."""
    print(question, flush=True)
    typed = ""
    while len(typed_words(typed)) < count and not is_line(typed):
        line = _shown("  ")
        if not line.strip():
            break
        typed += f"{line} "
    return typed


def _hint(typed: str) -> None:
    """Words of the list near those that are not on it; only where somebody sits who typed them."""
    if sys.stdin.isatty() and not is_line(typed):
        for place, word in enumerate(typed_words(typed), 1):
            if word not in word_numbers() and (near := near_words(word)):
                print(f"  Word {place} is not on the list. Near it are: {', '.join(near)}.", flush=True)


def _shown(question: str) -> str:
    if sys.stdin.isatty():
        try:
            return input(question)
        except EOFError:
            return ""
    return sys.stdin.readline().rstrip("\n")


def _clear() -> None:
    if sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb":
        print(_CLEAR, end="", flush=True)
