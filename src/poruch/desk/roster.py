"""What a desk does by itself after the roster changed: new keys for circles, older ones for whom k let read them."""

from poruch.crypto import age
from poruch.desk.program import Desk
from poruch.events.base import Event
from poruch.events.charter import CIRCLES
from poruch.events.codec import encode
from poruch.events.council import CircleHandedOn
from poruch.events.kinds import OfficerNamed
from poruch.journal.circles import OlderKeys, hand_out, new_secret

NAMED = "officers/named"


def roster_duties(desk: Desk) -> list[Event]:
    """What is due now, or nothing."""
    if not desk.public.council.history or not desk.public.council.active(desk.number):
        return []
    return _rotate(desk) or _tell_newcomers(desk) or _hand_history(desk)


def _is_my_turn(desk: Desk, circle: str, *, but: int = 0) -> bool:
    """A member makes the key, so that nobody holds one who should not: the first active one, after a day any."""
    members = [n for n in sorted(desk.members.circles.get(circle, ())) if desk.public.council.active(n) and n != but]
    if desk.number not in members:
        return False
    changed = desk.public.council.history[-1].taken
    late = changed is not None and (desk.today() - changed).days >= 1
    return members[0] == desk.number or late


def _rotate(desk: Desk) -> list[Event]:
    """A removed officer reads nothing of what is said from now on; a newcomer nothing of what was said before."""
    due = [circle for circle in CIRCLES if circle in desk.public.due and _is_my_turn(desk, circle)]
    made: list[Event] = []
    n = len(desk.public.council.roster)
    for circle in due:
        members = sorted(desk.members.circles[circle])
        recipients = [desk.public.officers[m].recipient for m in members if m in desk.public.officers]
        secret = new_secret(circle, desk.public.due[circle], desk.random)
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
    secrets = tuple(desk.secret_of(key) for key in desk.keys_of(circle))
    if not secrets:
        return []
    file = age.seal(encode(OlderKeys(secrets)), [desk.public.officers[number].recipient], desk.random)
    return [CircleHandedOn(number, circle, file)]
