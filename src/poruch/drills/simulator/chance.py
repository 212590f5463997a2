"""All that is drawn, from one seed: each step has a stream of its own, so that leaving one out changes no other."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from random import Random

FIRST_DAY = date(2026, 1, 5)


class Chance:
    """Random bytes and choices of the step that runs."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._stream = Random(f"{seed}/founding")  # noqa: S311 (a simulation wants the same bytes again)

    @contextmanager
    def step(self, name: str) -> Iterator[Random]:
        """The stream of one step, while the block runs."""
        before, self._stream = self._stream, Random(f"{self.seed}/{name}")  # noqa: S311
        try:
            yield self._stream
        finally:
            self._stream = before

    def bytes(self, count: int) -> bytes:
        """What desks, front and bank draw."""
        return self._stream.randbytes(count)


class Clock:
    """The day of the world, and one that goes wrong by some days on a desk of its own."""

    def __init__(self) -> None:
        self.day = FIRST_DAY

    def __call__(self) -> date:
        return self.day

    def turn(self, days: int = 1) -> None:
        """So many days later."""
        self.day += timedelta(days=days)

    @property
    def days(self) -> int:
        """Since the founding."""
        return (self.day - FIRST_DAY).days


class SkewedClock:
    """A desk's own clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self.skew_days = clock, 0

    def __call__(self) -> date:
        return self._clock.day + timedelta(days=self.skew_days)

    def now(self) -> datetime:
        """Noon of its day."""
        return datetime.combine(self(), time(12), UTC)
