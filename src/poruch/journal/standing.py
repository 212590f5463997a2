"""Which segments count, once everything that the council said is known (docs/spec/council.md section 5).

A suspension reaches back to its pin, a confirmed life ends the one before, a removal ends a chain, two segments at one
place end it there. So this is computed from the whole journal, and the journal is folded again when it changes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from poruch.errors import BadEvent
from poruch.events.council import FundFrozen, Pin
from poruch.events.kinds import parse_event
from poruch.journal.council import Council, Said
from poruch.journal.segments import Clear, Segment, SignedSegment

WHOLE = 2**40
DURESS_LIFE = 65535
"""A life that needs no confirmation, for in it an officer can do one thing: freeze the fund."""

Limits = dict[int, int]  # by life, the last seq that counts; a life that is not here does not count


@dataclass(frozen=True)
class Standing:
    """`limits` of officers about whom there is anything to say; everybody else speaks in life 0, without limit.

    `votes` are the limits without suspensions: a suspended officer still votes on freezes and suspensions.
    """

    limits: Mapping[int, Limits] = field(default_factory=dict)
    votes: Mapping[int, Limits] = field(default_factory=dict)

    def counts(self, segment: Segment) -> bool:
        """Whether what it says counts."""
        return _within(self.limits, segment)

    def allows(self, author: int, life: int, seq: int) -> bool:
        """Whether an officer's next segment, with this place, would count."""
        mine = self.limits.get(author)
        return life == 0 if mine is None else seq <= mine.get(life, -1)

    def votes_count(self, segment: Segment) -> bool:
        """Whether its votes on freezes and suspensions count."""
        return _within(self.votes, segment)


def _within(limits: Mapping[int, Limits], segment: Segment) -> bool:
    mine = limits.get(segment.author)
    if segment.life == DURESS_LIFE:
        return (mine is None or max(mine.values(), default=-1) == WHOLE) and _only_freezes(segment)
    return segment.life == 0 if mine is None else segment.seq <= mine.get(segment.life, -1)


def _only_freezes(segment: Segment) -> bool:
    if len(segment.entries) != 1 or not isinstance(segment.entries[0], Clear):
        return False
    try:
        return isinstance(parse_event(segment.entries[0].event), FundFrozen)
    except BadEvent:
        return False


def standing_of(council: Council, held: Iterable[SignedSegment], forks: Mapping[tuple[int, int], int]) -> Standing:
    """The standing that the council's last word gives. `forks`: by (author, life) where two segments stand at a place.

    (1) Confirmed lives. (2) Removals. (3) Forks, up to where k say. Then votes are limited. (4) Suspensions.
    """
    concerned = {number for number, _ in council.lives} | set(council.removed) | {number for number, _ in forks}
    suspended = council.suspended
    concerned |= set(suspended)
    if not concerned:
        return Standing()
    chains: dict[tuple[int, int], list[SignedSegment]] = {}
    for signed in held:
        if signed.segment.author in concerned:
            chains.setdefault((signed.segment.author, signed.segment.life), []).append(signed)
    votes: dict[int, Limits] = {}
    limits: dict[int, Limits] = {}
    for number in concerned:
        mine = {life: chain for (author, life), chain in chains.items() if author == number}
        confirmed = [s for s in council.suspensions.values() if s.pin.number == number and council.confirmed(s)]
        pins = [s.pin for s in confirmed if s.over is None and _holds(mine, s.pin)]
        votes[number] = _lives(council, number, mine)  # (1)
        if number in council.removed:  # (2)
            _end(votes[number], council.removed[number][1])
        for (author, life), seq in forks.items():  # (3)
            if author == number and not any(pin.life == life for pin in pins):
                _end(votes[number], Pin(number, life, seq - 1, b""))
        limits[number] = dict(votes[number])
        if number in suspended:  # (4)
            found = suspended[number]
            if council.confirmed(found):
                _end(limits[number], found.pin)
            else:
                _end_since(limits[number], found.pin, found.said, mine)
    return Standing(limits, votes)


def _lives(council: Council, number: int, chains: Mapping[int, list[SignedSegment]]) -> Limits:
    lives = {0: WHOLE}
    for (author, life), confirmed in sorted(council.lives.items()):
        first = next(iter(chains.get(life, ())), None)
        if author != number or first is None or first.id != confirmed.first or confirmed.pin.life not in lives:
            continue
        # Nobody may begin anew before what he is known to have said, and so speak before it.
        before = chains.get(confirmed.pin.life, [])
        known = [s for s in before if s.segment.seq <= confirmed.pin.seq]
        if known and first.segment.clock <= known[-1].segment.clock:
            continue
        _end_since(lives, confirmed.pin, confirmed.said, chains)
        lives[life] = WHOLE
    return lives


def _holds(chains: Mapping[int, list[SignedSegment]], pin: Pin) -> bool:
    return any(s.segment.seq == pin.seq and s.id == pin.segment for s in chains.get(pin.life, ()))


def _end(lives: Limits, pin: Pin) -> None:
    """Nothing counts after `pin`."""
    for life in [life for life in lives if life > pin.life]:
        del lives[life]
    if pin.life in lives:
        lives[pin.life] = min(lives[pin.life], pin.seq)


def _end_since(lives: Limits, pin: Pin, said: Said, chains: Mapping[int, list[SignedSegment]]) -> None:
    """The same on one officer's word alone: he cannot undo what stood in the journal on earlier days."""
    for life in [life for life in lives if life >= pin.life]:
        old = [s.segment.seq for s in chains.get(life, ()) if s.order < said.order and s.segment.day < said.day]
        last = max([*old, pin.seq if life == pin.life else -1])
        lives[life] = min(lives[life], last)
