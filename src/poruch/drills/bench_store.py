"""A desk's whole journal, measured: taken in from nothing, started again, and how much of the disk it fills.

Ten events a segment, sealed together to one circle or two, as officers say them of a thousand cases and of the bank's
entries. The bodies of drops are not part of it. Times of a million events are CPU seconds of fewer, multiplied: what a
start costs once (the cipher's check of a file below 64 MiB, a few keys) counts more in them than in a million.
"""

import hashlib
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from nacl.bindings import crypto_sign_open

from poruch.crypto import keyfile
from poruch.desk.program import STORE_FILE, Desk
from poruch.drills.bench_measure import Bench, Row, cpu_seconds, rate_row, row
from poruch.events.base import Event
from poruch.events.charter import CIRCLES, Charter, Founder, Programme, fund_id
from poruch.events.drops import DropContent
from poruch.events.kinds import (
    CaseChecked,
    CirclesAssigned,
    DonationReceived,
    DropAdmitted,
    FundFounded,
    Membership,
    NoteWritten,
    RosterKeys,
)
from poruch.journal.circles import CircleKey, CircleRecipients, hand_out, key_of, new_secret, seal_events
from poruch.journal.segments import DOMAIN, GENESIS, Segment, SignedSegment, parse_segment, sign_segment
from poruch.journal.store import Store

DAY = date(2026, 9, 1)
EVENTS, CASES, AT_ONCE = 10, 1000, 256
SEGMENTS = int(os.environ.get("PORUCH_BENCH_SEGMENTS", "2000"))
"""How many are measured. For a whole million events: `PORUCH_BENCH_SEGMENTS=100000 make bench ARGS=store`."""


@dataclass(frozen=True)
class Made:
    """A journal, and what its first officer needs to read it. `contents` are drops by the hash of their bodies."""

    key: keyfile.OfficerKey
    fund: bytes
    raws: list[bytes]
    contents: dict[bytes, DropContent]


