"""What a front writes, for the recorder: `python -m crash.work_front FOLDER TOLD WORK MORE`.

WORK is `drops` (many people at once; MORE is how many drops, and a fault), `segments` (a desk pushes those of the file
MORE) or `files` (the publications of the file MORE are shown). A fault is a planted mistake of which the tests must
then find losses: `early` answers before the commit, `NORMAL` and `OFF` do not sync it.
"""

import hashlib
import os
import random
import sqlite3
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

from poruch.front import dropstore
from poruch.front.dropstore import DropStore, NewDrop
from poruch.front.server import make_wsgi
from poruch.journal.chains import Outcome
from poruch.journal.frames import split
from poruch.journal.segments import parse_segment

DAY = date(2026, 11, 22)


def body_of(number: int) -> bytes:
    """The sealed bytes of drop `number`."""
    return random.Random(number).randbytes(500 + 97 * number % 4000)  # noqa: S311


def drop_of(number: int) -> NewDrop:
    """Drop `number`; its names are made of its bytes."""
    body = body_of(number)
    name = hashlib.sha256(body).hexdigest()
    return NewDrop(name[:32], name, name, "submission", DAY, name, body, name)


def plant(fault: str) -> None:
    """Break the writer."""
    if fault in ("NORMAL", "OFF"):
        dropstore._OPEN = dropstore._OPEN.replace("= FULL", f"= {fault}")
    elif fault == "early":
        real = dropstore._write
        late: list[list[NewDrop]] = []

        def early(database: sqlite3.Connection, drops: list[NewDrop]) -> list[bool | None]:
            if late:
                real(database, late.pop())
            late.append(drops)
            return [True for _ in drops]

        dropstore._write = early
    elif fault:
        raise ValueError(fault)


def put_drops(folder: Path, told: int, count: int) -> None:
    """Four people at a time send; half way the log is brought into the database, as it is each thousand pages."""
    store = DropStore(folder)

    def put(number: int) -> None:
        assert store.put(drop_of(number))
        os.write(told, f"{drop_of(number).sha256}\n".encode())

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(put, range(count // 2)))
        database = sqlite3.connect(folder / "front.sqlite3")
        database.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()
        list(pool.map(put, range(count // 2, count)))
        database.close()


def main(folder: Path, told: int, work: str, more: list[str]) -> None:
    """Do the work."""
    if work == "drops":
        plant("".join(more[1:]))
        put_drops(folder, told, int(more[0]))
    elif work == "segments":
        push_segments(folder, told, Path(more[0]))
    elif work == "files":
        publish(folder, told, Path(more[0]))


def push_segments(folder: Path, told: int, pushes: Path) -> None:
    """Push the segments of a file, a few at a time."""
    make_wsgi(folder, lambda: DAY)
    from poruch.front.site import current

    segments = [parse_segment(raw) for raw in split(pushes.read_bytes())]
    for at in range(0, len(segments), 3):
        outcomes = current().journal.push(segments[at : at + 3])
        assert set(outcomes) == {Outcome.ACCEPTED}
        os.write(told, "".join(f"{signed.id.hex()}\n" for signed in segments[at : at + 3]).encode())


def publish(folder: Path, told: int, publications: Path) -> None:
    """Take the publications of a file, one after the other."""
    make_wsgi(folder, lambda: DAY)
    from poruch.front.publishing import take
    from poruch.front.site import current

    for number, body in enumerate(split(publications.read_bytes()), 1):
        take(current(), body)
        os.write(told, f"{drop_of(number).sha256}\n".encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]), os.open(sys.argv[2], os.O_WRONLY), sys.argv[3], sys.argv[4:])
