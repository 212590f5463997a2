"""The post-quantum recipient of age: `age1pq1...` and `AGE-SECRET-KEY-PQ-1...` (c2sp.org/age, mlkem768x25519).

The file key is sealed with HPKE (RFC 9180, base mode) under the hybrid of ML-KEM-768 and X25519, also known as X-Wing,
HKDF-SHA-256 and ChaCha20-Poly1305. Public key: ML-KEM's 1184 bytes, then X25519's 32.
"""

import hashlib
import hmac
import os
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

from poruch.crypto import bech32
from poruch.crypto.age_header import FILE_KEY_SIZE, Stanza, decode_base64, encode_base64
from poruch.crypto.age_x25519 import X25519Recipient
from poruch.crypto.hidden import Hidden
from poruch.errors import BadHeader, BadKey

KIND = "mlkem768x25519"
_RECIPIENT_HRP = "age1pq"
_IDENTITY_HRP = "AGE-SECRET-KEY-PQ-"
_INFO = b"age-encryption.org/mlkem768x25519"
_SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
_SEED_SIZE = 32
_MLKEM_PUBLIC_SIZE, _MLKEM_SEED_SIZE = 1184, 64
_PUBLIC_SIZE = _MLKEM_PUBLIC_SIZE + 32
_ENCAPSULATED_SIZE = 1088 + 32
_BODY_SIZE = FILE_KEY_SIZE + 16


@lru_cache(maxsize=4096)
def _public_of(text: str) -> bytes:
    """The bytes of a recipient's text. Remembered: the text is public and long, and a journal names it many times."""
    hrp, public = bech32.decode(text)
    if hrp != _RECIPIENT_HRP:
        raise BadKey("not an age1pq recipient")
    return public


@lru_cache(maxsize=4096)
def _text_of(public: bytes) -> str:
    """The other way. Remembered for the same reason."""
    return bech32.encode(_RECIPIENT_HRP, public)


class PqRecipient:
    """Somebody to seal to, today and when there are quantum computers: 1216 bytes. Parse once, seal often."""

    __slots__ = ("_key", "public")
    public: bytes
    _key: MLKEM768X25519PublicKey

    def __init__(self, public: bytes) -> None:
        """Raises BadKey unless `public` has 1216 bytes and both halves are possible keys."""
        if len(public) != _PUBLIC_SIZE:
            raise BadKey("an age1pq recipient has 1216 bytes")
        self.public = bytes(public)
        classical = X25519Recipient(self.public[_MLKEM_PUBLIC_SIZE:])
        try:
            lattice = MLKEM768PublicKey.from_public_bytes(self.public[:_MLKEM_PUBLIC_SIZE])
        except ValueError:
            raise BadKey("not a key of ML-KEM-768") from None
        self._key = MLKEM768X25519PublicKey(lattice, X25519PublicKey.from_public_bytes(classical.public))

    @classmethod
    def parse(cls, text: str) -> Self:
        """From `age1pq1...`, lower case. Raises BadKey."""
        return cls(_public_of(text))

    @property
    def text(self) -> str:
        """`age1pq1...`, 1959 characters."""
        return _text_of(self.public)

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.public,)

    def wrap(self, file_key: bytes, random: Callable[[int], bytes] = os.urandom) -> Stanza:
        """A stanza for this recipient. The library draws the one-time keys itself; `random` is not asked."""
        sealed = _SUITE.encrypt(file_key, self._key, _INFO)
        return Stanza((KIND, encode_base64(sealed[:_ENCAPSULATED_SIZE])), sealed[_ENCAPSULATED_SIZE:])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PqRecipient) and other.public == self.public

    def __hash__(self) -> int:
        return hash(self.public)

    def __repr__(self) -> str:
        return f"PqRecipient({self.text[:20]}...)"


class PqIdentity(Hidden):
    """The secret to a post-quantum recipient: a seed of 32 bytes. Never shown; `text` gives it out on purpose."""

    __slots__ = ("_key", "_seed", "recipient")
    recipient: PqRecipient
    _seed: bytes
    _key: MLKEM768X25519PrivateKey

    def __init__(self, seed: bytes) -> None:
        """Raises BadKey unless `seed` has 32 bytes."""
        if len(seed) != _SEED_SIZE:
            raise BadKey("an age1pq identity has 32 bytes")
        expanded = hashlib.shake_256(seed).digest(_MLKEM_SEED_SIZE + 32)
        lattice = MLKEM768PrivateKey.from_seed_bytes(expanded[:_MLKEM_SEED_SIZE])
        classical = X25519PrivateKey.from_private_bytes(expanded[_MLKEM_SEED_SIZE:])
        public = lattice.public_key().public_bytes_raw() + classical.public_key().public_bytes_raw()
        key = MLKEM768X25519PrivateKey(lattice, classical)
        self._set(_seed=bytes(seed), _key=key, recipient=PqRecipient(public))

    @classmethod
    def generate(cls, random: Callable[[int], bytes] = os.urandom) -> Self:
        """A new identity."""
        return cls(random(_SEED_SIZE))

    @classmethod
    def from_seed(cls, seed: bytes) -> Self:
        """The identity of a seed of 32 uniform bytes, e.g. one derived from a code."""
        return cls(seed)

    @classmethod
    def parse(cls, text: str) -> Self:
        """From `AGE-SECRET-KEY-PQ-1...`, upper case. Raises BadKey, which never repeats the text."""
        hrp, seed = bech32.decode(text)
        if hrp != _IDENTITY_HRP:
            raise BadKey("not a post-quantum age secret key")
        return cls(seed)

    @property
    def text(self) -> str:
        """`AGE-SECRET-KEY-PQ-1...`: the secret itself."""
        return bech32.encode(_IDENTITY_HRP, self._seed)

    def unwrap(self, stanzas: Sequence[Stanza]) -> bytes | None:
        """The file key, or None if no stanza is for this identity. Raises BadHeader for such a stanza of wrong form."""
        for encapsulated, body in pq_stanzas(stanzas):
            try:
                return _SUITE.decrypt(encapsulated + body, self._key, _INFO)
            except (InvalidTag, ValueError):
                continue
        return None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PqIdentity) and hmac.compare_digest(other._seed, self._seed)

    def __hash__(self) -> int:
        return hash(self.recipient)


def pq_stanzas(stanzas: Sequence[Stanza]) -> list[tuple[bytes, bytes]]:
    """(encapsulated key of 1120 bytes, body of 32) of every mlkem768x25519 stanza. Raises BadHeader."""
    found = []
    for stanza in stanzas:
        if stanza.kind != KIND:
            continue
        if len(stanza.arguments) != 2 or len(stanza.body) != _BODY_SIZE:
            raise BadHeader("an mlkem768x25519 stanza has one argument and a body of 32 bytes")
        encapsulated = decode_base64(stanza.arguments[1].encode("ascii"))
        if len(encapsulated) != _ENCAPSULATED_SIZE:
            raise BadHeader("the share of an mlkem768x25519 stanza has 1120 bytes")
        found.append((encapsulated, stanza.body))
    return found
