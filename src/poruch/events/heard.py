"""An event as a desk hears it: with its author and its place in the journal."""

from datetime import date

import msgspec

from poruch.events.kinds import AnyEvent


class Heard(msgspec.Struct, frozen=True, gc=False):
    """`id` is 32 bytes, one for each event of the journal; `author` is the number of the officer who signed it."""

    id: bytes
    author: int
    day: date
    event: AnyEvent
