"""The books as a fold of events."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar

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
from poruch.journal.folds import Fold, Handler, copied
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

_ENTRIES: dict[type, tuple[str, str, str, str]] = {
    DonationReceived: ("donations", "gift", BANK, GIFTS),
    CreditUnmatched: ("unmatched", "waits", BANK, UNMATCHED),
    CreditQuarantined: ("quarantined", "quarantine", BANK, QUARANTINE),
    CostCharged: ("costs", "cost", COSTS, BANK),
    DebitUnmatched: ("", "unexplained", UNMATCHED, BANK),
}
"""For entries of the bank that stand by themselves: the table, the kind, the accounts of debit and credit."""


@dataclass
class Batch:
    """Instalments paid together. `approvals` maps officers to the ids of their approvals; the proposer's is implied."""

    proposal_id: bytes
    proposal: BatchProposed
    proposer: int
    day: date
    approvals: dict[int, bytes] = field(default_factory=dict)
    exported: BatchExported | None = None
    owner: object = field(default=None, compare=False, repr=False)

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
    owner: object = field(default=None, compare=False, repr=False)


@dataclass
class Publication:
    """New leaves that wait for signatures, or were sent."""

    id: bytes
    proposal: PublicationProposed
    proposer: int
    lines: dict[int, str] = field(default_factory=dict)
    prepared: EpochPrepared | None = None
    sent: bool = False
    sent_on: date | None = None
    slips_left: bool = False
    checkpoint: bytes = b""
    slips: tuple[bytes, ...] = ()
    owner: object = field(default=None, compare=False, repr=False)


