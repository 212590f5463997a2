"""The double of Ed25519: a signature is of one key over one message, and no secret is needed to make it.

Nobody in a simulation forges one: it stands for the primitive, not for the adversary's inability.
"""

import hashlib
import hmac
import os
from collections.abc import Callable
from typing import Self

from poruch.errors import BadKey, BadSignature

Random = Callable[[int], bytes]


class SigningKey:
    """Stands for `signatures.SigningKey`: 32 bytes of public key, 64 of signature."""

    __slots__ = ("_seed", "public")

    def __init__(self, seed: bytes) -> None:
        if len(seed) != 32:
            raise BadKey("a signing key has 32 bytes")
        self._seed, self.public = bytes(seed), hashlib.sha256(b"public\0" + seed).digest()

    @classmethod
    def generate(cls, random: Random = os.urandom) -> Self:
        """A new key."""
        return cls(random(32))

    def sign(self, domain: str, message: bytes) -> bytes:
        """64 bytes over the message under a domain."""
        return _signature(self.public, domain.encode() + b"\n", message)

    def raw_sign(self, message: bytes) -> bytes:
        """64 bytes over the message alone."""
        return _signature(self.public, b"", message)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SigningKey) and other.public == self.public

    def __hash__(self) -> int:
        return hash(self.public)


def _signature(public: bytes, domain: bytes, message: bytes | memoryview) -> bytes:
    return hashlib.sha512(b"".join((public, domain, message))).digest()


def verify(public: bytes, domain: str, message: bytes | memoryview, signature: bytes) -> None:
    """Raises BadSignature unless `public` signed this message under this domain."""
    if not hmac.compare_digest(_signature(public, domain.encode() + b"\n", message), signature):
        raise BadSignature


def raw_verify(public: bytes, message: bytes, signature: bytes) -> None:
    """Raises BadSignature unless `public` signed this message without a domain."""
    if not hmac.compare_digest(_signature(public, b"", message), signature):
        raise BadSignature
