"""The journal as the front keeps it: every segment that counts, and the fold of its clear events."""

from __future__ import annotations

import threading
from array import array
from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import merge
from itertools import islice

from poruch.events.council import Voted
from poruch.front.shelf import Shelf
from poruch.journal.chains import Outcome
from poruch.journal.council import Council, Measure, Suspension
from poruch.journal.journal import Journal, measures_in
from poruch.journal.public import PublicState
from poruch.journal.segments import SignedSegment, parse_segment

OUTSIDE_SEGMENTS, OUTSIDE_BYTES = 256, 16 * 1024 * 1024
"""What one who was removed or suspended may still leave here since then: segments, and their bytes."""
REMOVED_BYTES = 64 * 1024
"""How long a segment of one who was removed may be: he has only to say that he erased his share."""
MEASURE_BYTES = 1024 * 1024
"""How long a segment with a freeze, a suspension or a vote may be: it goes to who is suspended, so all must fit."""


@dataclass
class Chain:
    """Where a chain lies on the shelf: by seq the number of each segment's row, ascending, and its length in bytes."""

    rows: array[int] = field(default_factory=lambda: array("q"))
    sizes: array[int] = field(default_factory=lambda: array("L"))

    def beyond(self, seq: int) -> Iterator[tuple[int, int]]:
        """Row and length of each segment after `seq`."""
        return ((self.rows[at], self.sizes[at]) for at in range(max(seq, -1) + 1, len(self.rows)))


