"""The keeper: a program that mirrors the relay into a folder, all day, and can open nothing (docs/spec/folder.md).

It has a key that only reads, no passphrase, and folds the clear events alone: to know who is on the roster, and what
is erased. Killed at any moment it loses nothing: what it notes beside the folder is written after what it tells of.
A locked desk runs one, too, in a process of its own that never had the officer's key.
"""

import hashlib
import os
import random as chance
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from poruch.desk.syncing import ARRIVALS_AHEAD, AT_ONCE
from poruch.errors import BadEvent, FolderBroken, KeeperNotServed, NoKeeperKey, PoruchError, RelayUnreachable
from poruch.events.codec import Schema, decode, encode
from poruch.journal.chains import Outcome
from poruch.journal.folder import Folder
from poruch.journal.journal import Journal
from poruch.journal.keepers import LIMIT_BYTES, NAME, KeeperKey, parse_keeper_key
from poruch.journal.places import Place, open_place
from poruch.journal.sync import HttpRelay, Relay

STATE, STATE_LIMIT = "keeper.state", 1024
LEAST_SECONDS, MORE_SECONDS = 15.0, 40.0
"""Between two rounds: never a minute, and no beat by which a line could be told from others."""
RELAY_SECONDS = 30.0
LIST_ROUNDS, MOST_PAGES = 30, 1000
_REFUSED = ("answered 401", "answered 403")

Today = Callable[[], date]

_draw = chance.SystemRandom()


class MirrorState(Schema, frozen=True, tag="keeper-state.v1"):
    """Up to which arrival a front's drops are in the folder; `front` tells one front from another."""

    front: str
    drops: int


@dataclass
class Collected:
    """What one round brought."""

    segments: int = 0
    bodies: int = 0
    drops: int = 0
    erased: int = 0


@dataclass
class Mirror:
    """One folder and one relay. `from_now`: bodies that were on the front before are somebody else's to hold."""

    folder: Folder
    relay: Relay
    from_now: bool = False
    journal: Journal = field(init=False)
    _erased: set[bytes] = field(default_factory=set)
    _before: set[bytes] = field(default_factory=set)
    _rounds: int = 0

    def __post_init__(self) -> None:
        self.journal = Journal(self.folder.fund)
        for pack in self.folder.segments_beyond({}):
            self.journal.add(pack)
        self.journal.add(self.folder.proofs(()))
        if self.from_now:
            self._before = {reply.body for replies in self.journal.public.replies.values() for reply in replies}

    def go_round(self) -> Collected:
        """Take what is new on the front. Raises `RelayUnreachable`, `FolderBroken`; what had come by then is kept."""
        collected = Collected()
        self._pull(collected)
        self._erase(collected)
        self._take_drops(state_in(self.folder, front_of(self.relay)), collected)
        self._take_bodies(collected)
        self.folder.put_together()
        return collected

    def _pull(self, collected: Collected) -> None:
        while True:
            arrived = self.relay.segments_beyond(self.journal.chains.positions)
            added = self.journal.add(arrived)
            proofs = [s for s, o in zip(arrived, added.outcomes, strict=True) if o is Outcome.EQUIVOCATION]
            self.folder.keep_proofs(proofs)
            collected.segments += self.folder.keep_segments(added.fresh)
            if not added.fresh:
                return

    def _erase(self, collected: Collected) -> None:
        """At the first round and whenever k officers have erased: whoever brought an old copy, it goes again."""
        erased = self.journal.public.erased
        if not self._erased or erased - self._erased:
            collected.erased += self.folder.erase(erased)
            self._erased = set(erased)

    def _take_drops(self, state: MirrorState, collected: Collected) -> None:
        after = state.drops
        while True:
            found = self.relay.drops_after(after)
            good = [drop for drop in found if after < drop.arrival <= after + ARRIVALS_AHEAD]
            kept = [drop for drop in good if hashlib.sha256(drop.body).digest() not in self._erased]
            collected.drops += self.folder.keep_drops(kept)
            if not good:
                return
            after = max(drop.arrival for drop in good)
            note(self.folder, MirrorState(state.front, after))

    def _take_bodies(self, collected: Collected) -> None:
        """Those that stand in clear at once; now and then all of the front: most are named in sealed events alone."""
        wanted = {reply.body for replies in self.journal.public.replies.values() for reply in replies} - self._before
        if not self.from_now and not self._rounds % LIST_ROUNDS:
            wanted |= self._listed()
        missing = sorted(wanted - self.folder.body_hashes() - self.journal.public.erased)
        for at in range(0, len(missing), AT_ONCE):
            collected.bodies += self._fetch(missing[at : at + AT_ONCE])
        self._rounds += 1

    def _listed(self) -> set[bytes]:
        """The hashes of all bodies on the front."""
        found: set[bytes] = set()
        after = b""
        for _ in range(MOST_PAGES):
            listed = self.relay.body_hashes(after)
            found.update(listed)
            last = max(listed, default=b"")
            if last <= after:
                break
            after = last
        return found

    def _fetch(self, asked: list[bytes]) -> int:
        kept = 0
        while asked:
            got = {self.folder.keep_body(body) for body in self.relay.bodies(asked)}
            if not got:
                break  # none of them is there: they belong to nobody any more
            kept += len(got)
            asked = [sha256 for sha256 in asked if sha256 not in got]
        return kept


