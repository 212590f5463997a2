"""Points outside the group: the eight of small order, and what a valid point becomes when one of them is added."""

import hashlib
from functools import cache

from nacl import bindings

from poruch.crypto.group import IDENTITY, L, encode_scalar, hash_to_scalar

ORDERS = {0: 1, 1: 8, 2: 4, 3: 8, 4: 2, 5: 8, 6: 4, 7: 8}  # of the multiples of a point of order 8


def plain_multiply(factor: int, point: bytes) -> bytes:
    """Double and add by additions alone, which look at no order: `factor * point` for any point of the curve."""
    result = IDENTITY
    for bit in bin(factor)[2:]:
        result = bindings.crypto_core_ed25519_add(result, result)
        if bit == "1":
            result = bindings.crypto_core_ed25519_add(result, point)
    return result


def is_on_curve(point: bytes) -> bool:
    """Whether libsodium can add it; of the group or not."""
    try:
        bindings.crypto_core_ed25519_add(point, IDENTITY)
    except Exception:
        return False
    return True


@cache
def small_order() -> tuple[bytes, ...]:
    """The multiples 0 to 7 of a point of order 8: all eight points of small order."""
    for counter in range(1000):
        candidate = hashlib.sha256(b"any point %d" % counter).digest()
        if not is_on_curve(candidate):
            continue
        eighth = plain_multiply(L, candidate)
        if plain_multiply(4, eighth) != IDENTITY:
            return tuple(plain_multiply(multiple, eighth) for multiple in range(8))
    raise AssertionError("no point of order 8 among a thousand")


def prove_of_mixed_order(x: int, G: bytes, A: bytes, H: bytes, Bp: bytes, context: bytes) -> bytes:
    """A proof by somebody who knows `x`, for points that are `x*G` and `x*H` but for parts of small order.

    He draws until the challenge is a multiple of 8, under which these parts vanish: the equations hold.
    """
    for r in range(1, 2000):
        R1, R2 = plain_multiply(r, G), plain_multiply(r, H)
        c = hash_to_scalar(b"poruch/dleq/v1", G, A, H, Bp, R1, R2, context)
        if c % 8 == 0:
            return encode_scalar(c) + encode_scalar(r + c * x)
    raise AssertionError("no challenge is a multiple of 8")
