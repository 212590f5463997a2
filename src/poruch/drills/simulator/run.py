"""One simulation: a script played in a fresh world, the invariants after every step, and a quiet end."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from poruch.desk import syncing
from poruch.drills.simulator import invariants
from poruch.drills.simulator.acts import run_step
from poruch.drills.simulator.chance import Chance
from poruch.drills.simulator.counts import counted
from poruch.drills.simulator.doubled import installed
from poruch.drills.simulator.schedule import Script
from poruch.drills.simulator.state import state
from poruch.drills.simulator.world import Broken, World, found
from poruch.errors import PoruchError

EVERY_REAL = 20
"""Every 20th seed runs the real cryptography."""
QUIET_ROUNDS = 12


@dataclass
class Result:
    """How a simulation ended: `broken` is empty, or says what did not hold and after which step."""

    script: Script
    broken: str = ""
    step: int = -1
    counts: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    digest: str = ""


def _steady() -> float:
    """Desks measure how long their portions take; here all take the same."""
    return 0.0


def play(script: Script, *, real: bool = False, planted: Sequence[tuple[Any, Any]] = ()) -> Result:
    """Play a script to its end, or to the step after which something does not hold."""
    steady = (syncing.Portions, lambda: _Portions(_steady))
    result = Result(script)
    with installed(real=real, extra=[steady, *planted]) as opened:
        world = None
        try:
            world = found(Chance(script.seed), opened, script.n, script.k)
            for one in script.steps:
                result.step = one.id
                run_step(world, one)
                invariants.check(world, _turn(world, one.kind))
            result.step = -1
            end(world)
        except (Broken, *CRASHES) as error:
            result.broken = f"{type(error).__name__}: {error}"
        if world is not None:
            result.counts, result.refused = counted(world), world.refused
            result.digest = digest(world)
    return result


_Portions = syncing.Portions
CRASHES = (PoruchError, ValueError, KeyError, TypeError, AttributeError, IndexError, ArithmeticError, AssertionError)
"""What no program of ours may end with, whatever it is given."""


def _turn(world: World, kind: str) -> str:
    if kind != "day":
        return "step"
    return "week" if world.clock.days % 7 == 0 else "day"


def digest(world: World) -> str:
    """The same for two runs of one script: what the front and every desk hold, byte for byte, and what they make of it.

    With the real cryptography it is another one each time: the library that seals to `age1pq` draws by itself.
    """
    made = hashlib.sha256()
    for signed in world.front.shelf.segments:
        made.update(signed.raw)
    for _, desk in world.there():
        made.update(state(desk))
    return made.hexdigest()


def end(world: World) -> None:
    """All is mended, everybody comes back, the bank finishes, and every invariant holds."""
    world.settle(QUIET_ROUNDS)
    with world.chance.step("end") as drawn:
        world.bank_works(drawn, finish=True)
        for _, desk in list(world.honest()):
            if desk.speaks and desk.within("treasury") and desk.public.serves(desk.number):
                world.import_everything(desk)
                break
        world.settle(QUIET_ROUNDS)
        for applicant in world.people.applicants:
            world.people.look(applicant, world.front)
        world.seen["rests"] = world.settle(QUIET_ROUNDS)
        invariants.check(world, "end")
