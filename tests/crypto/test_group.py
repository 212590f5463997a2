"""The group of the quorum key: every vector of section 1, and the rules of arithmetic."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl import bindings

from crypto.quorum_vectors import VECTORS, cases, number, unhex
from poruch.crypto import group
from poruch.crypto.group import H2, IDENTITY, B, L
from poruch.errors import BadOfficers, BadPoint, BadScalar, BadU, PoruchError

ORDER_TWO = (group.P - 1).to_bytes(32, "little")
SECTIONS = {
    "points": {"valid": 4, "invalid": 14},
    "lifts": {"valid": 4, "invalid": 16},
    "hash_scalar": 5,
    "lagrange": 4,
    "dleq": {"valid": 1, "invalid": 7},
    "groups": 3,
    "bad_dealings": 5,
    "bad_subshares": 3,
    "bad_digests": 2,
    "bad_officers": 6,
    "bad_ceremonies": 3,
    "complaints": 4,
    "resharing": {"invalid": 4},
    "files": {"valid": 4, "unproven": 2, "invalid": 28},
    "requests": {"valid": 1, "invalid": 13},
    "bad_answers": 5,
    "partials": {"valid": 5, "invalid": 10, "combining": 3, "refused_requests": 3},
}

scalars = st.integers(min_value=0, max_value=L - 1)


def test_no_vector_is_without_its_test() -> None:
    """A section or a case that is added must be given a test; then this table changes."""
    assert set(VECTORS) == {*SECTIONS, "format", "constants"}
    for section, expected in SECTIONS.items():
        cases_here = VECTORS[section]
        if isinstance(expected, int):
            assert len(cases_here) == expected, section
        else:
            assert {name: len(cases_here[name]) for name in expected} == expected, section


def test_constants() -> None:
    constants = VECTORS["constants"]
    assert int(constants["order"]) == L
    assert unhex(constants["base"]) == B
    assert unhex(constants["second_generator"]) == H2
    assert group.generator(b"poruch/tdh2/generator/") == H2


def test_generators_of_other_names_are_other_points() -> None:
    found = {group.generator(b"poruch/bp/%s/" % name) for name in (b"G0", b"G1", b"H0", b"H1")}
    assert len(found) == 4
    assert not found & {B, H2}


@pytest.mark.parametrize("point", VECTORS["points"]["valid"])
def test_valid_points(point: str) -> None:
    assert group.check_point(unhex(point)) == unhex(point)


@pytest.mark.parametrize("case", cases(VECTORS["points"]["invalid"]))
def test_invalid_points(case: dict[str, str]) -> None:
    with pytest.raises(PoruchError) as caught:
        group.check_point(unhex(case["point"]))
    assert caught.value.name == case["error"]
    for factor in (0, 1, 2, 8, L - 1):
        with pytest.raises(BadPoint):
            group.multiply_from_outside(factor, unhex(case["point"]))


@pytest.mark.parametrize("case", VECTORS["lifts"]["valid"])
def test_valid_lifts(case: dict[str, str]) -> None:
    assert group.lift(unhex(case["u"])) == unhex(case["point"])
    assert group.montgomery(unhex(case["point"])) == unhex(case["u"])


@pytest.mark.parametrize("case", cases(VECTORS["lifts"]["invalid"]))
def test_invalid_lifts(case: dict[str, str]) -> None:
    with pytest.raises(PoruchError) as caught:
        group.lift(unhex(case["u"]))
    assert caught.value.name == case["error"]


@pytest.mark.parametrize("size", [0, 31, 33])
def test_lengths(size: int) -> None:
    with pytest.raises(BadU):
        group.lift(bytes(size))
    with pytest.raises(BadPoint):
        group.check_point(bytes(size))
    with pytest.raises(BadScalar):
        group.scalar(bytes(size))


# ---- libsodium before CVE-2025-69277 was mended -----------------------------------------------


def plain_multiply(factor: bytes, point: bytes) -> bytes:
    """Double and add, with no look at the order of the point."""
    result, value = IDENTITY, int.from_bytes(factor, "little")
    for bit in bin(value)[2:]:
        result = bindings.crypto_core_ed25519_add(result, result)
        if bit == "1":
            result = bindings.crypto_core_ed25519_add(result, point)
    return result


@pytest.fixture
def old_libsodium(monkeypatch: pytest.MonkeyPatch) -> None:
    """A library that takes points of the subgroup plus the point of order 2, and multiplies them as they are."""
    honest = bindings.crypto_core_ed25519_is_valid_point

    def is_valid(point: bytes) -> bool:
        try:
            return honest(point) or honest(bindings.crypto_core_ed25519_add(point, ORDER_TWO))
        except Exception:
            return False  # not on the curve: no library takes it

    monkeypatch.setattr(bindings, "crypto_core_ed25519_is_valid_point", is_valid)
    monkeypatch.setattr(bindings, "crypto_scalarmult_ed25519_noclamp", plain_multiply)
    monkeypatch.setattr(group, "_library_sees_mixed_order", group._does_library_see_mixed_order())


def test_mixed_order_vectors_are_really_of_mixed_order() -> None:
    """Multiplied by the order, each leaves a point of small order that is not the identity."""
    mixed = [case for case in VECTORS["points"]["invalid"] if case["reason"].startswith("mixed order")]
    assert len(mixed) == 3
    for case in mixed:
        rest = plain_multiply(L.to_bytes(32, "little"), unhex(case["point"]))
        assert rest != IDENTITY
        assert plain_multiply(bytes([8]) + bytes(31), rest) == IDENTITY


def test_library_is_found_out(old_libsodium: None) -> None:
    assert group._library_sees_mixed_order is False
    two = next(case for case in VECTORS["points"]["invalid"] if case["reason"].endswith("point of order 2"))
    assert bindings.crypto_core_ed25519_is_valid_point(unhex(two["point"]))


def test_points_on_an_old_library(old_libsodium: None) -> None:
    for point in VECTORS["points"]["valid"]:
        assert group.check_point(unhex(point)) == unhex(point)
    for case in VECTORS["points"]["invalid"]:
        with pytest.raises(BadPoint):
            group.check_point(unhex(case["point"]))
        with pytest.raises(BadPoint):
            group.multiply_from_outside(2, unhex(case["point"]))


def test_lifts_on_an_old_library(old_libsodium: None) -> None:
    for case in VECTORS["lifts"]["valid"]:
        assert group.lift(unhex(case["u"])) == unhex(case["point"])
    for case in VECTORS["lifts"]["invalid"]:
        with pytest.raises(BadU):
            group.lift(unhex(case["u"]))


def test_a_library_that_refuses_to_multiply(old_libsodium: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the two: is_valid_point errs, multiplication does not."""
    monkeypatch.undo()
    monkeypatch.setattr(bindings, "crypto_core_ed25519_is_valid_point", lambda point: True)
    monkeypatch.setattr(group, "_library_sees_mixed_order", False)
    assert group.check_point(H2) == H2
    with pytest.raises(BadPoint):
        group.check_point(group.add(H2, ORDER_TWO))


