"""The front of the simulation: the relay's own rules over a shelf in memory, and the files of the log.

It can lose its power at any write and comes back from what is on the shelf; it can be seized, and a new one is made
from what one desk gives (poruch.desk.rebuilding), as `bin/poruch front rebuild` does.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from poruch.desk.program import Desk
from poruch.desk.rebuilding import pieces_of
from poruch.drills.simulator.disk import Fuse, PowerCut
from poruch.errors import PublicationRefused
from poruch.front.journal import FrontJournal
from poruch.front.relaying import Relaying
from poruch.front.shelf import KeptDrop
from poruch.front.shelf_memory import MemoryShelf
from poruch.journal.dropbox import SealedDrop
from poruch.journal.line import BROKEN
from poruch.journal.public import PublicState
from poruch.journal.rebuild import (
    AnyPiece,
    Beginning,
    BodyPiece,
    DropPiece,
    Ending,
    PublicationPiece,
    SegmentPiece,
    SlipPiece,
    TagPiece,
)
from poruch.journal.requests import Asker
from poruch.journal.segments import parse_segment
from poruch.tlog.policy import parse_policy
from poruch.tlog.publish import LogState, empty_state, publish

ARRIVALS_APART = 2**20
"""As poruch.front.rebuild: a rebuilt front numbers its drops far behind those that desks have collected."""


@dataclass
class NumberedShelf(MemoryShelf):
    """A shelf whose drops are numbered from `first` on."""

    first: int = 1

    def receive(self, drop: str, kind: str, day: date, body: bytes) -> None:
        """See `MemoryShelf`."""
        before = len(self.drops)
        super().receive(drop, kind, day, body)
        if len(self.drops) > before:
            self.drops[-1] = replace(self.drops[-1], arrival=before + self.first)

    def drops_after(self, arrival: int) -> Iterator[tuple[int, int]]:
        """See `Shelf`."""
        return super().drops_after(max(0, arrival - self.first + 1))

    def drop(self, arrival: int) -> KeptDrop | None:
        """See `Shelf`."""
        return super().drop(arrival - self.first + 1)

    def body(self, sha256: bytes) -> bytes | None:
        """See `Shelf`."""
        at = self._by_hash.get(sha256)
        return self.bodies.get(sha256) or (self.drops[at - 1].body or None if at else None)


class SimulatedFront:
    """One front. `broken` is set while its power is off."""

    def __init__(self, fund: bytes, origin: str, today: Callable[[], date], random: Callable[[int], bytes]) -> None:
        self.fund, self.origin, self.today, self.random = fund, origin, today, random
        self.number = random(8).hex()
        self.fuse = Fuse()
        self.shelf = NumberedShelf(named=fund, fails=self._fails)
        self.log: LogState = empty_state(origin)
        self.files: dict[str, bytes] = {}
        self.start()

    def start(self) -> None:
        """The program begins, and knows what lies on the shelf."""
        self.journal = FrontJournal(self.shelf)
        self.relaying = Relaying(self.shelf, self.journal, self.today, self._publish)
        self.relaying.mend()

    def _fails(self, write: str) -> None:
        # Before each write of the shelf; the write itself follows, so that `after` means before the next one.
        self.fuse.before_write()
        self.fuse.after_write()

    @property
    def public(self) -> PublicState:
        """What the front knows."""
        return self.journal.public()

    def ask(self, number: int, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        """One request of officer `number`. If the power goes, the front starts again and nobody was answered."""
        if method == "GET":
            found = self.files.get(path.removeprefix("/log/"))
            return (404, b"") if found is None else (200, found)
        try:
            answer = self.relaying.answer(Asker(number), path, body)
        except PowerCut:
            self.start()
            return BROKEN, b""
        return answer.status, answer.body

    def receive(self, sealed: SealedDrop) -> bool:
        """A person sends a drop; whether the page said that it is stored."""
        try:
            self.shelf.receive(sealed.drop, sealed.kind, self.today(), sealed.body)
        except PowerCut:
            self.start()
            return False
        return True

    def _publish(self, body: bytes) -> None:
        text = self.public.policy
        if text is None:
            raise PublicationRefused(403, "bad-policy", "the fund has no policy yet")
        published = publish(self.log, body, parse_policy(text.encode()), self.random)
        self.fuse.before_write()  # the files, then the row that says how far the log is: one transaction
        self.log = published.state
        self.files |= dict(published.files) | {"policy": text.encode()}
        self.fuse.after_write()

    # ---- made anew ----------------------------------------------------------------------------

    def rebuilt_from(self, desk: Desk) -> "SimulatedFront":
        """A new front, from what one desk holds. Raises `CannotRebuild`."""
        made = SimulatedFront(self.fund, self.origin, self.today, self.random)
        for piece in pieces_of(desk):
            made._take(piece)
        made.start()
        return made

    def _take(self, piece: AnyPiece) -> None:
        shelf = self.shelf
        if isinstance(piece, Beginning):
            shelf.first = piece.arrived + ARRIVALS_APART + 1
        elif isinstance(piece, SegmentPiece):
            self.journal.push([parse_segment(piece.raw)])
        elif isinstance(piece, BodyPiece):
            shelf.keep_body(hashlib.sha256(piece.body).digest(), piece.body)
        elif isinstance(piece, DropPiece):
            shelf.receive(piece.drop, piece.kind, piece.day, piece.body)
        elif isinstance(piece, TagPiece):
            shelf.keep_tags(piece.batch, [piece.tag])
        elif isinstance(piece, PublicationPiece):
            self._publish(piece.body)
        elif isinstance(piece, SlipPiece):
            shelf.keep_slips([(piece.lookup, piece.slip)])
        else:
            assert isinstance(piece, Ending)
