"""What one officer can sign, with any program, and what the others then count."""

import os
from datetime import date

import pytest
from msgspec import structs

from attacks.rogue import early, same_everywhere, seal_to, sign, strike
from poruch.crypto import age, codes
from poruch.crypto.padding import pad
from poruch.crypto.quorum_file import seal_to_quorum
from poruch.desk import casework, openings, publishing, treasury
from poruch.desk.duties import do_duties
from poruch.errors import MissingCheck, WrongFile
from poruch.events.ceremony import DealingDisputed
from poruch.events.codec import encode
from poruch.events.drops import DropContent, Payee
from poruch.events.heard import Heard
from poruch.events.kinds import (
    BatchExported,
    BatchItem,
    BatchProposed,
    CaseChecked,
    CaseRefused,
    CirclesAssigned,
    CreditQuarantined,
    DonationReceived,
    DropAdmitted,
    EpochPrepared,
    FundSecretsDrawn,
    GrantApproved,
    GrantProposed,
    Instalment,
    Membership,
    NoteWritten,
    OpeningRequested,
    PublicationProposed,
    PublicationSent,
    event_bytes,
)
from poruch.journal import dropbox
from poruch.journal.circles import hand_out, new_secret
from poruch.journal.members import Members
from poruch.journal.segments import Clear, Sealed, parse_segment
from story.village import Applicant, Village

DAY = date(2026, 9, 1)
ALL = (1, 2, 3, 4, 5)


def granted(village: Village, iban: str = "DE02120300000000202051") -> Applicant:
    """A checked and granted case with bank details; without the joint opening, which is not the point."""
    person = village.apply("Alena Persona")
    village.sync(2)
    two = village.desks[2]
    case = two.cases.cases[person.drop]
    casework.take(village.desks[1], village.desks[1].cases.cases[person.drop])
    casework.record_reading(two, case, "believable", "", no_interest=True)
    casework.record_screening(two, case, "no-match", bytes(32), no_interest=True)
    village.sync()
    one = village.desks[1]
    casework.propose_grant(one, one.cases.cases[person.drop], "first-months", [Instalment(60000, village.clock())])
    village.sync()
    for number in (3, 4):
        case = village.desks[number].cases.cases[person.drop]
        casework.approve_grant(village.desks[number], case, case.live_grant)  # type: ignore[arg-type]
        village.sync()
    village.give_payee(person, iban)
    village.sync(2)
    return person


# ---- chains -----------------------------------------------------------------------------------


def test_an_officer_opens_a_second_life_to_speak_before_the_key_was_made(village: Village) -> None:
    desk = village.desks[1]
    session = next(iter(desk.public.ceremonies.sessions))
    early_word = sign(village, 4, [DealingDisputed(session, 2, b"")], clock=10, life=1)
    assert desk.take([early_word], pushed=True) == 1  # it has its place in a chain
    assert not desk.journal.counts(early_word)  # and nobody has confirmed that life
    assert desk.public.ready


def test_a_front_floods_a_desk_with_segments_that_nobody_signed(village: Village) -> None:
    desk = village.desks[1]
    good = sign(village, 2, [])
    for at in range(150):
        forged = os.urandom(64) + encode(structs.replace(good.segment, clock=good.segment.clock + at))
        desk.take([parse_segment(forged)], pushed=True)
    assert len(desk.chains.faults) <= 100


# ---- who may hear -----------------------------------------------------------------------------


def test_an_event_sealed_to_some_of_its_circle_is_counted_by_nobody(village: Village) -> None:
    item = BatchItem("g", 0, "c" * 32, "p" * 32, "e1", "grants", "EUR", 60000)
    batch = BatchProposed("b1", 1, (item,), "sepa", 4, DAY, 0, ())
    strike(village, 4, seal_to(village, batch, "treasury"))
    strike(village, 4, seal_to(village, batch, "treasury", "casework"))
    assert same_everywhere(village)
    assert not village.desks[5].ledger.batches
    strike(village, 4, seal_to(village, batch, "treasury", "officers"))
    assert same_everywhere(village)
    assert all(list(desk.ledger.batches) == ["b1"] for desk in village.desks.values())


