"""Sync with a relay: set union of segments, bodies by hash, drops in the order of their arrival."""

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from math import isqrt
from typing import Literal, Protocol

from poruch.crypto.signatures import SigningKey
from poruch.errors import AlreadyTaken, BadPublication, BadSegment, RelayUnreachable
from poruch.events.codec import Schema, decode, encode
from poruch.journal.frames import LIMIT_BYTES, join, split, split_cut
from poruch.journal.line import BROKEN, HttpLine, Line, Reply
from poruch.journal.segments import SignedSegment, parse_segment

KEPT, ERASED = 202, 410
"""Statuses: a part is kept and more is to come; the fund has erased these bytes for ever."""


HASHES_AT_ONCE = 2000
"""More than a front looks at in one question."""


class Heads(Schema, frozen=True, tag="heads.v1"):
    """For each (author, life) the last seq that is known."""

    positions: tuple[tuple[int, int, int], ...]


class Hashes(Schema, frozen=True, tag="hashes.v1"):
    """SHA-256 of bodies, 32 bytes each."""

    hashes: tuple[bytes, ...]


class HashesAfter(Schema, frozen=True, tag="hashes-after.v1"):
    """Ask for the hashes of bodies, in their order, that stand after this one; empty: from the first."""

    after: bytes


class DropsAfter(Schema, frozen=True, tag="drops-after.v1"):
    """Ask for drops that arrived after number `after`, as many as fit in one answer."""

    after: int


class Resumed(Schema, frozen=True, tag="resumed.v1"):
    """The same question again after its answer was cut: `frames` arrived whole, and of the next one `offset` bytes.

    `sha256` (32 bytes) is that of these bytes; empty if there are none.
    """

    question: bytes
    frames: int
    offset: int
    sha256: bytes


class Part(Schema, frozen=True, tag="part.v1"):
    """`bytes` from `offset` on of a body or segment of `size` bytes with the SHA-256 `whole`; none: only a question."""

    kind: Literal["body", "segment"]
    whole: bytes
    size: int
    offset: int
    bytes: bytes


class WaitingDrop(Schema, frozen=True, tag="waiting-drop.v1"):
    """A drop on the front: its number there, id, kind, day and sealed body."""

    arrival: int
    drop: str
    kind: str
    day: date
    body: bytes


class Tags(Schema, frozen=True, tag="tags.v1"):
    """Blinded tags (32 bytes each) of the instalments of one batch."""

    batch: str
    tags: tuple[bytes, ...]


class Slips(Schema, frozen=True, tag="slips.v1"):
    """Slips to leave: (lookup id of 32 bytes, sealed slip)."""

    slips: tuple[tuple[bytes, bytes], ...]


class Relay(Protocol):
    """What a desk asks of a front. All raise `RelayUnreachable`."""

    def heads(self) -> dict[tuple[int, int], int]:
        """For each (author, life) the last seq that the front has."""

    def segments_beyond(self, positions: dict[tuple[int, int], int]) -> list[SignedSegment]:
        """Segments that stand beyond `positions`."""

    def push(self, segments: list[SignedSegment]) -> list[str]:
        """Give segments; the outcome of each, in words."""

    def drops_after(self, after: int) -> list[WaitingDrop]:
        """Drops that arrived after number `after`."""

    def put_body(self, body: bytes) -> None:
        """Give a body."""

    def body(self, sha256: bytes) -> bytes | None:
        """Fetch a body."""

    def bodies(self, hashes: Sequence[bytes]) -> list[bytes]:
        """Fetch bodies in one go: those that the front has and that fit in one answer, in any order."""

    def body_hashes(self, after: bytes) -> list[bytes]:
        """The hashes of bodies that stand after this one, in their order, so many as the front tells at once."""

    def missing(self, hashes: Sequence[bytes]) -> list[bytes]:
        """Those of these bodies that the front does not have and that are not erased."""

    def take_tags(self, batch: str, tags: list[bytes]) -> None:
        """Take the tags of a batch, all or none. Raises `AlreadyTaken`."""

    def leave_slips(self, slips: list[tuple[bytes, bytes]]) -> None:
        """Leave slips for holders of codes."""

    def publish(self, body: bytes) -> None:
        """Publish to the log. Raises `BadPublication`."""

    def public(self, path: str) -> bytes | None:
        """A public file of the front, as a stranger fetches it."""


START_BYTES, LEAST_BYTES = 2**20, 2**10
"""How much goes to the front in one piece, unless the line breaks often; and at least."""
ASKED_BYTES = 64 * 1024
"""Of a longer body it is asked first how much of it is there."""
HEAD_BYTES = 700
"""What a request weighs beside its body. Pieces of sqrt(2 HEAD n) lose least on a line that breaks after n bytes: short
ones weigh too much, of long ones too much is lost."""
PATIENCE = 12
"""So many breaks in a row without a byte gained, and the line is given up for now."""


