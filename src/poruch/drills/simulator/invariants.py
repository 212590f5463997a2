"""What must hold, whatever happens. Each is one function, and its first line is what the promise says.

Those marked `step` run after every step, `day` at midnight, `week` each seventh midnight, `end` when all is quiet:
lines mended, clocks right, everybody there, everything synced.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice

from poruch.desk import publishing
from poruch.desk.program import Desk
from poruch.drills.simulator.state import known, public_state, state
from poruch.drills.simulator.world import Broken, Officer, World
from poruch.ledger.postings import trial_balance
from poruch.tlog.check import check_log
from poruch.tlog.tiles import parse_bundle, tile_path, tiles_of
from poruch.tlog.tree import EMPTY_ROOT

Check = Callable[[World], None]


@dataclass(frozen=True)
class Invariant:
    """A check, and how often it runs."""

    when: str
    check: Check

    @property
    def sentence(self) -> str:
        """What it says."""
        return (self.check.__doc__ or "").split("\n")[0]


INVARIANTS: list[Invariant] = []
_TURNS = ("step", "day", "week", "end")


def invariant(when: str) -> Callable[[Check], Check]:
    """An invariant that runs at `when` and at every rarer occasion."""

    def note(check: Check) -> Check:
        INVARIANTS.append(Invariant(when, check))
        return check

    return note


def check(world: World, when: str) -> None:
    """All that run at `when`. Raises `Broken`."""
    for one in INVARIANTS:
        if _TURNS.index(one.when) <= _TURNS.index(when):
            one.check(world)


def need(holds: bool, sentence: str) -> None:
    """Raises `Broken` with what was seen."""
    if not holds:
        raise Broken(sentence)


# ---- one state --------------------------------------------------------------------------------


@invariant("week")
def same_segments_same_state(world: World) -> None:
    """All desks that know the same segments have the same state."""
    groups: dict[object, list[tuple[Officer, Desk]]] = defaultdict(list)
    for officer, desk in world.honest():
        groups[known(desk)].append((officer, desk))
    for desks in groups.values():
        states = {officer.number: state(desk) for officer, desk in desks} if len(desks) > 1 else {}
        need(len(set(states.values())) <= 1, f"officers {sorted(states)} know the same and see different states")


@invariant("week")
def front_sees_what_desks_see(world: World) -> None:
    """A front that knows the same segments as a desk has the same public state."""
    positions = world.front.journal.positions()
    for officer, desk in world.honest():
        if desk.chains.positions == positions and desk.chains.forks.keys() == _front_forks(world).keys():
            need(
                public_state(desk.public) == public_state(world.front.public), f"officer {officer.number} and the front"
            )
            return


def _front_forks(world: World) -> dict[tuple[int, int], int]:
    return world.front.journal._forks()


@invariant("end")
def desks_come_to_rest(world: World) -> None:
    """When all lines are mended, desks come to rest: none says the same for ever."""
    need(world.seen["rests"], "after many rounds some desk still has something to say")


@invariant("end")
def everybody_knows_everything(world: World) -> None:
    """When all lines are mended, all honest desks that the front serves know the same.

    Of who signed two segments at one place each may hold another branch; but all know that he did.
    """
    served = [desk for _, desk in world.honest() if desk.public.serves(desk.number)]
    sizes = {}
    for desk in served:
        liars = desk.public.council.liars
        sizes[desk.number] = sum(signed.segment.author not in liars for signed in desk.held)
    need(len(set(sizes.values())) <= 1, f"segments by officer: {sizes}")
    proved = {desk.number: tuple(sorted(desk.public.council.liars)) for desk in served}
    need(len(set(proved.values())) <= 1, f"proved liars by officer: {proved}")


@invariant("week")
def no_honest_officer_is_a_liar(world: World) -> None:
    """No honest officer ever signs two segments at one place, whatever became of his disk."""
    evil = {number for number, officer in world.officers.items() if officer.evil}
    for officer, desk in world.there():
        found = desk.public.council.liars - evil
        need(not found, f"officer {officer.number} sees that {sorted(found)} signed two segments at one place")


@invariant("end")
def a_restart_changes_nothing(world: World) -> None:
    """A desk that is closed and opened again folds to the state it had. One desk, another one in each world."""
    desks = list(world.honest())
    officer, desk = desks[world.chance.seed % len(desks)]
    before = known(desk), state(desk)
    desk.close()
    again = world.open_desk(officer)
    need((known(again), state(again)) == before, f"officer {officer.number} sees another state after a restart")


# ---- money ------------------------------------------------------------------------------------


@invariant("step")
def no_instalment_is_paid_twice(world: World) -> None:
    """No instalment is paid twice, unless 2k-n officers signed two live batches past the relay.

    The bank's own list is what counts: executed and not sent back.
    """
    if len(world.paid) == world.seen.get("paid", 0):
        return
    world.seen["paid"] = len(world.paid)
    live = Counter(world.items[e][:2] for e in world.paid if e in world.items and e not in world.sent_back)
    for instalment, times in live.items():
        if times > 1:
            _excused(world, instalment, times)


def _excused(world: World, instalment: tuple[str, int], times: int) -> None:
    batches = {world.items[e][2] for e in world.paid if e in world.items and world.items[e][:2] == instalment}
    both = frozenset.intersection(*(world.backers[name] for name in batches))
    least = min(world.least[name] for name in batches)
    need(len(both) >= max(1, least), f"paid {times} times, and {sorted(both)} stood behind all")
    evil = frozenset(number for number, officer in world.officers.items() if officer.evil)
    world.seen.setdefault("twice", {})[instalment] = both & evil


@invariant("end")
def who_signed_twice_is_named(world: World) -> None:
    """Where an instalment was paid twice, every desk names the bad officer who signed two live batches.

    An honest one who lost his desk, and with it what he had signed with the bad one, is not to blame and not named.
    """
    twice = world.seen.get("twice", {})
    world.counts["instalment paid twice past the relay"] += len(twice)
    evil = frozenset().union(*twice.values())
    if evil:
        for officer, desk in world.honest():
            if desk.public.serves(officer.number):
                need(bool(evil & desk.public.council.liars), f"officer {officer.number} does not name him")


@invariant("week")
def every_posting_set_sums_to_zero(world: World) -> None:
    """Every posting set sums to zero."""
    for officer, desk in world.honest():
        begun = int(world.seen.get(f"posted {officer.number}", 0))
        posted = desk.ledger.posted
        for made in posted[begun:] if len(posted) >= begun else posted:
            total = sum(posting.amount_minor for posting in made.postings)
            need(total == 0, f"officer {officer.number}: {made.kind} {made.source} sums to {total}")
        world.seen[f"posted {officer.number}"] = max(0, len(posted) - 50)


@invariant("end")
def the_bank_agrees(world: World) -> None:
    """When every statement is read, the books hold what the bank holds."""
    for officer, desk in world.honest():
        if desk.public.serves(officer.number) and desk.within("treasury"):
            balance = trial_balance(desk.ledger.posted)
            need(sum(balance.values()) == 0, f"officer {officer.number}: the books do not sum to zero")
            held = balance.get(("bank", "EUR"), 0)
            need(held == world.bank.balance_minor, f"officer {officer.number}: {held}, bank {world.bank.balance_minor}")


# ---- secrets ----------------------------------------------------------------------------------


@invariant("step")
def nobody_opened_below_k(world: World) -> None:
    """Nothing that is sealed to the quorum was opened before k officers gave their partials for it."""
    opened, before = world.opened, world.seen.get("opened", 0)
    world.seen["opened"] = len(opened.opened)
    for file, gave in islice(opened.opened.items(), before, None):
        need(gave >= opened.needed[file], f"{gave} gave partials, {opened.needed[file]} are needed")


# ---- nothing is lost --------------------------------------------------------------------------


@invariant("day")
def no_acknowledged_submission_vanishes(world: World) -> None:
    """A submission whose sender was told that it reached the fund is on a desk or on the front."""
    held = _held(world)
    for applicant in world.people.applicants:
        if applicant.acknowledged:
            need(applicant.drop in held, f"the submission {applicant.drop} was acknowledged and is nowhere")


def _held(world: World) -> set[str]:
    held = {drop.drop for drop in world.front.shelf.drops if drop.body}
    for _, officer in sorted(world.officers.items()):
        if officer.desk is not None and officer.desk.view.cases is not None:
            desk = officer.desk
            held |= {drop for drop, event in desk.cases.drops.items() if event.body in desk.bodies}
    return held


@invariant("end")
def every_submission_is_a_case(world: World) -> None:
    """When all is quiet, every acknowledged submission is a case on every desk, and it can be read."""
    for officer, desk in world.honest():
        if not desk.public.serves(officer.number):
            continue
        for applicant in world.people.applicants:
            if applicant.acknowledged:
                need(applicant.drop in desk.cases.cases, f"officer {officer.number} has no case {applicant.drop}")
                need(applicant.drop in desk.contents, f"officer {officer.number} cannot read {applicant.drop}")


# ---- the log ----------------------------------------------------------------------------------


@invariant("step")
def the_log_only_grows(world: World) -> None:
    """The log only grows; a front made anew from a desk that is behind shows its beginning until the others come."""
    if world.front.log.edge.root == world.seen.get("root", EMPTY_ROOT):
        return
    world.seen["root"] = world.front.log.edge.root
    world.seen["log is new"] = world.front.log.size > 0
    shown, most = _entries(world), min(world.front.log.size, len(world.leaves))
    need(len(shown) == world.front.log.size, f"{world.front.log.size} leaves, and the front shows {len(shown)}")
    need(shown[:most] == world.leaves[:most], f"of the first {most} leaves, others are there")
    behind = len(shown) < len(world.leaves)
    need(not behind or "seized on" in world.seen, f"the log had {len(world.leaves)} leaves and has {len(shown)}")
    world.leaves = max(world.leaves, shown, key=len)


@invariant("end")
def the_log_is_whole(world: World) -> None:
    """When everybody has come, the log is as long as it ever was, whatever front shows it."""
    size = world.front.log.size
    need(size >= len(world.leaves), f"the log had {len(world.leaves)} leaves and has {size}")


@invariant("end")
def desks_know_the_log(world: World) -> None:
    """Every desk calls published what the front shows: else no later publication would go on from it."""
    for officer, desk in world.honest():
        if desk.public.serves(officer.number):
            size = publishing.log_state(desk).size
            need(size == world.front.log.size, f"officer {officer.number}: {size} of {world.front.log.size} leaves")


def _entries(world: World) -> list[bytes]:
    """All leaves in the files that the front shows, in their order."""
    paths = (tile_path("entries", index, width) for index, width in tiles_of(world.front.log.size))
    return [entry for path in paths for entry in parse_bundle(world.front.files[path])]


@invariant("day")
def the_log_always_checks(world: World) -> None:
    """The log checks, as a stranger checks it, after every publication."""
    if world.seen.pop("log is new", False):
        report = check_log(lambda path: world.front.files[path], world.chance.bytes)
        need(report.holds, f"the check of the log: {report.error}")


# ---- the suspended ----------------------------------------------------------------------------


@invariant("week")
def a_suspended_officer_changes_nothing(world: World) -> None:
    """Nothing that a suspended officer says after his suspension counts on any desk, whenever it was dated."""
    for officer, desk in world.honest():
        council = desk.public.council
        for number, suspension in council.suspended.items():
            since = suspension.said.order
            late = [s for s in desk.held if s.segment.author == number and s.order > since]
            counted = [s for s in late if desk.journal.counts(s)]
            need(not counted, f"officer {officer.number} counts {len(counted)} segments of {number}, who is suspended")


def sentences() -> Iterable[str]:
    """All of them, with how often each runs."""
    return (f"{one.sentence} (every {one.when})" for one in INVARIANTS)
