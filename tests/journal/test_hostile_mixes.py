"""Whatever hostile segments are mixed in, whoever reads folds the rest, and every reader to the same state."""

import os
from datetime import date

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from journal.council_fund import CouncilFund, heard
from poruch.crypto.signatures import SigningKey
from poruch.errors import BadSegment
from poruch.events.codec import encode
from poruch.events.council import FundFrozen, OfficerSuspended, Pin, Voted
from poruch.events.resolutions import ErasureProposed, FrontMoved, Resolved
from poruch.journal.segments import GENESIS, Clear, Segment, SignedSegment, parse_segment, sign_segment

FUND = CouncilFund()
NOTICES = [FUND.notice(author) for _ in range(2) for author in (1, 2, 3, 5)]
HONEST = list(FUND.all)
ROGUE = 4
STRANGER = SigningKey(os.urandom(32))

events = st.one_of(
    st.binary(max_size=40),
    st.sampled_from(
        [
            encode(FrontMoved(address, bytes(16)))
            for address in ("http://[", "https://x.example", "\x00", "https://" + "a" * 300, "https://x:99999999")
        ]
        + [encode(ErasureProposed(bodies, b"")) for bodies in ((), (b"",), (bytes(32),), (bytes(32),) * 2)]
        + [encode(Resolved(b)) for b in (b"", bytes(32))]
        + [encode(FundFrozen(b"")), encode(Voted(bytes(32), "undo", True))]
        + [encode(OfficerSuspended(Pin(number, 9, -5, b""), True, b"")) for number in (0, 1, 4, 2**40)]
        + [b"\x81\xa4type\xafmoon.reached.v1"]
    ),
)
segments = st.builds(
    lambda author, life, seq, clock, day, raws, key, prev: sign_segment(
        Segment(FUND.id, author, life, seq, prev if seq else GENESIS, clock, day, tuple(Clear(raw) for raw in raws)),
        key,
    ),
    st.sampled_from([ROGUE, 77]),
    st.sampled_from([0, 1, 65535]),
    st.integers(0, 4),
    st.one_of(st.integers(0, 40), st.just(2**47)),
    st.sampled_from([date.min, date(2026, 9, 1), date.max]),
    st.lists(events, max_size=3),
    st.sampled_from([FUND.keys[ROGUE], STRANGER, FUND.keys[1]]),
    st.sampled_from([FUND.heads[ROGUE].id, os.urandom(32)]),
)


def readable(signed: SignedSegment) -> bool:
    try:
        parse_segment(signed.raw)
    except BadSegment:
        return False
    return True


@given(st.lists(segments, max_size=8), st.randoms(use_true_random=False))
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_mix_keeps_anybody_from_folding_the_rest(hostile: list[SignedSegment], random: object) -> None:
    mixed = HONEST + [signed for signed in hostile if readable(signed)]
    random.shuffle(mixed)  # type: ignore[attr-defined]
    journal = FUND.journal(mixed)
    suspended = set(journal.public.council.suspended)
    for notice in NOTICES:
        assert notice.segment.author in suspended or heard(journal, notice)
    assert journal.public.erased == set(), "one officer erases nothing"
    assert journal.public.resolutions.address == ""
    assert set(journal.public.officers) | {ROGUE} == {1, 2, 3, 4, 5}, "he can hide his own keys, and nobody else’s"
