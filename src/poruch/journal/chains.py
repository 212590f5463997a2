"""The set of chains: which segments count, and in which order.

Any order of arrival gives one state. A segment counts when its signature verifies, its fund is ours, and the chain of
its author reaches it without a gap; what comes too early waits. Nothing here stops a desk from reading the rest.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from poruch.errors import BadSignature, Malformed, Refused, UnknownOfficer
from poruch.events.charter import check_charter, fund_id
from poruch.events.kinds import FundFounded, parse_event
from poruch.journal.roster import Roster
from poruch.journal.segments import GENESIS, Clear, SignedSegment, verify_segment

CLOCK_LEAP = 2**20


class Outcome(Enum):
    """What became of a segment that arrived."""

    ACCEPTED = "accepted"
    KNOWN = "known"
    WAITING = "waiting for an earlier one"
    UNKNOWN_OFFICER = "signed by nobody on the roster"
    BAD_SIGNATURE = "bad signature"
    OTHER_FUND = "of another fund"
    EQUIVOCATION = "second segment at one place of a chain"
    BROKEN_LINK = "does not continue its chain"
    CLOCK_AHEAD = "its clock is far ahead"


REFUSED = frozenset(set(Outcome) - {Outcome.ACCEPTED, Outcome.KNOWN, Outcome.WAITING})
UNSIGNED = frozenset({Outcome.UNKNOWN_OFFICER, Outcome.BAD_SIGNATURE, Outcome.OTHER_FUND})
"""Outcomes that prove nothing against anybody: whoever holds the line can make as many as he likes."""

MOST_UNSIGNED, UNSIGNED_BYTES = 100, 64 * 1024
STRANGERS_BYTES = 64 * 1024 * 1024
WAITING_BYTES, AUTHORS_WAITING_BYTES = 64 * 1024 * 1024, 16 * 1024 * 1024
"""Of what waits: from all, and from one author. What is more is dropped, and asked for again at the next sync."""
_EACH_BYTES = 1024  # a short one takes memory, too


@dataclass
class Fault:
    """A segment that was put aside, and why. The bytes are kept as proof."""

    outcome: Outcome
    raw: bytes
    author: int


@dataclass
class Chains:
    """The chains of one fund. Feed it with `add`; it returns what became of each and what newly counts.

    `forks`: by (author, life) the first place at which its author signed two segments. Lives after the first are
    chains like others; whether one counts is for the council to say (poruch.journal.standing). `bounded`: what must
    wait is kept as far as there is room, and no clock leaps; what comes from one's own disk was judged before.
    """

    fund: bytes
    roster: Roster = field(default_factory=Roster)
    heads: dict[tuple[int, int], SignedSegment] = field(default_factory=dict)
    clock: int = 0
    faults: list[Fault] = field(default_factory=list)
    forks: dict[tuple[int, int], int] = field(default_factory=dict)
    bounded: bool = True
    _known_faults: set[bytes] = field(default_factory=set)
    _unsigned: int = 0
    _strangers: dict[bytes, SignedSegment] = field(default_factory=dict)
    _strangers_bytes: int = 0
    _ids: dict[tuple[int, int, int], bytes] = field(default_factory=dict)
    _waiting: dict[tuple[int, int, int], dict[bytes, SignedSegment]] = field(default_factory=dict)
    _waiting_bytes: dict[int, int] = field(default_factory=dict)
    _all_waiting_bytes: int = 0

    def restore(self, held: Iterable[SignedSegment]) -> None:
        """Take up segments that were judged before and come from one's own store, in the one order."""
        for signed in held:
            clock, author, life, seq = signed.order
            self._ids[(author, life, seq)] = signed.id
            self.heads[(author, life)] = signed
            if clock > self.clock:
                self.clock = clock

    def add(self, signed: SignedSegment) -> tuple[Outcome, list[SignedSegment]]:
        """The outcome for `signed`, and the segments that count from now on, in chain order."""
        first = self._judge_one(signed)
        counted = []
        released = [signed] if first is Outcome.ACCEPTED else []
        while released:  # a loop, for a chain may arrive last segment first
            one = released.pop()
            if one is not signed and self._judge_one(one) is not Outcome.ACCEPTED:
                continue
            counted.append(one)
            released += reversed(self._accept(one))
        return first, counted

    def _judge_one(self, signed: SignedSegment) -> Outcome:
        outcome = self._judge(signed)
        if outcome not in REFUSED:
            return outcome
        raw = signed.raw[:UNSIGNED_BYTES] if outcome in UNSIGNED else signed.raw
        digest = hashlib.sha256(raw).digest()
        if digest not in self._known_faults and (outcome not in UNSIGNED or self._unsigned < MOST_UNSIGNED):
            self._unsigned += outcome in UNSIGNED
            self._known_faults.add(digest)
            self.faults.append(Fault(outcome, raw, signed.author))
        return outcome

    def forget_faults(self) -> None:
        """Keep no proof, as a front does: what is refused is refused again."""
        self._keep_faults([])

    def _keep_faults(self, faults: list[Fault]) -> None:
        self.faults = faults
        self._known_faults = {hashlib.sha256(fault.raw).digest() for fault in faults}
        self._unsigned = sum(fault.outcome in UNSIGNED for fault in faults)

    def _judge(self, signed: SignedSegment) -> Outcome:
        place = signed.order[1:]
        if self._ids.get(place) == signed.id:
            return Outcome.KNOWN
        segment = signed.segment
        if segment.fund != self.fund:
            return Outcome.OTHER_FUND
        if not self.roster.signing and not self._found(signed):
            return self._wait(signed, place)
        try:
            verify_segment(signed, self.roster.key_of(segment.author))
        except UnknownOfficer:
            self._hold_stranger(signed)
            return Outcome.UNKNOWN_OFFICER
        except BadSignature:
            return Outcome.BAD_SIGNATURE
        if place in self._ids:
            chain = (segment.author, segment.life)
            self.forks[chain] = min(segment.seq, self.forks.get(chain, segment.seq))
            return Outcome.EQUIVOCATION
        return self._judge_link(signed, place)

    def _hold_stranger(self, signed: SignedSegment) -> None:
        """Somebody whose admission may stand in a segment that is still to come."""
        fits = not self.bounded or self._strangers_bytes + len(signed.raw) <= STRANGERS_BYTES
        if signed.id not in self._strangers and fits:
            self._strangers[signed.id] = signed
            self._strangers_bytes += len(signed.raw)

    def _wait(self, signed: SignedSegment, place: tuple[int, int, int]) -> Outcome:
        """Keep what comes too early, as far as there is room."""
        size, author = len(signed.raw) + _EACH_BYTES, signed.author
        here = self._waiting.get(place, {})
        mine = self._waiting_bytes.get(author, 0)
        fits = mine + size <= AUTHORS_WAITING_BYTES and self._all_waiting_bytes + size <= WAITING_BYTES
        if signed.id not in here and (fits or not self.bounded):
            self._waiting.setdefault(place, here)[signed.id] = signed
            self._waiting_bytes[author] = mine + size
            self._all_waiting_bytes += size
        return Outcome.WAITING

    def _release(self, place: tuple[int, int, int]) -> list[SignedSegment]:
        released = list(self._waiting.pop(place, {}).values())
        for signed in released:
            size = len(signed.raw) + _EACH_BYTES
            self._waiting_bytes[place[0]] -= size
            self._all_waiting_bytes -= size
        return released

    def learn(self, number: int, signing: bytes) -> list[SignedSegment]:
        """Officer `number` was admitted with this key (32 bytes); returns his segments that came before and count."""
        self.roster.signing[number] = signing
        waited = [one for one in self._strangers.values() if one.author == number]
        stranger = Outcome.UNKNOWN_OFFICER
        self._keep_faults([f for f in self.faults if f.author != number or f.outcome is not stranger])
        counted: list[SignedSegment] = []
        for signed in sorted(waited, key=lambda one: one.order):
            del self._strangers[signed.id]
            self._strangers_bytes -= len(signed.raw)
            counted += self.add(signed)[1]
        return counted

    def _judge_link(self, signed: SignedSegment, place: tuple[int, int, int]) -> Outcome:
        segment = signed.segment
        head = self.heads.get((segment.author, segment.life))
        expected = (head.seq + 1, head.id, head.clock) if head else (0, GENESIS, -1)
        if segment.seq > expected[0]:
            return self._wait(signed, place)
        if segment.prev != expected[1] or segment.clock <= expected[2]:
            return Outcome.BROKEN_LINK
        if self.bounded and segment.clock > self.clock + CLOCK_LEAP:
            return Outcome.CLOCK_AHEAD
        return Outcome.ACCEPTED

    def _found(self, signed: SignedSegment) -> bool:
        """Take the charter from the first segment of the fund, whose id is the charter's hash."""
        entry = signed.segment.entries[0] if signed.segment.entries else None
        if signed.segment.seq or not isinstance(entry, Clear):
            return False
        try:
            event = parse_event(entry.event)
            if not isinstance(event, FundFounded) or fund_id(event.charter) != self.fund:
                return False
            self.roster.found(check_charter(event.charter))
        except (Malformed, Refused):
            return False
        return True

    def _accept(self, signed: SignedSegment) -> list[SignedSegment]:
        """Count `signed`; whoever waited for it is to be judged now, in the order of the result."""
        clock, author, life, seq = signed.order
        self._ids[(author, life, seq)] = signed.id
        self.heads[(author, life)] = signed
        self.clock = max(self.clock, clock)
        places = [(author, life, seq + 1)]
        if len(self._ids) == 1:  # the charter came: whoever waited for the roster is judged now
            places = sorted(self._waiting)
        return [waiting for place in places for waiting in self._release(place)]

    @property
    def waiting(self) -> list[SignedSegment]:
        """Segments whose signature holds and before which something is missing, in the one order."""
        if not self.roster.signing:
            return []
        return sorted((one for kept in self._waiting.values() for one in kept.values()), key=lambda one: one.order)

    @property
    def positions(self) -> dict[tuple[int, int], int]:
        """For each (author, life) the last seq that counts."""
        return {place: head.seq for place, head in self.heads.items()}
