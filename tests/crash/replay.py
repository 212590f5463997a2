"""Replaying a record against a reader of the real code: what is lost, what is corrupt."""

import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from crash.disk import Tally, power_cuts
from crash.steps import Told, steps_of
from crash.trace import Recorded

Lost = Callable[[object, tuple[str, ...]], Iterable[str]]
Read = Callable[[Path], object]
_MEMORY = Path("/dev/shm")  # noqa: S108 — the disks of a replay need no disk


def home_of_disks() -> tempfile.TemporaryDirectory[str]:
    """A folder for the disks of a replay: in memory, where there is such a place."""
    return tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None)


def replay(run: Recorded, disk: Path, read: Read, lost: Lost, *, each: int, seed: int = 1, enough: int = 0) -> Tally:
    """Try all power cuts of a run. `read` opens the folder `disk` and returns what it found, or raises.

    `lost` says what of the acknowledged is not in what was found. Equal disks are opened once. With `enough`, so many
    losses end it.
    """
    tally, opened = Tally(), {}
    steps = steps_of(run)
    begun = next((at for at, step in enumerate(steps) if not isinstance(step, Told)), 0)
    for state in power_cuts(run.before, steps[begun:], each, seed, run.folders):
        tally.cuts += 1
        if state.digest not in opened:
            state.lay(disk)
            try:
                opened[state.digest] = read(disk)
            except Exception as error:  # whatever it is, the store did not open
                tally.corrupt.append(f"cut {tally.cuts}: {type(error).__name__} {error}")
                opened[state.digest] = None
        if opened[state.digest] is not None:
            tally.lost += [f"cut {tally.cuts}: {what}" for what in lost(opened[state.digest], state.told)]
        if enough and len(tally.lost) >= enough:
            break
    tally.disks = len(opened)
    return tally