class _Writer:
    """One officer who says all."""

    def __init__(self) -> None:
        self.key = keyfile.OfficerKey.generate(1, "Officer")
        others = [Founder(number, os.urandom(32)) for number in (2, 3)]
        programme = Programme("first-months", "grants", 2, (60000,))
        self.charter = Charter(
            "Bench", "bench.example/log", ("en",), "EUR", 2, (Founder(1, self.key.signing.public), *others),
            bytes(16), (programme,), "", "", "", "", (), (), 91,
        )  # fmt: skip
        self.fund = fund_id(self.charter)
        self.last: SignedSegment | None = None
        self.recipients: dict[str, CircleRecipients] = {}
        self.held: dict[str, CircleKey] = {}

    def say(self, events: list[Event]) -> bytes:
        seq = self.last.seq + 1 if self.last else 0
        prev = self.last.id if self.last else GENESIS
        entries = seal_events(events, self.fund, (1, 0, seq, 0), self.recipients, self.held, os.urandom)
        segment = Segment(self.fund, 1, 0, seq, prev, seq, DAY + timedelta(days=seq // 50), entries)
        self.last = sign_segment(segment, self.key.signing)
        return self.last.raw

    def found(self) -> list[bytes]:
        key = self.key
        said: list[Event] = [FundFounded(self.charter)]
        said.append(RosterKeys(1, key.signing.public, key.log.public, key.identity.recipient.text, "active"))
        for circle in CIRCLES:
            secret = new_secret(circle, 1, os.urandom)
            self.held[circle] = key_of(secret)
            self.recipients[circle] = self.held[circle].recipients
            said.append(hand_out(secret, [key.identity.recipient], 3, os.urandom))
        everybody = CirclesAssigned(tuple(Membership(circle, (1,)) for circle in CIRCLES))
        return [self.say(said), self.say([everybody])]


def make_journal(segments: int) -> Made:
    """A journal of so many segments."""
    writer = _Writer()
    raws = writer.found()
    contents: dict[bytes, DropContent] = {}
    drops = [f"{number:032x}" for number in range(min(CASES, segments))]
    for at in range(0, len(drops), EVENTS):
        said: list[Event] = []
        for number, drop in enumerate(drops[at : at + EVENTS], at + 1):
            body = os.urandom(32)
            contents[body] = DropContent(drop, "submission", number.to_bytes(32, "big"), b"", b"", b"", b"")
            said.append(DropAdmitted(drop, "submission", body, DAY, number))
        raws.append(writer.say(said))
    while len(raws) < segments:
        case = drops[len(raws) % len(drops)]
        raws.append(writer.say(_act(len(raws), case)))
    return Made(writer.key, writer.fund, raws, contents)


def _act(number: int, case: str) -> list[Event]:
    """What an officer says at once: notes, checks, or the entries of a statement."""
    if number % 5 < 2:
        reference = "RF18539007547034"
        return [DonationReceived(os.urandom(32), DAY, 5000 + at, "EUR", reference) for at in range(EVENTS)]
    if number % 5 == 2:
        return [CaseChecked(case, "reading", "believable", True, os.urandom(32)) for _ in range(EVENTS)]
    text = "The dates agree with what was published in the newspaper, page "
    return [NoteWritten(case, text + f"{number}, line {at}.") for at in range(EVENTS)]


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="poruch-bench-") as folder:
        yield Path(folder)


def _desk(folder: Path, made: Made) -> Desk:
    return Desk(folder, made.key, made.fund, None, lambda: DAY)


def _taken(folder: Path, made: Made) -> Desk:
    """From an empty store to a desk that can be used, as a sync takes it in; all of it is on the disk."""
    desk = _desk(folder, made)
    desk.folding.opened.update(made.contents)
    for at in range(0, len(made.raws), AT_ONCE):
        desk.take([parse_segment(raw) for raw in made.raws[at : at + AT_ONCE]], pushed=True)
    assert len(desk.held) == len(made.raws)
    return desk


def _from_empty(what: str) -> Row:
    made = make_journal(SEGMENTS)
    domain, public = DOMAIN.encode() + b"\n", made.key.signing.public

    def bare() -> None:
        for raw in made.raws:
            signed = domain + raw[64:]
            crypto_sign_open(raw[:64] + signed, public)
            hashlib.sha256(signed).digest()

    with _folder() as folder:
        taken: list[Desk] = []
        spent = cpu_seconds(lambda: taken.append(_taken(folder, made)))
        taken[0].close()
    million = 1e6 / (SEGMENTS * EVENTS)
    return row(what, "s", spent * million, cpu_seconds(bare) * million)


def _warm(what: str) -> Row:
    made = make_journal(SEGMENTS)
    with _folder() as folder:
        _taken(folder, made).close()

        def bare() -> None:
            (folder / STORE_FILE).read_bytes()

        def ours() -> None:
            desk = _desk(folder, made)
            assert desk.snapshots.woken, "it did not start from its snapshot"
            assert len(desk.held) == len(made.raws)
            desk.store.close()

        spent, floor = cpu_seconds(ours), cpu_seconds(bare)
    million = 1e6 / (SEGMENTS * EVENTS)
    return row(what, "s", spent * million, floor * million)


def _disk(what: str) -> Row:
    made = make_journal(SEGMENTS)
    with _folder() as folder:
        _taken(folder, made).close()
        filled = sum(path.stat().st_size for path in folder.iterdir())
    return row(what, "bytes", filled, sum(map(len, made.raws)))


def _append(what: str) -> Row:
    made = make_journal(SEGMENTS)
    signed = [parse_segment(raw) for raw in made.raws]
    with _folder() as folder:
        store = Store(folder / STORE_FILE, made.key.store_key)

        def ours() -> None:
            for at in range(0, len(signed), AT_ONCE):
                store.keep_segments(signed[at : at + AT_ONCE], pushed=True)

        def bare() -> None:
            with (folder / "plain").open("wb") as file:
                for at in range(0, len(signed), AT_ONCE):
                    file.write(b"".join(one.raw for one in signed[at : at + AT_ONCE]))
                    file.flush()
                    os.fsync(file.fileno())

        begun = time.perf_counter()
        ours()
        spent = time.perf_counter() - begun
        begun = time.perf_counter()
        bare()
        floor = time.perf_counter() - begun
        store.close()
    return rate_row(what, "events/s", SEGMENTS * EVENTS / spent, SEGMENTS * EVENTS / floor)


BENCHES = (
    Bench("store: events appended", ">= 30,000 events/s", _append),
    Bench("store: a million events from empty to usable", "<= 60 s", _from_empty),
    Bench("store: a million events, warm start", "<= 2 s", _warm),
    Bench("store: bytes on the disk", "<= 1.3 of the segments", _disk),
)
