"""Sync of one desk with a relay, in small steps: what is missing there goes out, what is missing here comes in.

Whatever waits for the network is done without the desk's lock; what touches the desk is done under it and in portions,
so that whoever wants a page gets the desk between two steps, even while a year is caught up. Pushing comes first: a new
front knows nobody before it has the charter.
"""

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from poruch.errors import RelayUnreachable
from poruch.journal.chains import Outcome
from poruch.journal.segments import SignedSegment, parse_segment
from poruch.journal.sync import LineRelay, Relay

if TYPE_CHECKING:
    from poruch.desk.program import Desk

T = TypeVar("T")
Lock = AbstractContextManager[object]
"""Held while a step touches the desk; it is entered again and again."""

ARRIVED = "drops/arrived"
ARRIVALS_AHEAD = 2**24
"""A front that numbers its drops further ahead would have this desk never ask again for those before."""
KEEPS_ALL = "desk/keeps-all"
MUCH = 200
"""So many segments or bodies in one answer: the desk was away, and says how far it has come."""
AT_ONCE = 256
SHORT_SECONDS, LONG_SECONDS = 0.015, 0.03


@dataclass
class Progress:
    """How far one sync has come, in segments and bodies; `missing` is 0 until it is known to be much.

    `sent` and `fresh` are the segments that travelled.
    """

    missing: int = 0
    taken: int = 0
    sent: int = 0
    fresh: int = 0

    @property
    def catching_up(self) -> bool:
        """Much is missing, and not all of it is here."""
        return self.missing >= MUCH

    def expect(self, more: int) -> None:
        """So many more are missing than are taken."""
        self.missing = max(self.missing, self.taken + more)

    def take(self, count: int) -> None:
        """So many have come."""
        self.taken += count
        self.missing = max(self.missing, self.taken) if self.missing else 0


