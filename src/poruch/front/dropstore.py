"""Drops onto the disk: one writer thread in each process commits for all who wait.

`put` returns when the drop is safe. The same drop twice is one row, and no error: `once` is unique. A row that fails
does so alone. Where the rows go is the writer's: SQLite here (WAL, `synchronous=FULL`, under one file lock), PostgreSQL
in postgres/dropwriter.py.
"""

import contextlib
import datetime
import fcntl
import queue
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from poruch.errors import StoreBroken
from poruch.front.place import Place, place_of

MOST_AT_ONCE = 256
WAIT_SECONDS = 30

_OPEN = "PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; PRAGMA secure_delete = ON; PRAGMA busy_timeout = 20000;"
_DROP = """
INSERT INTO front_drop ("drop", once, mailbox, kind, day, sha256, body) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (once) DO NOTHING
"""
_MAILBOX = "INSERT INTO front_mailbox (mailbox, verify_key) VALUES (?, ?) ON CONFLICT (mailbox) DO NOTHING"


@dataclass(frozen=True)
class NewDrop:
    """A row to be; names of bytes in hex. `verify_key` makes a mailbox beside it, if not empty."""

    drop: str
    once: str
    mailbox: str
    kind: str
    day: datetime.date
    sha256: str
    body: bytes
    verify_key: str = ""


class Writer(Protocol):
    """Writes drops for one thread."""

    def write(self, drops: list[NewDrop]) -> list[bool | None]:
        """For each drop: new, there before, or None where its own row failed. One commit. Raises `StoreBroken`."""


class DropStore:
    """The writer of one process for the rows of `folder`."""

    def __init__(self, folder: Path) -> None:
        """Starts nothing; the first `put` does."""
        self._writer = writer_for(place_of(folder))
        self._waiting: queue.Queue[tuple[NewDrop, Future[bool]]] = queue.Queue(maxsize=4096)
        self._start = threading.Lock()
        self._thread: threading.Thread | None = None

    def put(self, drop: NewDrop) -> bool:
        """True if it was new, False if it was there before; on disk either way. Raises `StoreBroken`."""
        with self._start:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._write_for_ever, name="drops", daemon=True)
                self._thread.start()
        answer: Future[bool] = Future()
        try:
            self._waiting.put((drop, answer), timeout=WAIT_SECONDS)
            return answer.result(timeout=WAIT_SECONDS)
        except (queue.Full, TimeoutError):
            raise StoreBroken("the disk is too slow") from None

    def _write_for_ever(self) -> None:
        while True:
            batch = self._next_batch()
            try:
                answers = self._writer.write([drop for drop, _ in batch])
            except StoreBroken as broken:
                for _, answer in batch:
                    answer.set_exception(StoreBroken(broken.detail))
            else:
                for (_, answer), new in zip(batch, answers, strict=True):
                    _tell(answer, new)

    def _next_batch(self) -> list[tuple[NewDrop, Future[bool]]]:
        batch = [self._waiting.get()]
        while len(batch) < MOST_AT_ONCE:
            try:
                batch.append(self._waiting.get_nowait())
            except queue.Empty:
                break
        return batch


def writer_for(place: Place) -> Writer:
    """The writer that belongs to the place."""
    if place.postgres:
        from poruch.front.postgres.dropwriter import PostgresWriter

        return PostgresWriter(place.line)
    return SqliteWriter(place.folder)


class SqliteWriter:
    """Rows into the folder's own database."""

    def __init__(self, folder: Path) -> None:
        """Opens nothing; the first `write` does."""
        self._folder = folder
        self._database: sqlite3.Connection | None = None

    def write(self, drops: list[NewDrop]) -> list[bool | None]:
        """As `Writer` says."""
        try:
            if self._database is None:
                self._database = self._connect()
            with self._alone():
                return _write(self._database, drops)
        except (sqlite3.Error, OSError):
            if self._database is not None:
                self._database.close()
                self._database = None
            raise StoreBroken("the database") from None

    def _connect(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._folder / "front.sqlite3", isolation_level=None, check_same_thread=False)
        database.executescript(_OPEN)
        return database

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Processes take turns here, fairly, instead of polling a busy database."""
        with (self._folder / "drops.lock").open("wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(file, fcntl.LOCK_UN)


def _tell(answer: Future[bool], new: bool | None) -> None:
    if new is None:
        answer.set_exception(StoreBroken("this drop"))
    else:
        answer.set_result(new)


def _write(database: sqlite3.Connection, drops: list[NewDrop]) -> list[bool | None]:
    """For each drop: new, there before, or None where its own row failed. One commit for all."""
    database.execute("BEGIN IMMEDIATE")
    try:
        answers = [_write_one(database, drop) for drop in drops]
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise
    return answers


def _write_one(database: sqlite3.Connection, drop: NewDrop) -> bool | None:
    row = (drop.drop, drop.once, drop.mailbox, drop.kind, drop.day.isoformat(), drop.sha256, drop.body)
    database.execute("SAVEPOINT one")
    try:
        if drop.verify_key:
            database.execute(_MAILBOX, (drop.mailbox, drop.verify_key))
        new = database.execute(_DROP, row).rowcount == 1
    except sqlite3.IntegrityError:
        database.execute("ROLLBACK TO one")
        return None
    finally:
        database.execute("RELEASE one")
    return new