def test_an_event_for_officers_said_in_clear_is_not_counted(village: Village) -> None:
    strike(
        village, 4, Clear(event_bytes(OpeningRequested("x", (), (), ""))), Clear(event_bytes(FundSecretsDrawn(b"x")))
    )
    assert all(any("in clear" in fault for fault in desk.faults) for desk in village.desks.values())


def test_a_million_hints_cost_a_reader_nothing(village: Village) -> None:
    strike(village, 4, Sealed((b"",) * 100_000, 1, b"no file"))
    assert all(any("damaged" in fault for fault in desk.faults) for desk in village.desks.values())


# ---- circles ----------------------------------------------------------------------------------


@pytest.mark.parametrize("author", [1, 4])
def test_an_officer_gives_a_circle_another_key_that_only_he_reads(village: Village, author: int) -> None:
    recipients = [desk.key.identity.recipient for desk in village.desks.values()]
    for epoch in (2, 999):
        strike(village, author, hand_out(new_secret("officers", epoch, os.urandom), recipients, 5, os.urandom))
    assert all(desk.circle("officers").epoch == 1 for desk in village.desks.values())
    assert village.front.public.circles["officers"].epoch == 1
    person = village.apply("Alena Persona")
    village.sync(2)
    assert all(person.drop in desk.cases.cases for desk in village.desks.values())


def test_an_officer_assigns_circles_before_the_founder_did(village: Village) -> None:
    """He may do so while the fund is being founded; here his word simply comes first."""
    everything = CirclesAssigned(tuple(Membership(name, (4,)) for name in ("officers", "casework", "treasury")))
    members = Members()
    members.found(village.charter)
    for said in (everything, FundSecretsDrawn(b"known to the enemy")):
        members.apply(Heard(bytes(32), 4, DAY, said))
    assert (members.circles, members.tag_key) == ({}, b"")
    members.apply(Heard(bytes(32), 1, DAY, everything))
    assert members.within(4, "treasury")
    assert all(desk.members.founder == 1 for desk in village.desks.values())


# ---- whose money ------------------------------------------------------------------------------


def forged_payee(village: Village, person: Applicant, iban: str) -> tuple[str, bytes]:
    """Bank details of the enemy for the mailbox of another, as whoever knows the mailbox's id can seal them."""
    public = village.front.public
    drop = os.urandom(16).hex()
    named = seal_to_quorum(pad(encode(Payee("Enemy", iban, "")), 512), public.quorum_point or b"", f"drop/{drop}/payee")
    keys = person.keys
    content = DropContent(
        drop, "payee", keys.mailbox_id, keys.mailbox_identity.recipient.public, b"", named, b"",
        keys.mailbox_signing.public, bytes(64),
    )  # fmt: skip
    return drop, age.seal(pad(encode(content), 4096), [public.circles["officers"].pq], os.urandom)


def test_who_knows_a_mailbox_cannot_say_where_its_money_goes(village: Village) -> None:
    """Officers and the front know every mailbox id; only the code signs."""
    person = granted(village)
    drop, body = forged_payee(village, person, "LT121000011101001000")
    village.front.receive(dropbox.SealedDrop(drop, "payee", person.keys.mailbox_id, body))
    village.sync(2)
    other, body = forged_payee(village, person, "LT121000011101001000")
    for desk in village.desks.values():
        desk.keep_body(body, pushed=True)
    sha256 = dropbox.SealedDrop(other, "payee", b"", body).sha256
    strike(village, 2, DropAdmitted(other, "payee", sha256, DAY, 0))
    for desk in village.desks.values():
        assert len(desk.cases.cases[person.drop].payees) == 1
        assert {drop, other}.isdisjoint(desk.cases.cases[person.drop].payees)


def test_a_submission_under_anothers_mailbox_displaces_nobody(village: Village) -> None:
    person = village.apply("Alena Persona")
    village.sync(2)
    stranger = codes.CodeKeys.from_code(7, village.charter.code_salt)
    public = village.front.public
    made = DropContent(
        "e" * 32, "submission", person.keys.mailbox_id, stranger.mailbox_identity.recipient.public, b"", b"x", b"",
        stranger.mailbox_signing.public,
    )  # fmt: skip
    made = structs.replace(made, signature=stranger.mailbox_signing.sign(dropbox.DOMAIN, encode(made)))
    body = age.seal(pad(encode(made), 4096), [public.circles["officers"].pq], os.urandom)
    for desk in village.desks.values():
        desk.keep_body(body, pushed=True)
    sha256 = dropbox.SealedDrop("", "", b"", body).sha256
    strike(village, 4, DropAdmitted("e" * 32, "submission", sha256, DAY, 1), clock=early(village, 4))
    village.write(person, "Still here.")
    village.sync(2)
    for desk in village.desks.values():
        assert desk.cases.cases[person.drop].letters[-1].kind == "answer"
        assert not desk.cases.cases["e" * 32].letters


