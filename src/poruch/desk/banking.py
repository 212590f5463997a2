"""Reading the bank's statements into the books."""

import hashlib
from dataclasses import dataclass, field

from poruch.desk.program import Desk, Mailing
from poruch.desk.treasury import paid_messages, related_rule
from poruch.errors import AlreadyDone, BadStatement, CannotOpen, Malformed, NotAllowed
from poruch.events.base import Event
from poruch.events.drops import GiftAnnouncement
from poruch.events.kinds import InstalmentReturned, InstalmentSettled, StatementImported
from poruch.journal.dropbox import open_codes
from poruch.ledger.state import Batch
from poruch.ledger.statements import BankEntry, judge, return_id
from poruch.rails import references
from poruch.rails.camt053 import read_statements
from poruch.rails.statement import Entry, Statement


@dataclass
class Imported:
    """What an import did: how many entries became what, and sentences about doubts."""

    counts: dict[str, int] = field(default_factory=dict)
    known: int = 0
    doubts: list[str] = field(default_factory=list)


def announcements(desk: Desk) -> dict[str, GiftAnnouncement]:
    """The gifts that givers announced on the front, by reference."""
    found: dict[str, GiftAnnouncement] = {}
    treasury = desk.keys_of("treasury")
    for drop, event in desk.cases.drops.items():
        content = desk.contents.get(drop)
        if event.kind != "gift" or content is None:
            continue
        try:
            read = open_codes(content, *treasury)
        except (CannotOpen, Malformed):
            continue  # a stranger can seal rubbish to treasury; it announces nothing
        if isinstance(read, GiftAnnouncement):
            found.setdefault(read.reference, read)
    return found


def import_statement(desk: Desk, file: bytes) -> Imported:
    """Book what a camt.053 file tells. The same entry twice is booked once. Raises `BadStatement`, `NotAllowed`."""
    if not desk.within("treasury"):
        raise NotAllowed("treasury")
    digest = hashlib.sha256(file).digest()
    if any(statement.file_sha256 == digest for statement in desk.ledger.statements):
        raise AlreadyDone("this statement was imported")
    statements = read_statements(file)
    ours = [s for s in statements if not s.account_is_iban or s.account == desk.charter.account_iban]
    if not ours:
        raise BadStatement("It belongs to another account than the fund's.")
    known = frozenset(announcements(desk)) | {desk.charter.gift_reference}
    report = Imported()
    events: list[Event] = []
    told: list[str] = []
    back: list[str] = []
    for statement in ours:
        for event in _events(desk, statement, known, report):
            events.append(event)
            kind = type(event).__name__
            report.counts[kind] = report.counts.get(kind, 0) + 1
            if isinstance(event, InstalmentSettled):
                told.append(event.end_to_end)
            elif isinstance(event, InstalmentReturned):
                back.append(event.end_to_end)
        warnings = tuple(notice.sentence for notice in statement.notices)
        report.doubts += warnings
        closing = statement.closing_minor or 0
        events.append(StatementImported(digest, statement.currency, closing, len(statement.entries), warnings))
    mailings: list[Mailing] = []
    for ids, kind in ((told, "paid"), (back, "returned")):
        said, sent = paid_messages(desk, ids, kind)
        events += said
        mailings += sent
    desk.act(events, mailings)
    return report


def _events(desk: Desk, statement: Statement, known: frozenset[str], report: Imported) -> list[Event]:
    events: list[Event] = []
    booked: set[bytes] = set()
    for raw in statement.entries:
        for entry in _expand(desk, raw):
            event = judge(desk.ledger, entry, known, lambda name, iban: related_rule(desk, name, iban))
            if event is None or entry.id in booked:
                report.known += 1
                continue
            booked.add(entry.id)
            events.append(event)
    return events


def _expand(desk: Desk, entry: Entry) -> list[BankEntry]:
    """One entry, or, where the bank booked a whole batch as one sum, one for each of its payments."""
    for batch in desk.ledger.batches.values():
        names = {entry.payment_information_id, entry.message_id}
        if "B" + batch.proposal.batch in names and entry.end_to_end_id is None:
            parts = _parts(desk, batch)
            if sum(amount for _, amount in parts) == -entry.amount_minor:
                return [_part(entry, end_to_end, amount) for end_to_end, amount in parts]
    return [bank_entry(entry)]


def _parts(desk: Desk, batch: Batch) -> list[tuple[str, int]]:
    items = [
        (item.end_to_end, item.amount_minor)
        for item in batch.proposal.items
        if desk.ledger.payments[item.end_to_end].state != "left out"
    ]
    credits = [desk.ledger.quarantined[one] for one in batch.proposal.returns if one in desk.ledger.quarantined]
    return items + [(return_id(credit.entry), credit.amount_minor) for credit in credits]


def _part(entry: Entry, end_to_end: str, amount_minor: int) -> BankEntry:
    name = hashlib.sha256(f"poruch/part/v1\n{entry.entry_id}\n{end_to_end}".encode()).digest()
    return BankEntry(name, entry.booking_day, -amount_minor, entry.currency, "", end_to_end, False, "", "", "", False)


def bank_entry(entry: Entry) -> BankEntry:
    """What the books need of a statement's entry."""
    found = references.find(entry.remittance)
    return BankEntry(
        id=bytes.fromhex(entry.entry_id),
        day=entry.booking_day,
        amount_minor=entry.amount_minor,
        currency=entry.currency,
        reference=entry.creditor_reference or (found[0] if len(found) == 1 else ""),
        end_to_end=entry.end_to_end_id or "",
        returned=entry.is_return or entry.reversal,
        reason=entry.return_reason or "",
        name=entry.counterparty_name or "",
        iban=entry.counterparty_iban or "",
        charge=entry.is_charge,
    )
