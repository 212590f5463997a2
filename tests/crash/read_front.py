"""Opening a front after a power cut: `python -m crash.read_front SCRATCH WORK EACH SEED ENOUGH`.

It replays what was recorded into SCRATCH, EACH and ENOUGH as crash.replay has them, and prints what came of it as one
line of JSON. In a process of its own, for Django's settings are a process's.
"""

import dataclasses
import hashlib
import json
import random
import sys
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from crash.disk import State
from crash.replay import Lost, Read, home_of_disks, replay
from crash.trace import load
from crash.work_front import drop_of
from poruch.front.server import make_wsgi
from poruch.journal.frames import split
from poruch.journal.segments import parse_segment
from poruch.tlog.publish import empty_state, publish

MOST = 200
DAY = date(2026, 11, 22)


class Corrupt(Exception):
    """What was found cannot be."""


def read_drops(folder: Path) -> set[str]:
    """The SHA-256 of all drops that a front finds, whole, each with its mailbox."""
    _open(folder)
    from poruch.front.models import Drop, Mailbox

    mailboxes = set(Mailbox.objects.values_list("mailbox", flat=True))
    for drop in Drop.objects.all():
        if hashlib.sha256(bytes(drop.body)).hexdigest() != drop.sha256 or drop.mailbox not in mailboxes:
            raise Corrupt(f"drop {drop.id}")
    return set(Drop.objects.values_list("sha256", flat=True))


def read_segments(folder: Path) -> set[str]:
    """The ids of all segments that a front finds, all of which have their place in a chain."""
    _open(folder)
    from poruch.front.models import Segment
    from poruch.front.site import current

    found = set(Segment.objects.values_list("segment", flat=True))
    current().journal.public()
    if sum(seq + 1 for seq in current().journal.positions().values()) != len(found):
        raise Corrupt("a chain has a gap")
    return found


def read_log(folder: Path) -> int:
    """How many leaves the log shows, if every file that it had then is there, byte for byte."""
    _open(folder)
    from poruch.front.models import LogState

    row = LogState.objects.filter(id=1).first()
    shown = folder / "log" / "checkpoint"
    if row is None:
        if shown.exists():
            raise Corrupt("a checkpoint without a state")
        return 0
    if shown.read_bytes() != bytes(row.checkpoint):
        raise Corrupt("another checkpoint")
    for path, content in _published(row.size):
        if (folder / "log" / path).read_bytes() != content:
            raise Corrupt(path)
    return int(row.size)


_files: dict[int, list[tuple[str, bytes]]] = {}


def _published(size: int) -> list[tuple[str, bytes]]:
    return [file for until, files in _files.items() if until <= size for file in files]


def _open(folder: Path) -> None:
    """As a front starts."""
    from django.db import connection

    if _opened:
        connection.close()
    make_wsgi(folder, lambda: DAY)
    _opened.append(folder)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA integrity_check")
        if cursor.fetchone() != ("ok",):
            raise Corrupt("integrity_check")


_opened: list[Path] = []


def lost_of(everything: set[str]) -> Lost:
    """What was acknowledged must be there, and nothing that nobody sent."""

    def lost(found: object, told: tuple[str, ...]) -> Iterable[str]:
        assert isinstance(found, set)
        return sorted({name for line in told for name in line.split()} - found) + sorted(found - everything)

    return lost


def lost_leaves(found: object, told: tuple[str, ...]) -> Iterable[str]:
    """As many leaves as the last acknowledged publication made."""
    sizes = [0, *_files]
    assert isinstance(found, int)
    return ["leaves"] if found < sizes[len(told)] else []


def _publications(folder: Path, scratch: Path) -> None:
    _open(folder)
    from poruch.front.publishing import policy_of
    from poruch.front.site import current

    policy = policy_of(current())
    assert policy is not None
    state = empty_state(policy.origin)
    for body in split((scratch / "given").read_bytes()):
        published = publish(state, body, policy, random.Random(1).randbytes)  # noqa: S311
        state = published.state
        _files[state.size] = [file for file in published.files if file[0] != "checkpoint"]


def main(scratch: Path, work: str, each: int, seed: int, enough: int) -> None:
    """Replay, and say what came of it."""
    run = load(scratch)
    with home_of_disks() as home:
        disk = Path(home) / "disk"
        read: Read
        if work == "drops":
            read, lost = read_drops, lost_of({drop_of(number).sha256 for number in range(MOST)})
        elif work == "segments":
            raws = split((scratch / "given").read_bytes())
            read, lost = read_segments, lost_of({parse_segment(raw).id.hex() for raw in raws})
        else:
            State(run.before, ()).lay(disk)
            _publications(disk, scratch)
            read, lost = read_log, lost_leaves
        tally = replay(run, disk, read, lost, each=each, seed=seed, enough=enough)
    print(json.dumps(dataclasses.asdict(tally)))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]))
