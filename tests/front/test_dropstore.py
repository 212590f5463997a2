"""Drops onto the disk: many at once, twice the same, two processes, one bad row among good ones. On both databases."""

import multiprocessing
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest

from front.fund import Fund, make_fund
from front.process import Front, make_folder
from poruch.errors import StoreBroken
from poruch.front.dropstore import DropStore, NewDrop, writer_for
from poruch.front.place import place_of

WRITERS, DROPS_EACH = 4, 60


@pytest.fixture(scope="module")
def front(rows_in: str, made: Fund, tmp_path_factory: pytest.TempPathFactory) -> Front:
    """The tables of a front that nobody runs."""
    home = tmp_path_factory.mktemp("drops") / "front"
    make_folder(home, made)
    return Front(home, home, home, made, 0, [])


@pytest.fixture(scope="module")
def made() -> Fund:
    """A fund of which only the id is needed."""
    return make_fund()


@pytest.fixture
def folder(front: Front) -> Path:
    front.change("DELETE FROM front_drop")
    front.change("DELETE FROM front_mailbox")
    return front.folder


def drop(name: str, once: str | None = None, body: bytes = b"sealed") -> NewDrop:
    return NewDrop(name, once or name, f"m{name}", "submission", date(2026, 11, 22), "00", body, "key")


def names(front: Front) -> list[str]:
    return [name for (name,) in front.rows('SELECT "drop" FROM front_drop ORDER BY id')]


def put_many(folder: Path, start: int, count: int) -> None:
    store = DropStore(folder)
    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(lambda number: store.put(drop(str(number))), range(start, start + count)))


def test_what_was_acknowledged_is_on_the_disk(front: Front, folder: Path) -> None:
    store = DropStore(folder)
    body = os.urandom(5000) + b"\0'\\"
    assert store.put(drop("a", body=body))
    rows = front.rows('SELECT "drop", once, mailbox, kind, day, sha256, body FROM front_drop')
    assert [(*row[:4], str(row[4]), *row[5:]) for row in rows] == [
        ("a", "a", "ma", "submission", "2026-11-22", "00", body)
    ]
    assert front.rows("SELECT mailbox, verify_key FROM front_mailbox") == [("ma", "key")]


def test_the_same_again_is_one_row_and_no_error(front: Front, folder: Path) -> None:
    store = DropStore(folder)
    assert [store.put(drop("a", "once")), store.put(drop("b", "once"))] == [True, False]
    assert names(front) == ["a"]


def test_the_same_at_one_moment_is_one_row(front: Front, folder: Path) -> None:
    store, start = DropStore(folder), threading.Barrier(16)

    def put(number: int) -> bool:
        start.wait()
        return store.put(drop(str(number), "once"))

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(put, range(16))) == 1
    assert len(names(front)) == 1


def test_two_processes_lose_nothing(front: Front, folder: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=put_many, args=(folder, start, 150)) for start in (0, 1000)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert len(names(front)) == 300


def test_a_row_that_fails_fails_alone(front: Front, folder: Path) -> None:
    store = DropStore(folder)
    assert store.put(drop("a"))
    with ThreadPoolExecutor(3) as pool:
        good = [pool.submit(store.put, drop(name)) for name in ("b", "c")]
        bad = pool.submit(store.put, drop("a", "another once"))
        assert [future.result() for future in good] == [True, True]
        with pytest.raises(StoreBroken, match="this drop"):
            bad.result()
    assert sorted(names(front)) == ["a", "b", "c"]


def test_a_batch_with_one_bad_row_is_written_without_it(front: Front, folder: Path) -> None:
    """The same, as the writer is given it: all in one batch, the bad one in the middle, one of them twice."""
    batch = [drop("a"), drop("b"), drop("a", "another once"), drop("b"), drop("c")]
    assert writer_for(place_of(folder)).write(batch) == [True, True, None, False, True]
    assert names(front) == ["a", "b", "c"]


def test_a_desk_that_asks_for_what_came_after_misses_nothing(front: Front, folder: Path) -> None:
    """Several workers write, and somebody asks all the time for drops after the last one he has."""
    stores = [DropStore(folder) for _ in range(WRITERS)]
    seen: list[str] = []
    last, over = 0, threading.Event()

    def collect() -> None:
        nonlocal last
        for number, name in front.rows(f'SELECT id, "drop" FROM front_drop WHERE id > {last} ORDER BY id'):  # noqa: S608
            seen.append(name)
            last = number

    def collect_always() -> None:
        while not over.is_set():
            collect()

    with ThreadPoolExecutor(4 * WRITERS + 1) as pool:
        asking = pool.submit(collect_always)
        puts = [pool.submit(stores[n % WRITERS].put, drop(str(n))) for n in range(WRITERS * DROPS_EACH)]
        assert all(put.result() for put in puts)
        over.set()
        asking.result()
    collect()
    assert sorted(seen, key=int) == [str(number) for number in range(WRITERS * DROPS_EACH)]
