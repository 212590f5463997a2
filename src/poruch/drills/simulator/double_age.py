"""The double of age files: no secrecy, and only the identities in a file's list open it.

A file is a list of names, a file key, a hash over all, and the plaintext. A changed byte is refused.
"""

import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from poruch.crypto import age_header
from poruch.errors import BadHeader, BadKey, BadMac, NotForThisKey

Random = Callable[[int], bytes]
_MAGIC = b"a double of age, for simulations only\n"
_NAME, _KEY, _TAG = 32, 16, 32
_real_header = age_header.parse_header


def _hash(*parts: bytes) -> bytes:
    return hashlib.sha256(b"\0".join(parts)).digest()


class Recipient:
    """Somebody to seal to: 32 bytes. `hrp` tells the two kinds of age's recipients apart."""

    __slots__ = ("public",)
    hrp = ""

    def __init__(self, public: bytes) -> None:
        if len(public) != _NAME:
            raise BadKey("a recipient of the double has 32 bytes")
        self.public = bytes(public)

    @classmethod
    def parse(cls, text: str) -> Self:
        """From its text. Raises BadKey."""
        try:
            raw = bytes.fromhex(text.removeprefix(cls.hrp))
        except ValueError:
            raise BadKey("not a recipient") from None
        if cls.hrp + raw.hex() != text:
            raise BadKey("not a recipient of this kind")
        return cls(raw)

    @property
    def text(self) -> str:
        """How it is written."""
        return self.hrp + self.public.hex()

    @property
    def name(self) -> bytes:
        """What a file's list holds."""
        return _hash(self.hrp.encode(), self.public)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.public == self.public

    def __hash__(self) -> int:
        return hash(self.public)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.text[:16]}...)"


class PqRecipient(Recipient):
    """Stands for `age.PqRecipient`."""

    __slots__ = ()
    hrp = "age1pq1"


class X25519Recipient(Recipient):
    """Stands for `age.X25519Recipient`."""

    __slots__ = ()
    hrp = "age1"


class Identity:
    """Opens what was sealed to its recipient."""

    __slots__ = ("_seed", "recipient")
    kind: type[Recipient] = Recipient
    hrp = ""

    def __init__(self, seed: bytes) -> None:
        if len(seed) != 32:
            raise BadKey("an identity has 32 bytes")
        self._seed, self.recipient = bytes(seed), self.kind(_hash(b"identity", seed))

    @classmethod
    def generate(cls, random: Random = os.urandom) -> Self:
        """A new one."""
        return cls(random(32))

    @classmethod
    def from_seed(cls, seed: bytes) -> Self:
        """That of a seed."""
        return cls(seed)

    @classmethod
    def parse(cls, text: str) -> Self:
        """From its text. Raises BadKey."""
        try:
            return cls(bytes.fromhex(text.removeprefix(cls.hrp)))
        except ValueError:
            raise BadKey("not an identity") from None

    @property
    def text(self) -> str:
        """How it is written: the secret itself."""
        return self.hrp + self._seed.hex()

    def unwrap(self, stanzas: Sequence[tuple[bytes, bytes]]) -> bytes | None:
        """The file key, if this identity is in the list of the header."""
        return next((key for name, key in stanzas if name == self.recipient.name), None)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other._seed == self._seed

    def __hash__(self) -> int:
        return hash(self._seed)


class PqIdentity(Identity):
    """Stands for `age.PqIdentity`."""

    __slots__ = ()
    kind, hrp = PqRecipient, "SECRET-PQ-"


class X25519Identity(Identity):
    """Stands for `age.X25519Identity`."""

    __slots__ = ()
    kind, hrp = X25519Recipient, "SECRET-"


@dataclass(frozen=True)
class Header:
    """The list of who may open a file; `stanzas` pair each name with the file key, which the double does not hide."""

    stanzas: tuple[tuple[bytes, bytes], ...]
    key: bytes
    tag: bytes
    end: int
    hash: bytes

    def check_mac(self, file_key: bytes) -> None:
        """Raises BadMac for another key."""
        if file_key != self.key:
            raise BadMac


def seal(plaintext: bytes, recipients: Iterable[Recipient], random: Random = os.urandom) -> bytes:
    """A file that the identities of `recipients` open."""
    everyone = tuple(recipients)
    if len({type(one) for one in everyone}) != 1:
        raise BadKey("no recipient, or two kinds of recipients")
    head = _MAGIC + bytes([len(everyone)]) + b"".join(one.name for one in everyone) + random(_KEY)
    return head + _hash(head, plaintext) + plaintext


def parse_header(file: bytes) -> Header | age_header.Header:
    """The head of a file; files for the quorum stay those of the real code."""
    if not file.startswith(_MAGIC):
        return _real_header(file)
    start = len(_MAGIC) + 1
    count = file[start - 1] if len(file) >= start else 0
    end = start + count * _NAME
    if not count or len(file) < end + _KEY + _TAG:
        raise BadHeader("cut")
    key = bytes(file[end : end + _KEY])
    names = [bytes(file[at : at + _NAME]) for at in range(start, end, _NAME)]
    head = bytes(file[: end + _KEY])
    tag = bytes(file[end + _KEY : end + _KEY + _TAG])
    return Header(tuple((name, key) for name in names), key, tag, end + _KEY + _TAG, _hash(head, tag))


def header_hash(file: bytes) -> bytes:
    """The 32 bytes that name a file."""
    return parse_header(file).hash


def _payload(file: bytes, header: Header) -> bytes:
    plaintext = bytes(file[header.end :])
    if _hash(bytes(file[: header.end - _TAG]), plaintext) != header.tag:
        raise BadMac
    return plaintext


def _header(file: bytes) -> Header:
    header = parse_header(file)
    if not isinstance(header, Header):
        raise NotForThisKey
    return header


def open_with_key(file: bytes, identities: Iterable[Identity]) -> tuple[bytes, bytes]:
    """The file key and the plaintext, for the first identity in the file's list. Raises NotForThisKey, BadMac."""
    header = _header(file)
    for identity in identities:
        if identity.unwrap(header.stanzas) is not None:
            return header.key, _payload(file, header)
    raise NotForThisKey


def open_file(file: bytes, identities: Iterable[Identity]) -> bytes:
    """The plaintext alone."""
    return open_with_key(file, identities)[1]


def file_key_of(file: bytes, identity: Identity) -> bytes:
    """The file key. Raises NotForThisKey."""
    return open_with_key(file, [identity])[0]


def open_with_file_key(file: bytes, file_key: bytes) -> bytes:
    """The plaintext, for a file key that somebody showed. Raises BadMac."""
    header = _header(file)
    header.check_mac(file_key)
    return _payload(file, header)
