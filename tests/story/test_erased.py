"""Erased is erased: after k approved and all synced, what a person sent is in no file of any desk, nor at the front."""

import hashlib
from contextlib import nullcontext
from datetime import date, timedelta
from pathlib import Path

import pytest

from poruch.desk import banking, casework, openings, resolutions, screening, treasury, views_cases, waiting
from poruch.desk.carrying import Carried, exchange
from poruch.desk.duties import do_duties
from poruch.desk.program import Desk
from poruch.desk.syncing import Progress
from poruch.drills.bank import Bank
from poruch.errors import (
    AlreadyDone,
    BadReason,
    CaseErased,
    FundFrozenNow,
    MissingCheck,
    MustStay,
    NotOfQuorum,
    OtherBodies,
    PoruchError,
    StillMoving,
    StillOpen,
)
from poruch.events.council import FundFrozen, Voted
from poruch.events.kinds import MailboxReplied
from poruch.events.resolutions import CaseLeft, ErasureProposed, LeftDrop
from poruch.journal import dropbox
from poruch.journal.folder import Folder
from poruch.journal.members import explained_hash
from poruch.journal.store import Store
from story.test_way import IBANS, LIST, grant
from story.village import FUND_IBAN, Applicant, Village

WHY = "The person asked us by telephone."


def only(village: Village, *numbers: int) -> Village:
    return Village(village.clock, village.front, {n: village.desks[n] for n in numbers}, village.charter)


def case_of(desk: Desk, person: Applicant):  # type: ignore[no-untyped-def]
    return desk.cases.cases[person.drop]


def erase(village: Village, person: Applicant, *numbers: int) -> bytes:
    """The first proposes, the others approve; each desk syncs after."""
    first = village.desks[numbers[0]]
    resolutions.propose_erasure(first, case_of(first, person), WHY)
    (id,) = (one.said.id for one in resolutions.waiting(first))
    only(village, *numbers).sync(1)
    for number in numbers[1:]:
        resolutions.approve(village.desks[number], id)
        only(village, *numbers).sync(1)
    return id


def raw_bodies(village: Village, person: Applicant) -> list[bytes]:
    """What the front holds of one person, as it holds it."""
    mailbox = case_of(village.desks[1], person).mailbox
    letters = [village.front.bodies[reply.body] for reply in village.front.public.replies[mailbox]]
    sent = {d.drop: d.body for d in village.front.drops}
    return [sent[drop] for drop in resolutions.drops_of(case_of(village.desks[1], person))] + letters


def files_with(folder: Path, needle: bytes) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and needle in path.read_bytes()]


def held(desk: Desk, sha256: bytes, raw: bytes) -> list[str]:
    """Where a store still has the bytes, read with its key past all of the program's own functions."""
    rows = []
    for (table,) in desk.store._db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        columns = [row[1] for row in desk.store._db.execute(f"PRAGMA table_info({table})")]
        for row in desk.store._db.execute(f"SELECT * FROM {table}").fetchall():  # noqa: S608
            found = [n for n, value in zip(columns, row, strict=True) if isinstance(value, bytes) and raw in value]
            rows += [f"{table}.{name}" for name in found]
    if desk.store.body(sha256) is not None:
        rows.append("body")
    return rows


@pytest.fixture
def told(village: Village) -> tuple[Village, Applicant, Applicant]:
    """One person who asks, is answered and writes again; another who is not to be touched."""
    person, other = village.apply("Alena Persona", "I refused an order."), village.apply("Bronia Persona")
    village.sync()
    casework.take(village.desks[1], case_of(village.desks[1], person))
    casework.write_message(village.desks[1], case_of(village.desks[1], person), "Where do you live now?")
    village.sync()
    village.write(person, "Not at home.")
    village.sync()
    return village, person, other


def test_erased_is_erased_everywhere(told: tuple[Village, Applicant, Applicant], tmp_path: Path) -> None:
    village, person, other = told
    raws = raw_bodies(village, person)
    kept = raw_bodies(village, other)
    assert len(raws) == 5
    label = case_of(village.desks[1], person).label
    erase(village, person, 1, 2, 3)
    village.sync()
    for raw in raws:
        sha256 = hashlib.sha256(raw).digest()
        assert sha256 not in village.front.bodies
        assert all(drop.body != raw for drop in village.front.drops)
        assert files_with(tmp_path, raw[:64]) == []
        for desk in village.desks.values():
            assert held(desk, sha256, raw) == []
            assert desk.keep_body(raw, pushed=True) == sha256
            assert desk.store.body(sha256) is None, "it does not come back"
        village.front.put_body(raw)
        assert village.front.body(sha256) is None
    for raw in kept:
        assert hashlib.sha256(raw).digest() in village.front.bodies
    for desk in village.desks.values():
        case = case_of(desk, person)
        assert (case.label, case.erased, case.state) == (label, village.clock(), "erased")
        assert person.drop not in desk.contents
        assert other.drop in desk.contents
        assert not desk.cases.unlinked
        assert waiting.faults(desk) == []


