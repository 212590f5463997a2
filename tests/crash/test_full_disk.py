"""A disk that is full or fails: nothing is half stored, nobody is told what is not true, and all goes on afterwards."""

import os
import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from crash.trace import record
from front.browser import retyped, submit, to_check
from front.fund import make_fund
from front.process import Front, new_front
from poruch.desk.program import Desk, Mailing
from poruch.errors import DiskFull, RelayUnreachable, StoreBroken
from poruch.events.council import KeeperNamed
from poruch.journal.store import Store
from poruch.journal.wholefile import write_whole
from story.village import found_village

Fill = Callable[[], None]
KEY = bytes(32)
NOT_STORED = "It was not stored safely."


@contextmanager
def small_disk(place: Path, size_bytes: int) -> Iterator[tuple[Path, Fill, Fill]]:
    """A disk of this size, and how to fill it and to make room on it. Skips where mounting is not allowed."""
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size_bytes}", "none", str(place)]
    done = subprocess.run(mount, capture_output=True, check=False)
    if done.returncode:
        pytest.skip("no small disk can be mounted here: " + done.stderr.decode(errors="replace").strip()[:100])
    ballast = place / "ballast"

    def fill() -> None:
        with ballast.open("ab", buffering=0) as file:
            try:
                while file.write(bytes(4096)):
                    pass
            except OSError:
                return

    try:
        yield place, fill, ballast.unlink
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def stories(front: Front) -> int:
    [[count]] = front.rows("SELECT count(*) FROM front_drop")
    assert front.rows("PRAGMA integrity_check") == [("ok",)]
    assert isinstance(count, int)
    return count


def send_while_it_fails(front: Front, break_it: Fill, mend_it: Fill) -> None:
    """Somebody sends while the disk fails, is told so, and sends the same page again when it works."""
    submit(front.browser)
    before = stories(front)
    page = to_check(front.browser)
    break_it()
    refused = front.browser.send(page, "/ask/check/", **retyped(page), go="send")
    assert refused.status == 503
    assert NOT_STORED in refused.text
    assert "again" in refused.text
    with pytest.raises(RelayUnreachable):
        front.relay().put_body(os.urandom(300_000))
    mend_it()
    assert stories(front) == before
    assert front.browser.send(page, "/ask/check/", **retyped(page), go="send").status == 200
    assert stories(front) == before + 1
    front.relay().put_body(b"room again")


def test_a_front_on_a_full_disk(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 6 * 2**20) as (place, fill, make_room):
        front = new_front(place, make_fund())  # what it says goes to that disk, too
        try:
            send_while_it_fails(front, fill, make_room)
        finally:
            front.stop()


def test_a_front_that_may_write_no_more(tmp_path: Path) -> None:
    """Wherever there is no small disk: a limit on the length of files makes every longer write fail."""
    front = new_front(tmp_path, make_fund())
    assert front.process is not None
    pid, (_, hard) = front.process.pid, resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        send_while_it_fails(
            front,
            lambda: resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, hard)) and None,
            lambda: resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard)) and None,
        )
    finally:
        front.stop()


def test_a_store_on_a_full_disk_says_so_and_goes_on(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 2**22) as (place, fill, make_room):
        store = Store(place / "desk.db", KEY)
        store.keep_secret("share/1", b"kept")
        fill()
        with pytest.raises(DiskFull):
            store.keep_body(bytes(32), os.urandom(200_000), pushed=False)
        here = store.body_hashes()
        assert bytes(32) not in here
        make_room()
        store.keep_body(b"\xff" * 32, b"room again", pushed=False)
        store.close()
        again = Store(place / "desk.db", KEY)
        assert again.body_hashes() == here | {b"\xff" * 32}
        assert again.secret("share/1") == b"kept"
        again.close()


def test_a_store_that_cannot_be_made_on_a_full_disk_says_so(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 2**21) as (place, fill, make_room):
        fill()
        with pytest.raises(DiskFull):
            Store(place / "desk.db", KEY)
        make_room()
        Store(place / "desk.db", KEY).close()


def test_a_file_on_a_full_disk_stays_as_it_was(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 2**18) as (place, fill, make_room):
        write_whole(place / "officer.key", b"old" * 1000)
        fill()
        with pytest.raises(DiskFull):
            write_whole(place / "officer.key", b"new" * 10_000)
        assert (place / "officer.key").read_bytes() == b"old" * 1000
        assert {path.name for path in place.iterdir()} == {"officer.key", "ballast"}
        make_room()
        write_whole(place / "officer.key", b"new" * 10_000)
        assert (place / "officer.key").read_bytes() == b"new" * 10_000


def segments_of(desk: Desk) -> list[bytes]:
    return [signed.id for signed in desk.store.segments()]


def test_a_desk_whose_disk_was_full_stands_on_nothing_that_was_not_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next act must follow the last one on the disk; else the chain has a hole that nobody can ever fill."""
    village = found_village(tmp_path)
    desk = village.desks[2]
    before = segments_of(desk)

    def full(self: Store, *more: object, **named: object) -> None:
        raise DiskFull

    with monkeypatch.context() as broken:
        broken.setattr(Store, "_write", full)
        broken.setattr(Store, "keep_segments", full)
        with pytest.raises(DiskFull):
            desk.act([KeeperNamed(b"1" * 32)], [Mailing.of(b"body")])
        with pytest.raises(DiskFull):
            desk.act([KeeperNamed(b"2" * 32)])
    assert segments_of(desk) == before
    assert {signed.id for signed in desk.held} == set(before)
    said = desk.act([KeeperNamed(b"3" * 32)])
    assert set(segments_of(desk)) == {*before, said.id}
    village.sync(2)
    assert said.id in {signed.id for signed in village.desks[1].held}
    village.close()


def test_a_desk_that_cannot_even_read_says_nothing_until_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    village = found_village(tmp_path)
    desk = village.desks[2]
    before = segments_of(desk)

    def broken_disk(self: Store, *more: object, **named: object) -> None:
        raise StoreBroken("the disk failed")

    with monkeypatch.context() as broken:
        broken.setattr(Store, "_write", broken_disk)
        broken.setattr(Store, "keep_segments", broken_disk)
        broken.setattr(Store, "segments", broken_disk)
        for _ in range(2):
            with pytest.raises(StoreBroken):
                desk.act([KeeperNamed(b"1" * 32)])
    said = desk.act([KeeperNamed(b"2" * 32)])
    assert set(segments_of(desk)) == {*before, said.id}
    village.close()


@pytest.mark.parametrize("error", ["EIO", "ENOSPC"])
@pytest.mark.parametrize("calls", ["fsync,fdatasync when=12+7", "pwrite64 when=120+53"])
def test_a_disk_that_fails_now_and_then_leaves_a_store_whole(tmp_path: Path, calls: str, error: str) -> None:
    """What the store says after each call that fails is true, and it opens again with all that it says to have kept."""
    (tmp_path / "desk").mkdir()
    (tmp_path / "scratch").mkdir()
    names, when = calls.split()
    run = record(
        tmp_path / "desk", "crash.work_failing", [], tmp_path / "scratch", "-e", f"inject={names}:error={error}:{when}"
    )
    told = dict(line.split() for line in run.told.read_text().splitlines())
    assert {"kept", "disk-full" if calls.startswith("pwrite64") and error == "ENOSPC" else "store-broken"} <= {
        *told.values()
    }
    store = Store(tmp_path / "desk" / "desk.db", KEY)
    here = {sha256.hex() for sha256 in store.body_hashes()}
    store.close()
    assert {name for name, what in told.items() if what == "kept"} <= here
