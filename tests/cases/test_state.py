"""Cases as a fold: what counts, what is put aside with a sentence, and that nothing is taken from nobody."""

from datetime import timedelta

import pytest

from cases.casebook import CHARTER, DAY, Casebook, drop_id
from poruch.events.base import Event
from poruch.events.drops import DropContent
from poruch.events.heard import Heard
from poruch.events.kinds import (
    AnyEvent,
    BatchItem,
    BatchProposed,
    CaseChecked,
    CaseRefused,
    CaseTaken,
    CirclesAssigned,
    FundSecretsDrawn,
    GrantApproved,
    Membership,
    MessageSent,
    NoteWritten,
    OfficerNamed,
)
from poruch.journal.members import Members


@pytest.fixture
def book() -> Casebook:
    """One case."""
    made = Casebook()
    made.drop("alena")
    return made


# ---- members ----------------------------------------------------------------------------------


def test_members_know_names_and_circles(book: Casebook) -> None:
    book.tell(2, OfficerNamed(2, "Second"))
    book.tell(3, OfficerNamed(2, "Thief"))
    assert book.members.name(2) == "Second"
    assert book.members.name(4) == "4"
    assert book.members.circles_of(3) == ("officers", "casework", "treasury")
    assert book.members.circles_of(5) == ("officers", "treasury")
    assert not book.members.within(5, "casework")
    assert not book.members.within(1, "choir")


def test_circles_and_secrets_are_drawn_once(book: Casebook) -> None:
    book.tell(1, FundSecretsDrawn(b"k" * 32))
    book.tell(5, FundSecretsDrawn(b"x" * 32))
    book.tell(5, CirclesAssigned((Membership("casework", (5,)),)))
    assert book.members.tag_key == b"k" * 32
    assert not book.members.within(5, "casework")
    assert "kkk" not in repr(book.members)


def test_only_the_first_founder_assigns_circles_and_draws_secrets() -> None:
    members = Members()
    members.found(CHARTER)
    told: list[tuple[int, AnyEvent]] = [
        (3, CirclesAssigned((Membership("treasury", (3,)),))),
        (3, FundSecretsDrawn(b"x" * 32)),
        (1, CirclesAssigned((Membership("treasury", (4, 5)), Membership("choir", (3,))))),
        (1, FundSecretsDrawn(b"k" * 32)),
    ]
    for author, event in told:
        members.apply(Heard(bytes(32), author, DAY, event))
    assert members.circles == {"treasury": frozenset({4, 5})}
    assert members.tag_key == b"k" * 32
    assert members.threshold == CHARTER.k


# ---- admission --------------------------------------------------------------------------------


def test_a_submission_opens_a_case(book: Casebook) -> None:
    case = book.case()
    assert (case.number, case.label, case.day, case.state) == (1, "0001", DAY, "new")
    assert case.mailbox == book.contents[case.id].mailbox
    assert book.cases.next_number == 2
    assert len(case.timeline) == 1


def test_the_same_drop_twice_is_one_case(book: Casebook) -> None:
    book.drop("alena", author=2, number=2)
    assert list(book.cases.cases) == [drop_id("alena")]
    assert book.case().number == 1
    assert not book.cases.faults


def test_the_same_drop_with_other_bytes_is_answered_by_nobody(book: Casebook) -> None:
    book.drop("alena", author=2, body=b"other bytes")
    assert book.cases.conflicted == {drop_id("alena")}
    assert len(book.cases.faults) == 1
    assert len(book.cases.cases) == 1


def test_two_desks_that_give_one_number_get_two(book: Casebook) -> None:
    for name in ("b", "c", "d"):
        book.drop(name, author=2, number=1)
    assert sorted(case.number for case in book.cases.cases.values()) == [1, 2, 3, 4]
    assert book.cases.next_number == 5


