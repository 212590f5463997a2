"""What the relay keeps, and how little it asks of whatever keeps it: rows of ciphertext and public facts.

`poruch.front.shelf_database` keeps it in the front's database, `poruch.front.shelf_memory` in memory. Hashes and ids
are bytes, numbers of rows ascend from 1 in the order of arrival.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from poruch.journal.segments import SignedSegment


@dataclass(frozen=True, slots=True)
class KeptDrop:
    """A drop: the number of its arrival, id, kind, day, and sealed bytes with their hash; erased, no bytes."""

    arrival: int
    drop: str
    kind: str
    day: date
    sha256: bytes
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Half:
    """What lies half sent: the hash of the whole (32 bytes), how many of its bytes are here, and since which day."""

    whole: bytes
    held: int
    day: date


class Shelf(Protocol):
    """What the relay keeps. Each write is whole or not at all; those within `alone` are so together."""

    def alone(self) -> AbstractContextManager[None]:
        """Nobody else writes meanwhile, in this process or another; all is undone if it ends in an error."""

    def fund(self) -> bytes | None:
        """The fund whose segments are kept (32 bytes), once it is named."""

    # ---- segments ---------------------------------------------------------------------------

    def last_rows(self) -> tuple[int, int]:
        """The numbers of the last segment and of the last proof."""

    def segments_after(self, row: int) -> Iterator[tuple[int, bytes]]:
        """Segments with their numbers, oldest first."""

    def segments_at(self, rows: Sequence[int]) -> list[bytes]:
        """The segments with these ascending numbers, in their order."""

    def keep_segments(self, segments: Sequence[SignedSegment]) -> list[int]:
        """Keep segments that have their place; the number of each."""

    def proofs_after(self, row: int) -> list[tuple[int, bytes]]:
        """Second segments at one place, with their numbers, oldest first."""

    def keep_proof(self, proof: SignedSegment, instead_of: SignedSegment | None) -> None:
        """Keep a second segment at one place, and another one no longer."""

    # ---- bodies, drops and what is half sent --------------------------------------------------

    def keep_body(self, sha256: bytes, body: bytes) -> None:
        """Keep a body under its hash."""

    def sizes(self, hashes: Sequence[bytes]) -> dict[bytes, int]:
        """How long the bodies with these hashes are, those of drops too, as far as they are here."""

    def bodies_after(self, sha256: bytes, most: int) -> list[bytes]:
        """The hashes of bodies, but those of drops, that stand after this one, in their order."""

    def body(self, sha256: bytes) -> bytes | None:
        """A body, or that of a drop."""

    def drops_after(self, arrival: int) -> Iterator[tuple[int, int]]:
        """Drops with bytes: the number of arrival and the length of each, oldest first."""

    def drop(self, arrival: int) -> KeptDrop | None:
        """One drop."""

    def halves(self, who: str) -> list[Half]:
        """What `who` has sent by half."""

    def add_part(self, who: str, half: Half, part: bytes) -> None:
        """Put `part` behind what is here of `half.whole`; `half` says how it was before."""

    def parts(self, who: str, whole: bytes) -> bytes:
        """What is here of one whole."""

    def forget_parts(self, who: str, whole: bytes) -> None:
        """It is whole, or will never be."""

    def forget_halves_before(self, day: date) -> None:
        """Forget whatever lay half sent before `day`, of everybody."""

    # ---- erasing ------------------------------------------------------------------------------

    def erased(self) -> set[bytes]:
        """The hashes of what was erased."""

    def erase(self, hashes: Iterable[bytes]) -> None:
        """Delete these bodies, and the bytes of drops and halves with these hashes; what is left is to be scrubbed."""

    def to_scrub(self) -> bool:
        """Whether bytes that were erased may still lie in a file."""

    def scrub(self) -> bool:
        """See that no file has them any more; whether that was done."""

    # ---- tags and slips -----------------------------------------------------------------------

    def batches(self, tags: Sequence[bytes]) -> dict[bytes, str]:
        """Which batch has taken which of these tags."""

    def keep_tags(self, batch: str, tags: Iterable[bytes]) -> None:
        """Keep new tags for a batch."""

    def keep_slips(self, slips: Iterable[tuple[bytes, bytes]]) -> None:
        """Keep slips by their lookup ids; those that are here already stay once."""
