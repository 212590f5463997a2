"""A front made anew in an empty folder, from the pieces that a desk gives (poruch.journal.rebuild).

Whatever comes is checked as if it came over the relay: segments by the journal, publications by the log's own rules, so
that tiles and checkpoints are made by the code that made them first. Nothing here knows a key. The folder is no front
before the last piece is here: whoever calls throws it away where this raises.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from poruch.errors import CannotRebuild, PoruchError, PublicationRefused
from poruch.journal.chains import Outcome
from poruch.journal.rebuild import (
    AnyPiece,
    Beginning,
    BodyPiece,
    DropPiece,
    Ending,
    Piece,
    PublicationPiece,
    SegmentPiece,
    SlipPiece,
    TagPiece,
)
from poruch.journal.segments import parse_segment
from poruch.tlog.slips import SLIP_SIZE

ARRIVALS_APART = 2**20
"""From the last drop that the desk had collected to the first number here: no other desk has collected so many more,
and none takes a number so far ahead for rubbish (desk/syncing.py)."""
ROWS_AT_ONCE, BYTES_AT_ONCE = 200, 16 * 1024 * 1024
KINDS = ("submission", "message", "payee", "gift")
KNOWN = (Outcome.ACCEPTED, Outcome.KNOWN)
PLACED = (*KNOWN, Outcome.UNKNOWN_OFFICER, Outcome.WAITING)
"""An officer may date what he says before his admission: then it has its place when that has come."""


@dataclass
class Rebuilt:
    """How much of each kind the new front holds, and what the desk did not have."""

    counts: dict[str, int] = field(default_factory=dict)
    drops_missing: int = 0
    letters_missing: int = 0
    slips_missing: int = 0


@dataclass
class _Day:
    """The day of the publication that is replayed: pages say when the log was signed."""

    day: date

    def __call__(self) -> date:
        return self.day


def rebuild(folder: Path, pieces: Iterator[AnyPiece], today: Callable[[], date]) -> Rebuilt:
    """Write a front into the empty `folder`; once a process. Raises `CannotRebuild`."""
    from poruch.front.server import create, make_wsgi

    first = next(pieces, None)
    if not isinstance(first, Beginning) or len(first.fund) != 32:
        raise CannotRebuild("the desk gave no beginning")
    create(folder, first.fund)
    calendar = _Day(today())
    make_wsgi(folder, calendar)
    writer = _Writer(calendar)
    ending = writer.take_all(pieces)
    writer.finish(first.arrived + ARRIVALS_APART)
    counts = {kind.__name__: count for kind, count in writer.counts.items()}
    return Rebuilt(counts, ending.drops_missing, ending.letters_missing, ending.slips_missing)


class _Writer:
    """Takes pieces in their order. Rows are kept back and written many at a time."""

    def __init__(self, calendar: _Day) -> None:
        from poruch.front.site import current

        self._site, self._calendar = current(), calendar
        self.counts: dict[type, int] = {}
        self._segments = 0

    def take_all(self, pieces: Iterator[AnyPiece]) -> Ending:
        """Write every piece up to the ending; what is behind it is not read."""
        writers: dict[type, Callable[[list[Piece]], None]] = {
            SegmentPiece: self._segments_in,  # type: ignore[dict-item]
            BodyPiece: _bodies_in,  # type: ignore[dict-item]
            DropPiece: _drops_in,  # type: ignore[dict-item]
            TagPiece: _tags_in,  # type: ignore[dict-item]
            PublicationPiece: self._publications_in,  # type: ignore[dict-item]
            SlipPiece: _slips_in,  # type: ignore[dict-item]
        }
        held: list[Piece] = []
        size = 0
        for piece in pieces:
            full = len(held) >= ROWS_AT_ONCE or size >= BYTES_AT_ONCE
            if held and (full or type(piece) is not type(held[0])):
                writers[type(held[0])](held)
                if type(held[0]) is SegmentPiece and type(piece) is not SegmentPiece:
                    self._check_places()
                held, size = [], 0
            if isinstance(piece, Ending):
                if sum(self.counts.values()) != piece.pieces:
                    raise CannotRebuild("pieces are missing")
                return piece
            if type(piece) not in writers:
                raise CannotRebuild("the desk gave rubbish")
            self.counts[type(piece)] = self.counts.get(type(piece), 0) + 1
            held.append(piece)  # type: ignore[arg-type]
            size += len(getattr(piece, "raw", b"")) + len(getattr(piece, "body", b""))
        raise CannotRebuild("the desk stopped in the middle")

    def finish(self, arrivals_from: int) -> None:
        """What follows from all of it: mailboxes that were answered, the log's files, the numbers of drops to come."""
        from django.db import connection

        from poruch.front.models import Mailbox
        from poruch.front.publishing import restore_files

        public = self._site.journal.public()
        if not public.ready:
            raise CannotRebuild("the founding is not whole")
        answered = [Mailbox(mailbox=mailbox.hex(), verify_key="") for mailbox in public.replies]
        Mailbox.objects.bulk_create(answered, ignore_conflicts=True)
        restore_files(self._site)
        _number_drops_from(arrivals_from)
        connection.close()

    def _segments_in(self, pieces: list[SegmentPiece]) -> None:
        try:
            segments = [parse_segment(piece.raw) for piece in pieces]
            outcomes = self._site.journal.push(segments, own=True)
        except PoruchError as error:
            raise CannotRebuild(f"a segment: {error.name}") from None
        for piece, outcome in zip(pieces, outcomes, strict=True):
            if outcome not in ((Outcome.EQUIVOCATION, *KNOWN) if piece.proof else PLACED):
                raise CannotRebuild(f"a segment: {outcome.value}")
            self._segments += not piece.proof

    def _check_places(self) -> None:
        if sum(last + 1 for last in self._site.journal.positions().values()) != self._segments:
            raise CannotRebuild("a segment: it has no place in a chain")

    def _publications_in(self, pieces: list[PublicationPiece]) -> None:
        from poruch.front.publishing import take

        for piece in pieces:
            self._calendar.day = piece.day
            try:
                take(self._site, piece.body)
            except PublicationRefused as error:
                raise CannotRebuild(f"a publication of the log: {error.text.strip()}") from None


