"""What desks say of the front as strangers see it."""

from typing import ClassVar, Literal

from poruch.events.base import OFFICERS, Event

AlarmKind = Literal["page", "headers", "log"]


class AlarmRaised(Event, frozen=True, tag="alarm.raised.v1"):
    """A desk that looked as a stranger was shown at `path` what the fund did not publish.

    `seen` and `expected` are SHA-256 of the two answers without what is drawn for each visitor; `expected` is empty
    where no one text was expected.
    """

    audience: ClassVar[tuple[str, ...]] = OFFICERS
    kind: AlarmKind
    path: str
    seen: bytes
    expected: bytes


class AlarmEnded(Event, frozen=True, tag="alarm.ended.v1"):
    """An officer has seen to the alarms of this path and kind; `how` is a sentence to colleagues."""

    audience: ClassVar[tuple[str, ...]] = OFFICERS
    kind: AlarmKind
    path: str
    how: str
