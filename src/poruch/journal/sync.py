"""Sync with a relay: set union of segments, bodies by hash, drops in the order of their arrival."""

import hashlib
import http.client
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol
from urllib.parse import urlsplit

from poruch.crypto.signatures import SigningKey
from poruch.errors import AlreadyTaken, BadPublication, BadSegment, RelayUnreachable
from poruch.events.codec import Schema, decode, encode
from poruch.journal.frames import LIMIT_BYTES, join, split
from poruch.journal.requests import sign_request
from poruch.journal.segments import SignedSegment, parse_segment


class Heads(Schema, frozen=True, tag="heads.v1"):
    """For each (author, life) the last seq that is known."""

    positions: tuple[tuple[int, int, int], ...]


class Hashes(Schema, frozen=True, tag="hashes.v1"):
    """SHA-256 of bodies, 32 bytes each."""

    hashes: tuple[bytes, ...]


class DropsAfter(Schema, frozen=True, tag="drops-after.v1"):
    """Ask for drops that arrived after number `after`, as many as fit in one answer."""

    after: int


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

    def take_tags(self, batch: str, tags: list[bytes]) -> None:
        """Take the tags of a batch, all or none. Raises `AlreadyTaken`."""

    def leave_slips(self, slips: list[tuple[bytes, bytes]]) -> None:
        """Leave slips for holders of codes."""

    def publish(self, body: bytes) -> None:
        """Publish to the log. Raises `BadPublication`."""

    def public(self, path: str) -> bytes | None:
        """A public file of the front, as a stranger fetches it."""


@dataclass
class HttpRelay:
    """The relay of a front at `address` (http://host:port), asked as officer `number`."""

    address: str
    number: int
    key: SigningKey
    today: Callable[[], date]
    random: Callable[[int], bytes] = os.urandom
    timeout_seconds: float = 30.0
    _line: http.client.HTTPConnection | None = field(default=None, repr=False)

    def _ask(self, method: str, path: str, body: bytes = b"", *, signed: bool = True) -> tuple[int, bytes]:
        headers = {"Content-Type": "application/octet-stream"} if body else {}
        if signed:
            headers |= sign_request(method, path, body, self.number, self.key, self.today(), self.random(16))
        else:
            self.close()  # as a stranger: on a line of its own, so that it is not known by its neighbours
        fresh = self._line is None
        try:
            return self._send(method, path, body, headers)
        except (OSError, http.client.HTTPException):
            self.close()
            if fresh:
                raise RelayUnreachable(method) from None
        try:  # the line had been left open and the front closed it; all requests may be repeated
            if signed:
                headers |= sign_request(method, path, body, self.number, self.key, self.today(), self.random(16))
            return self._send(method, path, body, headers)
        except (OSError, http.client.HTTPException):
            self.close()
            raise RelayUnreachable(method) from None
        finally:
            if not signed:
                self.close()

    def _send(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        if self._line is None:
            url = urlsplit(self.address)
            kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
            self._line = kind(url.netloc, timeout=self.timeout_seconds)
        self._line.request(method, path, body, headers)
        answer = self._line.getresponse()
        return answer.status, answer.read(LIMIT_BYTES)

    def close(self) -> None:
        """Hang up."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def _post(self, path: str, body: bytes) -> bytes:
        status, answer = self._ask("POST", path, body)
        if status != 200:
            raise RelayUnreachable(f"{path} answered {status}")
        return answer

    def segments_beyond(self, positions: dict[tuple[int, int], int]) -> list[SignedSegment]:
        """See `Relay`."""
        heads = Heads(tuple((author, life, seq) for (author, life), seq in sorted(positions.items())))
        found: list[SignedSegment] = []
        for raw in split(self._post("/relay/segments", encode(heads))):
            try:
                found.append(parse_segment(raw))
            except BadSegment:
                continue  # a front that sends rubbish hides nothing: its segments are missed and asked for again
        return found

    def heads(self) -> dict[tuple[int, int], int]:
        """See `Relay`."""
        return {(author, life): seq for author, life, seq in decode(self._post("/relay/heads", b""), Heads).positions}

    def push(self, segments: list[SignedSegment]) -> list[str]:
        """See `Relay`."""
        return [
            part.decode("utf-8", "replace") for part in split(self._post("/relay/push", join(s.raw for s in segments)))
        ]

    def drops_after(self, after: int) -> list[WaitingDrop]:
        """See `Relay`."""
        return [decode(raw, WaitingDrop) for raw in split(self._post("/relay/drops", encode(DropsAfter(after))))]

    def put_body(self, body: bytes) -> None:
        """See `Relay`."""
        self._post("/relay/bodies/put", body)

    def body(self, sha256: bytes) -> bytes | None:
        """See `Relay`."""
        status, answer = self._ask("POST", "/relay/bodies/get", sha256)
        if status == 200 and hashlib.sha256(answer).digest() == sha256:
            return answer
        return None

    def bodies(self, hashes: Sequence[bytes]) -> list[bytes]:
        """See `Relay`."""
        found = split(self._post("/relay/bodies/many", encode(Hashes(tuple(hashes)))))
        return [body for body in found if hashlib.sha256(body).digest() in hashes]

    def take_tags(self, batch: str, tags: list[bytes]) -> None:
        """See `Relay`."""
        status, _ = self._ask("POST", "/relay/tags", encode(Tags(batch, tuple(tags))))
        if status == 409:
            raise AlreadyTaken("the relay holds a tag of another batch")
        if status != 200:
            raise RelayUnreachable(f"tags answered {status}")

    def leave_slips(self, slips: list[tuple[bytes, bytes]]) -> None:
        """See `Relay`."""
        self._post("/relay/slips", encode(Slips(tuple(slips))))

    def publish(self, body: bytes) -> None:
        """See `Relay`."""
        status, answer = self._ask("POST", "/log/publish", body)
        if status != 200:
            raise BadPublication(f"the front answered {status} {answer[:80].decode('ascii', 'replace')}")

    def public(self, path: str) -> bytes | None:
        """See `Relay`."""
        status, answer = self._ask("GET", path, signed=False)
        return answer if status == 200 else None
