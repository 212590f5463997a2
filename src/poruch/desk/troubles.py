"""What does not hold in the journal, one thing each with its kind, its officer and the bytes that show it.

Pure reading. The proof of what an officer signed can be checked by anybody who has his public key
(poruch.journal.proofs); of the rest the bytes are kept as they came.
"""

import hashlib
from dataclasses import dataclass
from datetime import date

from poruch.desk.program import Desk
from poruch.errors import BadEvent, BadSegment
from poruch.journal import proofs
from poruch.journal.chains import Fault, Outcome
from poruch.journal.public import SUSPENDED_SAY, parsed
from poruch.journal.segments import Clear, SignedSegment, parse_segment

KIND_OF = {
    Outcome.EQUIVOCATION: proofs.EQUIVOCATION,
    Outcome.BROKEN_LINK: proofs.BROKEN_LINK,
    Outcome.CLOCK_AHEAD: proofs.CLOCK_AHEAD,
    Outcome.BAD_SIGNATURE: proofs.BAD_SIGNATURE,
    Outcome.UNKNOWN_OFFICER: proofs.UNKNOWN_OFFICER,
    Outcome.OTHER_FUND: proofs.OTHER_FUND,
}
MOST = 200
"""Of what one officer said while he was suspended: more say no more than these."""


@dataclass(frozen=True)
class Trouble:
    """One thing that does not hold. `author` 0: nobody can tell. `prints`: SHA-256 of each piece of the proof, in hex.

    `proof` is the file; `signed`: an officer signed it, so that it proves something. `seq` is -1 where there is none.
    """

    kind: str
    author: int
    day: date | None
    life: int
    seq: int
    prints: tuple[str, ...]
    proof: bytes
    signed: bool

    @property
    def id(self) -> str:
        """What its address names: hex of 32 bytes."""
        return hashlib.sha256(self.proof).hexdigest()


def troubles(desk: Desk) -> list[Trouble]:
    """All of them, newest first."""
    found = [_of_fault(desk, fault) for fault in desk.chains.faults]
    found += [_of(desk, proofs.SUSPENDED, signed) for signed in _after_suspension(desk)]
    found += [_of(desk, proofs.DAMAGED, signed) for signed in _held(desk, desk.damaged)]
    found += [_of(desk, proofs.UNKNOWN_EVENT, signed) for signed in _held(desk, _unknown(desk))]
    found += [_unreadable(desk, raw) for raw in desk.unreadable]
    return sorted(found, key=lambda one: (one.day or date.min, one.seq), reverse=True)


def _of(desk: Desk, kind: str, *segments: SignedSegment) -> Trouble:
    last = segments[-1]
    segment = last.segment
    file = proofs.evidence(kind, desk.fund, *(signed.raw for signed in segments))
    prints = tuple(signed.id.hex() for signed in segments)
    author = segment.author if kind not in proofs.UNSIGNED else 0
    return Trouble(kind, author, segment.day, segment.life, segment.seq, prints, file, kind not in proofs.UNSIGNED)


def _unreadable(desk: Desk, raw: bytes) -> Trouble:
    file = proofs.evidence(proofs.UNREADABLE, desk.fund, raw)
    return Trouble(proofs.UNREADABLE, 0, None, 0, -1, (hashlib.sha256(raw).hexdigest(),), file, False)


def _of_fault(desk: Desk, fault: Fault) -> Trouble:
    kind = KIND_OF[fault.outcome]
    try:
        signed = parse_segment(fault.raw)
    except BadSegment:  # too long to be kept whole
        cut = _unreadable(desk, fault.raw)
        return Trouble(kind, 0, None, 0, -1, cut.prints, proofs.evidence(kind, desk.fund, fault.raw), False)
    beside = _beside(desk, kind, signed)
    return _of(desk, kind, *([beside, signed] if beside is not None else [signed]))


def _beside(desk: Desk, kind: str, signed: SignedSegment) -> SignedSegment | None:
    """The segment that it contradicts: at its own place, or at the place before it."""
    if kind not in (proofs.EQUIVOCATION, proofs.BROKEN_LINK):
        return None
    seq = signed.seq if kind == proofs.EQUIVOCATION else signed.seq - 1
    place = (signed.author, signed.life, seq)
    return next((one for one in desk.held if (one.author, one.life, one.seq) == place), None)


def _after_suspension(desk: Desk) -> list[SignedSegment]:
    """What officers who are suspended or removed said all the same, other than what they may still say."""
    council = desk.public.council
    who = set(council.suspended) | set(council.removed)
    if not who:
        return []
    found: dict[int, list[SignedSegment]] = {}
    for signed in reversed(desk.held):
        mine = found.setdefault(signed.author, []) if signed.author in who else None
        if mine is not None and len(mine) < MOST and not desk.journal.counts(signed) and not _only_votes(signed):
            mine.append(signed)
    return [signed for mine in found.values() for signed in mine]


def _only_votes(signed: SignedSegment) -> bool:
    for entry in signed.segment.entries:
        if not isinstance(entry, Clear):
            return False
        try:
            if not isinstance(parsed(entry.event), SUSPENDED_SAY):
                return False
        except BadEvent:
            return False
    return True


def _unknown(desk: Desk) -> set[bytes]:
    return {one.segment for one in desk.view.programs.unknown}


def _held(desk: Desk, ids: set[bytes]) -> list[SignedSegment]:
    return [signed for signed in desk.held if signed.id in ids] if ids else []


def by_officer(found: list[Trouble]) -> list[tuple[int, list[Trouble]]]:
    """Grouped by officer, what is nobody's at the end; within one as they come."""
    numbers = sorted({one.author for one in found}, key=lambda number: (number == 0, number))
    return [(number, [one for one in found if one.author == number]) for number in numbers]
