"""What k officers resolve together apart from the roster: to erase what a person sent, and where the front is.

Each act is one segment; the reason is sealed beside it to all officers. Before he proposes or approves an erasure, each
desk looks for itself that the bodies are one person's, and that nothing of it must stay.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from poruch.cases.state import Case
from poruch.desk.council import with_reason
from poruch.desk.program import Desk
from poruch.errors import (
    AlreadyDone,
    BadEvent,
    MissingCheck,
    MustStay,
    OtherBodies,
    PoruchError,
    StillMoving,
    StillOpen,
)
from poruch.events.resolutions import CaseLeft, ErasureProposed, FrontMoved, LeftDrop, Resolved
from poruch.journal.members import explained_hash
from poruch.journal.resolutions import MOST_BODIES, Resolution

UNDER_WAY = ("proposed", "exported")


@dataclass(frozen=True)
class Sent:
    """What is held of one person: drops that may go, hashes of all that may go, and what stays until which day."""

    drops: tuple[LeftDrop, ...]
    bodies: tuple[bytes, ...]
    stays: dict[str, date]


def drops_of(case: Case) -> list[str]:
    """The ids of all that the person sent: the submission, messages, bank details."""
    return [case.id, *(letter.drop for letter in case.letters if letter.drop), *case.payees]


def sent(desk: Desk, case: Case) -> Sent:
    """What an erasure of `case` takes today. Bank details of a payment stay for the charter's time."""
    stays = _stays(desk, case)
    drops, bodies = [], set[bytes]()
    for drop in drops_of(case):
        if drop in stays:
            continue
        here = set(desk.cases.bodies.get(drop, ())) - desk.erased
        bodies |= here
        if desk.cases.drops[drop].body in here:
            drops.append(LeftDrop(drop, desk.cases.drops[drop].body))
    bodies |= _letters(desk, case) - desk.erased
    return Sent(tuple(drops), tuple(sorted(bodies))[:MOST_BODIES], stays)


def _letters(desk: Desk, case: Case) -> set[bytes]:
    """What the fund wrote to the person; a reply that names what somebody sent, an answer or slips is no letter."""
    named = {reply.body for reply in desk.public.replies.get(case.mailbox, ())}
    others = {body for bodies in desk.cases.bodies.values() for body in bodies}
    others |= {body for opening in desk.openings.openings.values() for body in opening.answers.values()}
    others |= {body for publication in desk.ledger.publications.values() for body in publication.slips}
    return named - others - {r.body for box, rs in desk.public.replies.items() if box != case.mailbox for r in rs}


def _stays(desk: Desk, case: Case) -> dict[str, date]:
    found: dict[str, date] = {}
    for payment in desk.ledger.payments.values():
        if payment.item.case == case.id and payment.state == "settled" and payment.day is not None:
            days = min(desk.charter.retention_days, (date.max - payment.day).days)
            until = payment.day + timedelta(days=days)
            if until > desk.today():
                found[payment.item.payee] = max(until, found.get(payment.item.payee, until))
    return found


def check_erasable(desk: Desk, case: Case) -> Sent:
    """What may go of `case` now. Raises `StillMoving`, `StillOpen`, `MustStay`, `AlreadyDone`."""
    if any(p.item.case == case.id and p.state in UNDER_WAY for p in desk.ledger.payments.values()):
        raise StillMoving
    theirs = set(drops_of(case))
    for opening in desk.openings.openings.values():
        over = opening.done or opening.withdrawn or desk.today() > opening.until
        if not over and not theirs.isdisjoint(opening.drops):
            raise StillOpen
    found = sent(desk, case)
    if not found.bodies:
        if found.stays:
            raise MustStay
        raise AlreadyDone("everything of it is erased")
    return found


# ---- acts -------------------------------------------------------------------------------------


