"""A village's fund on a real front, in a process of its own."""

from dataclasses import dataclass
from pathlib import Path

from crash.faults import FaultyLine
from front.process import Front, new_front, today
from poruch.journal.segments import SignedSegment
from poruch.journal.sync import HttpRelay
from story.village import Village, found_village


@dataclass
class Named:
    """What a front's folder has to know of a fund."""

    id: bytes
    segments: list[SignedSegment]


def village_and_front(folder: Path) -> tuple[Village, Front]:
    """A founded village, and a front in a process of its own that holds its journal and its bodies."""
    village = found_village(folder / "village", day=today())
    front = new_front(folder, Named(village.front.fund, village.front.segments), found=False)  # type: ignore[arg-type]
    relay = line_to(front.address, village, 1)
    assert set(relay.push(village.front.segments)) == {"accepted"}
    for body in village.front.bodies.values():
        relay.put_body(body)
    return village, front


def line_to(address: str, village: Village, number: int) -> HttpRelay:
    """How an officer's desk asks the front."""
    return HttpRelay(address, number, village.desks[number].key.signing, today, timeout_seconds=5)


def connect(village: Village, line: FaultyLine) -> None:
    """Have all desks ask over this line."""
    for number, desk in village.desks.items():
        desk.relay = line_to(line.address, village, number)
