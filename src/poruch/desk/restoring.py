"""Restoring a lost desk from its officer's paper, and a front or a folder (docs/spec/paper.md section 5).

The journal is pulled as that officer, or read from a folder that desks sync with, before anything is believed. A
restored desk never continues its old chain, whose end may lie on the lost disk: the fact `desk/restored` makes it open
a new life at its first sync.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal, Protocol

from poruch.crypto import group, keyfile
from poruch.crypto import paper as papers
from poruch.crypto.fingerprint import fingerprint_words
from poruch.desk.program import FUND_FILE, KEY_FILE, RESTORED, Desk
from poruch.desk.syncing import wanted_bodies
from poruch.errors import BadPaper, FolderBroken, FrontNeeded, NotOnRoster, RelayUnreachable, WrongFund, WrongShareWords
from poruch.journal.folder import Folder, funds_in
from poruch.journal.segments import SignedSegment
from poruch.journal.wholefile import write_whole

MOST_PULLS = 1000
_LINE = "poruch1"
_REFUSED = ("answered 401", "answered 403")

BODIES_AT_ONCE = 256

ShareState = Literal["none", "now", "old", "unchecked"]


class Source(Protocol):
    """Where the journal comes from: a `Relay`, or a `FolderSource`."""

    def segments_beyond(self, positions: dict[tuple[int, int], int]) -> list[SignedSegment]:
        """Segments that stand beyond `positions`."""

    def bodies(self, hashes: Sequence[bytes]) -> list[bytes]:
        """Those of these bodies that are there, or as many as fit."""


@dataclass
class FolderSource:
    """A folder that desks sync with, read as a relay is asked; a folder may serve several funds."""

    path: Path
    today: Callable[[], date]
    _folders: list[Folder] = field(default_factory=list)

    def segments_beyond(self, positions: dict[tuple[int, int], int]) -> list[SignedSegment]:
        """All of them, and the proofs; a desk takes what it lacks. Raises `FolderBroken`."""
        if not self._folders:
            self._folders = [Folder(self.path, fund, self.today) for fund in funds_in(self.path)]
        found = [one for folder in self._folders for part in folder.segments_beyond(positions) for one in part]
        found.sort(key=lambda signed: signed.order)
        return found + ([] if positions else [proof for folder in self._folders for proof in folder.proofs(())])

    def bodies(self, hashes: Sequence[bytes]) -> list[bytes]:
        """Those that lie there."""
        found = [folder.body(sha256) for folder in self._folders for sha256 in hashes]
        return [body for body in found if body is not None]


@dataclass(frozen=True, repr=False)
class Backup:
    """What somebody typed from a paper: the key words or the line, and the share words or None."""

    key: papers.KeyBlock
    share: papers.ShareBlock | None
    line: papers.Paper | None = None


@dataclass(frozen=True)
class Restored:
    """A desk that was restored. `synced`: the journal was there, and all was checked against it."""

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
    source: Callable[[keyfile.OfficerKey], Source],
    today: Callable[[], date],
    *,
    memory_kib: int = keyfile.MEMORY_KIB,
) -> Restored:
    """Write a desk into the new, empty `folder`; whoever calls throws the folder away where this raises.

    (1) The front answers to the key of the paper: else `NotOnRoster`, or `FrontNeeded`, but a line is enough without a
    front. A folder asks for no key; one without a journal is refused: `FolderBroken`. (2) The fund is that of the
    paper: else `WrongFund`, `PapersDiffer`. (3) The roster holds the signing key under the officer's number: else
    `NotOnRoster`. (4) The share is one that was dealt to him: else `WrongShareWords`. (5) Everything is written.
    Raises `WeakPassphrase` and `BadPaper` (the name) before.
    """
    try:
        key = keyfile.OfficerKey(number=backup.key.number, name=name, root=backup.key.root)
    except ValueError:
        raise BadPaper("the working name") from None
    sealed = keyfile.seal_key(key, passphrase, memory_kib=memory_kib)
    door = source(key)
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
        _take_bodies(desk, door)
        desk.store.keep_fact(RESTORED, b"1")  # (5)
        words = fingerprint_words(desk.public.fingerprint) if arrived else ""
    finally:
        desk.close()
    write_whole(folder / FUND_FILE, f"{fund.hex()}\n".encode())
    write_whole(folder / KEY_FILE, sealed)  # last: without it the folder is no desk, and may be restored into again
    return Restored(key.number, share, bool(arrived), words)


def _first_answer(source: Source, backup: Backup) -> list[SignedSegment]:
    try:
        found = source.segments_beyond({})
        if not found and isinstance(source, FolderSource):
            raise FolderBroken("no journal of a fund lies in it")
        return found
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


def _take_all(desk: Desk, source: Source, arrived: list[SignedSegment]) -> None:
    """What came from a folder may be news to a front, and is given to it."""
    pushed = not isinstance(source, FolderSource)
    for _ in range(MOST_PULLS):
        if not arrived or not desk.take(arrived, pushed=pushed):
            return
        arrived = source.segments_beyond(desk.chains.positions)


def _take_bodies(desk: Desk, source: Source) -> None:
    """From a folder at once, for there may be no front; a front gives them at the first sync."""
    if not isinstance(source, FolderSource):
        return
    wanted = sorted(wanted_bodies(desk))
    for at in range(0, len(wanted), BODIES_AT_ONCE):
        for body in source.bodies(wanted[at : at + BODIES_AT_ONCE]):
            desk.keep_body(body, pushed=False)
    desk.refold()


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
