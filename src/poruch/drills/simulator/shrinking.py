"""The shortest script that still fails: delta debugging (Zeller and Hildebrandt, 2002) over the list of steps.

Every step draws from a stream of its own and does nothing where it is not possible, so what is left of a script without
some of its steps is a script that does the same otherwise.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from poruch.drills.simulator.run import Result, play
from poruch.drills.simulator.schedule import Script
from poruch.drills.simulator.steps import Step

Play = Callable[[Script], Result]
Seconds = Callable[[], float]


def shrink(failed: Result, again: Play = play, *, seconds: float = 60.0, clock: Seconds = time.monotonic) -> Result:
    """The result of the shortest script found in so many seconds that breaks the same invariant as `failed`.

    What stands after the step that broke is left out first.
    """
    until, best = clock() + seconds, failed
    steps = [one for one in failed.script.steps if failed.step < 0 or one.id <= failed.step]
    for kind in sorted({one.kind for one in steps}):
        best = _try(best, [one for one in best_steps(best, steps) if one.kind != kind], again) or best
        if clock() > until:
            return best
    parts = 2
    while len(current := best_steps(best, steps)) > 1 and clock() < until:
        size = max(1, len(current) // parts)
        for at in range(0, len(current), size):
            shorter = _try(best, [*current[:at], *current[at + size :]], again)
            if shorter is not None:
                best, parts = shorter, max(2, parts - 1)
                break
            if clock() > until:
                return best
        else:
            if size == 1:
                return best
            parts = min(len(current), 2 * parts)
    return best


def best_steps(best: Result, steps: Sequence[Step]) -> list[Step]:
    """The steps that are left, up to the one that breaks."""
    kept = best.script.steps if len(best.script.steps) <= len(steps) else steps
    return [one for one in kept if best.step < 0 or one.id <= best.step]


def kind_of(result: Result) -> str:
    """What broke, without what was seen: its first words, up to the first number."""
    return "".join(letter for letter in result.broken if not letter.isdigit())[:28]


def _try(before: Result, steps: list[Step], again: Play) -> Result | None:
    found = again(replace(before.script, steps=steps))
    return found if found.broken and kind_of(found) == kind_of(before) else None
