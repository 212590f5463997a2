"""The journal as the front keeps it: every segment that counts, and the fold of its clear events."""

import threading

from django.db import connection, transaction

from poruch.front.models import Fact, Segment
from poruch.journal.chains import Chains, Outcome
from poruch.journal.public import PublicState
from poruch.journal.segments import SignedSegment, parse_segment


class FrontJournal:
    """Chains and public state in memory, the segments themselves in the database. One for each process."""

    def __init__(self) -> None:
        """Reads nothing; `refresh` does."""
        self._lock = threading.RLock()
        self._forget()

    def _forget(self) -> None:
        self._chains: Chains | None = None
        self._last = 0
        self._counted: list[SignedSegment] = []
        self._state = PublicState()

    @property
    def fund(self) -> bytes | None:
        """The id of the fund (32 bytes), fixed when the folder was made."""
        fact = Fact.objects.filter(name="fund").first()
        return bytes.fromhex(fact.value) if fact else None

    def public(self) -> PublicState:
        """The public state of now; reads what other processes have stored since."""
        with self._lock:
            self.refresh()
            return self._state

    def refresh(self) -> None:
        """Take in the segments that the database holds beyond those known here."""
        with self._lock:
            chains = self._open_chains()
            if chains is None:
                return
            if _last_row() == self._last:
                return
            new: list[SignedSegment] = []
            for row in Segment.objects.filter(id__gt=self._last).order_by("id").iterator():
                self._last = row.id
                new += chains.add(parse_segment(bytes(row.raw)))[1]
            self._fold(new)

    def _open_chains(self) -> Chains | None:
        if self._chains is None and (fund := self.fund) is not None:
            self._chains = Chains(fund)
        return self._chains

    def _fold(self, new: list[SignedSegment]) -> None:
        if not new:
            return
        late = self._counted and min(s.order for s in new) < self._counted[-1].order
        self._counted = sorted([*self._counted, *new], key=lambda signed: signed.order)
        if late:
            self._state, new = PublicState(), self._counted
        for signed in sorted(new, key=lambda signed: signed.order):
            self._state.apply(signed)

    def push(self, segments: list[SignedSegment]) -> list[Outcome]:
        """Store what counts, all or nothing; the outcome of each segment. The same segment twice is known."""
        with self._lock:
            try:
                with transaction.atomic():
                    return self._push(segments)
            except BaseException:
                self._forget()  # memory must not run ahead of the disk
                raise

    def _push(self, segments: list[SignedSegment]) -> list[Outcome]:
        self.refresh()
        chains = self._open_chains()
        if chains is None:
            return [Outcome.OTHER_FUND for _ in segments]
        outcomes: list[Outcome] = []
        counted: list[SignedSegment] = []
        for signed in segments:
            outcome, new = chains.add(signed)
            outcomes.append(outcome)
            counted += new
        Segment.objects.bulk_create([_row(signed) for signed in counted], ignore_conflicts=True)
        self._fold(counted)
        self._last = _last_row()
        chains.faults.clear()  # kept by desks, as proof; a stranger could fill this memory
        return outcomes

    def positions(self) -> dict[tuple[int, int], int]:
        """For each (author, life) the last seq that counts."""
        with self._lock:
            self.refresh()
            return dict(self._chains.positions) if self._chains else {}


def _last_row() -> int:
    """The number of the last stored segment; asked at every page, so without the ORM."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(id) FROM front_segment")
        return int(cursor.fetchone()[0] or 0)


def _row(signed: SignedSegment) -> Segment:
    segment = signed.segment
    return Segment(segment=signed.id.hex(), author=segment.author, life=segment.life, seq=segment.seq, raw=signed.raw)
