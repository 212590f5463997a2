"""What the screens show of openings: how each stands, what it opens, and the part of all that an address asks for."""

from collections.abc import Callable
from dataclasses import dataclass

from poruch.cases.openings import Opening
from poruch.cases.state import Case
from poruch.desk import openings, partials
from poruch.desk.program import Desk
from poruch.desk.waiting import opening_waits
from poruch.ledger.state import Batch


@dataclass(frozen=True)
class Accused:
    """An answer that the requester has refuted, and what this desk made of it."""

    officer: int
    verdict: str


def state(desk: Desk, opening: Opening) -> str:
    """One word: done, withdrawn, expired, stopped, ready, mine (to answer) or waits (for colleagues)."""
    if opening.done:
        return "done"
    if opening.withdrawn:
        return "withdrawn"
    if desk.today() > opening.until:
        return "expired"
    if openings.stopped(desk, opening):
        return "stopped"
    if openings.complete(desk, opening):
        return "ready"
    return "mine" if opening_waits(desk, opening) else "waits"


SHOWN: dict[str, Callable[[str], bool]] = {
    "all": lambda state: True,
    "mine": lambda state: state == "mine",
    "live": lambda state: state in ("mine", "waits", "ready"),
    "stopped": lambda state: state == "stopped",
    "expired": lambda state: state == "expired",
    "withdrawn": lambda state: state == "withdrawn",
    "done": lambda state: state == "done",
}
"""Filters, and the states that pass them."""


def select(desk: Desk, show: str, asked_by: int | None, number: int | None) -> list[tuple[Opening, str]]:
    """The openings that pass, each with its state; what waits for this officer first, then the newest."""
    wanted = SHOWN.get(show, SHOWN["all"])
    found = []
    for opening in reversed(desk.openings.openings.values()):
        if asked_by is not None and opening.requester != asked_by:
            continue
        if number is not None and all(case.number != number for case in cases(desk, opening)):
            continue
        how = state(desk, opening)
        if wanted(how):
            found.append((opening, how))
    return sorted(found, key=lambda one: one[1] != "mine")


def cases(desk: Desk, opening: Opening) -> list[Case]:
    """The cases that an opening is about, once each, in its order."""
    found = [desk.cases.cases.get(drop) or desk.cases.case_of(drop) for drop in opening.drops]
    return list({case.id: case for case in found if case is not None}.values())


def payees(opening: Opening) -> int:
    """How many of its files hold bank details, by the places that its officers hold them to; the others hold names."""
    return sum(request.place.endswith("/payee") for request in opening.requests)


def batch_of(desk: Desk, opening: Opening) -> Batch | None:
    """The batch whose payees it opens, counted or withdrawn; none if it only says so."""
    batch = desk.ledger.batches.get(opening.batch) or desk.ledger.withdrawn.get(opening.batch)
    mine = batch is not None and batch.proposal.exporter == opening.requester
    return batch if mine and tuple(item.payee for item in batch.proposal.items) == opening.drops else None  # type: ignore[union-attr]


def awaited(desk: Desk, opening: Opening) -> list[int]:
    """Who of the quorum has not answered."""
    return [officer for officer in openings.voters(desk)[0] if officer not in opening.answers]


def accused(desk: Desk, opening: Opening) -> list[Accused]:
    """What became of answers that were refuted."""
    return [Accused(officer, partials.verdict(desk, opening, officer).value) for officer in sorted(opening.refutations)]
