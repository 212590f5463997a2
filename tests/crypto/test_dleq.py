"""Equality proofs: every vector, and what a proof must not survive."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.quorum_fund import seeded
from crypto.quorum_vectors import VECTORS, cases, number, unhex
from poruch.crypto import dleq
from poruch.crypto.group import H2, IDENTITY, B, L, add, encode_scalar, hash_to_scalar, multiply, multiply_base
from poruch.errors import BadProof

MIXED = unhex(next(c["point"] for c in VECTORS["points"]["invalid"] if c["reason"].endswith("point of order 2")))
secrets_ = st.integers(min_value=1, max_value=L - 1)


def verify(case: dict[str, str]) -> None:
    G, A, H, Bp = (unhex(case[name]) for name in "GAHB")
    dleq.verify(G, A, H, Bp, unhex(case["context"]), unhex(case["proof"]))


@pytest.mark.parametrize("case", VECTORS["dleq"]["valid"])
def test_valid(case: dict[str, str]) -> None:
    verify(case)
    secret = number(case["secret"])
    assert multiply(secret, unhex(case["G"])) == unhex(case["A"])
    assert multiply(secret, unhex(case["H"])) == unhex(case["B"])


@pytest.mark.parametrize("case", cases(VECTORS["dleq"]["invalid"]))
def test_invalid(case: dict[str, str]) -> None:
    with pytest.raises(BadProof):
        verify(case)


@given(secrets_, st.binary(max_size=40), st.integers(0, 2**32))
def test_round_trip(x: int, context: bytes, seed: int) -> None:
    A, Bp = multiply_base(x), multiply(x, H2)
    proof = dleq.prove(x, B, A, H2, Bp, context, seeded(seed))
    dleq.verify(B, A, H2, Bp, context, proof)
    with pytest.raises(BadProof):
        dleq.verify(B, A, H2, Bp, context + b"!", proof)


@given(secrets_, secrets_)
def test_two_secrets_are_not_one(x: int, other: int) -> None:
    if x == other:
        return
    A, Bp = multiply_base(x), multiply(other, H2)
    for claimed in (x, other):
        with pytest.raises(BadProof):
            dleq.verify(B, A, H2, Bp, b"", dleq.prove(claimed, B, A, H2, Bp, b""))


@given(st.integers(0, dleq.SIZE * 8 - 1))
def test_every_bit_counts(bit: int) -> None:
    A, Bp = multiply_base(7), multiply(7, H2)
    proof = int.from_bytes(dleq.prove(7, B, A, H2, Bp, b"context", seeded(1)), "little") ^ 1 << bit
    with pytest.raises(BadProof):
        dleq.verify(B, A, H2, Bp, b"context", proof.to_bytes(dleq.SIZE, "little"))


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("point", [IDENTITY, MIXED, b"", bytes(32)], ids=["identity", "mixed", "empty", "order 4"])
def test_points_are_checked(place: int, point: bytes) -> None:
    points = [B, multiply_base(7), H2, multiply(7, H2)]
    proof = dleq.prove(7, points[0], points[1], points[2], points[3], b"")
    points[place] = point
    with pytest.raises(BadProof):
        dleq.verify(points[0], points[1], points[2], points[3], b"", proof)


def test_a_part_of_small_order_does_not_pass() -> None:
    """A forger who knows x and grinds an even challenge would pass with B' + (order 2), were B' not checked."""
    order_two = (2**255 - 20).to_bytes(32, "little")
    x, forged = 7, add(multiply(7, H2), order_two)
    A = multiply_base(x)
    for r in range(1, 200):
        c = hash_to_scalar(b"poruch/dleq/v1", B, A, H2, forged, multiply_base(r), multiply(r, H2), b"")
        if c % 2 == 0:
            break
    proof = encode_scalar(c) + encode_scalar(r + c * x)
    with pytest.raises(BadProof):
        dleq.verify(B, A, H2, forged, b"", proof)


def test_the_one_time_scalar_needs_no_good_randomness() -> None:
    """With randomness that always repeats, two statements still do not share r, so z1 - z2 tells nothing."""

    def broken(size: int) -> bytes:
        return bytes(size)

    x, A, Bp = 7, multiply_base(7), multiply(7, H2)
    first, second = (dleq.prove(x, B, A, H2, Bp, context, broken) for context in (b"one", b"two"))
    c1, z1 = (int.from_bytes(part, "little") for part in (first[:32], first[32:]))
    c2, z2 = (int.from_bytes(part, "little") for part in (second[:32], second[32:]))
    assert (z1 - z2) * pow(c1 - c2, -1, L) % L != x
    assert first != dleq.prove(x, B, A, H2, Bp, b"one", seeded(2))
