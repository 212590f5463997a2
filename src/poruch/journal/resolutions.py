"""The fold of resolutions: what k officers of the quorum have resolved, and what waits for them.

The rules are numbered in docs/spec/council.md, section 9. (1) One of the quorum proposes, and is for it; others
approve what stands before their word in the journal's order. (2) It is in force where one approves and k who stand
behind it are in the quorum there and neither suspended nor removed. (3) It stays in force: what is erased does not
come back. (4) Nothing is erased while the fund is frozen; a front may move, for a seized one is a reason to freeze.
(5) Of one officer three may wait at a time; what has waited for 90 days since its proposer's day is over, by the day
that k of the quorum have come to: no other man's calendar ends it or keeps it. (6) When the front has moved, other
moves that waited are over: an old half-approved one must not take it elsewhere later.
"""

from dataclasses import dataclass, field
from datetime import date
from urllib.parse import urlsplit

from poruch.errors import AlreadyDone, BadEvent, FundFrozenNow, NotOfQuorum, TooManyProposals
from poruch.events.base import Event
from poruch.events.resolutions import ErasureProposed, FrontMoved, Resolved
from poruch.journal.council import MOST_OPEN, Council, Said

RESOLUTION_EVENTS = (ErasureProposed, FrontMoved, Resolved)
MOST_BODIES = 2000
MOST_ADDRESS = 200
WAITS_DAYS = 90


@dataclass
class Resolution:
    """`backers`: who is for it, the proposer among them. `since`: the day from which it waits.

    `taken`: k were for it, from `day` on. `moves`: how often the front had moved before.
    """

    said: Said
    event: ErasureProposed | FrontMoved
    backers: set[int]
    since: date
    moves: int = 0
    taken: bool = False
    day: date | None = None


@dataclass
class Resolutions:
    """All resolutions by event id; `erased` are hashes of bodies, `address` where the front is now, if it moved."""

    all: dict[bytes, Resolution] = field(default_factory=dict)
    erased: set[bytes] = field(default_factory=set)
    address: str = ""
    moves: int = 0

    def hear(self, said: Said, event: Event, council: Council) -> None:
        """Take one event. Raises what the rules refuse."""
        if isinstance(event, ErasureProposed | FrontMoved):
            self.check_proposal(event, said.author, said.day, council)
            since = max(said.day, council.reached(said.day))  # in a fund that was silent, his day; who dates it ahead
            resolution = Resolution(said, event, {said.author}, since, self.moves)  # fills his own three places
            self.all[said.id] = resolution
        elif isinstance(event, Resolved):
            resolution = self.check_approval(event.resolution, said.author, said.day, council)
            resolution.backers.add(said.author)
        else:
            return
        self._settle(resolution, said, council)

    def check_proposal(self, event: ErasureProposed | FrontMoved, author: int, day: date, council: Council) -> None:
        """Whether `author` may propose this. Raises `NotOfQuorum`, `FundFrozenNow`, `BadEvent`, `TooManyProposals`."""
        _need_voice(author, event, council)
        if isinstance(event, ErasureProposed):
            check_bodies(event.bodies)
        else:
            check_address(event.address)
        if sum(one.said.author == author for one in self.waiting(day, council)) >= MOST_OPEN:
            raise TooManyProposals

    def check_approval(self, id: bytes, author: int, day: date, council: Council) -> Resolution:
        """The resolution with this event id, if `author` may approve it.

        Raises `NotOfQuorum`, `FundFrozenNow`, `AlreadyDone`, and `BadEvent` where there is none that waits or counts.
        """
        resolution = self.all.get(id)
        if resolution is None or self.is_over(resolution, day, council):
            raise BadEvent("approval of no resolution")
        _need_voice(author, resolution.event, council)
        if author in resolution.backers:
            raise AlreadyDone
        return resolution

    def waiting(self, day: date, council: Council) -> list[Resolution]:
        """Those that may still be approved on `day`, oldest first."""
        return [one for one in self.all.values() if not one.taken and not self.is_over(one, day, council)]

    def is_over(self, resolution: Resolution, day: date, council: Council) -> bool:
        """Whether it was not taken in time, or another move of the front was."""
        if resolution.taken:
            return False
        moved = isinstance(resolution.event, FrontMoved) and resolution.moves != self.moves
        return moved or (council.reached(day) - resolution.since).days > WAITS_DAYS

    def counted(self, resolution: Resolution, council: Council) -> int:
        """How many of those for it count today."""
        return len(resolution.backers & set(council.active_quorum))

    def _settle(self, resolution: Resolution, said: Said, council: Council) -> None:
        if resolution.taken or self.counted(resolution, council) < council.k:
            return
        resolution.taken, resolution.day = True, council.believed(said.author, said.day)
        if isinstance(resolution.event, ErasureProposed):
            self.erased.update(resolution.event.bodies)
        else:
            self.address = resolution.event.address
            self.moves += 1


def _need_voice(author: int, event: ErasureProposed | FrontMoved, council: Council) -> None:
    if author not in council.active_quorum:
        raise NotOfQuorum
    if isinstance(event, ErasureProposed) and council.frozen:
        raise FundFrozenNow


def check_bodies(hashes: tuple[bytes, ...]) -> None:
    """1 to 2000 different hashes of 32 bytes. Raises `BadEvent`."""
    if not 0 < len(hashes) <= MOST_BODIES or len(set(hashes)) != len(hashes) or any(len(h) != 32 for h in hashes):
        raise BadEvent("bodies to erase")


def check_address(address: str) -> None:
    """An address of a front: http or https, a host in ASCII, perhaps a port, and nothing more. Raises `BadEvent`."""
    try:
        if len(address) > MOST_ADDRESS or not address.isascii():
            raise ValueError
        parts = urlsplit(address)
        plain = f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
    except ValueError:  # urllib's, too: it refuses half an IPv6 address so
        raise BadEvent("the address of a front") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or plain != address:
        raise BadEvent("the address of a front")
