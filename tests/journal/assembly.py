"""A council fed by hand: who says what, in which order, on which day."""

import os
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache

from poruch.crypto.age import PqIdentity
from poruch.errors import PoruchError
from poruch.events.base import Event
from poruch.events.charter import Charter, Founder, Programme
from poruch.events.council import FundFrozen, NewOfficer, OfficerSuspended, Pin, RosterApproved, RosterProposed, Voted
from poruch.journal.council import Council, Said

DAY = date(2026, 9, 1)


@lru_cache(maxsize=1)
def recipient() -> str:
    """An `age1pq` recipient; one is enough, for nothing is sealed to it."""
    return PqIdentity.generate().recipient.text


def charter_of(n: int, k: int) -> Charter:
    """A charter of `n` founders."""
    founders = tuple(Founder(number, bytes([number]) * 32) for number in range(1, n + 1))
    programmes = (Programme("first-months", "grants", 2, (60000,)),)
    return Charter(
        "Village", "village.example/log", ("en",), "EUR", k, founders, bytes(16), programmes, "RF18539007547034",
        "Village fund", "LT121000011101001000", "Support", (), (), 91,
    )  # fmt: skip


def newcomer(number: int) -> NewOfficer:
    """Somebody to be admitted."""
    return NewOfficer(number, bytes([number % 256]) * 32, bytes(32), recipient())


@dataclass
class Assembly:
    """`n` founders, of whom `k` decide. `clock` is Lamport's; `turn` the calendar."""

    n: int
    k: int
    liars: frozenset[int] = frozenset()
    council: Council = field(init=False)
    clock: int = 0
    day: date = DAY

    def __post_init__(self) -> None:
        self.council = Council(liars=self.liars)
        self.council.found(charter_of(self.n, self.k))

    def turn(self, days: int) -> None:
        self.day += timedelta(days=days)

    def say(self, author: int, event: Event, day: date | None = None) -> bytes:
        """The id of what was said. Raises what the council raises."""
        self.clock += 1
        said = Said(os.urandom(32), author, day or self.day, (self.clock, author, 0, self.clock))
        self.council.hear(said, event)
        return said.id

    def tries(self, author: int, event: Event) -> str:
        """The name of the refusal, or nothing."""
        try:
            self.say(author, event)
        except PoruchError as error:
            return type(error).__name__
        return ""

    def freeze(self, author: int) -> bytes:
        return self.say(author, FundFrozen(os.urandom(16)))

    def suspend(self, author: int, number: int, *, absent: bool = False) -> bytes:
        return self.say(author, OfficerSuspended(Pin(number, 0, 3, bytes(32)), absent, os.urandom(16)))

    def vote(self, on: bytes, how: str, *authors: int, rest: bool = False) -> None:
        for author in authors:
            self.say(author, Voted(on, how, rest))  # type: ignore[arg-type]

    def proposal(
        self,
        *,
        remove: tuple[int, ...] = (),
        admit: tuple[int, ...] = (),
        quorum: tuple[int, ...] | None = None,
        k: int | None = None,
        epoch: int | None = None,
        pins: tuple[Pin, ...] | None = None,
        circles: bytes | None = None,
        history: tuple[int, ...] = (),
    ) -> RosterProposed:
        """A change, spelled as an honest desk would where nothing else is said."""
        council = self.council
        left = tuple(sorted((set(council.quorum) | set(admit)) - set(remove)))
        return RosterProposed(
            council.epoch if epoch is None else epoch,
            tuple(newcomer(number) for number in admit),
            remove,
            left if quorum is None else quorum,
            council.k if k is None else k,
            (b"c" * 32 if admit else b"") if circles is None else circles,
            history,
            tuple(Pin(number, 0, 3, bytes(32)) for number in remove) if pins is None else pins,
            os.urandom(16),
        )

    def approve(self, proposal: bytes, *authors: int) -> None:
        removed = self.council.proposals[proposal].event.removed
        for author in authors:
            self.say(author, RosterApproved(proposal, tuple(Pin(number, 0, 3, bytes(32)) for number in removed)))

    def change(self, *by: int, **how: object) -> bytes:
        """The first of `by` proposes, the others approve."""
        proposal = self.say(by[0], self.proposal(**how))  # type: ignore[arg-type]
        self.approve(proposal, *by[1:])
        return proposal
