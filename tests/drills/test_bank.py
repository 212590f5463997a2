"""The pretend bank writes what our own reader accepts, and its books are right."""

import random
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poruch.drills.bank import Bank
from poruch.errors import AlreadyDone, BadIban, BadPayment
from poruch.rails.camt053 import read_statements
from poruch.rails.pain001 import Payment, write_pain001
from poruch.rails.references import make
from poruch.rails.statement import Statement

OURS, DONOR, PAYEE = "DE89370400440532013000", "LT121000011101001000", "PL61109010140000071219812874"
DAY, LATER = date(2026, 3, 2), date(2026, 3, 9)


def seeded(seed: int) -> Callable[[int], bytes]:
    return random.Random(seed).randbytes  # noqa: S311 (the demo wants the same bytes again)


def new_bank(seed: int = 1, opening_minor: int = 100_000) -> Bank:
    return Bank(OURS, "Poruch fund", "EUR", opening_minor, seeded(seed))


def order(*amounts: int, message_id: str = "B1", batch: bool = False, iban: str = OURS) -> bytes:
    payments = [
        Payment(f"{message_id}-{at}", "Ann Payee", PAYEE, None, amount, "help") for at, amount in enumerate(amounts)
    ]
    created = datetime(2026, 3, 1, tzinfo=UTC)
    return write_pain001(message_id, created, DAY, "Poruch fund", iban, None, payments, batch_booking=batch)


def read(bank: Bank, day_from: date = DAY, day_to: date = LATER) -> Statement:
    (only,) = read_statements(bank.statement(day_from, day_to))
    assert only.balanced
    assert only.notices == ()
    return only


@pytest.mark.parametrize("batch", [False, True])
def test_payments_are_booked_and_named_on_the_statement(batch: bool) -> None:
    bank = new_bank()
    bank.accept_pain001(order(500, 700, batch=batch), DAY)
    found = read(bank)
    assert [(e.end_to_end_id, e.amount_minor) for e in found.entries] == [("B1-0", -500), ("B1-1", -700)]
    assert {e.payment_information_id for e in found.entries} == {"B1"}
    assert {(e.counterparty_name, e.counterparty_iban) for e in found.entries} == {("Ann Payee", PAYEE)}
    assert (found.opening_minor, found.closing_minor, bank.balance_minor) == (100_000, 98_800, 98_800)


def test_a_gift_comes_with_its_reference_in_whatever_field_the_donor_used() -> None:
    bank, reference = new_bank(), make(seeded(2))
    bank.receive(2500, reference, "Don Donor", DONOR, DAY)
    bank.receive(300, f"gift {reference}", "Don Donor", DONOR, DAY)
    bank.receive(100, "good luck", "Don Donor", DONOR, DAY)
    found = read(bank).entries
    assert [(e.amount_minor, e.creditor_reference) for e in found] == [(2500, reference), (300, reference), (100, None)]
    assert {(e.counterparty_name, e.counterparty_iban) for e in found} == {("Don Donor", DONOR)}


def test_a_payment_that_comes_back_names_the_payee_the_id_and_the_reason() -> None:
    bank = new_bank()
    bank.accept_pain001(order(500), DAY)
    bank.return_payment("B1-0", "AC04", LATER)
    back = read(bank).entries[-1]
    assert (back.amount_minor, back.return_reason, back.original_end_to_end_id) == (500, "AC04", "B1-0")
    assert back.counterparty_iban == PAYEE
    assert bank.balance_minor == 100_000


def test_a_fee_is_a_charge() -> None:
    bank = new_bank()
    bank.charge(250, "account fee", DAY)
    (fee,) = read(bank).entries
    assert (fee.amount_minor, fee.is_charge, fee.remittance) == (-250, True, "account fee")


def test_statements_follow_each_other_and_overlap_without_new_ids() -> None:
    bank = new_bank(opening_minor=-700)
    bank.receive(1000, "a", "Don", DONOR, DAY)
    bank.receive(1000, "a", "Don", DONOR, LATER)
    first, second, both = read(bank, DAY, DAY), read(bank, LATER, LATER), read(bank)
    assert (first.opening_minor, first.closing_minor) == (-700, 300) == (both.opening_minor, second.opening_minor)
    ids = [entry.entry_id for entry in (*first.entries, *second.entries)]
    assert ids == [entry.entry_id for entry in both.entries]
    assert len(set(ids)) == 2


def test_the_same_seed_is_the_same_bytes() -> None:
    def story(seed: int) -> bytes:
        bank = new_bank(seed)
        bank.accept_pain001(order(500, 700), DAY)
        return bank.statement(DAY, LATER)

    assert story(1) == story(1)
    assert story(1) != story(2)


def test_a_file_is_taken_once() -> None:
    bank = new_bank()
    bank.accept_pain001(order(500), DAY)
    for again in (order(500), order(500, 700)):
        with pytest.raises(AlreadyDone):
            bank.accept_pain001(again, DAY)
    assert bank.balance_minor == 99_500


def test_a_payment_comes_back_once_and_only_if_it_was_made() -> None:
    bank = new_bank()
    bank.accept_pain001(order(500), DAY)
    bank.return_payment("B1-0", "AC04", DAY)
    with pytest.raises(AlreadyDone):
        bank.return_payment("B1-0", "AC04", DAY)
    with pytest.raises(BadPayment):
        bank.return_payment("B9-0", "AC04", DAY)


def test_what_is_for_another_bank_is_refused() -> None:
    bank = new_bank()
    with pytest.raises(BadPayment):
        bank.accept_pain001(order(500, iban=DONOR), DAY)
    with pytest.raises(BadPayment):
        bank.accept_pain001(b"<nothing/>", DAY)
    with pytest.raises(BadIban):
        bank.receive(1, "a", "Don", "DE00", DAY)
    assert bank.balance_minor == 100_000


def test_execution_waits_for_its_day() -> None:
    bank = new_bank()
    bank.accept_pain001(order(500), date(2026, 3, 1))
    bank.accept_pain001(order(700, message_id="B2"), LATER)
    assert [entry.booking_day for entry in read(bank).entries] == [DAY, LATER]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["gift", "pay", "fee"]), st.integers(1, 10**9), st.integers(0, 27)), max_size=12)
)
def test_whatever_happens_the_books_balance(acts: list[tuple[str, int, int]]) -> None:
    bank = new_bank()
    for at, (act, amount, after) in enumerate(acts):
        day = date(2026, 3, 2 + after)
        if act == "gift":
            bank.receive(amount, f"note {at}", "Don", DONOR, day)
        elif act == "fee":
            bank.charge(amount, "fee", day)
        else:
            bank.accept_pain001(order(amount, message_id=f"B{at}"), day)
    found = read(bank, date(2026, 3, 1), date(2026, 3, 31))
    assert len(found.entries) == len(acts)
    assert found.closing_minor == bank.balance_minor
