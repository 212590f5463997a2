"""The double of the group: numbers modulo its order, added and multiplied as points are.

So dealings, partials, proofs and commitments run through the real code of `poruch.crypto`, a hundred times faster.
Whoever looks at such a number knows its logarithm; nobody in a simulation looks. Of the range proofs, whose arithmetic
would cost more than all the rest, only this stays: a proof is of these commitments in this context, and of amounts in
range.
"""

import hashlib
from collections.abc import Iterable, Sequence

from poruch.crypto import commitments as amounts_hidden
from poruch.crypto import group
from poruch.crypto.rangeproof_proof import rounds
from poruch.errors import BadPoint, BadRangeProof, BadU


def _number(point: bytes) -> int:
    return 0 if point == group.IDENTITY else int.from_bytes(point, "little") % group.L


def _point(number: int) -> bytes:
    number %= group.L
    return number.to_bytes(32, "little") if number else group.IDENTITY


def check_point(point: bytes) -> bytes:
    """The same 32 bytes. Raises BadPoint for another length and the identity."""
    if len(point) != 32 or _number(point) == 0:
        raise BadPoint
    return point


def multiply(factor: int, point: bytes) -> bytes:
    """`factor * point`."""
    return _point(factor * _number(point))


def multiply_from_outside(factor: int, point: bytes) -> bytes:
    """The same for a point nobody checked."""
    return multiply(factor, check_point(point))


def multiply_base(factor: int) -> bytes:
    """`factor * B`."""
    return multiply(factor, group.B)


def add(left: bytes, right: bytes) -> bytes:
    """The sum."""
    return _point(_number(left) + _number(right))


def subtract(left: bytes, right: bytes) -> bytes:
    """The difference."""
    return _point(_number(left) - _number(right))


def montgomery(point: bytes) -> bytes:
    """Itself: the double has one way to write a point."""
    return check_point(point)


def lift(u: bytes) -> bytes:
    """Itself again."""
    if len(u) != 32 or _number(u) == 0:
        raise BadU
    return bytes(u)


def weighted_sum(terms: Iterable[tuple[int, bytes]]) -> bytes:
    """The sum of scalar times point."""
    return _point(sum(scalar * _number(point) for scalar, point in terms if scalar))


# ---- range proofs -----------------------------------------------------------------------------


def prove(amounts: Sequence[int], blinds: Sequence[int], context: bytes, random: object = None) -> bytes:
    """A proof for the commitments to `amounts`. Raises BadAmount where one is out of range."""
    made = [amounts_hidden.commit(amount, blind) for amount, blind in zip(amounts, blinds, strict=True)]
    return _proof(made, context)


def _proof(commitments: Sequence[bytes], context: bytes) -> bytes:
    size = 9 + 2 * rounds(len(commitments))
    return hashlib.sha256(b"".join((b"range", context, *commitments))).digest() * size


def verify_range(commitments: Sequence[bytes], proof: bytes, context: bytes, random: object = None) -> None:
    """Raises BadRangeProof unless the proof is of these commitments."""
    if proof != _proof(commitments, context):
        raise BadRangeProof("the equations do not hold")


def verify_batch(statements: Sequence[tuple[Sequence[bytes], bytes, bytes]], random: object = None) -> None:
    """The same for many."""
    for index, statement in enumerate(statements):
        try:
            verify_range(*statement)
        except BadRangeProof as refusal:
            raise BadRangeProof(f"{index}: {refusal.detail}") from refusal
