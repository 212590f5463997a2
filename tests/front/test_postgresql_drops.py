"""Drops in PostgreSQL: numbers in the order of commits, a server that goes away, and what is said then."""

import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from front.fund import make_fund
from front.process import SERVERS, Front, make_folder
from front.test_dropstore import drop, names, put_many
from poruch.drills.postgresql import Server
from poruch.errors import StoreBroken
from poruch.front.dropstore import DropStore
from poruch.front.place import place_of
from poruch.front.postgres.base import DROPS


@pytest.fixture(scope="module", autouse=True)
def rows_in(postgresql: Server) -> Iterator[None]:
    """New fronts keep their rows there."""
    SERVERS.append(postgresql)
    yield
    SERVERS.clear()


@pytest.fixture(scope="module")
def front(rows_in: None, tmp_path_factory: pytest.TempPathFactory) -> Front:
    """The tables of a front that nobody runs."""
    home, fund = tmp_path_factory.mktemp("drops") / "front", make_fund()
    make_folder(home, fund)
    return Front(home, home, home, fund, 0, [])


@pytest.fixture
def pg(postgresql: Server) -> Server:
    return postgresql


@pytest.fixture
def folder(front: Front) -> Path:
    front.change("DELETE FROM front_drop")
    return front.folder


def test_a_number_drawn_earlier_and_committed_later_is_not_missed(pg: Server, front: Front, folder: Path) -> None:
    """One writer has inserted and not committed: the next one's drop must not be seen before."""
    with psycopg.connect(place_of(folder).line) as slow, ThreadPoolExecutor(1) as pool:
        slow.execute("SELECT pg_advisory_xact_lock(%s)", (DROPS,))
        slow.execute("INSERT INTO front_drop VALUES (DEFAULT, 'a', 'a', 'm', 'gift', '2026-11-22', '00', 'x')")
        quick = pool.submit(DropStore(folder).put, drop("b"))
        wait_for(pg, "SELECT count(*) > 0 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        assert names(front) == []
        assert not quick.done()
        slow.commit()
        assert quick.result()
    assert names(front) == ["a", "b"]


def wait_for(pg: Server, question: str) -> None:
    until = time.monotonic() + 20
    while pg.run(question) != [(True,)]:
        assert time.monotonic() < until, question
        time.sleep(0.01)


def test_a_server_that_was_away_is_found_again(pg: Server, front: Front, folder: Path) -> None:
    store = DropStore(folder)
    assert store.put(drop("a"))
    pg.stop()
    try:
        with pytest.raises(StoreBroken, match="does not answer"):
            store.put(drop("b"))
    finally:
        pg.start()
    assert store.put(drop("c"))
    assert names(front) == ["a", "c"]


def test_a_restart_between_two_drops_is_not_noticed(pg: Server, front: Front, folder: Path) -> None:
    store = DropStore(folder)
    assert store.put(drop("a"))
    pg.stop()
    pg.start()
    assert store.put(drop("b"))
    assert names(front) == ["a", "b"]


def test_what_was_acknowledged_is_there_after_a_crash_of_the_server(pg: Server, front: Front, folder: Path) -> None:
    put_many(folder, 0, 100)
    pg.stop(signal.SIGQUIT)
    pg.start()
    assert len(names(front)) == 100


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("ALTER TABLE front_drop RENAME TO away", "ALTER TABLE away RENAME TO front_drop", "no tables"),
        ("REVOKE INSERT ON front_drop FROM poruch", "GRANT INSERT ON front_drop TO poruch", "does not let this role"),
    ],
)
def test_what_is_wrong_is_said(pg: Server, front: Front, folder: Path, before: str, after: str, said: str) -> None:
    store = DropStore(folder)
    front.change(before)
    try:
        with pytest.raises(StoreBroken, match=said):
            store.put(drop("a"))
    finally:
        front.change(after)
    assert store.put(drop("a"))


def test_a_standby_takes_no_rows(pg: Server, front: Front, folder: Path) -> None:
    name = front.rows("SELECT current_database()")[0][0]
    store = DropStore(folder)
    assert store.put(drop("a"))
    pg.run(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    pg.stop()
    pg.start()
    try:
        with pytest.raises(StoreBroken):
            store.put(drop("b"))
    finally:
        pg.run(f"ALTER DATABASE {name} SET default_transaction_read_only = off")
    assert store.put(drop("c"))