def test_closed_stores_hold_nothing_of_it_either(told: tuple[Village, Applicant, Applicant]) -> None:
    village, person, _ = told
    raws = raw_bodies(village, person)
    erase(village, person, 1, 2, 3)
    village.sync()
    for number, desk in village.desks.items():
        folder, key, letters = desk.folder, desk.key, case_of(desk, person).letters
        desk.close()
        again = Desk(folder, key, desk.fund, desk.relay, village.clock)
        village.desks[number] = again
        assert [held(again, hashlib.sha256(raw).digest(), raw) for raw in raws] == [[]] * len(raws)
        case = case_of(again, person)
        assert (case.erased, case.letters) == (village.clock(), letters)
        assert not again.cases.unlinked


def test_a_desk_that_was_away_erases_at_its_next_sync_and_brings_nothing_back(
    told: tuple[Village, Applicant, Applicant],
) -> None:
    village, person, _ = told
    raws = raw_bodies(village, person)
    erase(village, person, 1, 2, 3)
    away = village.desks[5]
    assert any(held(away, hashlib.sha256(raw).digest(), raw) for raw in raws)
    only(village, 5).sync()
    village.sync()
    for raw in raws:
        sha256 = hashlib.sha256(raw).digest()
        assert held(away, sha256, raw) == []
        assert sha256 not in village.front.bodies
    assert case_of(away, person).erased == village.clock()


def test_all_desks_come_to_one_state_whether_they_had_the_bodies_or_not(
    told: tuple[Village, Applicant, Applicant], tmp_path: Path
) -> None:
    village, person, _ = told
    erase(village, person, 1, 2, 3)
    village.sync()
    two = village.desks[2]
    (tmp_path / "new").mkdir()
    store = Store(tmp_path / "new" / "desk.db", two.key.store_key)
    fresh = Desk(tmp_path / "new", two.key, two.fund, two.relay, village.clock, store=store)
    fresh.idle = True
    fresh.take(two.held, pushed=True)
    fresh.sync()
    ours, theirs = case_of(two, person), case_of(fresh, person)
    assert (ours.number, ours.mailbox, ours.gone, ours.letters) == (
        theirs.number, theirs.mailbox, theirs.gone, theirs.letters
    )  # fmt: skip
    assert not fresh.cases.unlinked
    assert not two.cases.unlinked
    fresh.close()


def test_nothing_breaks_afterwards(told: tuple[Village, Applicant, Applicant]) -> None:
    village, person, _ = told
    erase(village, person, 1, 2, 3)
    village.sync()
    for desk in village.desks.values():
        case = case_of(desk, person)
        assert views_cases.next_step(desk, case).key == "erased"
        assert not views_cases.next_step(desk, case).open
        assert waiting.counts(desk)["total"] >= 0
        for letter in case.letters:
            if letter.drop and desk.within("casework"):
                assert casework.answer(desk, letter) == ""
        if desk.within("casework"):
            with pytest.raises(MissingCheck):
                casework.story(desk, case)
            with pytest.raises(CaseErased):
                casework.write_message(desk, case, "Are you there?")
        with pytest.raises(PoruchError):
            openings.ask(desk, "Screen it.", [case.id])
        with pytest.raises(AlreadyDone):
            resolutions.propose_erasure(desk, case, WHY)
        do_duties(desk)


def test_who_comes_back_with_the_code_is_heard_and_answered(told: tuple[Village, Applicant, Applicant]) -> None:
    village, person, _ = told
    erase(village, person, 1, 2, 3)
    village.sync()
    village.write(person, "I am here again.")
    village.sync()
    one = village.desks[1]
    case = case_of(one, person)
    assert casework.answer(one, case.letters[-1]) == "I am here again."
    assert views_cases.next_step(one, case).key == "answer"
    casework.write_message(one, case, "Good to hear from you.")
    village.sync()
    assert village.front.public.replies[case.mailbox][-1].body in village.front.bodies
    erase(village, person, 1, 2, 3)
    village.sync()
    assert views_cases.next_step(one, case_of(one, person)).key == "erased"


