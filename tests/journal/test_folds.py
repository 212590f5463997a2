"""Folding on from an earlier state gives what folding from the beginning gives, whatever comes late."""

import os
import random
from collections.abc import Iterator
from dataclasses import fields
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from journal.council_fund import CouncilFund
from journal.test_standing import play
from poruch.desk.folding import Folding
from poruch.desk.program import Desk
from poruch.events.base import Event
from poruch.events.council import CheckinMade, CheckinSet
from poruch.events.kinds import (
    BatchApproved,
    BatchExported,
    BatchItem,
    BatchProposed,
    CaseChecked,
    CaseRefused,
    CaseTaken,
    CheckpointSigned,
    CreditQuarantined,
    DonationReceived,
    EpochPrepared,
    GrantApproved,
    GrantProposed,
    Instalment,
    InstalmentReturned,
    InstalmentSettled,
    MessageSent,
    NoteWritten,
    OfficerNamed,
    OpeningObjected,
    OpeningRequested,
    OpeningUpheld,
    PublicationProposed,
    PublicationSent,
    QuarantineReturned,
)
from poruch.events.watch import AlarmEnded, AlarmRaised
from poruch.journal import folds
from poruch.journal.folds import Marks, copied, deep_copied
from poruch.journal.journal import Journal
from poruch.journal.segments import SignedSegment
from poruch.journal.store import MemoryStore
from story.village import Village, found_village

DAY = date(2026, 9, 1)


@pytest.fixture
def near(monkeypatch: pytest.MonkeyPatch) -> None:
    """States are kept after every third segment, so that short journals have many."""
    monkeypatch.setattr(folds, "NEAR", 3)


# ---- the clear events ---------------------------------------------------------------------------


@settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32))
def test_the_public_state_is_that_of_a_fold_from_the_beginning(near: None, seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311
    fund = CouncilFund()
    for _ in range(3):
        play(fund, rng)
        for number in rng.choices([1, 2, 3, 4, 5], k=4):
            fund.notice(number, clock=rng.choice([None, fund.heads[number].clock + 1]))
    whole = Journal(fund.id)
    whole.add(fund.all)
    arrived = list(fund.all)
    rng.shuffle(arrived)
    journal = Journal(fund.id)
    while arrived:
        count = rng.choice([1, 1, 2, 5, 20])
        journal.add(arrived[:count])
        del arrived[:count]
    assert [one.id for one in journal.held] == [one.id for one in whole.held]
    assert journal.standing == whole.standing
    for one in fields(whole.public):
        assert getattr(journal.public, one.name) == getattr(whole.public, one.name), one.name


# ---- what is sealed to circles ------------------------------------------------------------------


class Chatter:
    """Officers who say what comes to their minds, each without having heard the others."""

    def __init__(self, village: Village, rng: random.Random) -> None:
        self.desks, self.rng = village.desks, rng
        self.cases = sorted(village.desks[1].cases.cases)
        self.entries = [bytes([number]) * 32 for number in range(6)]
        self.said: list[bytes] = []

    def event(self) -> Event:
        rng = self.rng
        case, entry = rng.choice(self.cases), rng.choice(self.entries)
        id = rng.choice(self.said) if self.said else bytes(32)
        grant, batch, end = rng.choice(["g1", "g2"]), rng.choice(["b1", "b2", "b3"]), rng.choice(["e1", "e2"])
        item = BatchItem(grant, 0, case, case, end, "first-months", "EUR", 60000)
        return rng.choice(
            [
                CaseTaken(case),
                NoteWritten(case, f"Note {rng.random()}."),
                MessageSent(case, "question", "When was it?", entry),
                CaseRefused(case, "no loss"),
                CaseChecked(case, "reading", rng.choice(["believable", "doubtful"]), True, b""),
                GrantProposed(grant, case, "first-months", "EUR", (Instalment(60000, DAY),)),
                GrantApproved(grant, id),
                BatchProposed(batch, rng.randrange(1, 4), (item,), "sepa", rng.choice([3, 4]), DAY, 0, ()),
                BatchApproved(batch, id),
                BatchExported(batch, entry, (), rng.choice([(), (end,)])),
                InstalmentSettled(end, entry, DAY),
                InstalmentReturned(end, entry, DAY, "AC04"),
                DonationReceived(entry, DAY, 500, "EUR", "RF18539007547034"),
                CreditQuarantined(entry, DAY, 700, "EUR", "iban", "DE89370400440532013000"),
                QuarantineReturned(rng.choice(self.entries), entry, DAY, 700),
                OpeningRequested("Screen.", (case,), (b"no request",), batch),
                OpeningObjected(id, "Why?"),
                OpeningUpheld(id, (id,)),
                PublicationProposed(1, 0, (entry,), "body"),
                CheckpointSigned(id, "line"),
                PublicationSent(id),
                EpochPrepared(1, (), ()),
                OfficerNamed(rng.choice([1, 2, 3, 4, 5]), f"Name {rng.random()}"),
                CheckinSet(rng.choice([0, 24, 48])),
                CheckinMade(10**6 + rng.randrange(1000)),
                AlarmRaised("page", rng.choice(["/a", "/b"]), entry, bytes(32)),
                AlarmEnded("page", rng.choice(["/a", "/b"]), "seen to"),
            ]
        )

    def say(self) -> None:
        desk = self.desks[self.rng.choice(sorted(self.desks))]
        signed = desk.act([self.event() for _ in range(self.rng.choice([1, 1, 2, 3]))])
        heard = desk.folding._heard[signed.id]
        self.said += [one.id for one in heard]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Village, list[SignedSegment]]]:
    """A fund in which five officers have said many things, hearing of each other now and then."""
    village = found_village(tmp_path_factory.mktemp("village"))
    for number in range(4):
        village.apply(f"Person {number}")
    village.sync(2)
    chatter = Chatter(village, random.Random(11))  # noqa: S311
    for _ in range(4):
        for _ in range(25):
            chatter.say()
        village.sync(1)
    village.sync(2)
    ledger, cases = village.desks[3].ledger, village.desks[3].cases.cases.values()
    assert ledger.batches, "nothing is tried on books without a batch"
    assert ledger.posted
    assert any(case.grants for case in cases)
    assert len([case for case in cases if case.notes]) > 2
    yield village, village.front.segments
    village.close()


