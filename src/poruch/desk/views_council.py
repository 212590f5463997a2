"""What the screens show of freezes, suspensions, restored desks and changes of the roster. Pure reading, no act."""

from dataclasses import dataclass
from datetime import date

from poruch.desk import council as acts
from poruch.desk import resolutions, trials, words_heard
from poruch.desk.ceremony import MOST_SESSIONS, is_due, judgement, may_erase, old_shares, sessions_for_now, to_agree
from poruch.desk.program import RESTORED, Desk
from poruch.errors import PoruchError
from poruch.events.council import NewOfficer, Pin
from poruch.events.resolutions import ErasureProposed
from poruch.journal.ceremonies import Ceremony
from poruch.journal.council import Freeze, Proposal, Suspension

Measure = Freeze | Suspension
Circles = dict[str, tuple[int, ...]]


# ---- officers ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class OfficerRow:
    """An officer on today's roster; `state`: active, suspended, liar, restored or awaited (no keys were shown yet)."""

    number: int
    circles: tuple[str, ...]
    in_quorum: bool
    is_me: bool
    state: str
    suspension: Suspension | None
    life: int


def officers(desk: Desk) -> list[OfficerRow]:
    """All on the roster, by number."""
    council = desk.public.council
    waiting = dict(acts.lives_to_confirm(desk))
    rows = []
    for number in sorted(council.roster):
        suspension = council.suspended.get(number)
        if number in council.liars:
            state = "liar"
        elif suspension is not None:
            state = "suspended"
        elif number in waiting:
            state = "restored"
        else:
            state = "active" if number in desk.public.officers else "awaited"
        circles, in_quorum = desk.members.circles_of(number), number in council.quorum
        mine = number == desk.number
        rows.append(OfficerRow(number, circles, in_quorum, mine, state, suspension, waiting.get(number, 0)))
    return rows


def acted(desk: Desk, pin: Pin) -> tuple[int, date | None]:
    """How many acts of a chain a pin lets count, and the day of the last one, if this desk has it."""
    found = [s for s in desk.held if (s.author, s.life) == (pin.number, pin.life)]
    return pin.seq + 1, next((segment.day for segment in found if segment.seq == pin.seq), None)


def to_call(desk: Desk) -> tuple[int, ...]:
    """Colleagues who can vote and whose word counts."""
    return tuple(number for number in desk.public.council.active_quorum if number != desk.number)


def banners(desk: Desk) -> list[tuple[str, Measure | None]]:
    """What every page says on top: why little or nothing can be done now, and by which measure."""
    council, me = desk.public.council, desk.number
    aside = list(desk.journal.aside(me).values())
    freezes = [one for one in aside if isinstance(one, Freeze)] + council.freezes_in_force[::-1]
    found: list[tuple[str, Measure | None]] = [("frozen", freeze) for freeze in freezes]
    if council.frozen and not found:
        found.append(("few", None))
    if me in council.liars:
        found.append(("liar", None))
    elif me in council.suspended:
        found.append(("suspended", council.suspended[me]))
    elif against := [one for one in aside if isinstance(one, Suspension) and one.pin.number == me]:
        found.append(("suspended", against[-1]))
    elif me in council.removed:
        found.append(("removed", None))
    elif desk.store.fact(RESTORED) or (desk.public.charter is not None and not desk.speaks):
        found.append(("restored", None))
    return found


# ---- freezes and suspensions ------------------------------------------------------------------


def measures(desk: Desk) -> list[Measure]:
    """All freezes and suspensions ever, newest first."""
    council = desk.public.council
    aside = desk.journal.aside(desk.number)
    found: list[Measure] = [*council.freezes.values(), *council.suspensions.values(), *aside.values()]
    return sorted(found, key=lambda measure: measure.said.order, reverse=True)


def measure_with(desk: Desk, event: bytes) -> Measure | None:
    """The freeze or suspension with this event id, in force or over."""
    council = desk.public.council
    return council.freezes.get(event) or council.suspensions.get(event) or desk.journal.aside(desk.number).get(event)


def one_lifts(desk: Desk, measure: Measure) -> bool:
    """Whether this officer's word alone lifts it: somebody did not appear, and one who spoke with him says so."""
    council = desk.public.council
    return council.active(desk.number) and council.one_lifts(measure, desk.number)


def may_vote(desk: Desk, measure: Measure) -> bool:
    """Whether this officer has a vote on it, given or not."""
    return measure.over is None and (desk.public.council.may_vote(desk.number) or one_lifts(desk, measure))


def measure_waits(desk: Desk, measure: Measure) -> bool:
    """In force, not confirmed by k, and this officer has neither begun it nor voted."""
    decided = desk.public.council.confirmed(measure) or measure.said.author == desk.number
    return may_vote(desk, measure) and not decided and desk.number not in measure.votes


# ---- changes of the roster --------------------------------------------------------------------


@dataclass(frozen=True)
class Epoch:
    """The roster of one epoch, and the change that made it (None: the founding)."""

    number: int
    day: date | None
    change: Proposal | None
    roster: tuple[int, ...]
    quorum: tuple[int, ...]
    k: int
    came: tuple[int, ...]
    went: tuple[int, ...]


def epochs(desk: Desk) -> list[Epoch]:
    """Every roster that there was, oldest first; each follows from the one before by one change."""
    charter = desk.public.charter
    if charter is None:
        return []
    first = charter.numbers
    found = [Epoch(0, None, None, first, first, charter.k, first, ())]
    for change in desk.public.council.history:
        event = change.event
        came = tuple(officer.number for officer in event.admitted)
        roster = tuple(sorted((set(found[-1].roster) | set(came)) - set(event.removed)))
        found.append(Epoch(len(found), change.taken, change, roster, event.quorum, event.k, came, event.removed))
    return found


