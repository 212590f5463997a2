"""What k officers resolve together, apart from the roster: bodies to erase, and where the front is.

In clear: the front and whoever keeps copies must follow it.
"""

from typing import ClassVar

from poruch.events.base import OFFICERS, Event
from poruch.events.codec import Schema


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


class LeftDrop(Schema, frozen=True):
    """A drop whose body is erased: its id, and the SHA-256 of the body that its true admission names."""

    drop: str
    body: bytes


class CaseLeft(Event, frozen=True, tag="case.left.v1"):
    """What is left of a case when bodies of it are erased, so that desks without them come to the same state.

    `of` is SHA-256 of the bytes of the erasure that stands beside it; `case` the drop id of the submission, `sender`
    whose drops belong to it, `drops` those whose bodies are erased.
    """

    audience: ClassVar[tuple[str, ...]] = OFFICERS
    of: bytes
    case: str
    sender: bytes
    drops: tuple[LeftDrop, ...]
