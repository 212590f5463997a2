"""Reading bank statements: camt.053.001, versions 2 to 13, by paths that mean the same in all of them.

camt.054 and camt.052 are refused with a sentence: they tell entries that the statement tells again, and carry no
closing balance to check them against, so that reading both would book everything twice.

Two rules banks are held to: the indicator CRDT or DBIT of an entry is the way the money moved, also when the entry is
a reversal (ISO 20022, ReversalIndicator: a reversal marked CRDT undoes a debit); and only status BOOK is money.
A file that contradicts itself is read and gets a notice; a file that cannot be understood is BadStatement.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from poruch.errors import BadAmount, BadIban, BadStatement
from poruch.rails import iban, money
from poruch.rails.details import Line, lines_of_entry
from poruch.rails.document import Document, Node, open_document
from poruch.rails.fields import read_amount, read_day, read_day_or_time, read_sign
from poruch.rails.statement import Entry, Notice, Statement, identify

VERSIONS = range(2, 14)

_OTHER_MESSAGES = {
    "camt.054": "This is a notification of single entries (camt.054); ask the bank for the statement (camt.053).",
    "camt.052": "This is a report during the day (camt.052); ask the bank for the statement (camt.053).",
    "pain.001": "This is a payment order (pain.001), not a statement.",
}


def read_statements(data: bytes) -> tuple[Statement, ...]:
    """All statements of one file, in its order. Raises BadStatement with one English sentence and nothing personal."""
    document = open_document(data, BadStatement)
    _check_message(document)
    nodes = document.root.all("BkToCstmrStmt/Stmt")
    if not nodes:
        raise BadStatement("The file holds no statement.")
    earlier: set[str] = set()
    statements = []
    for node in nodes:
        statement = _statement(node, document.version, earlier)
        earlier.update(entry.entry_id for entry in statement.entries)
        statements.append(statement)
    return tuple(statements)


def _check_message(document: Document) -> None:
    if document.message != "camt.053":
        raise BadStatement(_OTHER_MESSAGES.get(document.message, "This is a bank message of another kind."))
    if document.version not in VERSIONS:
        raise BadStatement(f"This is version {document.version} of the format; versions 2 to 13 can be read.")


def _statement(node: Node, version: int, earlier: set[str]) -> Statement:
    notices: list[Notice] = []
    account, is_iban = _account(node)
    balances = list(_balances(node))
    currency = _currency(node, balances)
    opening = _pick(balances, ("OPBD", "PRCD", "ITBD"), currency, notices, last=False)
    closing = _pick(balances, ("CLBD", "ITBD"), currency, notices, last=True)
    last_resort = max((day for _, _, _, day in balances if day), default=None) or read_day(node, "CreDtTm")
    lines = [line for entry in node.all("Ntry") for line in lines_of_entry(entry, account, last_resort, notices)]
    booked = _identified([line for line in lines if line.entry.status == "BOOK"], account, earlier, notices)
    pending = _identified([line for line in lines if line.entry.status != "BOOK"], account, set(), None)
    statement = Statement(
        statement_id=node.text("Id"),
        version=version,
        account=account,
        account_is_iban=is_iban,
        currency=currency,
        opening_minor=opening,
        closing_minor=closing,
        entries=booked,
        pending=pending,
        notices=(),
    )
    notices += _doubts(node, statement)
    return replace(statement, notices=tuple(dict.fromkeys(notices)))


def _account(node: Node) -> tuple[str, bool]:
    written = node.text("Acct/Id/IBAN") or node.text("Acct/Id/Othr/Id")
    if not written:
        raise BadStatement("The statement does not name its account.")
    try:
        return iban.parse_iban(written), True
    except BadIban:
        return written, False


def _currency(node: Node, balances: list[tuple[str, int, str, date | None]]) -> str:
    """The account's currency; where the bank leaves it out, that of the balances that count, of an entry, of any."""
    ends = [unit for code, _, unit, _ in balances if code in ("OPBD", "PRCD", "CLBD")]
    entries = [str(amount.element.get("Ccy", "")) for amount in node.all("Ntry/Amt")]
    named = [node.text("Acct/Ccy"), *ends, *entries, *(unit for _, _, unit, _ in balances)]
    found = next((unit for unit in named if unit), "")
    try:
        money.exponent(found)
    except BadAmount:
        raise BadStatement("The statement does not say in which currency the account is kept.") from None
    return found


