"""Colleagues with a newer program: what they said that this one does not know, and what this desk may do meanwhile.

A desk that does not understand what counts must not decide as if it had not been said. It goes on reading and syncing,
takes in what people send, and may freeze the fund and suspend. One officer must not stop the others for ever: what he
said after the pin of his suspension stops nobody.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, ClassVar

from poruch import __version__
from poruch.errors import NeedsNewerProgram
from poruch.events.base import Event
from poruch.events.ceremony import ShareErased
from poruch.events.council import (
    CheckinMade,
    CheckinSet,
    Explained,
    FundFrozen,
    KeeperNamed,
    LifeOpened,
    OfficerSuspended,
    Pin,
    ProgramChanged,
    Voted,
)
from poruch.events.heard import Heard
from poruch.events.kinds import DropAdmitted, MailboxReplied, OfficerNamed, RosterKeys
from poruch.events.watch import AlarmEnded, AlarmRaised
from poruch.journal.council import Council
from poruch.journal.folds import Fold, Handler
from poruch.journal.segments import SignedSegment

if TYPE_CHECKING:
    from poruch.desk.program import Desk

VERSION = re.compile(r"[0-9][0-9A-Za-z.+-]{0,39}")
STILL = (
    FundFrozen, OfficerSuspended, Explained, DropAdmitted, MailboxReplied, ProgramChanged, RosterKeys, OfficerNamed,
    CheckinMade, CheckinSet, KeeperNamed, LifeOpened, ShareErased, AlarmRaised, AlarmEnded,
)  # fmt: skip
"""What a desk may still say: it stops harm, takes in what people send, or is about its officer alone."""
MOST_UNKNOWN = 200
"""Kept of one officer; one is enough to stop this desk."""


@dataclass(frozen=True)
class Unknown:
    """An event of an unknown kind that counts: where it stands, and the version that its author had said before."""

    author: int
    life: int
    seq: int
    day: date
    tag: str
    version: str
    segment: bytes


@dataclass
class Programs(Fold):
    """At which version each officer's desk works, by his own word, and what this program did not know."""

    TABLES: ClassVar[tuple[str, ...]] = ("versions", "unknown")
    versions: dict[int, str] = field(default_factory=dict)
    unknown: list[Unknown] = field(default_factory=list)

    def handlers(self) -> Mapping[type, Handler]:
        """Nothing but `ProgramChanged`."""
        return {ProgramChanged: self._change}

    def _change(self, heard: Heard) -> None:
        event = heard.event
        if isinstance(event, ProgramChanged) and VERSION.fullmatch(event.version):
            self.versions[heard.author] = event.version

    def meet(self, segment: SignedSegment, id: bytes, tag: str) -> None:
        """An event that nobody here knows stands in this segment."""
        author = segment.author
        if sum(one.author == author for one in self.unknown) < MOST_UNKNOWN:
            version = self.versions.get(author, "")
            self.unknown.append(Unknown(author, segment.life, segment.seq, segment.day, tag, version, id))

    def stopping(self, council: Council) -> list[Unknown]:
        """Those that stop this desk: all but what stands after the pin of a suspension or a removal in force.

        A suspension goes on for this when he is removed: else the removal, whose pin keeps what counted, would stop all
        for ever.
        """
        pins = {number: pin for number, (_, _, pin) in council.removed.items()}
        for id, suspension in council.suspensions.items():
            if suspension.over is None and id not in (council.void or ()):
                pin = suspension.pin
                pins[pin.number] = min(pins.get(pin.number, pin), pin, key=lambda one: (one.life, one.seq))
        return [one for one in self.unknown if one.author not in pins or _within(one, pins[one.author])]


def _within(one: Unknown, pin: Pin) -> bool:
    return (one.life, one.seq) <= (pin.life, pin.seq)


def stopping(desk: "Desk") -> list[Unknown]:
    """What this program does not know and must know before it decides anything."""
    return desk.view.programs.stopping(desk.public.council)


def needed(desk: "Desk") -> str:
    """The version to install, by the word of who wrote it; empty where he did not say, or nothing is needed."""
    return next((one.version for one in stopping(desk) if one.version not in ("", __version__)), "")


def check(desk: "Desk", events: Iterable[Event]) -> None:
    """Whether this desk may say this. Raises `NeedsNewerProgram`; its detail names the version."""
    if not stopping(desk):
        return
    for event in events:
        if not isinstance(event, STILL) and not _helps(desk, event):
            raise NeedsNewerProgram(f"version {needed(desk)}" if needed(desk) else "")


def _helps(desk: "Desk", event: Event) -> bool:
    """A vote that confirms, or one that lifts a suspension whose pin lets the unknown stand: another may be earlier.

    Else an accomplice who suspends first, with a late pin, would stop everybody.
    """
    if not isinstance(event, Voted):
        return False
    suspension = desk.public.council.suspensions.get(event.on)
    pin = suspension.pin if suspension is not None else None
    late = pin is not None and any(one.author == pin.number and _within(one, pin) for one in stopping(desk))
    return event.vote == "confirm" or late


def pin_before(desk: "Desk", pin: Pin) -> Pin:
    """`pin`, or where that stands after something unknown of his, the place before it: so the others go on."""
    mine = [one for one in stopping(desk) if one.author == pin.number and _within(one, pin)]
    if not mine:
        return pin
    first = min(mine, key=lambda one: (one.life, one.seq))
    before = [
        s for s in desk.held
        if s.author == pin.number and s.life == first.life and s.seq < first.seq
    ]  # fmt: skip
    last = max(before, key=lambda s: s.seq, default=None)
    return Pin(pin.number, first.life, last.seq if last else -1, last.id if last else b"")


def unsaid(desk: "Desk") -> list[Event]:
    """What this desk says before anything else that it says in another version than the last."""
    introduced = desk.number in desk.members.names and any(circle == "officers" for circle, _, _ in desk.keys)
    if not introduced or not desk.speaks or desk.view.programs.versions.get(desk.number) == __version__:
        return []
    return [ProgramChanged(__version__)]
