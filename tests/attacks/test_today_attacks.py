"""What an enemy can do to snapshots, folders, erasures, rebuilds and the watch. Each test says what must hold."""

import hashlib
import os
import pickle
import threading
import zlib
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest

from attacks.rogue import sign, strike
from journal.council_fund import CouncilFund, heard
from poruch.crypto.signatures import SigningKey
from poruch.desk import council, newer, resolutions, watch
from poruch.desk.carrying import Carried, give_journal
from poruch.desk.program import Desk, head_of, pin_at
from poruch.desk.snapshots import Head, program
from poruch.desk.stranger import Answer
from poruch.errors import BadSegment, OtherBodies
from poruch.events.codec import encode
from poruch.events.council import NewOfficer, OfficerSuspended, RosterApproved, RosterProposed
from poruch.events.kinds import NoticePublished
from poruch.events.resolutions import CaseLeft, ErasureProposed
from poruch.front.journal import FrontJournal
from poruch.front.shelf_memory import MemoryShelf
from poruch.journal import folder as folders
from poruch.journal.chains import CLOCK_LEAP, Outcome
from poruch.journal.folder import Folder
from poruch.journal.frames import join
from poruch.journal.journal import Journal
from poruch.journal.line import Reply
from poruch.journal.members import explained_hash
from poruch.journal.packs import PackHead, name_of
from poruch.journal.shown import Step
from poruch.journal.sync import LineRelay, WaitingDrop
from poruch.web.headers import HEADERS
from story.test_erased import case_of, erase
from story.test_newer import MoonReached
from story.village import Village

DAY = date(2026, 9, 1)


def admit(fund: CouncilFund) -> None:
    """Three admit officer 6."""
    key = SigningKey(os.urandom(32))
    new = NewOfficer(6, key.public, bytes(32), fund.identities[1].recipient.text)
    event = RosterProposed(0, (new,), (), (1, 2, 3, 4, 5), 3, bytes(32), (), (), os.urandom(16))
    proposal = fund.named(1, event)
    for one in (2, 3):
        fund.say(one, RosterApproved(proposal, ()))
    fund.keys[6] = key


def test_a_freeze_dated_before_an_admission_neither_ends_a_front_nor_splits_desks() -> None:
    """A front that starts again, and a desk that does, hold what they held, and k thaw."""
    fund = CouncilFund()
    early = fund.heads[5].clock + 1
    fund.notice(1)
    admit(fund)
    word = fund.notice(6)
    freeze = fund.freeze(5, clock=early)
    shelf = MemoryShelf(named=fund.id)
    for signed in fund.all:
        FrontJournal(shelf).push([signed])
    along, whole = fund.journal(), Journal(fund.id)
    whole.add(fund.all)
    assert [one.id for one in along.held] == [one.id for one in whole.held]
    assert heard(along, word) == heard(whole, word)
    again = FrontJournal(shelf)
    assert again.positions() == along.chains.positions
    fund.vote(freeze, "undo", 1, 2, 3)
    later = [again.push([signed]) for signed in [*fund.all[-3:], fund.notice(6)]]
    assert later == [[Outcome.ACCEPTED]] * 4
    assert 6 in again.public().roster.signing


def test_a_desk_that_starts_again_holds_all_it_held_however_far_clocks_leapt(village: Village) -> None:
    """Else its officer's next segment would stand where one of his stands already."""
    one = village.desks[1]
    for times in (1, 2, 3):
        strike(village, 5, NoticePublished("note", str(times)), clock=one.chains.clock + CLOCK_LEAP)
    one.act([NoticePublished("note", "After all of it.")])
    one.store.erase([])  # and with it the snapshot
    one.folding.keep_opened()
    again = Desk(one.folder, one.key, one.fund, None, village.clock)
    try:
        assert not again.snapshots.woken
        assert [signed.id for signed in again.held] == [signed.id for signed in one.held]
    finally:
        again.store.close()


