"""An officer who signs what no desk would write: any event, to any circle, at any clock."""

import os
from collections.abc import Sequence

from poruch.crypto import age
from poruch.crypto.padding import pad
from poruch.desk.program import Desk
from poruch.events.base import Event
from poruch.events.codec import encode
from poruch.events.kinds import event_bytes
from poruch.journal.circles import Content, seal_events
from poruch.journal.segments import GENESIS, Clear, Sealed, Segment, SignedSegment, sign_segment
from story.village import Village


def seal_to(village: Village, event: Event, *circles: str) -> Sealed:
    """`event`, sealed to these circles whatever its audience is."""
    recipients = [village.front.public.circles[circle].pq for circle in circles]
    content = encode(Content(((0, event_bytes(event)),)))
    return Sealed((os.urandom(8),), 1, age.seal(pad(content), recipients, os.urandom))


def sign(
    village: Village, number: int, said: Sequence[Event | Clear | Sealed], *, clock: int | None = None, life: int = 0
) -> SignedSegment:
    """The next segment of officer `number`; `clock` may be any after his last."""
    desk = village.desks[number]
    head = desk.chains.heads.get((number, life))
    seq, prev = (head.segment.seq + 1, head.id) if head else (0, GENESIS)
    entries = []
    for at, one in enumerate(said):
        if isinstance(one, Clear | Sealed):
            entries.append(one)
        else:
            place = (number, life, seq, at)
            entries += seal_events([one], desk.fund, place, desk.public.circles, {}, os.urandom)
    at_clock = desk.chains.clock + 1 if clock is None else clock
    segment = Segment(desk.fund, number, life, seq, prev, at_clock, village.clock(), tuple(entries))
    return sign_segment(segment, desk.key.signing)


def strike(village: Village, number: int, *said: Event | Clear | Sealed, clock: int | None = None) -> SignedSegment:
    """Every desk and the front get a rogue segment, his own too."""
    signed = sign(village, number, said, clock=clock)
    village.desks[number].store.keep_segments([signed], pushed=True)
    village.front.push([signed])
    for desk in village.desks.values():
        desk.take([signed], pushed=True)
    return signed


def early(village: Village, number: int) -> int:
    """The earliest clock at which the chain of `number` can go on: before all that others said since."""
    return village.desks[number].chains.heads[(number, 0)].segment.clock + 1


def same_everywhere(village: Village, desks: Sequence[Desk] = ()) -> bool:
    """All desks hold one state of batches, cases and circles, as far as all officers may hear of them."""
    states = [
        (
            {name: (batch.proposal_id, sorted(batch.approvals)) for name, batch in desk.ledger.batches.items()},
            {drop: (case.number, case.payees) for drop, case in desk.cases.cases.items()},
            desk.members.circles,
        )
        for desk in desks or list(village.desks.values())
    ]
    return all(state == states[0] for state in states)
