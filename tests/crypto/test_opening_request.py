"""The request to open a file: every vector, and exactly one spelling."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.quorum_fund import PLACE, REQUESTER, TODAY
from crypto.quorum_vectors import VECTORS, cases, unhex
from poruch.crypto.age import PqIdentity, X25519Identity
from poruch.crypto.opening import OpeningRequest, parse_request
from poruch.errors import BadRequest, PoruchError


@pytest.mark.parametrize("case", VECTORS["requests"]["valid"])
def test_valid_requests(case: dict[str, Any]) -> None:
    request = parse_request(case["text"].encode())
    assert request.encode() == case["text"].encode()
    assert request.hash == unhex(case["hash"])
    assert request.recipient == PqIdentity.parse(case["requester_identity"]).recipient.text


@pytest.mark.parametrize("case", cases(VECTORS["requests"]["invalid"]))
def test_invalid_requests(case: dict[str, Any]) -> None:
    with pytest.raises(PoruchError) as caught:
        parse_request(case["text"].encode())
    assert caught.value.name == case["error"]


def some_request(**changes: Any) -> OpeningRequest:
    fields = {"group": bytes(32), "file": bytes(32), "place": PLACE, "officer": 1, "recipient": REQUESTER}
    return OpeningRequest(**{**fields, "until": TODAY, "purpose": "pay", **changes})


printable = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60)


@given(st.binary(min_size=32, max_size=32), printable, st.integers(1, 65535), st.dates(), printable)
def test_requests_round_trip(data: bytes, place: str, officer: int, until: date, purpose: str) -> None:
    place = place.encode()[:200].decode(errors="ignore") or "x"
    request = some_request(file=data, place=place, officer=officer, until=until, purpose=purpose)
    assert parse_request(request.encode()) == request


@given(st.integers(0, 2000), st.binary(max_size=3))
def test_one_spelling(position: int, noise: bytes) -> None:
    text = some_request().encode()
    changed = text[: position % len(text)] + noise + text[position % len(text) + len(noise) :]
    if changed != text:
        try:
            assert parse_request(changed).encode() == changed
        except BadRequest:
            return
        assert parse_request(changed) != some_request()


@pytest.mark.parametrize(
    "changes",
    [
        {"group": bytes(31)},
        {"file": bytes(33)},
        {"place": "a\nb"},
        {"place": ""},
        {"officer": 0},
        {"officer": 65536},
        {"recipient": "age1nobody"},
        {"recipient": X25519Identity(bytes(range(32))).text},
        {"purpose": ""},
        {"purpose": "я" * 251},
        {"purpose": "a\x7fb"},
        {"purpose": "\ud800"},
    ],
    ids=str,
)
def test_impossible_requests(changes: dict[str, Any]) -> None:
    with pytest.raises(BadRequest):
        some_request(**changes)


@pytest.mark.parametrize("data", [b"", b"\n" * 9, b"\xff" * 40, bytes(100_000), b"poruch/opening/v1\n" * 9])
def test_no_requests(data: bytes) -> None:
    with pytest.raises(BadRequest):
        parse_request(data)


@pytest.mark.parametrize("tail", [b"x", b"\r", b" ", b"\n", b"more 1\n"])
def test_nothing_follows_a_request(tail: bytes) -> None:
    with pytest.raises(BadRequest):
        parse_request(some_request().encode() + tail)