def _balances(node: Node) -> Iterator[tuple[str, int, str, date | None]]:
    """(code, signed minor units, currency, day) of each balance, in the bank's order."""
    for balance in node.all("Bal"):
        code = balance.text("Tp/CdOrPrtry/Cd") or balance.text("Tp/CdOrPrtry/Prtry")
        amount, unit = read_amount(balance, "Amt")
        yield code, amount * read_sign(balance), unit, read_day_or_time(balance, "Dt")


def _pick(
    balances: list[tuple[str, int, str, date | None]],
    codes: tuple[str, ...],
    currency: str,
    notices: list[Notice],
    *,
    last: bool,
) -> int | None:
    """The balance the period begins or ends with: the first code that occurs, and of several days the outermost."""
    name = "closing" if last else "opening"
    for code in codes:
        found = [balance for balance in balances if balance[0] == code]
        if not found:
            continue
        own = [(day or date.min, amount) for _, amount, unit, day in found if unit == currency]
        if not own:
            notices.append(Notice("balance-currency", f"The {name} balance is not in the currency of the account."))
            return None
        outermost = (max if last else min)(day for day, _ in own)
        amounts = [amount for day, amount in own if day == outermost]
        if len(set(amounts)) > 1 and code != "ITBD":
            notices.append(Notice("balance-twice", f"The statement has two different {name} balances of one day."))
        return amounts[-1 if last else 0]
    return None


def _identified(lines: list[Line], account: str, earlier: set[str], notices: list[Notice] | None) -> tuple[Entry, ...]:
    """Entries with their ids; one whose bank reference, amount and day stood before is marked as repeated."""
    counted: Counter[tuple[str, str, int, date]] = Counter()
    entries = []
    for line in lines:
        entry = line.entry
        key = (line.reference, entry.currency, entry.amount_minor, entry.booking_day)
        entry_id = identify(
            account, entry.currency, line.reference, entry.amount_minor, entry.booking_day, counted[key]
        )
        repeated = line.bank_given and (counted[key] > 0 or entry_id in earlier)
        counted[key] += 1
        if notices is not None and (repeated or entry_id in earlier):
            notices.append(
                Notice("entry-repeated", "An entry stands twice in this file; book it once, or ask the bank.")
            )
        entries.append(replace(entry, entry_id=entry_id, repeated=repeated))
    return tuple(entries)


def _doubts(node: Node, statement: Statement) -> Iterator[Notice]:
    """Where the statement contradicts itself or is less than a whole."""
    if statement.opening_minor is None or statement.closing_minor is None:
        yield Notice(
            "balance-missing", "The balances cannot be checked: the opening or the closing balance is missing."
        )
    elif not statement.balanced:
        yield Notice("balance-differs", "Opening balance and booked entries do not make the closing balance.")
    if any(entry.currency != statement.currency for entry in statement.entries):
        yield Notice("entry-currency", "An entry is not in the currency of the account; it was left out of the check.")
    if not statement.account_is_iban:
        yield Notice("account-not-iban", "The account is not named by a valid IBAN.")
    if node.text("CpyDplctInd"):
        yield Notice("copy", "The bank calls this file a copy or a duplicate.")
    pages = node.one("StmtPgntn")
    if pages is not None and (pages.text("PgNb") not in ("", "1") or pages.text("LastPgInd") in ("false", "0")):
        yield Notice("one-page-of-several", "This is one page of a longer statement.")
    announced = node.text("TxsSummry/TtlNtries/NbOfNtries")
    if announced and announced.lstrip("0") != str(len(node.all("Ntry"))).lstrip("0"):
        yield Notice("entries-missing", "The bank announces another number of entries than the file holds.")
