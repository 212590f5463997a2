"""age v1 files (c2sp.org/age): sealed to recipients, opened by identities, whole and in memory.

Two kinds of recipient: `X25519Recipient` (any age tool) and `PqRecipient` (post-quantum; age 1.3 and typage). A file is
for one kind only: next to an X25519 stanza the other would protect nothing. Files of version 1 will be readable by
every later Poruch. The parts are in `age_header`, `age_payload`, `age_x25519` and `age_pq`, and may be had from here.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from poruch.crypto.age_header import (
    FILE_KEY_SIZE,
    Header,
    Stanza,
    decode_base64,
    derive,
    encode_base64,
    header_hash,
    parse_header,
    write_header,
)
from poruch.crypto.age_payload import decrypt_payload, encrypt_payload
from poruch.crypto.age_pq import PqIdentity, PqRecipient, pq_stanzas
from poruch.crypto.age_x25519 import (
    X25519Identity,
    X25519Recipient,
    unwrap_file_key,
    wrap_file_key,
    x25519_stanzas,
)
from poruch.errors import BadKey, BadMac, NotForThisKey

__all__ = [
    "FILE_KEY_SIZE",
    "Header",
    "Identity",
    "PqIdentity",
    "PqRecipient",
    "Recipient",
    "Stanza",
    "X25519Identity",
    "X25519Recipient",
    "decode_base64",
    "decrypt_payload",
    "derive",
    "encode_base64",
    "encrypt_payload",
    "file_key_of",
    "header_hash",
    "open_file",
    "open_with_file_key",
    "open_with_key",
    "parse_header",
    "parse_recipient",
    "pq_stanzas",
    "seal",
    "unwrap_file_key",
    "wrap_file_key",
    "write_header",
    "x25519_stanzas",
]


class Recipient(Protocol):
    """Whoever a file key can be wrapped for."""

    def wrap(self, file_key: bytes, random: Callable[[int], bytes] = ...) -> Stanza:
        """A stanza with the file key inside."""


class Identity(Protocol):
    """Whoever can unwrap a file key."""

    def unwrap(self, stanzas: Sequence[Stanza]) -> bytes | None:
        """The file key, or None when no stanza is for this identity."""


def parse_recipient(text: str) -> X25519Recipient | PqRecipient:
    """A recipient of either kind. Raises BadKey."""
    return PqRecipient.parse(text) if text.startswith("age1pq1") else X25519Recipient.parse(text)


def seal(plaintext: bytes, recipients: Iterable[Recipient], random: Callable[[int], bytes] = os.urandom) -> bytes:
    """An age file with one stanza for each recipient, in their order.

    Raises BadKey without a recipient, or when post-quantum recipients are mixed with others.
    """
    everyone = tuple(recipients)
    if len({isinstance(recipient, PqRecipient) for recipient in everyone}) != 1:
        raise BadKey("no recipient, or two kinds of recipients")
    file_key = random(FILE_KEY_SIZE)
    head = write_header([recipient.wrap(file_key, random) for recipient in everyone], file_key)
    return head + encrypt_payload(file_key, plaintext, random)


def open_file(file: bytes, identities: Iterable[Identity]) -> bytes:
    """The plaintext, for the first identity that has a stanza.

    Raises BadHeader, NotForThisKey, BadMac, BadPayload: the first that applies.
    """
    return open_with_key(file, identities)[1]


def open_with_key(file: bytes, identities: Iterable[Identity]) -> tuple[bytes, bytes]:
    """As `open_file`; the file key (16 bytes) first, with which the file can be opened again for less."""
    header = parse_header(file)
    for identity in identities:
        file_key = identity.unwrap(header.stanzas)
        if file_key is not None:
            header.check_mac(file_key)
            return file_key, decrypt_payload(file_key, memoryview(file)[header.end :])
    raise NotForThisKey


def file_key_of(file: bytes, identity: Identity) -> bytes:
    """The 16-byte file key: whoever is shown it opens this one file, and no other.

    Raises BadHeader, NotForThisKey, BadMac.
    """
    header = parse_header(file)
    file_key = identity.unwrap(header.stanzas)
    if file_key is None:
        raise NotForThisKey
    header.check_mac(file_key)
    return file_key


def open_with_file_key(file: bytes, file_key: bytes) -> bytes:
    """The plaintext, for a file key that somebody showed.

    The MAC binds the key: for one file no two keys pass it. Raises BadHeader, BadMac (also for a key that has not 16
    bytes), BadPayload: the first that applies.
    """
    header = parse_header(file)
    if len(file_key) != FILE_KEY_SIZE:
        raise BadMac
    header.check_mac(file_key)
    return decrypt_payload(file_key, memoryview(file)[header.end :])
