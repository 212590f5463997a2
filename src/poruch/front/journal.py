"""The journal as the front keeps it: every segment that counts, and the fold of its clear events."""

import threading

from django.db import connection, transaction
from django.db.models import Count, Sum
from django.db.models.functions import Length

from poruch.events.council import Voted
from poruch.front.models import Fact, Fork, Segment
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


class FrontJournal:
    """The journal in memory, the segments themselves in the database. One for each process."""

    def __init__(self) -> None:
        """Reads nothing; `refresh` does."""
        self._lock = threading.RLock()
        self._forget()

    def _forget(self) -> None:
        self._journal: Journal | None = None
        self._last = self._last_fork = 0
        self._proofs: dict[int, SignedSegment] = {}
        self._nothing = PublicState()

    @property
    def fund(self) -> bytes | None:
        """The id of the fund (32 bytes), fixed when the folder was made or by its first founder; None until then."""
        fact = Fact.objects.filter(name="fund").first()
        return bytes.fromhex(fact.value) if fact else None

    def public(self) -> PublicState:
        """The public state of now; reads what other processes have stored since."""
        with self._lock:
            self.refresh()
            return self._journal.public if self._journal is not None else self._nothing

    def refresh(self) -> None:
        """Take in what the database holds beyond what is known here."""
        with self._lock:
            journal = self._open_journal()
            if journal is None or _last_rows() == (self._last, self._last_fork):
                return
            rows = list(Segment.objects.filter(id__gt=self._last).order_by("id").values_list("id", "raw"))
            forks = list(Fork.objects.filter(id__gt=self._last_fork).order_by("id").values_list("id", "raw"))
            proofs = [parse_segment(bytes(raw)) for _, raw in forks]
            self._proofs |= {proof.segment.author: proof for proof in proofs}
            journal.add([*(parse_segment(bytes(raw)) for _, raw in rows), *proofs])
            journal.chains.forget_faults()
            self._last = rows[-1][0] if rows else self._last
            self._last_fork = forks[-1][0] if forks else self._last_fork

    def _open_journal(self) -> Journal | None:
        # Until a segment is here the fund may be named anew, by another process too (views/rendezvous.py).
        if self._journal is None or not self._journal.held:
            fund = self.fund
            if fund is not None and (self._journal is None or self._journal.fund != fund):
                self._journal = Journal(fund)
        return self._journal

    def push(self, segments: list[SignedSegment]) -> list[Outcome]:
        """Store what has its place in a chain, all or nothing; the outcome of each. The same segment twice is known.

        Of two segments at one place the second is kept, too: it convicts its author on every desk. One for each author.
        """
        with self._lock:
            try:
                with transaction.atomic():
                    return self._push(segments)
            except BaseException:
                self._forget()  # memory must not run ahead of the disk
                raise

    def _push(self, segments: list[SignedSegment]) -> list[Outcome]:
        self.refresh()
        journal = self._open_journal()
        if journal is None:
            return [Outcome.OTHER_FUND for _ in segments]
        added = journal.add(segments)
        Segment.objects.bulk_create([_row(signed) for signed in added.fresh], ignore_conflicts=True)
        for signed, outcome in zip(segments, added.outcomes, strict=True):
            if outcome is Outcome.EQUIVOCATION:
                self._keep_proof(signed)
        self._last, self._last_fork = _last_rows()
        journal.chains.forget_faults()  # kept by desks, as proof; a stranger could fill this memory
        return added.outcomes

    def positions(self) -> dict[tuple[int, int], int]:
        """For each (author, life) the last seq that has its place."""
        with self._lock:
            self.refresh()
            return dict(self._journal.chains.positions) if self._journal else {}

    def _keep_proof(self, signed: SignedSegment) -> None:
        """One proof convicts. Another takes its place if it has less than half its length: so seldom, and short."""
        author = signed.segment.author
        kept = self._proofs.get(author)
        if kept is not None and 2 * len(signed.raw) >= len(kept.raw):
            return
        if kept is not None:
            Fork.objects.filter(segment=kept.id.hex()).delete()
        Fork.objects.get_or_create(segment=signed.id.hex(), defaults={"raw": signed.raw})
        self._proofs[author] = signed

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
            row = Segment.objects.filter(author=who, life=life, seq=seq).values_list("id", flat=True).first()
            since = max(since, row or 0)
        rows = Segment.objects.filter(author=author, id__gt=since)
        found = rows.aggregate(count=Count("id"), size=Sum(Length("raw")))
        return int(found["count"]), int(found["size"] or 0)

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


def _last_rows() -> tuple[int, int]:
    """The numbers of the last stored segment and fork; asked at every page, so without the ORM."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT (SELECT max(id) FROM front_segment), (SELECT max(id) FROM front_fork)")
        segment, fork = cursor.fetchone()
        return int(segment or 0), int(fork or 0)


def _row(signed: SignedSegment) -> Segment:
    segment = signed.segment
    return Segment(segment=signed.id.hex(), author=segment.author, life=segment.life, seq=segment.seq, raw=signed.raw)
