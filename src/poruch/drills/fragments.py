"""Pieces of text for drills, kept in TOML beside the code, and how they are drawn and filled in.

A piece is a text, or a table with its `text` and its conditions (see `Fragment`). Inside a text `[a|b]` is what a man
writes and what a woman writes, `{180-260}` a number between (in tens if it may reach 60), `{town}` one of the towns
of the file, with its preposition.
"""

import re
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any

LANGUAGES = ("be", "ru", "uk", "en")

_GENDERED = re.compile(r"\[([^|\[\]]*)\|([^|\[\]]*)\]")
_RANGE = re.compile(r"\{(\d+)-(\d+)\}")
_IN_TENS_FROM = 60


@dataclass(frozen=True)
class Fragment:
    """One piece. Empty conditions fit everybody."""

    text: str
    who: frozenset[str] = frozenset()  # kinds of person that may say it
    sex: str = ""  # "m" or "f" for an opening that fits one only
    place: str = ""  # "home" or "abroad"
    family: bool = False  # speaks of children
    job: bool = False  # speaks of an employer, which somebody of the kind "other" may not have
    alone: bool = False  # an opening of somebody who has none
    told: bool = False  # an opening that tells the refusal too
    whole: bool = False  # an opening that is the whole story
    voice: str = ""  # "careless": without capitals


class Bag:
    """Pieces in a random order, each drawn once before any is drawn again."""

    def __init__(self, fragments: Iterable[Fragment], random: Random) -> None:
        self._all = tuple(fragments)
        self._random = random
        self._waiting: list[Fragment] = []

    def draw(self, fits: Callable[[Fragment], bool] = lambda _: True) -> Fragment:
        """The next piece that fits; some piece of the bag must."""
        for _ in range(2):
            for at, fragment in enumerate(self._waiting):
                if fits(fragment):
                    return self._waiting.pop(at)
            self._waiting += self._random.sample(self._all, len(self._all))
        raise LookupError("no piece of this bag fits")


@cache
def table(folder: str, language: str) -> dict[str, Any]:
    """The words of one language in a folder of this package, read once."""
    return tomllib.loads((files("poruch.drills") / folder / f"{language}.toml").read_text("utf-8"))


def fragments(words: dict[str, Any], key: str) -> tuple[Fragment, ...]:
    """The pieces under `key`, in their order."""
    return tuple(_fragment(entry) for entry in words[key])


def _fragment(entry: str | dict[str, Any]) -> Fragment:
    if isinstance(entry, str):
        return Fragment(entry)
    who = entry.get("who", ())
    return Fragment(**{**entry, "who": frozenset([who] if isinstance(who, str) else who)})


def fill(text: str, sex: str, towns: list[str], random: Random) -> str:
    """The text with its choices made."""
    text = _GENDERED.sub(lambda found: found[1] if sex == "m" else found[2], text)
    text = _RANGE.sub(lambda found: str(_number(int(found[1]), int(found[2]), random)), text)
    return text.replace("{town}", random.choice(towns)) if "{town}" in text else text


def _number(least: int, most: int, random: Random) -> int:
    step = 10 if most >= _IN_TENS_FROM else 1
    return random.randrange(least, most + 1, step)
