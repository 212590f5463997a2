"""A shelf in memory, for tests and the simulator; it can be told at which write the power fails."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date

from poruch.front.shelf import Half, KeptDrop
from poruch.journal.segments import SignedSegment


def _never(write: str) -> None:
    """The power does not fail."""


@dataclass
class MemoryShelf:
    """A shelf in memory. `fails` hears the name of each write before it is done, and may raise: then it is not done.

    Erased bytes are gone at once; `scrubbed` counts how often files would have been scrubbed.
    """

    named: bytes | None = None
    fails: Callable[[str], None] = _never
    segments: list[SignedSegment] = field(default_factory=list)
    proofs: list[tuple[int, bytes]] = field(default_factory=list)
    bodies: dict[bytes, bytes] = field(default_factory=dict)
    drops: list[KeptDrop] = field(default_factory=list)
    half_sent: dict[tuple[str, bytes], tuple[Half, bytes]] = field(default_factory=dict)
    gone: set[bytes] = field(default_factory=set)
    tags: dict[bytes, str] = field(default_factory=dict)
    slips: dict[bytes, tuple[bytes, bytes]] = field(default_factory=dict)
    scrubbed: int = 0
    _dirty: bool = False
    _proofs_ever: int = 0
    _by_hash: dict[bytes, int] = field(default_factory=dict)
    _places: dict[tuple[int, int, int], int] = field(default_factory=dict)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """See `Shelf`."""
        # Segments and drops only grow, so their lengths are enough; the rest is small or seldom written.
        kept = len(self.segments), list(self.proofs), dict(self.bodies), list(self.drops), dict(self.half_sent)
        rest = set(self.gone), dict(self.tags), dict(self.slips), self._dirty
        try:
            yield
            self.fails("commit")
        except BaseException:
            count, self.proofs, self.bodies, self.drops, self.half_sent = kept
            for signed in self.segments[count:]:
                del self._places[_place(signed)]
            del self.segments[count:]
            self.gone, self.tags, self.slips, self._dirty = rest
            raise

    def fund(self) -> bytes | None:
        """See `Shelf`."""
        return self.named

    def last_rows(self) -> tuple[int, int]:
        """See `Shelf`."""
        return len(self.segments), self.proofs[-1][0] if self.proofs else 0

    def segments_after(self, row: int) -> Iterator[tuple[int, bytes]]:
        """See `Shelf`."""
        return ((at, signed.raw) for at, signed in enumerate(self.segments[row:], row + 1))

    def segments_at(self, rows: Sequence[int]) -> list[bytes]:
        """See `Shelf`."""
        return [self.segments[row - 1].raw for row in rows]

    def keep_segments(self, segments: Sequence[SignedSegment]) -> list[int]:
        """See `Shelf`."""
        rows = []
        for signed in segments:
            self.fails("segment")
            if _place(signed) in self._places:
                raise ValueError("two segments at one place")
            self.segments.append(signed)
            self._places[_place(signed)] = len(self.segments)
            rows.append(len(self.segments))
        return rows

    def proofs_after(self, row: int) -> list[tuple[int, bytes]]:
        """See `Shelf`."""
        return [(at, raw) for at, raw in self.proofs if at > row]

    def keep_proof(self, proof: SignedSegment, instead_of: SignedSegment | None) -> None:
        """See `Shelf`."""
        self.fails("proof")
        self._proofs_ever += 1
        left = [(at, raw) for at, raw in self.proofs if instead_of is None or raw != instead_of.raw]
        self.proofs = [*left, (self._proofs_ever, proof.raw)]

    def keep_body(self, sha256: bytes, body: bytes) -> None:
        """See `Shelf`."""
        self.fails("body")
        self.bodies.setdefault(sha256, body)

    def receive(self, drop: str, kind: str, day: date, body: bytes) -> None:
        """Take a drop, as the site's own pages do; the same again is one."""
        if all(known.drop != drop for known in self.drops):
            self.fails("drop")
            sha256 = hashlib.sha256(body).digest()
            self.drops.append(KeptDrop(len(self.drops) + 1, drop, kind, day, sha256, body))
            self._by_hash[sha256] = len(self.drops)

    def sizes(self, hashes: Sequence[bytes]) -> dict[bytes, int]:
        """See `Shelf`."""
        found = {sha256: self.body(sha256) for sha256 in hashes}
        return {sha256: len(body) for sha256, body in found.items() if body is not None}

    def bodies_after(self, sha256: bytes, most: int) -> list[bytes]:
        """See `Shelf`."""
        return sorted(one for one in self.bodies if one > sha256)[:most]

    def body(self, sha256: bytes) -> bytes | None:
        """See `Shelf`."""
        drop = self.drop(self._by_hash.get(sha256, 0))
        return self.bodies.get(sha256) or (drop.body if drop and drop.body else None)

    def drops_after(self, arrival: int) -> Iterator[tuple[int, int]]:
        """See `Shelf`."""
        return ((one.arrival, len(one.body)) for one in self.drops[arrival:] if one.body)

    def drop(self, arrival: int) -> KeptDrop | None:
        """See `Shelf`."""
        return self.drops[arrival - 1] if 0 < arrival <= len(self.drops) else None

    def halves(self, who: str) -> list[Half]:
        """See `Shelf`."""
        return [half for (whose, _), (half, _) in self.half_sent.items() if whose == who]

    def add_part(self, who: str, half: Half, part: bytes) -> None:
        """See `Shelf`."""
        self.fails("part")
        here = self.parts(who, half.whole) + part
        self.half_sent[who, half.whole] = Half(half.whole, len(here), half.day), here

    def parts(self, who: str, whole: bytes) -> bytes:
        """See `Shelf`."""
        found = self.half_sent.get((who, whole))
        return found[1] if found else b""

    def forget_parts(self, who: str, whole: bytes) -> None:
        """See `Shelf`."""
        self.fails("forget")
        self.half_sent.pop((who, whole), None)

    def forget_halves_before(self, day: date) -> None:
        """See `Shelf`."""
        self.half_sent = {name: kept for name, kept in self.half_sent.items() if kept[0].day >= day}

    def erased(self) -> set[bytes]:
        """See `Shelf`."""
        return set(self.gone)

    def erase(self, hashes: Iterable[bytes]) -> None:
        """See `Shelf`."""
        self.fails("erase")
        self.gone |= set(hashes)
        self._dirty = True
        self.bodies = {sha256: body for sha256, body in self.bodies.items() if sha256 not in self.gone}
        self.half_sent = {name: kept for name, kept in self.half_sent.items() if name[1] not in self.gone}
        self.drops = [replace(one, body=b"") if one.sha256 in self.gone else one for one in self.drops]

    def to_scrub(self) -> bool:
        """See `Shelf`."""
        return self._dirty

    def scrub(self) -> bool:
        """See `Shelf`."""
        self.fails("scrub")
        self.scrubbed += 1
        self._dirty = False
        return True

    def batches(self, tags: Sequence[bytes]) -> dict[bytes, str]:
        """See `Shelf`."""
        return {tag: self.tags[tag] for tag in tags if tag in self.tags}

    def keep_tags(self, batch: str, tags: Iterable[bytes]) -> None:
        """See `Shelf`."""
        self.fails("tags")
        self.tags |= dict.fromkeys(tags, batch)

    def keep_slips(self, slips: Iterable[tuple[bytes, bytes]]) -> None:
        """See `Shelf`."""
        self.fails("slips")
        self.slips |= {hashlib.sha256(slip).digest(): (lookup, slip) for lookup, slip in slips}


def _place(signed: SignedSegment) -> tuple[int, int, int]:
    return signed.segment.author, signed.segment.life, signed.segment.seq
