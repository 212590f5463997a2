"""The running front of this process: its folder, its calendar, its secret in memory, its journal."""

import datetime
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from poruch.front.dropstore import DropStore
from poruch.front.journal import FrontJournal
from poruch.front.memory import MemoryKey
from poruch.front.nonces import Nonces

Clock = Callable[[], datetime.date]


@dataclass
class Site:
    """One front; `today` may be a pretend day, `random(n)` gives n random bytes."""

    folder: Path
    today: Clock
    key: MemoryKey
    drops: DropStore
    journal: FrontJournal = field(default_factory=FrontJournal)
    nonces: Nonces = field(default_factory=Nonces)
    random: Callable[[int], bytes] = secrets.token_bytes


_sites: list[Site] = []


def install(site: Site) -> None:
    """Make `site` the front of this process."""
    _sites[:] = [site]


def current() -> Site:
    """The front of this process."""
    return _sites[0]
