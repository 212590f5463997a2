"""The officers: who they are and how they stand, what waits among them, and the fund's keys to compare by voice."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as lazy

from poruch.crypto.fingerprint import fingerprint_words
from poruch.desk import paper, views_council, views_journal
from poruch.desk.ceremony import together
from poruch.desk.program import Desk
from poruch.desk.site.pages import at_desk, page, url
from poruch.desk.views_council import OfficerRow

STATES = {
    "active": (lazy("active"), "good"),
    "suspended": (lazy("suspended"), "bad"),
    "liar": (lazy("two segments at one place"), "bad"),
    "restored": (lazy("waits for confirmation"), "wait"),
    "awaited": (lazy("keys awaited"), "wait"),
}
"""A word for how an officer stands, and its colour."""


def officer_row(desk: Desk, row: OfficerRow) -> dict[str, Any]:
    """What a list says of an officer."""
    word, colour = STATES[row.state]
    found = row.suspension
    reason = desk.members.reason(found.event) if found else ""
    return {"officer": row, "word": word, "colour": colour, "reason": reason}


@at_desk("officers")
def officers(request: HttpRequest, desk: Desk) -> HttpResponse:
    """One page for all of it."""
    council = desk.public.council
    group = desk.public.ceremonies.group
    context = {
        "rows": [officer_row(desk, row) for row in views_council.officers(desk)],
        "waits": [
            {"kind": one.kind, "about": one.about, "url": url(*one.address)} for one in views_council.waits(desk)
        ],
        "acts": council.active(desk.number),
        "removed": sorted(council.removed),
        "ever": len(council.freezes) + len(council.suspensions),
        "keys": views_journal.officers(desk),
        "group": group,
        "due": group is not None and (group.k, group.officers) != (council.k, council.quorum),
        "group_print": views_journal.fingerprint(group.Y) if group else "",
        "awaited": desk.public.ceremonies.running.awaited if desk.public.ceremonies.running else (),
        "together": together(desk),
        "fund_words": fingerprint_words(desk.public.fingerprint),
        "printed": paper.printed(desk),
    }
    return page(request, "officers", "desk/officers.html", context)
