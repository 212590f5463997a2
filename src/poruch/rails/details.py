"""From one entry of a statement (Ntry) to the movements of money in it.

A bank may book a batch in one sum and list its payments (TxDtls), list some of them, or none. The payments are taken
apart only if they make the sum, if need be together with the charges the bank says it kept back; else the sum stays
whole. So whatever happens here, the movements of an entry always add up to the entry.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from poruch.errors import BadIban, BadReference
from poruch.rails import iban, references
from poruch.rails.document import Node
from poruch.rails.fields import read_amount, read_day_or_time, read_reference, read_sign
from poruch.rails.statement import Charge, Entry, Notice

_STATUSES = frozenset({"BOOK", "PDNG", "INFO", "FUTR"})
# Sub-families of ISO 20022 bank transaction codes.
_CHARGE_CODES = frozenset({"CHRG", "COMM", "COME", "COMI", "COMT", "FEES"})
_RETURN_CODES = frozenset({"RRTN", "RPCR"})
_BROKEN_AT = (35, 140)  # a remittance line of exactly this length was cut by a bank, not ended by a person


@dataclass(frozen=True, slots=True)
class Line:
    """A movement before it has its id; `reference` is what tells it from others, `bank_given` if a bank chose it."""

    entry: Entry
    reference: str
    bank_given: bool


def lines_of_entry(node: Node, account: str, last_resort: date | None, notices: list[Notice]) -> list[Line]:
    """The movements of one Ntry, in the bank's order; `account` is our own, to tell who the other side is."""
    whole = _whole(node, last_resort, notices)
    details = node.all("NtryDtls/TxDtls")
    parts = [_part(whole, detail, account, len(details) == 1) for detail in details]
    amounts = [_detail_amount(detail, whole) for detail in details]
    announced = sum(_count(batch) for batch in node.all("NtryDtls/Btch"))
    if not parts:
        return [_line(replace(whole, batch_size=max(announced, 1)), 0)]
    shares = _shares(whole, parts, amounts)
    if shares is None and len(parts) == 1 and announced <= 1:
        if amounts[0] is not None:
            notices.append(
                Notice("details-differ", "An entry and its details name different amounts; the entry counts.")
            )
        return [_line(parts[0], 0)]
    if shares is None:
        notices.append(
            Notice("batch-kept-whole", "The details of a batch do not make its sum; it was kept in one sum.")
        )
        ids = tuple(part.end_to_end_id for part in parts if part.end_to_end_id)
        common = parts[0].payment_information_id or whole.payment_information_id
        size = max(announced, len(parts))
        return [_line(replace(whole, batch_size=size, batch_end_to_end_ids=ids, payment_information_id=common), 0)]
    return _expanded(whole, parts, shares)


def _expanded(whole: Entry, parts: list[Entry], shares: list[int]) -> list[Line]:
    """A line for each part with its share, and one more for what the bank kept back."""
    taken = [replace(part, amount_minor=share) for part, share in zip(parts, shares, strict=True)]
    kept_back = whole.amount_minor - sum(shares)
    if kept_back:
        taken.append(replace(whole, amount_minor=kept_back, is_charge=True, charges=()))
    return [_line(part, at if len(taken) > 1 else 0) for at, part in enumerate(taken)]


def _shares(whole: Entry, parts: list[Entry], amounts: Sequence[int | None]) -> list[int] | None:
    """What each part moved, if that makes the entry; banks sign the details of a batch in two ways."""
    known = [amount for amount in amounts if amount is not None]
    if len(known) < len(amounts):
        return [whole.amount_minor] if len(parts) == 1 and whole.batch_size <= 1 else None
    sign = 1 if whole.amount_minor >= 0 else -1
    readings = (known, [sign * abs(amount) for amount in known])
    included = sum(charge.amount_minor for charge in whole.charges if charge.included) or sum(
        charge.amount_minor for part in parts for charge in part.charges if charge.included
    )
    for kept_back in (0, included):
        for reading in readings:
            if sum(reading) + kept_back == whole.amount_minor:
                return reading
    return None


