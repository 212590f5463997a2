"""Drops onto the disk: many at once, twice the same, two processes, one bad row among good ones."""

import multiprocessing
import os
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest

from poruch.errors import StoreBroken
from poruch.front.dropstore import DropStore, NewDrop

TABLES = """
PRAGMA journal_mode = WAL;
CREATE TABLE front_drop (id INTEGER PRIMARY KEY AUTOINCREMENT, "drop" TEXT UNIQUE, once TEXT UNIQUE, mailbox TEXT,
  kind TEXT, day TEXT, sha256 TEXT, body BLOB NOT NULL);
CREATE TABLE front_mailbox (mailbox TEXT PRIMARY KEY, verify_key TEXT NOT NULL);
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    database = sqlite3.connect(tmp_path / "front.sqlite3")
    database.executescript(TABLES)
    database.close()
    return tmp_path


def drop(name: str, once: str | None = None, body: bytes = b"sealed") -> NewDrop:
    return NewDrop(name, once or name, f"m{name}", "submission", date(2026, 11, 22), "00", body, "key")


def names(folder: Path) -> list[str]:
    database = sqlite3.connect(folder / "front.sqlite3")
    try:
        return [name for (name,) in database.execute('SELECT "drop" FROM front_drop ORDER BY id')]
    finally:
        database.close()


def put_many(folder: Path, start: int, count: int) -> None:
    store = DropStore(folder)
    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(lambda number: store.put(drop(str(number))), range(start, start + count)))


def test_what_was_acknowledged_is_on_the_disk(folder: Path) -> None:
    store = DropStore(folder)
    assert store.put(drop("a"))
    assert names(folder) == ["a"]


def test_the_same_again_is_one_row_and_no_error(folder: Path) -> None:
    store = DropStore(folder)
    assert [store.put(drop("a", "once")), store.put(drop("b", "once"))] == [True, False]
    assert names(folder) == ["a"]


def test_the_same_at_one_moment_is_one_row(folder: Path) -> None:
    store, start = DropStore(folder), threading.Barrier(16)

    def put(number: int) -> bool:
        start.wait()
        return store.put(drop(str(number), "once"))

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(put, range(16))) == 1
    assert len(names(folder)) == 1


def test_two_processes_lose_nothing(folder: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=put_many, args=(folder, start, 150)) for start in (0, 1000)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert len(names(folder)) == 300


def test_a_row_that_fails_fails_alone(folder: Path) -> None:
    store = DropStore(folder)
    assert store.put(drop("a"))
    with ThreadPoolExecutor(3) as pool:
        good = [pool.submit(store.put, drop(name)) for name in ("b", "c")]
        bad = pool.submit(store.put, drop("a", "another once"))
        assert [future.result() for future in good] == [True, True]
        with pytest.raises(StoreBroken):
            bad.result()
    assert sorted(names(folder)) == ["a", "b", "c"]


def test_a_broken_disk_is_said_and_a_mended_one_is_used(folder: Path) -> None:
    store = DropStore(folder)
    hidden = folder / "hidden"
    os.rename(folder / "front.sqlite3", hidden)
    with pytest.raises(StoreBroken):
        store.put(drop("a"))
    (folder / "front.sqlite3").unlink(missing_ok=True)
    os.rename(hidden, folder / "front.sqlite3")
    assert store.put(drop("b"))
    assert names(folder) == ["b"]