@pytest.mark.parametrize("number", [0, -5, 2**62])
def test_a_number_out_of_all_bounds_is_given_anew(book: Casebook, number: int) -> None:
    book.drop("b", author=2, number=number)
    assert book.case("b").number == 2


def test_a_second_submission_to_one_mailbox_is_not_counted(book: Casebook) -> None:
    book.drop("again", mailbox="alena")
    assert len(book.cases.cases) == 1
    assert book.cases.faults == ["Two submissions have one mailbox; the second was not counted."]


def test_what_cannot_be_opened_here_waits(book: Casebook) -> None:
    unknown = book.drop("unknown", known=False)
    relabelled = drop_id("relabelled")
    book.contents[relabelled] = DropContent(drop_id("another"), "submission", b"m", b"", b"", b"", b"")
    book.drop("relabelled", known=False)
    other_kind = drop_id("other kind")
    book.contents[other_kind] = DropContent(other_kind, "payee", b"m", b"", b"", b"", b"")
    book.drop("other kind", known=False)
    assert list(book.cases.unlinked) == [unknown, relabelled, other_kind]
    assert len(book.cases.cases) == 1


def test_messages_and_bank_details_find_their_case_by_mailbox(book: Casebook) -> None:
    letter = book.drop("letter", "message", "alena")
    payee = book.drop("details", "payee", "alena")
    second = book.drop("other details", "payee", "alena")
    case = book.case()
    assert [(one.kind, one.drop) for one in case.letters] == [("answer", letter)]
    assert case.payees == [payee, second]
    assert book.cases.case_of(letter) is case
    book.drop("lost", "message", "nobody")
    assert book.cases.faults == ["A message belongs to no case."]


def test_gifts_open_no_case(book: Casebook) -> None:
    book.drop("gift", "gift", known=False)
    assert len(book.cases.cases) == 1
    assert not book.cases.unlinked


# ---- work on a case ---------------------------------------------------------------------------


def test_a_case_goes_from_new_to_granted(book: Casebook) -> None:
    case = book.case()
    states = [case.state]
    book.tell(1, CaseTaken(case.id))
    states.append(case.state)
    grant = book.propose(case)
    states.append(case.state)
    assert grant is not None
    for officer in (2, 3):
        book.tell(officer, GrantApproved(grant.id, grant.proposal))
        states.append(case.state)
    assert states == ["new", "taken", "proposed", "proposed", "granted"]
    assert grant.total_minor == 100_000
    assert len(case.timeline) == 5


def test_who_took_a_case_first_has_it(book: Casebook) -> None:
    for officer in (2, 1, 3):
        book.tell(officer, CaseTaken(book.case().id))
    assert book.case().taken_by == 2


def test_a_refused_case_says_why(book: Casebook) -> None:
    book.tell(2, CaseRefused(book.case().id, "Another fund pays."))
    assert (book.case().state, book.case().refused) == ("refused", "Another fund pays.")


def test_who_is_not_of_casework_changes_nothing(book: Casebook) -> None:
    case = book.case()
    for event in (
        CaseTaken(case.id),
        NoteWritten(case.id, "text"),
        CaseRefused(case.id, "no"),
        CaseChecked(case.id, "reading", "believable", True, b""),
    ):
        book.tell(5, event)
    assert book.propose(case, author=5) is None
    assert (case.state, case.notes, case.checks, len(case.timeline)) == ("new", [], {}, 1)
    assert len(book.cases.faults) == 5


def test_events_of_no_case_are_passed_over(book: Casebook) -> None:
    for event in (CaseTaken("0" * 32), NoteWritten("0" * 32, "text"), GrantApproved("none", bytes(32))):
        book.tell(1, event)
    assert not book.cases.faults


def test_checks_need_the_word_that_there_is_no_interest(book: Casebook) -> None:
    case = book.case()
    book.tell(2, CaseChecked(case.id, "reading", "believable", False, b""))
    assert case.checks == {}
    book.tell(2, CaseChecked(case.id, "reading", "believable", True, b""))
    assert case.checks["reading"].by == 2


