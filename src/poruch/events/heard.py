"""An event as a desk hears it: with its author and its place in the journal."""

from dataclasses import dataclass
from datetime import date

from poruch.events.kinds import AnyEvent


@dataclass(frozen=True, slots=True)
class Heard:
    """`id` is 32 bytes, one for each event of the journal; `author` is the number of the officer who signed it."""

    id: bytes
    author: int
    day: date
    event: AnyEvent
