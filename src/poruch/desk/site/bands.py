"""What every page and the lists say of a freeze or a suspension, and the bands on top of every page."""

from typing import Any

from poruch.desk import address, newer, views_council
from poruch.desk.program import Desk
from poruch.desk.views_council import Measure
from poruch.journal.council import Freeze


def measure_row(desk: Desk, measure: Measure) -> dict[str, Any]:
    """What a list, a page and the band on top say of a freeze or a suspension."""
    council = desk.public.council
    is_freeze = isinstance(measure, Freeze)
    votes = {vote: measure.of(vote) for vote in ("undo", "confirm")}
    return {
        "id": measure.said.id.hex(),
        "is_freeze": is_freeze,
        "author": measure.said.author,
        "day": measure.said.day,
        "reason": desk.members.reason(measure.event),
        "of": measure.instead_of if isinstance(measure, Freeze) else measure.pin.number,
        "absent": not isinstance(measure, Freeze) and measure.absent,
        "over": measure.over,
        "undo": sorted(votes["undo"]),
        "undo_counted": len(votes["undo"] & set(council.quorum)),
        "confirmed_by": sorted(votes["confirm"]),
        "confirmed": council.confirmed(measure),
        "resting": sorted(measure.resting),
        "k": council.k,
        "waits": views_council.measure_waits(desk, measure),
        "may_vote": views_council.may_vote(desk, measure),
        "one_lifts": views_council.one_lifts(desk, measure),
        "may_let_rest": council.may_let_rest(measure, desk.number),
        "my_vote": measure.votes.get(desk.number, ("", False))[0],
    }


def bands(desk: Desk) -> list[dict[str, Any]]:
    """The bands on top of every page."""
    found = [
        {"kind": kind, **(measure_row(desk, measure) if measure is not None else {})}
        for kind, measure in views_council.banners(desk)
    ]
    if unknown := newer.stopping(desk):
        found.append({"kind": "newer", "author": unknown[0].author, "version": newer.needed(desk)})
    front = address.standing(desk)
    if front.is_doubtful:
        found.append({"kind": "address", "used": front.used, "confirmed": front.confirmed})
    return found
