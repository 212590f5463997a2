"""A desk that starts from its snapshot has the state of one that folds everything; one that does not fit is nothing."""

import io
import os
import pickle
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from poruch.desk import casework, snapshots
from poruch.desk.program import Desk
from poruch.errors import DiskFull
from poruch.events.kinds import NoteWritten
from poruch.journal import folds
from poruch.journal.store import MemoryStore
from story.village import Village, found_village


@pytest.fixture
def village(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Village]:
    """A fund with three cases, whose desks keep states often."""
    monkeypatch.setattr(folds, "NEAR", 4)
    monkeypatch.setattr(snapshots, "SHORT", 4)
    made = found_village(tmp_path)
    for number in range(3):
        made.apply(f"Person {number}")
    made.sync(2)
    desk = made.desks[1]
    for case in desk.cases.cases.values():
        casework.take(desk, case)
    made.sync(2)
    yield made
    made.close()


def again(desk: Desk) -> Desk:
    """The same desk, started again while the other one is still there."""
    return Desk(desk.folder, desk.key, desk.fund, desk.relay, desk.today)


def keep(desk: Desk) -> None:
    desk.folding.keep_opened()
    desk.snapshots.keep(closing=True)
    assert desk.store.snapshot() is not None


def same(found: Desk, expected: Desk) -> None:
    for one in fields(expected.view):
        assert getattr(found.view, one.name) == getattr(expected.view, one.name), one.name
    assert found.public == expected.public
    assert found.journal.standing == expected.journal.standing
    assert [one.id for one in found.held] == [one.id for one in expected.held]
    assert [one.raw for one in found.held] == [one.raw for one in expected.held]
    assert found.chains.positions == expected.chains.positions
    assert (found.chains.clock, found.chains.forks) == (expected.chains.clock, expected.chains.forks)
    assert found.chains.roster == expected.chains.roster
    assert (found.one_time_keys, found.faults, found.damaged) == (
        expected.one_time_keys, expected.faults, expected.damaged
    )  # fmt: skip


def test_a_desk_wakes_in_the_state_in_which_it_was(village: Village) -> None:
    desk = village.desks[1]
    assert not desk.snapshots.woken
    keep(desk)
    woken = again(desk)
    assert woken.snapshots.woken
    same(woken, desk)
    woken.refold()
    same(woken, desk)
    woken.store.close()


def test_a_woken_desk_goes_on_like_the_others(village: Village) -> None:
    desk = village.desks[1]
    keep(desk)
    village.desks[1] = woken = again(desk)
    desk.store.close()
    case = next(iter(woken.cases.cases.values()))
    woken.act([NoteWritten(case.id, "The dates agree.")])
    village.apply("Somebody Else")
    village.sync(3)
    same_cases = [sorted(desk.cases.cases) for desk in village.desks.values()]
    assert same_cases == [same_cases[0]] * 5
    assert len(woken.cases.cases) == 4
    assert woken.cases.cases[case.id].notes == village.desks[2].cases.cases[case.id].notes != []


def test_what_came_after_the_snapshot_is_folded_onto_it(village: Village) -> None:
    desk = village.desks[1]
    keep(desk)
    case = next(iter(desk.cases.cases))
    for number in range(3):
        desk.act([NoteWritten(case, f"Note {number}.")])
    woken = again(desk)
    assert woken.snapshots.woken
    same(woken, desk)
    woken.store.close()


def test_a_segment_that_came_before_its_place_throws_it_away(village: Village) -> None:
    desk = village.desks[2]
    case = next(iter(desk.cases.cases))
    late = village.desks[1].act([NoteWritten(case, "Said long ago.")])
    for number in range(12):
        village.desks[3].act([NoteWritten(case, f"Note {number}.")])
        village.desks[4].act([NoteWritten(case, f"Another {number}.")])
    for number in (3, 4):
        desk.take([s for s in village.desks[number].held if s.author == number], pushed=True)
    keep(desk)
    desk.take([late], pushed=True)
    woken = again(desk)
    assert not woken.snapshots.woken
    same(woken, desk)
    woken.store.close()


def test_another_program_does_not_read_it(village: Village, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = village.desks[1]
    keep(desk)
    monkeypatch.setattr(snapshots, "program", lambda: bytes(32))
    woken = again(desk)
    assert not woken.snapshots.woken
    same(woken, desk)
    woken.store.close()


@pytest.mark.parametrize("where", [0, 3, 4, 60, -1])
def test_one_that_is_not_whole_is_nothing(village: Village, where: int) -> None:
    desk = village.desks[1]
    keep(desk)
    kept = bytearray(desk.store.snapshot() or b"")
    kept[where] ^= 1
    desk.store.keep_snapshot(bytes(kept))
    woken = again(desk)
    assert not woken.snapshots.woken
    same(woken, desk)
    woken.store.close()


def test_an_erasure_throws_it_away(village: Village) -> None:
    desk = village.desks[1]
    keep(desk)
    desk.store.erase([os.urandom(32)])
    assert desk.store.snapshot() is None


def test_no_room_for_it_stops_no_act(village: Village, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(state: bytes) -> None:
        raise DiskFull

    desk = village.desks[1]
    monkeypatch.setattr(desk.store, "keep_snapshot", full)
    desk.snapshots.keep(closing=True)
    assert desk.store.snapshot() is None


def test_what_does_not_last_keeps_none(village: Village) -> None:
    desk = village.desks[1]
    other = Desk(desk.folder, desk.key, desk.fund, None, desk.today, store=MemoryStore())
    other.take(village.front.segments, pushed=True)
    other.snapshots.keep(closing=True)
    assert other.store.snapshot() is None


@pytest.mark.parametrize(
    "value",
    [os.system, eval, Path("/"), MemoryStore, snapshots.program],
    ids=["system", "eval", "path", "store", "program"],
)
def test_a_snapshot_makes_values_and_calls_nothing(value: object) -> None:
    with pytest.raises(pickle.UnpicklingError):
        snapshots._Reader(io.BytesIO(pickle.dumps(value, protocol=5))).load()


def test_a_call_in_a_snapshot_is_refused() -> None:
    class Calls:
        def __reduce__(self) -> tuple[object, ...]:
            return os.getcwd, ()

    with pytest.raises(pickle.UnpicklingError):
        snapshots._Reader(io.BytesIO(pickle.dumps(Calls(), protocol=5))).load()