def test_words_dated_before_their_authors_admission_stand_in_no_rebuilds_way() -> None:
    """A desk gives all it holds in the journal's one order."""
    fund = CouncilFund()
    admit(fund)
    fund.say(6, NoticePublished("note", "Dated before all."), clock=0)
    held = fund.journal().held
    assert held[0].author == 6
    front = FrontJournal(MemoryShelf(named=fund.id))
    outcomes = [front.push([signed], own=True)[0] for signed in held]
    assert set(outcomes) <= {Outcome.ACCEPTED, Outcome.UNKNOWN_OFFICER, Outcome.WAITING}
    assert outcomes[0] is not Outcome.ACCEPTED
    assert sum(last + 1 for last in front.positions().values()) == len(held)


def test_an_erased_case_does_not_stand_for_the_bodies_of_another_person(village: Village) -> None:
    person, other = village.apply("Alena Persona"), village.apply("Bronia Persona")
    village.sync()
    erase(village, person, 1, 2, 3)
    village.sync()
    one, two = village.desks[1], village.desks[2]
    theirs = resolutions.sent(one, case_of(one, other))
    event = ErasureProposed(theirs.bodies, os.urandom(16))
    sender = next(s for s, id in one.cases.by_sender.items() if id == person.drop)
    one.act([event, CaseLeft(explained_hash(event), person.drop, sender, ())])
    village.sync()
    (waits,) = resolutions.waiting(two)
    with pytest.raises(OtherBodies):
        resolutions.approve(two, waits.said.id)


def test_who_says_what_nobody_knows_and_then_equivocates_stops_nobody(village: Village) -> None:
    """Each desk suspends an equivocator by itself: where his chain counts to, the unknown must not count."""
    first = sign(village, 5, [NoticePublished("note", "One.")])
    strike(village, 5, MoonReached("tomorrow"))
    second = sign(village, 5, [NoticePublished("note", "Two.")])
    third = sign(village, 5, [NoticePublished("note", "Three.")])
    assert first.seq < second.seq
    for signed in (second, third):
        for desk in village.desks.values():
            desk.take([signed], pushed=True)
    assert all(5 in desk.public.council.liars and newer.stopping(desk) for desk in village.desks.values())
    village.sync()
    for desk in list(village.desks.values())[:4]:
        assert 5 in desk.public.council.suspended
        assert newer.stopping(desk) == []


def test_a_removal_does_not_bring_back_what_a_suspension_put_aside(village: Village) -> None:
    village.sync()
    strike(village, 5, MoonReached("tomorrow"))
    village.clock.turn(2)
    village.sync()
    one = village.desks[1]
    assert newer.stopping(one)
    council.suspend(one, 5, "He says what no program knows.")
    village.sync()
    assert newer.stopping(one) == []
    standing = one.public.council
    (said,) = standing.suspended.values()
    head = one.chains.heads[(5, 0)]
    standing.roster.discard(5)
    standing.removed[5] = (head.order, head.day, head_of(one, 5))
    assert one.view.programs.stopping(standing) == []
    assert said.pin.seq < head.seq


def test_a_stick_full_of_drops_with_one_long_body_does_not_fill_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "BODY_LIMIT", 1000)
    monkeypatch.setattr(folders, "DROPS_BYTES", 10_000)
    folder = Folder(tmp_path, bytes(32), lambda: DAY)
    body = os.urandom(900)
    folder.keep_drops(WaitingDrop(0, f"{n:032x}", "submission", DAY, body) for n in range(100))
    first = [drop.drop for drop in folder.drops(())]
    assert 0 < len(first) <= 11
    seen = set(first)
    while len(seen) < 100:
        seen |= {drop.drop for drop in folder.drops(seen)}


