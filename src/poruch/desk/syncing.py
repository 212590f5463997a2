"""Sync of one desk with a relay: what is missing there goes out, what is missing here comes in.

Pushing comes first: a new front knows nobody before it has the charter.
"""

import hashlib
from typing import TYPE_CHECKING

from poruch.errors import RelayUnreachable
from poruch.journal.chains import Outcome
from poruch.journal.segments import parse_segment
from poruch.journal.sync import Relay

if TYPE_CHECKING:
    from poruch.desk.program import Desk

ARRIVED = "drops/arrived"
ARRIVALS_AHEAD = 2**24
"""A front that numbers its drops further ahead would have this desk never ask again for those before."""


def sync(desk: "Desk") -> int:
    """Push and pull once; returns how many segments travelled. Raises `RelayUnreachable`."""
    relay = _relay(desk)
    sent = push(desk)
    _look_for_drops(desk, relay)
    fresh = newly = desk.take(relay.segments_beyond(desk.chains.positions), pushed=True)
    while newly and desk.restored:  # its new life begins after all that the front has, not after a part
        newly = desk.take(relay.segments_beyond(desk.chains.positions), pushed=True)
        fresh += newly
    if _fetch_bodies(desk, relay):
        desk.refold()
    desk.open_life()
    return sent + fresh


def push(desk: "Desk") -> int:
    """Give the relay what it does not have yet, and return how many segments: bodies first, events rest on them."""
    relay = _relay(desk)
    waiting = desk.store.unpushed_segments()
    bodies = desk.store.unpushed_bodies()
    for body in bodies:
        relay.put_body(body)
    desk.store.mark_bodies_pushed([hashlib.sha256(body).digest() for body in bodies])
    if waiting:
        relay.push(waiting)
        desk.store.mark_pushed(waiting)
    _push_proofs(desk, relay)
    return len(waiting)


def _relay(desk: "Desk") -> Relay:
    if desk.relay is None:
        raise RelayUnreachable("no front is named")
    return desk.relay


def _look_for_drops(desk: "Desk", relay: Relay) -> None:
    """Fetch drops before segments: a drop that a colleague has admitted is then here when its event is folded."""
    if desk.view.cases is None or not desk.keys:
        return
    after = int.from_bytes(desk.store.fact(ARRIVED) or b"", "big")
    desk.arrive([drop for drop in relay.drops_after(after) if after < drop.arrival <= after + ARRIVALS_AHEAD])


def _push_proofs(desk: "Desk", relay: Relay) -> None:
    """Two segments at one place convict their author on every desk: pass the second one on, once."""
    if len(desk.chains.forks) > desk.proved:
        desk.proved = len(desk.chains.forks)
        relay.push([parse_segment(f.raw) for f in desk.chains.faults if f.outcome is Outcome.EQUIVOCATION])


def wanted_bodies(desk: "Desk") -> set[bytes]:
    """Bodies of admitted drops, of answers to own requests and of refuted answers that are neither here nor erased."""
    if desk.view.cases is None:
        return set()
    wanted = desk.cases.other_bodies | {event.body for event in desk.cases.drops.values()}
    for opening in desk.openings.openings.values():
        if opening.requester == desk.number and not opening.done:
            wanted |= set(opening.answers.values())
        wanted |= {opening.answers[officer] for officer in opening.refutations}
    return wanted - desk.bodies - desk.erased


def _fetch_bodies(desk: "Desk", relay: Relay) -> int:
    fetched = 0
    for sha256 in wanted_bodies(desk):
        body = relay.body(sha256)
        if body is not None:
            desk.keep_body(body, pushed=True)
            fetched += 1
    return fetched
