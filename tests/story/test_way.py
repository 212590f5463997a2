"""The way of one person, with five more beside her: ask, check, decide, open, pay, settle, publish, prove."""

import os
import re
from datetime import timedelta

import pytest

from poruch.crypto import age
from poruch.crypto.codes import CodeKeys
from poruch.crypto.padding import unpad
from poruch.desk import banking, casework, openings, publishing, screening, treasury
from poruch.desk.program import Desk
from poruch.desk.waiting import publication_waits
from poruch.drills.bank import Bank
from poruch.errors import AlreadyDone, AlreadyTaken, MissingCheck, NotAllowed, OwnGrant, TooFew, WrongFile
from poruch.events.codec import decode
from poruch.events.drops import Payee, Person
from poruch.events.kinds import BatchItem, Instalment
from poruch.events.mailbox import Message
from poruch.journal import dropbox
from poruch.ledger.postings import trial_balance
from poruch.ledger.state import Publication
from poruch.tlog.check import check_log
from poruch.tlog.policy import parse_policy
from poruch.tlog.slips import verify_slip
from story.village import FUND_IBAN, GENERAL_REFERENCE, Applicant, Village

LIST = b"name\nViktar Nechuvany\n"
IBANS = [
    "DE02120300000000202051",
    "DE02500105170137075030",
    "DE02100500000054540402",
    "DE02300209000106531065",
    "DE02200505501015871393",
    "DE02100100100006820101",
]


def mailbox(village: Village, applicant: Applicant) -> list[Message]:
    """What the person reads with his code."""
    found = []
    for reply in village.front.public.replies.get(applicant.keys.mailbox_id, []):
        body = village.front.bodies[reply.body]
        found.append(decode(unpad(age.open_file(body, [applicant.keys.mailbox_identity])), Message))
    return found


def seen(desk: Desk) -> Publication:
    """The one publication, as a desk knows it."""
    [publication] = desk.ledger.publications.values()
    return publication


def grant(village: Village, applicant: Applicant) -> None:
    """Everything from taking the case to an approved grant, each by the desk that may."""
    one, two, three, four = (village.desks[n] for n in (1, 2, 3, 4))

    def case(desk):  # type: ignore[no-untyped-def]
        return desk.cases.cases[applicant.drop]

    casework.take(one, case(one))
    village.sync()
    casework.record_reading(two, case(two), "believable", "dates agree", no_interest=True)
    openings.ask(two, f"Screen case {case(two).label}.", [applicant.drop])
    village.sync()
    for desk in (three, four):
        openings.agree(desk, list(desk.openings.openings.values())[-1])
    village.sync(2)
    opening = list(two.openings.openings.values())[-1]
    people, blamed = openings.open_all(two, opening)
    assert people == [Person(applicant.name, "")]
    assert not blamed
    matches = screening.screen_name(two, applicant.name)
    casework.record_screening(
        two, case(two), "match" if matches else "no-match", screening.current_list(two)[1], no_interest=True
    )
    two.act(openings.finish(two, opening))
    instalments = [Instalment(60000, village.clock())]
    casework.propose_grant(one, case(one), "first-months", instalments)
    village.sync()
    for desk in (three, four):
        casework.approve_grant(desk, case(desk), case(desk).live_grant)
        village.sync()


@pytest.fixture
def granted(village: Village) -> tuple[Village, list[Applicant]]:
    """Six people with a grant and bank details."""
    for desk in village.desks.values():
        screening.keep_list(desk, LIST)
    people = [village.apply(f"Alena Persona{'abcdef'[i]}") for i in range(6)]
    village.sync(2)
    for person, iban in zip(people, IBANS, strict=True):
        grant(village, person)
        village.give_payee(person, iban)
    village.sync(2)
    return village, people


