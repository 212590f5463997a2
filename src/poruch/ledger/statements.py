"""What a bank entry means for the books: gift, settlement, return, charge, quarantine, or something that waits."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

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
from poruch.ledger.state import Ledger, Payment

RETURN_PREFIX = "RET"

Related = Callable[[str, str], str]
"""From a counterparty's name and IBAN to the rule that makes it a related party: `iban`, `name`, or nothing."""


@dataclass(frozen=True, slots=True)
class BankEntry:
    """One booked movement: minor units with sign, and what tells it apart. `id` has 32 bytes and is stable."""

    id: bytes
    day: date
    amount_minor: int
    currency: str
    reference: str
    end_to_end: str
    returned: bool
    reason: str
    name: str
    iban: str
    charge: bool

    def __repr__(self) -> str:
        return f"BankEntry({self.id.hex()[:8]})"


def return_id(entry: bytes) -> str:
    """The end-to-end id of the payment that sends a quarantined credit back (23 characters)."""
    return RETURN_PREFIX + entry.hex()[:20]


def related_hash(salt: bytes, text: str) -> bytes:
    """The salted hash of a related party's IBAN or folded name, as it stands in the charter (32 bytes)."""
    return hmac.new(salt, b"poruch/related/v1\n" + text.encode(), hashlib.sha256).digest()


def judge(ledger: Ledger, entry: BankEntry, references: frozenset[str], related: Related) -> Event | None:
    """The event that books `entry`, or None if it was booked before. `references` are those that givers announced."""
    if entry.id in ledger.seen:
        return None
    if entry.amount_minor > 0:
        return _credit(ledger, entry, references, related)
    return _debit(ledger, entry)


def _credit(ledger: Ledger, entry: BankEntry, references: frozenset[str], related: Related) -> Event:
    amount_minor = entry.amount_minor
    payment = ledger.payments.get(entry.end_to_end)
    if payment and _is_whole(payment, entry, amount_minor) and (entry.returned or not entry.reference):
        return InstalmentReturned(entry.end_to_end, entry.id, entry.day, entry.reason[:35])
    rule = related(entry.name, entry.iban)
    if rule:
        return CreditQuarantined(entry.id, entry.day, amount_minor, entry.currency, rule, entry.iban)
    if entry.reference in references:
        return DonationReceived(entry.id, entry.day, amount_minor, entry.currency, entry.reference)
    return CreditUnmatched(entry.id, entry.day, amount_minor, entry.currency)


def _debit(ledger: Ledger, entry: BankEntry) -> Event:
    amount_minor = -entry.amount_minor
    payment = ledger.payments.get(entry.end_to_end)
    if payment and _is_whole(payment, entry, amount_minor):
        return InstalmentSettled(entry.end_to_end, entry.id, entry.day)
    for credit in ledger.quarantined.values():
        sent_back = credit.entry in ledger.returned
        if not sent_back and entry.end_to_end == return_id(credit.entry) and amount_minor == credit.amount_minor:
            return QuarantineReturned(entry.id, credit.entry, entry.day, amount_minor)
    if entry.charge:
        return CostCharged(entry.id, entry.day, amount_minor, entry.currency)
    return DebitUnmatched(entry.id, entry.day, amount_minor, entry.currency)


def _is_whole(payment: Payment, entry: BankEntry, amount_minor: int) -> bool:
    """Neither more nor less than the instalment: a part waits as unmatched, or books and bank would differ."""
    return (payment.item.amount_minor, payment.item.currency) == (amount_minor, entry.currency)
