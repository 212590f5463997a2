"""What treasury does: batches, the bank's files, settlement. k officers stand behind every payment."""

import hashlib
import hmac
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from msgspec import structs

from poruch.cases import decide
from poruch.desk import openings
from poruch.desk.casework import message_events
from poruch.desk.program import Desk, Mailing
from poruch.desk.screening import current_list, name_keys, screen_name
from poruch.errors import AlreadyDone, MissingCheck, NotAllowed, PoruchError, TooFew
from poruch.events.base import Event
from poruch.events.drops import Payee
from poruch.events.kinds import BatchApproved, BatchExported, BatchItem, BatchProposed
from poruch.ledger.state import Batch
from poruch.ledger.statements import related_hash, return_id
from poruch.rails.iban import check_country, parse_iban
from poruch.rails.pain001 import Payment, write_pain001

ENDED = ("returned", "left out")


def payable(desk: Desk) -> list[BatchItem]:
    """Instalments that may enter a batch today.

    What the bank sent back may be paid again, and only to other bank details than those it came back from.
    """
    due = decide.payable(desk.cases, desk.today(), desk.ledger.taken)
    return [item for item in due if item.payee not in desk.ledger.came_back.get((item.grant, item.index), [])]


def returnable(desk: Desk) -> tuple[bytes, ...]:
    """Quarantined credits that were not sent back and stand in no batch."""
    named = {entry for batch in desk.ledger.batches.values() for entry in batch.proposal.returns}
    return tuple(sorted(set(desk.ledger.quarantined) - set(desk.ledger.returned) - named))


def propose_batch(desk: Desk, items: Sequence[BatchItem], execution: date) -> Batch:
    """Propose to pay `items`, to be exported on this desk, and to send back what is quarantined.

    Asks in the same act for the opening of the payees, and gives one's own partials.
    """
    openings.refuse_frozen(desk)
    if not desk.within("treasury"):
        raise NotAllowed("treasury")
    returns = returnable(desk)
    if not items and not returns:
        raise MissingCheck("nothing is due")
    batch = desk.random(12).hex()
    named = tuple(structs.replace(item, end_to_end=desk.random(10).hex()) for item in items)
    number = desk.ledger.next_batch_number
    epoch = openings.quorum(desk).epoch
    proposal = BatchProposed(batch, number, named, "sepa", desk.number, execution, epoch, returns)
    events: list[Event] = [proposal]
    if named:
        events.append(openings.request_events(desk, _purpose(number), [item.payee for item in named], batch))
    desk.act(events)
    opening = desk.openings.for_batch(proposal)
    if opening is not None:
        desk.act(*openings.answer_events(desk, opening))
    return desk.ledger.batches[batch]


def approve_batch(desk: Desk, batch: Batch) -> None:
    """Approve a colleague's batch and give the partials for its payees: one click, after this desk's own checks.

    Who approved it before gives the partials alone, when its exporter had to ask again.
    """
    openings.refuse_frozen(desk)
    opening = desk.openings.for_batch(batch.proposal)
    behind = batch.proposer == desk.number or desk.number in batch.approvals
    if behind and (opening is None or desk.number in opening.answers):
        raise AlreadyDone("you stand behind this batch")
    for item in batch.proposal.items:
        decide.check_item(desk.cases, item)
    _check_returns(desk, batch.proposal)
    events: list[Event] = [] if behind else [BatchApproved(batch.proposal.batch, batch.proposal_id)]
    mailings: list[Mailing] = []
    if batch.proposal.items:
        if opening is None:
            raise NotAllowed("the opening is not that of the batch")
        given, mailings = openings.answer_events(desk, opening)
        events += given
    desk.act(events, mailings)


