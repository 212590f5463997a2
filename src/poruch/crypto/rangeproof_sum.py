"""Sums of many multiplied points, and the generators of the range proofs (docs/spec/amounts.md section 2).

libsodium has no multi-scalar multiplication and hands out no coordinates, so a sum is one multiplication a point.
What saves time is to meet each point once: equal generators of all proofs of a batch are collected first.
"""

from collections.abc import Iterable
from functools import cache

from nacl import bindings
from nacl.exceptions import RuntimeError as SodiumError

from poruch.crypto import group
from poruch.crypto.rangeproof_proof import MOST_GENERATORS
from poruch.errors import BadPoint

_ORDER_TWO = (group.P - 1).to_bytes(32, "little")


def _multiplication_checks() -> bool:
    """Whether libsodium's multiplication refuses a point of mixed order, as it does since CVE-2025-69277 was mended."""
    try:
        bindings.crypto_scalarmult_ed25519_noclamp(group.encode_scalar(1), group.add(group.B, _ORDER_TWO))
    except SodiumError:
        return True
    return False


_MULTIPLICATION_CHECKS = _multiplication_checks()


def multiply_foreign(factor: int, point: bytes) -> bytes:
    """`factor * point` for a point nobody checked and a factor between 1 and L - 1. Raises BadPoint.

    libsodium itself refuses to multiply by a point that is not canonical, not on the curve, of small or of mixed
    order: exactly the check of a point (docs/spec/quorum.md section 1), and it cannot be told to leave that out.
    """
    if len(point) != 32 or not _MULTIPLICATION_CHECKS:
        group.check_point(point)
    try:
        return bindings.crypto_scalarmult_ed25519_noclamp(factor.to_bytes(32, "little"), point)
    except SodiumError as refusal:
        raise BadPoint from refusal


@cache
def generators(letter: str) -> tuple[bytes, ...]:
    """All 256 points G0, G1, ... or H0, H1, ...; made at first use."""
    return tuple(group.generator(f"poruch/bp/{letter}{k}/".encode()) for k in range(MOST_GENERATORS))


def weighted_sum(terms: Iterable[tuple[int, bytes]]) -> bytes:
    """The sum of scalar times point, the identity where nothing is left; zeros are passed over. Raises BadPoint."""
    added = group.IDENTITY
    for scalar, point in terms:
        if scalar:
            added = group.add(added, multiply_foreign(scalar, point))
    return added


class Tally:
    """Collects the terms of many equations, each of which should come to the identity, into one sum."""

    def __init__(self) -> None:
        self.on_base = 0
        self.on_blind = 0
        self.on_G = [0] * MOST_GENERATORS
        self.on_H = [0] * MOST_GENERATORS
        self.points: list[tuple[int, bytes]] = []

    def total(self) -> bytes:
        """The whole sum: 32 bytes, the identity if all equations hold. Raises BadPoint."""
        # Foreign points are never merged with equal ones: each must be multiplied, and thereby checked, itself.
        terms = [*self.points, (self.on_blind % group.L, group.H2)]
        for collected, letter in ((self.on_G, "G"), (self.on_H, "H")):
            terms += [(number % group.L, point) for number, point in zip(collected, generators(letter), strict=True)]
        return group.add(weighted_sum(terms), group.multiply_base(self.on_base))
