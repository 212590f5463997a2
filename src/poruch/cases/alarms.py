"""Alarms about the front, and how they ended.

quiet ──a desk is shown something else──> raised (by one desk or more) ──an officer says how──> quiet
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import ClassVar

from poruch.events.heard import Heard
from poruch.events.watch import AlarmEnded, AlarmKind, AlarmRaised
from poruch.journal.folds import Fold, Handler

MOST_OPEN, LONGEST_PATH, LONGEST_WORD = 200, 200, 2000
Place = tuple[AlarmKind, str]


@dataclass
class Alarm:
    """One place at which the front showed something else: who saw it, since when, and what (hashes of 32 bytes)."""

    kind: AlarmKind
    path: str
    since: date
    by: dict[int, AlarmRaised]


@dataclass(frozen=True)
class Ended:
    """An alarm that an officer has seen to."""

    alarm: Alarm
    by: int
    day: date
    how: str


@dataclass
class Alarms(Fold):
    """Feed it events in their one order."""

    TABLES: ClassVar[tuple[str, ...]] = ("open", "ended", "faults")
    open: dict[Place, Alarm] = field(default_factory=dict)
    ended: list[Ended] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def handlers(self) -> Mapping[type, Handler]:
        """Alarms and their ends."""
        return dict.fromkeys((AlarmRaised, AlarmEnded), self._hear)

    def _hear(self, heard: Heard) -> None:
        event = heard.event
        if isinstance(event, AlarmRaised):
            self._raise(heard, event)
        elif isinstance(event, AlarmEnded):
            alarm = self.open.pop((event.kind, event.path), None)
            if alarm is not None:
                self.ended.append(Ended(alarm, heard.author, heard.day, event.how[:LONGEST_WORD]))

    def _raise(self, heard: Heard, event: AlarmRaised) -> None:
        if len(event.path) > LONGEST_PATH or len(event.seen) != 32 or len(event.expected) not in (0, 32):
            self.faults.append(f"An alarm of officer {heard.author} is not of the right form.")
            return
        place = (event.kind, event.path)
        if place not in self.open and len(self.open) >= MOST_OPEN:
            return  # so many say no more than the first: look at the front
        alarm = self.open.get(place) or Alarm(event.kind, event.path, heard.day, {})
        self.open[place] = replace(alarm, by=alarm.by | {heard.author: event})

    def raised_by(self, officer: int, kind: AlarmKind, path: str) -> bool:
        """Whether this officer's desk has said so, and it is open."""
        alarm = self.open.get((kind, path))
        return alarm is not None and officer in alarm.by
