"""Batches that are withdrawn by an objection to their opening: what it frees, and what it cannot free."""

import pytest
from msgspec import structs

from ledger.books import DAY, Books, item
from poruch.events.charter import Charter, Founder
from poruch.events.kinds import BatchApproved, BatchExported, InstalmentSettled, OpeningObjected, OpeningRequested
from poruch.ledger.state import Batch

CHARTER = Charter(
    name="Village",
    origin="village.example/log",
    languages=("en",),
    currency="EUR",
    k=3,
    founders=tuple(Founder(number, bytes([number]) * 32) for number in (1, 2, 3, 4, 5)),
    code_salt=bytes(16),
    programmes=(),
    gift_reference="",
    account_holder="Village fund",
    account_iban="LT121000011101001000",
    remittance="Support",
    refused_countries=(),
    related=(),
    publication_days=91,
)


def proposed() -> tuple[Books, Batch, bytes]:
    """Officer 5 proposes a batch of one instalment and asks for its payee."""
    books = Books()
    books.members.found(CHARTER)
    batch = books.propose("b1", [item("g1")])
    assert batch is not None
    return books, batch, books.tell(5, OpeningRequested("Pay batch 1.", ("p" * 32,), (b"",), "b1")).id


def approve(books: Books, batch: Batch, *numbers: int) -> None:
    for number in numbers:
        books.tell(number, BatchApproved("b1", batch.proposal_id))


OBJECTIONS = [
    # (why, who approved before, who objects, is it withdrawn)
    ("its exporter", (), (5,), True),
    ("its exporter, while one more is missing", (3,), (5,), True),
    ("its exporter, too late", (3, 4), (5,), False),
    ("one colleague", (), (3,), False),
    ("two colleagues", (), (3, 4), False),
    ("two colleagues, one of them twice", (), (3, 4, 4), False),
    ("k colleagues", (), (3, 4, 1), True),
    ("k colleagues, too late", (3, 4), (3, 4, 1, 2), False),
    ("strangers", (), (7, 8, 9), False),
]


@pytest.mark.parametrize(("why", "before", "objectors", "gone"), OBJECTIONS, ids=[row[0] for row in OBJECTIONS])
def test_who_withdraws_a_batch(why: str, before: tuple[int, ...], objectors: tuple[int, ...], gone: bool) -> None:
    books, batch, opening = proposed()
    approve(books, batch, *before)
    for officer in objectors:
        books.tell(officer, OpeningObjected(opening, "No."))
    assert (list(books.ledger.batches), list(books.ledger.withdrawn)) == (([], ["b1"]) if gone else (["b1"], []))
    assert bool(books.ledger.taken) is not gone
    assert bool(books.ledger.payments) is not gone
    assert books.ledger.next_batch_number == 2


def test_another_officers_request_that_names_the_batch_withdraws_nothing() -> None:
    books, _, _ = proposed()
    theirs = books.tell(4, OpeningRequested("Pay batch 1.", ("p" * 32,), (b"",), "b1")).id
    for officer in (4, 5, 1, 2, 3):
        books.tell(officer, OpeningObjected(theirs, "No."))
    assert list(books.ledger.batches) == ["b1"]


def test_what_was_exported_or_paid_is_not_withdrawn() -> None:
    books, batch, opening = proposed()
    books.tell(5, InstalmentSettled("e-g1-0", b"e" * 32, DAY))
    books.tell(5, OpeningObjected(opening, "No."))
    assert list(books.ledger.batches) == ["b1"]
    books, batch, opening = proposed()
    books.export(batch)
    books.tell(5, OpeningObjected(opening, "No."))
    assert list(books.ledger.batches) == ["b1"]


def test_late_approvals_bring_it_back_unless_an_approved_one_took_its_place() -> None:
    books, batch, opening = proposed()
    approve(books, batch, 3)
    books.tell(5, OpeningObjected(opening, "No."))
    approve(books, batch, 4)
    assert list(books.ledger.batches) == ["b1"]
    assert not books.ledger.withdrawn
    assert set(books.ledger.payments) == {"e-g1-0"}

    books, batch, opening = proposed()
    books.tell(5, OpeningObjected(opening, "No."))
    again = books.propose("b2", [structs.replace(item("g1"), end_to_end="e-again")])
    assert again is not None
    books.export(again)
    approve(books, batch, 3, 4)
    assert list(books.ledger.batches) == ["b2"]
    assert set(books.ledger.payments) == {"e-again"}
    books.tell(5, BatchExported("b1", bytes(32), (), ()))
    assert list(books.ledger.batches) == ["b2"]
