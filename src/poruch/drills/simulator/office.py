"""What an honest officer does when he sits down at his desk: whatever waits for him, by the functions of the screens.

An officer reads what his desk shows him and believes it. What the product refuses him is counted and not repeated.
"""

from collections.abc import Callable, Iterable

from poruch.cases.decide import missing_checks
from poruch.cases.state import Case
from poruch.desk import casework, council, openings, screening, treasury, waiting
from poruch.desk.program import Desk
from poruch.drills.simulator.world import Officer, World
from poruch.errors import PoruchError
from poruch.events.drops import Person
from poruch.events.kinds import Instalment

GRANTED_OF = 5
"""Of so many cases two end with a grant, the others are refused: so a year has both."""
MOST_TOGETHER = 24
MOST_AGREED = 6


def work(world: World, officer: Officer) -> None:
    """A sitting: sync, whatever waits, and push."""
    desk = officer.desk
    if desk is None:
        return
    world.turn(officer)
    if desk.view.cases is not None and desk.speaks and officer.number in desk.public.council.roster:
        for doing in (_council, _openings, _grants, _cases, _screen, _batches):
            _each(world, lambda doing=doing: doing(world, desk))  # type: ignore[misc]
    _each(world, lambda: [desk.push])


def _each(world: World, doings: Callable[[], Iterable[Callable[[], object]]]) -> None:
    """One act after the other; a refusal of one stops no other."""
    try:
        todo = list(doings())
    except PoruchError as error:
        world.refused[type(error).__name__] += 1
        return
    for act in todo:
        try:
            act()
        except PoruchError as error:
            world.refused[type(error).__name__] += 1


# ---- cases ------------------------------------------------------------------------------------


def _is_for_grant(case: Case) -> bool:
    return case.number % GRANTED_OF < 2


def _cases(world: World, desk: Desk) -> Iterable[Callable[[], object]]:
    """Whose turn it is takes a case or refuses it; his neighbour reads it too; whoever took it proposes the grant."""
    roster = sorted(n for n in desk.public.council.roster if desk.public.council.active(n))
    mine = roster.index(desk.number) if desk.number in roster else -1
    for case in desk.cases.cases.values():
        if case.refused is not None or case.live_grant is not None or case.erased is not None:
            continue
        turn = case.number % len(roster) == mine
        late = (desk.today() - case.day).days > 30
        if not _is_for_grant(case):
            if turn or late:
                yield lambda case=case: casework.refuse(desk, case, "Told the same loss to another fund.")  # type: ignore[misc]
        elif case.taken_by is None:
            if turn or late:
                yield lambda case=case: casework.take(desk, case)  # type: ignore[misc]
        elif case.taken_by == desk.number and not missing_checks(case):
            yield lambda case=case: _propose(desk, case)  # type: ignore[misc]
        elif "reading" in missing_checks(case) and case.taken_by != desk.number:
            turn = (case.number + 1) % len(roster) == mine
            if turn or late:
                yield lambda case=case: _read(desk, case)  # type: ignore[misc]


def _read(desk: Desk, case: Case) -> None:
    casework.story(desk, case)
    casework.record_reading(desk, case, "believable", "", no_interest=True)


def _propose(desk: Desk, case: Case) -> None:
    casework.propose_grant(desk, case, "first-months", [Instalment(60000, desk.today())])


def _grants(world: World, desk: Desk) -> Iterable[Callable[[], object]]:
    for case in desk.cases.cases.values():
        grant = case.live_grant
        if grant is None or grant.approved or case.refused is not None or missing_checks(case):
            continue
        if desk.number not in (grant.proposer, *grant.approvals):
            yield lambda case=case, grant=grant: casework.approve_grant(desk, case, grant)  # type: ignore[misc]


# ---- openings ---------------------------------------------------------------------------------


