"""Leaves: one spelling each. The vectors have the named faults; here are the limits, and random damage."""

import json
import threading
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from log_vectors import ENTRIES

from poruch.crypto.group import L
from poruch.errors import BadLeaf
from poruch.tlog.leaves import Balance, Notice, Total, encode_leaf, parse_leaf, parse_leaves, proof_context

KINDS = {json.loads(entry)["leaf"]: json.loads(entry) for entry in ENTRIES}


def written(kind: str, /, **changes: Any) -> bytes:
    return json.dumps({**KINDS[f"poruch/{kind}/v1"], **changes}, separators=(",", ":"), ensure_ascii=False).encode()


@pytest.mark.parametrize("kind", ["amounts", "total", "balance", "notice"])
def test_every_kind(kind: str) -> None:
    entry = written(kind)
    assert entry in ENTRIES
    assert encode_leaf(parse_leaf(entry)) == entry


GOOD = [
    ("notice", {"epoch": 2**53 - 1}),
    ("notice", {"kind": "a" * 32}),
    ("notice", {"kind": "0-"}),
    ("balance", {"opening_minor": 0, "in_minor": 2**53 - 1}),
    ("total", {"total_minor": 2**53 - 1, "blind": b64encode((L - 1).to_bytes(32, "little")).decode()}),
]
BAD = [
    ("notice", {"epoch": 0}),
    ("notice", {"epoch": -1}),
    ("notice", {"epoch": 2**53}),
    ("notice", {"epoch": 10**400}),
    ("notice", {"epoch": 1.0}),
    ("notice", {"epoch": "1"}),
    ("notice", {"epoch": True}),
    ("notice", {"epoch": None}),
    ("notice", {"kind": ""}),
    ("notice", {"kind": "-a"}),
    ("notice", {"kind": "a_b"}),
    ("notice", {"kind": "a" * 33}),
    ("notice", {"kind": "a\n"}),
    ("notice", {"kind": "аудит"}),
    ("notice", {"sha256": "AB" * 32}),
    ("notice", {"sha256": "ab" * 31}),
    ("notice", {"sha256": "ab" * 32 + "\n"}),
    ("notice", {"leaf": "poruch/notice/v2"}),
    ("notice", {"leaf": 1}),
    ("balance", {"currency": "eur"}),
    ("balance", {"currency": "EURO"}),
    ("balance", {"currency": "EUR\n"}),
    ("balance", {"closing_minor": 2**53}),
    ("total", {"side": "IN"}),
    ("total", {"side": ["in"]}),
    ("total", {"blind": b64encode(bytes(32)).decode()}),
    ("total", {"blind": b64encode(L.to_bytes(32, "little")).decode()}),
    ("total", {"blind": b64encode(bytes([1]) * 31).decode()}),
    ("total", {"blind": ""}),
    ("amounts", {"proof": b64encode(bytes(799)).decode()}),
    ("amounts", {"proof": b64encode(bytes(801)).decode()}),
    ("amounts", {"commitments": []}),
    ("amounts", {"commitments": KINDS["poruch/amounts/v1"]["commitments"] + ["AA=="]}),
    ("amounts", {"commitments": [b64encode(bytes(32)).decode()] * 8}),
    ("amounts", {"commitments": [b64encode(bytes([1] + [0] * 31)).decode()] * 8}),
]


@pytest.mark.parametrize(("kind", "changes"), GOOD)
def test_at_the_limit(kind: str, changes: dict[str, Any]) -> None:
    entry = written(kind, **changes)
    assert encode_leaf(parse_leaf(entry)) == entry


@pytest.mark.parametrize(("kind", "changes"), BAD)
def test_beyond_the_limit(kind: str, changes: dict[str, Any]) -> None:
    with pytest.raises(BadLeaf):
        parse_leaf(written(kind, **changes))


@pytest.mark.parametrize(
    "entry",
    [
        b"",
        b"null",
        b"{}",
        b"[]",
        b"[" * 4096,
        b'{"leaf":' * 500,
        b"\xff\xfe",
        b"\xef\xbb\xbf" + written("notice"),
        b" " + written("notice"),
        written("notice") + b" ",
        written("notice") + written("notice"),
        written("notice").replace(b"poruch/notice", b"poruch\\/notice"),
        written("notice").replace(b'"epoch":', b'"epoch":0'),
        written("notice").replace(b'"epoch"', b'"\\u0065poch"'),
        written("notice")[:-1],
        written("notice") + b"\0",
    ],
)
def test_not_a_leaf(entry: bytes) -> None:
    with pytest.raises(BadLeaf):
        parse_leaf(entry)


@pytest.mark.parametrize("kind", ["total", "balance", "notice"])
def test_each_key_is_needed(kind: str) -> None:
    whole = KINDS[f"poruch/{kind}/v1"]
    for key in whole:
        rest = {name: value for name, value in whole.items() if name != key}
        with pytest.raises(BadLeaf):
            parse_leaf(json.dumps(rest, separators=(",", ":")).encode())


def test_length_limit() -> None:
    """Nothing within the rules comes near the limit, so it is tried on what is otherwise refused for its spaces."""
    with pytest.raises(BadLeaf, match="longer than 4096"):
        parse_leaf(written("notice") + b" " * 4096)


@given(st.data())
def test_random_damage(data: st.DataObject) -> None:
    """One byte changed: refused, or another leaf that is spelt exactly so. Never anything else."""
    entry = bytearray(data.draw(st.sampled_from(ENTRIES)))
    place = data.draw(st.integers(0, len(entry) - 1))
    entry[place] = data.draw(st.integers(0, 255))
    try:
        leaf = parse_leaf(bytes(entry))
    except BadLeaf:
        return
    assert encode_leaf(leaf) == bytes(entry)


def test_encoding_refuses_what_nobody_would_accept() -> None:
    for leaf in (
        Notice(0, "report", "ab" * 32),
        Balance(1, "euro", 0, 0, 0, 0),
        Total(1, "in", "general", "EUR", 5, bytes(32)),
    ):
        with pytest.raises(BadLeaf):
            encode_leaf(leaf)


def test_context() -> None:
    context = proof_context("fund.example/log", 12, ("out", "grants", "EUR"))
    assert context == b"poruch/amounts/v1\nfund.example/log\n12\nout\ngrants\nEUR\n"


@pytest.mark.parametrize("place", [None, 0, 127, 128, 400, 999])
def test_many_leaves_come_in_order(place: int | None) -> None:
    """A long log is parsed by two threads; what comes out is what one leaf after the other would give."""
    entries = [encode_leaf(Notice(1, f"n-{number}", "ab" * 32)) for number in range(1000)]
    if place is not None:
        entries[place] += b" "
    found = list(parse_leaves(entries))
    assert len(found) == 1000
    for number, leaf in enumerate(found):
        if number == place:
            assert isinstance(leaf, BadLeaf)
        else:
            assert isinstance(leaf, Notice)
            assert leaf.kind == f"n-{number}"


def test_nothing_goes_on_after_the_reader_has_stopped() -> None:
    before = threading.active_count()
    leaves = parse_leaves([encode_leaf(Notice(1, "n", "ab" * 32))] * 1000)
    next(leaves)
    leaves.close()
    assert threading.active_count() == before
