"""Reports: what a check did, step by step, with the numbers of docs/spec/log.md."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from poruch.errors import PoruchError

Outcome = Literal["holds", "fails", "not finished"]
Found = TypeVar("Found")


@dataclass(frozen=True)
class CheckStep:
    """One step with its result. `number` is section and step of the log page, as in `5.9`."""

    number: str
    title: str
    outcome: Outcome
    detail: str = ""


@dataclass(frozen=True)
class Report(Generic[Found]):
    """All steps in the order done. `found` is what was verified; it is None, and `error` says why, if a step failed."""

    steps: tuple[CheckStep, ...]
    found: Found | None
    error: PoruchError | None

    @property
    def holds(self) -> bool:
        return self.error is None


Told = Callable[[CheckStep], None]


def untold(step: CheckStep) -> None:
    """For callers who wait for the report."""


class Record:
    """Writes the steps down as they are done, and tells them at once."""

    def __init__(self, told: Told = untold) -> None:
        self.steps: list[CheckStep] = []
        self._told = told

    def note(self, number: str, title: str, outcome: Outcome = "holds", detail: str = "") -> None:
        step = CheckStep(number, title, outcome, detail)
        self.steps.append(step)
        self._told(step)

    @contextmanager
    def step(self, number: str, title: str) -> Iterator[list[str]]:
        """One step. The block may put a sentence into the list it gets; an error fails the step and goes on upwards."""
        details: list[str] = []
        try:
            yield details
        except PoruchError as error:
            self.note(number, title, "fails", str(error))
            raise
        self.note(number, title, "holds", " ".join(details))

    @contextmanager
    def section(
        self, section: str, titles: Mapping[int, str], phases: Sequence[Sequence[int]]
    ) -> Iterator[Callable[[int], None]]:
        """The steps of a section, done by a function that says `at(number)` before each.

        `phases` orders them; those of one phase are done in a loop, so that none is finished before all are.
        """
        doing = phases[0][0]

        def at(step: int) -> None:
            nonlocal doing
            doing = step

        try:
            yield at
        except PoruchError as error:
            failed = next(place for place, phase in enumerate(phases) if doing in phase)
            for place, phase in enumerate(phases):
                for number in phase:
                    outcome: Outcome = "holds" if place < failed else "not finished"
                    if number == doing:
                        self.note(f"{section}.{number}", titles[number], "fails", str(error))
                    else:
                        self.note(f"{section}.{number}", titles[number], outcome)
            raise
        for phase in phases:
            for number in phase:
                self.note(f"{section}.{number}", titles[number])
