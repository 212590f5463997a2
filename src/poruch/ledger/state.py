"""The books as a fold of events."""

from dataclasses import dataclass, field
from datetime import date

from poruch.events.heard import Heard
from poruch.events.kinds import (
    BatchApproved,
    BatchExported,
    BatchItem,
    BatchProposed,
    CheckpointSigned,
    CostCharged,
    CreditQuarantined,
    CreditUnmatched,
    DebitUnmatched,
    DonationReceived,
    EpochPrepared,
    InstalmentReturned,
    InstalmentSettled,
    PartiesDeclared,
    PublicationProposed,
    PublicationSent,
    QuarantineReturned,
    StatementImported,
)
from poruch.journal.members import Members
from poruch.ledger.postings import BANK, COSTS, GIFTS, GRANTS, QUARANTINE, UNMATCHED, PostingSet, transfer

TREASURY_ONLY = (
    BatchProposed,
    BatchExported,
    CostCharged,
    CreditQuarantined,
    CreditUnmatched,
    DebitUnmatched,
    DonationReceived,
    EpochPrepared,
    InstalmentReturned,
    InstalmentSettled,
    PublicationProposed,
    PublicationSent,
    QuarantineReturned,
    StatementImported,
)


@dataclass
class Batch:
    """Instalments paid together. `approvals` maps officers to the ids of their approvals; the proposer's is implied."""

    proposal_id: bytes
    proposal: BatchProposed
    proposer: int
    day: date
    approvals: dict[int, bytes] = field(default_factory=dict)
    exported: BatchExported | None = None

    @property
    def total_minor(self) -> int:
        """All instalments together."""
        return sum(item.amount_minor for item in self.proposal.items)


@dataclass
class Payment:
    """One instalment on its way: proposed, exported, settled, returned or left out."""

    item: BatchItem
    batch: str
    state: str = "proposed"
    day: date | None = None
    reason: str = ""


@dataclass
class Publication:
    """New leaves that wait for signatures, or were sent."""

    id: bytes
    proposal: PublicationProposed
    proposer: int
    lines: dict[int, str] = field(default_factory=dict)
    prepared: EpochPrepared | None = None
    sent: bool = False