def test_answers_are_due_in_three_days_from_what_the_person_wrote_last(book: Casebook) -> None:
    case = book.case()
    assert case.answered
    assert case.days_left(DAY) == 3
    assert case.days_left(DAY + timedelta(days=5)) == -2
    book.day = DAY + timedelta(days=4)
    book.drop("letter", "message", "alena")
    assert not case.answered
    assert case.days_left(DAY + timedelta(days=5)) == 2
    book.tell(3, MessageSent(case.id, "message", "We read it.", bytes(32)))
    assert case.answered


# ---- grants -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"programme": "none"},
        {"currency": "PLN"},
        {"amounts": ()},
        {"amounts": (0,)},
        {"amounts": (60000, -1)},
    ],
)
def test_an_impossible_grant_is_not_counted(book: Casebook, changes: dict[str, object]) -> None:
    assert book.propose(book.case(), **changes) is None  # type: ignore[arg-type]
    assert book.cases.faults == ["A grant in case 0001 is not possible and was not counted."]
    assert book.propose(book.case()) is not None


def test_a_case_has_one_grant(book: Casebook) -> None:
    first = book.propose(book.case(), grant="g1")
    assert book.propose(book.case(), 2, grant="g2") is None
    assert book.case().live_grant is first


def test_one_name_of_a_grant_stands_for_one_grant(book: Casebook) -> None:
    """Instalments are told apart by grant and place: a copied name in another case would block them."""
    book.drop("other", number=2)
    assert book.propose(book.case(), grant="g1") is not None
    assert book.propose(book.case("other"), 2, grant="g1") is None
    assert len(book.cases.faults) == 1


APPROVALS = [
    # who approves, whether the grant is approved by them
    ((2,), False),
    ((2, 3), True),
    ((2, 2), False),  # twice is once
    ((1, 2), False),  # the proposer
    ((2, 5), False),  # not of casework
    ((2, 9), False),  # nobody
    ((2, 3, 4), True),
]


@pytest.mark.parametrize(("officers", "approved"), APPROVALS)
def test_who_approves(book: Casebook, officers: tuple[int, ...], approved: bool) -> None:
    grant = book.propose(book.case())
    assert grant is not None
    for officer in officers:
        book.tell(officer, GrantApproved(grant.id, grant.proposal))
    assert grant.approved == approved


def test_an_approval_is_of_one_proposal_by_its_hash(book: Casebook) -> None:
    """Not of a name that was proposed again with another sum."""
    book.drop("other", number=2)
    grant, other = book.propose(book.case(), grant="g1"), book.propose(book.case("other"), grant="g2")
    assert grant is not None
    assert other is not None
    for officer in (2, 3, 4):
        book.tell(officer, GrantApproved(grant.id, bytes(32)))
        book.tell(officer, GrantApproved(grant.id, other.proposal))
        book.tell(officer, GrantApproved("g3", grant.proposal))
    assert grant.approvals == other.approvals == {}


def test_each_programme_says_how_many_approve(book: Casebook) -> None:
    grant = book.propose(book.case(), programme="lawyers")
    assert grant is not None
    assert grant.programme == CHARTER.programmes[1]
    for officer in (2, 3):
        book.tell(officer, GrantApproved(grant.id, grant.proposal))
    assert not grant.approved
    book.tell(4, GrantApproved(grant.id, grant.proposal))
    assert grant.approved


def test_a_batch_stands_in_the_timeline_and_decides_nothing_here(book: Casebook) -> None:
    grant = book.propose(book.case())
    assert grant is not None
    item = BatchItem(grant.id, 0, book.case().id, "p" * 32, "e2e", "grants", "EUR", 60000)
    before = len(book.case().timeline)
    event: Event = BatchProposed("b", 1, (item,), "sepa", 5, DAY, 0, ())
    book.tell(5, event)
    assert len(book.case().timeline) == before + 1
