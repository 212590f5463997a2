"""The front's writer on a real PostgreSQL, beside the same writer on SQLite; only where its wheel is installed.

Sixteen people send at once, sealed drops of 8 KiB, one process. Both fill their disks as they do for people: a drop
counts when it is safe. CPU is that of the front; the server's own runs beside it, on another machine perhaps.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from poruch.drills.bench_measure import Bench, Row, rate_row, row
from poruch.drills.postgresql import programs, standing_server
from poruch.front.dropstore import DropStore, NewDrop
from poruch.front.place import FILE

SENDERS, DROPS, TURNS, BODY_BYTES = 16, 800, 5, 8192
HUNDREDTH = 0.99


@dataclass(frozen=True)
class _Turn:
    """What one turn of DROPS drops took: seconds in all, CPU seconds of this process, the p99 of waiting."""

    wall: float
    cpu: float
    slow: float


def _make_tables(folder: Path) -> None:
    """In a process of its own: one process has one front."""
    command = [sys.executable, "-P", "-m", "poruch.front.server", "create", str(folder), "00" * 32]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})


def _turn(store: DropStore, pool: ThreadPoolExecutor) -> _Turn:
    day = datetime.now(UTC).date()

    def send(_: int) -> float:
        name, body = os.urandom(16).hex(), os.urandom(BODY_BYTES)
        began = time.perf_counter()
        assert store.put(NewDrop(name, name, name, "submission", day, name, body, name))
        return time.perf_counter() - began

    wall, cpu = time.perf_counter(), time.process_time()
    waits = sorted(pool.map(send, range(DROPS)))
    return _Turn(time.perf_counter() - wall, time.process_time() - cpu, waits[int(len(waits) * HUNDREDTH)])


@cache
def _measured() -> tuple[_Turn, _Turn]:
    """Medians of turns taken alternately: PostgreSQL and SQLite."""
    with ExitStack() as standing:
        server = standing.enter_context(standing_server())
        pool = standing.enter_context(ThreadPoolExecutor(SENDERS))
        stores = []
        for line in (server.new_database(), ""):
            folder = Path(standing.enter_context(tempfile.TemporaryDirectory(prefix="poruch-bench-")))
            if line:
                (folder / FILE).touch(0o600)
                (folder / FILE).write_text(line)
            _make_tables(folder)
            stores.append(DropStore(folder))
        turns = [[_turn(store, pool) for store in stores] for _ in range(TURNS + 1)][1:]
    ours, theirs = (
        _Turn(*(statistics.median(getattr(pair[at], name) for pair in turns) for name in ("wall", "cpu", "slow")))
        for at in (0, 1)
    )
    return ours, theirs


def _cpu(what: str) -> Row:
    ours, theirs = _measured()
    return row(what, "ms", ours.cpu / DROPS * 1e3, theirs.cpu / DROPS * 1e3)


def _rate(what: str) -> Row:
    ours, theirs = _measured()
    return rate_row(what, "drops/s", DROPS / ours.wall, DROPS / theirs.wall)


def _slow(what: str) -> Row:
    ours, theirs = _measured()
    return row(what, "ms", ours.slow * 1e3, theirs.slow * 1e3)


BENCHES = (
    (
        Bench("drop to PostgreSQL beside SQLite, CPU", "<= 2.0 ms", _cpu),
        Bench("drops a second, PostgreSQL beside SQLite", ">= 500/s", _rate),
        Bench("wait for PostgreSQL beside SQLite, p99", "< 100 ms", _slow),
    )
    if programs() is not None
    else ()
)
