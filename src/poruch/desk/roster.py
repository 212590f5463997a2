"""What a desk does by itself after the roster changed: new keys for circles, older ones for whom k let read them."""

from poruch.crypto import age
from poruch.desk import newer
from poruch.desk.program import Desk, head_of
from poruch.errors import Refused
from poruch.events.base import Event
from poruch.events.charter import CIRCLES
from poruch.events.codec import encode
from poruch.events.council import CircleHandedOn, Explained, OfficerSuspended
from poruch.events.kinds import OfficerNamed
from poruch.journal.circles import OlderKeys, hand_out, new_secret
from poruch.journal.members import explained_hash

NAMED = "officers/named"


def roster_duties(desk: Desk) -> list[Event]:
    """What is due now, or nothing."""
    if not desk.public.council.active(desk.number):
        return []
    if told := _suspend_liar(desk):
        return told
    if not desk.public.council.history:
        return []
    return _rotate(desk) or _tell_newcomers(desk) or _hand_history(desk)


def _suspend_liar(desk: Desk) -> list[Event]:
    """Two segments of his at one place of his chain are in the journal: whoever sees it first says so."""
    council = desk.public.council
    standing_still = {freeze.instead_of for freeze in council.freezes_in_force}
    for number in sorted((council.liars & council.roster) - set(council.suspended) - standing_still):
        try:
            council.check_suspend(desk.number, number)
            if council.leaves_too_few(number):
                council.check_freeze(desk.number, desk.today())
        except Refused:
            continue
        pin = newer.pin_before(desk, head_of(desk, number))
        said = OfficerSuspended(pin, absent=False, nonce=desk.random(16))
        return [said, Explained(explained_hash(said), "Two segments signed by this officer stand at one place.")]
    return []


def _is_my_turn(desk: Desk, circle: str, *, but: int = 0) -> bool:
    """One member does what any could: the first active one, after a day any."""
    members = [n for n in sorted(desk.members.circles.get(circle, ())) if desk.public.council.active(n) and n != but]
    if desk.number not in members:
        return False
    changed = desk.public.council.history[-1].taken
    late = changed is not None and (desk.today() - changed).days >= 1
    return members[0] == desk.number or late


def _rotate(desk: Desk) -> list[Event]:
    """A removed officer reads nothing of what is said from now on; a newcomer nothing of what was said before."""
    due = [circle for circle in CIRCLES if circle in desk.public.due and desk.public.due[circle][1] == desk.number]
    made: list[Event] = []
    n = len(desk.public.council.roster)
    for circle in due:
        members = sorted(desk.members.circles.get(circle, ()))
        recipients = [desk.public.officers[m].recipient for m in members if m in desk.public.officers]
        secret = new_secret(circle, desk.public.due[circle][0], desk.random)
        made.append(hand_out(secret, recipients, max(n, len(recipients)), desk.random))
    return made


def _tell_newcomers(desk: Desk) -> list[Event]:
    """Under the new key once more what a newcomer cannot have heard: who is in which circle, and one's own name."""
    council = desk.public.council
    change = council.history[-1]
    if not change.event.admitted or "officers" in desk.public.due or not desk.within("officers"):
        return []
    marker = council.epoch.to_bytes(4, "big")
    if desk.store.fact(NAMED) == marker:
        return []
    desk.store.keep_fact(NAMED, marker)
    told: list[Event] = [OfficerNamed(desk.number, desk.key.name)]
    assignment = desk.members.told(change.event.circles)
    if assignment is not None and _is_my_turn(desk, "officers"):
        told.append(assignment)
    return told


def _hand_history(desk: Desk) -> list[Event]:
    council = desk.public.council
    handed: list[Event] = []
    for change in council.history:
        for number in change.event.history:
            if number == desk.number or number not in desk.public.officers:
                continue
            for circle in desk.members.circles_of(number):
                if (number, circle) not in council.handed and _is_my_turn(desk, circle, but=number):
                    handed += _older(desk, circle, number)
    return handed


def _older(desk: Desk, circle: str, number: int) -> list[Event]:
    secrets = tuple(desk.ring.secret_of(key) for key in desk.keys_of(circle))
    file = age.seal(encode(OlderKeys(secrets)), [desk.public.officers[number].recipient], desk.random)
    return [CircleHandedOn(number, circle, file)]
