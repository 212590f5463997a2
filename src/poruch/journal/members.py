"""Who the officers are, as officers know it: working names and circles."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from poruch.events.base import Event
from poruch.events.charter import CIRCLES, Charter
from poruch.events.council import Explained
from poruch.events.heard import Heard
from poruch.events.kinds import CirclesAssigned, FundSecretsDrawn, OfficerNamed, event_bytes
from poruch.journal.council import Order, Proposal
from poruch.journal.folds import Fold, Handler

Circles = dict[str, frozenset[int]]


@dataclass
class Members(Fold):
    """`names` and `circles` by officer number; `tag_key` blinds instalments for the relay (32 bytes).

    `threshold` of the `quorum` stand behind a payment, `signatures` of the `signers` behind a publication: these are
    those of the log's policy, which no change of the roster changes. The first circles are the first founder's; later
    ones what k approved by their hash, from that place on.
    """

    TABLES: ClassVar[tuple[str, ...]] = ("names", "circles", "reasons", "_told")
    names: dict[int, str] = field(default_factory=dict)
    circles: Circles = field(default_factory=dict)
    tag_key: bytes = field(default=b"", repr=False)
    founder: int | None = None
    threshold: int = 0
    quorum: tuple[int, ...] = ()
    signatures: int = 0
    signers: tuple[int, ...] = ()
    reasons: dict[bytes, str] = field(default_factory=dict, repr=False)
    _followed: int = 0
    _told: dict[bytes, CirclesAssigned] = field(default_factory=dict, repr=False)
    _approved: bytes = b""
    _gone: frozenset[int] = frozenset()

    def found(self, charter: Charter | None) -> None:
        """Know the first founder, who alone assigns the circles, and how many of the quorum stand behind a payment."""
        if charter is not None and self.founder is None:
            self.founder, self.threshold, self.quorum = charter.numbers[0], charter.k, charter.numbers
            self.signatures, self.signers = charter.k, charter.numbers

    def is_founder(self, number: int) -> bool:
        """Whether `number` is the first founder; before the charter is at hand, nobody else is known either."""
        return self.founder in (None, number)

    def follow(self, history: Sequence[Proposal], order: Order) -> None:
        """Take the changes of the roster that were approved up to this place of the journal."""
        while self._followed < len(history) and history[self._followed].taken_at <= order:
            change = history[self._followed].event
            self._followed += 1
            self.threshold, self.quorum = change.k, change.quorum
            self._gone |= frozenset(change.removed)
            self.circles = {circle: members - self._gone for circle, members in self.circles.items()}
            if change.circles:
                self._approved = change.circles
                self._assign()

    def _assign(self) -> None:
        event = self._told.get(self._approved)
        if event is not None:
            self.circles = {circle: members - self._gone for circle, members in _circles(event).items()}
            self.tag_key = self.tag_key or event.tag_key

    def handlers(self) -> Mapping[type, Handler]:
        """Names, reasons and circles."""
        return dict.fromkeys((OfficerNamed, Explained, CirclesAssigned, FundSecretsDrawn), self._hear)

    def _hear(self, heard: Heard) -> None:
        event = heard.event
        if isinstance(event, OfficerNamed) and event.number == heard.author:
            self.names[event.number] = event.name
        elif isinstance(event, Explained):
            self.reasons.setdefault(event.of, event.text)
        elif isinstance(event, CirclesAssigned):
            self._told[assignment_hash(event)] = event
            if assignment_hash(event) == self._approved:
                self._assign()
            elif not self.circles and not self._followed and self.is_founder(heard.author):
                self.circles = _circles(event)
        elif isinstance(event, FundSecretsDrawn):
            # Once k have changed the roster, a newcomer has the key from what they approved, and from nobody else.
            early = not self.tag_key and not self._followed
            self.tag_key = event.tag_key if early and self.is_founder(heard.author) else self.tag_key

    def reason(self, event: Event) -> str:
        """Why an officer froze, suspended or proposed something, in his words; empty if it is not for this desk."""
        return self.reasons.get(explained_hash(event), "")

    def told(self, sha256: bytes) -> CirclesAssigned | None:
        """The assignment with this hash, if this desk heard it."""
        return self._told.get(sha256)

    def name(self, number: int) -> str:
        """The working name of an officer, or his number."""
        return self.names.get(number, str(number))

    def within(self, number: int, circle: str) -> bool:
        """Whether officer `number` belongs to `circle`."""
        return number in self.circles.get(circle, frozenset())

    def circles_of(self, number: int) -> tuple[str, ...]:
        """The circles of one officer, in the order of the charter."""
        return tuple(circle for circle in CIRCLES if self.within(number, circle))


def assignment_hash(event: CirclesAssigned) -> bytes:
    """What a proposal names an assignment by: 32 bytes, SHA-256 of its bytes."""
    return hashlib.sha256(event_bytes(event)).digest()


def explained_hash(event: Event) -> bytes:
    """What an explanation names the event by that it explains: 32 bytes, SHA-256 of its bytes."""
    return hashlib.sha256(event_bytes(event)).digest()


def _circles(event: CirclesAssigned) -> Circles:
    return {m.circle: frozenset(m.officers) for m in event.circles if m.circle in CIRCLES}
