"""The tree against the recursive definitions of RFC 6962 section 2.1, written down as they stand there."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poruch.errors import NotConsistent, NotIncluded
from poruch.tlog.tree import EMPTY_ROOT, Peaks, Tree, consistency_path, leaf_hash, verify_consistency, verify_inclusion

LEAVES = [str(number).encode() for number in range(70)]
sizes = st.integers(0, len(LEAVES))


def naive_split(count: int) -> int:
    k = 1
    while k * 2 < count:
        k *= 2
    return k


def mth(leaves: list[bytes]) -> bytes:
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    k = naive_split(len(leaves))
    return hashlib.sha256(b"\1" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def naive_path(m: int, leaves: list[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = naive_split(len(leaves))
    if m < k:
        return [*naive_path(m, leaves[:k]), mth(leaves[k:])]
    return [*naive_path(m - k, leaves[k:]), mth(leaves[:k])]


def naive_subproof(m: int, leaves: list[bytes], whole: bool) -> list[bytes]:
    if m == len(leaves):
        return [] if whole else [mth(leaves)]
    k = naive_split(len(leaves))
    if m <= k:
        return [*naive_subproof(m, leaves[:k], whole), mth(leaves[k:])]
    return [*naive_subproof(m - k, leaves[k:], False), mth(leaves[:k])]


TREE = Tree.of(LEAVES)


def test_empty() -> None:
    assert Tree().root() == EMPTY_ROOT == mth([])


@given(sizes)
def test_root(size: int) -> None:
    assert TREE.root(size) == Tree.of(LEAVES[:size]).root() == mth(LEAVES[:size])


@given(st.data())
def test_inclusion(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, len(LEAVES)))
    index = data.draw(st.integers(0, size - 1))
    path = TREE.inclusion(index, size)
    assert list(path) == naive_path(index, LEAVES[:size])
    verify_inclusion(leaf_hash(LEAVES[index]), index, size, path, TREE.root(size))


@given(st.data())
def test_consistency(data: st.DataObject) -> None:
    new = data.draw(sizes)
    old = data.draw(st.integers(0, new))
    path = TREE.consistency(old, new)
    assert list(path) == ([] if old == 0 else naive_subproof(old, LEAVES[:new], True))
    verify_consistency(old, TREE.root(old), new, TREE.root(new), path)


@given(st.data())
def test_peaks_prove_growth(data: st.DataObject) -> None:
    """A log's right edge is enough for the consistency proof of what comes after."""
    new = data.draw(sizes)
    old = data.draw(st.integers(0, new))
    peaks, start = [], 0
    for bit in (64, 32, 16, 8, 4, 2, 1):
        if old & bit:
            peaks.append(TREE.hash_of(start, start + bit))
            start += bit
    kept = Peaks(old, tuple(peaks))
    assert kept.root == TREE.root(old)
    hash_of = kept.followed_by([leaf_hash(leaf) for leaf in LEAVES[old:new]])
    assert consistency_path(old, new, hash_of) == TREE.consistency(old, new)


@given(st.data())
def test_no_other_inclusion(data: st.DataObject) -> None:
    """Another leaf, index, size or path proves nothing, even where sizes have paths of one length."""
    size = data.draw(st.integers(1, len(LEAVES)))
    index = data.draw(st.integers(0, size - 1))
    path = list(TREE.inclusion(index, size))
    value, root = leaf_hash(LEAVES[index]), TREE.root(size)
    match data.draw(st.sampled_from(["leaf", "index", "flip", "cut", "longer", "root"])):
        case "leaf":
            value = leaf_hash(b"another")
        case "index":
            index = data.draw(st.integers(-1, size + 1).filter(lambda other: other != index))
        case "flip" if path:
            place = data.draw(st.integers(0, len(path) - 1))
            path[place] = bytes(32)
        case "cut" if path:
            del path[data.draw(st.integers(0, len(path) - 1))]
        case "longer":
            path.insert(data.draw(st.integers(0, len(path))), bytes(32))
        case _:
            root = bytes(32)
    with pytest.raises(NotIncluded):
        verify_inclusion(value, index, size, tuple(path), root)


@given(st.data())
def test_no_other_consistency(data: st.DataObject) -> None:
    new = data.draw(st.integers(1, len(LEAVES)))
    old = data.draw(st.integers(0, new))
    path = list(TREE.consistency(old, new))
    old_root, new_root = TREE.root(old), TREE.root(new)
    match data.draw(st.sampled_from(["old root", "new root", "flip", "cut", "longer", "swap"])):
        case "new root" if old:
            new_root = bytes(32)
        case "flip" if path:
            path[data.draw(st.integers(0, len(path) - 1))] = bytes(32)
        case "cut" if path:
            del path[data.draw(st.integers(0, len(path) - 1))]
        case "longer":
            path.insert(data.draw(st.integers(0, len(path))), bytes(32))
        case "swap" if old != new:
            old, new, old_root, new_root = new, old, new_root, old_root
        case _:
            old_root = bytes(32)
    with pytest.raises(NotConsistent):
        verify_consistency(old, old_root, new, new_root, tuple(path))


def test_a_path_longer_than_the_tree() -> None:
    """A head that says size 1 over the root of two leaves: the second is not number 0 of it."""
    two = Tree.of(LEAVES[:2])
    with pytest.raises(NotIncluded):
        verify_inclusion(leaf_hash(LEAVES[1]), 0, 1, (leaf_hash(LEAVES[0]),), two.root())
    with pytest.raises(NotIncluded):
        verify_inclusion(two.root(), 0, 1, (two.root(),), Tree.of([]).root())


def test_a_proof_shorter_than_the_tree() -> None:
    """A head that says size 3 over the root of two leaves does not continue the first leaf."""
    two = Tree.of(LEAVES[:2])
    verify_consistency(1, two.root(1), 2, two.root(), two.consistency(1))
    with pytest.raises(NotConsistent):
        verify_consistency(1, two.root(1), 3, two.root(), two.consistency(1))


def test_a_proof_longer_than_the_tree() -> None:
    """The proof from size 7 to 8 climbs as the one from 3 to 4 does, and one step more."""
    path = TREE.consistency(7, 8)
    verify_consistency(7, TREE.root(7), 8, TREE.root(8), path)
    with pytest.raises(NotConsistent):
        verify_consistency(3, TREE.root(7), 4, TREE.root(8), path)


def test_proof_of_a_leaf_that_is_not_there() -> None:
    with pytest.raises(ValueError):
        TREE.inclusion(5, 5)
    with pytest.raises(ValueError):
        TREE.consistency(6, 5)
