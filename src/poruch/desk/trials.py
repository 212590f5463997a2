"""Trying the quorum key: the trial opening of a new group, and the yearly rehearsal from paper.

What a trial is, and why a partial for one opens nothing else, stands in `poruch.cases.trials`. Nobody keeps the secret
of a trial's one-time recipient: its answers stand in the journal itself, sealed to the officers.
"""

from datetime import date, timedelta

from poruch.cases.trials import KNOWN, PLACES, Trial, check_shape, last_day, purpose_of
from poruch.crypto.age import X25519Identity, header_hash
from poruch.crypto.opening import OpeningRequest, give_partial
from poruch.crypto.quorum_file import seal_to_quorum
from poruch.crypto.quorum_group import Group
from poruch.desk.program import Desk
from poruch.errors import AlreadyDone, WrongGroup
from poruch.events.base import Event
from poruch.events.ceremony import TrialAnswered, TrialBegun

REHEARSE_DAYS = 365
"""How long after a rehearsal, or after a new key, the next one is due."""


def group_of(desk: Desk, trial: Trial) -> Group | None:
    """The certified group that a trial is for: that of its session, or the one that its rehearsal names."""
    for made in desk.public.ceremonies.made:
        if made.group.id == trial.request.group and trial.session in (b"", made.session):
            return made.group
    return None


def begin(desk: Desk, group: Group, session: bytes) -> Event:
    """The event that begins a trial of `group`: of a new one that `session` made, or a rehearsal if it is empty."""
    place = PLACES + desk.random(16).hex()
    file = seal_to_quorum(KNOWN, group.Y, place, desk.random)
    nobody = X25519Identity.generate(desk.random).recipient.text
    until = last_day(desk.today())
    request = OpeningRequest(group.id, header_hash(file), place, desk.number, nobody, until, purpose_of(session))
    return TrialBegun(session, request.encode(), file)


def answer(desk: Desk, trial: Trial, share: int) -> Event:
    """The event with this officer's partial for a trial, from `share`.

    Raises AlreadyDone, WrongGroup for another group than that of its session, or in a rehearsal than the one in force;
    WrongPlace, WrongFile; BadShare if the share is not his; and what `give_partial` raises.
    """
    # (1) He has given none; the group is the one that is to be tried.
    if desk.number in trial.answers:
        raise AlreadyDone("you gave your partial")
    group = group_of(desk, trial)
    if group is None or (trial.is_rehearsal and group != desk.public.ceremonies.group):
        raise WrongGroup
    # (2) The file has the length of nothing, and a place where nothing else is.
    check_shape(trial)
    # (3) It passes what any file must (docs/spec/quorum.md, section 7).
    place, today = trial.request.place, desk.today()
    given = give_partial(trial.file, trial.request, group, desk.number, share, today, desk.random, place=place)
    return TrialAnswered(trial.id, given)


def succeeded(desk: Desk, trial: Trial) -> bool:
    """Whether k verified answers open the trial's file."""
    group = group_of(desk, trial)
    return group is not None and trial.result(group).succeeded is not None


def of_session(desk: Desk, session: bytes) -> Trial | None:
    """The trial of the group that `session` made: the one that succeeded, else the first that may still succeed.

    None where a new one must begin. Whoever made a false file for this session is not listened to again.
    """
    found: Trial | None = None
    false = set()
    for trial in desk.trials.trials.values():
        group = group_of(desk, trial)
        if not session or trial.session != session or group is None:
            continue
        state = trial.state(group, desk.today())
        if state == "succeeded":
            return trial
        if state == "failed":
            false.add(trial.author)
        elif state == "waiting" and found is None and trial.author not in false:
            found = trial
    return found


# ---- rehearsals -------------------------------------------------------------------------------


def rehearsals(desk: Desk) -> list[tuple[Trial, Group]]:
    """All rehearsals of groups that were certified, with their groups, newest first."""
    found = [(trial, group_of(desk, trial)) for trial in desk.trials.trials.values() if trial.is_rehearsal]
    return [(trial, group) for trial, group in reversed(found) if group is not None]


def running_rehearsal(desk: Desk) -> Trial | None:
    """The first rehearsal of the present key whose last day has not passed, succeeded or not: who is late may join."""
    now, today = desk.public.ceremonies.group, desk.today()
    for trial, group in reversed(rehearsals(desk)):
        if group == now and today <= trial.until and trial.state(group, today) != "failed":
            return trial
    return None


def last_success(desk: Desk) -> date | None:
    """The day on which the papers of k officers were last shown to open the present key."""
    now = desk.public.ceremonies.group
    days = [trial.result(group).succeeded for trial, group in rehearsals(desk) if group == now]
    return max((day for day in days if day is not None), default=None)


def rehearsal_due(desk: Desk) -> bool:
    """Whether this officer should take his paper now: a rehearsal waits for him, or a year has passed without one."""
    made = desk.public.ceremonies.made
    if not made or desk.number not in made[-1].group.officers:
        return False
    running = running_rehearsal(desk)
    if running is not None:
        return desk.number not in running.answers and not succeeded(desk, running)
    since = last_success(desk) or made[-1].day
    return desk.today() - since >= timedelta(days=REHEARSE_DAYS)


def faults(desk: Desk) -> list[str]:
    """Sentences for the errors page: what is no trial, whose answers do not verify, whose file was false."""
    found = list(desk.trials.faults)
    for trial in desk.trials.trials.values():
        group = group_of(desk, trial)
        if group is None:
            continue
        result = trial.result(group)
        for officer in result.blamed:
            false_file = officer == trial.author and not result.sound
            said = "began a trial with a false file" if false_file else "gave a partial in a trial that does not verify"
            found.append(f"Officer {officer} {said}.")
    return list(dict.fromkeys(found))
