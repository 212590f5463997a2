"""Ed25519 signatures (RFC 8032), each under a domain: what was signed for one purpose is worth nothing for another.

Signed are the domain in UTF-8, one newline and the message as it is. The `raw` forms sign the message alone, for
formats that say so themselves (C2SP signed notes); a key used for those is used for nothing else.
"""

import hmac
import os
from collections.abc import Callable
from typing import Self

from nacl.bindings import crypto_sign, crypto_sign_BYTES, crypto_sign_open, crypto_sign_seed_keypair
from nacl.exceptions import BadSignatureError

from poruch.crypto.hidden import Hidden
from poruch.errors import BadKey, BadSignature

SEED_SIZE = 32
PUBLIC_SIZE = 32
SIGNATURE_SIZE = 64


class SigningKey(Hidden):
    """A secret to sign with, from a seed of 32 bytes; `public` are the 32 bytes others verify with."""

    __slots__ = ("_secret", "_seed", "public")
    public: bytes
    _seed: bytes
    _secret: bytes

    def __init__(self, seed: bytes) -> None:
        """Raises BadKey unless `seed` has 32 bytes."""
        if len(seed) != SEED_SIZE:
            raise BadKey("a signing key has 32 bytes")
        public, secret = crypto_sign_seed_keypair(bytes(seed))
        self._set(_seed=bytes(seed), _secret=secret, public=public)

    @classmethod
    def generate(cls, random: Callable[[int], bytes] = os.urandom) -> Self:
        """A new key."""
        return cls(random(SEED_SIZE))

    def sign(self, domain: str, message: bytes) -> bytes:
        """64 bytes, deterministic. Raises ValueError for a domain that is empty or has a newline."""
        return self.raw_sign(_domain(domain) + message)

    def raw_sign(self, message: bytes) -> bytes:
        """64 bytes over the message without a domain."""
        return crypto_sign(message, self._secret)[:crypto_sign_BYTES]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SigningKey) and hmac.compare_digest(other._seed, self._seed)

    def __hash__(self) -> int:
        return hash(self.public)


def verify(public: bytes, domain: str, message: bytes | memoryview, signature: bytes) -> None:
    """Raises BadSignature unless `public` signed this message under this domain."""
    _open(public, signature, _domain(domain), message)


def raw_verify(public: bytes, message: bytes, signature: bytes) -> None:
    """Raises BadSignature unless `public` signed this message without a domain."""
    _open(public, signature, b"", message)


def _open(public: bytes, signature: bytes, domain: bytes, message: bytes | memoryview) -> None:
    if len(public) != PUBLIC_SIZE or len(signature) != SIGNATURE_SIZE:
        raise BadSignature("a public key has 32 bytes, a signature 64")
    try:
        # libsodium refuses keys and nonces of small order and a scalar not below the order of the group.
        crypto_sign_open(b"".join((signature, domain, message)), public)
    except BadSignatureError:
        raise BadSignature from None


def _domain(domain: str) -> bytes:
    if not domain or "\n" in domain:
        raise ValueError("a domain is one line")
    return domain.encode() + b"\n"
