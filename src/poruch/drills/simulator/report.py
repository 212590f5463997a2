"""`bin/poruch simulate`: play seeds, say what was done, and of a failure the seed and the shortest script."""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from poruch.drills.simulator.counts import LEAST, missing
from poruch.drills.simulator.invariants import sentences
from poruch.drills.simulator.run import EVERY_REAL, Result, play
from poruch.drills.simulator.schedule import YEAR, Script, draw
from poruch.drills.simulator.shrinking import shrink

Say = Callable[[str], None]
SHRINK_SECONDS = 120.0


@dataclass
class Summary:
    """All simulations of one call together."""

    years: int = 0
    seeds: int = 0
    real: int = 0
    seconds: float = 0.0
    counts: Counter[str] = field(default_factory=Counter)
    failed: list[Result] = field(default_factory=list)
    short: list[str] = field(default_factory=list)
    """What fell short of a fund-year, by seed."""


def is_real(seed: int) -> bool:
    """Whether a seed runs the real cryptography: every 20th does."""
    return seed % EVERY_REAL == 0


def _one(asked: tuple[int, int, bool]) -> Result:
    seed, days, real = asked
    return play(draw(seed, days), real=real)


def simulate(seeds: Iterable[int], days: int, *, real: bool = False, processes: int = 1) -> Summary:
    """Play each seed for so many days; with several processes the order of results is still that of the seeds."""
    begun, summary = time.monotonic(), Summary()
    asked = [(seed, days, real or is_real(seed)) for seed in seeds]
    if processes == 1:
        results = map(_one, asked)
        for row, result in zip(asked, results, strict=True):
            _add(summary, row, result)
    else:
        with ProcessPoolExecutor(processes) as pool:
            for row, result in zip(asked, pool.map(_one, asked), strict=True):
                _add(summary, row, result)
    summary.seconds = time.monotonic() - begun
    return summary


def _add(summary: Summary, row: tuple[int, int, bool], result: Result) -> None:
    seed, days, real = row
    summary.seeds += 1
    summary.real += real
    summary.years += days // YEAR
    summary.counts.update(result.counts)
    if result.broken:
        summary.failed.append(result)
    elif days >= YEAR:
        summary.short += [f"seed {seed}: {what}" for what in missing(result.counts, days // YEAR)]


def run_simulation(
    seed: int, days: int, years: int, *, real: bool, script: Path | None, processes: int, say: Say = print
) -> int:
    """Play, and print; 0 only if everything held and every fund-year was one. `years` simulations of a year each,
    from `seed` on, or one of `days`; or one from a file.
    """
    if script is not None:
        return _replay(Script.parse(script.read_text(encoding="utf-8")), real, say)
    summary = simulate(range(seed, seed + max(1, years)), YEAR if years else days, real=real, processes=processes)
    for name, least in LEAST.items():
        say(f"{summary.counts[name]:8} {name}" + (f" (at least {least} a fund-year)" if summary.years else ""))
    for name, count in sorted(summary.counts.items()):
        if name not in LEAST:
            say(f"{count:8} {name}")
    for sentence in sentences():
        say(f"holds    {sentence}" if not summary.failed else f"asked    {sentence}")
    say(f"{summary.seeds} simulations, {summary.real} with the real cryptography, in {summary.seconds:.0f} s")
    for line in summary.short:
        say(f"too little for a fund-year: {line}")
    for result in summary.failed:
        _tell(result, real or is_real(result.script.seed), say)
    return 1 if summary.failed or summary.short else 0


def _replay(script: Script, real: bool, say: Say) -> int:
    result = play(script, real=real)
    say(f"{result.broken} after step {result.step}" if result.broken else "everything held")
    return 1 if result.broken else 0


def _tell(result: Result, real: bool, say: Say) -> None:
    """The seed and the shortest script that was found."""
    say(f"seed {result.script.seed}: {result.broken} (after step {result.step}); looking for the shortest script ...")
    shortest = shrink(result, lambda script: play(script, real=real), seconds=SHRINK_SECONDS)
    say(f"{len(shortest.script.steps)} of {len(result.script.steps)} steps: {shortest.broken}")
    say(shortest.script.encode())
