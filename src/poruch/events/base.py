"""What all events share: a base class, and the circles that may read them."""

from typing import ClassVar

from poruch.events.codec import Schema

OFFICERS = ("officers",)
CASEWORK = ("casework",)
TREASURY = ("treasury",)
BOOKS = ("treasury", "auditors")


class Event(Schema, frozen=True):
    """The base of all events. `audience` is empty for what stands in clear."""

    audience: ClassVar[tuple[str, ...]] = ()
