"""The journal as the front keeps it: every segment that counts, and the fold of its clear events."""

import threading

from django.db import connection, transaction

from poruch.front.models import Fact, Fork, Segment
from poruch.journal.chains import Outcome
from poruch.journal.journal import Journal, measures_in
from poruch.journal.public import PublicState
from poruch.journal.segments import SignedSegment, parse_segment


class FrontJournal:
    """The journal in memory, the segments themselves in the database. One for each process."""

    def __init__(self) -> None:
        """Reads nothing; `refresh` does."""
        self._lock = threading.RLock()
        self._forget()

    def _forget(self) -> None:
        self._journal: Journal | None = None
        self._last = self._last_fork = 0
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
            journal.add(parse_segment(bytes(raw)) for _, raw in rows + forks)
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

        Of two segments at one place the second is kept, too: it convicts its author on every desk.
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
        forks = dict(journal.chains.forks)
        added = journal.add(segments)
        Segment.objects.bulk_create([_row(signed) for signed in added.fresh], ignore_conflicts=True)
        if forks != journal.chains.forks:
            proofs = [s for s, out in zip(segments, added.outcomes, strict=True) if out is Outcome.EQUIVOCATION]
            Fork.objects.bulk_create([Fork(segment=s.id.hex(), raw=s.raw) for s in proofs], ignore_conflicts=True)
        self._last, self._last_fork = _last_rows()
        journal.chains.faults.clear()  # kept by desks, as proof; a stranger could fill this memory
        return added.outcomes

    def positions(self) -> dict[tuple[int, int], int]:
        """For each (author, life) the last seq that has its place."""
        with self._lock:
            self.refresh()
            return dict(self._journal.chains.positions) if self._journal else {}

    def measures(self) -> list[bytes]:
        """The segments with freezes, suspensions and votes on them, as they were received."""
        with self._lock:
            self.refresh()
            held = self._journal.held if self._journal else []
            return [signed.raw for signed in held if measures_in(signed)]


def _last_rows() -> tuple[int, int]:
    """The numbers of the last stored segment and fork; asked at every page, so without the ORM."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT (SELECT max(id) FROM front_segment), (SELECT max(id) FROM front_fork)")
        segment, fork = cursor.fetchone()
        return int(segment or 0), int(fork or 0)


def _row(signed: SignedSegment) -> Segment:
    segment = signed.segment
    return Segment(segment=signed.id.hex(), author=segment.author, life=segment.life, seq=segment.seq, raw=signed.raw)
