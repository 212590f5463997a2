"""Erased is erased, end to end at a real front: in no file and no row, whoever was away, whatever is made anew."""

import hashlib
import io
import pickle
import shutil
import zlib
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from command import run
from front.browser import Browser, open_mailbox
from front.process import Front
from front.test_relay_erased import found_in
from poruch.desk import casework, keeping, resolutions, snapshots
from poruch.desk.carrying import Carried, exchange
from poruch.desk.mirror import Mirror, relay_for
from poruch.desk.program import Desk
from poruch.desk.syncing import Progress
from poruch.journal import folds
from poruch.journal.folder import Folder
from story.standing import Standing, serve, standing
from story.village import PASSPHRASE

STORY, WRITTEN, NAME = "Canary of the story Zhaŭruk", "Canary of the letter Bakas", "Canary Persona"
CANARIES = [text.encode() for text in (STORY, WRITTEN, NAME)]
"""Of what the person said. What officers wrote about it, their letters too, stays sealed in their journal."""


@pytest.fixture
def stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Standing]:
    monkeypatch.setattr(snapshots, "SHORT", 1)  # every desk that is closed keeps a state, of a moment ago
    monkeypatch.setattr(snapshots, "LONG", 8)
    monkeypatch.setattr(folds, "NEAR", 1)
    with standing(tmp_path) as made:
        yield made


def folded(store_snapshot: bytes) -> object:
    """What a snapshot holds, read past the program's own checks."""
    begins = 4 + int.from_bytes(store_snapshot[:4], "big")
    return snapshots._Reader(io.BytesIO(zlib.decompress(store_snapshot[begins:]))).load()


def rows_with(desk: Desk, needles: list[bytes]) -> list[str]:
    """Where an opened store has one of these, the kept state unpacked, too."""
    database = desk.store._db
    found = []
    for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
        for row in database.execute(f"SELECT * FROM {table}").fetchall():  # noqa: S608
            for name, value in zip(columns, row, strict=True):
                held = value if isinstance(value, bytes) else str(value).encode()
                found += [f"{table}.{name} {needle[:24]!r}" for needle in needles if needle in held]
    kept = desk.store.snapshot()
    if kept is not None:
        state = pickle.dumps(folded(kept))
        found += [f"snapshot {needle[:24]!r}" for needle in needles if needle in state]
    return found


def reopened(stand: Standing, number: int) -> Desk:
    """The desk closed and opened again, so that all it keeps is on its disk."""
    desk = stand.village.desks[number]
    desk.close()
    again = stand.village.desks[number] = Desk(desk.folder, desk.key, desk.fund, desk.relay, desk.today)
    return again


def carry(desk: Desk, folder: Path) -> None:
    for _ in exchange(desk, Folder(folder, desk.fund, desk.today), nullcontext(), Progress(), Carried()):
        pass


def rebuilt(stand: Standing, number: int, name: str) -> Path:
    """A front made anew from a copy of this desk, at the keyboard."""
    copy = stand.folder / f"copy for {name}"
    stand.village.desks[number].close()
    shutil.copytree(stand.village.desks[number].folder, copy)
    old = stand.village.desks[number]
    stand.village.desks[number] = Desk(old.folder, old.key, old.fund, old.relay, old.today)
    done = run("front", "rebuild", "--from", copy, stand.folder / name, typed=f"{PASSPHRASE.format(number)}\n")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    shutil.rmtree(copy)
    return stand.folder / name


def served(stand: Standing, folder: Path) -> Front:
    return serve(folder, stand.folder / f"beside {folder.name}")


def nowhere(folder: Path, bodies: list[bytes]) -> None:
    assert [found_in(folder, body) for body in bodies] == [[]] * len(bodies)


def told(stand: Standing) -> tuple[int, list[bytes], bytes]:
    """A person who asks, is answered and writes again: the code, all sealed bodies; and one body of somebody else."""
    person, other = stand.ask(STORY, NAME), stand.ask("Another story.", "Bronia Persona")
    stand.sync()
    one = stand.village.desks[1]
    casework.take(one, stand.case(one, person))
    casework.write_message(one, stand.case(one, person), "Where do you live now?")
    stand.sync()
    browser = Browser(stand.front.address)
    browser.send(open_mailbox(browser, person), "/mailbox/write/", text=WRITTEN)
    stand.sync()
    bodies = [one.store.body(sha256) for sha256 in resolutions.sent(one, stand.case(one, person)).bodies]
    stays = one.store.body(one.cases.drops[stand.case(one, other).id].body)
    assert len(bodies) >= 4  # the submission, the letter, the fund's letter, receipts
    assert stays is not None
    return person, [body for body in bodies if body is not None], stays


