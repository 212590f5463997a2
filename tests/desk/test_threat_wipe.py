"""Wiping a desk, running or not, and the one number for an officer's reminder."""

import fcntl
import os
import re
import socket
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from command import run
from desk.street import RunningDesk, Street
from desk.test_threat_lock import gone
from poruch.crypto import keyfile
from poruch.desk import reminder
from poruch.desk.wipe import CANNOT, wipe
from poruch.errors import DeskNotRunning, NotADesk, NothingCounted, NotWiped

KEY = b"poruch/key-file/v1\nargon2id 8192 3\n" + bytes(range(256)) * 8
WIPE_SECONDS = 1.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that looks like a desk's."""
    made = tmp_path / "desk"
    made.mkdir()
    for name, content in {
        "officer.key": KEY,
        "desk.db": b"sealed" * 100,
        "desk.db-wal": b"sealed",
        "desk.lock": b"",
        "fund.id": b"00" * 32,
    }.items():
        (made / name).write_bytes(content)
    return made


# ---- wiping -----------------------------------------------------------------------------------


def test_the_key_is_overwritten_in_place_before_it_is_unlinked(folder: Path) -> None:
    witness = folder.parent / "witness"
    os.link(folder / "officer.key", witness)  # the same bytes on the disk, by another name
    done = wipe(folder)
    assert (done.left, done.ended) == ((), True)
    assert not folder.exists()
    left = witness.read_bytes()
    assert len(left) == len(KEY)
    assert not any(KEY[at : at + 16] in left for at in range(0, len(KEY), 16))
    with pytest.raises(keyfile.BadKeyFile):
        keyfile.open_key(left, "whatever it may be")


def test_a_store_of_fifty_megabytes_takes_less_than_a_second(folder: Path) -> None:
    with (folder / "desk.db").open("wb") as store:
        for _ in range(50):
            store.write(os.urandom(2**20))
    began = time.monotonic()
    wipe(folder)
    assert time.monotonic() - began < WIPE_SECONDS
    assert not folder.exists()


def test_older_key_files_beside_it_are_destroyed_too_and_what_is_not_ours_stays(folder: Path) -> None:
    (folder / "officer.key.new").write_bytes(KEY)
    witness = folder.parent / "witness"
    os.link(folder / "officer.key.new", witness)
    (folder / "photo.png").write_bytes(b"mine")
    assert wipe(folder).left == ("photo.png",)
    assert [path.name for path in folder.iterdir()] == ["photo.png"]
    assert KEY[:16] not in witness.read_bytes()


def test_a_wipe_that_was_cut_short_is_finished_by_the_next(folder: Path) -> None:
    (folder / "officer.key").unlink()
    assert wipe(folder).left == ()


