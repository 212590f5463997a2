"""What k officers resolve together, apart from the roster: bodies to erase, and where the front is.

In clear: the front and whoever keeps copies must follow it.
"""

from poruch.events.base import Event


class ErasureProposed(Event, frozen=True, tag="erasure.proposed.v1"):
    """Delete the bodies with these hashes (32 bytes each) everywhere and refuse them for ever. Who says it is for it.

    Why stands beside it, sealed to all officers (`Explained`).
    """

    bodies: tuple[bytes, ...]
    nonce: bytes


class FrontMoved(Event, frozen=True, tag="front.moved.v1"):
    """The front is at this address from now on (`https://...` or an onion). Who says it is for it."""

    address: str
    nonce: bytes


class Resolved(Event, frozen=True, tag="resolution.approved.v1"):
    """Approval of exactly the resolution with this event id."""

    resolution: bytes