def test_erased_is_erased_whoever_was_away_and_whatever_is_made_anew(stand: Standing) -> None:
    village, folder = stand.village, stand.folder
    key = keeping.name_keeper(village.desks[2])
    village.desks[2].push()
    for name in ("keeper", "stick"):
        (folder / name).mkdir()
    mirror = Mirror(
        Folder(folder / "keeper", village.desks[2].fund, village.clock),
        relay_for(key, stand.front.address, village.clock),
    )
    person, bodies, stays = told(stand)
    mirror.go_round()
    carry(village.desks[3], folder / "stick")
    for where in ("front", "keeper", "stick"):
        assert sum(bool(found_in(folder / where, body)) for body in bodies) >= 2, where
    contents = [village.desks[1].contents[drop] for drop in resolutions.drops_of(stand.case(village.desks[1], person))]
    inner = [sealed[-60:] for one in contents for sealed in (one.story, one.person, one.codes) if sealed]
    assert len(inner) >= 3  # the story and the name of the submission, the letter
    needles = [*(body[200:260] for body in bodies), *inner, *CANARIES]
    for number in village.desks:
        here = rows_with(reopened(stand, number), needles)
        assert {"body.bytes", "snapshot"} <= {row.split()[0] for row in here}, here

    stand.erase(person, 1, 2, 3)
    stand.sync(1, 2, 3, 4)
    nowhere(folder / "front", bodies)
    nowhere(folder / "beside", bodies)
    assert found_in(folder / "front", stays)
    for number in (1, 2, 3, 4):
        assert rows_with(village.desks[number], needles) == [], number
        assert rows_with(reopened(stand, number), needles) == [], number
        assert village.desks[number].store._db.execute("PRAGMA secure_delete").fetchone()[0]
        nowhere(village.desks[number].folder, bodies)
    mirror.go_round()
    nowhere(folder / "keeper", bodies)

    stale = rebuilt(stand, 5, "stale front")  # five was away, and makes a front of what it still has
    assert all(found_in(stale, body) for body in bodies)
    front = served(stand, stale)
    try:
        stand.go_to(front, 1, 2)
        stand.sync(1, 2, rounds=1)
        nowhere(stale, bodies)
        assert village.desks[1].relay.body(hashlib.sha256(stays).digest()) == stays  # type: ignore[union-attr]
    finally:
        front.stop()
    stand.go_to(stand.front, 1, 2)

    assert rows_with(village.desks[5], needles)
    village.desks[5].store._db.execute("UPDATE body SET pushed = 0")  # it never heard that anything had arrived
    stand.sync(5)
    nowhere(folder / "front", bodies)
    assert rows_with(village.desks[5], needles) == []
    stand.sync()
    carry(village.desks[4], folder / "stick")
    nowhere(folder / "stick", bodies)
    for number in village.desks:
        assert rows_with(reopened(stand, number), needles) == [], number
    stand.front.restart()
    for where in ("front", "keeper", "stick", "desks", "beside"):
        nowhere(folder / where, bodies)

    fresh = rebuilt(stand, 1, "new front")
    nowhere(fresh, bodies)
    assert found_in(fresh, stays)
    front = served(stand, fresh)
    try:
        stand.go_to(front)
        stand.sync()
        nowhere(fresh, bodies)
        _he_comes_back(stand, front, person)
    finally:
        front.stop()


def _he_comes_back(stand: Standing, front: Front, person: int) -> None:
    """At the front that never had what was erased: he is told so, writes, and is answered."""
    browser = Browser(front.address)
    page = open_mailbox(browser, person)
    assert "No letter yet" not in page.text
    assert "erased" in page.text
    assert browser.send(page, "/mailbox/write/", text="I am here again.").status == 200
    stand.sync()
    one = stand.village.desks[1]
    assert casework.answer(one, stand.case(one, person).letters[-1]) == "I am here again."