def another(village: Village, number: int) -> Desk:
    """A second desk of one officer, with nothing but the bodies of drops."""
    one, store = village.desks[number], MemoryStore()
    for sha256 in sorted(one.bodies):
        body = one.store.body(sha256)
        assert body is not None
        store.keep_body(sha256, body, pushed=True)
    return Desk(one.folder, one.key, one.fund, None, one.today, store=store)


def compare(found: Desk, expected: Desk) -> None:
    assert [one.id for one in found.held] == [one.id for one in expected.held]
    for one in fields(expected.view):
        assert getattr(found.view, one.name) == getattr(expected.view, one.name), one.name
    for name in ("members", "openings", "trials", "ledger", "presence", "alarms", "programs", "cases"):
        here, there = getattr(found.view, name), getattr(expected.view, name)
        for field in fields(there):
            assert getattr(here, field.name) == getattr(there, field.name), (name, field.name)
    assert found.public == expected.public


@settings(max_examples=12, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32), number=st.sampled_from([1, 2, 3, 5]))
def test_a_desk_that_hears_in_any_order_has_the_state_of_one_that_heard_all_at_once(
    near: None, scene: tuple[Village, list[SignedSegment]], seed: int, number: int
) -> None:
    village, segments = scene
    whole, desk = another(village, number), another(village, number)
    whole.take(segments, pushed=True)
    rng = random.Random(seed)  # noqa: S311
    left = {author: [s for s in segments if s.author == author] for author in village.desks}
    desk.take(left[1][:1], pushed=True)
    while any(left.values()):
        author = rng.choice([author for author, chain in left.items() if chain])
        count = rng.choice([1, 1, 2, 3, 10])
        desk.take(left[author][:count], pushed=True)
        del left[author][:count]
    compare(desk, whole)
    before = desk.view
    desk.refold()
    assert desk.view is not before
    compare(desk, whole)


def test_a_late_segment_is_not_folded_from_the_beginning(
    near: None, scene: tuple[Village, list[SignedSegment]], monkeypatch: pytest.MonkeyPatch
) -> None:
    village, segments = scene
    desk = another(village, 2)
    late = next(s for s in reversed(village.desks[1].held) if s.author == 4)
    after = [s for s in segments if s.order > late.order and s.author != 4]
    assert 0 < len(after) < 30, "the last of officer 4 stands near the end"
    desk.take([s for s in segments if s.author != 4 or s.seq < late.seq], pushed=True)
    asked: list[int] = []
    plain = Folding.back_to

    def watched(folding: Folding, place: int) -> None:
        plain(folding, place)
        asked.append(len(desk.held) - folding.folded)

    monkeypatch.setattr(Folding, "back_to", watched)
    desk.take([late], pushed=True)
    assert len(asked) == 1
    assert asked[0] <= 3 * len(after) + 6
    compare(desk, village.desks[2])


# ---- the parts ----------------------------------------------------------------------------------


def test_marks_are_near_each_other_at_the_end_and_few() -> None:
    marks: Marks[int] = Marks()
    for count in range(5000):
        if marks.due(count, 5000):
            marks.keep(count, count)
    counts = [count for count, _ in marks.kept]
    assert len(counts) <= folds.MOST_MARKS
    assert 5000 - counts[-1] <= 2 * max(folds.NEAR, 5000 // 64)
    assert all(count == state for count, state in marks.kept)
    assert marks.back_to(counts[2]) == (counts[2], counts[2])
    assert [count for count, _ in marks.kept] == counts[:3]
    assert marks.back_to(counts[0] - 1) is None


def test_marks_of_one_that_grows_by_ones_stay_few() -> None:
    marks: Marks[int] = Marks()
    for count in range(20_000):
        if marks.due(count, count):
            marks.keep(count, count)
    counts = [count for count, _ in marks.kept]
    assert len(counts) <= folds.MOST_MARKS
    assert counts[-1] >= 20_000 - 20_000 // 64 - folds.NEAR
    assert counts[0] < 15_000


def test_a_copy_to_the_bottom_shares_nothing_that_changes() -> None:
    fund = CouncilFund()
    for number in (1, 2, 3):
        fund.notice(number)
    fund.suspend(1, 5)
    public = fund.journal().public
    made = public.fork()
    assert made == public
    made.council.suspensions[next(iter(made.council.suspensions))].votes[2] = ("undo", False)
    made.notices.clear()
    made.roster.signing[9] = os.urandom(32)
    assert made.council.days is made.agreed.days
    assert public == fund.journal().public
    assert made.council.admit == made._admit
    assert public.council.admit == public._admit


def test_a_copy_copies_the_tables_that_are_named() -> None:
    one = Marks([(1, "a")])
    made = copied(one, "kept")
    made.kept.append((2, "b"))
    assert one.kept == [(1, "a")]
    assert deep_copied(one) == one
    assert deep_copied(one) is not one