class FrontJournal:
    """The journal in memory, the segments themselves on the shelf. One for each process."""

    def __init__(self, shelf: Shelf) -> None:
        """Reads nothing; `refresh` does."""
        self._shelf = shelf
        self._lock = threading.RLock()
        self._forget()

    def _forget(self) -> None:
        self._journal: Journal | None = None
        self._last = self._last_proof = 0
        self._proofs: dict[int, SignedSegment] = {}
        self._chains: dict[tuple[int, int], Chain] = {}
        self._nothing = PublicState()

    @property
    def fund(self) -> bytes | None:
        """The id of the fund (32 bytes), fixed when the folder was made or by its first founder; None until then."""
        return self._shelf.fund()

    def public(self) -> PublicState:
        """The public state of now; reads what other processes have stored since."""
        with self._lock:
            self.refresh()
            return self._journal.public if self._journal is not None else self._nothing

    def refresh(self) -> None:
        """Take in what the shelf holds beyond what is known here."""
        with self._lock:
            journal = self._open_journal()
            if journal is None or self._shelf.last_rows() == (self._last, self._last_proof):
                return
            rows = [(row, parse_segment(raw)) for row, raw in self._shelf.segments_after(self._last)]
            proofs = [(row, parse_segment(raw)) for row, raw in self._shelf.proofs_after(self._last_proof)]
            self._proofs |= {proof.segment.author: proof for _, proof in proofs}
            added = journal.add([*(signed for _, signed in rows), *(proof for _, proof in proofs)], own=True)
            if len(added.fresh) != len(rows) and self._last:
                # What waited here has its place now, and is on no disk: desks ask again. Of what is read from the
                # beginning some may have lost its author, whose admission is held up: it keeps its place on the shelf.
                self._forget()
                self.refresh()
                return
            self._place(rows)
            journal.chains.forget_faults()
            self._last = rows[-1][0] if rows else self._last
            self._last_proof = proofs[-1][0] if proofs else self._last_proof

    def _place(self, rows: list[tuple[int, SignedSegment]]) -> None:
        for row, signed in rows:
            chain = self._chains.setdefault((signed.segment.author, signed.segment.life), Chain())
            chain.rows.append(row)
            chain.sizes.append(len(signed.raw))

    def _open_journal(self) -> Journal | None:
        # Until a segment is here the fund may be named anew, by another process too (views/rendezvous.py).
        if self._journal is None or not self._chains:
            fund = self.fund
            if fund is not None and (self._journal is None or self._journal.fund != fund):
                self._journal = Journal(fund)
        return self._journal

    def push(self, segments: list[SignedSegment], *, own: bool = False) -> list[Outcome]:
        """Store what has its place in a chain, all or nothing; the outcome of each. The same segment twice is known.

        Of two segments at one place the second is kept, too: it convicts its author on every desk. One for each author.
        `own`: all that a desk holds (see `Journal.add`).
        """
        with self._lock:
            try:
                with self._shelf.alone():
                    return self._push(segments, own=own)
            except BaseException:
                self._forget()  # memory must not run ahead of the disk
                raise

    def _push(self, segments: list[SignedSegment], *, own: bool) -> list[Outcome]:
        self.refresh()
        journal = self._open_journal()
        if journal is None:
            return [Outcome.OTHER_FUND for _ in segments]
        added = journal.add(segments, own=own)
        new = [signed for signed in added.fresh if not self._row_at(signed)]
        self._place(list(zip(self._shelf.keep_segments(new), new, strict=True)))
        for signed, outcome in zip(segments, added.outcomes, strict=True):
            if outcome is Outcome.EQUIVOCATION:
                self._keep_proof(signed)
        self._last, self._last_proof = self._shelf.last_rows()
        journal.chains.forget_faults()  # kept by desks, as proof; a stranger could fill this memory
        return added.outcomes

    def positions(self) -> dict[tuple[int, int], int]:
        """For each (author, life) the last seq that has its place."""
        with self._lock:
            self.refresh()
            return {place: len(chain.rows) - 1 for place, chain in self._chains.items()}

    def beyond(
        self, known: dict[tuple[int, int], int], skipped: int, limit_bytes: int
    ) -> tuple[list[int], list[int], int]:
        """Rows of segments beyond `known`, in the order of their arrival, without the first `skipped`.

        At least one, then as many as fit; beside them the length of each, and how many there are with those skipped and
        those that did not fit.
        """
        with self._lock:
            self.refresh()
            missing = [chain.beyond(known.get(place, -1)) for place, chain in self._chains.items()]
            rows: list[int] = []
            sizes: list[int] = []
            count = sum(max(0, len(chain.rows) - 1 - max(known.get(p, -1), -1)) for p, chain in self._chains.items())
            left = limit_bytes
            for row, size in islice(merge(*missing), skipped, None):
                left -= size
                if rows and left < 0:
                    break
                rows.append(row)
                sizes.append(size)
            return rows, sizes, count

    def proofs(self) -> list[bytes]:
        """Second segments at one place, one for each author, each with the first one there.

        A desk that was given the second by hand, and goes on from it, asks for nothing before it: it needs the first.
        """
        with self._lock:
            self.refresh()
            seconds = sorted(self._proofs.values(), key=lambda proof: proof.segment.author)
            rows = [self._row_at(proof) for proof in seconds]
            firsts = self._shelf.segments_at(sorted(row for row in rows if row))
            return [proof.raw for proof in seconds] + firsts

    def _row_at(self, proof: SignedSegment) -> int:
        """The row of the segment that stands where this one would; 0 for none."""
        segment = proof.segment
        chain = self._chains.get((segment.author, segment.life))
        return chain.rows[segment.seq] if chain is not None and segment.seq < len(chain.rows) else 0

    def _keep_proof(self, signed: SignedSegment) -> None:
        """One proof convicts. Another takes its place if it has less than half its length: so seldom, and short."""
        kept = self._proofs.get(signed.segment.author)
        if kept is not None and 2 * len(signed.raw) >= len(kept.raw):
            return
        self._shelf.keep_proof(signed, kept)
        self._proofs[signed.segment.author] = signed

    def too_much(self, segments: list[SignedSegment]) -> str:
        """Why these are not taken, in words; empty if they are. What is here already may come again, and proofs may."""
        with self._lock:
            public, positions = self.public(), self.positions()
            said: dict[int, tuple[int, int]] = {}
            for signed in segments:
                segment = signed.segment
                author = segment.author
                if segment.seq <= positions.get((author, segment.life), -1):
                    continue
                if len(signed.raw) > MEASURE_BYTES and measures_in(signed):
                    return "a segment with a freeze, a suspension or a vote has at most 1 MiB"
                if public.serves(author) or author not in public.roster.signing:
                    continue
                count, size = said.get(author) or self._said_outside(author)
                said[author] = count + 1, size + len(signed.raw)
                if said[author][0] > OUTSIDE_SEGMENTS or said[author][1] > OUTSIDE_BYTES:
                    return "who is suspended or removed leaves at most 256 segments, of 16 MiB in all"
                gone = author in public.council.removed or author in public.agreed.removed
                if len(signed.raw) > (REMOVED_BYTES if gone else MEASURE_BYTES):
                    return "a segment of who was removed has at most 64 KiB, of who is suspended 1 MiB"
            return ""

    def _said_outside(self, author: int) -> tuple[int, int]:
        """How many segments of an officer, and how many bytes, came after he was suspended or removed."""
        public = self.public()
        places = [s.said.order for s in _suspensions(public.council) if s.pin.number == author]
        places += [c.removed[author][0] for c in (public.council, public.agreed) if author in c.removed]
        places += [(0, author, life, seq) for (who, life), seq in self._forks().items() if who == author]
        since = 0
        for _, who, life, seq in places:
            chain = self._chains.get((who, life))
            if chain is not None and 0 <= seq < len(chain.rows):
                since = max(since, chain.rows[seq])
        chains = [chain for (who, _), chain in self._chains.items() if who == author]
        left = [size for chain in chains for row, size in chain.beyond(bisect(chain.rows, since) - 1)]
        return len(left), sum(left)

    def _forks(self) -> dict[tuple[int, int], int]:
        return self._journal.chains.forks if self._journal else {}

    def measures(self) -> list[bytes]:
        """The segments with freezes and suspensions in force and the last vote of each on them, as received.

        In the one order, none longer than 1 MiB.
        """
        with self._lock:
            self.refresh()
            if self._journal is None:
                return []
            council = self._journal.public.council
            found: list[Measure] = [*council.freezes_in_force, *_suspensions(council)]
            measures = {measure.said.id: measure for measure in found}
            wanted: dict[tuple[bytes, int], SignedSegment] = {}
            for signed in self._journal.held:
                if len(signed.raw) > MEASURE_BYTES:
                    continue
                for said, event in measures_in(signed):
                    if said.id in measures:
                        wanted[said.id, 0] = signed
                    elif isinstance(event, Voted) and said.author in _voters(measures.get(event.on)):
                        wanted[event.on, said.author] = signed
            return [one.raw for one in sorted({s.id: s for s in wanted.values()}.values(), key=lambda s: s.order)]


def _suspensions(council: Council) -> list[Suspension]:
    """All that are in force, two of one officer too."""
    return [s for s in council.suspensions.values() if s.over is None and s.pin.number in council.roster]


def _voters(measure: Measure | None) -> frozenset[int]:
    return frozenset(measure.votes) if measure is not None else frozenset()
