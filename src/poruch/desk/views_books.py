"""What the screens show of the books: trial balance, what is on its way, what is promised. Pure reading, no act."""

from collections import Counter
from dataclasses import dataclass
from datetime import date

from poruch.desk.program import Desk
from poruch.ledger.postings import BANK, GRANTS, trial_balance


@dataclass(frozen=True)
class AccountLine:
    """One account: minor units of debit or credit, and what is on its way and not yet on a statement."""

    account: str
    currency: str
    debit_minor: int
    credit_minor: int
    pending_minor: int


@dataclass(frozen=True)
class Month:
    """What is left at the end of a month if nobody gives any more, and what falls due in it (minor units)."""

    first: date
    left_minor: int
    promised_minor: int


def pending(desk: Desk) -> dict[tuple[str, str], int]:
    """Exported and not yet settled, by (account, currency)."""
    found: Counter[tuple[str, str]] = Counter()
    for payment in desk.ledger.payments.values():
        if payment.state == "exported":
            found[(GRANTS + payment.item.account, payment.item.currency)] += payment.item.amount_minor
            found[(BANK, payment.item.currency)] -= payment.item.amount_minor
    return dict(found)


def balance_lines(desk: Desk) -> list[AccountLine]:
    """The trial balance with what is pending beside it."""
    posted, waits = trial_balance(desk.ledger.posted), pending(desk)
    return [
        AccountLine(account, currency, max(0, amount), max(0, -amount), waits.get((account, currency), 0))
        for account, currency in sorted({*posted, *waits})
        for amount in [posted.get((account, currency), 0)]
    ]


def promised(desk: Desk) -> Counter[date]:
    """Approved and not settled instalments by the first day of the month they are due in; overdue ones are due now."""
    this_month = desk.today().replace(day=1)
    settled = {
        (payment.item.grant, payment.item.index)
        for payment in desk.ledger.payments.values()
        if payment.state == "settled"
    }
    found: Counter[date] = Counter()
    for case in desk.cases.cases.values():
        grant = case.live_grant
        if grant is None or not grant.approved:
            continue
        for index, (amount_minor, due) in enumerate(zip(grant.amounts_minor, grant.due, strict=True)):
            if (grant.id, index) not in settled:
                found[max(this_month, due.replace(day=1))] += amount_minor
    return found


def forecast(desk: Desk) -> list[Month]:
    """Month by month to the last promise."""
    left = trial_balance(desk.ledger.posted).get((BANK, desk.charter.currency), 0)
    due = promised(desk)
    months: list[Month] = []
    month = desk.today().replace(day=1)
    while due and month <= max(due):
        left -= due[month]
        months.append(Month(month, left, due[month]))
        month = month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)
    return months