def _line(entry: Entry, at: int) -> Line:
    """`at` is the place in its batch; without a bank reference the content itself must tell entries apart."""
    if entry.bank_reference:
        return Line(entry, f"{entry.bank_reference}#{at}", True)
    content = (
        entry.end_to_end_id,
        entry.payment_information_id,
        entry.creditor_reference,
        entry.counterparty_iban,
        entry.counterparty_name,
        entry.remittance or entry.additional,
    )
    return Line(entry, "#".join([*(part or "" for part in content), str(at)]), False)


def _whole(node: Node, last_resort: date | None, notices: list[Notice]) -> Entry:
    """The entry as its own fields say, without details."""
    amount, currency = read_amount(node, "Amt")
    code = node.one("BkTxCd")
    bank_code, sub_family = _bank_code(code) if code else ("", "")
    reversal = node.text("RvslInd") in ("true", "1")
    value_day = read_day_or_time(node, "ValDt")
    booking_day = read_day_or_time(node, "BookgDt") or value_day
    if booking_day is None:
        if last_resort is None:
            raise node.failure(f"The entry near line {node.line} has no day.")
        notices.append(Notice("entry-without-day", "An entry has no day; the day of the statement was taken."))
        booking_day = last_resort
    return Entry(
        entry_id="",
        amount_minor=amount * read_sign(node),
        currency=currency,
        status=_status(node, notices),
        booking_day=booking_day,
        value_day=value_day,
        bank_reference=read_reference(node, "AcctSvcrRef"),
        bank_code=bank_code,
        reversal=reversal,
        repeated=False,
        is_charge=sub_family in _CHARGE_CODES,
        is_return=reversal or sub_family in _RETURN_CODES,
        return_reason=None,
        charges=_charges(node),
        batch_size=1,
        batch_end_to_end_ids=(),
        message_id=next((text for b in node.all("NtryDtls/Btch") if (text := b.text("MsgId"))), None),
        payment_information_id=next((text for b in node.all("NtryDtls/Btch") if (text := b.text("PmtInfId"))), None),
        end_to_end_id=None,
        creditor_reference=None,
        remittance="",
        additional=node.text("AddtlNtryInf"),
        counterparty_name=None,
        counterparty_iban=None,
        ultimate_name=None,
    )


def _part(whole: Entry, detail: Node, account: str, alone: bool) -> Entry:
    """The entry with what one TxDtls adds to it; the amount is still that of the entry."""
    code = detail.one("BkTxCd")
    bank_code, sub_family = _bank_code(code) if code else ("", "")
    returned = detail.one("RtrInf")
    is_return = whole.is_return or returned is not None or sub_family in _RETURN_CODES
    remittance = _remittance(detail)
    additional = detail.text("AddtlTxInf") or whole.additional
    name, number, ultimate = _counterparty(detail, whole.amount_minor > 0, is_return, account)
    return replace(
        whole,
        bank_reference=whole.bank_reference or read_reference(detail, "Refs/AcctSvcrRef"),
        bank_code=bank_code or whole.bank_code,
        is_charge=whole.is_charge or sub_family in _CHARGE_CODES,
        is_return=is_return,
        return_reason=(returned.text("Rsn/Cd") or returned.text("Rsn/Prtry") or None) if returned else None,
        charges=_charges(detail) or (whole.charges if alone else ()),
        message_id=read_reference(detail, "Refs/MsgId") or whole.message_id,
        payment_information_id=read_reference(detail, "Refs/PmtInfId") or whole.payment_information_id,
        end_to_end_id=read_reference(detail, "Refs/EndToEndId"),
        creditor_reference=_creditor_reference(detail, f"{remittance} {additional}"),
        remittance=remittance,
        additional=additional,
        counterparty_name=name,
        counterparty_iban=number,
        ultimate_name=ultimate,
    )


def _status(node: Node, notices: list[Notice]) -> str:
    """Versions up to 7 write the code itself, later ones a Cd or Prtry inside."""
    status = node.one("Sts")
    code = ""
    if status is not None:
        code = (status.text("Cd") or status.text("Prtry")) if len(status.element) else status.value
    if code not in _STATUSES:
        notices.append(Notice("entry-status", "An entry has a status that is not known; it was not counted."))
    return code


