"""`poruch bench`: what things cost, beside the bare primitives that they cannot do without."""

import json
import sys
from collections.abc import Iterable
from dataclasses import asdict

from poruch.drills import bench_front, bench_journal, bench_log, bench_postgresql, bench_quorum, bench_store, bench_sync
from poruch.drills.bench_measure import Bench, Row

BENCHES: tuple[Bench, ...] = (
    *bench_front.BENCHES,
    *bench_postgresql.BENCHES,
    *bench_quorum.BENCHES,
    *bench_log.BENCHES,
    *bench_journal.BENCHES,
    *bench_store.BENCHES,
    *bench_sync.BENCHES,
)


def run_bench(name: str, *, as_json: bool) -> int:
    """Measure whatever has `name` in its own name, and print a row for each: as a table, or as a list in JSON.

    The keys are what, ours, unit, limit, peer, ratio. 2 if there is no such row, else 0: budgets are shown, not judged.
    """
    chosen = [bench for bench in BENCHES if name.casefold() in bench.what.casefold()]
    if not chosen:
        known = "; ".join(bench.what for bench in BENCHES)
        print(f"There is no row with {name!r} in its name. There are: {known}.", file=sys.stderr)
        return 2
    with bench_front.STANDING:
        rows = []
        for bench in chosen:
            if not as_json:
                print(f"  {bench.what} ...", file=sys.stderr, flush=True)
            rows.append(bench.measure(bench.what))
    if as_json:
        print(json.dumps([asdict(row) for row in rows], indent=2))
    else:
        print(table(chosen, rows))
    return 0


def table(benches: Iterable[Bench], rows: Iterable[Row]) -> str:
    """The rows as text, with the budget of each; what peers need stands under it."""
    lines = [("what", "ours", "limit", "ratio", "budget")]
    for bench, row in zip(benches, rows, strict=True):
        ours, limit = (f"{number:,.4g} {row.unit}" for number in (row.ours, row.limit))
        if row.unit in ("events/s", "bytes"):
            ours, limit = (f"{number:,.0f} {row.unit}" for number in (row.ours, row.limit))
        lines.append((row.what, ours, limit, f"{row.ratio:.2f}", bench.budget))
        if row.peer:
            lines.append(("    beside: " + row.peer, "", "", "", ""))
    widths = [max(len(line[at]) for line in lines if line[1]) for at in range(5)]
    text = []
    for what, ours, limit, ratio, budget in lines:
        if not ours:
            text.append(what)
            continue
        text.append(
            f"{what:<{widths[0]}}  {ours:>{widths[1]}}  {limit:>{widths[2]}}  {ratio:>{widths[3]}}  {budget}".rstrip()
        )
    return "\n".join(text)