@dataclass
class LineRelay:
    """The relay at the other end of a line that may break at any byte: only what is missing travels again.

    `on_rubbish` is told what came in the place of a segment and cannot be read as one.
    """

    line: Line
    on_rubbish: Callable[[bytes], None] = field(default=lambda raw: None, repr=False)
    _halves: dict[str, bytes] = field(default_factory=dict, repr=False)
    _told: dict[bytes, str] = field(default_factory=dict, repr=False)
    _piece: int = START_BYTES
    _carried: int = 0

    def close(self) -> None:
        """Hang up."""
        self.line.close()

    # ---- what comes -----------------------------------------------------------------------------

    def _frames(self, path: str, question: Schema) -> list[bytes]:
        """The frames of an answer. After a cut the question is asked again from inside the frame that was cut.

        If the line breaks for good: those that came whole; what came of the next one is kept for the next question.
        """
        asked, half, idle = encode(question), self._halves.pop(path, b""), 0
        frames: list[bytes] = []
        while True:
            again = Resumed(asked, len(frames), len(half), hashlib.sha256(half).digest() if half else b"")
            try:
                reply = self.line.post(path, encode(again) if frames or half else asked)
            except RelayUnreachable:
                reply = None
            if reply is not None and reply.status not in (200, BROKEN):
                raise RelayUnreachable(f"{path} answered {reply.status}")
            came, cut = split_cut(reply.body) if reply is not None and reply.status == 200 else ([], b"")
            if reply is not None and reply.whole and cut is not None:
                raise BadSegment("cut off")
            idle = 0 if came or cut else idle + 1
            half = _go_on(frames, half, came, cut)
            if reply is not None and reply.whole:
                return frames
            if len(half) > LIMIT_BYTES:
                raise BadSegment("too long")  # a front that breaks off for ever would fill this memory
            if reply is None or idle > PATIENCE or sum(len(frame) for frame in frames) > LIMIT_BYTES:
                self._halves[path] = half
                if frames:
                    return frames
                raise RelayUnreachable(path)

    def _post(self, path: str, body: bytes) -> Reply:
        """A short question with a short answer; after a break once more."""
        for _ in range(PATIENCE):
            reply = self.line.post(path, body)
            if reply.whole:
                return reply
        raise RelayUnreachable(path)

    def _need(self, path: str, body: bytes) -> bytes:
        reply = self._post(path, body)
        if reply.status != 200:
            raise RelayUnreachable(f"{path} answered {reply.status}")
        return reply.body

    def segments_beyond(self, positions: dict[tuple[int, int], int]) -> list[SignedSegment]:
        """See `Relay`."""
        heads = Heads(tuple((author, life, seq) for (author, life), seq in sorted(positions.items())))
        found: list[SignedSegment] = []
        for raw in self._frames("/relay/segments", heads):
            try:
                found.append(parse_segment(raw))
            except BadSegment:
                # A front that sends rubbish hides nothing: its segments are missed and asked for again.
                self.on_rubbish(raw)
        return found

    def heads(self) -> dict[tuple[int, int], int]:
        """See `Relay`."""
        return {(author, life): seq for author, life, seq in decode(self._need("/relay/heads", b""), Heads).positions}

    def drops_after(self, after: int) -> list[WaitingDrop]:
        """See `Relay`."""
        return [decode(raw, WaitingDrop) for raw in self._frames("/relay/drops", DropsAfter(after))]

    def body(self, sha256: bytes) -> bytes | None:
        """See `Relay`."""
        found = self.bodies([sha256])
        return found[0] if found else None

    def bodies(self, hashes: Sequence[bytes]) -> list[bytes]:
        """See `Relay`."""
        frames = self._frames("/relay/bodies/many", Hashes(tuple(hashes)))
        found = {hashlib.sha256(body).digest(): body for body in frames}
        return [body for sha256, body in found.items() if sha256 in set(hashes)]

    def body_hashes(self, after: bytes) -> list[bytes]:
        """See `Relay`."""
        listed = decode(self._need("/relay/bodies/list", encode(HashesAfter(after))), Hashes).hashes
        return [sha256 for sha256 in listed if len(sha256) == 32 and sha256 > after]

    def missing(self, hashes: Sequence[bytes]) -> list[bytes]:
        """See `Relay`."""
        found: list[bytes] = []
        for at in range(0, len(hashes), HASHES_AT_ONCE):
            asked = Hashes(tuple(hashes[at : at + HASHES_AT_ONCE]))
            found += decode(self._need("/relay/bodies/missing", encode(asked)), Hashes).hashes
        return [sha256 for sha256 in found if sha256 in set(hashes)]

    def public(self, path: str) -> bytes | None:
        """See `Relay`."""
        reply = self.line.as_stranger("GET", path)
        if not reply.whole:
            raise RelayUnreachable(path)
        return reply.body if reply.status == 200 else None

    # ---- what goes ------------------------------------------------------------------------------

    def push(self, segments: list[SignedSegment]) -> list[str]:
        """See `Relay`."""
        told = self._told  # of a push that broke off: they are not sent again
        waiting = [signed for signed in segments if signed.id not in told]
        idle = 0
        while waiting:
            batch = self._batch(waiting)
            if len(batch[0].raw) > self._piece:
                reply = self._in_parts("segment", batch[0].raw)
            else:
                body = join(signed.raw for signed in batch)
                reply = self._weigh(self.line.post("/relay/push", body), len(body))
            idle = 0 if reply.whole else idle + 1
            if idle > PATIENCE or (reply.whole and reply.status != 200):
                raise RelayUnreachable(f"/relay/push answered {reply.status}")
            if reply.whole:
                outcomes = [part.decode("utf-8", "replace") for part in split(reply.body)]
                if len(outcomes) != len(batch):
                    raise RelayUnreachable("/relay/push answered for other segments")
                told |= {signed.id: outcome for signed, outcome in zip(batch, outcomes, strict=True)}
                del waiting[: len(batch)]
        self._told = {}
        return [told[signed.id] for signed in segments]

    def _batch(self, segments: list[SignedSegment]) -> list[SignedSegment]:
        size = 0
        for count, signed in enumerate(segments):
            size += len(signed.raw) + 4
            if count and size > self._piece:
                return segments[:count]
        return segments[:]

    def put_body(self, body: bytes) -> None:
        """See `Relay`. One that the fund has erased is not taken, and that is right."""
        idle = 0
        while True:
            if len(body) > min(self._piece, ASKED_BYTES):
                reply = self._in_parts("body", body)
            else:
                reply = self._weigh(self.line.post("/relay/bodies/put", body), len(body))
            idle += 1
            if reply.whole and reply.status in (200, ERASED):
                return
            if reply.whole or idle > PATIENCE:
                raise RelayUnreachable(f"/relay/bodies/put answered {reply.status}")

    def _in_parts(self, kind: Literal["body", "segment"], whole: bytes) -> Reply:
        """Send what is missing of one whole; the answer to its last part is the answer to the whole."""
        name, size = hashlib.sha256(whole).digest(), len(whole)
        held, idle, part = 0, 0, b""
        while True:
            reply = self._weigh(self.line.post("/relay/parts", encode(Part(kind, name, size, held, part))), len(part))
            if reply.whole and reply.status != KEPT:
                return reply
            here = _number(reply.body, size) if reply.whole else held
            idle = 0 if here > held or (reply.whole and not part) else idle + 1
            if idle > PATIENCE:
                raise RelayUnreachable("/relay/parts")
            held = here
            part = whole[held : held + self._piece] if reply.whole else b""  # after a break: how much has arrived?

    def _weigh(self, reply: Reply, sent: int) -> Reply:
        """Learn from a piece that went or was lost how long the next may be."""
        if reply.whole:
            self._carried += sent
            self._piece = max(self._piece, min(START_BYTES, isqrt(2 * HEAD_BYTES * self._carried)))
        else:
            best = isqrt(2 * HEAD_BYTES * (self._carried + self._piece // 2)) if self._carried else self._piece // 4
            self._piece = max(LEAST_BYTES, min(self._piece, best))
            self._carried = 0
        return reply

    def take_tags(self, batch: str, tags: list[bytes]) -> None:
        """See `Relay`."""
        status = self._post("/relay/tags", encode(Tags(batch, tuple(tags)))).status
        if status == 409:
            raise AlreadyTaken("the relay holds a tag of another batch")
        if status != 200:
            raise RelayUnreachable(f"tags answered {status}")

    def leave_slips(self, slips: list[tuple[bytes, bytes]]) -> None:
        """See `Relay`."""
        self._need("/relay/slips", encode(Slips(tuple(slips))))

    def publish(self, body: bytes) -> None:
        """See `Relay`."""
        reply = self._post("/log/publish", body)
        if reply.status != 200:
            raise BadPublication(f"the front answered {reply.status} {reply.body[:80].decode('ascii', 'replace')}")


def _go_on(frames: list[bytes], half: bytes, came: list[bytes], cut: bytes | None) -> bytes:
    """Put what came behind what was here; returns the bytes of the frame that is not whole yet."""
    if not half:
        frames += came
        return cut or b""
    if not came:
        return half + (cut or b"")
    if came[0]:
        frames.append(half + came[0])
    frames += came[1:]
    return cut or b""


def _number(body: bytes, most: int) -> int:
    """How many bytes the front says are there."""
    text = body.strip()
    if not text.isdigit() or len(text) > 9 or int(text) > most:
        raise RelayUnreachable("/relay/parts answered no number")
    return int(text)


class HttpRelay(LineRelay):
    """The relay of a front at `address` (http://host:port), asked as officer `number` or as his keeper."""

    def __init__(
        self,
        address: str,
        number: int,
        key: SigningKey,
        today: Callable[[], date],
        random: Callable[[int], bytes] = os.urandom,
        timeout_seconds: float = 30.0,
        *,
        keeper: bool = False,
    ) -> None:
        """Connects to nobody yet."""
        self.http = HttpLine(address, number, key, today, random, timeout_seconds, keeper)
        self.address, self.number = address, number
        super().__init__(self.http)