@pytest.mark.parametrize("name", [None, "letters.txt"])
def test_what_is_no_desk_is_left_alone(tmp_path: Path, name: str | None) -> None:
    if name:
        (tmp_path / name).write_text("mine")
    with pytest.raises(NotADesk):
        wipe(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ([name] if name else [])


def test_a_key_that_cannot_be_destroyed_is_said_and_nothing_is_hidden(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(place: int) -> None:
        raise OSError("the disk is read only")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(NotWiped):
        wipe(folder)
    assert (folder / "officer.key").exists()


def test_a_running_desk_is_killed_first_and_nothing_of_it_stays(street: Street) -> None:
    desk = street.desk(2)
    porter, child = desk.porter, desk.child()
    began = time.monotonic()
    done = run("desk", "wipe", "--yes", desk.folder)
    assert time.monotonic() - began < WIPE_SECONDS + 1  # the time to start the program included
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"The keys of this desk are destroyed, and its store with them.\n{CANNOT}\n"
    assert gone(child)
    assert desk.ended
    assert porter != child
    assert not desk.folder.exists()
    del street.desks[2]


def test_a_process_that_serves_on_is_said(folder: Path) -> None:
    with (folder / "desk.lock").open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        done = run("desk", "wipe", folder, typed="wipe\n")
    assert done.returncode == 1
    assert "turn the computer off now" in done.stdout
    assert not folder.exists()


@pytest.mark.parametrize("typed", ["", "\n", "yes\n", "WIPE it\n", "wip\n"])
def test_another_word_does_nothing(folder: Path, typed: str) -> None:
    done = run("desk", "wipe", folder, typed=typed)
    assert done.returncode == 2
    assert done.stderr == "Nothing was done; start again and type the word that is asked for.\n"
    assert (folder / "officer.key").read_bytes() == KEY


def test_the_word_wipes_and_the_command_says_what_it_cannot(folder: Path) -> None:
    done = run("desk", "wipe", folder, typed="wipe\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Type the word wipe" in done.stdout
    assert CANNOT in done.stdout
    assert not folder.exists()


# ---- the reminder -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def running(street: Street) -> RunningDesk:
    """A desk of casework whose first sync has counted the case that waits."""
    desk = street.desk(1, unlocked=False)
    assert desk.post("/en/locked/", passphrase=desk.passphrase).location == "/en/queue/"
    for _ in range(200):
        if run("waiting", desk.folder).stdout not in ("", "0\n"):
            break
        time.sleep(0.2)
    return desk


def test_waiting_prints_one_number_and_it_is_the_one_on_the_screen(running: RunningDesk) -> None:
    done = run("waiting", running.folder)
    assert (done.returncode, done.stderr) == (0, "")
    menu = running.get("/en/queue/").text.split('<div class="me">')[0]
    counted = [int(count) for count in re.findall(r'<b class="count">([0-9]+)', menu)]
    assert done.stdout == f"{sum(counted)}\n"
    assert sum(counted) > 0


def test_the_number_stands_after_a_lock(running: RunningDesk) -> None:
    before = run("waiting", running.folder).stdout
    running.post("/en/lock/")
    assert running.get("/en/queue/").location == "/en/locked/"
    assert run("waiting", running.folder).stdout == before


def test_the_socket_is_its_owners_and_says_nothing_else(running: RunningDesk) -> None:
    assert stat.S_IMODE((running.folder / "desk.sock").stat().st_mode) == 0o600
    number = run("waiting", running.folder).stdout.encode()
    for said in (b"", b"wipe\n", b"x" * 100_000):
        with reminder.connect(running.folder) as ringing:
            try:
                ringing.sendall(said)
                answer = b"".join(iter(lambda: ringing.recv(100), b""))
            except (BrokenPipeError, ConnectionResetError):
                continue  # it was not read
            assert answer == number
    assert run("waiting", running.folder).stdout.encode() == number


def test_no_desk_that_runs_is_one_sentence(folder: Path) -> None:
    for place in (folder, folder / "nowhere"):
        done = run("waiting", place)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("No desk runs in this folder;")
        assert done.stderr.count("\n") == 1


@pytest.fixture
def bell(folder: Path) -> Iterator[socket.socket]:
    made = reminder.hang(folder)
    yield made
    reminder.take_down(folder, made)


@pytest.mark.parametrize("number", [0, 7, 999_999_999])
def test_a_number_goes_over(folder: Path, bell: socket.socket, number: int) -> None:
    with reminder.connect(folder) as ringing:
        assert reminder.listener(ringing) == os.getpid()
        reminder.answer(bell, number)
        assert ringing.recv(100) == b"%d\n" % number


@pytest.mark.parametrize("said", [b"", b"1", b"01\n", b"-1\n", b"1\n\n", b"1234567890\n", b"\xd9\xa1\n", b"x" * 50])
def test_what_is_not_a_number_is_not_printed(folder: Path, bell: socket.socket, said: bytes) -> None:
    def speak() -> None:
        bell.settimeout(5)
        caller, _ = bell.accept()
        with caller:
            caller.sendall(said)

    thread = threading.Thread(target=speak)
    thread.start()
    with pytest.raises((NothingCounted, DeskNotRunning)):
        reminder.ask(folder)
    thread.join()


def test_a_deep_folder_has_its_socket_too(tmp_path: Path) -> None:
    deep = tmp_path / "/".join(["a" * 50] * 4)
    deep.mkdir(parents=True)
    made = reminder.hang(deep)
    reminder.connect(deep).close()
    reminder.take_down(deep, made)
    assert list(deep.iterdir()) == []