def test_the_whole_way(granted: tuple[Village, list[Applicant]]) -> None:
    village, people = granted
    treasurer, colleague, third = village.desks[5], village.desks[3], village.desks[1]
    bank = Bank(FUND_IBAN, "Village fund", "EUR", 0, os.urandom)
    giver = CodeKeys.from_code(12345678901234567890, village.charter.code_salt)
    village.front.receive(dropbox.seal_gift(village.front.public, "RF712348231", giver))
    village.sync()
    for amount in (100_000, 120_000, 90_000, 150_000):
        bank.receive(amount, GENERAL_REFERENCE, "A Giver", IBANS[0], village.clock())
    bank.receive(250_000, "RF712348231", "Another Giver", IBANS[1], village.clock())
    bank.receive(77_700, GENERAL_REFERENCE, "Muravejnik Software Ltd", "DE89370400440532013000", village.clock())
    bank.receive(1_234, "no reference at all", "Somebody", IBANS[2], village.clock())
    first = banking.import_statement(treasurer, bank.statement(village.clock(), village.clock()))
    assert first.counts == {"DonationReceived": 5, "CreditQuarantined": 1, "CreditUnmatched": 1}
    village.sync()

    batch = treasury.propose_batch(treasurer, treasury.payable(treasurer), village.clock() + timedelta(days=1))
    village.sync()
    with pytest.raises(TooFew):
        treasury.export(treasurer, treasurer.ledger.batches[batch.proposal.batch])
    for desk in (colleague, third):
        treasury.approve_batch(desk, desk.ledger.batches[batch.proposal.batch])
    village.sync(2)
    exported = treasury.export(treasurer, treasurer.ledger.batches[batch.proposal.batch])
    assert not exported.left_out
    with pytest.raises(AlreadyDone):
        treasury.export(treasurer, treasurer.ledger.batches[batch.proposal.batch])
    village.clock.turn(1)
    order = bank.accept_pain001(exported.file, village.clock())
    assert len(order.payments) == 7  # six people, and what came from the related party goes back
    bank.charge(250, "Account fee", village.clock())
    second = banking.import_statement(treasurer, bank.statement(village.clock(), village.clock()))
    assert second.counts == {"InstalmentSettled": 6, "QuarantineReturned": 1, "CostCharged": 1}
    village.sync(2)

    balance = trial_balance(treasurer.ledger.posted)
    assert sum(balance.values()) == 0
    assert balance[("bank", "EUR")] == bank.balance_minor
    assert balance[("quarantine", "EUR")] == 0
    said = [message.kind for message in mailbox(village, people[0])]
    assert said == ["received", "grant", "payee-received", "paid"]

    publication = publishing.propose_epoch(treasurer, village.clock())
    assert publication.prepared is not None
    assert publication.prepared.waiting == ()
    village.sync()
    for n in (5, 3, 2):
        desk = village.desks[n]
        publishing.sign(desk, next(iter(desk.ledger.publications.values())))
    village.sync(2)
    publication = next(iter(treasurer.ledger.publications.values()))
    publishing.send(treasurer, publication)
    village.sync(2)
    assert [publication_waits(desk, seen(desk)) for desk in village.desks.values()] == [False, False, True, True, True]
    assert publishing.leave_slips(treasurer, seen(treasurer)) == 7
    village.sync(2)
    assert not any(publication_waits(desk, seen(desk)) for desk in village.desks.values())
    with pytest.raises(AlreadyDone):
        publishing.leave_slips(colleague, seen(colleague))
    report = check_log(lambda path: village.front.files[path], os.urandom)
    assert report.holds, list(report.steps)
    policy = parse_policy(village.front.files["policy"])
    for keys, amount_minor in ((giver, 250_000), (people[3].keys, 60_000)):
        [sealed] = [slip for lookup, slip in village.front.slips if lookup == keys.lookup_id]
        assert verify_slip(keys, sealed, policy).receipt.amount_minor == amount_minor


def test_the_fund_does_not_pay_into_its_own_account(village: Village) -> None:
    five = village.desks[5]
    screening.keep_list(five, LIST)
    item = BatchItem("g", 0, "case", "payee", "e0", "grants", "EUR", 60_000)
    with pytest.raises(MissingCheck, match="the fund's own"):
        treasury._payment(five, item, Payee("Alena Persona", "lt12 1000 0111 0100 1000", ""))
    assert treasury._payment(five, item, Payee("Alena Persona", IBANS[0], "")).iban == IBANS[0]


def test_nobody_approves_his_own_grant_and_outsiders_do_not_grant(village: Village) -> None:
    person = village.apply("Alena Persona")
    village.sync(2)
    one, five = village.desks[1], village.desks[5]
    case = one.cases.cases[person.drop]
    casework.propose_grant(one, case, "first-months", [Instalment(60000, village.clock())])
    with pytest.raises(OwnGrant):
        casework.approve_grant(one, case, case.live_grant)  # type: ignore[arg-type]
    with pytest.raises(NotAllowed):
        casework.take(five, five.cases.cases[person.drop])
    with pytest.raises(NotAllowed):
        casework.story(five, five.cases.cases[person.drop])
    assert casework.story(one, case).happened == "I refused."


def test_no_name_opens_below_k(village: Village) -> None:
    person = village.apply("Alena Persona")
    village.sync(2)
    two, three = village.desks[2], village.desks[3]
    openings.ask(two, "Screen a case.", [person.drop])
    village.sync()
    openings.agree(three, next(iter(three.openings.openings.values())))
    village.sync(2)
    with pytest.raises(TooFew):
        openings.open_all(two, next(iter(two.openings.openings.values())))
    with pytest.raises(NotAllowed):
        openings.open_all(three, next(iter(three.openings.openings.values())))


