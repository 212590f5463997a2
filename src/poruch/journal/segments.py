"""A segment: one act of one officer, signed over its bytes as they are.

Raw form: signature (64 bytes) || segment bytes. The signature is Ed25519 over `poruch/segment/v1`, a newline and the
segment bytes; the id is SHA-256 of the same. Stored, synced and verified as received, never spelled again.
"""

import hashlib
from collections.abc import Callable
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
    """Events sealed to circles, `count` of them in one file (poruch.journal.circles).

    `hints` tell members which of their keys opens it (docs/decisions/0004).
    """

    hints: tuple[bytes, ...]
    count: int
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


class SignedSegment:
    """A segment with the bytes it came in. `id` is 32 bytes; `order` is the place in the one order of all segments.

    A light one has given its bytes back: whoever asks for `raw` or `segment` fetches them from where they are kept.
    `in_clear`: at least one of its events stands in clear.
    """

    __slots__ = ("_fetch", "_raw", "_segment", "day", "id", "in_clear", "order")

    def __init__(self, raw: bytes, id: bytes, segment: Segment) -> None:
        """Whoever calls this vouches that `segment` is spelled by `raw`."""
        self.id, self.day = id, segment.day
        self.order = (segment.clock, segment.author, segment.life, segment.seq)
        self.in_clear = any(type(entry) is Clear for entry in segment.entries)
        self._raw: bytes | None = raw
        self._segment: Segment | None = segment
        self._fetch: Callable[[bytes], bytes] | None = None

    @classmethod
    def light(
        cls, id: bytes, order: tuple[int, int, int, int], day: date, in_clear: bool, fetch: Callable[[bytes], bytes]
    ) -> "SignedSegment":
        """One whose bytes `fetch` gives when they are asked for, by the id."""
        made = cls.__new__(cls)
        made.id, made.order, made.day, made.in_clear = id, order, day, in_clear
        made._raw = made._segment = None
        made._fetch = fetch
        return made

    def lighten(self, fetch: Callable[[bytes], bytes]) -> None:
        """Give the bytes back: from now on `fetch` gives them."""
        self._fetch = fetch
        self._raw = self._segment = None

    @property
    def raw(self) -> bytes:
        """The bytes as received."""
        if self._raw is None:
            assert self._fetch is not None
            return self._fetch(self.id)
        return self._raw

    @property
    def segment(self) -> Segment:
        """What the bytes spell."""
        return parse_segment(self.raw).segment if self._segment is None else self._segment

    @property
    def entries(self) -> tuple[Clear | Sealed, ...]:
        """The entries of the segment."""
        return self.segment.entries

    @property
    def clock(self) -> int:
        """Lamport's."""
        return self.order[0]

    @property
    def author(self) -> int:
        """The number of the officer who signed it."""
        return self.order[1]

    @property
    def life(self) -> int:
        """The life of its chain."""
        return self.order[2]

    @property
    def seq(self) -> int:
        """The place in its chain."""
        return self.order[3]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SignedSegment) and self.id == other.id and self.raw == other.raw

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        return f"<segment {self.order} {self.id.hex()[:16]}>"


_PREFIX = DOMAIN.encode() + b"\n"
_ID = hashlib.sha256(_PREFIX)
_EVENT = b"poruch/event/v1\n"


def segment_id(body: bytes | memoryview) -> bytes:
    """32 bytes: SHA-256 of the domain, a newline and the segment bytes."""
    digest = _ID.copy()
    digest.update(body)
    return digest.digest()


def sign_segment(segment: Segment, key: SigningKey) -> SignedSegment:
    """`segment`, signed."""
    body = encode(segment)
    return SignedSegment(key.sign(DOMAIN, body) + body, segment_id(body), segment)


def parse_segment(raw: bytes) -> SignedSegment:
    """The segment in `raw`; its signature is not looked at. Raises `BadSegment`."""
    if not 64 < len(raw) <= LIMIT_BYTES:
        raise BadSegment("length")
    try:
        body = raw[64:]
        segment = decode(body, Segment)
    except BadEvent as error:
        raise BadSegment(error.detail) from None
    fits = (
        len(segment.fund) == len(segment.prev) == 32
        and 0 < segment.author < 65536
        and 0 <= segment.life < 65536
        and 0 <= segment.seq < 2**40
        and 0 <= segment.clock < 2**48
        and (segment.prev == GENESIS) == (segment.seq == 0)
        and _most(segment.entries)
    )
    if not fits:
        raise BadSegment("a number is out of range")
    return SignedSegment(raw, segment_id(body), segment)


def _most(entries: tuple[Clear | Sealed, ...]) -> bool:
    """No more events than a segment holds, and no file of none."""
    if len(entries) > MOST_ENTRIES:
        return False
    counts = [entry.count for entry in entries if type(entry) is Sealed]
    return all(count > 0 for count in counts) and len(entries) - len(counts) + sum(counts) <= MOST_ENTRIES


def first_indices(entries: tuple[Clear | Sealed, ...]) -> list[int]:
    """For each entry the index of its first event: the index runs over all events of a segment."""
    found, index = [], 0
    for entry in entries:
        found.append(index)
        index += entry.count if type(entry) is Sealed else 1
    return found


def verify_segment(signed: SignedSegment, public: bytes) -> SignedSegment:
    """`signed`, if the officer with the key `public` (32 bytes) signed it; else `BadSignature`."""
    raw = signed.raw
    verify(public, DOMAIN, memoryview(raw)[64:], raw[:64])
    return signed


def event_id(signed: SignedSegment, index: int, event: bytes) -> bytes:
    """32 bytes that name one event of the journal; `index` counts from 0 over all events of the segment."""
    return hashlib.sha256(_EVENT + signed.id + index.to_bytes(4, "big") + event).digest()


def session_of(event: bytes) -> bytes:
    """The session of a ceremony: SHA-256 of the bytes of its `ceremony.proposed`."""
    return hashlib.sha256(event).digest()