def _bodies_in(pieces: list[BodyPiece]) -> None:
    from poruch.front.models import Body

    rows = [Body(sha256=_hash(piece.body), body=piece.body) for piece in pieces]
    Body.objects.bulk_create(rows, ignore_conflicts=True)


def _drops_in(pieces: list[DropPiece]) -> None:
    """Where the old front knew a form by its mark, which went with its memory, the drop's own id makes it one."""
    from poruch.front.models import Drop, Mailbox

    if any(piece.kind not in KINDS or len(piece.drop) != 32 for piece in pieces):
        raise CannotRebuild("the desk gave rubbish")
    rows = [
        Drop(
            drop=piece.drop,
            once=piece.mailbox.hex() if piece.verify_key else _hash(f"poruch/rebuilt/v1\n{piece.drop}".encode()),
            mailbox=piece.mailbox.hex(),
            kind=piece.kind,
            day=piece.day,
            sha256=_hash(piece.body),
            body=piece.body,
        )
        for piece in pieces
    ]
    boxes = [
        Mailbox(mailbox=piece.mailbox.hex(), verify_key=piece.verify_key.hex()) for piece in pieces if piece.verify_key
    ]
    Mailbox.objects.bulk_create(boxes, ignore_conflicts=True)
    Drop.objects.bulk_create(rows, ignore_conflicts=True)


def _tags_in(pieces: list[TagPiece]) -> None:
    from poruch.front.models import Tag

    rows = [Tag(tag=piece.tag.hex(), batch=piece.batch) for piece in pieces]
    Tag.objects.bulk_create(rows, ignore_conflicts=True)


def _slips_in(pieces: list[SlipPiece]) -> None:
    from poruch.front.models import Slip

    if any(len(piece.lookup) != 32 or len(piece.slip) != SLIP_SIZE for piece in pieces):
        raise CannotRebuild("the desk gave rubbish")
    rows = [Slip(lookup=piece.lookup.hex(), sha256=_hash(piece.slip), slip=piece.slip) for piece in pieces]
    Slip.objects.bulk_create(rows, ignore_conflicts=True)


def _number_drops_from(number: int) -> None:
    """A desk asks for drops after the last number it knows, which the old front gave.

    The last drop has that number, so that it stays where rows are moved to another database, and its counter, too.
    """
    from django.db import connection

    from poruch.front.models import Drop

    last = Drop.objects.order_by("id").last()
    if last is not None:
        Drop.objects.filter(id=last.id).update(id=number)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE sqlite_sequence SET seq = %s WHERE name = 'front_drop'", [number])
        if not cursor.rowcount:
            cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('front_drop', %s)", [number])


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
