"""How much waits for this officer, page by page: the numbers in the menu. A pure function of the desk."""

from poruch.cases.openings import Opening
from poruch.desk import openings, partials, presence, treasury, trials, troubles, views_council
from poruch.desk.program import Desk
from poruch.desk.publishing import signatures_missing
from poruch.desk.views_cases import next_step
from poruch.ledger.state import Batch, Publication

PAGES = ("queue", "batches", "openings", "books", "log", "journal", "officers")


def counts(desk: Desk) -> dict[str, int]:
    """What waits for this officer, by page, and the `total` of all but mere faults of the journal."""
    if desk.view.cases is None or desk.public.quorum_point is None:
        among_officers = len(views_council.waits(desk))
        return {**dict.fromkeys(PAGES, 0), "officers": among_officers, "total": among_officers}
    found = {
        "queue": sum(next_step(desk, case).mine for case in desk.cases.cases.values()),
        "batches": sum(batch_waits(desk, batch) for batch in desk.ledger.batches.values()) + may_propose(desk),
        "openings": sum(opening_waits(desk, opening) for opening in desk.openings.openings.values()),
        "books": len(desk.ledger.faults) if desk.within("treasury") or desk.within("auditors") else 0,
        "log": sum(publication_waits(desk, publication) for publication in desk.ledger.publications.values()),
        "journal": len(faults(desk)) + len(desk.view.alarms.open),
        "officers": len(views_council.waits(desk)) + len(presence.missed(desk)),
    }
    found["total"] = sum(found[page] for page in PAGES if page != "journal")
    return found


def may_propose(desk: Desk) -> bool:
    """Treasury has something to put into a batch."""
    return desk.within("treasury") and bool(treasury.payable(desk) or treasury.returnable(desk))


def batch_waits(desk: Desk, batch: Batch) -> bool:
    """A colleague's batch to approve, or one's own that is ready for the bank or whose opening leads nowhere."""
    if batch.exported is not None:
        return False
    opening = desk.openings.for_batch(batch.proposal)
    live = opening is None or openings.live(desk, opening)
    if batch.proposal.exporter == desk.number:
        complete = opening is None or openings.complete(desk, opening)
        return not live or (complete and treasury.approvals_missing(desk, batch) == 0)
    missing = treasury.approvals_missing(desk, batch) > 0
    if opening is not None and desk.number not in opening.answers:
        return live and (missing or not openings.complete(desk, opening))
    behind = batch.proposer == desk.number or desk.number in batch.approvals
    return live and missing and not behind


def opening_waits(desk: Desk, opening: Opening) -> bool:
    """A request that this officer has neither answered nor objected to; a batch's is answered with the batch."""
    if opening.batch or desk.number in opening.answers or opening.objected(desk.number):
        return False
    return openings.live(desk, opening) and not openings.complete(desk, opening)


def publication_waits(desk: Desk, publication: Publication) -> bool:
    """An epoch to sign, or one's own to give to the front; for treasury also one whose slips are not left."""
    if publication.sent:
        return desk.within("treasury") and publication.prepared is not None and not publication.slips_left
    if signatures_missing(desk, publication):
        return desk.number not in publication.lines
    return publication.proposer == desk.number


def faults(desk: Desk) -> list[str]:
    """What does not hold anywhere in the journal: the errors page counts it."""
    return [f"{one.kind}: {one.author}" for one in troubles.troubles(desk)] + sentences(desk)


def sentences(desk: Desk) -> list[str]:
    """What does not hold and is told by a sentence alone, without bytes that show it."""
    shown = ("A sealed event of officer", "unknown-event")  # poruch.desk.troubles shows these, with their bytes
    found = [said for said in desk.faults + desk.public.faults if not said.startswith(shown)]
    found += desk.openings.faults + desk.ledger.faults
    found += partials.faults(desk) + trials.faults(desk) + desk.view.presence.faults
    return found + desk.view.cases.faults if desk.view.cases is not None else found
