"""The books as a fold of events."""

import re
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
    OpeningObjected,
    OpeningRequested,
    PartiesDeclared,
    PublicationProposed,
    PublicationSent,
    QuarantineReturned,
    SlipsLeft,
    StatementImported,
)
from poruch.journal.members import Members
from poruch.ledger.postings import (
    BANK,
    COSTS,
    GIFTS,
    GRANTS,
    LARGEST_MINOR,
    QUARANTINE,
    UNMATCHED,
    PostingSet,
    transfer,
)

_ID = re.compile("(?!RET)[0-9A-Za-z-]{1,34}")
"""Batches and end-to-end ids: a bank's file can hold them, and none looks like that of a return."""

NUMBERS_AHEAD = 1000

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
    SlipsLeft,
    StatementImported,
)


HEARS = frozenset({*TREASURY_ONLY, BatchApproved, CheckpointSigned, OpeningObjected, OpeningRequested, PartiesDeclared})
"""Every kind of event that changes the books; most of a journal does not."""


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
    slips_left: bool = False


@dataclass
class Ledger:
    """All books of one fund. `seen` are bank entries that were booked; `faults` are sentences for the errors page."""

    members: Members
    batches: dict[str, Batch] = field(default_factory=dict)
    payments: dict[str, Payment] = field(default_factory=dict)
    taken: dict[tuple[str, int], str] = field(default_factory=dict)
    came_back: dict[tuple[str, int], list[str]] = field(default_factory=dict)
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
    withdrawn: dict[str, Batch] = field(default_factory=dict)
    _prepared: dict[tuple[int, int], EpochPrepared] = field(default_factory=dict)
    _sent_back: dict[bytes, str] = field(default_factory=dict)
    _rivals: dict[bytes, Batch] = field(default_factory=dict)
    _asked: dict[bytes, tuple[str, int]] = field(default_factory=dict)
    _objectors: dict[str, set[int]] = field(default_factory=dict)

    def apply(self, heard: Heard) -> None:
        """Take one event. What only treasury may say counts only from treasury."""
        event = heard.event
        if type(event) not in HEARS:
            return
        if isinstance(event, TREASURY_ONLY) and not self.members.within(heard.author, "treasury"):
            self.faults.append(f"Officer {heard.author} is not of treasury; an event of his was not counted.")
            return
        if isinstance(event, BatchProposed | BatchApproved | BatchExported):
            self._batch(heard, event)
        elif isinstance(event, OpeningRequested | OpeningObjected):
            self._object(heard, event)
        elif isinstance(event, InstalmentSettled | InstalmentReturned):
            self._settle(event)
        elif isinstance(event, PublicationProposed | CheckpointSigned | PublicationSent | EpochPrepared | SlipsLeft):
            self._publication(heard, event)
        elif isinstance(event, PartiesDeclared):
            self.parties = self.parties or (event if self.members.is_founder(heard.author) else None)
        elif isinstance(event, StatementImported):
            self.statements.append(event)
        else:
            self._bank(heard)

    # ---- batches ------------------------------------------------------------------------------

    def _batch(self, heard: Heard, event: BatchProposed | BatchApproved | BatchExported) -> None:
        if isinstance(event, BatchProposed):
            self._propose(heard, event)
            return
        if isinstance(event, BatchApproved):
            self._approve(heard, event)
            return
        batch = self.batches.get(event.batch)
        if batch is None:
            return
        if heard.author != batch.proposal.exporter or batch.exported is not None:
            self.faults.append(f"Batch {batch.proposal.number} was exported by a desk that may not, or twice.")
            return
        if not self._backed(batch):
            self.faults.append(f"Batch {batch.proposal.number} was exported before enough officers stood behind it.")
            return
        batch.exported = event
        for item in batch.proposal.items:
            payment = self.payments[item.end_to_end]
            if payment.state != "proposed":
                continue  # another desk read its settlement before it heard of the export
            payment.state = "left out" if item.end_to_end in event.left_out else "exported"
            if payment.state == "left out":
                self.taken.pop((item.grant, item.index), None)

    def _backed(self, batch: Batch) -> bool:
        """Enough of the quorum stand behind it; its proposer is one, if he is of the quorum."""
        return len(self.behind(batch)) >= self.members.threshold

    def behind(self, batch: Batch) -> frozenset[int]:
        """Those of the quorum who stand behind a batch."""
        return frozenset({batch.proposer, *batch.approvals}) & frozenset(self.members.quorum)

    def _approve(self, heard: Heard, event: BatchApproved) -> None:
        batch = self.batches.get(event.batch)
        if batch is None or batch.proposal_id != event.proposal:
            batch = self._rivals.get(event.proposal)
        if batch is None or batch.proposal.batch != event.batch or heard.author == batch.proposer:
            return
        batch.approvals.setdefault(heard.author, heard.id)
        if event.proposal in self._rivals and self._backed(batch):
            self._prefer(batch)

    def _prefer(self, batch: Batch) -> None:
        """A batch that its colleagues approved stands, whatever an officer later dates before it."""
        before = [self.batches[name] for name in self._in_the_way(batch.proposal)]
        if self.members.threshold < 2 or any(self._backed(other) for other in before):
            return
        for other in before:
            self._set_aside(other)
            number = other.proposal.number
            self.faults.append(f"Batch {number} stood in the way of one that was approved; it counts no more.")
        del self._rivals[batch.proposal_id]
        self._count(batch)

    def _object(self, heard: Heard, event: OpeningRequested | OpeningObjected) -> None:
        """Objections to the opening of a batch's payees: its exporter's, or k of them, withdraw the batch.

        Only while too few stand behind it: approvals come with the partials, so nobody can have opened the payees, and
        its instalments are free again. Whatever approvals come later from colleagues who had not heard of it bring it
        back, as they do for a batch that another stood in the way of.
        """
        if isinstance(event, OpeningRequested):
            if event.batch:
                self._asked[heard.id] = (event.batch, heard.author)
            return
        name, asker = self._asked.get(event.opening, ("", 0))
        batch = self.batches.get(name)
        if batch is None or asker != batch.proposal.exporter or batch.exported is not None or self._backed(batch):
            return
        if any(self.payments[item.end_to_end].state != "proposed" for item in batch.proposal.items):
            return  # a statement tells of it: whoever paid, these instalments are not free
        objectors = self._objectors.setdefault(name, set())
        objectors.add(heard.author)
        if heard.author == asker or len(objectors & set(self.members.quorum)) >= self.members.threshold:
            self._set_aside(batch)
            self._rivals[batch.proposal_id] = self.withdrawn[name] = batch

    def _set_aside(self, batch: Batch) -> None:
        """It holds nothing any more."""
        proposal = batch.proposal
        del self.batches[proposal.batch]
        for item in proposal.items:
            self.payments.pop(item.end_to_end, None)
            self.taken.pop((item.grant, item.index), None)
        for entry in proposal.returns:
            self._sent_back.pop(entry, None)

    def _in_the_way(self, event: BatchProposed) -> set[str]:
        """The batches that hold something of this one."""
        found = {self.taken.get((item.grant, item.index)) for item in event.items}
        found |= {self.payments[item.end_to_end].batch for item in event.items if item.end_to_end in self.payments}
        found |= {self._sent_back.get(entry) for entry in event.returns}
        found |= {event.batch} & set(self.batches)
        return {name for name in found if name in self.batches}

    def _possible(self, event: BatchProposed) -> bool:
        return (
            bool(_ID.fullmatch(event.batch))
            and 0 < event.number <= self.next_batch_number + NUMBERS_AHEAD
            and self.members.within(event.exporter, "treasury")
            and all(_ID.fullmatch(item.end_to_end) and 0 <= item.index < 1000 for item in event.items)
            and all(0 < item.amount_minor <= LARGEST_MINOR for item in event.items)
        )

    def _propose(self, heard: Heard, event: BatchProposed) -> None:
        keys = {(item.grant, item.index) for item in event.items}
        ids = {item.end_to_end for item in event.items}
        if not self._possible(event):
            self.faults.append(f"A batch of officer {heard.author} is not possible and was not counted.")
            return
        once = len(ids) == len(keys) == len(event.items) and len(set(event.returns)) == len(event.returns)
        if not once or not (keys or event.returns):
            self.faults.append(f"Batch {event.number} names an instalment twice and was not counted.")
            return
        batch = Batch(heard.id, event, heard.author, heard.day)
        if self._in_the_way(event) or any(end_to_end in self.payments for end_to_end in ids):
            self.faults.append(f"Batch {event.number} holds an instalment of another batch and was not counted.")
            self._rivals[heard.id] = batch
            return
        self._count(batch)

    def _count(self, batch: Batch) -> None:
        event = batch.proposal
        self.withdrawn.pop(event.batch, None)
        self.batches[event.batch] = batch
        self._sent_back |= dict.fromkeys(event.returns, event.batch)
        for item in event.items:
            self.taken[(item.grant, item.index)] = event.batch
            self.payments[item.end_to_end] = Payment(item, event.batch)

    @property
    def next_batch_number(self) -> int:
        """The number of the next batch."""
        every = (*self.batches.values(), *self.withdrawn.values())
        return max((batch.proposal.number for batch in every), default=0) + 1

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
            elif payment.state == "left out":
                self.faults.append("The bank paid an instalment that was said to be left out of its batch.")
                self.taken.setdefault((item.grant, item.index), payment.batch)
            if payment.state != "returned":  # statements may list a return before its payment
                payment.state, payment.day = "settled", event.day
            self._post(event.day, item.currency, "payout", item.end_to_end, account, BANK, item.amount_minor)
        else:
            self._post(event.day, item.currency, "return", item.end_to_end, BANK, account, item.amount_minor)
            self._came_back(payment)
            payment.state, payment.day, payment.reason = "returned", event.day, event.reason

    def _came_back(self, payment: Payment) -> None:
        """Once for each payment: its instalment may be paid again, unless a later batch holds it already."""
        item = payment.item
        key = (item.grant, item.index)
        if payment.state != "returned":
            self.came_back.setdefault(key, []).append(item.payee)
            if self.taken.get(key) == payment.batch:
                del self.taken[key]

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
        if len(event.entry) != 32 or not 0 <= event.amount_minor <= LARGEST_MINOR:
            self.faults.append(f"An entry of the bank as officer {heard.author} tells it is not possible.")
            return
        source = event.entry.hex()
        if isinstance(event, QuarantineReturned):
            credit = self.quarantined.get(event.of)
            if credit is None or event.of in self.returned or event.amount_minor != credit.amount_minor:
                self.faults.append(f"Officer {heard.author} tells of a return of what is not in quarantine.")
                return
            self.seen.add(event.entry)
            self.returned[event.of] = event
            self._post(event.day, credit.currency, "sent back", source, QUARANTINE, BANK, event.amount_minor)
            return
        self.seen.add(event.entry)
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
        self, heard: Heard, event: PublicationProposed | CheckpointSigned | PublicationSent | EpochPrepared | SlipsLeft
    ) -> None:
        if isinstance(event, EpochPrepared):
            # The hidden side is its proposer's to tell, and once: else a treasurer could rewrite what was published.
            for publication in self.publications.values():
                mine = (publication.proposer, publication.proposal.epoch) == (heard.author, event.epoch)
                if mine and publication.prepared is None:
                    publication.prepared = event
                    return
            self._prepared[(heard.author, event.epoch)] = event
            return
        if isinstance(event, PublicationProposed):
            prepared = self._prepared.pop((heard.author, event.epoch), None)
            self.publications[heard.id] = Publication(heard.id, event, heard.author, prepared=prepared)
            return
        found = self.publications.get(event.publication)
        if found is None:
            return
        if isinstance(event, CheckpointSigned):
            found.lines.setdefault(heard.author, event.line)
        elif isinstance(event, SlipsLeft):
            found.slips_left = found.slips_left or found.sent
        elif len(found.lines) >= self.members.threshold:
            found.sent = True
        else:
            self.faults.append(f"Officer {heard.author} calls a publication sent that too few have signed.")

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