# ---- the note -----------------------------------------------------------------------------------


def state_in(folder: Folder, front: str) -> MirrorState:
    """The note, if it is of this front and whole; else from the beginning, which costs only time."""
    with _beside(folder) as place:
        raw = place.read(STATE, STATE_LIMIT) if place is not None else None
    try:
        state = decode(raw or b"", MirrorState)
    except BadEvent:
        return MirrorState(front, 0)
    return state if state.front == front else MirrorState(front, 0)


def _beside(folder: Folder) -> AbstractContextManager[Place | None]:
    return open_place(folder.path, (), lambda trouble: None, folder.today, folder.random, make=False)


def note(folder: Folder, state: MirrorState) -> None:
    """Write the note beside the folder's files."""
    with _beside(folder) as place:
        if place is not None:
            place.write(STATE, encode(state))
            place.settle()


def front_of(relay: Relay) -> str:
    """What tells this front from one that was made after it."""
    return str(getattr(relay, "front_number", "") or getattr(relay, "address", ""))


# ---- running ------------------------------------------------------------------------------------


def read_key(folder: Path) -> KeeperKey:
    """The key in `folder`. Raises `NoKeeperKey`, `BadKeeperKey`."""
    try:
        with (folder / NAME).open("rb") as file:
            return parse_keeper_key(file.read(LIMIT_BYTES + 1))
    except FileNotFoundError:
        raise NoKeeperKey from None


def relay_for(key: KeeperKey, front: str, today: Today) -> HttpRelay:
    """The relay at `front`, asked as a keeper."""
    return HttpRelay(front, key.number, key.signing, today, timeout_seconds=RELAY_SECONDS, keeper=True)


def pause() -> float:
    """Seconds until the next round."""
    return LEAST_SECONDS + MORE_SECONDS * _draw.random()


def mirror_for_ever(
    keys: Path,
    folder: Path,
    front: str,
    today: Today,
    say: Callable[[str], object],
    *,
    from_now: bool = False,
    wait: Callable[[], object] = lambda: time.sleep(pause()),
    goes_on: Callable[[], bool] = lambda: True,
) -> None:
    """Mirror into `folder` with the key in `keys`; trouble is said once and tried again.

    Raises `NoKeeperKey`, `BadKeeperKey`.
    """
    key = read_key(keys)
    mirror: Mirror | None = None
    said = ""
    while goes_on():
        try:
            if mirror is None:
                mirror = Mirror(Folder(folder, key.fund, today), relay_for(key, front, today), from_now)
            _follow(mirror, key, front, today)
            line = _told(mirror.go_round(), mirror.folder)
        except PoruchError as trouble:
            line = _refusal(trouble).sentence
            if isinstance(trouble, FolderBroken):
                mirror = None  # what is there may be another stick
        if line and line != said:
            say(line)
        said = line or said
        wait()


def _follow(mirror: Mirror, key: KeeperKey, front: str, today: Today) -> None:
    """Ask the front where k officers have moved it."""
    address = mirror.journal.public.resolutions.address or front
    if isinstance(mirror.relay, HttpRelay) and mirror.relay.address != address:
        mirror.relay.close()
        mirror.relay = relay_for(key, address, today)


def _refusal(trouble: PoruchError) -> PoruchError:
    refused = isinstance(trouble, RelayUnreachable) and trouble.detail.endswith(_REFUSED)
    return KeeperNotServed() if refused else trouble


def _told(one: Collected, folder: Folder) -> str:
    lines = [trouble.value for trouble in folder.troubles]
    folder.troubles.clear()
    if one.segments or one.bodies or one.drops or one.erased:
        lines.insert(0, f"{one.segments} segments, {one.bodies} bodies, {one.drops} drops; {one.erased} bodies erased.")
    return "\n".join(lines)


def real_day() -> date:
    """The day of now, UTC."""
    return datetime.now(UTC).date()


def run_keeper(folder: Path, front: str, today: Today = real_day) -> int:
    """`poruch keeper`: until Ctrl-C. Raises `NoKeeperKey`, `BadKeeperKey`."""
    os.umask(0o077)
    key = read_key(folder)
    said = f"The keeper of officer {key.number} mirrors {front} into {folder}. It can open nothing. Ctrl-C stops it."
    print(said, flush=True)
    mirror_for_ever(folder, folder, front, today, lambda line: print(line, flush=True))
    return 0
