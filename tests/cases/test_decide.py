"""Decisions: who may, what must stand on record first, and a sentence for everything else."""

import os
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from msgspec import structs

from cases.casebook import DAY, Casebook
from poruch.cases import decide
from poruch.errors import AlreadyDone, BadAmount, ConflictOfInterest, MissingCheck, NotAllowed, OwnGrant, PoruchError
from poruch.events.kinds import CaseRefused, CaseTaken, GrantApproved, GrantProposed, Instalment

LIST = bytes(range(32))


@pytest.fixture
def book() -> Casebook:
    """One case, taken by officer 1."""
    made = Casebook()
    made.drop("alena")
    for event in decide.take(made.members, made.case(), 1):
        made.tell(1, event)
    return made


def granted(book: Casebook) -> None:
    """A grant of two instalments, approved; checks, and bank details."""
    case, members = book.case(), book.members
    for officer, name, outcome in ((2, "reading", "believable"), (1, "screening", "no-match")):
        checked = decide.check(members, case, officer, name, outcome, no_interest=True, list_sha256=LIST)
        book.tell(officer, checked[0])
    grant = book.propose(case)
    assert grant is not None
    for officer in (2, 3):
        book.tell(officer, decide.approve_grant(members, grant, officer)[0])
    book.drop("details", "payee", "alena")


def taken_twice(book: Casebook) -> None:
    decide.take(book.members, book.case(), 2)


def take_as_treasurer(book: Casebook) -> None:
    decide.take(book.members, book.case(), 5)


def note_as_treasurer(book: Casebook) -> None:
    decide.note(book.members, book.case(), 5, "text")


def check_as_treasurer(book: Casebook) -> None:
    decide.check(book.members, book.case(), 5, "reading", "believable", no_interest=True)


def read_by_who_took_it(book: Casebook) -> None:
    decide.check(book.members, book.case(), 1, "reading", "believable", no_interest=True)


def unknown_outcome(book: Casebook) -> None:
    decide.check(book.members, book.case(), 2, "reading", "no-match", no_interest=True)


def interested(book: Casebook) -> None:
    decide.check(book.members, book.case(), 2, "reading", "believable", no_interest=False)


def screened_without_a_list(book: Casebook) -> None:
    decide.check(book.members, book.case(), 2, "screening", "no-match", no_interest=True)


def propose(book: Casebook, officer: int = 1, programme: str = "first-months", *amounts: int) -> list[GrantProposed]:
    instalments = [Instalment(amount, DAY) for amount in amounts or (60000,)]
    return decide.propose_grant(book.cases, book.case(), officer, programme, instalments, os.urandom)


def proposed_as_treasurer(book: Casebook) -> None:
    propose(book, 5)


def unknown_programme(book: Casebook) -> None:
    propose(book, 1, "holidays")


def nothing_to_pay(book: Casebook) -> None:
    decide.propose_grant(book.cases, book.case(), 1, "first-months", [], os.urandom)


def zero(book: Casebook) -> None:
    propose(book, 1, "first-months", 60000, 0)


def huge(book: Casebook) -> None:
    propose(book, 1, "first-months", 2**32)


def too_many(book: Casebook) -> None:
    propose(book, 1, "first-months", *([1] * 25))


def proposed_twice(book: Casebook) -> None:
    book.tell(1, propose(book)[0])
    propose(book, 2)


def proposed_after_refusal(book: Casebook) -> None:
    book.tell(2, CaseRefused(book.case().id, "no"))
    propose(book)


def own_grant(book: Casebook) -> None:
    grant = book.propose(book.case())
    assert grant is not None
    decide.approve_grant(book.members, grant, 1)


def approved_as_treasurer(book: Casebook) -> None:
    grant = book.propose(book.case())
    assert grant is not None
    decide.approve_grant(book.members, grant, 5)


