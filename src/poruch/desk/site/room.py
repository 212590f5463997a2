"""The running desk of this process: its door, its lock, what it keeps in memory only.

A `Desk` is not thread-safe: whoever touches it, view or background sync, holds `lock`, and the sync holds it only for
a few hundredths of a second at a time and never while it waits for the front. Nothing here is ever written.
Locking ends the process (porter.py), for nothing less takes a key out of Python's memory; so a room is opened once.
"""

import hmac
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from poruch.cases.state import Case
from poruch.crypto.keyfile import OfficerKey
from poruch.desk import address, guard, presence, waiting
from poruch.desk.porter import Doorplate, Word
from poruch.desk.program import Desk, open_desk
from poruch.desk.site.background import Errand, collected_steps, errand_steps, sync_steps
from poruch.desk.syncing import Progress, push_steps
from poruch.desk.views_cases import story_or_none
from poruch.errors import DeskEnded, NotADesk, PoruchError, RelayUnreachable
from poruch.events.drops import Story
from poruch.journal.sync import HttpRelay, Relay

SYNC_SECONDS = 3.0
RELAY_SECONDS = 10.0
IDLE_MINUTES = 10
SENTENCES_KEPT = 32
BREATH_SECONDS = 0.003
"""Between two steps of a sync: a lock that is let go and taken again at once is given to nobody else."""
PUSH_SECONDS, LOCK_SECONDS, CATCHING_SECONDS = 0.3, 30.0, 0.08
"""How long a page waits: for what was done to reach the front; for the desk; for it while a year is caught up."""


def _event_set() -> threading.Event:
    event = threading.Event()
    event.set()
    return event


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
    typed: str = field(default="", init=False)
    progress: Progress = field(default_factory=Progress)
    caught_up: int = 0
    errand: Errand | None = None
    runs: bool = False
    hurry: threading.Event = field(default_factory=threading.Event)
    _pushed: threading.Event = field(default_factory=_event_set, repr=False)
    _took_in: bool = False
    _line: HttpRelay | None = field(default=None, repr=False)
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
                self.typed = self.relay_address
                address.type_in(self.desk, self.typed)
                self._turn_to_front(self.desk)
                self.word.opened()
            self.touch()

    def _turn_to_front(self, desk: Desk) -> None:
        """Talk with the front that was typed, or with the one that k officers have confirmed since (address.py)."""
        silent = isinstance(self.trouble, RelayUnreachable)
        wanted = address.next_address(desk, self.typed, self.relay_address, silent=silent)
        if wanted != self.relay_address:
            self.relay_address = wanted
            desk.relay = self._relay(desk.key)

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
        desk = self.desk
        if desk is None:
            return
        self.hurry.clear()
        try:
            self._sync(desk)
            self.synced, self.trouble = self.today(), None
        except PoruchError as trouble:
            if self.desk is desk:
                self.trouble = trouble
        finally:
            self._pushed.set()
        with self.lock:
            if self.desk is desk:
                self._tell_number(desk)

    def _sync(self, desk: Desk) -> None:
        lock = self.held_by(desk)
        if not self._took_in:
            progress = Progress()
            self._go(desk, collected_steps(desk, lock, progress), progress)
            self._took_in = True
        if self.errand is not None and not self.errand.done:
            progress = Progress()
            self._go(desk, errand_steps(desk, self.errand, lock, progress), progress)
        with lock:
            self._turn_to_front(desk)
        progress, line = Progress(), self._own_line(desk)
        self._go(desk, sync_steps(desk, line, lock, progress), progress, line)

    def held_by(self, desk: Desk) -> "Held":
        """The lock for the background, as long as `desk` is open here."""
        return Held(self, desk)

    def _go(self, desk: Desk, steps: Iterator[None], progress: Progress, line: Relay | None = None) -> None:
        """Go through steps, and show how far they are; what the officer does meanwhile is sent between two of them."""
        self.progress = progress
        try:
            for _ in steps:
                time.sleep(BREATH_SECONDS)
                if line is not None and self.hurry.is_set():
                    self._push_now(desk, line)
        finally:
            if progress.catching_up:
                self.caught_up += progress.taken
            self.progress = Progress()

    def _push_now(self, desk: Desk, line: Relay) -> None:
        self.hurry.clear()
        if not desk.idle:
            for _ in push_steps(desk, line, self.held_by(desk), Progress()):
                time.sleep(BREATH_SECONDS)
        if not self.hurry.is_set():
            self._pushed.set()

    def carry(self, path: Path) -> None:
        """Have the background sync with the folder at `path` next."""
        self.errand = Errand(path)
        self.hurry.set()

    def _own_line(self, desk: Desk) -> Relay:
        """The background's own line to the front: a page that asks the front must not find another's answer on it."""
        if not self.relay_address:
            raise RelayUnreachable("no front is named")
        if self._line is None or self._line.address != self.relay_address:
            made = self._relay(desk.key)
            if not isinstance(made, HttpRelay):
                raise RelayUnreachable("no front is named")
            self._line = made
        return self._line

    def _tell_number(self, desk: Desk) -> None:
        """Tell the porter how much waits; it is counted again only when something was written or an hour has begun."""
        of = (len(desk.held), len(desk.contents), presence.hour_now(desk), self.today())
        if self._counted is None or self._counted[0] != of:
            self._counted = of, waiting.counts(desk)["total"]
        self.word.waiting(self._counted[1])

    def push(self) -> None:
        """Send what was just done as soon as the front takes it: the background does, where it runs."""
        if self.runs:
            self._pushed.clear()
            self.hurry.set()
        elif self.desk is not None:
            try:
                self.desk.push()
            except RelayUnreachable as trouble:
                self.trouble = trouble

    def wait_for_push(self) -> None:
        """Without the lock: wait a moment until what was just done is on the front. It goes there all the same."""
        self._pushed.wait(PUSH_SECONDS)

    @property
    def patience_seconds(self) -> float:
        """How long a page may wait for the desk before it says that the desk is at work."""
        return CATCHING_SECONDS if self.progress.catching_up else LOCK_SECONDS

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
        if case.erased is not None:
            self._stories.pop(case.id, None)
            return None
        if case.id not in self._stories and self.desk is not None:
            read = story_or_none(self.desk, case)
            if read is None:
                return None
            self._stories[case.id] = read
        return self._stories.get(case.id)


@dataclass(frozen=True)
class Held:
    """The room's lock while `desk` is open in it: entering raises `DeskEnded` when it is not any more."""

    room: Room
    desk: Desk

    def __enter__(self) -> None:
        """Wait for the lock."""
        self.room.lock.acquire()
        if self.room.desk is not self.desk:
            self.room.lock.release()
            raise DeskEnded

    def __exit__(self, *failure: object) -> None:
        """Let go."""
        self.room.lock.release()


_rooms: list[Room] = []


def install(room: Room) -> None:
    """Make `room` the desk of this process."""
    _rooms[:] = [room]


def current() -> Room:
    """The desk of this process."""
    return _rooms[0]
