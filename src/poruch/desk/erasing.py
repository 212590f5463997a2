"""How a desk follows an erasure that k have resolved: it deletes the bodies, and knows what is left of the case.

What a desk has once erased it goes on refusing, whatever arrives later. Everything that rests on the deleted bytes is
folded again from what stands beside the erasure (`CaseLeft`), so that a desk that had them and one that never did come
to the same state.
"""

from typing import TYPE_CHECKING

from poruch.cases.state import KeptLeft, Left
from poruch.errors import BadEvent
from poruch.events.codec import decode, encode
from poruch.events.resolutions import ErasureProposed
from poruch.journal.members import explained_hash

if TYPE_CHECKING:
    from poruch.desk.program import Desk

LEFT = "erasure/left"


def remembered(desk: "Desk") -> dict[str, Left]:
    """What was left by earlier erasures, by drop: a projection, kept so that a start need not fold twice."""
    kept = desk.store.fact(LEFT)
    if not kept:
        return {}
    try:
        return {one.drop: one for one in decode(kept, KeptLeft).left}
    except BadEvent:
        return {}  # of another program: the fold makes it again


def follow(desk: "Desk") -> bool:
    """Delete what is to be deleted. Whether everything must be folded again."""
    newly = desk.public.erased - desk.erased
    if newly:
        _delete(desk, newly)
    left = _left(desk)
    changed = left != desk.left
    if changed:
        desk.left.clear()
        desk.left.update(left)
        desk.store.keep_fact(LEFT, encode(KeptLeft(tuple(left.values()))))
    return bool(newly) or changed


def _delete(desk: "Desk", hashes: set[bytes]) -> None:
    desk.store.erase(hashes)
    desk.erased |= hashes
    desk.bodies -= hashes
    desk.forget(hashes)


def _left(desk: "Desk") -> dict[str, Left]:
    found: dict[str, Left] = {}
    for resolution in desk.public.resolutions.all.values():
        event = resolution.event
        if not isinstance(event, ErasureProposed) or not desk.erased.issuperset(event.bodies):
            continue
        told = desk.view.described.get((resolution.said.author, explained_hash(event)))
        for one in told.drops if told is not None else ():
            if told is not None and one.body in event.bodies:
                day = resolution.day or resolution.said.day
                found.setdefault(one.drop, Left(one.drop, one.body, told.case, told.sender, day))
    return found
