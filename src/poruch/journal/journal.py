"""The journal as a set of segments: the chains, their one order, and the fold of the clear events.

Desks and fronts hold one each. Whatever order segments arrive in, the same set gives the same state: where a late or a
governing segment changes what counts, everything is folded again.
"""

from bisect import bisect, insort
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from poruch.errors import BadEvent
from poruch.events.council import FundFrozen, OfficerSuspended, Voted
from poruch.journal.chains import Chains, Outcome
from poruch.journal.council import COUNCIL_EVENTS, Freeze, Order, Proposal, Said, Suspension
from poruch.journal.folds import Marks
from poruch.journal.public import REMOVED_SAY, SUSPENDED_HEARD, PublicState, parsed
from poruch.journal.roster import Roster
from poruch.journal.segments import Clear, SignedSegment, event_id, first_indices
from poruch.journal.standing import Standing, concerned_by, standing_of

_ROUNDS = 8
_FEW = 16
NOWHERE: Order = (-1, 0, 0, 0)


def _order(signed: SignedSegment) -> Order:
    return signed.order


@dataclass
class Added:
    """What became of segments: the outcome of each, and which newly have their place in a chain.

    Whoever folds along folds again all that stands at the place `since` in `held` and after it: only what is new if
    nothing arrived late, and everything if what counts has changed.
    """

    outcomes: list[Outcome]
    fresh: list[SignedSegment]
    since: int


@dataclass(frozen=True)
class Folded:
    """A folded state that can be kept: `governing` is the place of the last segment that says what counts."""

    public: PublicState
    standing: Standing
    roster: Roster
    forks: Mapping[tuple[int, int], int]
    governing: Order