@dataclass
class Ledger:
    """All books of one fund. `seen` are bank entries that were booked; `faults` are sentences for the errors page."""

    members: Members
    batches: dict[str, Batch] = field(default_factory=dict)
    payments: dict[str, Payment] = field(default_factory=dict)
    taken: dict[tuple[str, int], str] = field(default_factory=dict)
    donations: dict[bytes, DonationReceived] = field(default_factory=dict)
    unmatched: dict[bytes, CreditUnmatched] = field(default_factory=dict)
    quarantined: dict[bytes, CreditQuarantined] = field(default_factory=dict)
    returned: dict[bytes, QuarantineReturned] = field(default_factory=dict)
    costs: dict[bytes, CostCharged] = field(default_factory=dict)
    parties: PartiesDeclared | None = None
    statements: list[StatementImported] = field(default_factory=list)
    publications: dict[bytes, Publication] = field(default_factory=dict)
    seen: set[bytes] = field(default_factory=set)
    posted: list[PostingSet] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    _prepared: dict[int, EpochPrepared] = field(default_factory=dict)

    def apply(self, heard: Heard) -> None:
        """Take one event. What only treasury may say counts only from treasury."""
        event = heard.event
        if isinstance(event, TREASURY_ONLY) and not self.members.within(heard.author, "treasury"):
            self.faults.append(f"Officer {heard.author} is not of treasury; an event of his was not counted.")
            return
        if isinstance(event, BatchProposed | BatchApproved | BatchExported):
            self._batch(heard, event)
        elif isinstance(event, InstalmentSettled | InstalmentReturned):
            self._settle(event)
        elif isinstance(event, PublicationProposed | CheckpointSigned | PublicationSent | EpochPrepared):
            self._publication(heard, event)
        elif isinstance(event, PartiesDeclared):
            self.parties = self.parties or event
        elif isinstance(event, StatementImported):
            self.statements.append(event)
        else:
            self._bank(heard)

    # ---- batches ------------------------------------------------------------------------------

    def _batch(self, heard: Heard, event: BatchProposed | BatchApproved | BatchExported) -> None:
        if isinstance(event, BatchProposed):
            self._propose(heard, event)
            return
        batch = self.batches.get(event.batch)
        if batch is None:
            return
        if isinstance(event, BatchApproved):
            if event.proposal == batch.proposal_id and heard.author != batch.proposer:
                batch.approvals.setdefault(heard.author, heard.id)
            return
        if heard.author != batch.proposal.exporter or batch.exported is not None:
            self.faults.append(f"Batch {batch.proposal.number} was exported by a desk that may not, or twice.")
            return
        batch.exported = event
        for item in batch.proposal.items:
            payment = self.payments[item.end_to_end]
            payment.state = "left out" if item.end_to_end in event.left_out else "exported"
            if payment.state == "left out":
                self.taken.pop((item.grant, item.index), None)

    def _propose(self, heard: Heard, event: BatchProposed) -> None:
        keys = [(item.grant, item.index) for item in event.items]
        ids = {item.end_to_end for item in event.items}
        if (
            event.batch in self.batches
            or len(ids) != len(keys)
            or len(set(keys)) != len(keys)
            or not (keys or event.returns)
        ):
            self.faults.append(f"Batch {event.number} names an instalment twice and was not counted.")
            return
        if any(key in self.taken for key in keys) or any(end_to_end in self.payments for end_to_end in ids):
            self.faults.append(f"Batch {event.number} holds an instalment of another batch and was not counted.")
            return
        self.batches[event.batch] = Batch(heard.id, event, heard.author, heard.day)
        for item, key in zip(event.items, keys, strict=True):
            self.taken[key] = event.batch
            self.payments[item.end_to_end] = Payment(item, event.batch)

    @property
    def next_batch_number(self) -> int:
        """The number of the next batch."""
        return max((batch.proposal.number for batch in self.batches.values()), default=0) + 1

    def _settle(self, event: InstalmentSettled | InstalmentReturned) -> None:
        payment = self.payments.get(event.end_to_end)
        if payment is None or event.entry in self.seen:
            return
        self.seen.add(event.entry)
        item = payment.item
        account = GRANTS + item.account
        if isinstance(event, InstalmentSettled):
            if payment.state == "settled":
                self.faults.append("The bank settled one instalment twice.")
            if payment.state != "returned":  # statements may list a return before its payment
                payment.state, payment.day = "settled", event.day
            self._post(event.day, item.currency, "payout", item.end_to_end, account, BANK, item.amount_minor)
        else:
            self._post(event.day, item.currency, "return", item.end_to_end, BANK, account, item.amount_minor)
            payment.state, payment.day, payment.reason = "returned", event.day, event.reason

    # ---- the bank -----------------------------------------------------------------------------

    def _bank(self, heard: Heard) -> None:
        event = heard.event
        known = (
            DonationReceived | CreditUnmatched | CreditQuarantined | QuarantineReturned | CostCharged | DebitUnmatched
        )
        if not isinstance(event, known):
            return
        if event.entry in self.seen:
            return
        self.seen.add(event.entry)
        source = event.entry.hex()
        if isinstance(event, QuarantineReturned):
            self.returned[event.of] = event
            currency = self.quarantined[event.of].currency if event.of in self.quarantined else "XXX"
            self._post(event.day, currency, "sent back", source, QUARANTINE, BANK, event.amount_minor)
            return
        amount_minor, currency = event.amount_minor, event.currency
        if isinstance(event, DonationReceived):
            self.donations[event.entry] = event
            self._post(event.day, currency, "gift", source, BANK, GIFTS, amount_minor)
        elif isinstance(event, CreditUnmatched):
            self.unmatched[event.entry] = event
            self._post(event.day, currency, "waits", source, BANK, UNMATCHED, amount_minor)
        elif isinstance(event, CreditQuarantined):
            self.quarantined[event.entry] = event
            self._post(event.day, currency, "quarantine", source, BANK, QUARANTINE, amount_minor)
        elif isinstance(event, CostCharged):
            self.costs[event.entry] = event
            self._post(event.day, currency, "cost", source, COSTS, BANK, amount_minor)
        else:
            self.faults.append("Money went out that no batch explains; it waits on the books as unmatched.")
            self._post(event.day, currency, "unexplained", source, UNMATCHED, BANK, amount_minor)

    def _post(self, day: date, currency: str, kind: str, source: str, debit: str, credit: str, amount: int) -> None:
        self.posted.append(transfer(day, currency, kind, source, debit, credit, amount))

    # ---- publications -------------------------------------------------------------------------

    def _publication(
        self, heard: Heard, event: PublicationProposed | CheckpointSigned | PublicationSent | EpochPrepared
    ) -> None:
        if isinstance(event, EpochPrepared):
            self._prepared[event.epoch] = event
            for publication in self.publications.values():
                if publication.proposal.epoch == event.epoch:
                    publication.prepared = event
            return
        if isinstance(event, PublicationProposed):
            prepared = self._prepared.get(event.epoch)
            self.publications[heard.id] = Publication(heard.id, event, heard.author, prepared=prepared)
            return
        found = self.publications.get(event.publication)
        if found is None:
            return
        if isinstance(event, CheckpointSigned):
            found.lines.setdefault(heard.author, event.line)
        else:
            found.sent = True

    @property
    def published(self) -> dict[str, tuple[int, str]]:
        """For each source in a sent publication: its minor units and side."""
        found: dict[str, tuple[int, str]] = {}
        for publication in self.publications.values():
            if publication.sent and publication.prepared:
                for group in publication.prepared.groups:
                    for amount in group.amounts:
                        if amount.source:
                            before = found.get(f"{group.side}/{amount.source}", (0, ""))[0]
                            found[f"{group.side}/{amount.source}"] = (before + amount.amount_minor, group.side)
        return found
