"""What a bank entry becomes: a table, and that the same entry is booked once."""

import hashlib
import hmac

import pytest

from ledger.books import DAY, REFERENCE, RELATED_IBAN, Books, bank_entry, entry_id, item
from poruch.events.base import Event
from poruch.events.kinds import (
    CostCharged,
    CreditQuarantined,
    CreditUnmatched,
    DebitUnmatched,
    DonationReceived,
    InstalmentReturned,
    InstalmentSettled,
    QuarantineReturned,
)
from poruch.ledger.statements import BankEntry, judge, related_hash, return_id


@pytest.fixture
def books() -> Books:
    """One instalment of 600.00 exported, and 777.00 from a related party in quarantine."""
    made = Books()
    batch = made.propose("b1", [item("g1")])
    assert batch is not None
    made.export(batch)
    made.read(bank_entry("related", 77700, iban=RELATED_IBAN, reference=REFERENCE))
    return made


BACK = return_id(entry_id("related"))
OURS = "e-g1-0"
TABLE: list[tuple[str, BankEntry, type[Event]]] = [
    ("a gift by its reference", bank_entry("x", 5000, reference=REFERENCE), DonationReceived),
    ("no reference", bank_entry("x", 5000), CreditUnmatched),
    ("a reference nobody announced", bank_entry("x", 5000, reference="RF712348231"), CreditUnmatched),
    ("a related account", bank_entry("x", 5000, iban=RELATED_IBAN), CreditQuarantined),
    (
        "a related account, good reference",
        bank_entry("x", 5000, iban=RELATED_IBAN, reference=REFERENCE),
        CreditQuarantined,
    ),
    ("a related name", bank_entry("x", 5000, name="Muravejnik Software", reference=REFERENCE), CreditQuarantined),
    ("our payment came back", bank_entry("x", 60000, end_to_end=OURS, returned=True), InstalmentReturned),
    ("it came back, and the bank does not say so", bank_entry("x", 60000, end_to_end=OURS), InstalmentReturned),
    (
        "it came back with our text as reference",
        bank_entry("x", 60000, end_to_end=OURS, returned=True, reference=REFERENCE),
        InstalmentReturned,
    ),
    ("a gift that carries our id", bank_entry("x", 60000, end_to_end=OURS, reference=REFERENCE), DonationReceived),
    ("less came back than went out", bank_entry("x", 59000, end_to_end=OURS, returned=True), CreditUnmatched),
    (
        "it came back in another currency",
        bank_entry("x", 60000, end_to_end=OURS, returned=True, currency="PLN"),
        CreditUnmatched,
    ),
    ("our payment was made", bank_entry("x", -60000, end_to_end=OURS), InstalmentSettled),
    ("another sum under our id", bank_entry("x", -60001, end_to_end=OURS), DebitUnmatched),
    ("our id in another currency", bank_entry("x", -60000, end_to_end=OURS, currency="PLN"), DebitUnmatched),
    ("sent back to the related party", bank_entry("x", -77700, end_to_end=BACK), QuarantineReturned),
    ("less was sent back", bank_entry("x", -77000, end_to_end=BACK), DebitUnmatched),
    ("a charge", bank_entry("x", -290, charge=True), CostCharged),
    ("nobody knows", bank_entry("x", -290), DebitUnmatched),
    ("a debit of nothing", bank_entry("x", 0), DebitUnmatched),
]


@pytest.mark.parametrize(("why", "entry", "kind"), TABLE, ids=[row[0] for row in TABLE])
def test_what_an_entry_becomes(books: Books, why: str, entry: BankEntry, kind: type[Event]) -> None:
    event = books.read(entry)
    assert type(event) is kind
    assert event.entry == entry.id  # type: ignore[attr-defined]
    assert event.day == DAY  # type: ignore[attr-defined]
    assert getattr(event, "amount_minor", abs(entry.amount_minor)) == abs(entry.amount_minor)


@pytest.mark.parametrize(("why", "entry", "kind"), TABLE, ids=[row[0] for row in TABLE])
def test_the_same_entry_again_is_booked_by_nobody(books: Books, why: str, entry: BankEntry, kind: type[Event]) -> None:
    event = books.read(entry)
    assert event is not None
    posted = list(books.ledger.posted)
    assert judge(books.ledger, entry, frozenset({REFERENCE}), lambda name, iban: "") is None
    books.tell(4, event)  # another desk read the same statement before it heard of this one
    assert books.ledger.posted == posted


def test_quarantined_money_is_sent_back_once(books: Books) -> None:
    assert type(books.read(bank_entry("back", -77700, end_to_end=BACK))) is QuarantineReturned
    assert type(books.read(bank_entry("back again", -77700, end_to_end=BACK))) is DebitUnmatched


def test_the_rule_that_matched_is_on_record(books: Books) -> None:
    assert books.ledger.quarantined[entry_id("related")].rule == "iban"
    books.read(bank_entry("by name", 100, name="Muravejnik Software"))
    assert books.ledger.quarantined[entry_id("by name")].rule == "name"


def test_ids_of_returns_fit_a_bank_and_tell_credits_apart() -> None:
    ids = {return_id(entry_id(number)) for number in range(100)}
    assert len(ids) == 100
    assert {len(one) for one in ids} == {23}
    assert all(one.isalnum() for one in ids)


def test_related_hashes_are_salted() -> None:
    expected = hmac.new(b"s" * 32, b"poruch/related/v1\nDE89", hashlib.sha256).digest()
    assert related_hash(b"s" * 32, "DE89") == expected
    assert related_hash(b"t" * 32, "DE89") != expected


def test_an_entry_shows_no_name_by_accident() -> None:
    shown = repr(bank_entry("x", 100, name="Alena Muravejnik", iban="DE02120300000000202051"))
    assert "Alena" not in shown
    assert "DE02" not in shown
