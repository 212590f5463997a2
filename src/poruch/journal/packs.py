"""Packs: files of segments in a folder for sync (docs/spec/folder.md sections 2 and 3).

A pack is frames: its head, then segments in the order of their chains. Its name is the SHA-256 of its bytes.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from poruch.errors import BadEvent, BadPack, BadSegment
from poruch.events.codec import Schema, decode, encode
from poruch.journal.frames import join, split
from poruch.journal.segments import SignedSegment, parse_segment

PACK_BYTES, PACK_LIMIT, HEAD_LIMIT = 4 * 1024 * 1024, 16 * 1024 * 1024, 1024 * 1024

Run = tuple[int, int, int, int]
Chain = tuple[int, int]


class PackHead(Schema, frozen=True, tag="pack.v1"):
    """What is in a pack: the fund, the length of all after the head, and runs (author, life, first seq, last seq)."""

    fund: bytes
    length: int
    runs: tuple[Run, ...]


@dataclass
class Coverage:
    """Which places of which chains a folder holds."""

    runs: dict[Chain, list[tuple[int, int]]] = field(default_factory=dict)

    def add(self, run: Run) -> None:
        """Take one run."""
        author, life, first, last = run
        self.runs.setdefault((author, life), []).append((first, last))

    def settle(self) -> None:
        """Put runs together that touch."""
        for chain, runs in self.runs.items():
            merged: list[tuple[int, int]] = []
            for first, last in sorted(runs):
                if merged and first <= merged[-1][1] + 1:
                    merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
                else:
                    merged.append((first, last))
            self.runs[chain] = merged

    def holds(self, signed: SignedSegment) -> bool:
        """Whether the place of a segment is held."""
        _, author, life, seq = signed.order
        return any(first <= seq <= last for first, last in self.runs.get((author, life), []))

    def beyond(self, positions: Mapping[Chain, int]) -> int:
        """How many places it holds that stand beyond `positions`."""
        return sum(
            max(0, last - max(first - 1, positions.get(chain, -1)))
            for chain, runs in self.runs.items()
            for first, last in runs
        )


def runs_of(segments: Iterable[SignedSegment]) -> tuple[Run, ...]:
    """The runs of segments in the order of their chains."""
    runs: list[list[int]] = []
    for signed in segments:
        _, author, life, seq = signed.order
        if runs and runs[-1][:2] == [author, life] and runs[-1][3] + 1 == seq:
            runs[-1][3] = seq
        else:
            runs.append([author, life, seq, seq])
    return tuple((a, b, c, d) for a, b, c, d in runs)


def name_of(pack: bytes) -> str:
    """The name of the file with these bytes."""
    return f"{hashlib.sha256(pack).hexdigest()}.pack"


def make_packs(fund: bytes, segments: list[SignedSegment]) -> Iterator[bytes]:
    """Packs of about 4 MiB with these segments, which are in the order of their chains."""
    for part in _parts(segments):
        rest = join(one.raw for one in part)
        yield join([encode(PackHead(fund, len(rest), runs_of(part)))]) + rest


def head_bytes(start: bytes) -> int:
    """How many bytes of a pack are needed to read its head; the first four tell. Raises `BadPack`."""
    length = int.from_bytes(start[:4], "big")
    if len(start) < 4 or length > HEAD_LIMIT:
        raise BadPack("head")
    return 4 + length


def read_head(start: bytes, size: int) -> PackHead:
    """The head of a pack of `size` bytes that begins with `start`. Raises `BadPack`, also for one that is cut off."""
    whole = head_bytes(start)
    try:
        head = decode(start[4:whole], PackHead)
    except BadEvent:
        raise BadPack("head") from None
    if len(head.fund) != 32 or whole + head.length != size:
        raise BadPack("length")
    return head


def read_pack(raw: bytes) -> list[SignedSegment]:
    """The segments in a pack whose name was found right; their signatures are not looked at. Raises `BadPack`."""
    head = read_head(raw, len(raw))
    try:
        found = [parse_segment(part) for part in split(raw)[1:]]
    except BadSegment:
        raise BadPack("a segment") from None
    if head.runs != runs_of(found):
        raise BadPack("runs")
    return found


def is_beyond(signed: SignedSegment, positions: Mapping[Chain, int]) -> bool:
    """Whether a segment stands beyond `positions`."""
    _, author, life, seq = signed.order
    return seq > positions.get((author, life), -1)


def _parts(segments: list[SignedSegment]) -> Iterator[list[SignedSegment]]:
    part: list[SignedSegment] = []
    size = 0
    for one in segments:
        length = len(one.raw) + 4
        if part and size + length > PACK_BYTES:
            yield part
            part, size = [], 0
        part.append(one)
        size += length
    if part:
        yield part
