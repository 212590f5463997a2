"""Running desks that were away: pages are answered meanwhile, a slow front holds nobody up, a locked desk collects."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from desk.street import RelayServer, RunningDesk, Street, open_street
from poruch.desk import keeping
from poruch.events.kinds import NoteWritten
from poruch.journal.folder import Folder
from story.village import PASSPHRASE, Village, found_village

NOTES = 1500


class SlowRelay(RelayServer):
    """A relay that answers when it is let."""

    def __init__(self, front: Any) -> None:
        self.open = threading.Event()
        self.open.set()
        self.asked = threading.Event()
        slow = self

        class Late:
            def __getattr__(self, name: str) -> Any:
                if name == "segments_beyond":
                    slow.asked.set()
                    slow.open.wait(30)
                return getattr(front, name)

        super().__init__(Late())  # type: ignore[arg-type]


@pytest.fixture
def village(tmp_path: Path) -> Village:
    return found_village(tmp_path / "village")


@pytest.fixture
def away(village: Village) -> Iterator[Street]:
    """Desk 2 was away while desk 1 wrote much."""
    asked = village.apply("Alena Persona")
    village.sync()
    for at in range(NOTES):
        village.desks[1].act([NoteWritten(asked.drop, f"{at}")])
    village.desks[1].push()
    village.desks[3].sync()
    for desk in village.desks.values():
        desk.close()
    street = Street(village, SlowRelay(village.front))
    yield street
    assert not [said for said in street.close() if said]


def until(true: Any, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def timed(desk: RunningDesk, path: str) -> tuple[float, Any]:
    begun = time.perf_counter()
    answer = desk.get(path)
    return time.perf_counter() - begun, answer


def test_pages_are_answered_while_much_is_caught_up(away: Street) -> None:
    relay = away.relay
    assert isinstance(relay, SlowRelay)
    relay.open.clear()
    desk = away.desk(2)
    until(relay.asked.is_set)
    relay.open.set()
    times, seen = [], []
    while True:
        took, answer = timed(desk, "/en/journal/")
        times.append(took)
        if "catching up with the journal" in answer.text:
            seen.append(answer)
        elif seen:
            break
        assert answer.status in (200, 503)
        assert len(times) < 3000
    assert "Caught up:" in desk.get("/en/journal/").text
    assert f"{NOTES} of {NOTES}" in seen[-1].text or len(seen) > 3
    shown = [answer for answer in seen if answer.status == 200]
    assert shown
    assert all('<progress max="' in answer.text for answer in seen)
    assert all(answer.headers["Refresh"].startswith("2; url=/en/journal/?again=1") for answer in seen)
    times.sort()
    print(f"\n{len(times)} pages while {NOTES} segments came: median {times[len(times) // 2] * 1000:.0f} ms, "
          f"95 % {times[int(len(times) * 0.95)] * 1000:.0f} ms, longest {times[-1] * 1000:.0f} ms")  # fmt: skip
    assert times[len(times) // 2] < 1.0


def test_a_front_that_does_not_answer_holds_no_page_up(away: Street) -> None:
    relay = away.relay
    assert isinstance(relay, SlowRelay)
    relay.open.clear()
    desk = away.desk(2)
    until(relay.asked.is_set)
    took = min(timed(desk, "/en/journal/")[0] for _ in range(5))
    relay.open.set()
    assert took < 3  # a page that waited for the line would wait thirty seconds


def test_decisions_wait_until_all_is_here_but_a_freeze_does_not(away: Street) -> None:
    relay = away.relay
    assert isinstance(relay, SlowRelay)
    relay.open.clear()
    desk = away.desk(2)
    until(relay.asked.is_set)
    relay.open.set()
    until(lambda: "catching up with the journal" in desk.get("/en/journal/").text)
    refused = desk.post("/en/officers/presence/", hours="72")
    frozen = desk.post("/en/officers/freeze/", reason="They are at the door.")
    assert (refused.status, "catching up" in refused.text) in ((409, True), (503, True)), refused.text[-600:]
    assert frozen.status == 302


def test_nothing_typed_is_loaded_again_under_the_hands(away: Street) -> None:
    relay = away.relay
    assert isinstance(relay, SlowRelay)
    relay.open.clear()
    desk = away.desk(2)
    until(relay.asked.is_set)
    relay.open.set()
    while "catching up with the journal" in desk.get("/en/journal/").text:
        typed = desk.get("/en/officers/freeze/")
        if typed.status == 200:
            assert "again=1" not in typed.headers.get("Refresh", "")


# ---- a folder -----------------------------------------------------------------------------------


def test_a_page_syncs_with_a_folder(village: Village, tmp_path: Path) -> None:
    asked = village.apply("Alena Persona")
    street = open_street(village)
    stick = tmp_path / "stick"
    stick.mkdir()
    desk = street.desk(2)
    assert "Type the whole path" in desk.post("/en/journal/folder/", folder="stick").text
    assert "cannot be used" in desk.post("/en/journal/folder/", folder=str(tmp_path / "nowhere")).text
    assert desk.post("/en/journal/folder/", folder=str(stick)).status == 302
    until(lambda: "Take the stick out" in desk.get("/en/journal/folder/").text)
    folder = Folder(stick, village.front.fund, village.clock)
    assert sum(len(pack) for pack in folder.segments_beyond({})) >= len(village.front.segments)
    assert folder.body_hashes()
    assert asked.drop
    assert not [said for said in street.close() if said]


# ---- a locked desk -------------------------------------------------------------------------------


def children(desk: RunningDesk) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{desk.porter}/task/{desk.porter}/children").read_text().split()]


def test_a_locked_desk_goes_on_collecting_and_only_while_it_is_locked(village: Village) -> None:
    keeping.name_keeper(village.desks[2])
    street = open_street(village)
    folder = village.desks[2].folder
    desk = street.desk(2, unlocked=False)
    until(lambda: len(children(desk)) == 2)
    asked = village.apply("Alena Persona")
    collected = Folder(folder / "collected", village.front.fund, village.clock)
    until(lambda: {drop for drop, _ in collected.drop_names()} >= {asked.drop}, 90)
    for pid in children(desk):
        memory = readable_memory(pid)
        assert PASSPHRASE.format(2).encode() not in memory
    street.relay.close()  # the front is seized before the desk is opened
    assert desk.post("/en/locked/", passphrase=desk.passphrase).location == "/en/queue/"
    until(lambda: len(children(desk)) == 1)
    until(lambda: "I refused." in desk.get("/en/queue/").text)
    desk.post("/en/lock/")
    until(lambda: len(children(desk)) == 2)
    assert [said for said in street.close() if said] == []


def readable_memory(pid: int) -> bytes:
    """What root may read of a process."""
    found = []
    maps = Path(f"/proc/{pid}/maps").read_text().splitlines()
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in maps:
            span, rights = line.split()[:2]
            if rights.startswith("rw"):
                low, high = (int(part, 16) for part in span.split("-"))
                try:
                    memory.seek(low)
                    found.append(memory.read(high - low))
                except OSError:
                    continue
    return b"".join(found)


def test_a_locked_desk_without_a_keeper_has_no_second_process(village: Village) -> None:
    street = open_street(village)
    desk = street.desk(3, unlocked=False)
    time.sleep(0.5)
    assert len(children(desk)) == 1
    assert [said for said in street.close() if said] == []
