"""What the relay answers to whom: its rules, without HTTP, signatures and database (docs/spec/journal.md section 6).

Who asks is known already: an officer by his number, or his keeper, a program that mirrors and may only read.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from typing import TypeVar

from poruch.errors import BadEvent, Malformed, PublicationRefused
from poruch.events.codec import decode, encode
from poruch.front.journal import FrontJournal
from poruch.front.shelf import Half, Shelf
from poruch.journal.frames import join, split
from poruch.journal.requests import Asker
from poruch.journal.segments import LIMIT_BYTES, SignedSegment, parse_segment
from poruch.journal.sync import (
    ERASED,
    KEPT,
    DropsAfter,
    Hashes,
    HashesAfter,
    Heads,
    Part,
    Resumed,
    Slips,
    Tags,
    WaitingDrop,
)
from poruch.tlog.slips import SLIP_SIZE

ANSWER_BYTES = 24 * 1024 * 1024
BODY_BYTES = 8 * 1024 * 1024
PROOF_BYTES = 2 * LIMIT_BYTES
"""Of proofs in one answer: two of the longest segments, so that none is too long to be told."""
MOST_TAGS, MOST_SLIPS, MOST_HASHES = 2000, 4000, 2000
MOST_HALVES, HALVES_BYTES = 4, 16 * 1024 * 1024
"""What of one officer may lie here half sent."""
HALF_DAYS = 3
PART_BYTES = 1024
"""A part is this long at least, unless it is the last."""

PUSH, PARTS, PUBLISH = "/relay/push", "/relay/parts", "/log/publish"
MOST_LISTED = 20_000
READING = frozenset(
    {
        "/relay/heads",
        "/relay/segments",
        "/relay/drops",
        "/relay/bodies/get",
        "/relay/bodies/many",
        "/relay/bodies/list",
    }
)
"""What a keeper may ask."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer: its status as in HTTP, and bytes or, if `words`, a short text."""

    status: int
    body: bytes
    words: bool = False


def said(status: int, text: str) -> Answer:
    """A short answer in words."""
    return Answer(status, f"{text}\n".encode(), words=True)


T = TypeVar("T")
Piece = tuple[int, Callable[[], bytes]]
"""How long a frame is, and how to come by it."""


def framed(pieces: Iterable[Piece], resumed: Resumed | None, limit_bytes: int = ANSWER_BYTES) -> Answer:
    """Frames, as many as fit and at least one; after a cut from where it was on.

    Then the first frame is the rest of the one that was cut, or empty if at that place none begins any more with the
    bytes that arrived; it then comes whole.
    """
    found: list[bytes] = []
    size = 0
    for length, load in islice(pieces, resumed.frames if resumed else 0, None):
        size += length
        if found and size > limit_bytes:
            break
        found.append(load())
    if resumed is None or not resumed.offset:
        return Answer(200, join(found))
    if found and _begins(found[0], resumed):
        return Answer(200, join([found[0][resumed.offset :], *found[1:]]))
    return Answer(200, join([b"", *found]))


def _begins(frame: bytes, resumed: Resumed) -> bool:
    offset = resumed.offset
    return len(frame) > offset and hashlib.sha256(memoryview(frame)[:offset]).digest() == resumed.sha256


def shortest(raws: Sequence[bytes], limit_bytes: int) -> list[bytes]:
    """Those that fit, in their order; the short ones first of all, so that a long one hides none."""
    kept: set[int] = set()
    size = 0
    for at in sorted(range(len(raws)), key=lambda at: len(raws[at])):
        size += len(raws[at])
        if size > limit_bytes:
            break  # what comes is longer still
        kept.add(at)
    return [raw for at, raw in enumerate(raws) if at in kept]


def _ready(raws: Iterable[bytes]) -> Iterator[Piece]:
    return ((len(raw), lambda raw=raw: raw) for raw in raws)  # type: ignore[misc]


def _no_log(body: bytes) -> None:
    raise PublicationRefused(403, "bad-policy", "no log is kept here")


