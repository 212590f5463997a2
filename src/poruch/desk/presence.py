"""The check-in: who does not appear within the hours that he set is suspended until somebody has spoken with him.

Each desk looks at its own clock, after it has synced. The first that sees it says so, and needs its own right to
suspend for that; where that is used up, another desk does it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from poruch.cases.presence import State, possible
from poruch.desk import council as acts
from poruch.desk.program import Desk
from poruch.errors import BadHours, Refused
from poruch.events.council import CheckinMade, CheckinSet
from poruch.journal.council import Suspension

REASON = "He did not appear within the hours that he set. Speak with him, and lift it."


@dataclass(frozen=True)
class Row:
    """How it stands with an officer: hours since he was seen, and what he set. `suspension`: the one for absence."""

    number: int
    hours: int
    passed: int
    state: State
    suspension: Suspension | None


def hour_now(desk: Desk) -> int:
    """The whole hours since 1970 on this desk's clock."""
    return int(desk.now().timestamp()) // 3600


def _spoken(desk: Desk, number: int) -> int:
    """The last hour of the day on which his last suspension for absence was lifted: then a colleague spoke with him."""
    council = desk.public.council
    days = [s.over for s in council.suspensions.values() if s.absent and s.pin.number == number and s.over is not None]
    if not days:
        return 0
    midnight = datetime.combine(max(days), time(), UTC) + timedelta(hours=23)
    return int(midnight.timestamp()) // 3600


def row(desk: Desk, number: int) -> Row:
    """One officer."""
    seen, now, since = desk.view.presence, hour_now(desk), _spoken(desk, number)
    found = desk.public.council.suspended.get(number)
    absent = found if found is not None and found.absent else None
    hours = seen.hours.get(number, 0)
    return Row(number, hours, seen.passed(number, now, since), seen.state(number, now, since), absent)


def rows(desk: Desk) -> list[Row]:
    """All on the roster who set hours, or are suspended for absence."""
    found = [row(desk, number) for number in sorted(desk.public.council.roster)]
    return [one for one in found if one.hours or one.suspension is not None]


def missed(desk: Desk) -> list[Row]:
    """Colleagues who are late and whom somebody should reach: not those who are suspended already."""
    council = desk.public.council
    return [
        one for one in rows(desk) if one.state != "fine" and one.number != desk.number and council.counts(one.number)
    ]


# ---- acts -------------------------------------------------------------------------------------


def set_hours(desk: Desk, hours: int) -> None:
    """Ask to be suspended after so many hours without appearing; 0 ends it. Raises `BadHours`."""
    if not possible(hours):
        raise BadHours
    desk.act([CheckinSet(hours), CheckinMade(hour_now(desk))])


def appear(desk: Desk) -> bool:
    """The officer is at his desk: said at most once an hour, and only by who set hours."""
    seen, now = desk.view.presence, hour_now(desk)
    if desk.idle or not desk.speaks or not seen.hours.get(desk.number) or seen.last.get(desk.number) == now:
        return False
    desk.act([CheckinMade(now)])
    return True


def go_on(desk: Desk) -> int:
    """Suspend the first who is overdue, if this desk may; returns how many segments it wrote.

    Never where it would leave fewer than k: absence is no alarm for which a fund should stand still.
    """
    for officer in _overdue(desk):
        council = desk.public.council
        if council.leaves_too_few(officer.number):
            continue
        try:
            acts.suspend(desk, officer.number, REASON, absent=True)
        except Refused:
            continue  # its right is used up: another desk does it, and this one when colleagues have decided
        return 1
    return 0


def _overdue(desk: Desk) -> Iterable[Row]:
    return (one for one in missed(desk) if one.state == "overdue")