def ask_again(desk: Desk, batch: Batch) -> None:
    """Ask once more for the payees of one's own batch whose opening leads nowhere: colleagues give new partials.

    Raises `NotAllowed`, `AlreadyDone` while the old one may still be answered, and what `request_events` raises.
    """
    proposal, before = batch.proposal, desk.openings.for_batch(batch.proposal)
    if proposal.exporter != desk.number or before is None:
        raise NotAllowed("only the exporter asks for the payees of a batch")
    if batch.exported is not None or not (before.withdrawn or desk.today() > before.until):
        raise AlreadyDone("the opening of this batch waits for colleagues, or is done")
    drops = [item.payee for item in proposal.items]
    openings.forget_ended(desk)
    desk.act([openings.request_events(desk, _purpose(proposal.number), drops, proposal.batch)])
    opening = desk.openings.for_batch(proposal)
    assert opening is not None
    desk.act(*openings.answer_events(desk, opening))


def _purpose(number: int) -> str:
    return f"Pay batch {number}, and nothing else."


def _check_returns(desk: Desk, proposal: BatchProposed) -> None:
    """Whoever reads the books looks whether what is to be sent back came in, and from whom. Raises `MissingCheck`."""
    if not (desk.within("treasury") or desk.within("auditors")):
        return
    for entry in proposal.returns:
        credit = desk.ledger.quarantined.get(entry)
        if credit is None or entry in desk.ledger.returned:
            raise MissingCheck("a return in the batch is not in quarantine")
        if credit.rule == "iban" and related_rule(desk, "", credit.iban) != "iban":
            raise MissingCheck("a return in the batch does not go to a related party")


def approvals_missing(desk: Desk, batch: Batch) -> int:
    """How many more of the quorum must stand behind the batch; its proposer may be one."""
    return max(0, desk.public.council.k - len(desk.ledger.behind(batch)))


@dataclass(frozen=True)
class Export:
    """The bank's file, and sentences about what was left out of it."""

    file: bytes
    left_out: tuple[str, ...]


def related_rule(desk: Desk, name: str, iban: str) -> str:
    """The rule that makes a counterparty a related party: `iban`, `name`, or nothing."""
    declared = desk.ledger.parties
    if declared is None:
        return ""
    known = frozenset(desk.charter.related)
    if iban and related_hash(declared.salt, iban) in known:
        return "iban"
    if any(related_hash(declared.salt, key) in known for key in name_keys(name)):
        return "name"
    return ""


def _payment(desk: Desk, item: BatchItem, payee: Payee) -> Payment:
    """The transfer to one payee. Raises when he may not be paid."""
    iban = check_country(parse_iban(payee.iban), desk.charter.refused_countries)
    if iban == desk.charter.account_iban:
        raise MissingCheck("the payee's account is the fund's own")
    if related_rule(desk, payee.name, iban):
        raise MissingCheck("the payee is a related party")
    if screen_name(desk, payee.name):
        raise MissingCheck("the payee's name is on a list; screen it again")
    return Payment(item.end_to_end, payee.name, iban, payee.bic or None, item.amount_minor, desk.charter.remittance)


def export(desk: Desk, batch: Batch) -> Export:
    """Open the payees, take the instalments' tags at the relay, and write the bank's file. What was opened is dropped.

    (1) Only the named desk, once, and only with a list of names to compare with; (2) k officers stand behind it, and by
    its own journal all is as granted; (3) the payees open, and each is checked once more; (4) the relay takes the tag
    of every instalment that is left: else `AlreadyTaken`; (5) the file; (6) the event with the approvals it rests on.
    """
    openings.refuse_frozen(desk)
    proposal = batch.proposal
    if proposal.exporter != desk.number:
        raise NotAllowed("another desk exports this batch")
    if batch.exported is not None:
        raise AlreadyDone("the batch was exported")
    if approvals_missing(desk, batch):
        raise TooFew(f"{approvals_missing(desk, batch)} more must approve")
    current_list(desk)
    for item in proposal.items:
        decide.check_item(desk.cases, item)
    _check_returns(desk, proposal)
    opening = desk.openings.for_batch(proposal)
    if proposal.items and opening is None:
        raise NotAllowed("the opening is not that of the batch")
    people = openings.open_all(desk, opening)[0] if opening else []
    payments: list[Payment] = []
    left_out: dict[str, str] = {}
    for item, payee in zip(proposal.items, people, strict=True):
        try:
            if not isinstance(payee, Payee):
                raise MissingCheck("these are not bank details")
            payments.append(_payment(desk, item, payee))
        except PoruchError as error:
            left_out[item.end_to_end] = f"Case {desk.cases.cases[item.case].label}: {error.sentence}"
    if desk.relay is not None:
        kept = [(item.grant, item.index) for item in proposal.items if item.end_to_end not in left_out]
        kept += [(f"return {entry.hex()}", 0) for entry in proposal.returns]
        ended = _ended(desk)
        tags = [instalment_tag(desk, name, index, ended[name, index]) for name, index in kept]
        desk.relay.take_tags(proposal.batch, tags)
    payments += _returns(desk, proposal)
    file = _write(desk, proposal, payments) if payments else b""
    approvals = tuple(batch.approvals[officer] for officer in sorted(batch.approvals))
    digest = hashlib.sha256(file).digest()
    events: list[Event] = [BatchExported(proposal.batch, digest, approvals, tuple(sorted(left_out)))]
    if opening is not None:
        events += openings.finish(desk, opening)
    desk.act(events)
    return Export(file, tuple(left_out.values()))