def approved_twice(book: Casebook) -> None:
    grant = book.propose(book.case())
    assert grant is not None
    book.tell(2, decide.approve_grant(book.members, grant, 2)[0])
    decide.approve_grant(book.members, grant, 2)


def refused_as_treasurer(book: Casebook) -> None:
    decide.refuse(book.members, book.case(), 5, "no")


def refused_twice(book: Casebook) -> None:
    book.tell(2, decide.refuse(book.members, book.case(), 2, "no")[0])
    decide.refuse(book.members, book.case(), 3, "no")


def refused_after_the_grant(book: Casebook) -> None:
    granted(book)
    decide.refuse(book.members, book.case(), 2, "no")


REFUSED: list[tuple[Callable[[Casebook], None], type[PoruchError]]] = [
    (taken_twice, AlreadyDone),
    (take_as_treasurer, NotAllowed),
    (note_as_treasurer, NotAllowed),
    (check_as_treasurer, NotAllowed),
    (read_by_who_took_it, NotAllowed),
    (unknown_outcome, NotAllowed),
    (interested, ConflictOfInterest),
    (screened_without_a_list, MissingCheck),
    (proposed_as_treasurer, NotAllowed),
    (unknown_programme, NotAllowed),
    (nothing_to_pay, BadAmount),
    (zero, BadAmount),
    (huge, BadAmount),
    (too_many, BadAmount),
    (proposed_twice, AlreadyDone),
    (proposed_after_refusal, AlreadyDone),
    (own_grant, OwnGrant),
    (approved_as_treasurer, NotAllowed),
    (approved_twice, AlreadyDone),
    (refused_as_treasurer, NotAllowed),
    (refused_twice, AlreadyDone),
    (refused_after_the_grant, AlreadyDone),
]


@pytest.mark.parametrize(("wish", "error"), REFUSED)
def test_what_may_not_be_is_refused_and_says_why(
    book: Casebook, wish: Callable[[Casebook], None], error: type[PoruchError]
) -> None:
    with pytest.raises(error) as caught:
        wish(book)
    assert type(caught.value) is error
    assert caught.value.sentence.endswith(".")


def test_what_may_be_is_one_event(book: Casebook) -> None:
    case = book.case()
    book.drop("other", number=2)
    assert decide.take(book.members, book.case("other"), 4) == [CaseTaken(book.case("other").id)]
    [note] = decide.note(book.members, case, 3, "n" * 30_000)
    assert note.text == "n" * decide.LONGEST_TEXT
    [proposal] = propose(book, 2, "lawyers", 100000, 2**32 - 1)
    assert (proposal.case, proposal.programme, proposal.currency) == (case.id, "lawyers", "EUR")
    assert len(proposal.grant) == 32
    assert propose(book)[0].grant != propose(book)[0].grant
    grant = book.propose(case)
    assert grant is not None
    assert decide.approve_grant(book.members, grant, 2) == [GrantApproved(grant.id, grant.proposal)]
    assert decide.refuse(book.members, case, 2, "no") == [CaseRefused(case.id, "no")]


# ---- what may be paid -------------------------------------------------------------------------


def payable(book: Casebook, day: date = DAY, taken: frozenset[tuple[str, int]] = frozenset()) -> list[int]:
    return [item.index for item in decide.payable(book.cases, day, taken)]


def test_an_instalment_is_payable_on_its_day_until_a_batch_has_it(book: Casebook) -> None:
    granted(book)
    assert payable(book, DAY - timedelta(days=1)) == []
    assert payable(book) == [0]
    assert payable(book, DAY + timedelta(days=30)) == [0, 1]
    assert payable(book, DAY + timedelta(days=30), frozenset({("g1", 0)})) == [1]
    assert payable(book, DAY, frozenset({("g1", 0)})) == []
    assert payable(book, DAY, frozenset({("g2", 0)})) == [0]