def test_a_second_admission_dated_earlier_moves_no_letter_to_another_mailbox(village: Village) -> None:
    person = village.apply("Alena Persona")
    village.sync(2)
    lies = [DropAdmitted(person.drop, kind, bytes(32), DAY, 1) for kind in ("gift", "payee", "submission")]
    strike(village, 4, *lies, clock=early(village, 4))
    three = village.desks[3]
    case = three.cases.cases[person.drop]
    assert all(person.drop in desk.cases.conflicted for desk in village.desks.values())
    with pytest.raises(WrongFile):
        openings.ask(three, "Open it.", [person.drop])
    with pytest.raises(WrongFile):
        casework.write_message(three, case, "to whom?")


def test_a_request_that_names_a_batch_gets_no_partials_meant_for_its_exporter(village: Village) -> None:
    granted(village)
    five, three = village.desks[5], village.desks[3]
    batch = treasury.propose_batch(five, treasury.payable(five), village.clock())
    village.sync()
    rogue = village.desks[4]
    drops = [item.payee for item in batch.proposal.items]
    theft = openings.request_events(
        rogue, f"Pay batch {batch.proposal.number}, and nothing else.", drops, batch.proposal.batch
    )
    before = min(signed.segment.clock for signed in five.held if signed.segment.author == 5) + 1
    strike(village, 4, theft, clock=max(early(village, 4), before))
    treasury.approve_batch(three, three.ledger.batches[batch.proposal.batch])
    village.sync()
    stolen = [opening for opening in rogue.openings.openings.values() if opening.requester == 4]
    assert [opening.answers for opening in stolen] == [{}]


def test_a_single_treasurer_exports_nothing_and_calls_nothing_published(village: Village) -> None:
    item = BatchItem("g", 0, "c" * 32, "p" * 32, "e1", "grants", "EUR", 60000)
    strike(village, 4, BatchProposed("b1", 1, (item,), "sepa", 4, DAY, 0, ()))
    strike(village, 4, BatchExported("b1", bytes(32), (), ()))
    strike(village, 4, EpochPrepared(1, (), ()), PublicationProposed(1, 0, (b"rubbish",), "rubbish"))
    publication = next(iter(village.desks[5].ledger.publications))
    strike(village, 4, PublicationSent(publication))
    for desk in village.desks.values():
        assert desk.ledger.batches["b1"].exported is None
        assert not desk.ledger.publications[publication].sent
    assert publishing.propose_epoch(village.desks[5], village.clock()).proposer == 5


def test_a_batch_dated_before_an_approved_one_rewrites_no_books(village: Village) -> None:
    granted(village)
    five = village.desks[5]
    items = treasury.payable(five)
    batch = treasury.propose_batch(five, items, village.clock()).proposal
    village.sync()
    for number in (3, 1):
        treasury.approve_batch(village.desks[number], village.desks[number].ledger.batches[batch.batch])
        village.sync()
    other = structs.replace(
        batch, batch="b" * 24, exporter=4, number=1, items=(structs.replace(items[0], end_to_end="mine"),)
    )
    strike(village, 4, other, clock=early(village, 4))
    assert same_everywhere(village)
    assert all(list(desk.ledger.batches) == [batch.batch] for desk in village.desks.values())


def test_a_credit_is_sent_back_once_and_only_if_it_came(village: Village) -> None:
    credit = CreditQuarantined(b"q" * 32, DAY, 1_000_000, "EUR", "iban", "LT121000011101001000")
    strike(village, 4, credit)
    for name in ("b1", "b2"):
        strike(village, 4, BatchProposed(name, 1, (), "sepa", 4, DAY, 0, (credit.entry,)))
    three = village.desks[3]
    assert list(three.ledger.batches) == ["b1"]
    with pytest.raises(MissingCheck):  # no related party has that account
        treasury.approve_batch(three, three.ledger.batches["b1"])


