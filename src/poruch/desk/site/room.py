"""The running desk of this process: its door, its lock, what it keeps in memory only.

A `Desk` is not thread-safe: whoever touches it, view or background sync, holds `lock`. Nothing here is ever written.
"""

import hmac
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from poruch.cases.state import Case
from poruch.crypto.keyfile import OfficerKey
from poruch.desk.duties import do_duties
from poruch.desk.program import Desk, open_desk
from poruch.desk.views_cases import story_or_none
from poruch.errors import PoruchError, RelayUnreachable
from poruch.events.drops import Story
from poruch.journal.sync import HttpRelay, Relay

SYNC_SECONDS = 3.0
RELAY_SECONDS = 10.0
REST_MINUTES = 10
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
    unattended: bool = False
    host: str = field(default_factory=lambda: f"d{secrets.token_hex(8)}.localhost")
    port: int = 0
    lock: threading.RLock = field(default_factory=threading.RLock)
    desk: Desk | None = None
    synced: date | None = None
    trouble: PoruchError | None = None
    cookie_name: str = field(default_factory=lambda: f"c{secrets.token_hex(8)}")
    cookie_value: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    form_token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    files: dict[str, BankFile] = field(default_factory=dict, repr=False)
    _start_token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    _sentences: OrderedDict[str, str] = field(default_factory=OrderedDict, repr=False)
    _stories: dict[str, Story] = field(default_factory=dict, repr=False)
    _touched: float = field(default_factory=time.monotonic)

    # ---- the door -----------------------------------------------------------------------------

    @property
    def authority(self) -> str:
        """Host and port, exactly as a browser names them."""
        return f"{self.host}:{self.port}"

    @property
    def origin(self) -> str:
        """The origin of every page of this desk."""
        return f"http://{self.authority}"

    @property
    def start_url(self) -> str:
        """The address that opens this desk once."""
        return f"{self.origin}/start/{self._start_token}"

    def use_start_token(self, typed: str) -> bool:
        """Whether `typed` is the start token, which opens once and never again."""
        with self.lock:
            good = bool(self._start_token) and hmac.compare_digest(typed.encode(), self._start_token.encode())
            if good:
                self._start_token = ""
            return good

    # ---- locking ------------------------------------------------------------------------------

    def unlock(self, passphrase: str) -> None:
        """Open the desk. Raises `WrongPassphrase`, `BadKeyFile`, `StoreBroken`."""
        with self.lock:
            if self.desk is None:
                self.desk = open_desk(self.folder, passphrase, self._relay, self.today)
            self.touch()

    def _relay(self, key: OfficerKey) -> Relay | None:
        if not self.relay_address:
            return None
        return HttpRelay(self.relay_address, key.number, key.signing, self.today, timeout_seconds=RELAY_SECONDS)

    def lock_up(self) -> None:
        """Forget every key and everything that was read, and close the store."""
        with self.lock:
            if self.desk is not None:
                self.desk.close()
            self.desk, self.trouble = None, None
            self.files.clear()
            self._sentences.clear()
            self._stories.clear()

    def touch(self) -> None:
        """The officer is there."""
        self._touched = time.monotonic()

    def lock_if_resting(self) -> None:
        """Lock after ten minutes in which the officer asked for no page."""
        if not self.unattended and time.monotonic() - self._touched > REST_MINUTES * 60:
            self.lock_up()

    # ---- sync ---------------------------------------------------------------------------------

    def sync(self) -> None:
        """Sync and do what is due; trouble is kept to be shown, for a front that is away is no reason to stop."""
        with self.lock:
            if self.desk is None:
                return
            try:
                self.desk.sync()
                if do_duties(self.desk):
                    self.desk.push()
                self.synced, self.trouble = self.today(), None
            except PoruchError as trouble:
                self.trouble = trouble

    def push(self) -> None:
        """Send at once what was just done, where the front answers; else the next sync does."""
        if self.desk is None:
            return
        try:
            self.desk.push()
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
