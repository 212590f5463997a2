"""Steps in which something goes wrong, and steps in which officers answer to that: lost desks, seized fronts, cuts."""

from random import Random

from poruch.desk import council
from poruch.desk.program import Desk
from poruch.drills.simulator.disk import PowerCut
from poruch.drills.simulator.network import FAULTS
from poruch.drills.simulator.steps import desk_of, step
from poruch.drills.simulator.world import World
from poruch.errors import CannotRebuild
from poruch.events.charter import CIRCLES

LONGEST_SKEW_DAYS = 1
"""The relay takes a request that is a day off, so an honest desk whose clock is worse notices at once."""


@step
def _cut_off(world: World, drawn: Random, numbers: tuple[int, ...]) -> None:
    """A partition: this desk does not reach the relay until it is mended."""
    officer = world.officers.get(numbers[0])
    if officer is not None and not officer.line.cut:
        officer.line.cut = True
        world.counts["partition"] += 1


@step
def _mend(world: World, drawn: Random, numbers: tuple[int, ...]) -> None:
    officer = world.officers.get(numbers[0])
    if officer is not None:
        officer.line.cut = False


@step
def _noise(world: World, drawn: Random, numbers: tuple[int, ...]) -> None:
    """The next requests of a desk are lost, doubled, held up, cut or disordered."""
    officer = world.officers.get(numbers[0])
    if officer is not None:
        officer.line.faults.extend(drawn.choice(("", *FAULTS)) for _ in range(numbers[1]))


@step
def _skew(world: World, drawn: Random, numbers: tuple[int, ...]) -> None:
    """A desk's clock is a day early or late, or right again."""
    officer = world.officers.get(numbers[0])
    if officer is not None:
        officer.clock.skew_days = max(-LONGEST_SKEW_DAYS, min(LONGEST_SKEW_DAYS, numbers[1]))
        world.counts["wrong clock"] += bool(numbers[1])


@step
def _power(world: World, drawn: Random, numbers: tuple[int, ...]) -> None:
    """A desk's power will go at one of its next writes: before it, or after it."""
    officer = world.officers.get(numbers[0])
    if officer is not None:
        officer.disk.fuse.arm(numbers[1], after=bool(numbers[2]))


@step
def _front_power(world: World, drawn: Random, numbers: tuple[int, ...]) -> None:
    """The front's power will go at one of its next writes."""
    world.front.fuse.arm(numbers[0], after=bool(numbers[1]))


@step
def _restart(world: World, drawn: Random, numbers: tuple[int, ...]) -> None:
    """A desk is closed and opened again, and knows what it knew."""
    found = desk_of(world, numbers[0])
    if found is not None:
        found[1].close()
        world.open_desk(found[0])
        world.counts["restart"] += 1


@step
def _lose(world: World, drawn: Random, numbers: tuple[int, ...]) -> None:
    """A desk is lost, and its officer makes a new one from his paper."""
    found = desk_of(world, numbers[0])
    if found is None or found[0].evil or found[1].restored or not _somebody_else_holds_all(world, found[1]):
        return
    officer = found[0]
    world.lose(officer)
    world.restore(officer)
    world.counts["lost desk"] += 1
    world.turn(officer)


def _somebody_else_holds_all(world: World, desk: Desk) -> bool:
    """One loss at a time: what nobody else holds yet is lost with the only one who does, and no promise says else."""
    return not desk.store.unpushed_bodies() and not desk.store.unpushed_segments() and not _alone(world)


def _alone(world: World) -> bool:
    return world.seen.get("seized on") == world.clock.days or sum(1 for _ in world.honest()) < 2


@step
def _seize(world: World, drawn: Random, numbers: tuple[int, ...]) -> None:
    """The front is taken away. A new one is made from one desk; the others give it what it lacks."""
    found = desk_of(world, numbers[0])
    if found is None or found[0].evil or not found[1].speaks:
        return
    try:
        made = world.front.rebuilt_from(found[1])
    except CannotRebuild:
        world.refused["CannotRebuild"] += 1
        return
    world.lost_with(world.front, made)
    world.front = made
    world.counts["seized front"] += 1
    world.seen["seized on"] = world.clock.days


@step
def _stick(world: World, drawn: Random, numbers: tuple[int, ...]) -> None:
    """One desk's segments come to another on a stick: some of them, in any order, some twice."""
    one, other = desk_of(world, numbers[0]), desk_of(world, numbers[1])
    if one is None or other is None or one[0] is other[0]:
        return
    segments = list(one[1].held)
    chosen = segments[-drawn.randint(1, 60) :]
    chosen = drawn.sample(chosen, drawn.randint(1, len(chosen))) + drawn.choices(chosen, k=3)
    try:
        other[1].take(chosen, pushed=False)
    except PowerCut:
        raise
    world.counts["stick in disorder"] += 1


# ---- officers among themselves ----------------------------------------------------------------


@step
def _suspend(world: World, drawn: Random, numbers: tuple[int, ...]) -> None:
    """An officer suspends a colleague: rightly, if he is the bad one."""
    found = desk_of(world, numbers[0])
    if found is None or found[0].evil:
        return
    world.turn(found[0])
    council.suspend(found[1], numbers[1], "He was seen with the police.")
    world.counts["suspension"] += 1
    found[1].push()


@step
def _freeze(world: World, drawn: Random, numbers: tuple[int, ...]) -> None:
    """An officer freezes the fund; colleagues thaw it when they next sit down."""
    found = desk_of(world, numbers[0])
    if found is None:
        return
    world.turn(found[0])
    council.freeze(found[1], "The flat of a colleague is searched.")
    world.counts["freeze"] += 1
    found[1].push()


@step
def _admit(world: World, drawn: Random, numbers: tuple[int, ...]) -> None:
    """A newcomer is proposed, with a share, in every circle; he may read what was before him."""
    found = desk_of(world, numbers[0])
    number = max(world.officers) + 1
    if found is None or found[0].evil or _is_changed(world, found[1], numbers[1]):
        return
    officer, desk = found
    world.turn(officer)
    n = len(desk.public.council.quorum) + 1
    officer = world.add_officer(number)
    key = officer.key
    new = council.new_officer(number, key.signing.public, key.log.public, key.identity.recipient.text)
    change = council.admit(desk, new, CIRCLES, in_quorum=True, k=n // 2 + 1, history=True)
    try:
        council.propose(desk, change, "We need one more.")
    except Exception:
        del world.officers[number]
        raise
    world.start(officer)
    world.counts["roster change proposed"] += 1
    desk.push()


def _is_changed(world: World, desk: Desk, epoch: int) -> bool:
    """The change is made, or waits for approvals."""
    return desk.public.council.epoch >= epoch or bool(council.open_proposals(desk))


@step
def _remove(world: World, drawn: Random, numbers: tuple[int, ...]) -> None:
    """An officer is proposed for removal: the bad one, or whoever is named."""
    found = desk_of(world, numbers[0])
    if found is None or found[0].evil:
        return
    officer, desk = found
    evil = [n for n, one in sorted(world.officers.items()) if one.evil and n in desk.public.council.roster]
    number = evil[0] if evil else numbers[1]
    world.turn(officer)
    if number == officer.number or _is_changed(world, desk, numbers[2]):
        return
    council.propose(desk, council.remove(desk, number), "He is gone.")
    world.counts["roster change proposed"] += 1
    desk.push()
