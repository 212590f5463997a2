"""An invitation: what one person hands to another so that their desks find each other (docs/spec/invitation.md).

One line of text, or the address and 24 words where it is read aloud. It names the front, the number that the invited
will have, and the inviter's signing key by a fingerprint, and holds a secret of 128 bits. From the secret come the id
under which both leave a message on the front, and the key that seals both: the front reads neither.

The founding secret of a front is the same kind of line: who knows it may make the fund of a front that has none yet.
"""

import hashlib
import hmac
import os
import re
from collections.abc import Callable
from typing import Literal, Self

from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_decrypt, crypto_aead_xchacha20poly1305_ietf_encrypt
from nacl.exceptions import CryptoError

from poruch.crypto import bech32
from poruch.crypto.age_header import derive
from poruch.crypto.hidden import Hidden
from poruch.crypto.padding import pad, unpad
from poruch.crypto.signatures import SigningKey
from poruch.crypto.wordlist import LIST_SIZE, word_list, word_numbers
from poruch.errors import BadFoundingSecret, BadInvitation, BadKey, BadPayload

Kind = Literal["hello", "answer"]
Random = Callable[[int], bytes]

SECRET_SIZE = FINGERPRINT_SIZE = 16
SPOKEN_WORDS = 24
LONGEST_ADDRESS = 200  # characters
LEAST_MESSAGE = 4096  # bytes after padding: a working name does not show in the length
_PREFIX, _FOUNDING_PREFIX = "poruch-invitation-", "poruch-founding-"
_VERSION = b"\x01"
_ADDRESS = re.compile(r"https?://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[1-9][0-9]{0,4})?")
_FIXED_SIZE = 2 + SECRET_SIZE + FINGERPRINT_SIZE
_CHECK_SIZE, _NONCE_SIZE, _TAG_SIZE = 4, 24, 16
_NUMBERS = range(1, 65535 + 1)
_MAX_TEXT = 2000


def key_fingerprint(signing: bytes) -> bytes:
    """16 bytes that stand for a public signing key (32 bytes) in an invitation."""
    return hashlib.sha256(b"poruch/inviter/v1\n" + signing).digest()[:FINGERPRINT_SIZE]


class Invitation(Hidden):
    """`address` of the front, `number` of the invited, `fingerprint` of the inviter's key; the secret stays inside."""

    __slots__ = ("_key", "_secret", "address", "fingerprint", "number", "rendezvous")
    address: str
    number: int
    fingerprint: bytes
    rendezvous: bytes
    _secret: bytes
    _key: bytes

    def __init__(self, address: str, number: int, secret: bytes, fingerprint: bytes) -> None:
        """Raises `BadInvitation`."""
        if len(address) > LONGEST_ADDRESS or not _ADDRESS.fullmatch(address):
            raise BadInvitation("the address of the front")
        if number not in _NUMBERS or len(secret) != SECRET_SIZE or len(fingerprint) != FINGERPRINT_SIZE:
            raise BadInvitation("a number or a length")
        self._set(address=address, number=number, fingerprint=fingerprint, _secret=secret)
        self._set(rendezvous=derive(secret, b"", b"poruch/invitation/rendezvous/v1"))
        self._set(_key=derive(secret, b"", b"poruch/invitation/seal/v1"))

    @classmethod
    def draw(cls, address: str, number: int, inviter: bytes, random: Random = os.urandom) -> Self:
        """A new invitation by the owner of the public signing key `inviter` (32 bytes). Raises `BadInvitation`."""
        return cls(address, number, random(SECRET_SIZE), key_fingerprint(inviter))

    @property
    def text(self) -> str:
        """The one line that is passed by hand."""
        return bech32.encode(_PREFIX, self._bytes)

    @property
    def spoken(self) -> str:
        """The address and 24 words, to be read aloud: number, secret, fingerprint and four bytes that check all."""
        number = int.from_bytes(self._bytes[1 : 1 + _FIXED_SIZE] + _check(self._bytes), "big")
        words = []
        for _ in range(SPOKEN_WORDS):
            number, place = divmod(number, LIST_SIZE)
            words.append(word_list()[place])
        return " ".join([self.address, *words])

    @property
    def _bytes(self) -> bytes:
        fixed = self.number.to_bytes(2, "big") + self._secret + self.fingerprint
        return _VERSION + fixed + self.address.encode()

    def seal(self, kind: Kind, message: bytes, random: Random = os.urandom) -> bytes:
        """`message` as the front keeps it: 24 bytes of nonce, ciphertext; it opens only as a message of its `kind`."""
        nonce = random(_NONCE_SIZE)
        return nonce + crypto_aead_xchacha20poly1305_ietf_encrypt(
            pad(message, LEAST_MESSAGE), self._bound(kind), nonce, self._key
        )

    def open(self, kind: Kind, sealed: bytes) -> bytes:
        """The message. Raises `BadPayload`."""
        nonce, rest = sealed[:_NONCE_SIZE], sealed[_NONCE_SIZE:]
        if len(rest) < _TAG_SIZE:
            raise BadPayload("cut")
        try:
            padded = crypto_aead_xchacha20poly1305_ietf_decrypt(rest, self._bound(kind), nonce, self._key)
        except CryptoError:
            raise BadPayload("sealed with another secret, or as another kind") from None
        return unpad(padded)

    def _bound(self, kind: Kind) -> bytes:
        # Everything the line says but the secret: two who hold different lines open nothing of each other.
        public = self._bytes[:3] + self.fingerprint + self.address.encode()
        return f"poruch/invitation/{kind}/v1\n".encode() + public


