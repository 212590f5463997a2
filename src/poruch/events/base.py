"""What all events share: a base class, and the circles that may read them."""

from typing import ClassVar

from poruch.events.codec import Schema

OFFICERS = ("officers",)
CASEWORK = ("casework",)
TREASURY = ("treasury",)
BOOKS = ("treasury", "auditors")


class Event(Schema, frozen=True):
    """The base of all events. `audience` is empty for what stands in clear; everything else does not show itself."""

    audience: ClassVar[tuple[str, ...]] = ()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} hidden>" if self.audience else super().__repr__()
