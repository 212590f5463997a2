"""The group of the quorum key: the prime-order subgroup of edwards25519 (docs/spec/quorum.md, section 1).

Points are 32 bytes as RFC 8032 writes them; scalars are Python integers below `L`. Multiplication runs in libsodium in
constant time. Every function here expects points that passed `check_point`, except where it says otherwise.
"""

import hashlib
import secrets
from collections.abc import Callable, Iterable
from typing import Final

from nacl import bindings
from nacl.exceptions import CryptoError
from nacl.exceptions import RuntimeError as SodiumError

from poruch.errors import BadOfficers, BadPoint, BadScalar, BadU

Random = Callable[[int], bytes]
"""A source of random bytes: a number of bytes in, so many bytes out."""

L: Final = 2**252 + 27742317777372353535851937790883648493
P: Final = 2**255 - 19
B: Final = bytes([0x58]) + bytes([0x66]) * 31
H2: Final = bytes.fromhex("c8163cd694201f692bade2543d3ecd1acbac5268fd0bc45a8bda1e1328b19432")
IDENTITY: Final = bytes([1]) + bytes(31)

SIZE: Final = 32
HIGHEST_OFFICER: Final = 65535
_SIGN: Final = 1 << 255
# B plus the point of order 2. libsodium before CVE-2025-69277 was mended calls it a point of the subgroup.
_MIXED_ORDER: Final = bytes([0x95]) + bytes([0x99]) * 31


def check_point(point: bytes) -> bytes:
    """The same 32 bytes, if they are a point of the group and not the identity. Raises BadPoint."""
    if len(point) != SIZE or not bindings.crypto_core_ed25519_is_valid_point(point):
        raise BadPoint
    if not _library_sees_mixed_order and not _has_prime_order(point):
        raise BadPoint("mixed order")
    return point


def scalar(data: bytes, zero: bool = True) -> int:
    """The integer written in 32 little-endian bytes. Raises BadScalar above `L - 1`, and for zero unless `zero`."""
    if len(data) != SIZE:
        raise BadScalar("length")
    value = int.from_bytes(data, "little")
    if value >= L or (value == 0 and not zero):
        raise BadScalar("range")
    return value


def encode_scalar(value: int) -> bytes:
    """32 little-endian bytes of `value` modulo `L`."""
    return (value % L).to_bytes(SIZE, "little")


def random_scalar(random: Random = secrets.token_bytes) -> int:
    """A uniform scalar, never zero."""
    while True:
        value = int.from_bytes(random(64), "little") % L
        if value:
            return value


def hash_to_scalar(*parts: bytes) -> int:
    """`hs` of the specification: SHA-512 over the parts, each behind its length in 8 bytes, modulo `L`."""
    digest = hashlib.sha512()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return int.from_bytes(digest.digest(), "little") % L


def montgomery(point: bytes) -> bytes:
    """The u-coordinate, 32 little-endian bytes, as X25519 and age know the point. Raises BadPoint for the identity."""
    y = int.from_bytes(point, "little") & (_SIGN - 1)
    if len(point) != SIZE or (1 - y) % P == 0:
        raise BadPoint("no u-coordinate")
    return ((1 + y) * pow(1 - y, -1, P) % P).to_bytes(SIZE, "little")


def lift(u: bytes) -> bytes:
    """The point with sign bit 0 that has this u-coordinate; `u` is from outside. Raises BadU, on the twist as well."""
    value = int.from_bytes(u, "little")
    if len(u) != SIZE or value >= P - 1:
        raise BadU
    y = (value - 1) * pow(value + 1, -1, P) % P
    try:
        return check_point(y.to_bytes(SIZE, "little"))
    except BadPoint as error:
        raise BadU from error


def lagrange(officers: Iterable[int]) -> dict[int, int]:
    """The coefficient at 0 for each officer number. Raises BadOfficers for a number repeated or out of 1..65535."""
    numbers = tuple(officers)
    if len(set(numbers)) != len(numbers) or not all(1 <= number <= HIGHEST_OFFICER for number in numbers):
        raise BadOfficers
    coefficients = {}
    for i in numbers:
        above = below = 1
        for j in numbers:
            if j != i:
                above, below = above * j, below * (j - i)
        coefficients[i] = above * pow(below, -1, L) % L
    return coefficients


def multiply(factor: int, point: bytes) -> bytes:
    """`factor * point`. The identity is a possible result and a possible argument (libsodium refuses both)."""
    factor %= L
    if factor == 0 or point == IDENTITY:
        return IDENTITY
    if point == B:
        return bindings.crypto_scalarmult_ed25519_base_noclamp(factor.to_bytes(SIZE, "little"))
    return bindings.crypto_scalarmult_ed25519_noclamp(factor.to_bytes(SIZE, "little"), point)


def multiply_from_outside(factor: int, point: bytes) -> bytes:
    """`factor * point` for a point that was not checked: the check and the product in one. Raises BadPoint.

    libsodium checks whatever it multiplies as `check_point` does, so to check before is to pay twice.
    """
    if factor % L == 0 or len(point) != SIZE or not _library_sees_mixed_order:
        return multiply(factor, check_point(point))
    try:
        return bindings.crypto_scalarmult_ed25519_noclamp(encode_scalar(factor), point)
    except SodiumError as error:
        raise BadPoint from error


def multiply_base(factor: int) -> bytes:
    """`factor * B`, faster than by `multiply` with another point."""
    return multiply(factor, B)


def add(left: bytes, right: bytes) -> bytes:
    """The sum of two points."""
    return bindings.crypto_core_ed25519_add(left, right)


def subtract(left: bytes, right: bytes) -> bytes:
    """The difference of two points."""
    return bindings.crypto_core_ed25519_sub(left, right)


def generator(prefix: bytes) -> bytes:
    """A point whose logarithm nobody knows, found from `prefix` as `H2` is from `poruch/tdh2/generator/`."""
    counter = 0
    while True:
        digest = hashlib.sha512(prefix + str(counter).encode()).digest()
        candidate = digest[:31] + bytes([digest[31] & 0x7F])
        counter += 1
        if int.from_bytes(candidate, "little") >= P:
            continue
        try:
            point = candidate
            for _ in range(3):
                point = add(point, point)
            return check_point(point)
        except (SodiumError, BadPoint):
            continue


def _has_prime_order(point: bytes) -> bool:
    """Whether `(L - 1) * point` is `-point`. `L - 1` is even: a part of order 2 is lost on the left alone."""
    negative = (int.from_bytes(point, "little") ^ _SIGN).to_bytes(SIZE, "little")
    try:
        return bindings.crypto_scalarmult_ed25519_noclamp((L - 1).to_bytes(SIZE, "little"), point) == negative
    except CryptoError:
        return False


def _does_library_see_mixed_order() -> bool:
    """Tried, not looked up by version: distributions mend without counting up."""
    if bindings.crypto_core_ed25519_is_valid_point(_MIXED_ORDER):
        return False
    try:
        bindings.crypto_scalarmult_ed25519_noclamp(encode_scalar(2), _MIXED_ORDER)
    except SodiumError:
        return True
    return False


_library_sees_mixed_order = _does_library_see_mixed_order()