def _returns(desk: Desk, proposal: BatchProposed) -> list[Payment]:
    credits = [desk.ledger.quarantined[entry] for entry in proposal.returns if entry in desk.ledger.quarantined]
    return [
        Payment(return_id(credit.entry), "Return to sender", credit.iban, None, credit.amount_minor, "Returned")
        for credit in credits
        if credit.iban
    ]


def _write(desk: Desk, proposal: BatchProposed, payments: list[Payment]) -> bytes:
    created = datetime.combine(desk.today(), time(), UTC).replace(tzinfo=None)
    charter = desk.charter
    return write_pain001(
        "B" + proposal.batch,
        created,
        proposal.execution,
        charter.account_holder,
        charter.account_iban,
        None,
        payments,
    )


def instalment_tag(desk: Desk, grant: str, index: int, attempt: int) -> bytes:
    """What the relay knows of an instalment: 32 bytes that tell it apart and say nothing.

    An instalment that came back, or was left out, has a tag of its own for each new attempt.
    """
    named = f"poruch/tag/v1\n{grant}\n{index}\n{attempt}"
    return hmac.new(desk.members.tag_key, named.encode(), hashlib.sha256).digest()


def _ended(desk: Desk) -> Counter[tuple[str, int]]:
    """How often each instalment was on its way in vain."""
    over = [payment.item for payment in desk.ledger.payments.values() if payment.state in ENDED]
    return Counter((item.grant, item.index) for item in over)


def taken_tags(desk: Desk) -> Iterator[tuple[bytes, str]]:
    """The tags that a front must hold, each with its batch: those of every batch that was or may have been exported.

    Once k stand behind a batch, its exporter may have written the bank's file and been arrested before he said so.
    """
    attempts: Counter[tuple[str, int]] = Counter()
    for batch in desk.ledger.batches.values():
        if batch.exported is None and len(desk.ledger.behind(batch)) < desk.members.threshold:
            continue
        for item in batch.proposal.items:
            key, state = (item.grant, item.index), desk.ledger.payments[item.end_to_end].state
            if state != "left out":
                yield instalment_tag(desk, *key, attempts[key]), batch.proposal.batch
            attempts[key] += state in ENDED
        for entry in batch.proposal.returns:
            yield instalment_tag(desk, f"return {entry.hex()}", 0, 0), batch.proposal.batch


def paid_messages(desk: Desk, end_to_ends: Sequence[str], kind: str) -> tuple[list[Event], list[Mailing]]:
    """Messages to the people whose instalments were settled or came back."""
    events: list[Event] = []
    mailings: list[Mailing] = []
    for end_to_end in end_to_ends:
        item = desk.ledger.payments[end_to_end].item
        case = desk.cases.cases.get(item.case)
        if case is not None and case.recipient and case.id not in desk.cases.conflicted:
            told, sent = message_events(desk, case, "", kind, (item.amount_minor,))
            events += told
            mailings += sent
    return events, mailings
