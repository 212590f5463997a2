"""The journal as a set of segments: the chains, their one order, and the fold of the clear events.

Desks and fronts hold one each. Whatever order segments arrive in, the same set gives the same state: where a late or a
governing segment changes what counts, everything is folded again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from poruch.errors import BadEvent
from poruch.events.council import FundFrozen, OfficerSuspended, Voted
from poruch.journal.chains import Chains, Outcome
from poruch.journal.council import COUNCIL_EVENTS, Freeze, Proposal, Said, Suspension
from poruch.journal.public import REMOVED_SAY, SUSPENDED_HEARD, PublicState, parsed
from poruch.journal.segments import Clear, SignedSegment, event_id
from poruch.journal.standing import Standing, standing_of

_ROUNDS = 8


@dataclass
class Added:
    """What became of segments: the outcome of each, and which newly have their place in a chain.

    `again`: whoever folds along must fold everything again.
    """

    outcomes: list[Outcome]
    fresh: list[SignedSegment]
    again: bool


@dataclass
class Journal:
    """`held`: all segments with a place in a chain, in the one order; `standing` says which of them count."""

    fund: bytes
    chains: Chains = field(init=False)
    held: list[SignedSegment] = field(default_factory=list)
    public: PublicState = field(default_factory=PublicState)
    standing: Standing = field(default_factory=Standing)
    _forks: Mapping[tuple[int, int], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.chains = Chains(self.fund)

    def counts(self, signed: SignedSegment) -> bool:
        """Whether what a held segment says counts."""
        return self.standing.counts(signed.segment)

    def aside(self, number: int) -> dict[bytes, Freeze | Suspension]:
        """Freezes and suspensions in segments that came without what stands before them, by event id, with the votes.

        That is all that a front gives a suspended officer, `number`, so that he can vote on them.
        """
        waiting = self.chains.waiting
        if not waiting:
            return {}
        early = {signed.id for signed in waiting}
        found: dict[bytes, Freeze | Suspension] = {}
        mine = [signed for signed in self.held if signed.segment.author == number]
        for signed in [*waiting, *mine]:
            for said, event in measures_in(signed):
                if isinstance(event, Voted) and event.on in found and self.public.council.may_vote(said.author):
                    found[event.on].votes[said.author] = (event.vote, event.rest)
                elif isinstance(event, FundFrozen) and signed.id in early:
                    found[said.id] = Freeze(said, event)
                elif isinstance(event, OfficerSuspended) and signed.id in early:
                    found[said.id] = Suspension(said, event, pin=event.pin, absent=event.absent)
        return {id: m for id, m in found.items() if len(m.of("undo")) < self.public.council.k}

    def add(self, segments: Iterable[SignedSegment]) -> Added:
        """Take segments from anywhere."""
        added = Added([], [], again=False)
        for signed in segments:
            outcome, counted = self.chains.add(signed)
            added.outcomes.append(outcome)
            added.fresh += counted
        self._take(added, added.fresh)
        while learned := self._learn():
            added.fresh += learned
            self._take(added, learned)
        return added

    def _learn(self) -> list[SignedSegment]:
        """Whoever was admitted may have spoken before this was known here."""
        counted: list[SignedSegment] = []
        for number, signing in sorted(self.public.roster.signing.items()):
            if number not in self.chains.roster.signing and self.chains.roster.signing:
                counted += self.chains.learn(number, signing)
        return counted

    def _take(self, added: Added, fresh: list[SignedSegment]) -> None:
        forked = self._forks != self.chains.forks
        if not fresh and not forked:
            return
        fresh = sorted(fresh, key=lambda signed: signed.order)
        self.public.begin(self.chains.roster.charter)
        late = bool(fresh and self.held and fresh[0].order < self.held[-1].order)
        self.held += fresh
        if late:
            self.held.sort(key=lambda signed: signed.order)
        if not late and not forked:
            for signed in fresh:
                self._tell(self.public, self.standing, signed)
            if not any(_governs(signed) for signed in fresh) and not self._speaks_anew(fresh):
                return
        before, history = self.standing, self.public.council.history
        self._fold()
        added.again |= late or forked or self.standing != before or not self._goes_on(history)

    def _goes_on(self, history: list[Proposal]) -> bool:
        """Whether the roster's past is what it was."""
        known = [(proposal.said.id, proposal.taken_at) for proposal in history]
        return known == [(p.said.id, p.taken_at) for p in self.public.council.history[: len(known)]]

    def _speaks_anew(self, fresh: list[SignedSegment]) -> bool:
        return any(signed.segment.life and signed.segment.seq == 0 for signed in fresh)

    def _fold(self) -> None:
        """Fold everything until what counts is what the fold itself says; in a ring of contradictions, a last time.

        The first time no measure stops anything: so what k undo, wherever it was put in the order, never did.
        """
        self._forks = dict(self.chains.forks)
        liars = frozenset(number for number, _ in self._forks)
        standing, void = Standing(), None if any(_governs(signed) for signed in self.held) else frozenset[bytes]()
        for _ in range(_ROUNDS):
            public = PublicState(liars=liars, void=void)
            public.begin(self.chains.roster.charter)
            for signed in self.held:
                self._tell(public, standing, signed)
            found = standing_of(public.council, self.held), public.council.undone
            self.public, self.standing = public, standing
            if found == (standing, void):
                return
            standing, void = found

    @staticmethod
    def _tell(public: PublicState, standing: Standing, signed: SignedSegment) -> None:
        if standing.counts(signed.segment):
            public.apply(signed)
        else:
            public.apply(signed, SUSPENDED_HEARD if standing.votes_count(signed.segment) else REMOVED_SAY)


def measures_in(signed: SignedSegment) -> list[tuple[Said, FundFrozen | OfficerSuspended | Voted]]:
    """The freezes, suspensions and votes in a segment."""
    found = []
    for index, entry in enumerate(signed.segment.entries):
        if not isinstance(entry, Clear):
            continue
        try:
            event = parsed(entry.event)
        except BadEvent:
            continue
        if isinstance(event, FundFrozen | OfficerSuspended | Voted):
            id = event_id(signed, index, entry.event)
            found.append((Said(id, signed.segment.author, signed.segment.day, signed.order), event))
    return found


def _governs(signed: SignedSegment) -> bool:
    for entry in signed.segment.entries:
        if isinstance(entry, Clear):
            try:
                if isinstance(parsed(entry.event), COUNCIL_EVENTS):
                    return True
            except BadEvent:
                continue
    return False
