"""Tiles and bundles: the examples of c2sp.org/tlog-tiles, and growth in steps against growth at once."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poruch.errors import BadTile
from poruch.tlog.tiles import Edge, decode_edge, encode_bundle, hash_tiles, parse_bundle, tile_path
from poruch.tlog.tree import Tree


@pytest.mark.parametrize(
    ("level", "index", "width", "path"),
    [
        (0, 0, 256, "tile/0/000"),
        (0, 0, 1, "tile/0/000.p/1"),
        (1, 999, 256, "tile/1/999"),
        (0, 1000, 256, "tile/0/x001/000"),
        (0, 1234067, 256, "tile/0/x001/x234/067"),
        ("entries", 1234067, 255, "tile/entries/x001/x234/067.p/255"),
    ],
)
def test_path(level: int | str, index: int, width: int, path: str) -> None:
    assert tile_path(level, index, width) == path


def test_the_examples_of_tlog_tiles() -> None:
    """70,000 leaves: 273 full and one of 112; one full and one of 17; one of 1. 256 leaves: one full, one of 1."""
    tiles = list(hash_tiles(70_000))
    assert [sum(1 for level, _, width in tiles if level == 0 and width == 256)] == [273]
    assert [tile for tile in tiles if tile[2] < 256] == [(0, 273, 112), (1, 1, 17), (2, 0, 1)]
    assert [tile for tile in tiles if tile[0] == 1 and tile[2] == 256] == [(1, 0, 256)]
    assert list(hash_tiles(256)) == [(0, 0, 256), (1, 0, 1)]
    assert list(hash_tiles(0)) == []


@given(st.lists(st.binary(max_size=70), max_size=20))
def test_bundle(entries: list[bytes]) -> None:
    assert parse_bundle(encode_bundle(entries)) == tuple(entries)


@given(st.binary(max_size=300))
def test_any_bytes_as_a_bundle(data: bytes) -> None:
    try:
        entries = parse_bundle(data)
    except BadTile:
        return
    assert encode_bundle(entries) == data


@pytest.mark.parametrize("data", [b"\0", b"\0\1", b"\0\2a", b"\0\1a\0"])
def test_cut_bundle(data: bytes) -> None:
    with pytest.raises(BadTile):
        parse_bundle(data)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 300), max_size=5))
def test_growing_in_steps(steps: list[int]) -> None:
    """However a log grows, its edge, root and full tiles are those of the log made at once."""
    entries = [f"{number}".encode() for number in range(sum(steps))]
    edge, files, done = Edge(), {}, 0
    for step in steps:
        edge, new = edge.grown(entries[done : done + step])
        done += step
        assert not files.keys() & dict(new).keys(), "a file that was written is not written again"
        files.update(new)
    at_once, files_at_once = Edge().grown(entries)
    assert edge == at_once
    assert edge.root == Tree.of(entries).root()
    assert dict(files_at_once).items() <= files.items()
    assert decode_edge(edge.encode()) == edge


def test_every_tile_holds_the_hashes_it_should() -> None:
    entries = [f"{number}".encode() for number in range(256 * 256 + 300)]
    edge, files = Edge().grown(entries)
    tree, found = Tree.of(entries), dict(files)
    for level, index, width in hash_tiles(len(entries)):
        count = 256**level
        first = index * 256
        expected = [tree.hash_of(i * count, (i + 1) * count) for i in range(first, first + width)]
        assert found.pop(tile_path(level, index, width)) == b"".join(expected)
    assert {path.partition("/000")[0][:12] for path in found} == {"tile/entries"}
    assert edge.root == tree.root()


@pytest.mark.parametrize("spoil", [b"", b"\x93\x01\x90\x90", b"\x93\x00\x90\x91\xc4\x01a"])
def test_a_stored_edge_that_contradicts_itself(spoil: bytes) -> None:
    with pytest.raises(BadTile):
        decode_edge(spoil)