def test_an_unchecked_case_enters_no_batch(granted: tuple[Village, list[Applicant]]) -> None:
    village, _ = granted
    treasurer = village.desks[5]
    items = treasury.payable(treasurer)
    assert len(items) == 6
    person = village.apply("Alena Persona")
    village.sync(2)
    one, three, four = (village.desks[n] for n in (1, 3, 4))
    casework.propose_grant(one, one.cases.cases[person.drop], "first-months", [Instalment(60000, village.clock())])
    village.sync()
    for desk in (three, four):
        case = desk.cases.cases[person.drop]
        casework.approve_grant(desk, case, case.live_grant)  # type: ignore[arg-type]
    village.give_payee(person, IBANS[0])
    village.sync(2)
    assert len(treasury.payable(treasurer)) == 6
    case = treasurer.cases.cases[person.drop]
    assert case.live_grant is not None
    forged = items[0].__class__(case.live_grant.id, 0, case.id, case.payees[0], "", "grants", "EUR", 60000)
    batch = treasury.propose_batch(treasurer, [forged], village.clock())
    village.sync()
    colleague = village.desks[3]
    with pytest.raises(MissingCheck):
        treasury.approve_batch(colleague, colleague.ledger.batches[batch.proposal.batch])


def test_an_instalment_in_two_batches_is_refused_by_books_and_relay(granted: tuple[Village, list[Applicant]]) -> None:
    village, _ = granted
    treasurer, other = village.desks[5], village.desks[4]
    items = treasury.payable(treasurer)
    first = treasury.propose_batch(treasurer, items, village.clock())
    second = treasury.propose_batch(other, items, village.clock())  # the desks have not heard of each other
    village.sync(2)
    known = [set(desk.ledger.batches) for desk in village.desks.values()]
    assert all(batches == known[0] and len(batches) == 1 for batches in known)
    assert known[0] <= {first.proposal.batch, second.proposal.batch}
    tags = [treasury.instalment_tag(treasurer, item.grant, item.index, 0) for item in items]
    village.front.take_tags("one", tags)
    village.front.take_tags("one", tags)
    with pytest.raises(AlreadyTaken):
        village.front.take_tags("two", tags[:1])


def test_two_admissions_of_one_drop_are_answered_by_nobody(village: Village) -> None:
    person = village.apply("Alena Persona")
    village.sync(2)
    one, two = village.desks[1], village.desks[2]
    event = one.cases.drops[person.drop]
    other = event.__class__(event.drop, event.kind, bytes(32), event.day, event.number)
    one.act([other])
    village.sync(2)
    assert any("other bytes" in fault for fault in two.cases.faults)
    with pytest.raises(WrongFile):
        openings.ask(two, "Open it.", [person.drop])


def test_no_name_and_no_story_stands_in_what_the_front_keeps(granted: tuple[Village, list[Applicant]]) -> None:
    village, people = granted
    kept = b"".join(
        [signed.raw for signed in village.front.segments] + list(village.front.bodies.values()) + [bytes(1)]
    )
    for needle in [person.name for person in people] + IBANS + ["Officer", "I refused.", "believable", "dates agree"]:
        assert needle.encode() not in kept
    assert re.search(rb"Village", kept)  # the charter is public: the search itself works


def test_a_payment_that_came_back_is_paid_again_to_other_details_only(
    granted: tuple[Village, list[Applicant]],
) -> None:
    village, people = granted
    treasurer = village.desks[5]
    bank = Bank(FUND_IBAN, "Village fund", "EUR", 1_000_000, os.urandom)

    def pay() -> bytes:
        batch = treasury.propose_batch(treasurer, treasury.payable(treasurer), village.clock())
        village.sync()
        for number in (3, 1):
            desk = village.desks[number]
            treasury.approve_batch(desk, desk.ledger.batches[batch.proposal.batch])
        village.sync()
        return treasury.export(treasurer, treasurer.ledger.batches[batch.proposal.batch]).file

    order = bank.accept_pain001(pay(), village.clock())
    village.clock.turn(1)
    returned = order.payments[2].end_to_end_id
    bank.return_payment(returned, "AC04", village.clock())
    day = village.clock() - timedelta(days=1)
    report = banking.import_statement(treasurer, bank.statement(day, village.clock()))
    assert report.counts == {"InstalmentSettled": 6, "InstalmentReturned": 1}
    village.sync()
    item = treasurer.ledger.payments[returned].item
    [person] = [one for one in people if one.drop == item.case]
    assert mailbox(village, person)[-1].kind == "returned"
    assert treasury.payable(treasurer) == []

    village.give_payee(person, "DE02701500000000594937")
    village.sync()
    [again] = treasury.payable(treasurer)
    assert (again.grant, again.index) == (item.grant, item.index)
    second = bank.accept_pain001(pay(), village.clock())
    assert [payment.iban for payment in second.payments] == ["DE02701500000000594937"]
    village.clock.turn(1)
    day = village.clock() - timedelta(days=1)
    banking.import_statement(treasurer, bank.statement(day, village.clock()))
    assert trial_balance(treasurer.ledger.posted)[("bank", "EUR")] == bank.balance_minor - 1_000_000
    assert not treasurer.ledger.faults
