"""A power cut at any moment of a desk's writing: the store is at the last act or the one before, never between."""

from pathlib import Path

import pytest

from crash.disk import Tally
from crash.read_desk import Moments, lost_found, read_folder, read_found, read_store
from crash.replay import home_of_disks, replay
from crash.trace import record
from front.fund import make_fund
from poruch.journal.frames import join
from poruch.journal.segments import SignedSegment

FLOOR, FLOOR_LONG = 500, 5000


@pytest.fixture(scope="module")
def segments() -> list[SignedSegment]:
    return make_fund().segments


def store_cuts(home: Path, given: list[SignedSegment], each: int = 0, seed: int = 1, fault: str = "") -> Tally:
    """Record a store at its work, and replay."""
    for name in ("desk", "scratch"):
        (home / name).mkdir()
    (home / "given").write_bytes(join(signed.raw for signed in given))
    arguments = ["store", str(home / "given"), *([fault] if fault else [])]
    run = record(home / "desk", "crash.work_desk", arguments, home / "scratch")
    with home_of_disks() as disks:
        tally = replay(
            run, Path(disks) / "disk", read_store, Moments(given).lost, each=each, seed=seed, enough=int(bool(fault))
        )
    print(f"desk, store{' with ' + fault if fault else ''}: {tally}")
    return tally


def found_cuts(home: Path, each: int = 0, seed: int = 1) -> Tally:
    """Record the founding of a desk, and replay."""
    for name in ("desk", "scratch"):
        (home / name).mkdir()
    run = record(home / "desk", "crash.work_desk", ["found"], home / "scratch")
    with home_of_disks() as disks:
        tally = replay(run, Path(disks) / "disk", read_found, lost_found, each=each, seed=seed)
    print(f"desk, founding: {tally}")
    return tally


def folder_cuts(home: Path, given: list[SignedSegment], each: int = 0, seed: int = 1) -> Tally:
    """Record a sync with a folder, and replay."""
    for name in ("shared", "scratch"):
        (home / name).mkdir()
    (home / "given").write_bytes(join(signed.raw for signed in given))
    run = record(home / "shared", "crash.work_desk", ["folder", str(home / "given")], home / "scratch")
    with home_of_disks() as disks:
        tally = replay(run, Path(disks) / "disk", read_folder, lost_found, each=each, seed=seed)
    print(f"desk, folder: {tally}")
    return tally


def assert_good(tally: Tally, floor: int, disks: int = 100) -> None:
    assert tally.lost == []
    assert tally.corrupt == []
    assert tally.cuts >= floor
    assert tally.disks >= disks


def test_a_store_is_at_one_moment_and_none_acknowledged_is_lost(tmp_path: Path, segments: list[SignedSegment]) -> None:
    assert_good(store_cuts(tmp_path, segments[-9:]), FLOOR)


def test_a_founder_keeps_his_key_and_his_fund(tmp_path: Path) -> None:
    assert_good(found_cuts(tmp_path), FLOOR)


def test_a_folder_keeps_what_was_carried_there(tmp_path: Path, segments: list[SignedSegment]) -> None:
    assert_good(folder_cuts(tmp_path, segments[-9:], each=4), FLOOR, disks=20)


@pytest.mark.parametrize("fault", ["early", "NORMAL", "OFF"])
def test_an_early_acknowledgement_is_caught(tmp_path: Path, segments: list[SignedSegment], fault: str) -> None:
    assert store_cuts(tmp_path, segments[-4:], fault=fault).lost


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2, 6))
def test_none_is_lost_at_thousands_of_cuts(tmp_path: Path, segments: list[SignedSegment], seed: int) -> None:
    assert_good(store_cuts(tmp_path, segments, each=4, seed=seed), FLOOR_LONG)


@pytest.mark.long
def test_a_founder_keeps_them_at_thousands_of_cuts(tmp_path: Path) -> None:
    assert_good(found_cuts(tmp_path, each=12, seed=2), 2500)
