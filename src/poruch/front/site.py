"""The running front of this process: its folder, its calendar, its secret in memory, its journal."""

from __future__ import annotations

import datetime
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from poruch.front.dropstore import DropStore
from poruch.front.journal import FrontJournal
from poruch.front.memory import MemoryKey
from poruch.front.nonces import Nonces
from poruch.front.place import Place, place_of
from poruch.front.relaying import Relaying
from poruch.front.shelf import Shelf
from poruch.front.shelf_database import DatabaseShelf

if TYPE_CHECKING:
    from poruch.front.postgres.nonces import SharedNonces

Clock = Callable[[], datetime.date]


@dataclass
class Site:
    """One front; `today` may be a pretend day, `random(n)` gives n random bytes."""

    folder: Path
    today: Clock
    key: MemoryKey
    drops: DropStore
    shelf: Shelf = field(default_factory=DatabaseShelf)
    journal: FrontJournal = field(init=False)
    relaying: Relaying = field(init=False)
    nonces: Nonces | SharedNonces = field(default_factory=Nonces)
    random: Callable[[int], bytes] = secrets.token_bytes

    place: Place = field(init=False)

    def __post_init__(self) -> None:
        self.place = place_of(self.folder)
        self.journal = FrontJournal(self.shelf)
        self.relaying = Relaying(self.shelf, self.journal, self.today, self._publish)

    def _publish(self, body: bytes) -> None:
        from poruch.front import publishing  # it works on a site

        publishing.take(self, body)


_sites: list[Site] = []


def install(site: Site) -> None:
    """Make `site` the front of this process."""
    _sites[:] = [site]


def current() -> Site:
    """The front of this process."""
    return _sites[0]