class Portions:
    """Cuts work into parts that each take a few hundredths of a second, whatever this computer is like."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        """`clock` gives seconds."""
        self._clock, self._size = clock, 8

    def of(self, work: list[T]) -> Iterator[list[T]]:
        """The parts of `work`; how long the caller takes with one says how long the next one is."""
        at = 0
        while at < len(work):
            part = work[at : at + self._size]
            at += len(part)
            begun = self._clock()
            yield part
            took = self._clock() - begun
            if took < SHORT_SECONDS:
                self._size = min(2 * self._size, 4 * AT_ONCE)
            elif took > LONG_SECONDS:
                self._size = max(1, self._size // 2)


def sync(desk: "Desk") -> int:
    """All steps without a pause; returns how many segments travelled. Raises `RelayUnreachable`."""
    progress = Progress()
    for _ in desk.steps(_relay(desk), nullcontext(), progress):
        pass
    return progress.sent + progress.fresh


def push(desk: "Desk") -> int:
    """Give the relay what it does not have yet, and return how many segments. Raises `RelayUnreachable`."""
    progress = Progress()
    for _ in push_steps(desk, _relay(desk), nullcontext(), progress):
        pass
    return progress.sent


def steps(desk: "Desk", relay: Relay, lock: Lock, progress: Progress) -> Iterator[None]:
    """One sync. Each step is short, or waits for the network without the lock. Raises `RelayUnreachable`."""
    if isinstance(relay, LineRelay):
        relay.on_rubbish = desk.met_rubbish
    yield from push_steps(desk, relay, lock, progress)
    yield from _look_for_drops(desk, relay, lock)
    yield from _pull(desk, relay, lock, progress)
    yield from fetch_bodies(desk, lock, progress, lambda hashes: relay.bodies(hashes))
    with lock:
        desk.open_life()  # a new life begins after all that the front has, not after a part
    from poruch.desk.renewal import renew  # it is made of the steps of this module

    yield from renew(desk, relay, lock)


def _relay(desk: "Desk") -> Relay:
    if desk.relay is None:
        raise RelayUnreachable("no front is named")
    return desk.relay


# ---- out --------------------------------------------------------------------------------------


def push_steps(desk: "Desk", relay: Relay, lock: Lock, progress: Progress) -> Iterator[None]:
    """Bodies first, events rest on them."""
    with lock:
        bodies = desk.store.unpushed_bodies()
        waiting = desk.store.unpushed_segments()
    for body in bodies:
        relay.put_body(body)
        yield
    for part in parcels(waiting):
        relay.push(part)
        with lock:
            desk.store.mark_pushed(part)
        progress.sent += len(part)
        yield
    if bodies:
        with lock:
            desk.store.mark_bodies_pushed([hashlib.sha256(body).digest() for body in bodies])
        yield
    yield from _push_proofs(desk, relay, lock)


def parcels(segments: list[SignedSegment], limit_bytes: int = 16 * 1024 * 1024) -> Iterator[list[SignedSegment]]:
    """Parts that a relay takes in one request; a chain is never turned about."""
    parcel: list[SignedSegment] = []
    size = 0
    for signed in segments:
        if parcel and size + len(signed.raw) > limit_bytes:
            yield parcel
            parcel, size = [], 0
        parcel.append(signed)
        size += len(signed.raw)
    if parcel:
        yield parcel


def _push_proofs(desk: "Desk", relay: Relay, lock: Lock) -> Iterator[None]:
    """Two segments at one place convict their author on every desk: pass the second one on, once."""
    with lock:
        forks = len(desk.chains.forks)
        proofs = proofs_of(desk) if forks > desk.proved else []
    if proofs:
        relay.push(proofs)
        desk.proved = forks
        yield


def proofs_of(desk: "Desk") -> list[SignedSegment]:
    """The second segment of each place where an author signed two."""
    return [parse_segment(f.raw) for f in desk.chains.faults if f.outcome is Outcome.EQUIVOCATION]


# ---- in ---------------------------------------------------------------------------------------


def _look_for_drops(desk: "Desk", relay: Relay, lock: Lock) -> Iterator[None]:
    """Fetch drops before segments: a drop that a colleague has admitted is then here when its event is folded."""
    with lock:
        if desk.view.cases is None or not desk.keys:
            return
        after = int.from_bytes(desk.store.fact(ARRIVED) or b"", "big")
    found = relay.drops_after(after)
    with lock:
        desk.arrive([drop for drop in found if after < drop.arrival <= after + ARRIVALS_AHEAD])
    yield


def _pull(desk: "Desk", relay: Relay, lock: Lock, progress: Progress) -> Iterator[None]:
    portions = Portions()
    while True:
        with lock:
            positions = desk.chains.positions
        arrived = relay.segments_beyond(positions)
        if len(arrived) >= MUCH:
            progress.expect(max(len(arrived), _beyond(relay, positions)))
        yield
        newly = 0
        for part in portions.of(in_order(arrived)):
            with lock:
                newly += desk.take(part, pushed=True)
            progress.take(len(part))
            yield
        progress.fresh += newly
        if not newly:
            return


def _beyond(relay: Relay, positions: dict[tuple[int, int], int]) -> int:
    """How many segments the relay has beyond `positions`; 0 where it does not say, as to a suspended officer."""
    try:
        heads = relay.heads()
    except RelayUnreachable:
        return 0
    return sum(max(0, last - positions.get(chain, -1)) for chain, last in heads.items())


def in_order(segments: list[SignedSegment]) -> list[SignedSegment]:
    """In the journal's one order, so that parts can be folded one after the other.

    But of two at one place of a chain, that one stays first which came first, and the other comes last: every desk
    must take the same one for the first.
    """
    places: set[tuple[int, int, int]] = set()
    first: list[SignedSegment] = []
    second: list[SignedSegment] = []
    for signed in segments:
        place = signed.order[1:]
        (second if place in places else first).append(signed)
        places.add(place)
    return sorted(first, key=lambda signed: signed.order) + second


def wanted_bodies(desk: "Desk") -> set[bytes]:
    """Bodies of admitted drops, replies, slips, answers to own requests, refuted answers: neither here nor erased.

    A front can be made anew from any desk, so each holds what a front shows. One that keeps all wants every body that
    it knows of.
    """
    if desk.view.cases is None:
        return set()
    wanted = drop_bodies(desk)
    everything = keeps_all(desk)
    for opening in desk.openings.openings.values():
        if everything or (opening.requester == desk.number and not opening.done):
            wanted |= set(opening.answers.values())
        wanted |= {opening.answers[officer] for officer in opening.refutations}
    wanted |= {reply.body for replies in desk.public.replies.values() for reply in replies}
    wanted |= {sha256 for publication in desk.ledger.publications.values() for sha256 in publication.slips}
    return wanted - desk.bodies - desk.erased


def drop_bodies(desk: "Desk") -> set[bytes]:
    """The bodies under which drops were admitted."""
    return desk.cases.other_bodies | {event.body for event in desk.cases.drops.values()}


def keeps_all(desk: "Desk") -> bool:
    """Whether this desk was told to hold every body."""
    return bool(desk.store.fact(KEEPS_ALL))


def fetch_bodies(
    desk: "Desk",
    lock: Lock,
    progress: Progress,
    fetch: Callable[[list[bytes]], list[bytes]],
    *,
    pushed: bool = True,
) -> Iterator[None]:
    """Fetch what is wanted with `fetch`, many at a time, and fold once when all is here."""
    with lock:
        wanted = sorted(wanted_bodies(desk))
        drops = set() if desk.view.cases is None else drop_bodies(desk)
    if len(wanted) >= MUCH or progress.missing:
        progress.expect(len(wanted))
    told, portions = False, Portions()  # letters, slips and answers tell a fold nothing; drops do
    while wanted:
        asked = set(wanted[:AT_ONCE])
        found = {sha256: body for body in fetch(sorted(asked)) if (sha256 := hashlib.sha256(body).digest()) in asked}
        yield
        for part in portions.of(list(found.values())):
            with lock:
                for body in part:
                    desk.keep_body(body, pushed=pushed)
            yield
        told = told or not found.keys().isdisjoint(drops)
        gone = found.keys() if found else asked  # an answer may be full; one without any of them has none of them
        progress.take(len(gone))
        wanted = [sha256 for sha256 in wanted if sha256 not in gone]
    if told:
        with lock:
            desk.refold()
        yield
