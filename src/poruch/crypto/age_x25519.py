"""The X25519 recipient of age: `age1...` and `AGE-SECRET-KEY-1...` (c2sp.org/age, "The X25519 recipient type").

`wrap_file_key` and `unwrap_file_key` take the shared secret from whoever has it: a person's identity here, `k` officers
together in the quorum page.
"""

import hmac
import os
from collections.abc import Callable, Sequence
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from poruch.crypto import bech32
from poruch.crypto.age_header import FILE_KEY_SIZE, Stanza, decode_base64, derive, encode_base64
from poruch.crypto.hidden import Hidden
from poruch.errors import BadHeader, BadKey, NotForThisKey

KIND = "X25519"
_RECIPIENT_HRP = "age"
_IDENTITY_HRP = "AGE-SECRET-KEY-"
_INFO = b"age-encryption.org/v1/X25519"
_SIZE = 32
_BODY_SIZE = FILE_KEY_SIZE + 16
_ZERO_NONCE = bytes(12)  # the wrap key is used once only


class X25519Recipient:
    """Somebody to seal to: a point of Curve25519, 32 bytes. Equal by its bytes."""

    __slots__ = ("_key", "public")
    public: bytes
    _key: X25519PublicKey

    def __init__(self, public: bytes) -> None:
        """Raises BadKey unless `public` has 32 bytes and is not of small order."""
        if len(public) != _SIZE:
            raise BadKey("an X25519 recipient has 32 bytes")
        self.public = bytes(public)
        self._key = X25519PublicKey.from_public_bytes(self.public)
        try:
            X25519PrivateKey.from_private_bytes(bytes(_SIZE)).exchange(self._key)
        except ValueError:
            raise BadKey("of small order") from None

    @classmethod
    def parse(cls, text: str) -> Self:
        """From `age1...`, lower case. Raises BadKey."""
        hrp, public = bech32.decode(text)
        if hrp != _RECIPIENT_HRP:
            raise BadKey("not an age1 recipient")
        return cls(public)

    @property
    def text(self) -> str:
        """`age1...`"""
        return bech32.encode(_RECIPIENT_HRP, self.public)

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.public,)

    def wrap(self, file_key: bytes, random: Callable[[int], bytes] = os.urandom) -> Stanza:
        """A stanza for this recipient, under a one-time key drawn now."""
        ephemeral = X25519PrivateKey.from_private_bytes(random(_SIZE))
        share = ephemeral.public_key().public_bytes_raw()
        body = wrap_file_key(file_key, ephemeral.exchange(self._key), share, self.public)
        return Stanza((KIND, encode_base64(share)), body)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, X25519Recipient) and other.public == self.public

    def __hash__(self) -> int:
        return hash(self.public)

    def __repr__(self) -> str:
        return f"X25519Recipient({self.text})"


class X25519Identity(Hidden):
    """The secret to an X25519 recipient, 32 bytes. Never shown; `text` gives it out on purpose."""

    __slots__ = ("_key", "_secret", "recipient")
    recipient: X25519Recipient
    _secret: bytes
    _key: X25519PrivateKey

    def __init__(self, secret: bytes) -> None:
        """Raises BadKey unless `secret` has 32 bytes."""
        if len(secret) != _SIZE:
            raise BadKey("an X25519 identity has 32 bytes")
        key = X25519PrivateKey.from_private_bytes(secret)
        self._set(_secret=bytes(secret), _key=key, recipient=X25519Recipient(key.public_key().public_bytes_raw()))

    @classmethod
    def generate(cls, random: Callable[[int], bytes] = os.urandom) -> Self:
        """A new identity."""
        return cls(random(_SIZE))

    @classmethod
    def parse(cls, text: str) -> Self:
        """From `AGE-SECRET-KEY-1...`, upper case. Raises BadKey, which never repeats the text."""
        hrp, secret = bech32.decode(text)
        if hrp != _IDENTITY_HRP:
            raise BadKey("not an age secret key")
        return cls(secret)

    @property
    def text(self) -> str:
        """`AGE-SECRET-KEY-1...`: the secret itself."""
        return bech32.encode(_IDENTITY_HRP, self._secret)

    def unwrap(self, stanzas: Sequence[Stanza]) -> bytes | None:
        """The file key, or None if no stanza is for this identity. Raises BadHeader (X25519 stanza of wrong form)."""
        for share, body in x25519_stanzas(stanzas):
            try:
                shared = self._key.exchange(X25519PublicKey.from_public_bytes(share))
            except ValueError:
                raise BadHeader("a share of small order") from None
            try:
                return unwrap_file_key(body, shared, share, self.recipient.public)
            except NotForThisKey:
                continue
        return None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, X25519Identity) and hmac.compare_digest(other._secret, self._secret)

    def __hash__(self) -> int:
        return hash(self.recipient)


def x25519_stanzas(stanzas: Sequence[Stanza]) -> list[tuple[bytes, bytes]]:
    """(one-time share, body) of every X25519 stanza, 32 bytes each. Raises BadHeader if one has another form."""
    found = []
    for stanza in stanzas:
        if stanza.kind != KIND:
            continue
        if len(stanza.arguments) != 2 or len(stanza.body) != _BODY_SIZE:
            raise BadHeader("an X25519 stanza has one argument and a body of 32 bytes")
        share = decode_base64(stanza.arguments[1].encode("ascii"))
        if len(share) != _SIZE:
            raise BadHeader("the share of an X25519 stanza has 32 bytes")
        found.append((share, stanza.body))
    return found


def wrap_file_key(file_key: bytes, shared: bytes, share: bytes, recipient: bytes) -> bytes:
    """The 32-byte body of an X25519 stanza; all arguments but the file key have 32 bytes."""
    return ChaCha20Poly1305(derive(shared, share + recipient, _INFO)).encrypt(_ZERO_NONCE, file_key, None)


def unwrap_file_key(body: bytes, shared: bytes, share: bytes, recipient: bytes) -> bytes:
    """The 16-byte file key. Raises BadHeader if the body has not 32 bytes, NotForThisKey if it does not open."""
    if len(body) != _BODY_SIZE:
        raise BadHeader("the body of an X25519 stanza has 32 bytes")
    try:
        return ChaCha20Poly1305(derive(shared, share + recipient, _INFO)).decrypt(_ZERO_NONCE, body, None)
    except InvalidTag:
        raise NotForThisKey from None
