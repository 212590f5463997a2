"""Proofs that two points are the same multiple of two others (docs/spec/quorum.md, section 1, "Equality proof").

The Chaum-Pedersen proof (1992), made non-interactive by hashing: 64 bytes, the challenge `c` and the response `z`.
"""

import hmac
import secrets

from poruch.crypto.group import (
    L,
    Random,
    check_point,
    encode_scalar,
    hash_to_scalar,
    multiply,
    multiply_from_outside,
    scalar,
    subtract,
)
from poruch.errors import BadPoint, BadProof, BadScalar

__all__ = ["SIZE", "prove", "verify", "verify_checked"]

SIZE = 64
_DOMAIN = b"poruch/dleq/v1"
_NONCE_DOMAIN = b"poruch/dleq/nonce/v1"


def prove(
    x: int, G: bytes, A: bytes, H: bytes, Bp: bytes, context: bytes, random: Random = secrets.token_bytes
) -> bytes:
    """A proof of 64 bytes that `A = x*G` and `Bp = x*H`.

    The one-time `r` is made of the secret, fresh randomness and the statement together: a bad source of randomness does
    not give `x` away, and two statements never share an `r`.
    """
    r = hash_to_scalar(_NONCE_DOMAIN, encode_scalar(x), random(64), G, H, context)
    c = hash_to_scalar(_DOMAIN, G, A, H, Bp, multiply(r, G), multiply(r, H), context)
    return encode_scalar(c) + encode_scalar(r + c * x % L)


def verify(G: bytes, A: bytes, H: bytes, Bp: bytes, context: bytes, proof: bytes) -> None:
    """Raises BadProof unless the four points pass the check and the proof holds for them and this context."""
    try:
        for point in (G, A, H):
            check_point(point)
    except BadPoint as error:
        raise BadProof("a point") from error
    verify_checked(G, A, H, Bp, context, proof)


def verify_checked(G: bytes, A: bytes, H: bytes, Bp: bytes, context: bytes, proof: bytes) -> None:
    """`verify` for `G`, `A`, `H` that have passed the check before; `Bp` is checked here. Raises BadProof."""
    if len(proof) != SIZE:
        raise BadProof("length")
    try:
        c, z = scalar(proof[:32]), scalar(proof[32:])
    except BadScalar as error:
        raise BadProof("range") from error
    R1 = subtract(multiply(z, G), multiply(c, A))
    try:
        R2 = subtract(multiply(z, H), multiply_from_outside(c, Bp))
    except BadPoint as error:
        raise BadProof("a point") from error
    expected = hash_to_scalar(_DOMAIN, G, A, H, Bp, R1, R2, context)
    if not hmac.compare_digest(encode_scalar(expected), proof[:32]):
        raise BadProof
