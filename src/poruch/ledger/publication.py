"""What becomes public: which amounts enter an epoch, and which wait.

A group is totalled only with none or at least five true amounts of different people (docs/spec/log.md section 4);
costs hold no person's amount. Payouts that the published gifts do not cover wait too, for no balance is negative.
"""

from dataclasses import dataclass
from datetime import date

from poruch.ledger.state import Ledger
from poruch.tlog.leaves import Side

LEAST_PEOPLE = 5
LARGEST_AMOUNT = 2**32 - 1
GIFTS_ACCOUNT = "general"
RETURNED_ACCOUNT = "returned"
COST_ACCOUNT = "cost-bank"


@dataclass(frozen=True)
class Amount:
    """One true amount: `source` names the gift or instalment, `person` whoever stands behind it."""

    source: str
    person: str
    amount_minor: int


@dataclass(frozen=True)
class Selection:
    """The groups of an epoch by (side, account), and the sources that wait. All of one currency."""

    currency: str
    groups: dict[tuple[Side, str], tuple[Amount, ...]]
    waiting: tuple[str, ...]

    def sum_minor(self, side: str) -> int:
        """All amounts of one side."""
        return sum(a.amount_minor for key, amounts in self.groups.items() if key[0] == side for a in amounts)


def _split(amount: Amount) -> list[Amount]:
    """Amounts that fit the range proof: larger sums are several amounts of one source."""
    parts, left = [], amount.amount_minor
    while left > 0:
        part = min(left, LARGEST_AMOUNT)
        parts.append(Amount(amount.source, amount.person, part))
        left -= part
    return parts


def _unpublished(ledger: Ledger, until: date, currency: str) -> dict[tuple[Side, str], list[Amount]]:
    published = ledger.published
    found: dict[tuple[Side, str], list[Amount]] = {("in", GIFTS_ACCOUNT): [], ("out", COST_ACCOUNT): []}
    found[("in", RETURNED_ACCOUNT)] = []
    for entry, gift in ledger.donations.items():
        source = entry.hex()
        if f"in/{source}" not in published and gift.day <= until and gift.currency == currency:
            # Gifts by the general reference are each counted as of another giver: nobody can tell them apart.
            found[("in", GIFTS_ACCOUNT)].append(Amount(source, source, gift.amount_minor))
    for entry, cost in ledger.costs.items():
        if f"out/{entry.hex()}" not in published and cost.day <= until and cost.currency == currency:
            found[("out", COST_ACCOUNT)].append(Amount(entry.hex(), entry.hex(), cost.amount_minor))
    for source, payment in ledger.payments.items():
        item = payment.item
        if payment.day is None or payment.day > until or item.currency != currency:
            continue
        amount = Amount(source, item.case, item.amount_minor)
        if payment.state == "settled" and f"out/{source}" not in published:
            found.setdefault(("out", item.account), []).append(amount)
        elif payment.state == "returned" and f"out/{source}" in published and f"in/{source}" not in published:
            found[("in", RETURNED_ACCOUNT)].append(amount)
    return found


def select(ledger: Ledger, accounts: tuple[str, ...], until: date, currency: str, opening_minor: int) -> Selection:
    """What the next epoch publishes of everything up to and with the day `until`."""
    found = _unpublished(ledger, until, currency)
    for account in accounts:
        found.setdefault(("out", account), [])
    groups: dict[tuple[Side, str], tuple[Amount, ...]] = {}
    waiting: list[str] = []
    for key, amounts in found.items():
        exempt = key[1].startswith("cost-")
        people = {amount.person for amount in amounts}
        if amounts and not exempt and len(people) < LEAST_PEOPLE:
            waiting += [amount.source for amount in amounts]
            amounts = []
        groups[key] = tuple(part for amount in amounts for part in _split(amount))
    selection = Selection(currency, groups, tuple(sorted(waiting)))
    return _cover(selection, opening_minor)


def _cover(selection: Selection, opening_minor: int) -> Selection:
    """Let whole groups of payouts wait, largest first, until no balance would be negative."""
    groups, waiting = dict(selection.groups), list(selection.waiting)
    while True:
        now = Selection(selection.currency, groups, tuple(sorted(set(waiting))))
        if opening_minor + now.sum_minor("in") - now.sum_minor("out") >= 0:
            return now
        out = [key for key in groups if key[0] == "out" and groups[key]]
        largest = max(out, key=lambda key: sum(amount.amount_minor for amount in groups[key]))
        waiting += [amount.source for amount in groups[largest]]
        groups[largest] = ()


def step(count: int) -> int:
    """How many commitments a group of `count` amounts has: 8, 16, 32 ..."""
    size = 8
    while size < count:
        size *= 2
    return size
