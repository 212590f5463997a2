"""A power cut at any moment of a front's writing: nothing acknowledged is lost, and the front opens again."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from crash.disk import Tally
from crash.trace import environment, record
from front.books import Log
from front.fund import Fund, make_fund
from front.process import make_folder
from poruch.crypto.codes import CodeKeys, new_code
from poruch.journal.frames import join

FLOOR, FLOOR_LONG = 500, 2500


@pytest.fixture(scope="module")
def fund() -> Fund:
    return make_fund()


def power_cuts(
    home: Path, work: str, each: int = 0, seed: int = 1, *, given: bytes = b"", drops: int = 18, fault: str = ""
) -> Tally:
    """Record the front in `home`/front at its work, and replay; with a planted fault, until a loss is found."""
    scratch = home / work
    scratch.mkdir()
    (scratch / "given").write_bytes(given)
    more = [str(drops), *([fault] if fault else [])] if work == "drops" else [str(scratch / "given")]
    record(home / "front", "crash.work_front", [work, *more], scratch)
    program = [
        sys.executable,
        "-P",
        "-m",
        "crash.read_front",
        str(scratch),
        work,
        str(each),
        str(seed),
        str(int(bool(fault))),
    ]
    done = subprocess.run(program, capture_output=True, check=False, env=environment(), text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    tally = Tally(**json.loads(done.stdout))
    print(f"front, {work}{' with ' + fault if fault else ''}: {tally}")
    return tally


def assert_good(tally: Tally, floor: int) -> None:
    assert tally.lost == []
    assert tally.corrupt == []
    assert tally.cuts >= floor
    assert tally.disks >= floor // 5


def with_segments(home: Path, fund: Fund, more: int) -> None:
    """A front in `home` that holds the fund, but for its last segments."""
    make_folder(home / "front", fund)
    given, module = home / "fund", [sys.executable, "-P", "-m", "crash.work_front"]
    given.write_bytes(join(signed.raw for signed in fund.segments[: len(fund.segments) - more]))
    work = [*module, str(home / "front"), os.devnull, "segments", str(given)]
    subprocess.run(work, check=True, env=environment())


def test_no_drop_is_lost(tmp_path: Path, fund: Fund) -> None:
    make_folder(tmp_path / "front", fund)
    assert_good(power_cuts(tmp_path, "drops"), FLOOR)


def test_no_segment_is_lost(tmp_path: Path, fund: Fund) -> None:
    make_folder(tmp_path / "front", fund)
    assert_good(power_cuts(tmp_path, "segments", each=1, given=join(s.raw for s in fund.segments)), FLOOR)


def publications(fund: Fund, count: int) -> bytes:
    log = Log(fund)
    keys = CodeKeys.from_code(new_code(), fund.charter.code_salt)
    return join(log.next_epoch((1000, 2500), {"grants": (700,)}, keys)[0] for _ in range(count))


def test_the_log_shows_a_checkpoint_only_with_its_files(tmp_path: Path, fund: Fund) -> None:
    with_segments(tmp_path, fund, 0)
    assert_good(power_cuts(tmp_path, "files", each=3, given=publications(fund, 2)), FLOOR)


@pytest.mark.parametrize("fault", ["early", "NORMAL", "OFF"])
def test_an_early_acknowledgement_is_caught(tmp_path: Path, fund: Fund, fault: str) -> None:
    make_folder(tmp_path / "front", fund)
    tally = power_cuts(tmp_path, "drops", fault=fault)
    assert tally.lost


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2, 6))
def test_none_is_lost_at_thousands_of_cuts(tmp_path: Path, fund: Fund, seed: int) -> None:
    with_segments(tmp_path, fund, 9)
    assert_good(power_cuts(tmp_path, "drops", 6, seed, drops=48), FLOOR_LONG)
    assert_good(power_cuts(tmp_path, "segments", 12, seed, given=join(s.raw for s in fund.segments[-9:])), FLOOR)
    assert_good(power_cuts(tmp_path, "files", 12, seed, given=publications(fund, 4)), FLOOR_LONG)