def _openings(world: World, desk: Desk) -> Iterable[Callable[[], object]]:
    """Agree to colleagues' requests; look at what came of one's own."""
    agreed = 0
    for opening in list(desk.openings.openings.values()):
        if opening.done or opening.batch:
            continue
        if opening.requester == desk.number:
            if openings.live(desk, opening) and openings.complete(desk, opening):
                yield lambda opening=opening: _screened(desk, opening.id)  # type: ignore[misc]
        elif waiting.opening_waits(desk, opening) and agreed < MOST_AGREED:
            agreed += 1
            yield lambda opening=opening: openings.agree(desk, opening)  # type: ignore[misc]


def _screened(desk: Desk, id: bytes) -> None:
    opening = desk.openings.openings[id]
    people, _ = openings.open_all(desk, opening)
    digest = screening.current_list(desk)[1]
    for drop, person in zip(opening.drops, people, strict=True):
        case = desk.cases.cases.get(drop)
        if case is not None and isinstance(person, Person):
            outcome = "match" if screening.screen_name(desk, person.name) else "no-match"
            casework.record_screening(desk, case, outcome, digest, no_interest=True)
    desk.act(openings.finish(desk, opening))


def _screen(world: World, desk: Desk) -> Iterable[Callable[[], object]]:
    """Ask for the names of whom nobody has screened, unless a colleague asked already."""
    asked = {d for o in desk.openings.openings.values() if not o.batch and openings.live(desk, o) for d in o.drops}
    roster = sorted(desk.public.council.active_quorum)
    weeks = world.clock.days // 7
    if not roster or roster[weeks % len(roster)] != desk.number:
        return
    drops = [
        case.id
        for case in desk.cases.cases.values()
        if case.refused is None and missing_checks(case) == ["screening"] and case.id not in asked
    ]
    if drops:
        yield lambda: openings.ask(desk, f"Screen {len(drops)} names.", drops[:MOST_TOGETHER])


# ---- batches ----------------------------------------------------------------------------------


def _batches(world: World, desk: Desk) -> Iterable[Callable[[], object]]:
    for batch in list(desk.ledger.batches.values()):
        if not waiting.batch_waits(desk, batch):
            continue
        if batch.proposal.exporter != desk.number:
            yield lambda batch=batch: treasury.approve_batch(desk, batch)  # type: ignore[misc]
        else:
            yield lambda batch=batch: export(world, desk, batch.proposal.batch)  # type: ignore[misc]


def export(world: World, desk: Desk, name: str) -> None:
    """Export one's own batch and carry the file to the bank; or ask again for its payees."""
    batch = desk.ledger.batches[name]
    opening = desk.openings.for_batch(batch.proposal)
    if opening is not None and not openings.live(desk, opening):
        treasury.ask_again(desk, batch)
        return
    exported = treasury.export(desk, batch)
    world.carry(exported.file, batch, desk)


# ---- colleagues -------------------------------------------------------------------------------


def _council(world: World, desk: Desk) -> Iterable[Callable[[], object]]:
    """Confirm restored desks, approve changes, and judge measures as somebody who knows who is bad."""
    evil = {number for number, officer in world.officers.items() if officer.evil}
    for number, life in council.lives_to_confirm(desk):
        officer = world.officers.get(number)
        if number != desk.number and officer is not None and not officer.evil:
            yield lambda number=number, life=life: council.confirm_life(desk, number, life)  # type: ignore[misc]
    for proposal in council.open_proposals(desk):
        if proposal.said.author not in evil and desk.number not in proposal.approvals:
            yield lambda proposal=proposal: council.approve(desk, proposal)  # type: ignore[misc]
    known = desk.public.council
    for id, suspension in list(known.suspensions.items()):
        if suspension.over is None and desk.number not in suspension.votes:
            if suspension.pin.number in evil:
                yield lambda id=id: council.confirm(desk, id)  # type: ignore[misc]
            else:
                yield lambda id=id: council.undo(desk, id)  # type: ignore[misc]
    for freeze in known.freezes_in_force:
        if desk.number not in freeze.votes:
            yield lambda id=freeze.said.id: council.undo(desk, id)  # type: ignore[misc]
