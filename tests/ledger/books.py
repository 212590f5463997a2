"""Books folded from events that a test tells, and bank entries as a statement would have them."""

import hashlib
import os
from dataclasses import dataclass, field
from datetime import date

from poruch.events.base import Event
from poruch.events.heard import Heard
from poruch.events.kinds import (
    BatchApproved,
    BatchExported,
    BatchItem,
    BatchProposed,
    CirclesAssigned,
    CostCharged,
    DonationReceived,
    EpochPrepared,
    Membership,
    PublicationProposed,
    PublicationSent,
)
from poruch.journal.members import Members
from poruch.ledger.state import Batch, Ledger
from poruch.ledger.statements import BankEntry, judge

DAY = date(2026, 9, 1)
TREASURY = (3, 4, 5)
REFERENCE = "RF18539007547034"
RELATED_IBAN = "DE89370400440532013000"


def entry_id(name: object) -> bytes:
    """32 bytes for a name."""
    return hashlib.sha256(repr(name).encode()).digest()


def bank_entry(name: object, amount_minor: int, /, **changes: object) -> BankEntry:
    """One booked movement; everything but sign and name is empty."""
    fields: dict[str, object] = {
        "id": entry_id(name),
        "day": DAY,
        "amount_minor": amount_minor,
        "currency": "EUR",
        "reference": "",
        "end_to_end": "",
        "returned": False,
        "reason": "",
        "name": "",
        "iban": "",
        "charge": False,
    }
    return BankEntry(**(fields | changes))  # type: ignore[arg-type]


def related(name: str, iban: str) -> str:
    """The rule of a fund with one related party."""
    if iban == RELATED_IBAN:
        return "iban"
    return "name" if name == "Muravejnik Software" else ""


@dataclass
class Books:
    """`tell` folds one event; `read` books one entry of a statement as the bank tells it."""

    members: Members = field(default_factory=Members)
    told: int = 0
    ledger: Ledger = field(init=False)

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.members)
        self.tell(1, CirclesAssigned((Membership("treasury", TREASURY),)))

    def tell(self, author: int, event: Event) -> Heard:
        self.told += 1
        heard = Heard(self.told.to_bytes(32, "big"), author, DAY, event)  # type: ignore[arg-type]
        self.members.apply(heard)
        self.ledger.apply(heard)
        return heard

    def read(self, entry: BankEntry) -> Event | None:
        event = judge(self.ledger, entry, frozenset({REFERENCE}), related)
        if event is not None:
            self.tell(5, event)
        return event

    def gift(self, amount_minor: int, day: date = DAY, currency: str = "EUR") -> str:
        entry = os.urandom(32)
        self.tell(5, DonationReceived(entry, day, amount_minor, currency, REFERENCE))
        return entry.hex()

    def cost(self, amount_minor: int) -> str:
        entry = os.urandom(32)
        self.tell(5, CostCharged(entry, DAY, amount_minor, "EUR"))
        return entry.hex()

    def propose(
        self, name: str, items: list[BatchItem], *, author: int = 5, exporter: int = 5, returns: tuple[bytes, ...] = ()
    ) -> Batch | None:
        number = self.ledger.next_batch_number
        self.tell(author, BatchProposed(name, number, tuple(items), "sepa", exporter, DAY, 0, returns))
        return self.ledger.batches.get(name)

    def export(self, batch: Batch, left_out: tuple[str, ...] = (), author: int | None = None) -> None:
        name = batch.proposal.batch
        for officer in (3, 4):
            self.tell(officer, BatchApproved(name, batch.proposal_id))
        exporter = batch.proposal.exporter if author is None else author
        self.tell(exporter, BatchExported(name, bytes(32), tuple(batch.approvals.values()), left_out))

    def pay(self, end_to_end: str, amount_minor: int, **changes: object) -> Event | None:
        """The bank paid an instalment out."""
        fields = {"end_to_end": end_to_end} | changes
        return self.read(bank_entry(("paid", end_to_end), -amount_minor, **fields))

    def send_epoch(self, prepared: EpochPrepared) -> None:
        """An epoch was prepared, proposed and sent."""
        self.tell(5, prepared)
        heard = self.tell(5, PublicationProposed(prepared.epoch, 0, (), ""))
        self.tell(5, PublicationSent(heard.id))


def item(
    grant: str, index: int = 0, amount_minor: int = 60000, end_to_end: str = "", account: str = "grants", case: str = ""
) -> BatchItem:
    """One instalment in a batch; its end-to-end id is made of grant and index."""
    named = end_to_end or f"e-{grant}-{index}"
    return BatchItem(grant, index, case or f"case of {grant}", "p" * 32, named, account, "EUR", amount_minor)
