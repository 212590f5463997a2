"""The bad officer: a desk that refuses him nothing, and what he tries with it.

He signs two live batches during a partition from the relay, dates back, says two things at one place of his chain,
approves everything, floods his colleagues, gives answers that do not verify, and speaks on after he was suspended.
"""

from random import Random
from typing import TYPE_CHECKING

from poruch.desk import openings, treasury
from poruch.desk.program import Desk, Mailing
from poruch.errors import PoruchError
from poruch.events.base import Event
from poruch.events.kinds import BatchApproved, GrantApproved, NoteWritten, PartialGiven

if TYPE_CHECKING:
    from collections.abc import Iterable


class BadDesk(Desk):
    """A desk without the checks that an honest program makes before it signs."""

    def _need_to_speak(self, events: "Iterable[Event]") -> None:
        """He speaks whenever he likes."""


def approve_everything(desk: Desk) -> int:
    """Stand behind every grant and batch there is, unseen."""
    said: list[Event] = []
    for case in desk.cases.cases.values():
        grant = case.live_grant
        if grant is not None and desk.number not in grant.approvals:
            said.append(GrantApproved(grant.id, grant.proposal))
    for batch in desk.ledger.batches.values():
        if batch.exported is None and desk.number not in batch.approvals:
            said.append(BatchApproved(batch.proposal.batch, batch.proposal_id))
    if said:
        desk.act(said)
    for batch in list(desk.ledger.batches.values()):
        opening = desk.openings.for_batch(batch.proposal)
        if opening is not None and batch.exported is None and desk.number not in opening.answers:
            desk.act(*openings.answer_events(desk, opening))
    return len(said)


def answer_falsely(desk: Desk) -> bool:
    """Give a partial that is none."""
    for opening in desk.openings.openings.values():
        if not opening.done and desk.number not in opening.answers:
            rubbish = Mailing.of(desk.random(200))
            hashes = tuple(request.hash for request in opening.requests)
            desk.act([PartialGiven(opening.id, hashes, rubbish.sha256)], [rubbish])
            return True
    return False


def push(desk: Desk) -> None:
    """Give the relay his segments, if not the bodies that it takes from nobody who is suspended."""
    assert desk.relay is not None
    segments = desk.store.unpushed_segments()
    try:
        desk.push()
    except PoruchError:
        desk.relay.push(segments)
        desk.store.mark_pushed(segments)


def flood(desk: Desk, drawn: Random, count: int) -> int:
    """Ask for everything, note everything, propose everything."""
    done = 0
    cases = list(desk.cases.cases.values())
    for _ in range(count if cases else 0):
        try:
            if drawn.randrange(2):
                openings.ask(desk, "Because I want to.", [drawn.choice(cases).id])
            else:
                desk.act([NoteWritten(drawn.choice(cases).id, "noise " * 20)])
            done += 1
        except PoruchError:
            continue
    return done


def pay_apart(shadow: Desk, colleagues: list[Desk]) -> tuple[bytes, str] | None:
    """On a copy of his desk that never meets the relay: a batch of all that is due, approved by whom he meets.

    His colleagues are honest, cut off, and have not heard of another batch with these instalments. Returns the bank's
    file, and the name of the batch.
    """
    items = treasury.payable(shadow)
    if not items:
        return None
    shadow.relay = None  # what takes the tags of instalments is left out
    batch = treasury.propose_batch(shadow, items, shadow.today())
    name = batch.proposal.batch
    for desk in colleagues:
        carry(shadow, desk)
        if name in desk.ledger.batches:
            treasury.approve_batch(desk, desk.ledger.batches[name])
        carry(desk, shadow)
    return treasury.export(shadow, shadow.ledger.batches[name]).file, name


def carry(one: Desk, other: Desk) -> None:
    """All that one desk holds and the other does not, by hand."""
    known = other.chains.positions
    beyond = [s for s in one.held if s.segment.seq > known.get((s.segment.author, s.segment.life), -1)]
    for body in one.store.unpushed_bodies():
        other.keep_body(body, pushed=False)
    other.take(beyond, pushed=False)
