"""Measuring: CPU time of ours and of bare primitives, turn by turn in one run, so that a busy machine slows both.

Of many turns the median counts. A ratio says how many times the bare primitives ours costs; 1.0 is the floor.
"""

import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from nacl import bindings

from poruch.crypto import group

Act = Callable[[], object]

FACTOR = group.encode_scalar(group.L // 3)
SOME_POINT = group.multiply_base(group.L // 5)
_POINT_CALLS: dict[str, tuple[bytes, ...]] = {
    "crypto_scalarmult_ed25519_noclamp": (FACTOR, SOME_POINT),
    "crypto_scalarmult_ed25519_base_noclamp": (FACTOR,),
    "crypto_core_ed25519_is_valid_point": (SOME_POINT,),
    "crypto_core_ed25519_add": (SOME_POINT, group.H2),
    "crypto_core_ed25519_sub": (SOME_POINT, group.H2),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One measure. `ours` and `limit` are in `unit`, `peer` is what others are known to need, in words, or empty."""

    what: str
    ours: float
    unit: str
    limit: float
    peer: str
    ratio: float


@dataclass(frozen=True, slots=True)
class Bench:
    """What is measured, how, and the budget that the table shows beside it."""

    what: str
    budget: str
    measure: Callable[[str], Row]


def cpu_seconds(act: Act, times: int = 1) -> float:
    """CPU seconds of all threads of this process for one of `times` calls."""
    began = time.process_time()
    for _ in range(times):
        act()
    return (time.process_time() - began) / times


def side_by_side(ours: Act, limit: Act, *, turns: int, times: int = 1) -> tuple[float, float]:
    """The median CPU seconds of one call of each, `turns` turns of `times` calls."""
    spent, floor = [], []
    for _ in range(turns):
        spent.append(cpu_seconds(ours, times))
        floor.append(cpu_seconds(limit, times))
    return statistics.median(spent), statistics.median(floor)


def row(what: str, unit: str, ours: float, limit: float, *, peer: str = "") -> Row:
    """A row of costs, less is better: `ours` and `limit` in `unit`."""
    return Row(what, _short(ours), unit, _short(limit), peer, _short(ours / limit))


def rate_row(what: str, unit: str, ours: float, limit: float, *, peer: str = "") -> Row:
    """A row of rates, more is better; its ratio is one of costs all the same."""
    return Row(what, _short(ours), unit, _short(limit), peer, _short(limit / ours))


def _short(number: float) -> float:
    return float(f"{number:.4g}")


@contextmanager
def counted_points() -> Iterator[Counter[str]]:
    """Counts the calls of libsodium's curve while the block runs: so the limit does the same number of them."""
    calls: Counter[str] = Counter()
    kept = {name: getattr(bindings, name) for name in _POINT_CALLS}

    def counting(name: str) -> Callable[..., object]:
        def call(*arguments: object) -> object:
            calls[name] += 1
            return kept[name](*arguments)

        return call

    for name in _POINT_CALLS:
        setattr(bindings, name, counting(name))
    try:
        yield calls
    finally:
        for name, call in kept.items():
            setattr(bindings, name, call)


def bare_points(calls: Counter[str], extra: Act | None = None) -> Act:
    """As many bare calls as were counted, then `extra`."""
    plan = [(getattr(bindings, name), _POINT_CALLS[name], number) for name, number in sorted(calls.items())]

    def run() -> None:
        for call, arguments, number in plan:
            for _ in range(number):
                call(*arguments)
        if extra is not None:
            extra()

    return run
