"""What the screens show of cases: which step is next, for whom, and how long it may take. Pure reading, no act."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median_low

from poruch.cases.decide import PASSED
from poruch.cases.openings import Opening
from poruch.cases.state import Case
from poruch.desk import casework, openings
from poruch.desk.program import Desk
from poruch.errors import PoruchError
from poruch.events.drops import Story

SCORE_DAYS = 90

CLOSED = frozenset({"refused", "paid", "erased"})
WITH_THE_PERSON = frozenset({"payee", "reply"})


@dataclass(frozen=True)
class Step:
    """The next step of a case: its key, whether it waits for this officer, and for which colleague if for one."""

    key: str
    mine: bool
    whom: int | None = None

    @property
    def open(self) -> bool:
        """The case is neither refused nor paid to its end, nor erased."""
        return self.key not in CLOSED


@dataclass(frozen=True)
class Row:
    """One line of the queue. `days_left` is None where no answer of the fund is due."""

    case: Case
    step: Step
    days_left: int | None
    story: Story | None


def name_opening(desk: Desk, case: Case) -> Opening | None:
    """The newest opening of the person's name that still may lead somewhere.

    One of this name alone is taken before one that opens it together with others.
    """
    found = [
        opening
        for opening in desk.openings.openings.values()
        if not opening.batch and case.id in opening.drops and openings.live(desk, opening)
    ]
    alone = [opening for opening in found if len(opening.drops) == 1]
    return next(reversed(alone or found), None)


def openings_of(desk: Desk, case: Case) -> list[Opening]:
    """Every opening of this person's name or bank details, for ever, oldest first."""
    drops = {case.id, *case.payees}
    return [opening for opening in desk.openings.openings.values() if not drops.isdisjoint(opening.drops)]


def all_screened(desk: Desk, opening: Opening) -> bool:
    """No case of an opening waits for its screening any more: its one-time key may be destroyed."""
    cases = [desk.cases.cases[drop] for drop in opening.drops if drop in desk.cases.cases]
    return all("screening" in case.checks or case.refused is not None for case in cases)


def next_step(desk: Desk, case: Case) -> Step:
    """What must happen next, and whether this officer may do it."""
    me, working = desk.number, desk.within("casework")
    if case.erased is not None and not case.recipient:
        return Step("erased", False)
    if case.refused is not None:
        return Step("refused", False)
    grant = case.live_grant
    if not working and not (grant is not None and grant.approved):
        return Step("casework", False)  # who took it, wrote or refused is sealed to casework
    if case.taken_by is None and working:
        return Step("read", True)
    if grant is not None and grant.approved:
        return _after_grant(desk, case)
    if not case.answered:
        return Step("answer", case.taken_by == me, case.taken_by)
    if "reading" not in case.checks:
        return Step("second", working and case.taken_by != me)
    if case.checks["reading"].outcome not in PASSED["reading"]:
        return Step("doubtful", case.taken_by == me, case.taken_by)
    if "screening" not in case.checks:
        return _screening(desk, case)
    if case.checks["screening"].outcome not in PASSED["screening"]:
        return Step("match", case.taken_by == me, case.taken_by)
    if grant is None:
        return Step("grant", case.taken_by == me, case.taken_by)
    return Step("approve", working and grant.proposer != me and me not in grant.approvals)


def _screening(desk: Desk, case: Case) -> Step:
    opening = name_opening(desk, case)
    if opening is None:
        return Step("ask", case.taken_by == desk.number, case.taken_by)
    if not openings.complete(desk, opening):
        return Step("agree", False)
    return Step("screen", opening.requester == desk.number, opening.requester)


def _after_grant(desk: Desk, case: Case) -> Step:
    grant = case.live_grant
    assert grant is not None
    states = payment_states(desk, case)
    if states.count("settled") == len(states):
        return Step("paid", False)
    for name, good in PASSED.items():
        if name not in case.checks or case.checks[name].outcome not in good:
            return _missing_check(desk, case, name)
    working = desk.within("casework")
    if working and not case.payees and not any(letter.kind == "grant" for letter in case.letters):
        return Step("tell", case.taken_by == desk.number, case.taken_by)  # two approved before they heard of each other
    if working and not case.answered:
        return Step("answer", case.taken_by == desk.number, case.taken_by)
    if not case.payees:
        return Step("payee", False)
    if "returned" in states or "left out" in states:
        return Step("failed", case.taken_by == desk.number, case.taken_by)
    if "due" in states:
        return Step("batch", False)
    return Step("bank" if {"proposed", "exported"} & set(states) else "later", False)


def _missing_check(desk: Desk, case: Case, name: str) -> Step:
    """A grant does not make a check superfluous: no instalment is paid without both."""
    if name in case.checks:
        return Step("doubtful" if name == "reading" else "match", case.taken_by == desk.number, case.taken_by)
    if name == "reading":
        return Step("second", desk.within("casework") and case.taken_by != desk.number)
    return _screening(desk, case)


def payment_states(desk: Desk, case: Case) -> list[str]:
    """For each instalment of the grant: later, due, proposed, exported, settled, returned or left out."""
    grant = case.live_grant
    if grant is None:
        return []
    payments = {
        payment.item.index: payment.state for payment in desk.ledger.payments.values() if payment.item.grant == grant.id
    }
    return [payments.get(at, "due" if due <= desk.today() else "later") for at, due in enumerate(grant.due)]


def days_left(case: Case, step: Step, today: date) -> int | None:
    """Days until the fund's answer is due, negative when late; None while the fund owes none."""
    owed = step.key in {
        "read",
        "answer",
        "second",
        "doubtful",
        "ask",
        "agree",
        "screen",
        "match",
        "grant",
        "approve",
        "tell",
    }
    return case.days_left(today) if owed else None


def story_or_none(desk: Desk, case: Case) -> Story | None:
    """The story, where this officer may read it and it is here."""
    try:
        return casework.story(desk, case)
    except PoruchError:
        return None


def rows(desk: Desk, read: Callable[[Case], Story | None]) -> list[Row]:
    """All cases, the nearest clock first, then those without; what is mine before the rest. `read` may remember."""
    found = []
    for case in desk.cases.cases.values():
        step = next_step(desk, case)
        found.append(Row(case, step, days_left(case, step, desk.today()), read(case)))
    return sorted(found, key=_nearest)


def _nearest(row: Row) -> tuple[bool, int, bool, int]:
    days = row.days_left if row.days_left is not None else 0
    return (row.days_left is None, days, not row.step.mine, -row.case.number)


def median_days(desk: Desk, first: date, last: date) -> int | None:
    """From asking to the first payment, in days: the median of cases first paid between two days; None if none was."""
    waits: dict[str, int] = {}
    paid: dict[str, date] = {}
    for payment in desk.ledger.payments.values():
        if payment.state == "settled" and payment.day is not None:
            paid[payment.item.case] = min(payment.day, paid.get(payment.item.case, payment.day))
    for drop, day in paid.items():
        case = desk.cases.cases.get(drop)
        if case is not None and first <= day <= last:
            waits[drop] = (day - case.day).days
    return median_low(waits.values()) if waits else None


def recent_and_before(desk: Desk) -> tuple[int | None, int | None]:
    """The median of the last 90 days, and of the 90 days before."""
    today = desk.today()
    begin = today - timedelta(days=SCORE_DAYS - 1)
    before = begin - timedelta(days=SCORE_DAYS)
    return median_days(desk, begin, today), median_days(desk, before, begin - timedelta(days=1))