@dataclass
class Journal:
    """`held`: all segments with a place in a chain, in the one order; `standing` says which of them count."""

    fund: bytes
    chains: Chains = field(init=False)
    held: list[SignedSegment] = field(default_factory=list)
    public: PublicState = field(default_factory=PublicState)
    standing: Standing = field(default_factory=Standing)
    _forks: Mapping[tuple[int, int], int] = field(default_factory=dict)
    _governing: Order = NOWHERE
    _marks: Marks[PublicState] = field(default_factory=Marks)
    _told: int = 0

    def __post_init__(self) -> None:
        self.chains = Chains(self.fund)

    def counts(self, signed: SignedSegment) -> bool:
        """Whether what a held segment says counts."""
        return self.standing.counts(signed)

    def aside(self, number: int) -> dict[bytes, Freeze | Suspension]:
        """Freezes and suspensions in segments that came without what stands before them, by event id, with the votes.

        That is all that a front gives a suspended officer, `number`, so that he can vote on them.
        """
        waiting = self.chains.waiting
        if not waiting:
            return {}
        early = {signed.id for signed in waiting}
        found: dict[bytes, Freeze | Suspension] = {}
        mine = [signed for signed in self.held if signed.in_clear and signed.author == number]
        for signed in [*waiting, *mine]:
            for said, event in measures_in(signed):
                if isinstance(event, Voted) and event.on in found and self.public.council.may_vote(said.author):
                    found[event.on].votes[said.author] = (event.vote, event.rest)
                elif isinstance(event, FundFrozen) and signed.id in early:
                    found[said.id] = Freeze(said, event)
                elif isinstance(event, OfficerSuspended) and signed.id in early:
                    found[said.id] = Suspension(said, event, pin=event.pin, absent=event.absent)
        return {id: m for id, m in found.items() if len(m.of("undo")) < self.public.council.k}

    def add(self, segments: Iterable[SignedSegment], *, own: bool = False) -> Added:
        """Take segments from anywhere. `own`: all that one's own disk has, in any order, and judged before.

        There an officer's segments may stand before the one that admits him, and clocks leap from chain to chain: if
        any of it were put aside for that, its author would sign another segment at the same place.
        """
        added = Added([], [], len(self.held))
        self.chains.bounded = not own
        for signed in segments:
            outcome, counted = self.chains.add(signed)
            added.outcomes.append(outcome)
            added.fresh += counted
        self.chains.bounded = True
        self._take(added, added.fresh)
        while learned := self._learn():
            added.fresh += learned
            self._take(added, learned)
        return added

    def _learn(self) -> list[SignedSegment]:
        """Whoever was admitted may have spoken before this was known here.

        Who admitted him may be held up later by one word dated back. His segments keep their places nevertheless: else
        whoever starts again would hold fewer than whoever did not.
        """
        counted: list[SignedSegment] = []
        for number, signing in sorted((self.public.agreed_keys | self.public.roster.signing).items()):
            if number not in self.chains.roster.signing and self.chains.roster.signing:
                counted += self.chains.learn(number, signing)
        return counted

    def resume(self, state: Folded, held: list[SignedSegment], count: int) -> int:
        """Take up a state that was kept after the first `count` of `held`, all of them judged before, in the one order.

        Returns the first place in the journal from which whoever folds along must fold again.
        """
        self.chains.roster, self.chains.forks, self._forks = state.roster, dict(state.forks), dict(state.forks)
        self.chains.restore(held)
        self.held, self._told, self._governing = held[:count], count, state.governing
        self.public, self.standing = state.public, state.standing
        self._marks = Marks([(count, state.public.fork())])
        added = Added([], [], count)
        self._take(added, held[count:])
        while learned := self._learn():
            self._take(added, learned)
        return added.since

    def folded(self, most: int) -> dict[int, Folded]:
        """The states that are kept after no more than `most` segments, by the number of these."""
        return {
            count: Folded(public, self.standing, self.chains.roster, dict(self._forks), self._governing)
            for count, public in self._marks.kept
            if count <= most
        }

    def lighten(self, fetch: Callable[[bytes], bytes]) -> None:
        """Give the bytes of all segments back: `fetch` gives them again, by the id."""
        self.held = [SignedSegment.light(s.id, s.order, s.day, s.in_clear, fetch) for s in self.held]
        self.chains.restore(self.held)

    def _take(self, added: Added, fresh: list[SignedSegment]) -> None:
        forked = self._forks != self.chains.forks
        if not fresh and not forked:
            return
        self.public.begin(self.chains.roster.charter)
        place = self._insert(fresh)
        first = self.held[place].order if fresh else NOWHERE
        governing = [signed.order for signed in fresh if signed.in_clear and _governs(signed)]
        self._governing = max([self._governing, *governing])
        added.since = min(added.since, place)
        anew = any(signed.life and signed.seq == 0 for signed in fresh)
        late = place < self._told
        if not (forked or anew or governing) and (not late or (first > self._governing and not self._concerned(fresh))):
            self._fold_since(place)
            return
        before, history = self.standing, self.public.council.history
        self._fold()
        if forked or self.standing != before or not self._goes_on(history):
            added.since = 0

    def _insert(self, fresh: list[SignedSegment]) -> int:
        """Put segments where they belong; returns the first place."""
        fresh = sorted(fresh, key=_order)
        late = bool(fresh and self.held and fresh[0].order < self.held[-1].order)
        place = bisect(self.held, fresh[0].order, key=_order) if late else len(self.held)
        if late and len(fresh) <= _FEW:
            for signed in fresh:
                insort(self.held, signed, key=_order)
        else:
            self.held += fresh
            if late:
                self.held.sort(key=_order)
        return place

    def _concerned(self, fresh: list[SignedSegment]) -> bool:
        """Whether what an officer says may change what counts of him, or it counts in another way than of others."""
        concerned = concerned_by(self.public.council)
        return bool(concerned) and any(signed.author in concerned for signed in fresh)

    def _fold_since(self, place: int) -> None:
        """Fold on from the last state that was kept before `place`: nothing there or after it governs."""
        at = self._told
        if place < at:
            kept = self._marks.back_to(place)
            at, state = kept if kept is not None else (0, PublicState(liars=self.public.liars, void=self.public.void))
            self.public = state.fork()
            self.public.begin(self.chains.roster.charter)
        self._tell_from(self.public, self.standing, at)

    def _tell_from(self, public: PublicState, standing: Standing, at: int) -> None:
        total = len(self.held)
        for count in range(at, total):
            if self._marks.due(count, total):
                self._marks.keep(count, public.fork())
            self._tell(public, standing, self.held[count])
        self._told = total

    def _goes_on(self, history: list[Proposal]) -> bool:
        """Whether the roster's past is what it was."""
        known = [(proposal.said.id, proposal.taken_at) for proposal in history]
        return known == [(p.said.id, p.taken_at) for p in self.public.council.history[: len(known)]]

    def _fold(self) -> None:
        """Fold everything until what counts is what the fold itself says; in a ring of contradictions, a last time.

        The first time no measure stops anything: so what k undo, wherever it was put in the order, never did.
        """
        self._forks = dict(self.chains.forks)
        liars = frozenset(number for number, _ in self._forks)
        standing, void = Standing(), None if self._governing > NOWHERE else frozenset[bytes]()
        for _ in range(_ROUNDS):
            public = PublicState(liars=liars, void=void)
            public.begin(self.chains.roster.charter)
            self._marks = Marks()
            self._tell_from(public, standing, 0)
            found = standing_of(public.council, self.held), public.council.undone
            self.public, self.standing = public, standing
            if found == (standing, void):
                return
            standing, void = found

    @staticmethod
    def _tell(public: PublicState, standing: Standing, signed: SignedSegment) -> None:
        if standing.counts(signed):
            public.apply(signed)
        else:
            public.apply(signed, SUSPENDED_HEARD if standing.votes_count(signed) else REMOVED_SAY)


def measures_in(signed: SignedSegment) -> list[tuple[Said, FundFrozen | OfficerSuspended | Voted]]:
    """The freezes, suspensions and votes in a segment."""
    found = []
    if not signed.in_clear:
        return []
    entries = signed.entries
    for index, entry in zip(first_indices(entries), entries, strict=True):
        if not isinstance(entry, Clear):
            continue
        try:
            event = parsed(entry.event)
        except BadEvent:
            continue
        if isinstance(event, FundFrozen | OfficerSuspended | Voted):
            id = event_id(signed, index, entry.event)
            found.append((Said(id, signed.author, signed.day, signed.order), event))
    return found


def _governs(signed: SignedSegment) -> bool:
    for entry in signed.entries:
        if isinstance(entry, Clear):
            try:
                if isinstance(parsed(entry.event), COUNCIL_EVENTS):
                    return True
            except BadEvent:
                continue
    return False
