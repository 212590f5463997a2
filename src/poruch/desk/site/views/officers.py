"""The officers, their circles and keys, and how far the quorum's ceremony has come."""

from django.http import HttpRequest, HttpResponse

from poruch.crypto.fingerprint import fingerprint_words
from poruch.desk import views_journal
from poruch.desk.program import Desk
from poruch.desk.site import words
from poruch.desk.site.pages import at_desk, page


@at_desk("officers")
def officers(request: HttpRequest, desk: Desk) -> HttpResponse:
    """One page for all of it."""
    ceremonies = desk.public.ceremonies
    group = ceremonies.group
    context = {
        "officers": views_journal.officers(desk),
        "steps": [
            {"name": words.CEREMONY[step.key], "done": step.done, "awaited": step.awaited}
            for step in views_journal.ceremony(desk)
        ],
        "stopped": ceremonies.latest.stopped if ceremonies.latest else "",
        "blamed": ceremonies.latest.blamed if ceremonies.latest else (),
        "group": group,
        "group_print": views_journal.fingerprint(group.Y) if group else "",
        "fund_words": fingerprint_words(desk.public.fingerprint),
    }
    return page(request, "officers", "desk/officers.html", context)