def parse_invitation(text: str) -> Invitation:
    """The invitation in a line, or in an address and 24 words. Raises `BadInvitation`, which repeats nothing of it."""
    text = text.strip()
    if len(text) > _MAX_TEXT:
        raise BadInvitation("too long")
    return _parse_spoken(text.lower().split()) if " " in text else _parse_line(text)


def _parse_line(text: str) -> Invitation:
    raw = _decode(text, _PREFIX, BadInvitation)
    if raw[:1] != _VERSION or len(raw) < 1 + _FIXED_SIZE:
        raise BadInvitation("of another version, or cut")
    return _of_bytes(raw[1:])


def _parse_spoken(parts: list[str]) -> Invitation:
    if len(parts) != 1 + SPOKEN_WORDS:
        raise BadInvitation(f"an address and {SPOKEN_WORDS} words")
    address, *words = parts
    numbers = word_numbers()
    total = 0
    for place, word in enumerate(reversed(words)):
        if word not in numbers:
            raise BadInvitation(f"word {SPOKEN_WORDS - place}")
        total = total * LIST_SIZE + numbers[word]
    size = _FIXED_SIZE + _CHECK_SIZE
    if total >> 8 * size:
        raise BadInvitation("a mistyped word")
    raw = total.to_bytes(size, "big")
    fixed, check = raw[:_FIXED_SIZE], raw[_FIXED_SIZE:]
    if not address.isascii() or not hmac.compare_digest(check, _check(_VERSION + fixed + address.encode())):
        raise BadInvitation("a mistyped word or address")
    return _of_bytes(fixed + address.encode())


def _of_bytes(raw: bytes) -> Invitation:
    try:
        address = raw[_FIXED_SIZE:].decode("ascii")
    except UnicodeDecodeError:
        raise BadInvitation("the address of the front") from None
    number, secret = int.from_bytes(raw[:2], "big"), raw[2 : 2 + SECRET_SIZE]
    return Invitation(address, number, secret, raw[2 + SECRET_SIZE : _FIXED_SIZE])


def _check(raw: bytes) -> bytes:
    return hashlib.sha256(b"poruch/invitation/check/v1\n" + raw).digest()[:_CHECK_SIZE]


def _decode(text: str, prefix: str, failure: type[BadInvitation] | type[BadFoundingSecret]) -> bytes:
    try:
        found, raw = bech32.decode(text)
    except BadKey as error:
        raise failure(error.detail) from None
    if found != prefix:
        raise failure("another beginning")
    return raw


# ---- the founding secret of a front -----------------------------------------------------------


def new_founding_secret(random: Random = os.urandom) -> str:
    """The line that a new front prints once; whoever knows it first may found the fund there."""
    return bech32.encode(_FOUNDING_PREFIX, _VERSION + random(SECRET_SIZE))


def founding_key(text: str) -> SigningKey:
    """The key that signs requests to a front without a fund; the front keeps its public half. `BadFoundingSecret`."""
    raw = _decode(text.strip(), _FOUNDING_PREFIX, BadFoundingSecret)
    if raw[:1] != _VERSION or len(raw) != 1 + SECRET_SIZE:
        raise BadFoundingSecret("of another version, or cut")
    return SigningKey(derive(raw[1:], b"", b"poruch/founding-secret/v1"))
