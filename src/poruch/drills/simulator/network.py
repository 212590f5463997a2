"""The network of the simulation: what a desk asks reaches the front, or does not, or twice, or late, or in disorder.

`SimulatedLine` takes the place of the socket below the real client of the relay (poruch.journal.sync.LineRelay), and of
the signature of each request; everything above it runs.
"""

from collections import Counter, deque
from collections.abc import Callable
from random import Random

from poruch.errors import Malformed, RelayUnreachable
from poruch.journal.frames import join, split
from poruch.journal.line import BROKEN, Reply
from poruch.journal.sync import HttpRelay, LineRelay

FAULTS = ("lost", "unanswered", "twice", "late", "disordered", "cut")
Front = Callable[[int, str, str, bytes], tuple[int, bytes]]
"""A front: who asks, method, path and body in, status and body out."""


class SimulatedLine:
    """One desk's line. `cut`: a partition from the relay. `faults`: what happens to the next requests, one each."""

    def __init__(self, number: int, front: Front, named: Callable[[], str], random: Callable[[int], bytes]) -> None:
        """`named` tells the number of the front that answers."""
        self.number, self.front, self.named, self.random = number, front, named, random
        self.front_number = ""
        self.cut = False
        self.faults: deque[str] = deque()
        self.late: list[tuple[str, bytes]] = []
        self.hit: Counter[str] = Counter()

    def close(self) -> None:
        """There is nothing to hang up."""

    def as_stranger(self, method: str, path: str, body: bytes = b"") -> Reply:
        """See `poruch.journal.line.Line`."""
        if self.cut:
            raise RelayUnreachable("a partition")
        return Reply(*self.front(0, method, path, body))

    def post(self, path: str, body: bytes) -> Reply:
        """See `poruch.journal.line.Line`."""
        if self.cut:
            raise RelayUnreachable("a partition")
        fault = self.faults.popleft() if self.faults else ""
        if fault:
            self.hit[fault] += 1
        if fault == "lost":
            raise RelayUnreachable("lost on the way")
        if fault == "late":
            self.late.append((path, body))
            raise RelayUnreachable("held up on the way")
        if fault == "twice":
            self.front(self.number, "POST", path, body)
        status, answer = self.front(self.number, "POST", path, body)
        self.front_number = self.named()
        if status == BROKEN or fault == "unanswered":
            return Reply(BROKEN, b"", whole=False)
        return self._spoilt(path, status, answer, fault)

    def _spoilt(self, path: str, status: int, answer: bytes, fault: str) -> Reply:
        chance = Random(self.random(8)) if fault else None  # noqa: S311 (drawn from the simulation's one seed)
        if chance is not None and fault == "cut":
            return Reply(status, answer[: chance.randint(0, len(answer))], whole=False)
        if chance is not None and fault == "disordered" and status == 200 and path == "/relay/segments":
            try:
                frames = split(answer)
            except Malformed:
                return Reply(status, answer)
            chance.shuffle(frames)
            answer = join(frames)
        return Reply(status, answer)

    def deliver_late(self) -> int:
        """What was held up arrives, in another order than it was sent, and nobody waits for the answers."""
        held, self.late = self.late, []
        for path, body in reversed(held):
            self.front(self.number, "POST", path, body)
        return len(held)


class SimulatedRelay(HttpRelay):
    """The real client, over a simulated line."""

    def __init__(self, line: SimulatedLine) -> None:
        """Nothing is opened."""
        self.address, self.number, self.http = "http://simulated.example", line.number, line  # type: ignore[assignment]
        LineRelay.__init__(self, line)