@dataclass(frozen=True)
class Line:
    """What a change does to one officer; `newcomer` has his keys. Circles are None where they are not known here."""

    number: int
    was_there: bool
    stays: bool
    held: bool
    holds: bool
    had: tuple[str, ...] | None
    has: tuple[str, ...] | None
    reads_before: bool
    newcomer: NewOfficer | None

    @property
    def changed(self) -> bool:
        """Whether anything changes for him."""
        moved = self.had is not None and self.has is not None and self.had != self.has
        return self.was_there != self.stays or self.held != self.holds or moved or self.reads_before


def lines(desk: Desk, proposal: Proposal) -> list[Line]:
    """The roster before and after a change, officer by officer."""
    event, before = proposal.event, epochs(desk)[proposal.event.epoch]
    after = (set(before.roster) | {officer.number for officer in event.admitted}) - set(event.removed)
    had = acts.circles_now(desk) if event.epoch == desk.public.council.epoch else None
    has = _circles_after(desk, proposal, had)
    new = {officer.number: officer for officer in event.admitted}
    return [
        Line(
            number, number in before.roster, number in after, number in before.quorum, number in event.quorum,
            _of(had, number), _of(has, number), number in event.history, new.get(number),
        )
        for number in sorted(set(before.roster) | after)
    ]  # fmt: skip


def _circles_after(desk: Desk, proposal: Proposal, had: Circles | None) -> Circles | None:
    event = proposal.event
    if event.circles:
        told = desk.members.told(event.circles)
        return {one.circle: one.officers for one in told.circles} if told else None
    gone = set(event.removed)
    return {circle: tuple(n for n in members if n not in gone) for circle, members in had.items()} if had else None


def _of(circles: Circles | None, number: int) -> tuple[str, ...] | None:
    return None if circles is None else tuple(circle for circle, members in circles.items() if number in members)


def may_decide(desk: Desk) -> PoruchError | None:
    """Why this officer may not propose or approve a change now; None if he may."""
    try:
        desk.public.council.check_decides(desk.number)
    except PoruchError as error:
        return error
    return None


def proposal_state(desk: Desk, proposal: Proposal) -> str:
    """taken, stale, mine (waits for this officer) or waits."""
    if proposal.taken is not None:
        return "taken"
    if proposal.event.epoch != desk.public.council.epoch:
        return "stale"
    return "mine" if desk.number not in proposal.approvals and may_decide(desk) is None else "waits"


# ---- the ceremony -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Session:
    """One session of the ceremony as the page shows it; `verdicts` are (officer, dealer, who is to blame)."""

    ceremony: Ceremony
    state: str
    verdicts: tuple[tuple[int, int, str], ...]


def sessions(desk: Desk) -> list[Session]:
    """All sessions, newest first; `state`: made, running, stopped or old (another one took its place)."""
    found = desk.public.ceremonies
    made = {one.session for one in found.made}
    rows = []
    for ceremony in reversed(found.sessions.values()):
        if ceremony.session in made:
            state = "made"
        elif ceremony.stopped:
            state = "stopped"
        else:
            state = "running" if ceremony is found.running else "old"
        rows.append(Session(ceremony, state, tuple(judgement(ceremony))))
    return rows


def silent(desk: Desk) -> tuple[int, ...]:
    """Officers of the new quorum whom the ceremony under way waited for so long that the others may leave them out."""
    running = desk.public.ceremonies.running
    if running is None:
        return ()
    return tuple(n for n in running.silent(desk.today(), desk.charter.silent_days) if n in running.proposal.officers)


def gave_up(desk: Desk) -> bool:
    """Desks begin no further session by themselves: people must talk, and one of them begins again."""
    return is_due(desk) and desk.public.ceremonies.running is None and len(sessions_for_now(desk)) >= MOST_SESSIONS


# ---- what waits for this officer --------------------------------------------------------------


@dataclass(frozen=True)
class Wait:
    """One thing that waits for this officer: its kind, the parts of its address, and whom it is about."""

    kind: str
    address: tuple[str, ...]
    about: int | None = None


def waits(desk: Desk) -> list[Wait]:
    """What the page of officers counts."""
    public, me = desk.public, desk.number
    if public.charter is None:
        return []
    found: list[Wait] = []
    if public.quorum_point is None and me in public.charter.numbers and not words_heard.heard(desk):
        found.append(Wait("words", ("words",)))
    for measure in measures(desk):
        if measure_waits(desk, measure):
            kind = "freeze" if isinstance(measure, Freeze) else "suspension"
            about = measure.said.author if isinstance(measure, Freeze) else measure.pin.number
            found.append(Wait(kind, ("officers", "measure", measure.said.id.hex()), about))
    if public.council.active(me):
        for number, life in acts.lives_to_confirm(desk):
            if number != me:
                found.append(Wait("life", ("officers", "life", str(number), str(life)), number))
    for proposal in acts.open_proposals(desk):
        if proposal_state(desk, proposal) == "mine":
            found.append(Wait("proposal", ("officers", "roster", proposal.said.id.hex()), proposal.said.author))
    for one in resolutions.mine(desk):
        kind = "erasure" if isinstance(one.event, ErasureProposed) else "move"
        found.append(Wait(kind, ("officers", "resolutions", one.said.id.hex()), one.said.author))
    session = to_agree(desk)
    if session is not None and public.council.active(me):
        found.append(Wait("session", ("officers", "ceremony"), session.proposer))
    if old_shares(desk) and may_erase(desk):
        found.append(Wait("paper", ("officers", "ceremony", "erase")))
    if trials.rehearsal_due(desk) and public.council.active(me):
        found.append(Wait("rehearsal", ("officers", "rehearsal")))
    return found