def test_the_newest_bank_details_are_taken(book: Casebook) -> None:
    granted(book)
    newer = book.drop("newer details", "payee", "alena")
    [item] = decide.payable(book.cases, DAY, frozenset())
    assert item.payee == newer
    assert (item.account, item.currency, item.amount_minor, item.end_to_end) == ("grants", "EUR", 60000, "")


CHECKS = [
    # checks in order of (officer, check, outcome), what is still missing
    ([], ["reading", "screening"]),
    ([(2, "reading", "believable")], ["screening"]),
    ([(2, "screening", "no-match")], ["reading"]),
    ([(2, "reading", "believable"), (3, "screening", "cleared")], []),
    ([(2, "reading", "doubtful"), (3, "screening", "no-match")], ["reading"]),
    ([(2, "reading", "believable"), (3, "screening", "match")], ["screening"]),
    ([(2, "reading", "believable"), (3, "screening", "match"), (4, "screening", "cleared")], []),
    ([(2, "reading", "believable"), (3, "reading", "doubtful"), (3, "screening", "no-match")], ["reading"]),
]


@pytest.mark.parametrize(("checks", "missing"), CHECKS)
def test_no_instalment_is_payable_without_a_second_reader_and_a_screening(
    book: Casebook, checks: list[tuple[int, str, str]], missing: list[str]
) -> None:
    case = book.case()
    for officer, name, outcome in checks:
        event = decide.check(book.members, case, officer, name, outcome, no_interest=True, list_sha256=LIST)
        book.tell(officer, event[0])
    grant = book.propose(case)
    assert grant is not None
    for officer in (2, 3):
        book.tell(officer, GrantApproved(grant.id, grant.proposal))
    book.drop("details", "payee", "alena")
    assert decide.missing_checks(case) == missing
    assert payable(book) == ([0] if not missing else [])


def test_a_reading_by_who_took_the_case_does_not_count_whenever_he_took_it() -> None:
    book = Casebook()
    book.drop("alena")
    case = book.case()
    book.tell(2, decide.check(book.members, case, 2, "reading", "believable", no_interest=True)[0])
    book.tell(2, CaseTaken(case.id))  # his desk had let him: nobody had the case yet
    assert "reading" in decide.missing_checks(case)


def test_nothing_is_payable_without_approvals_or_bank_details(book: Casebook) -> None:
    case = book.case()
    for officer, name, outcome in ((2, "reading", "believable"), (3, "screening", "no-match")):
        event = decide.check(book.members, case, officer, name, outcome, no_interest=True, list_sha256=LIST)
        book.tell(officer, event[0])
    grant = book.propose(case)
    assert grant is not None
    book.tell(2, GrantApproved(grant.id, grant.proposal))
    book.drop("details", "payee", "alena")
    assert payable(book) == []
    book.tell(3, GrantApproved(grant.id, grant.proposal))
    assert payable(book) == [0]
    case.payees.clear()
    assert payable(book) == []


# ---- a colleague's batch ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"amount_minor": 60001},
        {"amount_minor": 40000},
        {"index": 1},
        {"index": 2},
        {"index": -1, "amount_minor": 40000},
        {"account": "lawyers"},
        {"currency": "PLN"},
        {"payee": "0" * 32},
        {"grant": "g9"},
        {"case": "0" * 32},
    ],
)
def test_a_batch_of_a_colleague_holds_only_what_was_granted(book: Casebook, change: dict[str, object]) -> None:
    granted(book)
    [item] = decide.payable(book.cases, DAY, frozenset())
    decide.check_item(book.cases, item)
    with pytest.raises(NotAllowed):
        decide.check_item(book.cases, structs.replace(item, **change))


def test_a_batch_of_a_colleague_waits_for_the_checks(book: Casebook) -> None:
    granted(book)
    [item] = decide.payable(book.cases, DAY, frozenset())
    del book.case().checks["screening"]
    with pytest.raises(MissingCheck) as caught:
        decide.check_item(book.cases, item)
    assert caught.value.detail == "screening"