@dataclass
class Dripping:
    """A front whose line breaks within one endless frame, again and again."""

    sent: int = 0
    answers: list[bytes] = field(default_factory=list)

    def post(self, path: str, body: bytes) -> Reply:
        part = (2**32 - 1).to_bytes(4, "big") + bytes(1024)
        self.sent += len(part)
        assert self.sent < 100 * 1024, "it was asked for ever"
        return Reply(200, part, whole=False)

    def as_stranger(self, method: str, path: str, body: bytes = b"") -> Reply:
        raise AssertionError

    def close(self) -> None:
        """Nothing is open."""


def test_a_front_that_breaks_off_for_ever_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("poruch.journal.sync.LIMIT_BYTES", 16 * 1024)
    with pytest.raises(BadSegment):
        LineRelay(Dripping()).segments_beyond({})


def test_the_watch_sees_that_visitors_are_sent_to_another_address() -> None:
    headers = {name.lower(): value for name, value in HEADERS.items()}
    step = Step("/", (), 200, b"page")
    assert watch.compare(step, Answer(200, headers, b"page")) == []
    swapped = Answer(200, {**headers, "onion-location": "http://another.onion/"}, b"page")
    assert [one.kind for one in watch.compare(step, swapped)] == ["headers"]


@pytest.fixture
def one(village: Village) -> Desk:
    village.sync()
    return village.desks[1]


def test_a_snapshot_of_what_may_not_be_read_again_does_not_keep_a_desk_shut(village: Village, one: Desk) -> None:
    raw = zlib.compress(pickle.dumps(os.getcwd))
    held = hashlib.sha256(b"".join(signed.id for signed in one.held[:10])).digest()
    head = encode(Head(program(), 10, held, hashlib.sha256(raw).digest()))
    one.folding.keep_opened()
    one.store.keep_snapshot(len(head).to_bytes(4, "big") + head + raw)
    again = Desk(one.folder, one.key, one.fund, None, village.clock)
    try:
        assert not again.snapshots.woken
        assert again.members.names == one.members.names
    finally:
        again.store.close()


def test_a_pack_that_lies_hides_nothing_from_a_folder(village: Village, tmp_path: Path) -> None:
    """Somebody on a shared drive claims that it holds everything; a desk gives what is truly missing."""
    village.sync()
    desk = village.desks[1]
    folder = Folder(tmp_path, desk.fund, lambda: DAY)
    first = desk.held[0].raw
    for rest in (b"", join([first[:64][::-1] + first[64:]])):
        raw = join([encode(PackHead(desk.fund, len(rest), tuple((n, 0, 0, 2**39) for n in range(1, 6))))]) + rest
        place = tmp_path / f"poruch-v1-{desk.fund.hex()}" / "segments"
        place.mkdir(parents=True, exist_ok=True)
        (place / name_of(raw)).write_bytes(raw)
    for _ in give_journal(desk, folder, threading.Lock(), Carried()):
        pass
    found = {one.id for pack in Folder(tmp_path, desk.fund, lambda: DAY).segments_beyond({}) for one in pack}
    assert {one.id for one in desk.held} <= found


def test_an_accomplice_who_suspends_first_stops_nobody_for_ever(village: Village) -> None:
    """He pins after the unknown event; three lift it, and one suspends anew, before it."""
    village.sync()
    strike(village, 5, MoonReached("tomorrow"))
    late = pin_at(village.desks[1].chains.heads[5, 0])
    strike(village, 4, OfficerSuspended(late, False, bytes(8)))
    for desk in village.desks.values():
        desk.sync()
    one = village.desks[1]
    (suspension,) = one.public.council.suspensions.values()
    assert suspension.pin.seq >= late.seq
    assert newer.stopping(one)
    for number in (1, 2, 3):
        desk = village.desks[number]
        desk.sync()
        council.undo(desk, suspension.said.id)
        desk.push()
    for desk in village.desks.values():
        desk.sync()
    council.suspend(one, 5, "He says what no program knows.")
    assert newer.stopping(one) == []
