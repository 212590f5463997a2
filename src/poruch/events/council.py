"""What officers decide about themselves: the roster, freezing, suspending, lives of chains.

In clear, for the front must know whose requests it answers; numbers and keys only, never a working name. Reasons are
sealed to all officers and stand beside, as `Explained`.
"""

from typing import ClassVar, Literal

from poruch.events.base import OFFICERS, Event
from poruch.events.codec import Schema


class Pin(Schema, frozen=True):
    """The last segment of an officer that counts: its place in his chain, and its id (32 bytes); seq -1 for none."""

    number: int
    life: int
    seq: int
    segment: bytes


class NewOfficer(Schema, frozen=True):
    """The public keys of somebody to be admitted: signing and log keys of 32 bytes, an `age1pq` recipient."""

    number: int
    signing: bytes
    log: bytes
    recipient: str


class RosterProposed(Event, frozen=True, tag="roster.proposed.v1"):
    """A change of the roster of `epoch`, by one of the quorum, who approves it with this.

    `quorum` and `k` are the whole quorum afterwards. `circles` is SHA-256 of the bytes of a `circles.assigned` that
    stands beside it, sealed, or empty: circles stay as they are, without whom is removed. `history` names officers who
    may read what was sealed before they came. `pins` say for each of the `removed` what of his counts. `keyers` name
    for each circle of the charter, in its order, who makes its next key; if they are empty, the proposer does.
    """

    epoch: int
    admitted: tuple[NewOfficer, ...]
    removed: tuple[int, ...]
    quorum: tuple[int, ...]
    k: int
    circles: bytes
    history: tuple[int, ...]
    pins: tuple[Pin, ...]
    nonce: bytes
    keyers: tuple[int, ...] = ()


class RosterApproved(Event, frozen=True, tag="roster.approved.v1"):
    """Approval of exactly the proposal with this event id."""

    proposal: bytes
    pins: tuple[Pin, ...]


class FundFrozen(Event, frozen=True, tag="fund.frozen.v1"):
    """One officer freezes the fund: no payments, no openings, no change of the roster until k thaw it."""

    nonce: bytes


class OfficerSuspended(Event, frozen=True, tag="officer.suspended.v1"):
    """One officer suspends another at once: later segments than `pin` count for nothing until k undo it.

    `absent`: he did not appear within the hours that he set; one officer who has spoken with him undoes it.
    """

    pin: Pin
    absent: bool
    nonce: bytes


class Voted(Event, frozen=True, tag="council.voted.v1"):
    """A vote on a freeze or a suspension, by event id. `undo` thaws or lifts; `confirm` frees its author's right.

    `rest`: with the thaw the freezer's right to freeze rests for 30 days.
    """

    on: bytes
    vote: Literal["confirm", "undo"]
    rest: bool


class LifeOpened(Event, frozen=True, tag="life.opened.v1"):
    """The first event of a restored desk: it opens a new life of its officer's chain and never continues the old."""

    previous: Pin


class LifeConfirmed(Event, frozen=True, tag="life.confirmed.v1"):
    """Another officer spoke with him: the life that `first` (a segment id) opens counts, the old one up to `pin`."""

    number: int
    life: int
    first: bytes
    pin: Pin


class CircleHandedOn(Event, frozen=True, tag="circle.handed.v1"):
    """Older keys of a circle for an officer whom k let read history: `file` is sealed to his `age1pq`."""

    number: int
    circle: str
    file: bytes


class KeeperNamed(Event, frozen=True, tag="keeper.named.v1"):
    """The public key (32 bytes) of its author's keeper, which may fetch from the relay and do nothing else.

    Another takes the place of the one before; an empty key ends it.
    """

    signing: bytes


class ProgramChanged(Event, frozen=True, tag="program.changed.v1"):
    """The version of the program at which its author's desk works from here on."""

    audience: ClassVar[tuple[str, ...]] = OFFICERS
    version: str


class Explained(Event, frozen=True, tag="explained.v1"):
    """Why: `of` is SHA-256 of the bytes of the clear event that stands beside it."""

    audience: ClassVar[tuple[str, ...]] = OFFICERS
    of: bytes
    text: str


class CheckinSet(Event, frozen=True, tag="checkin.set.v1"):
    """An officer asks to be suspended when he does not appear for so many hours; 0 ends it."""

    audience: ClassVar[tuple[str, ...]] = OFFICERS
    hours: int


class CheckinMade(Event, frozen=True, tag="checkin.made.v1"):
    """An officer appeared: he typed his passphrase, at this hour since 1970 (UTC)."""

    audience: ClassVar[tuple[str, ...]] = OFFICERS
    hour: int
