"""A segment: one act of one officer, signed over its bytes as they are.

Raw form: signature (64 bytes) || segment bytes. The signature is Ed25519 over `poruch/segment/v1`, a newline and the
segment bytes; the id is SHA-256 of the same. Stored, synced and verified as received, never spelled again.
"""

import hashlib
from dataclasses import dataclass
from datetime import date

from poruch.crypto.signatures import SigningKey, verify
from poruch.errors import BadEvent, BadSegment
from poruch.events.codec import Schema, decode, encode

DOMAIN = "poruch/segment/v1"
LIMIT_BYTES = 8 * 1024 * 1024
MOST_ENTRIES = 50_000
GENESIS = bytes(32)


class Clear(Schema, frozen=True, tag="clear"):
    """An event that stands in clear."""

    event: bytes


class Sealed(Schema, frozen=True, tag="sealed"):
    """An event sealed to circles: `hints` tell members which of their keys opens it (docs/decisions/0004)."""

    hints: tuple[bytes, ...]
    file: bytes


class Segment(Schema, frozen=True, tag="segment.v1"):
    """`fund` and `prev` are 32 bytes; (`author`, `life`, `seq`) is the place in the chain; `clock` is Lamport's."""

    fund: bytes
    author: int
    life: int
    seq: int
    prev: bytes
    clock: int
    day: date
    entries: tuple[Clear | Sealed, ...]


@dataclass(frozen=True, slots=True)
class SignedSegment:
    """A segment with the bytes it came in. `id` is 32 bytes."""

    raw: bytes
    id: bytes
    segment: Segment

    @property
    def order(self) -> tuple[int, int, int, int]:
        """The place in the one order of all segments."""
        return self.segment.clock, self.segment.author, self.segment.life, self.segment.seq


def segment_id(body: bytes) -> bytes:
    """32 bytes: SHA-256 of the domain, a newline and the segment bytes."""
    return hashlib.sha256(DOMAIN.encode() + b"\n" + body).digest()


def sign_segment(segment: Segment, key: SigningKey) -> SignedSegment:
    """`segment`, signed."""
    body = encode(segment)
    return SignedSegment(key.sign(DOMAIN, body) + body, segment_id(body), segment)


def parse_segment(raw: bytes) -> SignedSegment:
    """The segment in `raw`; its signature is not looked at. Raises `BadSegment`."""
    if not 64 < len(raw) <= LIMIT_BYTES:
        raise BadSegment("length")
    try:
        segment = decode(raw[64:], Segment)
    except BadEvent as error:
        raise BadSegment(error.detail) from None
    fits = (
        len(segment.fund) == len(segment.prev) == 32
        and 0 < segment.author < 65536
        and 0 <= segment.life < 65536
        and 0 <= segment.seq < 2**40
        and 0 <= segment.clock < 2**48
        and (segment.prev == GENESIS) == (segment.seq == 0)
        and len(segment.entries) <= MOST_ENTRIES
    )
    if not fits:
        raise BadSegment("a number is out of range")
    return SignedSegment(raw, segment_id(raw[64:]), segment)


def verify_segment(signed: SignedSegment, public: bytes) -> SignedSegment:
    """`signed`, if the officer with the key `public` (32 bytes) signed it; else `BadSignature`."""
    verify(public, DOMAIN, signed.raw[64:], signed.raw[:64])
    return signed


def event_id(signed: SignedSegment, index: int, event: bytes) -> bytes:
    """32 bytes that name one event of the journal."""
    place = signed.id + index.to_bytes(4, "big")
    return hashlib.sha256(b"poruch/event/v1\n" + place + event).digest()


def session_of(event: bytes) -> bytes:
    """The session of a ceremony: SHA-256 of the bytes of its `ceremony.proposed`."""
    return hashlib.sha256(event).digest()