def test_too_few_and_too_early_erase_nothing(told: tuple[Village, Applicant, Applicant]) -> None:
    village, person, _ = told
    one, two = village.desks[1], village.desks[2]
    with pytest.raises(BadReason):
        resolutions.propose_erasure(one, case_of(one, person), " ")
    id = erase(village, person, 1, 2)
    with pytest.raises(AlreadyDone):
        resolutions.approve(two, id)
    assert [d.erased for d in village.desks.values()] == [set()] * 5
    one.act([FundFrozen(bytes(16))])
    only(village, 1, 2, 3).sync(1)
    with pytest.raises(FundFrozenNow):
        resolutions.approve(village.desks[3], id)
    (freeze,) = one.public.council.freezes
    for number in (1, 2, 3):
        village.desks[number].act([Voted(freeze, "undo", False)])
    village.sync()
    assert [len(resolutions.mine(desk)) for desk in village.desks.values()] == [0, 0, 1, 1, 1]
    resolutions.approve(village.desks[3], id)
    village.sync()
    assert all(desk.erased for desk in village.desks.values())
    assert [resolutions.mine(desk) for desk in village.desks.values()] == [[]] * 5


def test_a_proposer_who_names_the_bodies_of_another_person_is_refused(
    told: tuple[Village, Applicant, Applicant],
) -> None:
    village, person, other = told
    one, two = village.desks[1], village.desks[2]
    case, mine = case_of(one, person), resolutions.sent(one, case_of(one, person))
    theirs = resolutions.sent(one, case_of(one, other))
    sender = one.contents[case.id].sender
    lies = [
        (mine.bodies + theirs.bodies, case.id, sender, mine.drops),
        (theirs.bodies, case.id, sender, theirs.drops),
        (mine.bodies, other.drop, sender, mine.drops),
        (mine.bodies, case.id, sender, (LeftDrop(case.id, mine.drops[1].body), *mine.drops[1:])),
        (mine.bodies, case.id, sender, ()),
    ]
    for bodies, named, whose, drops in lies[:3]:
        event = ErasureProposed(bodies, one.random(16))
        one.act([event, CaseLeft(explained_hash(event), named, whose, drops)])
    only(village, 1, 2).sync(1)
    for waits in resolutions.waiting(two):
        with pytest.raises(OtherBodies):
            resolutions.approve(two, waits.said.id)
    four = village.desks[4]
    for bodies, named, whose, drops in lies[3:]:
        event = ErasureProposed(bodies, four.random(16))
        four.act([event, CaseLeft(explained_hash(event), named, whose, drops)])
    event = ErasureProposed(mine.bodies, four.random(16))
    four.act([event])
    only(village, 4, 2).sync(1)
    for waits, error in zip(resolutions.waiting(two)[3:], (OtherBodies, OtherBodies, MissingCheck), strict=True):
        with pytest.raises(error):
            resolutions.approve(two, waits.said.id)


def test_a_reply_that_names_what_another_sent_does_not_have_it_erased(
    told: tuple[Village, Applicant, Applicant],
) -> None:
    village, person, other = told
    four = village.desks[4]
    victim = four.cases.drops[other.drop].body
    four.act([MailboxReplied(case_of(four, person).mailbox, victim)])
    village.sync()
    erase(village, person, 1, 2, 3)
    village.sync()
    assert victim in village.front.bodies
    assert all(other.drop in desk.contents for desk in village.desks.values())


def test_what_is_under_way_and_what_was_paid_lately_stays(village: Village) -> None:
    for desk in village.desks.values():
        screening.keep_list(desk, LIST)
    person = village.apply("Alena Persona")
    village.sync()
    one, five = village.desks[1], village.desks[5]
    casework.take(one, case_of(one, person))
    village.sync()
    casework.record_reading(village.desks[2], case_of(village.desks[2], person), "believable", "x", no_interest=True)
    openings.ask(village.desks[2], "Screen it.", [person.drop])
    village.sync()
    with pytest.raises(StillOpen):
        resolutions.propose_erasure(one, case_of(one, person), WHY)
    openings.object_to(village.desks[2], next(iter(village.desks[2].openings.openings.values())), "By mistake.")
    village.sync()
    paid = village.apply("Bronia Persona")
    village.sync()
    grant(village, paid)
    village.give_payee(paid, IBANS[0])
    village.sync(2)
    pay(village, paid)
    until = village.clock() + timedelta(days=village.charter.retention_days)
    case = case_of(one, paid)
    assert resolutions.sent(one, case).stays == {case.payees[0]: until}
    erase(village, paid, 1, 2, 3)
    village.sync()
    for desk in village.desks.values():
        case = case_of(desk, paid)
        assert case.erased == village.clock()
        assert case.payees[0] in desk.contents, "bank details of a payment stay"
        assert (case.live_grant.total_minor, case.label) == (60000, "0002")
        assert waiting.counts(desk)["journal"] == 0
        with pytest.raises(MustStay):
            resolutions.propose_erasure(desk, case, WHY)
    balances = five.ledger.payments.values()
    assert [payment.state for payment in balances] == ["settled"]
    village.clock.day = until
    payee = one.cases.drops[case_of(one, paid).payees[0]].body
    erase(village, paid, 1, 2, 3)
    village.sync()
    assert payee not in village.front.bodies
    assert all(case_of(desk, paid).gone.keys() >= {paid.drop} for desk in village.desks.values())
    assert all(payee not in desk.bodies for desk in village.desks.values())
    assert all(date(2026, 9, 1) <= day for day in case_of(one, paid).gone.values())