def test_a_library_is_trusted_only_if_both_calls_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    assert group._does_library_see_mixed_order()
    monkeypatch.setattr(bindings, "crypto_scalarmult_ed25519_noclamp", plain_multiply)
    assert not group._does_library_see_mixed_order()


# ---- scalars, hashing, Lagrange ---------------------------------------------------------------


@pytest.mark.parametrize("case", VECTORS["hash_scalar"], ids=lambda case: f"{len(case['parts'])} parts")
def test_hash_to_scalar(case: dict[str, str]) -> None:
    assert group.hash_to_scalar(*map(unhex, case["parts"])) == number(case["scalar"])


@pytest.mark.parametrize("case", VECTORS["lagrange"], ids=lambda case: str(case["officers"]))
def test_lagrange(case: dict[str, dict[str, str]]) -> None:
    expected = {int(officer): number(value) for officer, value in case["at_zero"].items()}
    assert group.lagrange(map(int, case["officers"])) == expected


@pytest.mark.parametrize("officers", [[1, 1], [0, 1], [-1, 2], [1, 65536]])
def test_lagrange_of_impossible_officers(officers: list[int]) -> None:
    with pytest.raises(BadOfficers):
        group.lagrange(officers)


@given(st.sets(st.integers(1, 65535), min_size=1, max_size=9), st.lists(scalars, min_size=1, max_size=9))
def test_lagrange_finds_the_constant(officers: set[int], coefficients: list[int]) -> None:
    polynomial = coefficients[: len(officers)]
    values = {i: sum(a * i**power for power, a in enumerate(polynomial)) for i in officers}
    weights = group.lagrange(officers)
    assert sum(weights[i] * values[i] for i in officers) % L == polynomial[0]


