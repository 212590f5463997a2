"""Segments: the bytes that were signed are the bytes that are kept, and nothing else passes."""

import hashlib
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey as NaclKey

from journal.little_fund import LittleFund
from poruch.crypto.signatures import SigningKey
from poruch.errors import BadSegment, BadSignature
from poruch.events.codec import encode
from poruch.events.kinds import NoticePublished, event_bytes
from poruch.journal import segments
from poruch.journal.segments import (
    GENESIS,
    Clear,
    SignedSegment,
    event_id,
    parse_segment,
    sign_segment,
    verify_segment,
)

FUND = LittleFund()
NOTICE = NoticePublished("note", "A text.")
SIGNED = sign_segment(FUND.segment(1, NOTICE), FUND.keys[1])


def test_a_segment_parses_to_what_was_signed_and_keeps_its_bytes() -> None:
    parsed = parse_segment(SIGNED.raw)
    assert parsed == SIGNED
    assert verify_segment(parsed, FUND.keys[1].public) is parsed
    assert parsed.order == (1, 1, 0, 0)


def test_signature_and_id_are_over_domain_newline_and_the_bytes_as_they_are() -> None:
    message = b"poruch/segment/v1\n" + SIGNED.raw[64:]
    assert SIGNED.id == hashlib.sha256(message).digest()
    other = NaclKey(os.urandom(32))  # another library's path to the same signature
    made = other.sign(message).signature + SIGNED.raw[64:]
    verify_segment(parse_segment(made), bytes(other.verify_key))


@given(st.integers(0, 10**6), st.integers(1, 255))
def test_no_byte_can_be_changed(at: int, flip: int) -> None:
    raw = bytearray(SIGNED.raw)
    raw[at % len(raw)] ^= flip
    with pytest.raises((BadSegment, BadSignature)):
        verify_segment(parse_segment(bytes(raw)), FUND.keys[1].public)


@given(st.binary(max_size=200))
def test_rubbish_is_refused_with_the_one_error(raw: bytes) -> None:
    with pytest.raises(BadSegment):
        parse_segment(raw)


def test_another_key_or_another_domain_does_not_verify() -> None:
    stranger = SigningKey(os.urandom(32))
    with pytest.raises(BadSignature):
        verify_segment(SIGNED, stranger.public)
    body = SIGNED.raw[64:]
    for domain in ("poruch/segment/v2", "poruch/other/v1"):
        with pytest.raises(BadSignature):
            verify_segment(parse_segment(FUND.keys[1].sign(domain, body) + body), FUND.keys[1].public)
    with pytest.raises(BadSignature):
        verify_segment(parse_segment(FUND.keys[1].raw_sign(body) + body), FUND.keys[1].public)


@pytest.mark.parametrize(
    "changes",
    [
        {"fund": bytes(31)},
        {"fund": bytes(33)},
        {"prev": bytes(31)},
        {"prev": b"p" * 32},  # a first segment continues nothing
        {"seq": 1},  # a later one continues something
        {"seq": -1, "prev": b"p" * 32},
        {"seq": 2**40, "prev": b"p" * 32},
        {"author": 0},
        {"author": 65536},
        {"author": -1},
        {"life": -1},
        {"life": 65536},
        {"clock": -1},
        {"clock": 2**48},
    ],
)
def test_impossible_numbers_are_refused_although_signed(changes: dict[str, object]) -> None:
    signed = sign_segment(LittleFund().segment(1, NOTICE, **changes), FUND.keys[1])
    with pytest.raises(BadSegment):
        parse_segment(signed.raw)


@pytest.mark.parametrize(
    "changes", [{"author": 65535}, {"life": 65535}, {"seq": 2**40 - 1, "prev": b"p" * 32}, {"clock": 2**48 - 1}]
)
def test_the_last_possible_numbers_are_read(changes: dict[str, object]) -> None:
    signed = sign_segment(FUND.segment(1, NOTICE, **changes), FUND.keys[1])
    assert parse_segment(signed.raw) == signed


def test_another_spelling_is_refused_although_signed() -> None:
    body = encode(SIGNED.segment)
    assert body[0] == 0x80 | 9  # nine pairs: the kind and eight fields
    for other in (b"\xde\x00\x09" + body[1:], body + b"\xc0", b"\x8a" + body[1:] + b"\xa4life\x00"):
        with pytest.raises(BadSegment):
            parse_segment(FUND.keys[1].sign(segments.DOMAIN, other) + other)


def test_lengths(monkeypatch: pytest.MonkeyPatch) -> None:
    for raw in (b"", bytes(64)):
        with pytest.raises(BadSegment):
            parse_segment(raw)
    monkeypatch.setattr(segments, "LIMIT_BYTES", len(SIGNED.raw))
    assert parse_segment(SIGNED.raw) == SIGNED
    monkeypatch.setattr(segments, "LIMIT_BYTES", len(SIGNED.raw) - 1)
    with pytest.raises(BadSegment):
        parse_segment(SIGNED.raw)


def test_each_event_has_an_id_of_its_own() -> None:
    """The same words at two places, in one segment or in two, are two events."""
    raw = event_bytes(NOTICE)
    fund = LittleFund()
    made: list[SignedSegment] = [fund.act(1, NOTICE, NOTICE), fund.act(1, NOTICE), fund.act(2, NOTICE)]
    ids = {event_id(signed, at, raw) for signed in made for at in range(2)}
    assert len(ids) == 6
    assert made[0].segment.entries == (Clear(raw), Clear(raw))
    assert made[0].segment.prev == GENESIS
