"""Talking on a terminal with somebody who waits: for a line that he types, or for colleagues on other machines."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from poruch.errors import RelayUnreachable

T = TypeVar("T")
_SHORTEST_SECONDS, _LONGEST_SECONDS, _GROWTH = 0.5, 5.0, 1.5


def say(text: str) -> None:
    """Say it at once."""
    print(text, flush=True)


def shown_line(question: str) -> str:
    """One line, seen while it is typed. The end of the input stops the program, as Ctrl-C does."""
    print(question, end="", flush=True)
    line = sys.stdin.readline()
    if not line:
        raise KeyboardInterrupt
    return line.strip()


@dataclass
class Patience:
    """Waits longer the longer nothing happens, and says each state of things once."""

    seconds: float = _SHORTEST_SECONDS
    _said: str = ""

    def say(self, text: str) -> None:
        """Say what is awaited, if it is not what was said last."""
        if text and text != self._said:
            self._said = text
            say(f"  {text}")

    def news(self) -> None:
        """Something happened: be quick again."""
        self.seconds = _SHORTEST_SECONDS

    def rest(self) -> None:
        """Wait."""
        time.sleep(self.seconds)
        self.seconds = min(self.seconds * _GROWTH, _LONGEST_SECONDS)

    def until_done(self, step: Callable[[], object]) -> None:
        """Do it as soon as the front answers."""
        self.until(lambda: (step(),))

    def until(self, ask: Callable[[], T | None]) -> T:
        """Ask until there is an answer; a front that is away is asked again."""
        while True:
            try:
                answer = ask()
            except RelayUnreachable as error:
                self.say("The front does not let this desk in yet." if "401" in error.detail else error.sentence)
                answer = None
            if answer is not None:
                return answer
            self.rest()
