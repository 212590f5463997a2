"""The fold of resolutions: what k officers of the quorum have resolved, and what waits for them.

(1) One of the quorum proposes, and is for it; others approve. (2) It is in force once k who stand behind it are in the
quorum and neither suspended nor removed. (3) It stays in force: what is erased does not come back. (4) Nothing is
erased while the fund is frozen; a front may move, for a seized one is a reason to freeze. (5) Of one officer three may
wait at a time; what has waited for 90 days on its proposer's calendar is over.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlsplit

from poruch.errors import AlreadyDone, BadEvent, FundFrozenNow, NotOfQuorum, TooManyProposals
from poruch.events.base import Event
from poruch.events.resolutions import ErasureProposed, FrontMoved, Resolved
from poruch.journal.council import MOST_OPEN, Council, Said

RESOLUTION_EVENTS = (ErasureProposed, FrontMoved, Resolved)
MOST_BODIES = 2000
MOST_ADDRESS = 200
WAITS = timedelta(days=90)


@dataclass
class Resolution:
    """`backers`: who is for it, the proposer among them. `taken`: k were."""

    said: Said
    event: ErasureProposed | FrontMoved
    backers: set[int]
    taken: bool = False


@dataclass
class Resolutions:
    """All resolutions by event id; `erased` are hashes of bodies, `address` where the front is now, if it moved."""

    all: dict[bytes, Resolution] = field(default_factory=dict)
    erased: set[bytes] = field(default_factory=set)
    address: str = ""

    def hear(self, said: Said, event: Event, council: Council) -> None:
        """Take one event. Raises what the rules refuse."""
        if said.author not in council.active_quorum:
            raise NotOfQuorum
        if isinstance(event, ErasureProposed | FrontMoved):
            self._propose(said, event, council)
        elif isinstance(event, Resolved):
            resolution = self.all.get(event.resolution)
            if resolution is None or self.is_over(resolution, said):
                raise BadEvent("approval of no resolution")
            if said.author in resolution.backers:
                raise AlreadyDone
            self._need_thaw(resolution.event, council)
            resolution.backers.add(said.author)
            self._settle(resolution, council)

    def waiting(self, of: Said | None = None) -> list[Resolution]:
        """Those that are not taken, of the author of `of` alone if given, and not over for him."""
        return [
            one
            for one in self.all.values()
            if not one.taken and (of is None or (one.said.author == of.author and not self.is_over(one, of)))
        ]

    @staticmethod
    def is_over(resolution: Resolution, now: Said) -> bool:
        """Whether it has waited too long on the calendar of who speaks now."""
        return not resolution.taken and now.day > resolution.said.day + WAITS

    def _propose(self, said: Said, event: ErasureProposed | FrontMoved, council: Council) -> None:
        self._need_thaw(event, council)
        if isinstance(event, ErasureProposed):
            check_bodies(event.bodies)
        else:
            check_address(event.address)
        if len(self.waiting(said)) >= MOST_OPEN:
            raise TooManyProposals
        resolution = Resolution(said, event, {said.author})
        self.all[said.id] = resolution
        self._settle(resolution, council)

    @staticmethod
    def _need_thaw(event: ErasureProposed | FrontMoved, council: Council) -> None:
        if isinstance(event, ErasureProposed) and council.frozen:
            raise FundFrozenNow

    def _settle(self, resolution: Resolution, council: Council) -> None:
        if resolution.taken or len(resolution.backers & set(council.active_quorum)) < council.k:
            return
        resolution.taken = True
        if isinstance(resolution.event, ErasureProposed):
            self.erased.update(resolution.event.bodies)
        else:
            self.address = resolution.event.address


def check_bodies(hashes: tuple[bytes, ...]) -> None:
    """1 to 2000 different hashes of 32 bytes. Raises `BadEvent`."""
    if not 0 < len(hashes) <= MOST_BODIES or len(set(hashes)) != len(hashes) or any(len(h) != 32 for h in hashes):
        raise BadEvent("bodies to erase")


def check_address(address: str) -> None:
    """An address of a front: http or https, a host, perhaps a port, and nothing more. Raises `BadEvent`."""
    parts = urlsplit(address)
    try:
        plain = f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
    except ValueError:
        raise BadEvent("the address of a front") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or plain != address or len(address) > MOST_ADDRESS:
        raise BadEvent("the address of a front")
