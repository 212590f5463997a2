"""A fund of five, three of whom decide; the test signs whatever it likes for each, and hands it to journals."""

import os
from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache

from journal.little_fund import DAY, LittleFund, make_charter
from poruch.crypto.age import PqIdentity
from poruch.crypto.signatures import SigningKey
from poruch.events.base import Event
from poruch.events.council import FundFrozen, LifeConfirmed, LifeOpened, OfficerSuspended, Pin, Voted
from poruch.events.kinds import FundFounded, NoticePublished, event_bytes
from poruch.journal.journal import Journal
from poruch.journal.segments import GENESIS, Clear, Segment, SignedSegment, event_id, sign_segment

FIVE = (1, 2, 3, 4, 5)


@lru_cache(maxsize=1)
def identity() -> PqIdentity:
    """One for all: nothing is sealed here."""
    return PqIdentity.generate()


class CouncilFund(LittleFund):
    """`journal` has heard everything so far; `all` is everything that was signed, in the order of signing."""

    def __init__(self) -> None:
        super().__init__({n: SigningKey(os.urandom(32)) for n in FIVE}, dict.fromkeys(FIVE, identity()))
        self.charter = make_charter(self.keys, k=3)
        self.all: list[SignedSegment] = []
        self.day = DAY
        self.say(1, FundFounded(self.charter), self.roster_keys(1))
        for number in FIVE[1:]:
            self.say(number, self.roster_keys(number))

    def turn(self, days: int) -> None:
        self.day += timedelta(days=days)

    def say(self, author: int, *said: Event, clock: int | None = None, day: date | None = None) -> SignedSegment:
        """The next segment of an author's first life; `clock` and `day` may be whatever he likes."""
        changes = {"clock": self.clock + 1 if clock is None else clock, "day": day or self.day}
        signed = self.act(author, *said, **changes)
        self.all.append(signed)
        return signed

    def live(self, author: int, life: int, seq: int, *said: Event, prev: bytes = GENESIS) -> SignedSegment:
        """A segment of another life."""
        self.clock += 1
        entries = tuple(Clear(event_bytes(event)) for event in said)
        segment = Segment(self.id, author, life, seq, prev, self.clock, self.day, entries)
        self.all.append(sign_segment(segment, self.keys[author]))
        return self.all[-1]

    def twin(self, of: SignedSegment, *said: Event) -> SignedSegment:
        """Another segment at the place of one."""
        one = of.segment
        entries = tuple(Clear(event_bytes(event)) for event in said)
        segment = Segment(one.fund, one.author, one.life, one.seq, one.prev, one.clock, one.day, entries)
        self.all.append(sign_segment(segment, self.keys[one.author]))
        return self.all[-1]

    def notice(self, author: int, *, clock: int | None = None, day: date | None = None) -> SignedSegment:
        """Something that anybody may say, and that is seen to count or not."""
        return self.say(author, NoticePublished("notice", os.urandom(8).hex()), clock=clock, day=day)

    def pin(self, number: int) -> Pin:
        head = self.heads[number]
        return Pin(number, 0, head.segment.seq, head.id)

    def suspend(
        self, author: int, number: int, pin: Pin | None = None, *, absent: bool = False, clock: int | None = None
    ) -> bytes:
        """The event id of a suspension."""
        return self.named(author, OfficerSuspended(pin or self.pin(number), absent, os.urandom(16)), clock=clock)

    def freeze(self, author: int, *, clock: int | None = None) -> bytes:
        return self.named(author, FundFrozen(os.urandom(16)), clock=clock)

    def named(self, author: int, event: Event, *, clock: int | None = None, day: date | None = None) -> bytes:
        """Say one event; its id."""
        return event_id(self.say(author, event, clock=clock, day=day), 0, event_bytes(event))

    def vote(self, on: bytes, how: str, *authors: int) -> None:
        for author in authors:
            self.say(author, Voted(on, how, False))  # type: ignore[arg-type]

    def restore(self, number: int, life: int, by: int, pin: Pin | None = None) -> SignedSegment:
        """The first segment of a new life, confirmed by another."""
        pin = pin or self.pin(number)
        first = self.live(number, life, 0, LifeOpened(pin))
        self.say(by, LifeConfirmed(number, life, first.id, pin))
        return first

    def journal(self, segments: Iterable[SignedSegment] | None = None) -> Journal:
        """A journal that was given these one by one, or everything."""
        journal = Journal(self.id)
        for signed in self.all if segments is None else segments:
            journal.add([signed])
        return journal


def heard(journal: Journal, signed: SignedSegment) -> bool:
    """Whether the notice in a segment was published."""
    entry = signed.segment.entries[0]
    assert isinstance(entry, Clear)
    return any(text.encode() in entry.event for text in journal.public.notices.values())