class Relaying:
    """The relay over a shelf. `publish` takes a publication or raises `PublicationRefused`."""

    def __init__(
        self,
        shelf: Shelf,
        journal: FrontJournal,
        today: Callable[[], date],
        publish: Callable[[bytes], None] = _no_log,
    ) -> None:
        """Reads nothing yet; `mend` makes good what a crash left undone."""
        self._shelf, self._journal, self._today, self._publish_to_log = shelf, journal, today, publish
        self._mended: set[bytes] | None = None
        self._doors: dict[str, Callable[[int, bytes], Answer]] = {
            "/relay/heads": self._heads,
            "/relay/segments": self._segments,
            PUSH: self._push,
            PARTS: self._part,
            "/relay/drops": self._drops,
            "/relay/bodies/put": self._put_body,
            "/relay/bodies/get": self._get_body,
            "/relay/bodies/many": self._bodies,
            "/relay/bodies/list": self._list,
            "/relay/bodies/missing": self._missing,
            "/relay/tags": self._tags,
            "/relay/slips": self._slips,
            PUBLISH: self._publish,
        }

    def answer(self, asker: Asker, path: str, body: bytes) -> Answer:
        """The answer to a request whose asker is known. What cannot be read is 400 and changes nothing."""
        try:
            door = self._doors.get(path)
            if door is None:
                return said(404, "no such path")
            return self.refused(asker, path, body) or door(asker.number, body)
        except Malformed as error:
            return said(400, error.name)

    def refused(self, asker: Asker, path: str, body: bytes = b"") -> Answer | None:
        """Why this asker gets no answer of its own at this path, if so: keepers only read, the suspended only give."""
        public = self._journal.public()
        if asker.keeper:
            if public.keeper(asker.number) is None or path not in READING:
                return said(403, "a keeper of an officer who is served reads, and no more")
            return None
        if path in (PUSH, PARTS) or public.serves(asker.number):
            return None
        return self._to_suspended(asker.number, path, body)

    def _to_suspended(self, number: int, path: str, body: bytes) -> Answer:
        """A suspended officer of the quorum gets the measures alone, for he votes on them; of all else no byte.

        Without them an enemy with one desk suspends a free officer and freezes the fund, and the vote to thaw is
        missing.
        """
        council = self._journal.public().council
        if number in council.quorum and council.may_vote(number):
            if path == "/relay/segments":
                _, resumed = _question(body, Heads) if body else (None, None)
                return framed(_ready(shortest(self._journal.measures(), ANSWER_BYTES)), resumed)
            if path == "/relay/drops":
                return Answer(200, b"")
        return said(403, "suspended or removed: only segments are taken")

    # ---- segments -----------------------------------------------------------------------------

    def _heads(self, number: int, body: bytes) -> Answer:
        """For each chain the last seq that has its place here."""
        positions = self._journal.positions()
        return Answer(200, encode(Heads(tuple((*place, seq) for place, seq in sorted(positions.items())))))

    def _segments(self, number: int, body: bytes) -> Answer:
        """Segments beyond the given heads, oldest first, as many as fit; after the last, a proof of each equivocator.

        The proofs come last, so that of two segments at one place every desk has that one first which came here first.
        """
        heads, resumed = _question(body, Heads)
        known = {(author, life): seq for author, life, seq in heads.positions}
        skipped = resumed.frames if resumed else 0
        rows, sizes, count = self._journal.beyond(known, skipped, ANSWER_BYTES)
        raws = iter(self._shelf.segments_at(rows))
        skipped = min(skipped, count)
        pieces: list[Piece] = [(0, bytes)] * skipped
        pieces += [(size, lambda: next(raws)) for size in sizes]
        if len(rows) + skipped == count:
            pieces += _ready(shortest(self._journal.proofs(), PROOF_BYTES))
        return framed(pieces, resumed)

    def _push(self, number: int, body: bytes) -> Answer:
        """Take segments; the outcome of each, in words. The same segment twice is known, not stored twice."""
        return self._take([parse_segment(raw) for raw in split(body)])

    def _take(self, arrived: list[SignedSegment]) -> Answer:
        if refused := self._journal.too_much(arrived):
            return said(413, refused)
        outcomes = self._journal.push(arrived)
        self.mend()
        return Answer(200, join(outcome.value.encode() for outcome in outcomes))

    # ---- what comes in parts ------------------------------------------------------------------

    def _part(self, number: int, body: bytes) -> Answer:
        """A part of a body or segment: 202 and how many bytes are here; of the last one the answer to the whole."""
        part = decode(body, Part)
        if len(part.whole) != 32 or not 0 < part.size <= BODY_BYTES or not 0 <= part.offset < part.size:
            return said(400, "a part of 1 byte to 8 MiB")
        end = part.offset + len(part.bytes)
        if end > part.size or (0 < len(part.bytes) < PART_BYTES and end != part.size):
            return said(400, "a part of at least 1 KiB, and not beyond the end")
        if part.kind == "body" and not self._journal.public().serves(number):
            return said(403, "suspended or removed: only segments are taken")
        who = str(number)
        if part.whole in self._shelf.erased():
            return said(ERASED, "erased by the fund")  # before a byte of it is on the disk
        if part.kind == "body" and self._shelf.sizes([part.whole]):
            if any(half.whole == part.whole for half in self._shelf.halves(who)):
                self._shelf.forget_parts(who, part.whole)
            return said(200, part.whole.hex())  # it is here: no byte of it need travel
        with self._shelf.alone():
            held = self._lay_by(who, part)
            if held is None:
                return said(413, "too much lies half sent")
            if held < part.size:
                return said(KEPT, str(held))
            whole = self._shelf.parts(who, part.whole)
        answer = self._take_whole(number, part, whole)
        self._shelf.forget_parts(who, part.whole)  # after a crash before this it is taken again, which changes nothing
        return answer

    def _take_whole(self, number: int, part: Part, whole: bytes) -> Answer:
        if hashlib.sha256(whole).digest() != part.whole:
            return said(409, "the parts are not the whole")
        if part.kind == "body":
            return self._put_body(number, whole)
        try:
            return self._take([parse_segment(whole)])
        except Malformed as error:
            return said(400, error.name)

    def _lay_by(self, who: str, part: Part) -> int | None:
        """Keep a part that goes on where the last one ended; how much is here, or None if there is no room."""
        today = self._today()
        if part.offset == 0:
            self._shelf.forget_halves_before(today - timedelta(days=HALF_DAYS))
        halves = {half.whole: half for half in self._shelf.halves(who)}
        half = halves.pop(part.whole, None) or Half(part.whole, 0, today)
        if not part.bytes or part.offset != half.held:
            return half.held
        others = sum(other.held for other in halves.values())
        if len(halves) >= MOST_HALVES or others + half.held + len(part.bytes) > HALVES_BYTES:
            return None
        self._shelf.add_part(who, half, part.bytes)
        return half.held + len(part.bytes)

    # ---- bodies and drops ---------------------------------------------------------------------

    def _drops(self, number: int, body: bytes) -> Answer:
        """Drops that arrived after a number, oldest first, as many as fit."""
        question, resumed = _question(body, DropsAfter)
        self.mend()  # each desk asks here all the time: what another process has folded is done by this one, too

        def load(arrival: int) -> bytes:
            found = self._shelf.drop(arrival)
            if found is None:
                raise BadEvent("a drop that is gone")
            return encode(WaitingDrop(found.arrival, found.drop, found.kind, found.day, found.body))

        waiting = self._shelf.drops_after(max(question.after, 0))
        return framed(((size, lambda arrival=arrival: load(arrival)) for arrival, size in waiting), resumed)  # type: ignore[misc]

    def _put_body(self, number: int, body: bytes) -> Answer:
        """Keep sealed bytes under their hash."""
        if not 0 < len(body) <= BODY_BYTES:
            return said(413, "a body has 1 byte to 8 MiB")
        sha256 = hashlib.sha256(body).digest()
        with self._shelf.alone():
            if sha256 in self._shelf.erased():
                return said(ERASED, "erased by the fund")
            self._shelf.keep_body(sha256, body)
        return said(200, sha256.hex())

    def _get_body(self, number: int, body: bytes) -> Answer:
        """Sealed bytes by their hash of 32 bytes; those of drops too."""
        found = self._body(body) if len(body) == 32 else None
        return said(404, "no such body") if found is None else Answer(200, found)

    def _body(self, sha256: bytes) -> bytes | None:
        return None if sha256 in self._journal.public().erased else self._shelf.body(sha256)

    def _bodies(self, number: int, body: bytes) -> Answer:
        """Bodies by their hashes, as many as fit in one answer; those of drops too."""
        question, resumed = _question(body, Hashes)
        wanted = sorted({sha256 for sha256 in question.hashes[:MOST_HASHES] if len(sha256) == 32})
        sizes = self._shelf.sizes([sha256 for sha256 in wanted if sha256 not in self._journal.public().erased])
        pieces = [(sizes[sha256], lambda sha256=sha256: self._shelf.body(sha256) or b"") for sha256 in sorted(sizes)]
        return framed(pieces, resumed)

    def _list(self, number: int, body: bytes) -> Answer:
        """The hashes of bodies, in their order: a keeper opens nothing, so that nobody else tells it what there is."""
        after = decode(body, HashesAfter).after
        if len(after) not in (0, 32):
            raise BadEvent("a hash of another length")
        erased = self._journal.public().erased
        listed = self._shelf.bodies_after(after, MOST_LISTED)
        return Answer(200, encode(Hashes(tuple(sha256 for sha256 in listed if sha256 not in erased))))

    def _missing(self, number: int, body: bytes) -> Answer:
        """Which of these hashes name no body that is here or was erased: what a desk gives to a front made anew."""
        asked = [sha256 for sha256 in decode(body, Hashes).hashes[:MOST_HASHES] if len(sha256) == 32]
        there = self._shelf.sizes(asked).keys() | self._journal.public().erased
        return Answer(200, encode(Hashes(tuple(sha256 for sha256 in asked if sha256 not in there))))

    # ---- erasing ------------------------------------------------------------------------------

    def mend(self) -> bool:
        """Delete what k officers have erased and is still here, after a crash too; whether nothing is left to do."""
        erased = set(self._journal.public().erased)
        if erased == self._mended:
            return True
        if due := erased - self._shelf.erased():
            with self._shelf.alone():
                self._shelf.erase(due)
        if self._shelf.to_scrub() and not self._shelf.scrub():
            return False
        self._mended = erased
        return True

    # ---- tags, slips, the log -----------------------------------------------------------------

    def _tags(self, number: int, body: bytes) -> Answer:
        """Take blinded instalments for a batch, all or none; the same batch may ask again."""
        asked = decode(body, Tags)
        if len(asked.tags) > MOST_TAGS or len(asked.batch) > 64 or any(len(tag) != 32 for tag in asked.tags):
            return said(400, "tags of 32 bytes, at most 2000")
        with self._shelf.alone():
            held = self._shelf.batches(asked.tags)
            if any(batch != asked.batch for batch in held.values()):
                return said(409, "already-taken")
            self._shelf.keep_tags(asked.batch, [tag for tag in dict.fromkeys(asked.tags) if tag not in held])
        return said(200, "taken")

    def _slips(self, number: int, body: bytes) -> Answer:
        """Leave slips for holders of codes."""
        left = decode(body, Slips).slips
        if len(left) > MOST_SLIPS or any(len(lookup) != 32 or len(slip) != SLIP_SIZE for lookup, slip in left):
            return said(400, "slips of 8220 bytes under ids of 32, at most 4000")
        self._shelf.keep_slips(left)
        return said(200, "left")

    def _publish(self, number: int, body: bytes) -> Answer:
        """Publish to the log (docs/spec/log.md section 3)."""
        try:
            self._publish_to_log(body)
        except PublicationRefused as refusal:
            return Answer(refusal.status, refusal.text.encode(), words=True)
        return said(200, "published")


def _question(body: bytes, kind: type[T]) -> tuple[T, Resumed | None]:
    """The question, and how much of its answer has arrived before."""
    asked: object = decode(body, kind | Resumed)  # type: ignore[arg-type]  # a union, which `decode` takes too
    if not isinstance(asked, Resumed):
        return asked, None  # type: ignore[return-value]  # it is of the other kind then
    if asked.frames < 0 or asked.offset < 0:
        raise BadEvent("a number below zero")
    return decode(asked.question, kind), asked