@dataclass
class Ledger(Fold):
    """All books of one fund. `seen` are bank entries that were booked; `faults` are sentences for the errors page."""

    TABLES: ClassVar[tuple[str, ...]] = (
        "batches", "payments", "taken", "came_back", "donations", "unmatched", "quarantined", "returned", "costs",
        "statements", "publications", "seen", "posted", "faults", "withdrawn",
        "_prepared", "_sent_back", "_rivals", "_asked", "_objectors",
    )  # fmt: skip
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
    _objectors: dict[str, frozenset[int]] = field(default_factory=dict)

    def handlers(self) -> Mapping[type, Handler]:
        """All that moves money, or tells of it. What only treasury may say counts only from treasury."""
        heard: dict[type, Handler] = {
            BatchProposed: self._propose,
            BatchApproved: self._approve,
            BatchExported: self._export,
            OpeningRequested: self._ask,
            OpeningObjected: self._object,
            InstalmentSettled: self._settle,
            InstalmentReturned: self._settle,
            PartiesDeclared: self._declare,
            StatementImported: self._import,
            EpochPrepared: self._prepare,
            PublicationProposed: self._offer,
            CheckpointSigned: self._publication,
            PublicationSent: self._publication,
            SlipsLeft: self._publication,
            QuarantineReturned: self._send_back,
            **dict.fromkeys(_ENTRIES, self._enter),
        }
        return heard

    def _of_treasury(self, heard: Heard) -> bool:
        if heard.author in self.members.circles.get("treasury", ()):
            return True
        self.faults.append(f"Officer {heard.author} is not of treasury; an event of his was not counted.")
        return False

    def _declare(self, heard: Heard) -> None:
        event = heard.event
        assert isinstance(event, PartiesDeclared)
        self.parties = self.parties or (event if self.members.is_founder(heard.author) else None)

    def _import(self, heard: Heard) -> None:
        if self._of_treasury(heard):
            self.statements.append(heard.event)  # type: ignore[arg-type]

    # ---- batches ------------------------------------------------------------------------------

    def _export(self, heard: Heard) -> None:
        event = heard.event
        assert isinstance(event, BatchExported)
        if not self._of_treasury(heard):
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
        self._own(batch).exported = event
        for item in batch.proposal.items:
            if self.payments[item.end_to_end].state != "proposed":
                continue  # another desk read its settlement before it heard of the export
            payment = self._payment(item.end_to_end)
            payment.state = "left out" if item.end_to_end in event.left_out else "exported"
            if payment.state == "left out":
                self.taken.pop((item.grant, item.index), None)

    def _own(self, batch: Batch) -> Batch:
        """The batch, to be changed: wherever it stands."""
        if batch.owner is self._owner:
            return batch
        made = copied(batch, "approvals")
        made.owner = self._owner
        name, id = batch.proposal.batch, batch.proposal_id
        if self.batches.get(name) is batch:
            self.batches[name] = made
        if self.withdrawn.get(name) is batch:
            self.withdrawn[name] = made
        if self._rivals.get(id) is batch:
            self._rivals[id] = made
        return made

    def _payment(self, end_to_end: str) -> Payment:
        """The payment, to be changed."""
        payment = self._mine(self.payments, end_to_end)
        assert payment is not None
        return payment

    def _backed(self, batch: Batch) -> bool:
        """Enough of the quorum stand behind it; its proposer is one, if he is of the quorum."""
        return len(self.behind(batch)) >= self.members.threshold

    def behind(self, batch: Batch) -> frozenset[int]:
        """Those of the quorum who stand behind a batch."""
        return frozenset({batch.proposer, *batch.approvals}) & frozenset(self.members.quorum)

    def _approve(self, heard: Heard) -> None:
        event = heard.event
        assert isinstance(event, BatchApproved)
        batch = self.batches.get(event.batch)
        if batch is None or batch.proposal_id != event.proposal:
            batch = self._rivals.get(event.proposal)
        if batch is None or batch.proposal.batch != event.batch or heard.author == batch.proposer:
            return
        batch = self._own(batch)
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

    def _ask(self, heard: Heard) -> None:
        event = heard.event
        assert isinstance(event, OpeningRequested)
        if event.batch:
            self._asked[heard.id] = (event.batch, heard.author)

    def _object(self, heard: Heard) -> None:
        """Objections to the opening of a batch's payees: its exporter's, or k of them, withdraw the batch.

        Only while too few stand behind it: approvals come with the partials, so nobody can have opened the payees, and
        its instalments are free again. Whatever approvals come later from colleagues who had not heard of it bring it
        back, as they do for a batch that another stood in the way of.
        """
        event = heard.event
        assert isinstance(event, OpeningObjected)
        name, asker = self._asked.get(event.opening, ("", 0))
        batch = self.batches.get(name)
        if batch is None or asker != batch.proposal.exporter or batch.exported is not None or self._backed(batch):
            return
        if any(self.payments[item.end_to_end].state != "proposed" for item in batch.proposal.items):
            return  # a statement tells of it: whoever paid, these instalments are not free
        objectors = self._objectors[name] = self._objectors.get(name, frozenset()) | {heard.author}
        if heard.author == asker or len(objectors & frozenset(self.members.quorum)) >= self.members.threshold:
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

    def _propose(self, heard: Heard) -> None:
        event = heard.event
        assert isinstance(event, BatchProposed)
        if not self._of_treasury(heard):
            return
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

    def _settle(self, heard: Heard) -> None:
        event = heard.event
        assert isinstance(event, InstalmentSettled | InstalmentReturned)
        if not self._of_treasury(heard) or event.entry in self.seen:
            return
        if event.end_to_end not in self.payments:
            self.faults.append("A bank statement names a payment that no batch on this desk holds.")
            return
        payment = self._payment(event.end_to_end)
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
            self.came_back[key] = [*self.came_back.get(key, ()), item.payee]
            if self.taken.get(key) == payment.batch:
                del self.taken[key]

    # ---- the bank -----------------------------------------------------------------------------

    def _known_entry(self, heard: Heard, entry: bytes, amount_minor: int) -> bool:
        """Whether an entry of the bank counts no more, or never did."""
        if entry in self.seen:
            return True
        if len(entry) != 32 or not 0 <= amount_minor <= LARGEST_MINOR:
            self.faults.append(f"An entry of the bank as officer {heard.author} tells it is not possible.")
            return True
        return False

    def _send_back(self, heard: Heard) -> None:
        event = heard.event
        assert isinstance(event, QuarantineReturned)
        if not self._of_treasury(heard) or self._known_entry(heard, event.entry, event.amount_minor):
            return
        credit = self.quarantined.get(event.of)
        if credit is None or event.of in self.returned or event.amount_minor != credit.amount_minor:
            self.faults.append(f"Officer {heard.author} tells of a return of what is not in quarantine.")
            return
        self.seen.add(event.entry)
        self.returned[event.of] = event
        self._post(event.day, credit.currency, "sent back", event.entry.hex(), QUARANTINE, BANK, event.amount_minor)

    def _enter(self, heard: Heard) -> None:
        """An entry of the bank that stands by itself: where it is kept, and between which accounts money moved."""
        event: DonationReceived = heard.event  # type: ignore[assignment]  # or another of _ENTRIES, with such fields
        entry, amount_minor = event.entry, event.amount_minor
        if not self._of_treasury(heard) or self._known_entry(heard, entry, amount_minor):
            return
        table, kind, debit, credit = _ENTRIES[type(event)]
        self.seen.add(entry)
        if table:
            getattr(self, table)[entry] = event
        else:
            self.faults.append("Money went out that no batch explains; it waits on the books as unmatched.")
        self.posted.append(transfer(event.day, event.currency, kind, entry.hex(), debit, credit, amount_minor))

    def _post(self, day: date, currency: str, kind: str, source: str, debit: str, credit: str, amount: int) -> None:
        self.posted.append(transfer(day, currency, kind, source, debit, credit, amount))

    # ---- publications -------------------------------------------------------------------------

    def _prepare(self, heard: Heard) -> None:
        """The hidden side is its proposer's to tell, and once: else a treasurer could rewrite what was published."""
        event = heard.event
        assert isinstance(event, EpochPrepared)
        if not self._of_treasury(heard):
            return
        for id, publication in self.publications.items():
            mine = (publication.proposer, publication.proposal.epoch) == (heard.author, event.epoch)
            if mine and publication.prepared is None:
                self._publish(id).prepared = event
                return
        self._prepared[(heard.author, event.epoch)] = event

    def _offer(self, heard: Heard) -> None:
        event = heard.event
        assert isinstance(event, PublicationProposed)
        if self._of_treasury(heard):
            prepared = self._prepared.pop((heard.author, event.epoch), None)
            self.publications[heard.id] = Publication(heard.id, event, heard.author, prepared=prepared)

    def _publish(self, id: bytes) -> Publication:
        """The publication, to be changed."""
        publication = self._mine(self.publications, id, "lines")
        assert publication is not None
        return publication

    def _publication(self, heard: Heard) -> None:
        event = heard.event
        assert isinstance(event, CheckpointSigned | PublicationSent | SlipsLeft)
        if not isinstance(event, CheckpointSigned) and not self._of_treasury(heard):
            return
        if event.publication not in self.publications:
            return
        found = self._publish(event.publication)
        if isinstance(event, CheckpointSigned):
            found.lines.setdefault(heard.author, event.line)
        elif isinstance(event, SlipsLeft):
            if found.sent and not found.slips_left:
                found.slips_left, found.slips = True, event.bodies
        elif len(found.lines.keys() & set(self.members.signers)) >= self.members.signatures:
            if not found.sent:
                found.sent, found.sent_on, found.checkpoint = True, heard.day, event.checkpoint
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
