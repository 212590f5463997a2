"""What is sent back to a related party: only what lies in quarantine, once, and whole."""

from datetime import date

from poruch.events.heard import Heard
from poruch.events.kinds import CreditQuarantined, QuarantineReturned
from poruch.journal.members import Members
from poruch.ledger.postings import trial_balance
from poruch.ledger.state import Ledger

DAY = date(2026, 9, 1)
CREDIT, OTHER = bytes([1]) * 32, bytes([2]) * 32


def heard(number: int, event: CreditQuarantined | QuarantineReturned) -> Heard:
    return Heard(bytes([number]) * 32, 5, DAY, event)


def test_only_what_lies_in_quarantine_goes_back_once_and_whole() -> None:
    books = Ledger(Members(circles={"treasury": frozenset({5})}))
    books.apply(heard(1, CreditQuarantined(CREDIT, DAY, 700, "EUR", "iban", "LT553250022511792253")))
    for number, (of, amount) in enumerate([(OTHER, 700), (CREDIT, 699)], 2):
        books.apply(heard(number, QuarantineReturned(bytes([number + 8]) * 32, of, DAY, amount)))
    assert len(books.posted) == 1
    assert len(books.faults) == 2
    books.apply(heard(8, QuarantineReturned(bytes([20]) * 32, CREDIT, DAY, 700)))
    books.apply(heard(9, QuarantineReturned(bytes([21]) * 32, CREDIT, DAY, 700)))
    assert len(books.posted) == 2
    assert len(books.faults) == 3
    assert set(trial_balance(books.posted).values()) == {0}