# ---- cases ------------------------------------------------------------------------------------


def test_an_officer_cannot_number_cases_and_batches_beyond_what_an_event_holds(village: Village) -> None:
    first = village.apply("Alena Persona")
    sealed = next(drop for drop in village.front.drops if drop.drop == first.drop)
    for desk in village.desks.values():
        desk.keep_body(sealed.body, pushed=True)
    sha256 = dropbox.SealedDrop("", "", b"", sealed.body).sha256
    strike(village, 4, DropAdmitted(first.drop, "submission", sha256, DAY, 2**64 - 1))
    item = BatchItem("g", 0, "c" * 32, "p" * 32, "e1", "grants", "EUR", 60000)
    strike(village, 4, BatchProposed("b1", 2**64 - 1, (item,), "sepa", 4, DAY, 0, ()))
    second = village.apply("Barys Persona")
    village.sync(2)
    assert {first.drop, second.drop} <= set(village.desks[2].cases.cases)
    assert village.desks[5].ledger.next_batch_number < 2**20


def test_a_proposer_alone_grants_nothing_and_a_refused_case_is_not_paid(village: Village) -> None:
    person = village.apply("Alena Persona")
    village.sync(2)
    made = GrantProposed("g", person.drop, "first-months", "EUR", (Instalment(60000, DAY),))
    strike(village, 4, made)
    proposal = village.desks[2].cases.cases[person.drop].grants["g"].proposal
    strike(village, 4, GrantApproved("g", proposal), GrantApproved("g", proposal))
    strike(village, 5, GrantApproved("g", proposal), NoteWritten(person.drop, "x"))
    strike(village, 4, CaseChecked(person.drop, "screening", "anything", True, b""))
    for desk in village.desks.values():
        case = desk.cases.cases[person.drop]
        assert not case.grants["g"].approvals
        assert not case.checks
    strike(village, 3, CaseRefused(person.drop, "no"))
    for number in (2, 3):
        strike(village, number, GrantApproved("g", proposal))
    assert not treasury.payable(village.desks[5])


def test_grants_of_impossible_sums_and_days_are_not_counted(village: Village) -> None:
    person = village.apply("Alena Persona")
    village.sync(2)
    for amount, day in ((2**63, DAY), (-5, DAY), (0, DAY), (500, date.max), (500, date.min)):
        strike(village, 4, GrantProposed("g", person.drop, "first-months", "EUR", (Instalment(amount, day),)))
    assert not village.desks[2].cases.cases[person.drop].grants


def test_gifts_of_impossible_sums_are_not_booked(village: Village) -> None:
    for amount in (-500, 2**63):
        strike(village, 4, DonationReceived(os.urandom(32), DAY, amount, "EUR", "r"))
    assert not village.desks[5].ledger.donations


# ---- the front in the enemy's hand --------------------------------------------------------------


def test_a_drop_that_nobody_can_answer_stops_no_intake(village: Village) -> None:
    public = village.front.public
    keys = codes.CodeKeys.from_code(11, village.charter.code_salt)
    bad = DropContent("d" * 32, "message", b"m" * 32, b"no key", b"", b"", b"", keys.mailbox_signing.public)
    bad = structs.replace(bad, signature=keys.mailbox_signing.sign(dropbox.DOMAIN, encode(bad)))
    body = age.seal(pad(encode(bad), 4096), [public.circles["officers"].pq], os.urandom)
    village.front.receive(dropbox.SealedDrop("d" * 32, "message", b"m" * 32, body))
    person = village.apply("Alena Persona")
    village.sync(2)
    assert person.drop in village.desks[3].cases.cases


@pytest.mark.parametrize("arrival", [2**63, 2**64 - 1, -1, 0])
def test_a_front_that_numbers_a_drop_far_ahead_hides_none_of_those_to_come(village: Village, arrival: int) -> None:
    people = [village.apply("Alena Persona")]
    village.front.drops[-1] = structs.replace(village.front.drops[-1], arrival=arrival)
    for desk in village.desks.values():
        desk.sync()
        do_duties(desk)
    people.append(village.apply("Barys Persona"))
    village.front.drops[0] = structs.replace(village.front.drops[0], arrival=1)
    village.sync(2)
    assert {person.drop for person in people} <= set(village.desks[3].cases.cases)
