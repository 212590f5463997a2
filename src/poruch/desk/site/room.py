"""The running desk of this process: its door, its lock, what it keeps in memory only.

A `Desk` is not thread-safe: whoever touches it, view or background sync, holds `lock`. Nothing here is ever written.
Locking ends the process (porter.py), for nothing less takes a key out of Python's memory; so a room is opened once.
"""

import hmac
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from poruch.cases.state import Case
from poruch.crypto.keyfile import OfficerKey
from poruch.desk import guard, presence, waiting
from poruch.desk.duties import do_duties
from poruch.desk.porter import Doorplate, Word
from poruch.desk.program import Desk, open_desk
from poruch.desk.views_cases import story_or_none
from poruch.errors import NotADesk, PoruchError, RelayUnreachable
from poruch.events.drops import Story
from poruch.journal.sync import HttpRelay, Relay

SYNC_SECONDS = 3.0
RELAY_SECONDS = 10.0
IDLE_MINUTES = 10
SENTENCES_KEPT = 32


@dataclass(frozen=True)
class BankFile:
    """A bank file that waits to be saved: the only copy, in memory."""

    name: str
    content: bytes = field(repr=False)
    left_out: tuple[str, ...] = ()


@dataclass
class Room:
    """One desk behind one door. `unattended`: started unlocked, as the demo does; it never locks itself."""

    folder: Path
    relay_address: str
    today: Callable[[], date]
    plate: Doorplate
    word: Word
    unattended: bool = False
    idle_minutes: int = IDLE_MINUTES
    clock: Callable[[], float] = guard.awake_and_asleep
    lock: threading.RLock = field(default_factory=threading.RLock)
    desk: Desk | None = None
    synced: date | None = None
    trouble: PoruchError | None = None
    memory_locked: bool = False
    leaving: bool = False
    on_leaving: Callable[[], None] = lambda: None
    files: dict[str, BankFile] = field(default_factory=dict, repr=False)
    _closing: Desk | None = field(default=None, repr=False)
    _sentences: OrderedDict[str, str] = field(default_factory=OrderedDict, repr=False)
    _stories: dict[str, Story] = field(default_factory=dict, repr=False)
    _touched: float = 0.0
    _counted: tuple[tuple[int, int, int, date], int] | None = None

    # ---- the door -----------------------------------------------------------------------------

    def use_start_token(self, typed: str) -> bool:
        """Whether `typed` is the start token, which opens once and never again, not even after a lock."""
        with self.lock:
            token = self.plate.start_token
            good = bool(token) and hmac.compare_digest(typed.encode(), token.encode())
            if good:
                self.plate = replace(self.plate, start_token="")
                self.word.started()
            return good

    # ---- locking ------------------------------------------------------------------------------

    def unlock(self, passphrase: str) -> None:
        """Open the desk. Raises `WrongPassphrase`, `BadKeyFile`, `StoreBroken`, `NotADesk`; the room is then useless.

        A mistyped passphrase is nearly the right one, so it ends with the process, too.
        """
        with self.lock:
            if self.desk is None and not self.leaving:
                try:
                    self.desk = open_desk(self.folder, passphrase, self._relay, self.today)
                except FileNotFoundError:
                    self.lock_up()
                    raise NotADesk from None
                except PoruchError:
                    self.lock_up()
                    raise
            self.touch()

    def _relay(self, key: OfficerKey) -> Relay | None:
        if not self.relay_address:
            return None
        return HttpRelay(self.relay_address, key.number, key.signing, self.today, timeout_seconds=RELAY_SECONDS)

    def lock_up(self) -> None:
        """Show nothing any more, and end this process as soon as the answers under way are sent.

        Waits for nobody: a sync that hangs on a slow front must not keep a desk open.
        """
        if not self.leaving:
            self.leaving = True
            self._closing, self.desk = self.desk, None
            self.on_leaving()

    def close(self, patience_seconds: float) -> None:
        """Close the store in good order, if whoever works with it lets go in time; it bears a sudden end as well."""
        if self.lock.acquire(timeout=patience_seconds):
            try:
                if self._closing is not None:
                    self._closing.close()
            finally:
                self.lock.release()

    def touch(self) -> None:
        """The officer is there."""
        self._touched = self.clock()
        if self.desk is not None:
            try:
                presence.appear(self.desk)
            except PoruchError as trouble:
                self.trouble = trouble

    @property
    def is_resting(self) -> bool:
        """Whether an open desk was asked for no page in its idle minutes, be it that the computer slept."""
        return self.desk is not None and not self.unattended and self.clock() - self._touched > self.idle_minutes * 60

    # ---- sync ---------------------------------------------------------------------------------

    def sync(self) -> None:
        """Sync and do what is due; trouble is kept to be shown, for a front that is away is no reason to stop."""
        with self.lock:
            desk = self.desk
            if desk is None:
                return
            try:
                desk.sync()
                if do_duties(desk):
                    desk.push()
                self.synced, self.trouble = self.today(), None
            except PoruchError as trouble:
                self.trouble = trouble
            self._tell_number(desk)

    def _tell_number(self, desk: Desk) -> None:
        """Tell the porter how much waits; it is counted again only when something was written or an hour has begun."""
        of = (len(desk.held), len(desk.contents), presence.hour_now(desk), self.today())
        if self._counted is None or self._counted[0] != of:
            self._counted = of, waiting.counts(desk)["total"]
        self.word.waiting(self._counted[1])

    def push(self) -> None:
        """Send at once what was just done, where the front answers; else the next sync does."""
        desk = self.desk
        if desk is None:
            return
        try:
            desk.push()
        except RelayUnreachable as trouble:
            self.trouble = trouble

    # ---- what is remembered until the next lock -----------------------------------------------

    def say(self, sentence: str) -> str:
        """Keep a sentence about what was done, to be shown on the next page; returns its key."""
        with self.lock:
            key = secrets.token_hex(6)
            self._sentences[key] = sentence
            while len(self._sentences) > SENTENCES_KEPT:
                self._sentences.popitem(last=False)
            return key

    def said(self, key: str) -> str:
        """The sentence with this key, or nothing."""
        return self._sentences.get(key, "")

    def story(self, case: Case) -> Story | None:
        """A story, opened once between two locks."""
        if case.id not in self._stories and self.desk is not None:
            read = story_or_none(self.desk, case)
            if read is None:
                return None
            self._stories[case.id] = read
        return self._stories.get(case.id)


_rooms: list[Room] = []


def install(room: Room) -> None:
    """Make `room` the desk of this process."""
    _rooms[:] = [room]


def current() -> Room:
    """The desk of this process."""
    return _rooms[0]
