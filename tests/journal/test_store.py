"""A desk's store: nothing readable on the disk, nothing acknowledged lost, nobody else's key."""

import base64
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from journal.little_fund import LittleFund
from poruch.errors import StoreBroken
from poruch.events.kinds import NoticePublished
from poruch.journal.store import Store

SRC = Path(__file__).parents[2] / "src"
CANARY = "Alena Muravejnik asked for help in Harodnia"
KEY = bytes(range(32))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "desk.db", KEY)
    yield made
    made.close()


def bytes_under(folder: Path) -> bytes:
    """Every byte of every file, the write-ahead log included."""
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_nothing_of_what_is_kept_can_be_read_on_the_disk(store: Store, tmp_path: Path) -> None:
    canary = CANARY.encode() * 20
    fund = LittleFund()
    store.keep_segments([fund.act(1, NoticePublished("note", CANARY))], pushed=False)
    store.keep_body(hashlib.sha256(canary).digest(), canary, pushed=False)
    store.keep_heard([(bytes(32), 0, canary)])
    store.keep_fact(CANARY, canary)
    store.keep_secret(CANARY, canary)
    store.keep_fault(bytes(32), CANARY, canary)
    forms = (CANARY.encode(), base64.b64encode(CANARY.encode())[:40], CANARY.encode().hex().encode(), b"Muravejnik")
    for close in (False, True):  # while it is open, its log lies beside it
        if close:
            store.close()
        found = bytes_under(tmp_path)
        assert len(found) > 4096
        assert not any(form in found for form in forms)
        assert b"SQLite format" not in found
        assert b"CREATE TABLE" not in found
        assert KEY not in found
        assert KEY.hex().encode() not in found
    assert Store(tmp_path / "desk.db", KEY).fact(CANARY) == canary  # the canary was there to be found


def test_only_its_owner_may_read_the_file(store: Store, tmp_path: Path) -> None:
    assert (tmp_path / "desk.db").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("key", [bytes(32), KEY[:-1] + b"\0", KEY[::-1]], ids=["zeros", "one byte", "backwards"])
def test_another_key_opens_nothing_and_harms_nothing(tmp_path: Path, key: bytes) -> None:
    store = Store(tmp_path / "desk.db", KEY)
    store.keep_fact("name", b"value")
    store.close()
    before = (tmp_path / "desk.db").read_bytes()
    with pytest.raises(StoreBroken):
        Store(tmp_path / "desk.db", key)
    assert (tmp_path / "desk.db").read_bytes() == before
    store = Store(tmp_path / "desk.db", KEY)
    assert store.fact("name") == b"value"
    store.close()


def test_a_plain_database_is_refused(tmp_path: Path) -> None:
    import sqlite3

    plain = sqlite3.connect(tmp_path / "desk.db")
    plain.execute("CREATE TABLE segment (raw BLOB)")
    plain.commit()
    plain.close()
    with pytest.raises(StoreBroken):
        Store(tmp_path / "desk.db", KEY)


