"""What a running desk does without being asked, in small steps: sync with the front, what is due, sync with a folder.

Each step holds the room's lock for a moment or waits without it.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from poruch.desk import keeping
from poruch.desk.carrying import Carried, exchange
from poruch.desk.duties import do_duties
from poruch.desk.program import Desk
from poruch.desk.syncing import Lock, Progress, push_steps
from poruch.errors import PoruchError
from poruch.journal.folder import Folder
from poruch.journal.places import Trouble
from poruch.journal.sync import Relay

DROPS_AT_ONCE = 8


@dataclass
class Errand:
    """A sync with the folder at `path`, asked for by the officer; `failure` is why it stopped."""

    path: Path
    carried: Carried = field(default_factory=Carried)
    troubles: Counter[Trouble] = field(default_factory=Counter)
    failure: PoruchError | None = None
    done: bool = False


def collected_steps(desk: Desk, lock: Lock, progress: Progress) -> Iterator[None]:
    """After unlocking: what was collected while the desk was locked, and what is due, without a front."""
    yield from keeping.take_collected(desk, lock, progress)
    with lock:
        waiting = bool(desk.waiting_drops)
    if waiting:
        yield from duty_steps(desk, None, lock)
        keeping.clear_collected(desk, lock)


def sync_steps(desk: Desk, line: Relay, lock: Lock, progress: Progress) -> Iterator[None]:
    """One sync with the front and what is due after it. Raises `RelayUnreachable`."""
    yield from desk.steps(line, lock, progress)
    yield from duty_steps(desk, line, lock)
    with lock:
        keeping.note_arrived(desk, line)


def duty_steps(desk: Desk, line: Relay | None, lock: Lock) -> Iterator[None]:
    """What is due, a few drops at a time; those that a cut leaves are fetched again."""
    with lock:
        waiting, desk.waiting_drops = desk.waiting_drops, []
    for at in range(0, max(len(waiting), 1), DROPS_AT_ONCE):
        with lock:
            desk.waiting_drops = waiting[at : at + DROPS_AT_ONCE]
            written = do_duties(desk)
        yield
        if written and line is not None:
            yield from push_steps(desk, line, lock, Progress())


def errand_steps(desk: Desk, errand: Errand, lock: Lock, progress: Progress) -> Iterator[None]:
    """A sync with a folder, and what is due after it. What goes wrong is kept in the errand."""
    folder = Folder(errand.path, desk.fund, desk.today, troubles=errand.troubles)
    try:
        if not desk.idle:
            yield from exchange(desk, folder, lock, progress, errand.carried)
            yield from duty_steps(desk, None, lock)
    except PoruchError as failure:
        errand.failure = failure
    finally:
        errand.done = True
