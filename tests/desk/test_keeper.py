"""The keeper's program against a real front, killed again and again; and `poruch sync` at the keyboard."""

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from command import lines, run
from front.process import Front, free_port, make_folder
from poruch.desk import council, keeping
from poruch.desk.mirror import Mirror, pause, read_key, relay_for
from poruch.desk.program import Desk
from poruch.desk.wipe import wipe
from poruch.errors import RelayUnreachable
from poruch.events.kinds import NoticePublished
from poruch.journal.folder import Folder
from poruch.journal.sync import HttpRelay
from story.village import PASSPHRASE, Village, found_village

SRC = Path(__file__).parents[2] / "src"
SOON = """
import sys
from pathlib import Path
from poruch.desk import mirror
mirror.pause = lambda: 0.05
sys.exit(mirror.run_keeper(Path(sys.argv[1]), sys.argv[2]))
"""


@dataclass
class Fund:
    """A village at a real front."""

    village: Village
    front: Front
    folder: Path

    @property
    def desk(self) -> Desk:
        return self.village.desks[2]


@pytest.fixture(scope="module")
def fund(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fund]:
    folder = tmp_path_factory.mktemp("keeper")
    village = found_village(folder / "desks", day=datetime.now(UTC).date())
    home, port = folder / "front", free_port()
    make_folder(home, SimpleNamespace(id=village.desks[1].fund))  # type: ignore[arg-type]
    command = [sys.executable, "-m", "poruch.front.server", "serve", str(home), "127.0.0.1", str(port)]
    front = Front(home, folder / "out", folder / "temp", None, port, command)  # type: ignore[arg-type]
    front.start()
    try:
        for number, desk in village.desks.items():
            desk.relay = HttpRelay(front.address, number, desk.key.signing, village.clock)
        village.desks[1].relay.push(village.front.segments)  # type: ignore[union-attr]
        key = keeping.name_keeper(village.desks[2])
        village.desks[2].push()
        keeper = folder / "keeper"
        keeper.mkdir(mode=0o700)
        (keeper / "keeper.key").write_bytes(key.file)
        yield Fund(village, front, keeper)
        village.close()
    finally:
        front.stop()


def start(fund: Fund) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", SOON, str(fund.folder), fund.front.address]
    environment = {**os.environ, "PYTHONPATH": str(SRC)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment)


def test_a_keeper_killed_again_and_again_has_all_in_the_end(fund: Fund) -> None:
    kept = Folder(fund.folder, fund.desk.fund, fund.village.clock)
    bodies = set()
    for at in range(8):
        fund.village.desks[1].act([NoticePublished("note", f"Notice {at}.")])
        bodies.add(fund.village.desks[1].keep_body(os.urandom(3000), pushed=False))
        fund.village.desks[1].push()
        process = start(fund)
        time.sleep(0.35 + at / 20)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert all(kept.body(sha256) for sha256 in kept.body_hashes())
    process = start(fund)
    wanted = {signed.id for signed in fund.village.desks[1].held}
    deadline = time.monotonic() + 60
    while not (
        {one.id for pack in kept.segments_beyond({}) for one in pack} >= wanted and kept.body_hashes() >= bodies
    ):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert process.stdout is not None
    said = process.stdout.readline().decode()  # all may be there before this one has said a word
    process.terminate()
    said += process.communicate()[0].decode()
    assert "can open nothing" in said
    assert not kept.troubles


def test_a_keeper_reads_and_does_nothing_else(fund: Fund) -> None:
    relay = relay_for(read_key(fund.folder), fund.front.address, fund.village.clock)
    assert relay.heads()
    with pytest.raises(RelayUnreachable):
        relay.put_body(b"body")
    with pytest.raises(RelayUnreachable):
        relay.push(fund.desk.held[:1])
    with pytest.raises(RelayUnreachable):
        relay.take_tags("batch", [bytes(32)])


def test_between_two_rounds_is_less_than_a_minute_and_never_the_same() -> None:
    waits = [pause() for _ in range(1000)]
    assert 15 <= min(waits) < max(waits) <= 55
    assert len(set(waits)) > 900


def test_the_keeper_of_a_suspended_officer_gets_nothing_more(fund: Fund) -> None:
    village = fund.village
    key = keeping.name_keeper(village.desks[5])
    village.desks[5].push()
    mirror = Mirror(
        Folder(fund.folder, fund.desk.fund, village.clock), relay_for(key, fund.front.address, village.clock)
    )
    mirror.go_round()
    one = village.desks[1]
    one.sync()
    council.suspend(one, 5, "He was arrested.")
    one.push()
    with pytest.raises(RelayUnreachable) as refused:
        mirror.go_round()
    assert refused.value.detail.endswith(("answered 401", "answered 403"))


def test_sync_with_a_folder_at_the_keyboard(fund: Fund, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    desk = fund.village.desks.pop(3)
    desk.close()
    home = desk.folder
    wrong = run("sync", "--folder", tmp_path / "nowhere", home, typed=lines([PASSPHRASE.format(3)]))
    assert wrong.returncode == 2
    assert "The folder cannot be used" in wrong.stderr
    done = run("sync", "--folder", stick, home, "--front", fund.front.address, typed=lines([PASSPHRASE.format(3)]))
    assert done.returncode == 0, done.stderr
    assert "Segments: 0 to this desk" in done.stdout
    gone = f"http://127.0.0.1:{free_port()}"
    carried = run("sync", "--folder", fund.folder, home, "--front", gone, typed=lines([PASSPHRASE.format(3)]))
    assert carried.returncode == 2
    assert "The front does not answer" in carried.stderr
    assert "to the folder" in carried.stdout  # the stick was carried all the same


def test_a_desk_that_runs_is_synced_in_its_tab(fund: Fund, tmp_path: Path) -> None:
    home = fund.village.desks[4].folder
    with (home / "desk.lock").open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        refused = run("sync", "--folder", tmp_path, home, typed=lines([PASSPHRASE.format(4)]))
    assert refused.returncode == 2
    assert "in its tab open Journal" in refused.stderr


def test_a_keeper_without_its_key_says_where_it_comes_from(tmp_path: Path) -> None:
    nothing = run("keeper", tmp_path, "--front", "http://127.0.0.1:9")
    assert nothing.returncode == 2
    assert "under Officers" in nothing.stderr


def test_a_wiped_desk_leaves_no_keeper_behind(fund: Fund) -> None:
    desk = fund.village.desks.pop(1)
    keeping.name_keeper(desk)
    Folder(desk.folder / "collected", desk.fund, fund.village.clock).keep_body(b"sealed")
    desk.close()
    left = wipe(desk.folder).left
    assert not [name for name in left if "keeper" in name or "collected" in name]