def pay(village: Village, person: Applicant) -> None:
    """The whole way of one instalment; while it is under way nothing of the case is erased."""
    five = village.desks[5]
    bank = Bank(FUND_IBAN, "Village fund", "EUR", 100_000, five.random)
    batch = treasury.propose_batch(five, treasury.payable(five), village.clock()).proposal.batch
    village.sync()
    with pytest.raises(StillMoving):
        resolutions.propose_erasure(five, case_of(five, person), WHY)
    for number in (3, 1):
        treasury.approve_batch(village.desks[number], village.desks[number].ledger.batches[batch])
    village.sync()
    file = treasury.export(five, five.ledger.batches[batch]).file
    bank.accept_pain001(file, village.clock())
    village.sync()
    banking.import_statement(five, bank.statement(village.clock(), village.clock()))
    village.sync()
    assert [payment.state for payment in five.ledger.payments.values()] == ["settled"]


def test_who_is_not_of_the_quorum_proposes_nothing(told: tuple[Village, Applicant, Applicant]) -> None:
    village, person, _ = told
    one = village.desks[1]
    one.public.council.quorum = (2, 3, 4, 5)
    with pytest.raises(NotOfQuorum):
        resolutions.propose_erasure(one, case_of(one, person), WHY)


def test_a_sealed_drop_that_nobody_admitted_before_is_not_taken_in_once_erased(
    told: tuple[Village, Applicant, Applicant],
) -> None:
    village, person, _ = told
    body = village.desks[1].store.body(village.desks[1].cases.drops[person.drop].body)
    assert body is not None
    erase(village, person, 1, 2, 3)
    village.sync()
    village.front.receive(dropbox.SealedDrop(person.drop, "submission", bytes(32), body))
    village.sync()
    for desk in village.desks.values():
        assert case_of(desk, person).erased is not None
        assert desk.store.body(hashlib.sha256(body).digest()) is None


def carry(desk: Desk, folder: Path) -> Carried:
    moved = Carried()
    for _ in exchange(desk, Folder(folder, desk.fund, desk.today), nullcontext(), Progress(), moved):
        pass
    return moved


def test_a_stale_stick_brings_nothing_back_and_is_cleaned(
    told: tuple[Village, Applicant, Applicant], tmp_path: Path
) -> None:
    village, person, _ = told
    (tmp_path / "stick").mkdir()
    carry(village.desks[1], tmp_path / "stick")
    raws = raw_bodies(village, person)
    sent = [raw for raw in raws if files_with(tmp_path / "stick", raw)]
    assert len(sent) >= 2, "the stick holds what the person sent"
    erase(village, person, 1, 2, 3)
    village.sync()
    four = village.desks[4]
    assert carry(four, tmp_path / "stick").bodies_in == 0
    for raw in raws:
        assert files_with(tmp_path / "stick", raw[:64]) == []
        assert held(four, hashlib.sha256(raw).digest(), raw) == []
    assert case_of(four, person).erased == village.clock()


def test_a_desk_away_hears_of_the_erasure_from_a_stick(
    told: tuple[Village, Applicant, Applicant], tmp_path: Path
) -> None:
    village, person, _ = told
    raws = raw_bodies(village, person)
    (tmp_path / "stick").mkdir()
    erase(village, person, 1, 2, 3)
    only(village, 1).sync(1)
    carry(village.desks[1], tmp_path / "stick")
    five = village.desks[5]
    assert any(held(five, hashlib.sha256(raw).digest(), raw) for raw in raws)
    carry(five, tmp_path / "stick")
    for raw in raws:
        assert held(five, hashlib.sha256(raw).digest(), raw) == []
        assert files_with(tmp_path / "stick", raw[:64]) == []
