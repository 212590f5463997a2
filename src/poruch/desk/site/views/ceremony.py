"""The ceremony of the quorum key: who has done what, who is awaited, what was stopped and why; old shares."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from poruch.desk import ceremony as acts
from poruch.desk import council, views_council, views_journal
from poruch.desk.program import Desk
from poruch.desk.site import words
from poruch.desk.site.pages import at_desk, done, page
from poruch.desk.views_council import Session


def _row(session: Session) -> dict[str, Any]:
    one = session.ceremony
    return {
        "ceremony": one,
        "state": session.state,
        "why": words.stopped(one.stopped),
        "verdicts": [{"officer": o, "dealer": d, "said": words.VERDICTS[said]} for o, d, said in session.verdicts],
        "short": one.session.hex()[:8],
    }


@at_desk("officers")
def ceremony(request: HttpRequest, desk: Desk) -> HttpResponse:
    """All sessions, newest first, and what is left of older keys."""
    found = desk.public.ceremonies
    sessions = [_row(session) for session in views_council.sessions(desk)]
    running = found.running
    is_due = acts.is_due(desk)
    context = {
        "now": sessions[0] if sessions else None,
        "steps": [
            {"name": words.CEREMONY[s.key], "done": s.done, "awaited": s.awaited} for s in views_journal.ceremony(desk)
        ],
        "earlier": sessions[1:],
        "group": found.group,
        "is_due": is_due,
        "running": running,
        "to_agree": acts.to_agree(desk),
        "silent": views_council.silent(desk),
        "gave_up": views_council.gave_up(desk),
        "may_begin": running is None and desk.number in found_quorum(desk),
        "tried": acts.tried(desk),
        "renewed": len(found.made) > 1,
        "old": acts.old_shares(desk),
        "may_erase": acts.may_erase(desk),
        "together": [{"group": one, "alive": alive, "day": day} for one, alive, day in acts.together(desk)],
        "decides": views_council.may_decide(desk) is None,
    }
    return page(request, "officers", "desk/ceremony.html", context)


def found_quorum(desk: Desk) -> tuple[int, ...]:
    """Who of the quorum may begin a ceremony."""
    return desk.public.council.active_quorum


@at_desk("officers", "POST")
def agree(request: HttpRequest, desk: Desk) -> HttpResponse:
    """This desk takes part in the session under way, which no change of the roster asks for."""
    acts.agree_to_session(desk)
    return done(_("Your desk takes part from its next sync on."), "officers", "ceremony")


@at_desk("officers", "GET", "POST")
def again(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Begin again after desks gave up, or deal anew on purpose."""
    if request.method == "POST":
        acts.begin_again(desk)
        return done(_("A new session has begun. Each desk does its part at its next sync."), "officers", "ceremony")
    context = {"is_due": acts.is_due(desk), "group": desk.public.ceremonies.group}
    return page(request, "officers", "desk/ceremony_again.html", context)


@at_desk("officers", "GET", "POST")
def erase(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Is the old paper destroyed? A POST says so, and destroys the old shares on this desk."""
    if request.method == "POST":
        acts.erase_old(desk)
        return done(_("Your old shares are destroyed here, and it is recorded that your old paper is."), "officers")
    context = {"old": acts.old_shares(desk), "may_erase": acts.may_erase(desk)}
    return page(request, "officers", "desk/ceremony_erase.html", context)


def without(desk: Desk) -> tuple[tuple[int, ...], council.Change] | None:
    """Who is silent, and the change that goes on without him; None if nobody is."""
    silent = views_council.silent(desk)
    return (silent, council.leave_out(desk, silent)) if silent else None
