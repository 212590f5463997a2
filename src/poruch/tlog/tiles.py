"""Tiles and entry bundles (c2sp.org/tlog-tiles): the log as files that never change.

Nothing here touches a disk: whoever makes tiles gets `(path, bytes)` pairs, paths relative to the log's prefix.
"""

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import msgspec

from poruch.errors import BadTile
from poruch.tlog.tree import HASH_SIZE, Peaks, leaf_hash, node_hash

TILE_WIDTH = 256
LARGEST_ENTRY = 0xFFFF

File = tuple[str, bytes]


def tile_path(level: int | str, index: int, width: int = TILE_WIDTH) -> str:
    """The path of tile `index` at `level` (a number, or `entries` for a bundle) holding `width` items, 1 to 256."""
    groups = [f"{index % 1000:03d}"]
    while index >= 1000:
        index //= 1000
        groups.append(f"x{index % 1000:03d}")
    partial = f".p/{width}" if width != TILE_WIDTH else ""
    return f"tile/{level}/{'/'.join(reversed(groups))}{partial}"


def tiles_of(count: int) -> Iterator[tuple[int, int]]:
    """Index and width of every tile at a level that holds `count` hashes, or entries, in all."""
    full, rest = divmod(count, TILE_WIDTH)
    yield from ((index, TILE_WIDTH) for index in range(full))
    if rest:
        yield full, rest


def hash_tiles(size: int) -> Iterator[tuple[int, int, int]]:
    """Level, index and width of every tile of hashes of a log with `size` leaves."""
    level = 0
    while count := size >> 8 * level:
        yield from ((level, index, width) for index, width in tiles_of(count))
        level += 1


def encode_bundle(entries: Iterable[bytes]) -> bytes:
    """Entries as a bundle: each with its length in two bytes before it."""
    return b"".join(struct.pack(">H", len(entry)) + entry for entry in entries)


def parse_bundle(data: bytes) -> tuple[bytes, ...]:
    """The entries of a bundle, any number of them; BadTile if the lengths do not add up."""
    entries, position = [], 0
    while position < len(data):
        start = position + 2
        end = start + int.from_bytes(data[position:start], "big")
        if end > len(data):
            raise BadTile("an entry is cut")
        entries.append(data[start:end])
        position = end
    return tuple(entries)


def tile_root(hashes: Sequence[bytes]) -> bytes:
    """The hash over a number of hashes that is a power of two."""
    row = list(hashes)
    while len(row) > 1:
        row = [node_hash(row[i], row[i + 1]) for i in range(0, len(row), 2)]
    return row[0]


@dataclass(frozen=True)
class Edge:
    """The unfinished right side of a log: all that is needed to write the tiles of the leaves to come.

    `levels[l]` holds the hashes of the partial tile at level `l` (0 to 255), `entries` those of the partial bundle.
    """

    size: int = 0
    levels: tuple[tuple[bytes, ...], ...] = ()
    entries: tuple[bytes, ...] = ()

    @property
    def peaks(self) -> Peaks:
        """The complete subtrees of the whole log."""
        found: list[bytes] = []
        for level in reversed(self.levels):
            start = 0
            for bit in range(7, -1, -1):
                if len(level) >> bit & 1:
                    found.append(tile_root(level[start : start + (1 << bit)]))
                    start += 1 << bit
        return Peaks(self.size, tuple(found))

    @property
    def root(self) -> bytes:
        return self.peaks.root

    def grown(self, entries: Sequence[bytes]) -> tuple["Edge", tuple[File, ...]]:
        """The edge after these entries, and the tiles and bundles to be written for the new size."""
        files: list[File] = []
        levels = [list(level) for level in self.levels]
        bundle = list(self.entries)
        for number, entry in enumerate(entries, self.size):
            bundle.append(entry)
            if len(bundle) == TILE_WIDTH:
                files.append((tile_path("entries", number // TILE_WIDTH), encode_bundle(bundle)))
                bundle = []
            _push(levels, leaf_hash(entry), number, files)
        size = self.size + len(entries)
        edge = Edge(size, tuple(tuple(level) for level in levels), tuple(bundle))
        # A high tile may be as partial as it was before; a path is written only once.
        before = self._partial_files()
        files += [file for file in edge._partial_files() if file not in before]
        return edge, tuple(files)

    def _partial_files(self) -> list[File]:
        files = [
            (tile_path(level, self.size >> 8 * (level + 1), len(hashes)), b"".join(hashes))
            for level, hashes in enumerate(self.levels)
            if hashes
        ]
        if self.entries:
            files.append(
                (tile_path("entries", self.size // TILE_WIDTH, len(self.entries)), encode_bundle(self.entries))
            )
        return files

    def encode(self) -> bytes:
        """For the keeper's own store; read again by `decode_edge`."""
        return msgspec.msgpack.encode((self.size, self.levels, self.entries))


def decode_edge(data: bytes) -> Edge:
    """What `Edge.encode` wrote; BadTile if it is not that."""
    try:
        size, levels, entries = msgspec.msgpack.decode(
            data, type=tuple[int, tuple[tuple[bytes, ...], ...], tuple[bytes, ...]]
        )
    except msgspec.DecodeError:
        raise BadTile("the stored edge of the log cannot be read") from None
    widths = [len(level) for level in levels]
    if (
        sum(width << 8 * level for level, width in enumerate(widths)) != size
        or any(width >= TILE_WIDTH for width in widths)
        or any(len(value) != HASH_SIZE for level in levels for value in level)
        or tuple(leaf_hash(entry) for entry in entries) != (levels[0] if levels else ())
    ):
        raise BadTile("the stored edge of the log contradicts itself")
    return Edge(size, levels, entries)


def _push(levels: list[list[bytes]], value: bytes, number: int, files: list[File]) -> None:
    """Put the hash of leaf `number` into its tile; whole tiles are written and hashed into the level above."""
    level = 0
    while True:
        if level == len(levels):
            levels.append([])
        tile = levels[level]
        tile.append(value)
        if len(tile) < TILE_WIDTH:
            return
        files.append((tile_path(level, number >> 8 * (level + 1)), b"".join(tile)))
        value = tile_root(tile)
        levels[level] = []
        level += 1
