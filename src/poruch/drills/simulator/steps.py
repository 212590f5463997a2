"""What happens in a simulation: small steps, each a row of plain data that a file can hold.

A step names who and what by number; what is not possible when its turn comes does nothing. So any part of a script is a
script, and the shortest one that still fails can be looked for.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from poruch.desk import publishing, treasury
from poruch.desk.program import Desk
from poruch.drills.simulator import office
from poruch.drills.simulator.disk import PowerCut
from poruch.drills.simulator.world import Officer, World
from poruch.errors import PoruchError

QUARTER = 60
"""Days that a publication is apart from the next, at least."""


@dataclass(frozen=True)
class Step:
    """`id` names its stream of chance; `kind` and `numbers` say what happens."""

    id: int
    kind: str
    numbers: tuple[int, ...] = ()

    def __str__(self) -> str:
        return " ".join([str(self.id), self.kind, *map(str, self.numbers)])

    @classmethod
    def parse(cls, line: str) -> "Step":
        """From a line of a script."""
        id, kind, *numbers = line.split()
        return cls(int(id), kind, tuple(int(number) for number in numbers))


Act = Callable[[World, Random, tuple[int, ...]], None]
ACTS: dict[str, Act] = {}


def step(act: Act) -> Act:
    """A function named `_some_thing` does the step `some-thing`."""
    ACTS[act.__name__.strip("_").replace("_", "-")] = act
    return act


def run_step(world: World, one: Step) -> None:
    """Do one step. A cut of power ends it; the machine starts again at once, or stays off if the step says so."""
    with world.chance.step(str(one.id)) as drawn:
        try:
            ACTS[one.kind](world, drawn, one.numbers)
        except PoruchError as error:
            world.refused[type(error).__name__] += 1
        except PowerCut:
            restart(world)


def restart(world: World) -> None:
    """Whoever's power went starts again from his disk."""
    for officer in world.officers.values():
        if officer.disk.fuse.blown > world.seen.get(f"blown {officer.number}", 0):
            world.seen[f"blown {officer.number}"] = officer.disk.fuse.blown
            world.counts["power cut of a desk"] += 1
            world.open_desk(officer)


def desk_of(world: World, number: int) -> tuple[Officer, Desk] | None:
    """An officer whose desk runs."""
    officer = world.officers.get(number)
    if officer is None or officer.desk is None or officer.gone:
        return None
    return officer, officer.desk


# ---- every day --------------------------------------------------------------------------------


@step
def _day(world: World, drawn: Random, numbers: tuple[int, ...]) -> None:
    """Midnight; what was held up on the way arrives."""
    world.clock.turn()
    for officer in world.officers.values():
        officer.line.deliver_late()


@step
def _ask(world: World, drawn: Random, numbers: tuple[int, ...]) -> None:
    world.people.ask(world.front)
    world.counts["submission"] += 1


@step
def _mailboxes(world: World, drawn: Random, numbers: tuple[int, ...]) -> None:
    """Everybody whose case is not over looks into his mailbox."""
    for applicant in world.people.applicants:
        if applicant.over:
            continue
        world.people.look(applicant, world.front)


@step
def _give(world: World, drawn: Random, numbers: tuple[int, ...]) -> None:
    """A gift, with a reference of its own or the general one; now and then from a related party, or without any."""
    kind = drawn.randrange(8)
    reference, name, iban = "", "A Giver", "EE382200221020145685"
    if kind < 4:
        reference = world.people.announce_gift(world.front)
    elif kind < 6:
        reference = world.charter.gift_reference
    elif kind == 6:
        name, iban = "Muravejnik Software Ltd", "DE89370400440532013000"
        reference = world.charter.gift_reference
    world.bank.receive(drawn.randrange(200, 2000) * 100, reference or "for them", name, iban, world.clock())
    world.counts["gift"] += 1


@step
def _work(world: World, drawn: Random, numbers: tuple[int, ...]) -> None:
    found = desk_of(world, numbers[0])
    if found is not None and not found[0].evil:
        office.work(world, found[0])


@step
def _sync(world: World, drawn: Random, numbers: tuple[int, ...]) -> None:
    found = desk_of(world, numbers[0])
    if found is not None:
        world.turn(found[0])


@step
def _pay(world: World, drawn: Random, numbers: tuple[int, ...]) -> None:
    """Treasury proposes what is due."""
    found = desk_of(world, numbers[0])
    if found is None or found[0].evil:
        return
    officer, desk = found
    world.turn(officer)
    items = treasury.payable(desk)
    if items or treasury.returnable(desk):
        treasury.propose_batch(desk, items, desk.today())
        world.counts["batch"] += 1
        desk.push()


@step
def _statement(world: World, drawn: Random, numbers: tuple[int, ...]) -> None:
    """The bank has executed what it was given, and treasury reads its statement."""
    world.bank_works(drawn)
    found = desk_of(world, numbers[0])
    if found is None or found[0].evil:
        return
    officer, desk = found
    world.turn(officer)
    world.import_statement(desk)
    desk.push()


@step
def _publish(world: World, drawn: Random, numbers: tuple[int, ...]) -> None:
    """An epoch is prepared, signed by whoever is there, and sent."""
    found = desk_of(world, numbers[0])
    if found is None or found[0].evil or world.clock.days - world.seen.get("published on", -QUARTER) < QUARTER:
        return
    officer, desk = found
    world.turn(officer)
    publication = next((p for p in desk.ledger.publications.values() if not p.sent), None)
    if publication is None or publication.proposer != desk.number:
        publication = publishing.propose_epoch(desk, desk.today())
    desk.push()
    for other, its in list(world.honest()):
        world.turn(other)
        seen = its.ledger.publications.get(publication.id)
        if seen is not None and its.number not in seen.lines and its.number in world.charter.numbers:
            publishing.sign(its, seen)
            its.push()
    world.turn(officer)
    publication = desk.ledger.publications[publication.id]
    publishing.send(desk, publication)
    world.counts["epoch"] += 1
    world.seen["published on"] = world.clock.days
    publishing.leave_slips(desk, desk.ledger.publications[publication.id])
    desk.push()