def propose_erasure(desk: Desk, case: Case, reason: str) -> None:
    """Propose to erase what a person sent, and be for it.

    Raises what `check_erasable` and `Resolutions.check_proposal` do, and `BadReason`.
    """
    found = check_erasable(desk, case)
    event = ErasureProposed(found.bodies, desk.random(16))
    resolutions = desk.public.resolutions
    resolutions.check_proposal(event, desk.number, desk.today(), desk.public.council)
    content = desk.contents.get(case.id)
    sender = content.sender if content is not None else _sender(desk, case)
    left = CaseLeft(explained_hash(event), case.id, sender, found.drops)
    proposal, explained = with_reason(event, reason)
    desk.act([proposal, left, explained])


def _sender(desk: Desk, case: Case) -> bytes:
    return next((sender for sender, id in desk.cases.by_sender.items() if id == case.id), b"")


def propose_move(desk: Desk, address: str, reason: str) -> None:
    """Propose that the front is at `address` from now on, and be for it. Raises what `check_proposal` does."""
    event = FrontMoved(address, desk.random(16))
    desk.public.resolutions.check_proposal(event, desk.number, desk.today(), desk.public.council)
    desk.act(with_reason(event, reason))


def approve(desk: Desk, id: bytes) -> None:
    """Approve exactly this resolution, after this desk's own look at what would be erased.

    Raises what `Resolutions.check_approval` and `check_told` do.
    """
    council, resolutions = desk.public.council, desk.public.resolutions
    found = resolutions.check_approval(id, desk.number, desk.today(), council)
    if isinstance(found.event, ErasureProposed):
        check_told(desk, found)
    desk.act([Resolved(id)])


def told(desk: Desk, resolution: Resolution) -> CaseLeft | None:
    """What the proposer says is left of the case."""
    return desk.view.described.get((resolution.said.author, explained_hash(resolution.event)))


def case_of(desk: Desk, resolution: Resolution) -> Case | None:
    """The case that a resolution would erase, or has erased."""
    described = told(desk, resolution)
    return desk.cases.cases.get(described.case) if described is not None and desk.view.cases is not None else None


def check_told(desk: Desk, resolution: Resolution) -> None:
    """Whether the bodies are those of the case that is named, and may go.

    Raises `MissingCheck` where this desk does not know the case yet, `OtherBodies`, `StillMoving`, `StillOpen`.
    """
    described, case = told(desk, resolution), case_of(desk, resolution)
    if described is None or case is None or not isinstance(resolution.event, ErasureProposed):
        raise MissingCheck("which case it is has not reached this desk; sync and try again")
    try:
        may_go = check_erasable(desk, case)
    except AlreadyDone:
        if not desk.erased.issuperset(resolution.event.bodies):
            raise OtherBodies from None  # a case that is erased already must not stand for somebody else's bodies
        return
    here, named = set(may_go.bodies), set(resolution.event.bodies)
    theirs = desk.cases.by_sender.get(described.sender) == case.id and set(described.drops) <= set(may_go.drops)
    whole = case.id in {one.drop for one in described.drops} | set(case.gone)
    if not theirs or not whole or not named - desk.erased <= here:
        raise OtherBodies


# ---- what waits -------------------------------------------------------------------------------


def waiting(desk: Desk) -> list[Resolution]:
    """Resolutions that may still be approved, oldest first."""
    return desk.public.resolutions.waiting(desk.today(), desk.public.council)


def refusal(desk: Desk, resolution: Resolution) -> PoruchError | None:
    """Why this officer cannot approve it now; None if he can."""
    try:
        desk.public.resolutions.check_approval(resolution.said.id, desk.number, desk.today(), desk.public.council)
        if isinstance(resolution.event, ErasureProposed):
            check_told(desk, resolution)
    except BadEvent:
        return AlreadyDone("it is over")
    except PoruchError as error:
        return error
    return None


def mine(desk: Desk) -> list[Resolution]:
    """Resolutions that wait for this officer's word."""
    council = desk.public.council
    if desk.number not in council.active_quorum:
        return []
    return [one for one in waiting(desk) if desk.number not in one.backers]
