"""Payment orders for the bank: pain.001.001.09, one debit account, SEPA credit transfers in euro.

Written with lxml and not with a library: the file must be the same bytes for the same batch (its hash is what officers
approve), so every identifier and the clock come from the caller. A payee's postal address is left out: from
15 November 2026 free-text addresses are refused, and the less a payment says of a payee the better.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from lxml import etree

from poruch.errors import BadAmount, BadPayment
from poruch.rails import money
from poruch.rails.charset import is_sepa, to_sepa
from poruch.rails.document import Node, open_document
from poruch.rails.fields import read_amount, read_day
from poruch.rails.iban import parse_bic, parse_iban

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
CURRENCY = "EUR"
MOST_PAYMENTS = 10_000
LARGEST_MINOR = 99_999_999_999  # EPC: 999,999,999.99 for one transfer
_LONGEST_NAME, _LONGEST_REMITTANCE, _LONGEST_ID = 70, 140, 35
_IDENTIFIER = re.compile(r"[A-Za-z0-9?:().,'+ /-]{1,35}")


@dataclass(frozen=True, slots=True)
class Payment:
    """One transfer in euro cents. `end_to_end_id` comes back on the statement; it must say nothing about a person."""

    end_to_end_id: str
    name: str = field(repr=False)
    iban: str = field(repr=False)
    bic: str | None = field(repr=False)
    amount_minor: int
    remittance: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PaymentOrder:
    """What a pain.001 file orders."""

    message_id: str
    payment_information_id: str
    execution_day: date
    batch_booking: bool
    debtor_name: str
    debtor_iban: str = field(repr=False)
    debtor_bic: str | None
    payments: tuple[Payment, ...]

    @property
    def total_minor(self) -> int:
        """The sum of all payments in cents."""
        return sum(payment.amount_minor for payment in self.payments)


def write_pain001(
    message_id: str,
    created: datetime,
    execution_day: date,
    debtor_name: str,
    debtor_iban: str,
    debtor_bic: str | None,
    payments: Iterable[Payment],
    *,
    payment_information_id: str | None = None,
    batch_booking: bool = False,
) -> bytes:
    """The file for the bank, the same bytes for the same arguments.

    `payment_information_id` is the message id unless given. Without `batch_booking` the statement shows each payment,
    so that each is settled by itself. Raises BadPayment, BadAmount, BadIban or BadBic; nothing is cut or dropped.
    """
    order = _checked(
        PaymentOrder(
            message_id=message_id,
            payment_information_id=payment_information_id or message_id,
            execution_day=execution_day,
            batch_booking=batch_booking,
            debtor_name=debtor_name,
            debtor_iban=debtor_iban,
            debtor_bic=debtor_bic,
            payments=tuple(payments),
        )
    )
    document = etree.Element(f"{{{NAMESPACE}}}Document", nsmap={None: NAMESPACE})  # type: ignore[dict-item]
    root = _add(document, "CstmrCdtTrfInitn")
    header = _add(root, "GrpHdr")
    _add(header, "MsgId", order.message_id)
    _add(header, "CreDtTm", created.isoformat(timespec="seconds"))
    _add_sums(header, order)
    _add(_add(header, "InitgPty"), "Nm", order.debtor_name)
    _add_order(root, order)
    return etree.tostring(document, xml_declaration=True, encoding="UTF-8")


def read_pain001(data: bytes) -> PaymentOrder:
    """What a bank reads in our file. Raises BadPayment; sums and counts must hold."""
    document = open_document(data, BadPayment)
    if (document.message, document.version) != ("pain.001", 9):
        raise BadPayment("The file is not a payment order of version pain.001.001.09.")
    header = document.root.one("CstmrCdtTrfInitn/GrpHdr")
    block = document.root.one("CstmrCdtTrfInitn/PmtInf")
    if header is None or block is None:
        raise BadPayment("The file has no header or no payments.")
    execution_day = read_day(block, "ReqdExctnDt/Dt")
    if execution_day is None:
        raise BadPayment("The file does not say when to pay.")
    order = PaymentOrder(
        message_id=header.text("MsgId"),
        payment_information_id=block.text("PmtInfId"),
        execution_day=execution_day,
        batch_booking=block.text("BtchBookg") in ("true", "1"),
        debtor_name=block.text("Dbtr/Nm"),
        debtor_iban=block.text("DbtrAcct/Id/IBAN"),
        debtor_bic=block.text("DbtrAgt/FinInstnId/BICFI") or None,
        payments=tuple(_read_payment(node) for node in block.all("CdtTrfTxInf")),
    )
    _check_sums(header, order)
    _check_sums(block, order)
    return _checked(order)


def _checked(order: PaymentOrder) -> PaymentOrder:
    """The order in normal form."""
    if not 1 <= len(order.payments) <= MOST_PAYMENTS:
        raise BadPayment(f"a file has 1 to {MOST_PAYMENTS} payments")
    for identifier in (order.message_id, order.payment_information_id):
        _check_identifier(identifier)
    payments = tuple(_checked_payment(payment) for payment in order.payments)
    if max(Counter(payment.end_to_end_id for payment in payments).values()) > 1:
        raise BadPayment("two payments have the same end-to-end id; nothing is paid twice")
    return PaymentOrder(
        message_id=order.message_id,
        payment_information_id=order.payment_information_id,
        execution_day=order.execution_day,
        batch_booking=order.batch_booking,
        debtor_name=_checked_name(order.debtor_name),
        debtor_iban=parse_iban(order.debtor_iban),
        debtor_bic=parse_bic(order.debtor_bic) if order.debtor_bic else None,
        payments=payments,
    )


def _checked_payment(payment: Payment) -> Payment:
    if not 0 < payment.amount_minor <= LARGEST_MINOR:
        raise BadAmount("a payment is more than nothing and less than a milliard euro")
    return Payment(
        end_to_end_id=_check_identifier(payment.end_to_end_id),
        name=_checked_name(payment.name),
        iban=parse_iban(payment.iban),
        bic=parse_bic(payment.bic) if payment.bic else None,
        amount_minor=payment.amount_minor,
        remittance=to_sepa(payment.remittance, _LONGEST_REMITTANCE),
    )


def _checked_name(name: str) -> str:
    written = to_sepa(name, _LONGEST_NAME)
    if not any(sign.isalpha() for sign in written):
        raise BadPayment("a name is missing")
    return written


def _check_identifier(text: str) -> str:
    """Identifiers are never rewritten, for the statement must bring back the same ones."""
    if not _IDENTIFIER.fullmatch(text) or text != text.strip() or text.strip("/") != text or "//" in text:
        raise BadPayment(f"an identifier has 1 to {_LONGEST_ID} characters that banks carry, and no slash at its ends")
    return text


def _add(parent: etree._Element, name: str, text: str | None = None, **attributes: str) -> etree._Element:
    element = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}", attributes)
    element.text = text
    return element


def _add_sums(parent: etree._Element, order: PaymentOrder) -> None:
    _add(parent, "NbOfTxs", str(len(order.payments)))
    _add(parent, "CtrlSum", money.format_amount(order.total_minor, CURRENCY))


def _add_order(root: etree._Element, order: PaymentOrder) -> None:
    block = _add(root, "PmtInf")
    _add(block, "PmtInfId", order.payment_information_id)
    _add(block, "PmtMtd", "TRF")
    _add(block, "BtchBookg", "true" if order.batch_booking else "false")
    _add_sums(block, order)
    _add(_add(_add(block, "PmtTpInf"), "SvcLvl"), "Cd", "SEPA")
    _add(_add(block, "ReqdExctnDt"), "Dt", order.execution_day.isoformat())
    _add(_add(block, "Dbtr"), "Nm", order.debtor_name)
    _add(_add(_add(block, "DbtrAcct"), "Id"), "IBAN", order.debtor_iban)
    agent = _add(_add(block, "DbtrAgt"), "FinInstnId")
    if order.debtor_bic:
        _add(agent, "BICFI", order.debtor_bic)
    else:  # the schema wants an agent, and EPC 132-08 wants this word in it
        _add(_add(agent, "Othr"), "Id", "NOTPROVIDED")
    _add(block, "ChrgBr", "SLEV")
    for payment in order.payments:
        _add_payment(block, payment)


def _add_payment(block: etree._Element, payment: Payment) -> None:
    transfer = _add(block, "CdtTrfTxInf")
    _add(_add(transfer, "PmtId"), "EndToEndId", payment.end_to_end_id)
    _add(_add(transfer, "Amt"), "InstdAmt", money.format_amount(payment.amount_minor, CURRENCY), Ccy=CURRENCY)
    if payment.bic:
        _add(_add(_add(transfer, "CdtrAgt"), "FinInstnId"), "BICFI", payment.bic)
    _add(_add(transfer, "Cdtr"), "Nm", payment.name)
    _add(_add(_add(transfer, "CdtrAcct"), "Id"), "IBAN", payment.iban)
    if payment.remittance:
        _add(_add(transfer, "RmtInf"), "Ustrd", payment.remittance)


def _read_payment(node: Node) -> Payment:
    amount_minor, currency = read_amount(node, "Amt/InstdAmt")
    if currency != CURRENCY:
        raise BadPayment("A payment is not in euro.")
    texts = (node.text("PmtId/EndToEndId"), node.text("Cdtr/Nm"), node.text("RmtInf/Ustrd"))
    if not all(is_sepa(text) for text in texts):
        raise BadPayment("A payment has a character that banks do not carry.")
    return Payment(
        end_to_end_id=texts[0],
        name=texts[1],
        iban=node.text("CdtrAcct/Id/IBAN"),
        bic=node.text("CdtrAgt/FinInstnId/BICFI") or None,
        amount_minor=amount_minor,
        remittance=texts[2],
    )


def _check_sums(node: Node, order: PaymentOrder) -> None:
    """Header and block both say how many payments there are and what they sum to."""
    written: Sequence[str] = (node.text("NbOfTxs"), node.text("CtrlSum"))
    if written != (str(len(order.payments)), money.format_amount(order.total_minor, CURRENCY)):
        raise BadPayment("The number or the sum of the payments is not the announced one.")
