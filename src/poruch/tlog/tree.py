"""The Merkle tree of RFC 6962 section 2.1 with SHA-256: hashes, roots, proofs.

A *path* is a tuple of 32-byte hashes in the order of RFC 6962. A *range* `[start, end)` of leaves is hashed by a
`HashOf`; the proof makers ask one for the few ranges they need, so they work on a whole tree and on its edge alike.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from poruch.errors import NotConsistent, NotIncluded

EMPTY_ROOT = hashlib.sha256(b"").digest()
HASH_SIZE = 32
LONGEST_PATH = 63

Path = tuple[bytes, ...]
HashOf = Callable[[int, int], bytes]


def leaf_hash(entry: bytes) -> bytes:
    """The hash of one leaf, 32 bytes."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node, 32 bytes."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def split(count: int) -> int:
    """The largest power of two below `count` (`count` > 1): how many leaves the left subtree holds."""
    return 1 << (count - 1).bit_length() - 1


def fold_peaks(peaks: Sequence[bytes]) -> bytes:
    """The root above complete subtrees, largest first; the empty root for none."""
    if not peaks:
        return EMPTY_ROOT
    root = peaks[-1]
    for peak in reversed(peaks[:-1]):
        root = node_hash(peak, root)
    return root


class Tree:
    """A growing tree that keeps the hash of every complete subtree: proofs take logarithmic time."""

    def __init__(self, leaf_hashes: Iterable[bytes] = ()) -> None:
        self._levels: list[list[bytes]] = [[]]
        for value in leaf_hashes:
            self.append(value)

    @classmethod
    def of(cls, entries: Iterable[bytes]) -> "Tree":
        """The tree over these leaves."""
        return cls(leaf_hash(entry) for entry in entries)

    def __len__(self) -> int:
        return len(self._levels[0])

    def append(self, value: bytes) -> None:
        """Add the hash of the next leaf."""
        height = 0
        while True:
            if height == len(self._levels):
                self._levels.append([])
            level = self._levels[height]
            level.append(value)
            if len(level) % 2:
                return
            value = node_hash(level[-2], level[-1])
            height += 1

    def hash_of(self, start: int, end: int) -> bytes:
        """The hash over the leaves `[start, end)`, which must be a range that a proof can name."""
        count = end - start
        height = count.bit_length() - 1
        if count == 1 << height and start % count == 0:
            return self._levels[height][start >> height]
        middle = start + split(count)
        return node_hash(self.hash_of(start, middle), self.hash_of(middle, end))

    def root(self, size: int | None = None) -> bytes:
        """The root over the first `size` leaves, or over all."""
        size = len(self) if size is None else size
        return self.hash_of(0, size) if size else EMPTY_ROOT

    def inclusion(self, index: int, size: int | None = None) -> Path:
        """The path from leaf `index` to the root over the first `size` leaves."""
        return inclusion_path(index, len(self) if size is None else size, self.hash_of)

    def consistency(self, old: int, new: int | None = None) -> Path:
        """The proof that the tree of size `new` continues the one of size `old`."""
        return consistency_path(old, len(self) if new is None else new, self.hash_of)


@dataclass(frozen=True)
class Peaks:
    """The complete subtrees of a tree, largest first: enough to know its root and to let it grow."""

    size: int
    hashes: Path

    @property
    def root(self) -> bytes:
        return fold_peaks(self.hashes)

    def followed_by(self, leaf_hashes: Sequence[bytes]) -> HashOf:
        """Hashes of ranges of this tree grown by `leaf_hashes`; ranges inside the old tree must be peaks."""
        known: dict[tuple[int, int], bytes] = {}
        start = 0
        for value, height in zip(self.hashes, _set_bits(self.size), strict=True):
            known[start, start + (1 << height)] = value
            start += 1 << height

        def hash_of(start: int, end: int) -> bytes:
            if (start, end) in known:
                return known[start, end]
            if end - start == 1:
                return leaf_hashes[start - self.size]
            middle = start + split(end - start)
            return node_hash(hash_of(start, middle), hash_of(middle, end))

        return hash_of


def _set_bits(number: int) -> list[int]:
    return [bit for bit in range(number.bit_length() - 1, -1, -1) if number >> bit & 1]


def inclusion_path(index: int, size: int, hash_of: HashOf) -> Path:
    """The path of leaf `index` in the tree of `size` leaves (RFC 6962 section 2.1.1), the leaf's sibling first."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} of {size}")
    start, end, path = 0, size, []
    while end - start > 1:
        middle = start + split(end - start)
        if index < middle:
            path.append(hash_of(middle, end))
            end = middle
        else:
            path.append(hash_of(start, middle))
            start = middle
    return tuple(reversed(path))


def consistency_path(old: int, new: int, hash_of: HashOf) -> Path:
    """The consistency proof of two sizes (RFC 6962 section 2.1.2); empty if `old` is 0 or `new`."""
    if not 0 <= old <= new:
        raise ValueError(f"size {old} after size {new}")
    if old in (0, new):
        return ()
    start, end, path = 0, new, []
    while old != end:
        middle = start + split(end - start)
        if old <= middle:
            path.append(hash_of(middle, end))
            end = middle
        else:
            path.append(hash_of(start, middle))
            start = middle
    if start:  # a complete left subtree is the old root itself, which the verifier has
        path.append(hash_of(start, end))
    return tuple(reversed(path))


def verify_inclusion(value: bytes, index: int, size: int, path: Path, root: bytes) -> None:
    """Check that the leaf with hash `value` is number `index` of the `size` leaves under `root`, or raise NotIncluded.

    The algorithm of RFC 9162 section 2.1.3.2, which computes the same proofs as RFC 6962.
    """
    if not 0 <= index < size:
        raise NotIncluded(f"index {index} in a log of {size}")
    node, last = index, size - 1
    for sibling in path:
        if last == 0:
            raise NotIncluded("path too long")
        if node & 1 or node == last:
            value = node_hash(sibling, value)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            value = node_hash(value, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise NotIncluded("path too short")
    if value != root:
        raise NotIncluded("the path does not lead to the root")


def verify_consistency(old: int, old_root: bytes, new: int, new_root: bytes, path: Path) -> None:
    """Check that the tree (`new`, `new_root`) continues (`old`, `old_root`), or raise NotConsistent.

    The algorithm of RFC 9162 section 2.1.4.2. The path is empty if `old` is `new`, or 0 with the empty root.
    """
    if old > new:
        raise NotConsistent(f"size {old} before size {new}")
    if old in (0, new):
        expected = EMPTY_ROOT if old == 0 else new_root
        if path or old_root != expected:
            raise NotConsistent("the roots differ" if old_root != expected else "a path where none is needed")
        return
    if old & old - 1 == 0:  # the old root is itself a node of the new tree and was left out
        path = (old_root, *path)
    if not path:
        raise NotConsistent("path too short")
    node, last = old - 1, new - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise NotConsistent("path too long")
        if node & 1 or node == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            second = node_hash(second, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise NotConsistent("path too short")
    if first != old_root or second != new_root:
        raise NotConsistent("the path does not join the two roots")