def _bank_code(node: Node) -> tuple[str, str]:
    """("PMNT/RCDT/ESCT", "ESCT"), or the bank's own code and ""."""
    steps = [node.text(path) for path in ("Domn/Cd", "Domn/Fmly/Cd", "Domn/Fmly/SubFmlyCd")]
    return ("/".join(steps), steps[2]) if any(steps) else (node.text("Prtry/Cd"), "")


def _charges(node: Node) -> tuple[Charge, ...]:
    """What the bank names as its charges; versions 2 and 3 repeat Chrgs, later ones Rcrd inside one."""
    found = []
    for charges in node.all("Chrgs"):
        records = charges.all("Rcrd") or ([charges] if charges.one("Amt") else [])
        for record in records:
            amount, currency = read_amount(record, "Amt")
            sign = read_sign(record) if record.one("CdtDbtInd") else -1
            found.append(Charge(sign * amount, currency, record.text("ChrgInclInd") in ("true", "1")))
        if not records and charges.one("TtlChrgsAndTaxAmt"):
            amount, currency = read_amount(charges, "TtlChrgsAndTaxAmt")
            found.append(Charge(-amount, currency, included=False))
    return tuple(charge for charge in found if charge.amount_minor)


def _detail_amount(detail: Node, whole: Entry) -> int | None:
    """What a TxDtls says it moved, in the currency of the entry; None if it does not say so."""
    path = "Amt" if detail.one("Amt") else "AmtDtls/TxAmt/Amt"
    written = detail.one(path)
    if written is None or written.element.get("Ccy") != whole.currency:
        return None
    amount, _ = read_amount(detail, path)
    own_sign = read_sign(detail) if detail.one("CdtDbtInd") else None
    return amount * (own_sign or (1 if whole.amount_minor >= 0 else -1))


def _count(batch: Node) -> int:
    text = batch.text("NbOfTxs")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else 0


def _remittance(detail: Node) -> str:
    """The free text, its lines joined as they were before a bank broke them."""
    joined = ""
    for line in [*detail.all("RmtInf/Ustrd"), *detail.all("RmtInf/Strd/AddtlRmtInf")]:
        joined += line.value if len(line.raw) in _BROKEN_AT else line.value + " "
    return joined.strip()


def _creditor_reference(detail: Node, text: str) -> str | None:
    """The structured reference; else the one reference of ours in the free text, where donors write it."""
    for written in detail.all("RmtInf/Strd/CdtrRefInf/Ref"):
        if written.value:
            try:
                return references.parse(written.value)
            except BadReference:
                return written.value  # a national reference, not ours
    found = references.find(text)
    return found[0] if len(found) == 1 else None


def _counterparty(detail: Node, came_in: bool, undone: bool, account: str) -> tuple[str | None, str | None, str | None]:
    """(name, IBAN, ultimate party's name) of the other side.

    What comes in comes from the debtor. What is undone keeps the roles of the payment that it undoes (ISO 20022), so
    there it is the other way round; our own account on one side settles any doubt.
    """
    role, other = ("Dbtr", "Cdtr") if came_in != undone else ("Cdtr", "Dbtr")
    if _iban_of(detail, role) == account and account:
        role = other
    name = next(
        (text for path in ("Nm", "Pty/Nm", "Agt/FinInstnId/Nm") if (text := detail.text(f"RltdPties/{role}/{path}"))),
        None,
    )
    ultimate = detail.text(f"RltdPties/Ultmt{role}/Nm") or detail.text(f"RltdPties/Ultmt{role}/Pty/Nm")
    return name, _iban_of(detail, role), ultimate or None


def _iban_of(detail: Node, role: str) -> str | None:
    path = f"RltdPties/{role}Acct/Id"
    try:
        return iban.parse_iban(detail.text(f"{path}/IBAN") or detail.text(f"{path}/Othr/Id"))
    except BadIban:
        return None
