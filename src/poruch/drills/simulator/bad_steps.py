"""The steps of the bad officer, and of the one chance he has."""

from random import Random

from poruch.drills.simulator import malice, office
from poruch.drills.simulator.steps import desk_of, step
from poruch.drills.simulator.world import World


@step
def _turn_bad(world: World, drawn: Random, numbers: tuple[int, ...]) -> None:
    """From now on an officer is the enemy's, with all he has. One in a world: k-1 of them are another story."""
    found = desk_of(world, numbers[0])
    if found is None or any(officer.evil for officer in world.officers.values()):
        return
    found[0].evil = True
    world.open_desk(found[0])
    world.counts["bad officer"] += 1


@step
def _misbehave(world: World, drawn: Random, numbers: tuple[int, ...]) -> None:
    """He sits down, and does one bad thing or works like everybody else."""
    bad = world.bad()
    if bad is None:
        return
    officer, desk = bad
    world.turn(officer)
    what = numbers[0] % 5
    suspended = not world.front.public.serves(officer.number)  # his own desk is not told
    if what == 0:
        office.work(world, officer)
    elif what == 1:
        malice.approve_everything(desk)
    elif what == 2:
        malice.answer_falsely(desk)
    elif what == 3:
        malice.flood(desk, drawn, 3)
    else:
        officer.clock.skew_days = -drawn.randint(1, 40)
        malice.approve_everything(desk)
        officer.clock.skew_days = 0
    world.counts["misdeed while suspended" if suspended else "misdeed"] += 1
    malice.push(desk)


@step
def _equivocate(world: World, drawn: Random, numbers: tuple[int, ...]) -> None:
    """He says one thing to the relay and another, at the same place of his chain, to one colleague."""
    bad, found = world.bad(), desk_of(world, numbers[0])
    if bad is None or found is None or found[0].evil:
        return
    officer, desk = bad
    world.turn(officer)
    shadow = world.copy_of(officer)
    malice.flood(desk, drawn, 2)
    malice.flood(shadow, drawn, 2)
    desk.push()
    malice.carry(shadow, found[1])
    world.counts["equivocation"] += 1


@step
def _pay_apart(world: World, drawn: Random, numbers: tuple[int, ...]) -> None:
    """He has a batch approved by colleagues who are cut off, and goes to the bank with it past the relay's tags."""
    bad = world.bad()
    if bad is None:
        return
    officer = bad[0]
    world.turn(officer)
    chosen = [desk_of(world, number) for number in numbers]
    colleagues = [found for found in chosen if found is not None and not found[0].evil]
    for other, _ in colleagues:
        world.turn(other)
        other.line.cut = True
    shadow = world.copy_of(officer)
    made = malice.pay_apart(shadow, [its for _, its in colleagues])
    if made is not None:
        file, name = made
        world.carry(file, shadow.ledger.batches[name], shadow)
        world.counts["batch past the relay"] += 1
