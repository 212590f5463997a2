"""Points of mixed and of small order are refused at every door through which a point comes in.

The forgeries are whole: whoever makes them knows the scalar and draws a challenge under which the parts of small order
vanish, so every equation holds. A library that does not look at the order lets each of them pass, as is shown here.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from nacl import bindings

from crypto.quorum_fund import PLACE, answers_of, hold_ceremony, request_for, seeded
from crypto.quorum_points import ORDERS, is_on_curve, plain_multiply, prove_of_mixed_order, small_order
from poruch.crypto import ceremony, dleq, group, opening, quorum_file
from poruch.crypto.age import Stanza, encode_base64, parse_header, wrap_file_key, write_header
from poruch.crypto.ceremony import Group
from poruch.crypto.group import H2, IDENTITY, B, add, montgomery, multiply, multiply_base
from poruch.errors import BadDealing, BadPartial, BadPoint, BadProof, BadU, PoruchError

SESSION = bytes(32)
FUND = hold_ceremony(2, (1, 2, 3), seeded(21))
FILE = quorum_file.seal_to_quorum(b"payee", FUND.group.Y, PLACE, seeded(22))
LOCK = quorum_file.check_file(FILE, FUND.group.Y, PLACE).locks[0]
REQUEST = request_for(FUND, FILE)
X = 0x5EC2E7  # what the forger knows


def with_sign_0(rest: bytes) -> tuple[int, bytes]:
    """A scalar and its point plus `rest`, of sign 0."""
    scalar = next(x for x in range(X, X + 200) if add(multiply_base(x), rest)[31] < 128)
    return scalar, add(multiply_base(scalar), rest)


# ---- the doors: each takes what is added to an honest point, and lets it in or raises -----------


def to_check(rest: bytes) -> None:
    group.check_point(add(H2, rest))


def to_multiply(rest: bytes) -> None:
    group.multiply_from_outside(2, add(H2, rest))


def to_lift(rest: bytes) -> None:
    group.lift(montgomery(add(H2, rest)))


def key_of_group(rest: bytes) -> None:
    Group(2, 0, add(FUND.group.Y, rest), FUND.group.verification_shares)


def share_of_group(rest: bytes) -> None:
    first, (number, point), last = FUND.group.verification_shares
    Group(2, 0, FUND.group.Y, (first, (number, add(point, rest)), last))


def dealt(A_0: bytes, A_1: bytes, point: bytes) -> None:
    proof = prove_of_mixed_order(X, B, A_0, H2, point, b"poruch/pop/v1" + SESSION + b"\0\1")
    dealing = b"\0\1\0\2" + A_0 + A_1 + point + proof
    ceremony.check_dealing(SESSION, dealing, 1, 2, ceremony.dealing_digest(SESSION, dealing))


def first_commitment(rest: bytes) -> None:
    dealt(add(multiply_base(X), rest), multiply_base(5), multiply(X, H2))


def second_commitment(rest: bytes) -> None:
    dealt(multiply_base(X), add(multiply_base(5), rest), multiply(X, H2))


def possession(rest: bytes) -> None:
    dealt(multiply_base(X), multiply_base(5), add(multiply(X, H2), rest))


def file_with(of_key: bytes, of_proof: bytes) -> bytes:
    e, E = with_sign_0(of_key)
    u, Y = montgomery(E), FUND.group.Y
    share = encode_base64(u)
    body = wrap_file_key(bytes(16), montgomery(multiply(e, Y)), u, FUND.group.u)
    point = add(multiply(e, H2), of_proof)
    context = b"poruch/tdh2/v1" + u + body + Y + PLACE.encode()
    proof = point + prove_of_mixed_order(e, B, E, H2, point, context)
    return write_header([Stanza(("X25519", share), body), Stanza(("poruch/tdh2", share), proof)], bytes(16))


def key_of_file(rest: bytes) -> None:
    quorum_file.check_file(file_with(rest, IDENTITY), FUND.group.Y, PLACE)


def key_of_file_let_pass(rest: bytes) -> None:
    header = parse_header(file_with(rest, IDENTITY))
    quorum_file.check_unproven(header, FUND.group.Y, PLACE)


def key_of_unproven_file(rest: bytes) -> None:
    stanza = parse_header(file_with(rest, IDENTITY)).stanzas[0]
    quorum_file.check_unproven(parse_header(write_header([stanza], bytes(16))), FUND.group.Y, PLACE)


def key_of_file_to_combine(rest: bytes) -> None:
    quorum_file.read_locks(parse_header(file_with(rest, IDENTITY)))


def proof_of_file(rest: bytes) -> None:
    quorum_file.check_file(file_with(IDENTITY, rest), FUND.group.Y, PLACE)


def key_to_seal_to(rest: bytes) -> None:
    quorum_file.seal_to_quorum(b"", add(FUND.group.Y, rest), PLACE)


def partial(rest: bytes) -> None:
    """An officer who would like the sum to be wrong without being named."""
    answer = answers_of(FUND, (2,), FILE)[0]
    D = add(multiply(FUND.shares[2], LOCK.E), rest)
    context = b"poruch/partial/v1" + REQUEST.group + REQUEST.file + LOCK.u + REQUEST.hash
    proof = prove_of_mixed_order(FUND.shares[2], B, FUND.group.verification_share(2), LOCK.E, D, context)
    opening.check_answer(answer[:52] + D + proof, REQUEST, FUND.group, FILE)


def equality(at: int) -> Callable[[bytes], None]:
    def door(rest: bytes) -> None:
        points = [B, multiply_base(X), H2, multiply(X, H2)]
        points[at] = add(points[at], rest)
        # From G and H of mixed order nothing can be proved but by luck with the challenge; A and B' are the forger's.
        dleq.verify(*points, b"", prove_of_mixed_order(X, *points, b""))  # type: ignore[call-arg]

    return door


@dataclass(frozen=True)
class Door:
    name: str
    enter: Callable[[bytes], None]
    error: type[PoruchError]
    blame: int | None = None
    stands_alone: bool = True
    """Whether the order of the point is all that is wrong: then a library that does not look lets it in."""


DOORS = [
    Door("check", to_check, BadPoint),
    Door("multiply", to_multiply, BadPoint),
    Door("lift", to_lift, BadU),
    Door("group: key", key_of_group, BadPoint),
    Door("group: verification share", share_of_group, BadPoint),
    Door("dealing: A_0", first_commitment, BadDealing, 1),
    Door("dealing: A_1", second_commitment, BadDealing, 1),
    Door("dealing: possession", possession, BadDealing, 1),
    Door("file: one-time key", key_of_file, BadU),
    Door("file: one-time key, proof not demanded", key_of_file_let_pass, BadU),
    Door("file: one-time key, no proof", key_of_unproven_file, BadU),
    Door("file: one-time key, combining", key_of_file_to_combine, BadU),
    Door("file: proof", proof_of_file, BadProof),
    Door("sealing", key_to_seal_to, BadPoint),
    Door("answer", partial, BadPartial, 2),
    Door("equality: G", equality(0), BadProof, None, False),
    Door("equality: A", equality(1), BadProof),
    Door("equality: H", equality(2), BadProof, None, False),
    Door("equality: B'", equality(3), BadProof),
]
doors = pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
parts = pytest.mark.parametrize("part", range(1, 8), ids=lambda part: f"{part} of order {ORDERS[part]}")


@doors
def test_an_honest_point_comes_in(door: Door) -> None:
    door.enter(small_order()[0])


@parts
@doors
def test_a_point_of_mixed_order_does_not(door: Door, part: int) -> None:
    with pytest.raises(door.error) as caught:
        door.enter(small_order()[part])
    assert (type(caught.value), caught.value.blame) == (door.error, door.blame)


def test_the_table_is_of_all_small_orders() -> None:
    assert len(set(small_order())) == 8
    for part, point in enumerate(small_order()):
        assert plain_multiply(ORDERS[part], point) == IDENTITY
        assert ORDERS[part] == 1 or plain_multiply(ORDERS[part] // 2, point) != IDENTITY


# ---- small order by itself ----------------------------------------------------------------------

ORDER_SMALL: dict[str, tuple[Callable[[bytes], object], type[PoruchError]]] = {
    "check": (group.check_point, BadPoint),
    "multiply": (lambda point: group.multiply_from_outside(3, point), BadPoint),
    "multiply by 0": (lambda point: group.multiply_from_outside(0, point), BadPoint),
    "group: key": (lambda point: Group(2, 0, point, FUND.group.verification_shares), BadPoint),
    "group: verification share": (
        lambda point: Group(2, 0, FUND.group.Y, (*FUND.group.verification_shares[:2], (3, point))),
        BadPoint,
    ),
    "dealing: A_0": (lambda point: dealt(point, multiply_base(5), multiply(X, H2)), BadDealing),
    "dealing: A_1": (lambda point: dealt(multiply_base(X), point, multiply(X, H2)), BadDealing),
    "dealing: possession": (lambda point: dealt(multiply_base(X), multiply_base(5), point), BadDealing),
    "sealing": (lambda point: quorum_file.seal_to_quorum(b"", point, PLACE), BadPoint),
    "answer": (
        lambda point: opening.check_answer(
            answers_of(FUND, (2,), FILE)[0][:52] + point + bytes(64), REQUEST, FUND.group, FILE
        ),
        BadPartial,
    ),
}


@pytest.mark.parametrize("part", range(8), ids=lambda part: f"{part} of order {ORDERS[part]}")
@pytest.mark.parametrize("name", ORDER_SMALL)
def test_a_point_of_small_order_does_not_come_in(name: str, part: int) -> None:
    enter, error = ORDER_SMALL[name]
    with pytest.raises(error) as caught:
        enter(small_order()[part])
    assert type(caught.value) is error


@pytest.mark.parametrize("part", range(1, 8))
def test_a_u_of_small_order_does_not_come_in(part: int) -> None:
    with pytest.raises(BadU):
        group.lift(montgomery(small_order()[part]))


def test_a_dealer_of_nothing() -> None:
    """A_0 = identity with a true proof for the scalar zero."""
    proof = dleq.prove(0, B, IDENTITY, H2, IDENTITY, b"poruch/pop/v1" + SESSION + b"\0\1")
    dealing = b"\0\1\0\2" + IDENTITY + multiply_base(5) + IDENTITY + proof
    with pytest.raises(BadDealing):
        ceremony.check_dealing(SESSION, dealing, 1, 2, ceremony.dealing_digest(SESSION, dealing))


# ---- a library that does not look ---------------------------------------------------------------


@pytest.fixture
def blind_library(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """libsodium as it was: it takes any point of the curve and multiplies it as it is."""
    quorum_file._lifted.cache_clear()

    def noclamp(factor: bytes, point: bytes) -> bytes:
        return plain_multiply(int.from_bytes(factor, "little"), point)

    monkeypatch.setattr(bindings, "crypto_core_ed25519_is_valid_point", is_on_curve)
    monkeypatch.setattr(bindings, "crypto_scalarmult_ed25519_noclamp", noclamp)
    yield monkeypatch
    quorum_file._lifted.cache_clear()  # what this library let in is not known to the tests that follow


@pytest.mark.parametrize("door", [door for door in DOORS if door.stands_alone], ids=lambda door: door.name)
def test_a_program_that_trusts_such_a_library_lets_the_forgeries_in(
    door: Door, blind_library: pytest.MonkeyPatch
) -> None:
    """So nothing but the order of the point is wrong with them."""
    for part in (4, 2, 1):
        door.enter(small_order()[part])


@doors
def test_this_program_finds_such_a_library_out(door: Door, blind_library: pytest.MonkeyPatch) -> None:
    blind_library.setattr(group, "_library_sees_mixed_order", group._does_library_see_mixed_order())
    assert not group._library_sees_mixed_order
    door.enter(IDENTITY)
    for part in (4, 2, 1):
        with pytest.raises(door.error):
            door.enter(small_order()[part])
