"""A pretend bank: it reads our payment orders, books what happens, and writes statements as real banks do.

It knows nothing of the fund but the files a bank would get. With a seeded `random` it writes the same bytes each time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from lxml import etree

from poruch.errors import AlreadyDone, BadPayment, BadReference
from poruch.rails import money, references
from poruch.rails.iban import parse_iban
from poruch.rails.pain001 import Payment, PaymentOrder, read_pain001

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"
_PAID, _RECEIVED, _RETURNED, _CHARGED = (
    "PMNT/ICDT/ESCT",
    "PMNT/RCDT/ESCT",
    "PMNT/ICDT/RRTN",
    "ACMT/MDOP/CHRG",
)


@dataclass(frozen=True, slots=True)
class Detail:
    """One payment inside a booking, with the other side's name and IBAN."""

    amount_minor: int
    name: str = ""
    iban: str = ""
    text: str = ""
    end_to_end_id: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Booking:
    """One line of the account: signed minor units, a bank reference, and its payments (several in a batch)."""

    day: date
    amount_minor: int
    reference: str
    code: str
    details: tuple[Detail, ...]
    order: PaymentOrder | None = None


class Bank:
    """One account at a pretend bank, in one currency. Days of bookings may come in any order."""

    def __init__(self, iban: str, name: str, currency: str, opening_minor: int, random: Callable[[int], bytes]) -> None:
        self.iban = parse_iban(iban)
        self.name = name
        self.currency = currency
        self.opening_minor = opening_minor
        self._random = random
        self._bookings: list[Booking] = []
        self._paid: dict[str, Payment] = {}
        self._messages: set[str] = set()

    @property
    def balance_minor(self) -> int:
        """What is on the account after all bookings."""
        return self.opening_minor + sum(booking.amount_minor for booking in self._bookings)

    def accept_pain001(self, data: bytes, day: date) -> PaymentOrder:
        """Book the payments of a file on its execution day, but not before `day`, on which the bank got it.

        Raises BadPayment for a file that is not for this account, AlreadyDone for one that was sent before.
        """
        order = read_pain001(data)
        if order.debtor_iban != self.iban:
            raise BadPayment("The file is for another account.")
        if order.message_id in self._messages or any(p.end_to_end_id in self._paid for p in order.payments):
            raise AlreadyDone
        self._messages.add(order.message_id)
        self._paid.update((payment.end_to_end_id, payment) for payment in order.payments)
        details = [
            Detail(-p.amount_minor, name=p.name, iban=p.iban, text=p.remittance, end_to_end_id=p.end_to_end_id)
            for p in order.payments
        ]
        together = [tuple(details)] if order.batch_booking else [(detail,) for detail in details]
        for group in together:
            self._book(max(day, order.execution_day), _PAID, group, order)
        return order

    def receive(self, amount_minor: int, reference: str, debtor_name: str, debtor_iban: str, day: date) -> None:
        """A gift comes in; `reference` is whatever the donor wrote, an RF reference or not."""
        detail = Detail(amount_minor, name=debtor_name, iban=parse_iban(debtor_iban), text=reference)
        self._book(day, _RECEIVED, (detail,))

    def return_payment(self, end_to_end_id: str, reason: str, day: date) -> None:
        """The payee's bank sends a payment back, for a reason of ISO 20022 ("AC04": closed account)."""
        payment = self._paid.get(end_to_end_id)
        if payment is None:
            raise BadPayment("This payment was never made.")
        if any(d.reason and d.end_to_end_id == end_to_end_id for b in self._bookings for d in b.details):
            raise AlreadyDone
        detail = Detail(
            payment.amount_minor,
            name=payment.name,
            iban=payment.iban,
            text=payment.remittance,
            end_to_end_id=end_to_end_id,
            reason=reason,
        )
        self._book(day, _RETURNED, (detail,))

    def charge(self, amount_minor: int, text: str, day: date) -> None:
        """The bank takes its fee (`amount_minor` is positive)."""
        self._book(day, _CHARGED, (Detail(-amount_minor, text=text),))

    def statement(self, day_from: date, day_to: date) -> bytes:
        """The camt.053.001.08 of the bookings from `day_from` to `day_to`, both included."""
        before = sum(booking.amount_minor for booking in self._bookings if booking.day < day_from)
        booked = sorted((b for b in self._bookings if day_from <= b.day <= day_to), key=lambda b: b.day)
        opening = self.opening_minor + before
        closing = opening + sum(booking.amount_minor for booking in booked)
        document = etree.Element(f"{{{NAMESPACE}}}Document", nsmap={None: NAMESPACE})  # type: ignore[dict-item]
        root = _add(document, "BkToCstmrStmt")
        number = f"{day_from:%Y%m%d}-{day_to:%Y%m%d}"
        written = f"{day_to + timedelta(days=1)}T00:00:00Z"
        header = _add(root, "GrpHdr")
        _add(header, "MsgId", f"CAMT053-{number}")
        _add(header, "CreDtTm", written)
        node = _add(root, "Stmt")
        _add(node, "Id", f"STMT-{number}")
        _add(node, "CreDtTm", written)
        account = _add(node, "Acct")
        _add(_add(account, "Id"), "IBAN", self.iban)
        _add(account, "Ccy", self.currency)
        _add(_add(account, "Ownr"), "Nm", self.name)
        self._add_balance(node, "OPBD", opening, day_from)
        self._add_balance(node, "CLBD", closing, day_to)
        for booking in booked:
            self._add_booking(node, booking)
        return etree.tostring(document, xml_declaration=True, encoding="UTF-8", pretty_print=True)

    def _book(self, day: date, code: str, details: tuple[Detail, ...], order: PaymentOrder | None = None) -> None:
        reference = f"{day:%Y%m%d}{self._random(6).hex().upper()}"
        total = sum(detail.amount_minor for detail in details)
        self._bookings.append(Booking(day, total, reference, code, details, order))

    def _add_balance(self, node: etree._Element, code: str, amount_minor: int, day: date) -> None:
        balance = _add(node, "Bal")
        _add(_add(_add(balance, "Tp"), "CdOrPrtry"), "Cd", code)
        self._add_amount(balance, amount_minor)
        _add(_add(balance, "Dt"), "Dt", day.isoformat())

    def _add_amount(self, node: etree._Element, amount_minor: int) -> None:
        _add(node, "Amt", money.format_amount(abs(amount_minor), self.currency), Ccy=self.currency)
        _add(node, "CdtDbtInd", "DBIT" if amount_minor < 0 else "CRDT")

    def _add_booking(self, node: etree._Element, booking: Booking) -> None:
        entry = _add(node, "Ntry")
        self._add_amount(entry, booking.amount_minor)
        _add(_add(entry, "Sts"), "Cd", "BOOK")
        _add(_add(entry, "BookgDt"), "Dt", booking.day.isoformat())
        _add(_add(entry, "ValDt"), "Dt", booking.day.isoformat())
        _add(entry, "AcctSvcrRef", booking.reference)
        domain, family, sub_family = booking.code.split("/")
        code = _add(_add(entry, "BkTxCd"), "Domn")
        _add(code, "Cd", domain)
        code = _add(code, "Fmly")
        _add(code, "Cd", family)
        _add(code, "SubFmlyCd", sub_family)
        details = _add(entry, "NtryDtls")
        if booking.order is not None and len(booking.details) > 1:
            batch = _add(details, "Btch")
            _add(batch, "MsgId", booking.order.message_id)
            _add(batch, "PmtInfId", booking.order.payment_information_id)
            _add(batch, "NbOfTxs", str(len(booking.details)))
        for detail in booking.details:
            self._add_detail(details, booking, detail)

    def _add_detail(self, parent: etree._Element, booking: Booking, detail: Detail) -> None:
        node = _add(parent, "TxDtls")
        refs = _add(node, "Refs")
        if booking.order is not None:
            _add(refs, "MsgId", booking.order.message_id)
            _add(refs, "PmtInfId", booking.order.payment_information_id)
        _add(refs, "EndToEndId", detail.end_to_end_id or "NOTPROVIDED")
        self._add_amount(node, detail.amount_minor)
        if detail.name:
            # A returned payment keeps its roles: the payee is still the creditor.
            other = "Dbtr" if detail.amount_minor > 0 and not detail.reason else "Cdtr"
            parties = _add(node, "RltdPties")
            _add(_add(_add(parties, other), "Pty"), "Nm", detail.name)
            _add(_add(_add(parties, f"{other}Acct"), "Id"), "IBAN", detail.iban)
        _add_remittance(node, detail.text)
        if detail.reason:
            _add(_add(_add(node, "RtrInf"), "Rsn"), "Cd", detail.reason)


def _add_remittance(node: etree._Element, text: str) -> None:
    """An RF reference goes into its own field, as banks do that understand it; all else is free text."""
    if not text:
        return
    try:
        reference = references.parse(text)
    except BadReference:
        _add(_add(node, "RmtInf"), "Ustrd", text)
        return
    found = _add(_add(_add(node, "RmtInf"), "Strd"), "CdtrRefInf")
    kind = _add(found, "Tp")
    _add(_add(kind, "CdOrPrtry"), "Cd", "SCOR")
    _add(kind, "Issr", "ISO")
    _add(found, "Ref", reference)


def _add(parent: etree._Element, name: str, text: str | None = None, **attributes: str) -> etree._Element:
    element = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}", attributes)
    element.text = text
    return element
