"""Every way to lock ends the process with the keys, and the tab that was open goes on with the next one."""

import os
import signal
import socket
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest

from desk.street import RunningDesk, Street
from poruch.cases.presence import Presence
from poruch.desk.porter import Doorplate, Porter, Word
from poruch.desk.server import idle_minutes, main
from poruch.desk.site.room import Room
from poruch.errors import DeskEnded, PoruchError, WrongPassphrase

LOCK_SECONDS = 1.0


@pytest.fixture
def desk(street: Street) -> Iterator[RunningDesk]:
    """An officer's desk, unlocked by him and so not unattended."""
    made = street.desk(1, unlocked=False)
    assert made.post("/en/locked/", passphrase=made.passphrase).location == "/en/queue/"
    yield made
    if made.get("/en/queue/").status == 200:
        made.post("/en/lock/")


def gone(pid: int) -> bool:
    """Whether a process ended, soon."""
    for _ in range(300):
        if not Path(f"/proc/{pid}").exists():
            return True
        time.sleep(0.01)
    return False


def test_the_button_ends_the_process_and_the_tab_lives_on(desk: RunningDesk) -> None:
    before, plate = desk.child(), (desk.authority, desk.cookie, desk.token)
    began = time.monotonic()
    answer = desk.post("/be/lock/")
    page = desk.follow(answer)
    assert time.monotonic() - began < LOCK_SECONDS
    assert answer.location == "/be/locked/"
    assert answer.headers["Connection"] == "close"
    assert "Гэты стол замкнёны" in page.text
    assert gone(before)
    assert desk.post("/en/locked/", passphrase=desk.passphrase).location == "/en/queue/"  # same cookie, same form token
    assert (desk.authority, desk.cookie, desk.token) == plate
    assert desk.child() != before


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV])
def test_a_child_that_is_ended_from_outside_is_a_locked_desk(desk: RunningDesk, sign: signal.Signals) -> None:
    before = desk.child()
    os.kill(before, sign)
    assert gone(before)
    assert desk.get("/en/queue/").location == "/en/locked/"
    assert desk.follow(desk.get("/en/queue/")).text.count("This desk is locked") == 2


def test_the_start_address_is_used_up_for_the_next_child_too(desk: RunningDesk) -> None:
    desk.post("/en/lock/")
    again = desk.ask("GET", urlsplit(desk.url).path, headers={"Sec-Fetch-Site": "none", "Cookie": desk.cookie})
    assert (again.status, "Set-Cookie" in again.headers) == (403, False)


def test_many_locks_in_a_row_lose_no_answer(desk: RunningDesk) -> None:
    for _ in range(5):
        assert desk.follow(desk.post("/en/lock/")).status == 200
        assert desk.post("/en/locked/", passphrase=desk.passphrase).location == "/en/queue/"
        assert desk.get("/en/queue/").status == 200


def test_a_front_that_never_answers_does_not_keep_a_desk_open(street: Street) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        relay = f"http://127.0.0.1:{silent.getsockname()[1]}"
        folder = street.village.desks[5].folder
        desk = RunningDesk(folder, relay, "correct horse battery of 5", street.village.clock(), False).start().enter()
        street.desks[5] = desk
        assert desk.post("/en/locked/", passphrase=desk.passphrase).location == "/en/queue/"
        waits, _ = silent.accept()  # the sync has begun, holds the desk, and waits
        with waits:
            before, began = desk.child(), time.monotonic()
            assert "This desk is locked" in desk.follow(desk.post("/en/lock/")).text
            assert time.monotonic() - began < LOCK_SECONDS
            assert gone(before)


def test_an_open_desk_tells_its_tab_when_to_go(desk: RunningDesk, street: Street) -> None:
    assert desk.get("/en/queue/").headers["Refresh"] == "602; url=/en/rest/"
    assert desk.get("/be/case/" + "0" * 32 + "/").headers["Refresh"] == "602; url=/be/rest/"
    assert desk.get("/en/rest/").status == 204  # there was work in another tab: this one stays
    desk.post("/en/lock/")
    assert "Refresh" not in desk.get("/en/locked/").headers
    assert desk.get("/en/rest/").location == "/en/locked/"
    assert "Refresh" not in street.desk(2).get("/en/queue/").headers  # unattended, as in the demo


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGKILL, signal.SIGHUP, signal.SIGINT])
def test_no_child_outlives_its_porter(street: Street, sign: signal.Signals) -> None:
    desk = street.desk(3)
    child = desk.child()
    os.kill(desk.porter, sign)
    assert gone(child)
    for _ in range(300):
        if desk.ended:
            break
        time.sleep(0.01)
    assert desk.stop() == ""
    assert (desk.folder / "desk.sock").exists() is (sign == signal.SIGKILL)
    del street.desks[3]
    assert street.desk(3).get("/en/queue/").status == 200  # the folder is free at once


