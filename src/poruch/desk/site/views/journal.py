"""The journal: chains, the newest segments, and everything that does not hold."""

from django.http import HttpRequest, HttpResponse

from poruch.desk import views_journal
from poruch.desk.program import Desk
from poruch.desk.site.pages import at_desk, page
from poruch.desk.site.views import troubles
from poruch.journal.proofs import KINDS

SHOWN = 20


@at_desk("journal")
def journal(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Chains by officer; `?officer=` shows one officer's segments and faults, `?fault=` faults of one kind."""
    typed = request.GET.get("officer", "")
    author = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 6 else None
    kind = request.GET.get("fault", "")
    chosen = views_journal.latest(desk, author, SHOWN)
    context = {
        "chains": views_journal.chains(desk),
        "author": author,
        "segments": [
            {
                "signed": signed,
                "segment": signed.segment,
                "events": len(signed.segment.entries),
                "sealed": views_journal.sealed_count(signed),
                "bytes": len(signed.raw),
                "head": signed.id.hex()[:16],
            }
            for signed in chosen
        ],
        "count": len(desk.held),
        **troubles.context(desk, author, kind if kind in KINDS else ""),
        "unlinked": len(desk.view.cases.unlinked) if desk.view.cases else 0,
    }
    return page(request, "journal", "desk/journal.html", context)
