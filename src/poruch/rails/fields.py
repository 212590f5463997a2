"""The fields that ISO 20022 messages share: an amount with its currency, credit or debit, a day, a code."""

import re
from datetime import date

from poruch.errors import BadAmount
from poruch.rails import money
from poruch.rails.document import Node

_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(?:T[0-9:.]{5,18})?(?:Z|[+-]\d{2}:\d{2})?", re.ASCII)
_SIGNS = {"CRDT": 1, "DBIT": -1}
# What banks write where they have nothing to say.
_PLACEHOLDERS = frozenset({"NOTPROVIDED", "NOT PROVIDED", "NOTPROVIDE", "NONREF", "NOREF", "NONE", "UNKNOWN", "-"})


def read_amount(node: Node, path: str) -> tuple[int, str]:
    """(minor units, currency) at `path`; the sign stands elsewhere. Raises the node's failure."""
    amount = node.one(path)
    if amount is None:
        raise node.failure(f"An amount is missing near line {node.line}.")
    unit = str(amount.element.get("Ccy", ""))
    text = amount.value.removeprefix("+")
    try:
        # xs:decimal also allows ".50" and "5."
        return money.parse_amount(f"0{text}" if text.startswith(".") else text.removesuffix("."), unit), unit
    except BadAmount:
        raise node.failure(f"An amount near line {amount.line} is not a number of its currency.") from None


def read_sign(node: Node) -> int:
    """1 for CRDT, -1 for DBIT. Raises the node's failure."""
    code = node.text("CdtDbtInd")
    if code not in _SIGNS:
        raise node.failure(f"Near line {node.line} it is not said whether money came or went.")
    return _SIGNS[code]


def read_day(node: Node, path: str) -> date | None:
    """The day of a date or a date with time at `path`, as written there; None where there is none."""
    text = node.text(path)
    if not text:
        return None
    found = _DAY.fullmatch(text)
    try:
        return date.fromisoformat(found[1] if found else "")
    except ValueError:
        raise node.failure(f"A day near line {node.line} is not a date.") from None


def read_day_or_time(node: Node, path: str) -> date | None:
    """The day of a field that holds either Dt or DtTm."""
    return read_day(node, f"{path}/Dt") or read_day(node, f"{path}/DtTm")


def read_reference(node: Node, path: str) -> str | None:
    """The text at `path`, or None where it is missing or one of the words banks use for nothing."""
    text = node.text(path)
    return text if text.strip("0") and text.upper() not in _PLACEHOLDERS else None
