"""A front made anew, the desk's half: everything that the old front had on its disk and this desk knows, in pieces.

The journal holds all of it but three things, which are found here: which tags batches have taken (every officer knows
the key that blinds them), the very checkpoints that were published, and the very slips. What a tag stands for, or who
an officer is, is not among the pieces; neither is any key (docs/spec/rebuild.md).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from poruch.desk.program import Desk
from poruch.desk.publishing import published_drafts, shown_signatures
from poruch.desk.syncing import ARRIVED
from poruch.desk.treasury import taken_tags
from poruch.errors import BadEvent, CannotRebuild
from poruch.events.codec import decode
from poruch.events.drops import KeptSlips
from poruch.events.kinds import DropAdmitted
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
from poruch.ledger.state import Publication
from poruch.tlog.publish import build_publication


@dataclass
class Missing:
    """What the journal speaks of and this desk does not hold."""

    drops: int = 0
    letters: int = 0
    slips: int = 0
    drop_bodies: set[bytes] = field(default_factory=set)


def pieces_of(desk: Desk) -> Iterator[AnyPiece]:
    """All pieces of a front of this desk's fund, from the first to the last.

    Raises `CannotRebuild` for a desk that does not hold the charter, or cannot open what officers open.
    """
    if not desk.public.ready or desk.view.cases is None or not desk.keys:
        raise CannotRebuild("it does not hold the founding yet")
    yield Beginning(desk.fund, int.from_bytes(desk.store.fact(ARRIVED) or b"", "big"))
    missing, count = Missing(), 0
    for piece in _pieces(desk, missing):
        count += 1
        yield piece
    yield Ending(count, missing.drops, missing.letters, missing.slips)


def _pieces(desk: Desk, missing: Missing) -> Iterator[Piece]:
    for signed in desk.held:
        yield SegmentPiece(signed.raw)
    for fault in desk.chains.faults:
        if fault.outcome is Outcome.EQUIVOCATION:
            yield SegmentPiece(fault.raw, proof=True)
    drops = list(_drops(desk, missing))  # before the bodies: it finds out which of them are drops
    yield from _bodies(desk, missing)
    yield from drops
    yield from (TagPiece(tag, batch) for tag, batch in taken_tags(desk))
    for publication, draft in published_drafts(desk):
        body = build_publication(draft, shown_signatures(desk, publication, draft))
        yield PublicationPiece(body, publication.sent_on or desk.today())
        yield from _slips(desk, publication, missing)


def _drops(desk: Desk, missing: Missing) -> Iterator[DropPiece]:
    """Admitted drops in the order of their days. One that was erased is none any more, and is not missed."""
    for event in sorted(desk.cases.drops.values(), key=lambda event: event.day):
        body = desk.store.body(event.body)
        if event.body in desk.erased:
            continue
        if body is None:
            missing.drops += 1
            continue
        missing.drop_bodies.add(event.body)
        yield _drop(desk, event, body)


def _drop(desk: Desk, event: DropAdmitted, body: bytes) -> DropPiece:
    content = desk.contents.get(event.drop)
    mailbox, key = (content.mailbox, content.verify_key) if content is not None else (b"", b"")
    return DropPiece(event.drop, event.kind, mailbox, key if event.kind == "submission" else b"", event.day, body)


def _bodies(desk: Desk, missing: Missing) -> Iterator[BodyPiece]:
    letters = {reply.body for replies in desk.public.replies.values() for reply in replies}
    missing.letters = len(letters - desk.bodies - desk.erased)
    for sha256 in sorted(desk.bodies - missing.drop_bodies - desk.erased):
        body = desk.store.body(sha256)
        if body is not None:
            yield BodyPiece(body)


def _slips(desk: Desk, publication: Publication, missing: Missing) -> Iterator[SlipPiece]:
    for sha256 in publication.slips:
        body = desk.store.body(sha256)
        if body is None:
            missing.slips += sha256 not in desk.erased
            continue
        try:
            kept = decode(body, KeptSlips)
        except BadEvent:
            continue  # whoever left it left nothing that a code could find
        yield from (SlipPiece(lookup, slip) for lookup, slip in kept.slips)