@given(scalars)
def test_scalars_round_trip(value: int) -> None:
    assert group.scalar(group.encode_scalar(value)) == value


@pytest.mark.parametrize("value", [L, L + 1, 2**255, 2**256 - 1])
def test_scalars_not_reduced(value: int) -> None:
    with pytest.raises(BadScalar):
        group.scalar(value.to_bytes(32, "little"))


def test_zero_where_it_is_refused() -> None:
    assert group.scalar(bytes(32)) == 0
    with pytest.raises(BadScalar):
        group.scalar(bytes(32), zero=False)


def test_random_scalar_is_never_zero() -> None:
    draws = iter([bytes(64), L.to_bytes(64, "little"), (L + 7).to_bytes(64, "little")])
    assert group.random_scalar(lambda size: next(draws)) == 7


# ---- arithmetic -------------------------------------------------------------------------------


@given(scalars, scalars)
def test_multiplication_is_linear(left: int, right: int) -> None:
    together = group.multiply(left + right, H2)
    assert group.add(group.multiply(left, H2), group.multiply(right, H2)) == together
    assert group.subtract(together, group.multiply(right, H2)) == group.multiply(left, H2)
    assert group.multiply_from_outside(left, H2) == group.multiply(left, H2)


@given(scalars)
def test_base_is_a_point_like_any_other(value: int) -> None:
    assert group.multiply_base(value) == plain_multiply(group.encode_scalar(value), B)


def test_the_identity_is_a_result_and_an_argument() -> None:
    assert group.multiply(0, H2) == group.multiply(L, H2) == group.multiply_base(0) == IDENTITY
    assert group.multiply(5, IDENTITY) == IDENTITY
    assert group.subtract(H2, H2) == IDENTITY
    assert group.add(H2, IDENTITY) == H2


@given(st.integers(1, L - 1))
def test_a_point_and_its_negative_have_one_u(value: int) -> None:
    point, negative = group.multiply_base(value), group.multiply_base(-value)
    assert group.montgomery(point) == group.montgomery(negative)
    assert group.lift(group.montgomery(point)) in (point, negative)
    assert group.lift(group.montgomery(point))[31] < 128


def test_u_is_that_of_x25519() -> None:
    """X25519 of the base point, by libsodium, against Montgomery of our product."""
    secret = hashlib.sha256(b"somebody").digest()
    clamped = int.from_bytes(secret, "little") & ~7 & (2**254 - 1) | 2**254
    assert group.montgomery(group.multiply_base(clamped)) == bindings.crypto_scalarmult_base(secret)


@pytest.mark.parametrize("point", [IDENTITY, bytes([1]) + bytes(30) + b"\x80", B[:31]])
def test_no_u_coordinate(point: bytes) -> None:
    with pytest.raises(BadPoint):
        group.montgomery(point)
