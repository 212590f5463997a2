"""The script of a simulation, drawn from its seed: what happens on each day of a fund's year."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from poruch.drills.simulator.steps import Step

YEAR = 364
SIZES = ((3, 2), (3, 2), (4, 3), (4, 3), (5, 3))
"""Officers and k of the funds that are drawn."""


@dataclass
class Script:
    """All steps of one simulation; `n` officers found the fund, `k` open."""

    seed: int
    n: int
    k: int
    days: int
    steps: list[Step] = field(default_factory=list)

    def encode(self) -> str:
        """The file: a line for the world, a line for each step."""
        head = f"poruch simulation {self.seed} {self.n} {self.k} {self.days}"
        return "\n".join([head, *map(str, self.steps)]) + "\n"

    @classmethod
    def parse(cls, text: str) -> "Script":
        """Raises ValueError for what is no script."""
        head, *lines = text.strip().split("\n")
        poruch, simulation, *numbers = head.split()
        if (poruch, simulation) != ("poruch", "simulation"):
            raise ValueError("not a script of a simulation")
        seed, n, k, days = map(int, numbers)
        return cls(seed, n, k, days, [Step.parse(line) for line in lines])


def draw(seed: int, days: int) -> Script:
    """The script of a seed."""
    chance = Random(f"{seed}/script")  # noqa: S311
    n, k = chance.choice(SIZES)
    script = Script(seed, n, k, days)
    planned: dict[int, list[tuple[str, tuple[int, ...]]]] = {}
    for year in range(0, days, YEAR):
        for day, kind, numbers in _events(chance, n, year):
            planned.setdefault(day, []).append((kind, numbers))
    for day in range(days):
        rows = [*_usual(chance, n, day), *planned.get(day, [])]
        chance.shuffle(rows)
        for kind, numbers in [*rows, ("day", ())]:
            script.steps.append(Step(len(script.steps), kind, numbers))
    return script


def _usual(chance: Random, n: int, day: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    """A week of a fund: people ask each day, officers sit down twice, money goes out and statements come in."""
    everybody = [*range(1, n + 2)]
    weekday = day % 7
    if weekday:
        yield "ask", ()
    if weekday in (1, 4):
        yield from (("work", (number,)) for number in everybody)
    elif weekday in (2, 5):
        yield "mailboxes", ()
        yield "give", ()
    elif weekday == 3:
        yield "pay", (chance.randint(1, n),)
    elif weekday == 6:
        yield "statement", (chance.randint(1, n),)


def _events(chance: Random, n: int, start: int) -> Iterator[tuple[int, str, tuple[int, ...]]]:
    """What happens once or some times a year, and everything that goes wrong."""

    def some() -> int:
        return chance.randint(1, n)

    def at(low: int, high: int) -> int:
        return start + chance.randint(low, high)

    for quarter in (70, 150, 240, 340):
        for again in range(10):
            yield start + quarter + 2 * again, "publish", (some(),)
    for attempt in range(3):
        yield start + 25 + attempt * 7, "admit", (some(), 2 * (start // YEAR) + 1)
        yield start + 250 + attempt * 7, "remove", (some(), n + 1, 2 * (start // YEAR) + 2)
    yield from _bad_year(chance, n, start)
    yield at(90, 130), "seize", (some(),)
    for low in (20, 80, 140, 200, 260, 310):
        number, first = some(), at(low, low + 20)
        yield first, "cut-off", (number,)
        yield first + chance.randint(2, 9), "mend", (number,)
    for _ in range(10):
        yield at(3, 350), "noise", (some(), chance.randint(3, 10))
    for _ in range(5):
        yield at(3, 350), "power", (some(), chance.randint(1, 30), chance.randint(0, 1))
        yield at(3, 350), "front-power", (chance.randint(1, 12), chance.randint(0, 1))
        yield at(3, 350), "stick", (some(), some())
    for _ in range(2):
        yield at(20, 340), "restart", (some(),)
        yield at(20, 330), "lose", (some(),)
        day, number = at(20, 330), some()
        yield day, "skew", (number, chance.choice((-1, 1)))
        yield day + 5, "skew", (number, 0)
    yield at(30, 300), "freeze", (some(),)


def _bad_year(chance: Random, n: int, start: int) -> Iterator[tuple[int, str, tuple[int, ...]]]:
    """One officer turns bad, tries what he can, is suspended, goes on, and is removed at last."""
    bad = chance.randint(1, n)
    others = [number for number in range(1, n + 1) if number != bad]
    begin = start + chance.randint(150, 165)
    yield begin, "turn-bad", (bad,)
    for _ in range(6):
        yield begin + chance.randint(1, 30), "misbehave", (chance.randrange(5),)
    if chance.randrange(4):
        day = begin + 7 * chance.randint(1, 3)
        day += (2 - day) % 7  # what is due waits for treasury, which pays the day after
        cut = tuple(chance.sample(others, min(len(others), (n + 1) // 2)))
        yield day, "pay-apart", cut
        yield from ((day + chance.randint(3, 6), "mend", (number,)) for number in cut)
    if chance.randrange(2):
        yield begin + chance.randint(26, 30), "equivocate", (chance.choice(others),)
    yield begin + 33, "suspend", (chance.choice(others), bad)
    yield begin + 35, "suspend", (chance.choice(others), bad)
    for _ in range(4):
        yield begin + chance.randint(36, 80), "misbehave", (chance.randrange(5),)
