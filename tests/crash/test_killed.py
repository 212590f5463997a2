"""kill -9, again and again: what was acknowledged is there after the next start."""

import hashlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from crash.read_desk import Moments, lost_found, read_found, read_store
from crash.real_front import line_to, village_and_front
from crash.trace import environment
from front.browser import submit
from front.fund import make_fund
from front.process import Front, new_front, today
from poruch.desk.program import open_desk
from poruch.errors import RelayUnreachable
from poruch.journal.frames import join
from poruch.journal.segments import SignedSegment
from story.village import PASSPHRASE


class Load:
    """People and desks that send all the time; what they were told is stored."""

    def __init__(self, front: Front) -> None:
        """Begins at once."""
        self._front, self._over = front, threading.Event()
        self.bodies: set[bytes] = set()
        self.stories = 0
        works = [self._desk, self._desk, self._desk, self._person]
        self._threads = [threading.Thread(target=work, args=(1 + at % 3,)) for at, work in enumerate(works)]
        for thread in self._threads:
            thread.start()

    def _desk(self, number: int) -> None:
        relay = self._front.relay(number)
        while not self._over.is_set():
            body = os.urandom(2000)
            try:
                relay.put_body(body)
                self.bodies.add(hashlib.sha256(body).digest())
            except RelayUnreachable:
                time.sleep(0.02)

    def _person(self, number: int) -> None:
        while not self._over.is_set():
            try:
                submit(self._front.browser)
                self.stories += 1
            except (OSError, AssertionError, ConnectionError, ValueError):
                time.sleep(
                    0.02
                )  # cut off in the middle, or the form's key was lost with the process: not told "stored"
            except Exception as error:  # a cut answer
                if "http.client" not in type(error).__module__:
                    raise

    def end(self) -> None:
        """No more."""
        self._over.set()
        for thread in self._threads:
            thread.join(60)


def kill(front: Front) -> None:
    assert front.process is not None
    front.process.kill()
    front.process.wait(20)


def kill_the_front(folder: Path, times: int, least: int) -> None:
    """Kill it under load and start it again."""
    front = new_front(folder, make_fund())
    load = Load(front)
    chance = random.Random(times)  # noqa: S311
    try:
        for _ in range(times):
            aim = len(load.bodies) + chance.randint(5, 60)
            deadline = time.monotonic() + 30
            while len(load.bodies) < aim and time.monotonic() < deadline:
                time.sleep(0.002)
            kill(front)
            front.start()
    finally:
        load.end()
    try:
        assert front.rows("PRAGMA integrity_check") == [("ok",)]
        kept = {bytes.fromhex(str(sha256)) for (sha256,) in front.rows("SELECT sha256 FROM front_body")}
        assert load.bodies <= kept
        [[stories]] = front.rows("SELECT count(*) FROM front_drop")
        assert isinstance(stories, int)
        assert load.stories <= stories
        assert len(load.bodies) >= least
        print(
            f"front: killed {times} times, {len(load.bodies)} bodies and {load.stories} stories acknowledged, none lost"
        )
    finally:
        front.stop()


def test_a_front_that_is_killed_under_load_loses_nothing(tmp_path: Path) -> None:
    kill_the_front(tmp_path, 4, 20)


@pytest.mark.long
def test_a_front_that_is_killed_a_hundred_times_loses_nothing(tmp_path: Path) -> None:
    kill_the_front(tmp_path, 100, 500)


def killed_after(folder: Path, work: list[str], lines: int, desk: Path | None = None) -> tuple[str, ...]:
    """Start a desk's work, kill it after so many acknowledgements; all that it acknowledged."""
    told, home = folder / "told", desk or folder / "desk"
    home.mkdir(exist_ok=True)
    told.touch()
    command = [sys.executable, "-P", "-m", "crash.work_desk", str(home), str(told), *work]
    running = subprocess.Popen(command, env=environment())
    try:
        while running.poll() is None and told.read_bytes().count(b"\n") < lines:
            time.sleep(0.0005)
    finally:
        if running.poll() is None:
            running.send_signal(signal.SIGKILL)
        assert running.wait(20) in (0, -signal.SIGKILL)
    return tuple(told.read_text().splitlines())


def kill_the_store(folder: Path, segments: list[SignedSegment], times: int) -> None:
    """Each time at another moment."""
    (folder / "given").write_bytes(join(signed.raw for signed in segments))
    moments, chance = Moments(segments), random.Random(times)  # noqa: S311
    for at in range(times):
        (folder / str(at)).mkdir()
        told = killed_after(
            folder / str(at), ["store", str(folder / "given")], chance.randint(0, len(moments.moments) - 2)
        )
        if (folder / str(at) / "desk" / "desk.db").exists():
            assert moments.lost(read_store(folder / str(at) / "desk"), told) == []
        else:
            assert told == ()


def kill_the_founder(folder: Path, times: int) -> None:
    """Each time after another acknowledgement."""
    for at in range(times):
        (folder / f"found{at}").mkdir()
        told = killed_after(folder / f"found{at}", ["found"], at % 9)
        assert list(lost_found(read_found(folder / f"found{at}" / "desk"), told)) == []


def test_a_desk_that_is_killed_loses_nothing(tmp_path: Path) -> None:
    kill_the_store(tmp_path, make_fund().segments[-9:], 6)
    kill_the_founder(tmp_path, 4)


def kill_the_syncing_desk(folder: Path, times: int) -> None:
    """Acts and syncs with a real front, is killed, and goes on where it was."""
    village, front = village_and_front(folder)
    village.close()
    home, phrase, chance = village.desks[3].folder, PASSPHRASE.format(3), random.Random(times)  # noqa: S311
    relay = line_to(front.address, village, 3)
    told: tuple[str, ...] = ()
    try:
        for _ in range(times):
            told = killed_after(folder, ["sync", front.address, phrase], len(told) + chance.randint(1, 9), home)
        desk = open_desk(home, phrase, lambda key: relay, today)
        words = [line.split() for line in told]
        here = {signed.id.hex() for signed in desk.held}
        there = {signed.id.hex() for signed in relay.segments_beyond({})}
        assert {name for what, name, *_ in words if what == "here"} <= here
        assert {name for what, name, *_ in words if what == "there"} <= there
        assert all(relay.body(bytes.fromhex(line[2])) is not None for line in words if line[0] == "there")
        desk.sync()
        assert {signed.id.hex() for signed in relay.segments_beyond({})} == {signed.id.hex() for signed in desk.held}
        assert not desk.chains.forks
        desk.close()
        print(f"desk: killed {times} times, {len(words)} acknowledgements, none lost")
    finally:
        front.stop()


def test_a_desk_that_is_killed_while_it_syncs_goes_on(tmp_path: Path) -> None:
    kill_the_syncing_desk(tmp_path, 4)


@pytest.mark.long
def test_a_desk_that_is_killed_while_it_syncs_a_hundred_times_goes_on(tmp_path: Path) -> None:
    kill_the_syncing_desk(tmp_path, 100)


@pytest.mark.long
def test_a_desk_that_is_killed_hundreds_of_times_loses_nothing(tmp_path: Path) -> None:
    kill_the_store(tmp_path, make_fund().segments, 200)
    kill_the_founder(tmp_path, 100)