def test_a_damaged_file_is_broken_and_never_half_read(tmp_path: Path) -> None:
    """One bit of any page, or a cut: StoreBroken, or all that was kept. Zeros in a long value would be neither."""
    path = tmp_path / "desk.db"
    store = Store(path, KEY)
    body, signed = os.urandom(30_000), [LittleFund().act(1, NoticePublished("note", "n" * 20_000))]
    store.keep_body(hashlib.sha256(body).digest(), body, pushed=False)
    store.keep_fact("name", body)
    store.keep_segments(signed, pushed=False)
    store.close()
    whole = path.read_bytes()
    pages = len(whole) // 4096
    broken = 0
    for page in range(pages + 1):
        damaged = bytearray(whole)
        if page == pages:
            del damaged[len(whole) // 2 :]
        else:
            damaged[page * 4096 + 300] ^= 1
        path.write_bytes(bytes(damaged))
        for kept, read in (
            (body, lambda store: store.body(hashlib.sha256(body).digest())),
            ([body], lambda store: store.unpushed_bodies()),
            (body, lambda store: store.fact("name")),
            (signed, lambda store: list(store.segments())),
            (signed, lambda store: store.unpushed_segments()),
            ({}, lambda store: store.heard()),
        ):
            try:
                opened = Store(path, KEY)
                assert read(opened) == kept
                opened.close()
            except StoreBroken:
                broken += 1
    assert broken > pages  # every page was read by one at least


def test_segments_come_back_as_they_were_and_once(store: Store) -> None:
    fund = LittleFund()
    made = [*fund.found(), fund.act(1, NoticePublished("note", "text"))]
    store.keep_segments(made, pushed=False)
    store.keep_segments(made, pushed=True)  # known ones stay as they are: not pushed
    assert sorted(store.segments(), key=lambda one: one.order) == sorted(made, key=lambda one: one.order)
    assert [one.id for one in store.unpushed_segments()] == [one.id for one in store.segments()]
    store.mark_pushed(made[:2])
    assert {one.id for one in store.unpushed_segments()} == {one.id for one in made[2:]}


def test_bodies_by_hash(store: Store) -> None:
    bodies = [os.urandom(100) for _ in range(3)]
    hashes = [hashlib.sha256(body).digest() for body in bodies]
    for sha256, body in zip(hashes, bodies, strict=True):
        store.keep_body(sha256, body, pushed=False)
        store.keep_body(sha256, b"other bytes", pushed=True)
    assert [store.body(sha256) for sha256 in hashes] == bodies
    assert store.body(bytes(32)) is None
    store.mark_bodies_pushed(hashes[:1])
    assert sorted(store.unpushed_bodies()) == sorted(bodies[1:])


def test_a_body_that_is_another_is_not_given_out(store: Store) -> None:
    sha256 = hashlib.sha256(b"what was sent").digest()
    store.keep_body(sha256, b"something else", pushed=True)
    with pytest.raises(StoreBroken):
        store.body(sha256)


def test_facts_and_secrets(store: Store) -> None:
    assert store.fact("a") is None
    assert store.secret("a") is None
    store.keep_fact("a", b"1")
    store.keep_fact("a", b"2")
    assert store.fact("a") == b"2"
    for name in ("circle/casework/1", "circle/casework/2", "circles", "share/1"):
        store.keep_secret(name, name.encode())
    assert sorted(store.secrets("circle/")) == [b"circle/casework/1", b"circle/casework/2"]
    store.destroy_secret("circle/casework/1")
    assert store.secret("circle/casework/1") is None
    store.destroy_secret("never there")


def test_events_for_others_can_be_forgotten(store: Store) -> None:
    store.keep_heard([(bytes(32), 0, b"mine"), (bytes(32), 1, None), (b"s" * 32, 0, None)])
    assert store.heard() == {(bytes(32), 0): b"mine", (bytes(32), 1): None, (b"s" * 32, 0): None}
    store.forget_sealed()
    assert store.heard() == {(bytes(32), 0): b"mine"}


def test_a_power_cut_is_provided_for(store: Store) -> None:
    """What a kill cannot show: every acknowledged write is synced (FULL is 2), and nothing spills to a file."""
    asked = {name: store._db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "temp_store")}
    assert asked == {"synchronous": 2, "temp_store": 2}
    assert store._db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


WRITER = """
import sys
from pathlib import Path
from poruch.journal.store import Store
store = Store(Path(sys.argv[1]), bytes(range(32)))
for number in range(10**6):
    store.keep_fact(f"fact/{number}", number.to_bytes(8, "big") * 200)
    print(number, flush=True)
"""


def test_a_killed_writer_loses_nothing_that_it_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    for delay in (0.02, 0.1, 0.2):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(SRC)},
        ) as writer:
            assert writer.stdout is not None
            first = writer.stdout.readline()
            time.sleep(delay)
            writer.kill()
            acknowledged = [int(line) for line in (first + writer.stdout.read()).splitlines() if line.isdigit()]
        store = Store(path, KEY)
        assert acknowledged[0] == 0
        for number in acknowledged:
            assert store.fact(f"fact/{number}") == number.to_bytes(8, "big") * 200
        store.close()
