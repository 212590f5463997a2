"""Which segments count, once everything that the council said is known (docs/spec/council.md section 5).

A suspension ends a chain until it is lifted, a confirmed life ends the one before, a removal ends all. So this is
computed from the whole journal, and the journal is folded again when it changes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from poruch.errors import BadEvent
from poruch.events.council import FundFrozen, Pin
from poruch.events.kinds import parse_event
from poruch.journal.council import DURESS_LIFE as DURESS_LIFE
from poruch.journal.council import Council, Order, Suspension
from poruch.journal.segments import Clear, SignedSegment

WHOLE = 2**40

Limits = dict[int, int]  # by life, the last seq that counts; a life that is not here does not count
Chains = Mapping[int, Sequence[SignedSegment]]  # one officer's segments by life


@dataclass(frozen=True)
class Standing:
    """`limits` of officers about whom there is anything to say; everybody else speaks in life 0, without limit.

    `votes` are the limits without suspensions: a suspended officer still votes on freezes and suspensions. `floors` say
    by author and life where a confirmed life begins to count: what it says before its confirmation is not heard.
    """

    limits: Mapping[int, Limits] = field(default_factory=dict)
    votes: Mapping[int, Limits] = field(default_factory=dict)
    floors: Mapping[tuple[int, int], int] = field(default_factory=dict)

    def counts(self, segment: SignedSegment) -> bool:
        """Whether what it says counts."""
        if not self.limits and segment.order[2] == 0:
            return True  # as almost always
        return self._begun(segment) and _within(self.limits, segment)

    def _begun(self, segment: SignedSegment) -> bool:
        return segment.seq >= self.floors.get((segment.author, segment.life), 0)

    def allows(self, author: int, life: int, seq: int) -> bool:
        """Whether an officer's next segment, with this place, would count."""
        mine = self.limits.get(author)
        return life == 0 if mine is None else seq <= mine.get(life, -1)

    def votes_count(self, segment: SignedSegment) -> bool:
        """Whether its votes on freezes and suspensions count."""
        return self._begun(segment) and _within(self.votes, segment)


def _within(limits: Mapping[int, Limits], segment: SignedSegment) -> bool:
    mine = limits.get(segment.author)
    if segment.life == DURESS_LIFE:
        return (mine is None or max(mine.values(), default=-1) == WHOLE) and _only_freezes(segment)
    return segment.life == 0 if mine is None else segment.seq <= mine.get(segment.life, -1)


def _only_freezes(segment: SignedSegment) -> bool:
    entries = segment.entries
    if len(entries) != 1 or not isinstance(entries[0], Clear):
        return False
    try:
        return isinstance(parse_event(entries[0].event), FundFrozen)
    except BadEvent:
        return False


def concerned_by(council: Council) -> set[int]:
    """Officers about whom there is anything to say: one has a confirmed life, was removed, or is suspended."""
    return {number for number, _, _ in council.lives} | set(council.removed) | set(council.in_force())


def standing_of(council: Council, held: Iterable[SignedSegment]) -> Standing:
    """The standing that the council's last word gives.

    (1) Confirmed lives. (2) Removals. Then votes are limited. (3) Suspensions.
    """
    suspended = council.in_force()
    concerned = concerned_by(council)
    if not concerned:
        return Standing()
    chains: dict[tuple[int, int], list[SignedSegment]] = {}
    for signed in held:
        if signed.author in concerned:
            chains.setdefault((signed.author, signed.life), []).append(signed)
    votes: dict[int, Limits] = {}
    limits: dict[int, Limits] = {}
    floors: dict[tuple[int, int], int] = {}
    for number in concerned:
        mine = {life: chain for (author, life), chain in chains.items() if author == number}
        votes[number] = _lives(council, number, mine, floors)  # (1)
        if number in council.removed:  # (2)
            place, day, pin = council.removed[number]
            _end(votes[number], pin, mine, place, day)
        limits[number] = dict(votes[number])
        if number in suspended:  # (3)
            _suspend(limits[number], suspended[number], mine, agreed=council.confirmed(suspended[number]))
    return Standing(limits, votes, floors)


def _suspend(lives: Limits, found: Suspension, chains: Chains, *, agreed: bool) -> None:
    """One officer's word holds from its place in the journal on; the word of k reaches back in its day to its pin."""
    _end(lives, found.pin, chains, found.said.order, found.day if agreed else None)


def _lives(council: Council, number: int, chains: Chains, floors: dict[tuple[int, int], int]) -> Limits:
    """The lives of one officer that count.

    The old life ends, and the new one begins to count, where both its owner and the one who confirms it have come: the
    confirmer alone could date his word back and unsay what the other said since.
    """
    lives = {0: WHOLE}
    for (author, life, opened), confirmed in sorted(council.lives.items(), key=lambda item: item[0]):
        first = next(iter(chains.get(life, ())), None)
        if author != number or first is None or first.id != opened or confirmed.pin.life not in lives:
            continue
        # Nobody may begin anew before what he is known to have said, and so speak before it.
        before = chains.get(confirmed.pin.life, [])
        known = [s for s in before if s.seq <= confirmed.pin.seq]
        if known and first.clock <= known[-1].clock:
            continue
        place = max(confirmed.said.order, first.order)
        _end(lives, confirmed.pin, chains, place, None)
        lives[life] = WHOLE
        early = [s.seq for s in chains[life] if s.order <= place]
        floors[(number, life)] = max(early, default=-1) + 1
    return lives


def _end(lives: Limits, pin: Pin, chains: Chains, place: Order, day: date | None) -> None:
    """Nothing counts from `place` on; and with a `day`, nothing of that day after `pin`.

    What stood in the journal on earlier days nobody unsays: else one word could take money out of the books, or the
    charter out of the fund. And no pin reaches beyond the place where it was said.
    """
    there = pin.life in lives  # else it names nothing that counts, and keeps nothing
    for life in lives:
        before = [s for s in chains.get(life, ()) if s.order < place]
        kept = [
            s.seq for s in before if day is None or s.day < day or (there and (s.life, s.seq) <= (pin.life, pin.seq))
        ]
        lives[life] = min(lives[life], max(kept, default=-1))
