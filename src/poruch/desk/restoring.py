"""Restoring a lost desk from its officer's paper and a front (docs/spec/paper.md section 5).

The journal is pulled as that officer, before anything is believed. A restored desk never continues its old chain, whose
end may lie on the lost disk: the fact `desk/restored` makes it open a new life at its first sync.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from poruch.crypto import group, keyfile
from poruch.crypto import paper as papers
from poruch.crypto.fingerprint import fingerprint_words
from poruch.desk.program import FUND_FILE, KEY_FILE, RESTORED, Desk
from poruch.errors import BadPaper, FrontNeeded, NotOnRoster, RelayUnreachable, WrongFund, WrongShareWords
from poruch.journal.segments import SignedSegment
from poruch.journal.sync import Relay

MOST_PULLS = 1000
_LINE = "poruch1"
_REFUSED = ("answered 401", "answered 403")

ShareState = Literal["none", "now", "old", "unchecked"]


@dataclass(frozen=True, repr=False)
class Backup:
    """What somebody typed from a paper: the key words or the line, and the share words or None."""

    key: papers.KeyBlock
    share: papers.ShareBlock | None
    line: papers.Paper | None = None


@dataclass(frozen=True)
class Restored:
    """A desk that was restored. `synced`: the front answered, and all was checked against the journal."""

    number: int
    share: ShareState
    synced: bool
    fund_words: str


def is_line(text: str) -> bool:
    """Whether `text` begins as the line of a QR code does, and not as words do."""
    return "".join(text.split()).lower().startswith(_LINE)


def read_line(text: str) -> Backup:
    """The backup of a line. Raises `BadPaper`."""
    made = papers.parse(text)
    return Backup(made.key_block, made.share_block, made)


def read_words(key: str, share: str) -> Backup:
    """The backup of words; `share` may be empty. Raises `BadPaper`, `PapersDiffer`."""
    block = papers.parse_key_words(key)
    if not papers.typed_words(share):
        return Backup(block, None)
    other = papers.parse_share_words(share)
    papers.check_together(block, other)
    return Backup(block, other)


def restore(
    folder: Path,
    backup: Backup,
    name: str,
    passphrase: str,
    relay: Callable[[keyfile.OfficerKey], Relay],
    today: Callable[[], date],
    *,
    memory_kib: int = keyfile.MEMORY_KIB,
) -> Restored:
    """Write a desk into the new, empty `folder`; whoever calls throws the folder away where this raises.

    (1) The front answers to the key of the paper: else `NotOnRoster`, or `FrontNeeded`, but a line is enough without a
    front. (2) The fund is that of the paper: else `WrongFund`, `PapersDiffer`. (3) The roster holds the signing key
    under the officer's number: else `NotOnRoster`. (4) The share is one that was dealt to him: else `WrongShareWords`.
    (5) Everything is written. Raises `WeakPassphrase` and `BadPaper` (the name) before.
    """
    try:
        key = keyfile.OfficerKey(number=backup.key.number, name=name, root=backup.key.root)
    except ValueError:
        raise BadPaper("the working name") from None
    sealed = keyfile.seal_key(key, passphrase, memory_kib=memory_kib)
    door = relay(key)
    arrived = _first_answer(door, backup)  # (1)
    fund = _fund_of(arrived, backup)  # (2)
    if backup.share is not None:
        papers.check_together(backup.key, backup.share, fund)
    desk = Desk(folder, key, fund, None, today)
    try:
        _take_all(desk, door, arrived)
        if arrived and desk.public.charter is None:
            raise WrongFund
        if arrived and desk.public.roster.signing.get(key.number) != key.signing.public:  # (3)
            raise NotOnRoster
        share = _keep_share(desk, backup)  # (4)
        desk.store.keep_fact(RESTORED, b"1")  # (5)
        words = fingerprint_words(desk.public.fingerprint) if arrived else ""
    finally:
        desk.close()
    (folder / FUND_FILE).write_text(fund.hex() + "\n")
    path = folder / KEY_FILE
    path.write_bytes(sealed)
    path.chmod(0o600)
    return Restored(key.number, share, bool(arrived), words)


def _first_answer(relay: Relay, backup: Backup) -> list[SignedSegment]:
    try:
        return relay.segments_beyond({})
    except RelayUnreachable as error:
        if error.detail.endswith(_REFUSED):
            raise NotOnRoster from None
        if backup.line is None:
            raise FrontNeeded from None
        return []


def _fund_of(arrived: list[SignedSegment], backup: Backup) -> bytes:
    """The fund's id; that it is the hash of the charter is what the journal itself proves."""
    if backup.line is not None:
        return backup.line.fund
    found = {signed.segment.fund for signed in arrived if backup.key.is_of(signed.segment.fund)}
    if len(found) != 1:
        raise WrongFund
    return found.pop()


def _take_all(desk: Desk, relay: Relay, arrived: list[SignedSegment]) -> None:
    for _ in range(MOST_PULLS):
        if not arrived or not desk.take(arrived, pushed=True):
            return
        arrived = relay.segments_beyond(desk.chains.positions)


def _keep_share(desk: Desk, backup: Backup) -> ShareState:
    share, line = backup.share, backup.line
    if share is None:
        return "none"
    point = group.multiply_base(share.scalar)
    made = desk.public.ceremonies.made
    for one in made:
        shares = dict(one.group.verification_shares)
        if one.group.epoch == share.epoch and shares.get(share.number) == point:
            desk.store.keep_secret(f"share/{one.group.id.hex()}", group.encode_scalar(share.scalar))
            return "now" if one is made[-1] else "old"
    if line is None or line.share is None or desk.public.charter is not None:
        raise WrongShareWords
    desk.store.keep_secret(f"share/{line.share.group.hex()}", group.encode_scalar(share.scalar))
    return "unchecked"
