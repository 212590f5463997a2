"""Proof files hold against who signed, and against nobody else, with his public key alone."""

import os

import pytest

from journal.little_fund import LittleFund
from poruch.crypto.signatures import SigningKey
from poruch.errors import BadEvidence, BadSignature, ProvesNothing
from poruch.events.kinds import NoticePublished
from poruch.journal import proofs
from poruch.journal.proofs import check_evidence, evidence
from poruch.journal.segments import SignedSegment, sign_segment

FUND = LittleFund()
FUND.found()
KEYS = {number: key.public for number, key in FUND.keys.items()}


def notice(text: str) -> NoticePublished:
    return NoticePublished("note", text)


FIRST = FUND.act(2, notice("first"))
SECOND = FUND.act(2, notice("second"))


def other(text: str = "another truth", by: int = 2, **changes: object) -> SignedSegment:
    fields = {"author": 2, "seq": SECOND.segment.seq, "prev": FIRST.id, "clock": SECOND.segment.clock} | changes
    return sign_segment(FUND.segment(2, notice(text), **fields), FUND.keys[by])


HOLDS = {
    "two segments at one place": (proofs.EQUIVOCATION, SECOND, other()),
    "a link to another": (proofs.BROKEN_LINK, FIRST, other(prev=os.urandom(32))),
    "a clock that goes back": (proofs.BROKEN_LINK, FIRST, other(clock=0)),
    "a clock far ahead": (proofs.CLOCK_AHEAD, other(clock=2**40)),
    "said after a suspension": (proofs.SUSPENDED, SECOND),
    "damaged": (proofs.DAMAGED, SECOND),
    "an unknown event": (proofs.UNKNOWN_EVENT, SECOND),
}
FAILS = {
    "one segment twice": (BadEvidence, proofs.EQUIVOCATION, SECOND, SECOND),
    "two places": (BadEvidence, proofs.EQUIVOCATION, FIRST, SECOND),
    "one segment alone": (BadEvidence, proofs.EQUIVOCATION, SECOND),
    "a link that holds": (BadEvidence, proofs.BROKEN_LINK, FIRST, SECOND),
    "a link across a gap": (BadEvidence, proofs.BROKEN_LINK, FIRST, other(seq=9)),
    "of two officers": (BadEvidence, proofs.EQUIVOCATION, SECOND, FUND.heads[1]),
    "forged by a colleague": (BadSignature, proofs.EQUIVOCATION, SECOND, other(by=3)),
    "of another fund": (BadEvidence, proofs.SUSPENDED, other(fund=bytes(32))),
    "of another kind": (BadEvidence, "rumour", SECOND),
    "a signature that is bad": (ProvesNothing, proofs.BAD_SIGNATURE, other(by=3)),
    "a stranger": (ProvesNothing, proofs.UNKNOWN_OFFICER, SECOND),
    "too many": (BadEvidence, proofs.EQUIVOCATION, FIRST, SECOND, other()),
}


def file_of(kind: str, *segments: SignedSegment) -> bytes:
    return evidence(kind, FUND.id, *(signed.raw for signed in segments))


@pytest.mark.parametrize("case", HOLDS)
def test_a_proof_holds_with_public_keys_alone(case: str) -> None:
    kind, *segments = HOLDS[case]
    proved = check_evidence(file_of(kind, *segments), KEYS)  # type: ignore[arg-type]
    assert (proved.kind, proved.author, [s.id for s in proved.segments]) == (kind, 2, [s.id for s in segments])  # type: ignore[union-attr]


@pytest.mark.parametrize("case", FAILS)
def test_what_proves_nothing_is_not_taken_for_a_proof(case: str) -> None:
    error, kind, *segments = FAILS[case]
    with pytest.raises(error):  # type: ignore[arg-type]
        check_evidence(file_of(kind, *segments), KEYS)  # type: ignore[arg-type]


@pytest.mark.parametrize("case", HOLDS)
def test_no_proof_survives_a_changed_byte_or_another_key(case: str) -> None:
    kind, *segments = HOLDS[case]
    file = file_of(kind, *segments)  # type: ignore[arg-type]
    for at in range(0, len(file), 7):
        changed = file[:at] + bytes([file[at] ^ 1]) + file[at + 1 :]
        with pytest.raises((BadEvidence, BadSignature, ProvesNothing)):
            check_evidence(changed, KEYS)
    with pytest.raises(BadSignature):
        check_evidence(file, {2: SigningKey(os.urandom(32)).public})
    with pytest.raises(BadSignature):
        check_evidence(file, {})
