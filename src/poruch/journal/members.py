"""Who the officers are, as officers know it: working names and circles."""

from dataclasses import dataclass, field

from poruch.events.charter import CIRCLES, Charter
from poruch.events.heard import Heard
from poruch.events.kinds import CirclesAssigned, FundSecretsDrawn, OfficerNamed


@dataclass
class Members:
    """`names` and `circles` by officer number; `tag_key` blinds instalments for the relay (32 bytes)."""

    names: dict[int, str] = field(default_factory=dict)
    circles: dict[str, frozenset[int]] = field(default_factory=dict)
    tag_key: bytes = field(default=b"", repr=False)
    founder: int | None = None
    threshold: int = 0

    def found(self, charter: Charter | None) -> None:
        """Know the first founder, who alone assigns the circles, and how many of the quorum stand behind a payment."""
        if charter is not None:
            self.founder, self.threshold = charter.numbers[0], charter.k

    def is_founder(self, number: int) -> bool:
        """Whether `number` is the first founder; before the charter is at hand, nobody else is known either."""
        return self.founder in (None, number)

    def apply(self, heard: Heard) -> None:
        """Take one event."""
        event = heard.event
        if isinstance(event, OfficerNamed) and event.number == heard.author:
            self.names[event.number] = event.name
        elif isinstance(event, CirclesAssigned) and not self.circles and self.is_founder(heard.author):
            self.circles = {m.circle: frozenset(m.officers) for m in event.circles if m.circle in CIRCLES}
        elif isinstance(event, FundSecretsDrawn) and not self.tag_key and self.is_founder(heard.author):
            self.tag_key = event.tag_key

    def name(self, number: int) -> str:
        """The working name of an officer, or his number."""
        return self.names.get(number, str(number))

    def within(self, number: int, circle: str) -> bool:
        """Whether officer `number` belongs to `circle`."""
        return number in self.circles.get(circle, frozenset())

    def circles_of(self, number: int) -> tuple[str, ...]:
        """The circles of one officer, in the order of the charter."""
        return tuple(circle for circle in CIRCLES if self.within(number, circle))
