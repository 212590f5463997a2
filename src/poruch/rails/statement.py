"""What a bank says happened on an account, in frozen types that no longer know its file format.

Amounts are minor units as the account sees them: money in is positive, money out negative. Names, account numbers and
texts of other people never appear in a `repr`.
"""

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a treasurer should look at: a fixed `kind` for programs, a `sentence` for people, no personal data."""

    kind: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Charge:
    """A cost the bank mentions beside an entry; it moved money only if an entry of its own says so."""

    amount_minor: int
    currency: str
    included: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One movement of money; a batch with details is several. What `amount_minor` says is what moved, sign included.

    `entry_id` is 64 hex digits and the same whenever the same bank tells the same entry again. `repeated` marks an
    entry whose bank reference, amount and day already stood in the file: ask before booking it.
    `is_return` undoes an earlier movement, whose `end_to_end_id` it bears: with money in, a payment of ours came back;
    with money out, a gift was taken back. `reversal` says that the bank itself called it a reversal.
    A batch without usable details is one entry with `batch_size` and the `batch_end_to_end_ids` the bank named.
    """

    entry_id: str
    amount_minor: int
    currency: str
    status: str
    booking_day: date
    value_day: date | None
    bank_reference: str | None
    bank_code: str
    reversal: bool
    repeated: bool
    is_charge: bool
    is_return: bool
    return_reason: str | None
    charges: tuple[Charge, ...]
    batch_size: int
    batch_end_to_end_ids: tuple[str, ...]
    message_id: str | None
    payment_information_id: str | None
    end_to_end_id: str | None
    creditor_reference: str | None
    remittance: str = field(repr=False)
    additional: str = field(repr=False)
    counterparty_name: str | None = field(repr=False)
    counterparty_iban: str | None = field(repr=False)
    ultimate_name: str | None = field(repr=False)

    @property
    def original_end_to_end_id(self) -> str | None:
        """The id we gave a payment that came back, if this is one and the bank repeats the id."""
        return self.end_to_end_id if self.is_return else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One account over one period. `entries` are booked; `pending` are announced or informative and count for nothing.

    `account` is an IBAN in normal form when `account_is_iban`, else whatever the bank calls the account.
    """

    statement_id: str
    version: int
    account: str = field(repr=False)
    account_is_iban: bool
    currency: str
    opening_minor: int | None
    closing_minor: int | None
    entries: tuple[Entry, ...]
    pending: tuple[Entry, ...]
    notices: tuple[Notice, ...]

    @property
    def balanced(self) -> bool:
        """Whether opening balance and booked entries make the closing balance."""
        if self.opening_minor is None or self.closing_minor is None:
            return False
        return self.opening_minor + self.moved_minor == self.closing_minor

    @property
    def moved_minor(self) -> int:
        """The sum of the booked entries in the statement's own currency."""
        return sum(entry.amount_minor for entry in self.entries if entry.currency == self.currency)


def identify(account: str, currency: str, reference: str, amount_minor: int, day: date, ordinal: int) -> str:
    """The stable id of an entry: SHA-256 over what any later copy of the statement repeats, as 64 hex digits.

    `ordinal` tells apart entries of one statement that agree in everything else.
    """
    parts = ("poruch/entry/v1", account, currency, reference, str(amount_minor), day.isoformat(), str(ordinal))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def split_seen(statements: Iterable[Statement], seen: Collection[str]) -> tuple[tuple[Entry, ...], tuple[Entry, ...]]:
    """Booked entries told for the first time, and those whose id is in `seen` or came earlier in these statements."""
    known = set(seen)
    fresh: list[Entry] = []
    again: list[Entry] = []
    for statement in statements:
        for entry in statement.entries:
            (again if entry.entry_id in known else fresh).append(entry)
            known.add(entry.entry_id)
    return tuple(fresh), tuple(again)