def test_a_wrong_passphrase_at_the_start_is_one_sentence(street: Street) -> None:
    first = street.desk(4)
    assert first.stop() == ""
    del street.desks[4]
    wrong = RunningDesk(first.folder, first.relay, "not this one at all", first.day)
    with pytest.raises(AssertionError) as refused:
        wrong.start()
    assert str(refused.value).startswith("The passphrase does not open this key file.\n")


# ---- rest -------------------------------------------------------------------------------------


class Silent(Word):
    """A way to a porter who does not listen."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def _say(self, line: str) -> None:
        self.said.append(line)


class WithoutHours:
    """A desk whose officer set no hours within which he appears, so that it writes nothing when he does."""

    number, idle, speaks = 1, False, True
    view = SimpleNamespace(presence=Presence())

    def now(self) -> datetime:
        """A moment of the first day."""
        return datetime(2026, 9, 1, 12, tzinfo=UTC)


def resting_room(clock: list[float], *, unattended: bool = False, minutes: int = 10) -> Room:
    """A room that thinks its desk is open, and a clock that the test turns."""
    room = Room(Path("."), "", lambda: date(2026, 9, 1), Doorplate(1), Silent(), unattended, minutes)
    room.clock = lambda: clock[0]
    room.desk = WithoutHours()  # type: ignore[assignment]
    room.touch()
    return room


@pytest.mark.parametrize("minutes", [1, 10, 120])
def test_a_desk_rests_after_its_idle_minutes_and_not_before(minutes: int) -> None:
    clock = [1000.0]
    room = resting_room(clock, minutes=minutes)
    clock[0] += minutes * 60
    assert not room.is_resting
    clock[0] += 1
    assert room.is_resting
    room.touch()
    assert not room.is_resting


def test_an_unattended_desk_and_a_locked_one_do_not_rest() -> None:
    clock = [0.0]
    unattended, locked = resting_room(clock, unattended=True), resting_room(clock)
    locked.desk = None
    clock[0] += 1e6
    assert not unattended.is_resting
    assert not locked.is_resting


def test_a_locking_room_shows_nothing_and_leaves_once() -> None:
    room, left = resting_room([0.0]), []
    room.on_leaving = lambda: left.append(True)
    room.lock_up()
    room.lock_up()
    assert (room.desk, room.leaving, left) == (None, True, [True])


@pytest.mark.parametrize("typed", ["0", "121", "-1", "ten", "", "1.5"])
def test_impossible_idle_minutes_are_refused(typed: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError):
        idle_minutes(typed)
    with pytest.raises(SystemExit):
        main([str(tmp_path), f"--idle-minutes={typed}"])
    assert "--idle-minutes" in capsys.readouterr().err


# ---- what a porter believes -------------------------------------------------------------------


@pytest.fixture
def porter(tmp_path: Path) -> Iterator[Porter]:
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.socket(socket.AF_UNIX) as bell:
        yield Porter(listening, bell, lambda plate, listening, word, first: None)


@pytest.mark.parametrize(
    "line",
    [b"", b"Ready", b"ready ", b"waiting", b"waiting -1", b"waiting 01", b"waiting 1234567890", b"waiting 1 2",
     b"waiting \xd9\xa1", b"failed", b"failed A", b"passphrase x", b"ready\r", b"\xff", b"x" * 5000],
)  # fmt: skip
def test_a_child_that_speaks_out_of_turn_ends_the_desk(porter: Porter, line: bytes) -> None:
    with pytest.raises(DeskEnded):
        porter._hear(line, print)


def test_a_porter_believes_four_things(porter: Porter) -> None:
    urls: list[str] = []
    assert porter._counted() is None
    with pytest.raises(WrongPassphrase):
        porter._hear(b"failed wrong-passphrase", urls.append)
    with pytest.raises(DeskEnded):
        porter._hear(b"failed no-such-error", urls.append)
    porter._hear(b"ready", urls.append)
    porter._hear(b"waiting 12", urls.append)
    assert (porter._counted(), len(urls)) == (12, 1)
    porter._hear(b"failed wrong-passphrase", urls.append)  # too late to be a reason
    token = porter._plate.start_token
    porter._hear(b"started", urls.append)
    assert token
    assert porter._plate.start_token == ""


def test_a_child_that_cannot_start_is_one_error(porter: Porter) -> None:
    def broken(*anything: object) -> None:
        raise PoruchError

    porter._serve = broken
    with pytest.raises(PoruchError, match="poruch-error"):
        porter.keep(print)
    porter._serve = lambda *anything: None
    with pytest.raises(DeskEnded):
        porter.keep(print)
