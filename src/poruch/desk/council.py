"""What officers decide about themselves, as acts of a desk: freeze and thaw, suspend and lift, change the roster.

Each act is one event in clear, and its reason sealed beside it to all officers.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from poruch.crypto.age import PqRecipient
from poruch.desk import newer
from poruch.desk.program import Desk, head_of
from poruch.errors import (
    AlreadyDone,
    AnotherConfirms,
    BadReason,
    MissingCheck,
    NotOfQuorum,
    StaleRoster,
    WrongCircles,
)
from poruch.events.base import Event
from poruch.events.charter import CIRCLES
from poruch.events.council import (
    Explained,
    FundFrozen,
    LifeConfirmed,
    NewOfficer,
    OfficerSuspended,
    RosterApproved,
    RosterProposed,
    Voted,
)
from poruch.events.kinds import CirclesAssigned, Membership
from poruch.journal.council import Freeze, Proposal, Suspension, quorum_without
from poruch.journal.members import assignment_hash, explained_hash
from poruch.journal.standing import DURESS_LIFE

MOST_REASON = 1000  # characters


def with_reason(event: Event, reason: str) -> list[Event]:
    """`event`, and beside it why, sealed to all officers. Raises `BadReason`."""
    said = reason.strip()
    if not 0 < len(said) <= MOST_REASON:
        raise BadReason
    return [event, Explained(explained_hash(event), said)]


# ---- freeze and thaw, suspend and lift --------------------------------------------------------


def freeze(desk: Desk, reason: str) -> None:
    """Freeze the fund, at once and alone. Raises `Suspended`, `RightUsed`, `RightResting`, `BadReason`."""
    desk.public.council.check_freeze(desk.number, desk.today())
    desk.act(with_reason(FundFrozen(desk.random(16)), reason))


def suspend(desk: Desk, number: int, reason: str, *, absent: bool = False) -> None:
    """Suspend a colleague, at once and alone: what he says after what this desk has seen does not count.

    Raises `Suspended`, `AlreadyDone`, `RightUsed`, `RightResting`, `BadReason`.
    """
    council = desk.public.council
    council.check_suspend(desk.number, number, desk.today(), absent=absent)
    if council.leaves_too_few(number):
        council.check_freeze(desk.number, desk.today())  # for a freeze is what it becomes
    pin = newer.pin_before(desk, head_of(desk, number))
    desk.act(with_reason(OfficerSuspended(pin, absent, desk.random(16)), reason))


def measure(desk: Desk, event: bytes) -> Freeze | Suspension:
    """The freeze or suspension with this event id, if it is in force. Raises `AlreadyDone`."""
    council = desk.public.council
    found: Freeze | Suspension | None = council.freezes.get(event) or council.suspensions.get(event)
    found = found or desk.journal.aside(desk.number).get(event)
    if found is None or found.over is not None:
        raise AlreadyDone("it is not in force any more")
    return found


def undo(desk: Desk, event: bytes, *, rest: bool = False) -> None:
    """Vote to thaw, or to lift a suspension. Raises `NotOfQuorum`, `AlreadyDone`.

    `rest`: the freezer's right shall rest, which one may say of a thawed freeze, too, until k have said it.
    """
    council = desk.public.council
    thawed = council.freezes.get(event)
    if not (rest and thawed is not None and council.may_let_rest(thawed, desk.number)):
        found = measure(desk, event)
        if not council.one_lifts(found, desk.number) and not council.may_vote(desk.number):
            raise NotOfQuorum
    desk.act([Voted(event, "undo", rest)])


def confirm(desk: Desk, event: bytes) -> None:
    """Vote that it was right: its author may then act again. Raises `NotOfQuorum`, `AlreadyDone`."""
    measure(desk, event)
    if not desk.public.council.may_vote(desk.number):
        raise NotOfQuorum
    desk.act([Voted(event, "confirm", False)])


def lives_to_confirm(desk: Desk) -> list[tuple[int, int]]:
    """(officer, life) of restored desks that wait for a colleague who has spoken with the officer."""
    council = desk.public.council
    opened = {(s.author, s.life) for s in desk.held if s.life not in (0, DURESS_LIFE)}
    last = {n: max(lives) for n, lives in desk.journal.standing.votes.items() if lives}
    return sorted((n, life) for n, life in opened if n in council.roster and life > last.get(n, 0))


def confirm_life(desk: Desk, number: int, life: int) -> None:
    """This officer has spoken with the other: the chain of his restored desk counts, the old one up to what is here.

    Raises `NotOfQuorum`, `AlreadyDone`.
    """
    if (number, life) not in lives_to_confirm(desk):
        raise AlreadyDone("it is confirmed, or nobody opened it")
    if number == desk.number or not desk.public.council.active(desk.number):
        raise AnotherConfirms
    first = next(s for s in desk.held if (s.author, s.life, s.seq) == (number, life, 0))
    desk.act([LifeConfirmed(number, life, first.id, head_of(desk, number))])


# ---- changes of the roster --------------------------------------------------------------------


@dataclass(frozen=True)
class Change:
    """A change to propose: what the roster shall be afterwards. `circles` None: as they are, without the removed."""

    quorum: tuple[int, ...]
    k: int
    admitted: tuple[NewOfficer, ...] = ()
    removed: tuple[int, ...] = ()
    circles: dict[str, tuple[int, ...]] | None = None
    history: tuple[int, ...] = ()


def _as_it_is(desk: Desk) -> Change:
    council = desk.public.council
    return Change(council.quorum, council.k)


def circles_now(desk: Desk) -> dict[str, tuple[int, ...]]:
    """Who is in which circle today."""
    return {circle: tuple(sorted(desk.members.circles.get(circle, ()))) for circle in CIRCLES}


def admit(
    desk: Desk, officer: NewOfficer, circles: Iterable[str], *, in_quorum: bool, k: int, history: bool = False
) -> Change:
    """Admit somebody to these circles, and to the quorum or not; `history`: he may read what was before him."""
    assigned = circles_now(desk)
    for circle in {"officers", *circles}:
        assigned[circle] = tuple(sorted({*assigned[circle], officer.number}))
    quorum = desk.public.council.quorum
    if in_quorum:
        quorum = tuple(sorted({*quorum, officer.number}))
    who = (officer.number,) if history else ()
    return Change(quorum, k, admitted=(officer,), circles=assigned, history=who)


def remove(desk: Desk, number: int, k: int | None = None) -> Change:
    """Remove an officer. Raises `BadOfficers` where too few would be left."""
    council = desk.public.council
    quorum, least = quorum_without(council.quorum, council.k, (number,)) if number in council.quorum else (
        council.quorum, council.k
    )  # fmt: skip
    return Change(quorum, k if k is not None else least, removed=(number,))


def change_circles(desk: Desk, circles: dict[str, tuple[int, ...]]) -> Change:
    """Assign the circles anew; all officers stay in `officers`. Raises `WrongCircles`."""
    return replace(_as_it_is(desk), circles={**circles, "officers": tuple(sorted(desk.public.council.roster))})


def change_quorum(desk: Desk, quorum: Iterable[int], k: int) -> Change:
    """Other holders of shares, or another k."""
    return replace(_as_it_is(desk), quorum=tuple(sorted(set(quorum))), k=k)


def leave_out(desk: Desk, numbers: Sequence[int]) -> Change:
    """Go on without who is silent: he stays on the roster, without a share until next time. Raises `BadOfficers`."""
    council = desk.public.council
    quorum, k = quorum_without(council.quorum, council.k, numbers)
    return Change(quorum, k)


def let_read(desk: Desk, number: int) -> Change:
    """Let an officer read what was sealed before he came."""
    return replace(_as_it_is(desk), history=(number,))


def propose(desk: Desk, change: Change, reason: str) -> None:
    """Propose a change, and approve it with that.

    Raises `NotOfQuorum`, `FundFrozenNow`, `TooManyProposals`, `BadOfficers`, `WrongCircles`, `BadReason`.
    """
    council = desk.public.council
    council.check_decides(desk.number)
    council.check_room(desk.number)
    told: list[Event] = []
    sha256 = b""
    if change.circles is not None:
        assignment = _assignment(desk, change)
        told, sha256 = [assignment], assignment_hash(assignment)
    pins = tuple(head_of(desk, number) for number in change.removed)
    event = RosterProposed(
        council.epoch, change.admitted, change.removed, change.quorum, change.k, sha256, change.history, pins,
        desk.random(16), _keyers(desk, change),
    )  # fmt: skip
    council.check_proposal(event)
    desk.act([*told, *with_reason(event, reason)])


def _members_after(desk: Desk, circle: str, change: Change | None, assignment: CirclesAssigned | None) -> set[int]:
    if change is not None and change.circles is not None:
        return set(change.circles[circle])
    if assignment is not None:
        return {number for one in assignment.circles if one.circle == circle for number in one.officers}
    return set(desk.members.circles.get(circle, ()))


def _keyers(desk: Desk, change: Change) -> tuple[int, ...]:
    """For each circle a member who makes its next key: the proposer, or the first who is there. k approve them."""
    council = desk.public.council
    found = []
    for circle in CIRCLES:
        left = _members_after(desk, circle, change, None) - set(change.removed)
        there = sorted(number for number in left if council.active(number))
        found.append(desk.number if desk.number in there or not there else there[0])
    return tuple(found)


def _check_keyers(desk: Desk, proposal: Proposal, assignment: CirclesAssigned | None) -> None:
    """Nobody makes the key of a circle to which he does not belong. Raises `WrongCircles`."""
    for circle in CIRCLES:
        members = _members_after(desk, circle, None, assignment) - set(proposal.event.removed)
        if members and proposal.keyer(circle) not in members:
            raise WrongCircles("a stranger would make the key of a circle")


def _assignment(desk: Desk, change: Change) -> CirclesAssigned:
    circles = change.circles or {}
    _check_circles(desk, circles, change)
    members = tuple(Membership(circle, tuple(sorted(set(circles[circle])))) for circle in CIRCLES)
    return CirclesAssigned(members, desk.random(16), desk.members.tag_key)


def _check_circles(desk: Desk, circles: Mapping[str, Sequence[int]], change: Change | RosterProposed) -> None:
    """Who proposes and who approves look at the same: all circles, of officers alone, two of them not empty."""
    after = (desk.public.council.roster | {new.number for new in change.admitted}) - set(change.removed)
    if set(circles) != set(CIRCLES) or any(not set(members) <= after for members in circles.values()):
        raise WrongCircles("a circle of others than officers")
    if not circles["casework"] or not circles["treasury"]:
        raise WrongCircles("an empty circle")


def approve(desk: Desk, proposal: Proposal) -> None:
    """Approve exactly this change.

    Raises what `check_decides` does, `StaleRoster`, `AlreadyDone`, `MissingCheck`, `WrongCircles`.
    """
    council = desk.public.council
    council.check_decides(desk.number)
    if proposal.event.epoch != council.epoch or proposal.taken is not None:
        raise StaleRoster
    if desk.number in proposal.approvals:
        raise AlreadyDone("you approved it")
    assignment = None
    if proposal.event.circles:
        assignment = desk.members.told(proposal.event.circles)
        if assignment is None:
            raise MissingCheck("the circles that are proposed are not here yet; sync and try again")
        if assignment.tag_key != desk.members.tag_key:
            raise WrongCircles("it would give a newcomer another key for instalments")
        told = {one.circle: one.officers for one in assignment.circles}
        if len(told) < len(assignment.circles):
            raise WrongCircles("a circle twice")
        _check_circles(desk, told, proposal.event)
    _check_keyers(desk, proposal, assignment)
    pins = tuple(head_of(desk, number) for number in proposal.event.removed)
    desk.act([RosterApproved(proposal.said.id, pins)])


def open_proposals(desk: Desk) -> list[Proposal]:
    """Changes that wait for approvals."""
    council = desk.public.council
    return [p for p in council.proposals.values() if p.taken is None and p.event.epoch == council.epoch]


def new_officer(number: int, signing: bytes, log: bytes, recipient: str) -> NewOfficer:
    """The keys of a newcomer, as his hello gave them. Raises `BadKey`."""
    return NewOfficer(number, signing, log, PqRecipient.parse(recipient).text)
