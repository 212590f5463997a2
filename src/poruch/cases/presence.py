"""Who has appeared: officers who asked to be suspended when they do not.

        fine ──three quarters of his hours pass──> warn ──all of them──> overdue

An hour is a whole number since 1970, UTC. It is the word of the officer's own clock: an appearance in the future counts
as now, and his last word counts, so that a clock that was wrong is put right by the next appearance.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from poruch.events.council import CheckinMade, CheckinSet
from poruch.events.heard import Heard
from poruch.journal.folds import Fold, Handler

LEAST_HOURS, MOST_HOURS = 12, 720
_LAST_HOUR = 2**31

State = Literal["fine", "warn", "overdue"]


def possible(hours: int) -> bool:
    """Whether an officer may set these hours; 0 ends it."""
    return hours == 0 or LEAST_HOURS <= hours <= MOST_HOURS


@dataclass
class Presence(Fold):
    """By officer: `hours` that he set, and the hour of his `last` appearance."""

    TABLES: ClassVar[tuple[str, ...]] = ("hours", "last", "faults")
    hours: dict[int, int] = field(default_factory=dict)
    last: dict[int, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def handlers(self) -> Mapping[type, Handler]:
        """Hours and appearances."""
        return dict.fromkeys((CheckinSet, CheckinMade), self._hear)

    def _hear(self, heard: Heard) -> None:
        event = heard.event
        if isinstance(event, CheckinSet):
            if possible(event.hours):
                self.hours[heard.author] = event.hours
            else:
                self.faults.append(f"Officer {heard.author} set hours for his appearance that are not possible.")
        elif isinstance(event, CheckinMade):
            if 0 <= event.hour < _LAST_HOUR:
                self.last[heard.author] = event.hour
            else:
                self.faults.append(f"Officer {heard.author} appeared at an hour that is not possible.")

    def passed(self, officer: int, now: int, since: int = 0) -> int:
        """The hours since his last appearance, or since the hour `since`, when a colleague spoke with him."""
        seen = max(self.last.get(officer, now), since)
        return max(0, now - min(seen, now))

    def state(self, officer: int, now: int, since: int = 0) -> State:
        """How it stands with an officer at the hour `now`; who set no hours, or has not appeared yet, is fine."""
        hours, passed = self.hours.get(officer, 0), self.passed(officer, now, since)
        if hours == 0 or officer not in self.last:
            return "fine"
        if passed >= hours:
            return "overdue"
        return "warn" if 4 * passed >= 3 * hours else "fine"
