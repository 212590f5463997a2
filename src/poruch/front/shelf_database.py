"""The shelf in the front's database, through Django: the rows of poruch.front.models."""

import contextlib
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from django.db import connection, transaction
from django.db.models import Max
from django.db.models.functions import Length

from poruch.front.models import Body, Drop, Erased, Fact, Fork, Part, Segment, Slip, Tag
from poruch.front.scrubbing import scrub
from poruch.front.shelf import Half, KeptDrop
from poruch.journal.segments import SignedSegment

AT_ONCE = 500
"""Rows or names in one query."""
SPARSE = 2
"""From a stretch of rows is read whole where at least each second row is wanted."""
ONE_WRITER = 0x706F7275
"""The advisory lock under which PostgreSQL numbers segments in the order in which they are seen."""


class DatabaseShelf:
    """See `poruch.front.shelf.Shelf`. Holds nothing itself."""

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """See `Shelf`. SQLite begins each transaction with the only right to write (settings.py)."""
        with transaction.atomic():
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_WRITER])
            yield

    def fund(self) -> bytes | None:
        """See `Shelf`."""
        fact = Fact.objects.filter(name="fund").first()
        return bytes.fromhex(fact.value) if fact else None

    # ---- segments ---------------------------------------------------------------------------

    def last_rows(self) -> tuple[int, int]:
        """See `Shelf`. Asked at every page, so without the ORM."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT (SELECT max(id) FROM front_segment), (SELECT max(id) FROM front_fork)")
            segment, fork = cursor.fetchone()
            return int(segment or 0), int(fork or 0)

    def segments_after(self, row: int) -> Iterator[tuple[int, bytes]]:
        """See `Shelf`."""
        while rows := list(Segment.objects.filter(id__gt=row).order_by("id").values_list("id", "raw")[:AT_ONCE]):
            yield from ((at, bytes(raw)) for at, raw in rows)
            row = rows[-1][0]

    def segments_at(self, rows: Sequence[int]) -> list[bytes]:
        """See `Shelf`."""
        found: list[bytes] = []
        for start in range(0, len(rows), AT_ONCE):
            wanted = rows[start : start + AT_ONCE]
            if wanted[-1] - wanted[0] < SPARSE * len(wanted):
                query = Segment.objects.filter(id__range=(wanted[0], wanted[-1]))
            else:
                query = Segment.objects.filter(id__in=wanted)
            here = set(wanted)
            found += [bytes(raw) for at, raw in query.order_by("id").values_list("id", "raw") if at in here]
        return found

    def keep_segments(self, segments: Sequence[SignedSegment]) -> list[int]:
        """See `Shelf`."""
        return [row.id for row in Segment.objects.bulk_create([_row(signed) for signed in segments])]

    def proofs_after(self, row: int) -> list[tuple[int, bytes]]:
        """See `Shelf`."""
        return [(at, bytes(raw)) for at, raw in Fork.objects.filter(id__gt=row).order_by("id").values_list("id", "raw")]

    def keep_proof(self, proof: SignedSegment, instead_of: SignedSegment | None) -> None:
        """See `Shelf`."""
        if instead_of is not None:
            Fork.objects.filter(segment=instead_of.id.hex()).delete()
        Fork.objects.get_or_create(segment=proof.id.hex(), defaults={"raw": proof.raw})

    # ---- bodies, drops and what is half sent --------------------------------------------------

    def keep_body(self, sha256: bytes, body: bytes) -> None:
        """See `Shelf`."""
        Body.objects.get_or_create(sha256=sha256.hex(), defaults={"body": body})

    def sizes(self, hashes: Sequence[bytes]) -> dict[bytes, int]:
        """See `Shelf`."""
        found: dict[bytes, int] = {}
        for start in range(0, len(hashes), AT_ONCE):
            names = [sha256.hex() for sha256 in hashes[start : start + AT_ONCE]]
            for rows in (Drop.objects.filter(sha256__in=names), Body.objects.filter(sha256__in=names)):
                measured = rows.annotate(size=Length("body")).values_list("sha256", "size")
                found |= {bytes.fromhex(name): size for name, size in measured if size}
        return found

    def bodies_after(self, sha256: bytes, most: int) -> list[bytes]:
        """See `Shelf`."""
        names = Body.objects.filter(sha256__gt=sha256.hex()).order_by("sha256").values_list("sha256", flat=True)[:most]
        return [bytes.fromhex(name) for name in names]

    def body(self, sha256: bytes) -> bytes | None:
        """See `Shelf`."""
        for rows in (Body.objects.filter(sha256=sha256.hex()), Drop.objects.filter(sha256=sha256.hex())):
            for (body,) in rows.values_list("body")[:1]:
                if body:
                    return bytes(body)
        return None

    def drops_after(self, arrival: int) -> Iterator[tuple[int, int]]:
        """See `Shelf`."""
        while True:
            query = Drop.objects.filter(id__gt=arrival).order_by("id").annotate(size=Length("body"))
            rows = list(query.values_list("id", "size")[:AT_ONCE])
            yield from ((at, size) for at, size in rows if size)
            if not rows:
                return
            arrival = rows[-1][0]

    def drop(self, arrival: int) -> KeptDrop | None:
        """See `Shelf`."""
        row = Drop.objects.filter(id=arrival).first()
        if row is None:
            return None
        return KeptDrop(row.id, row.drop, row.kind, row.day, bytes.fromhex(row.sha256), bytes(row.body))

    def halves(self, who: str) -> list[Half]:
        """See `Shelf`."""
        rows = Part.objects.filter(who=who).values("whole", "day").annotate(held=Max("end"))
        return [Half(bytes.fromhex(row["whole"]), int(row["held"]), row["day"]) for row in rows]

    def add_part(self, who: str, half: Half, part: bytes) -> None:
        """See `Shelf`."""
        end = half.held + len(part)
        Part.objects.create(who=who, whole=half.whole.hex(), day=half.day, offset=half.held, end=end, part=part)

    def parts(self, who: str, whole: bytes) -> bytes:
        """See `Shelf`."""
        rows = Part.objects.filter(who=who, whole=whole.hex()).order_by("offset").values_list("part", flat=True)
        return b"".join(bytes(part) for part in rows)

    def forget_parts(self, who: str, whole: bytes) -> None:
        """See `Shelf`."""
        Part.objects.filter(who=who, whole=whole.hex()).delete()

    def forget_halves_before(self, day: date) -> None:
        """See `Shelf`."""
        Part.objects.filter(day__lt=day).delete()

    # ---- erasing ------------------------------------------------------------------------------

    def erased(self) -> set[bytes]:
        """See `Shelf`."""
        return {bytes.fromhex(name) for name in Erased.objects.values_list("sha256", flat=True)}

    def erase(self, hashes: Iterable[bytes]) -> None:
        """See `Shelf`."""
        names = sorted(sha256.hex() for sha256 in hashes)
        Erased.objects.bulk_create([Erased(sha256=name) for name in names], ignore_conflicts=True)
        for start in range(0, len(names), AT_ONCE):
            some = names[start : start + AT_ONCE]
            Body.objects.filter(sha256__in=some).delete()
            Drop.objects.filter(sha256__in=some).update(body=b"")
            Part.objects.filter(whole__in=some).delete()

    def to_scrub(self) -> bool:
        """See `Shelf`."""
        return Erased.objects.filter(scrubbed=False).exists()

    def scrub(self) -> bool:
        """See `Shelf`."""
        names = list(Erased.objects.filter(scrubbed=False).values_list("sha256", flat=True))
        if not names or scrub():
            return not names
        for start in range(0, len(names), AT_ONCE):
            Erased.objects.filter(sha256__in=names[start : start + AT_ONCE]).update(scrubbed=True)
        return True

    # ---- tags and slips -----------------------------------------------------------------------

    def batches(self, tags: Sequence[bytes]) -> dict[bytes, str]:
        """See `Shelf`."""
        rows = Tag.objects.filter(tag__in=[tag.hex() for tag in tags]).values_list("tag", "batch")
        return {bytes.fromhex(tag): batch for tag, batch in rows}

    def keep_tags(self, batch: str, tags: Iterable[bytes]) -> None:
        """See `Shelf`."""
        Tag.objects.bulk_create([Tag(tag=tag.hex(), batch=batch) for tag in tags])

    def keep_slips(self, slips: Iterable[tuple[bytes, bytes]]) -> None:
        """See `Shelf`."""
        rows = [Slip(lookup=lookup.hex(), sha256=hashlib.sha256(slip).hexdigest(), slip=slip) for lookup, slip in slips]
        Slip.objects.bulk_create(rows, ignore_conflicts=True)


def _row(signed: SignedSegment) -> Segment:
    segment = signed.segment
    return Segment(segment=signed.id.hex(), author=segment.author, life=segment.life, seq=segment.seq, raw=signed.raw)
