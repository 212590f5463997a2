"""What k officers resolve together: to erase what a person sent, and where the front is."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from poruch.desk import resolutions as acts
from poruch.desk.program import Desk
from poruch.desk.site import words
from poruch.desk.site.forms_council import ReasonForm
from poruch.desk.site.forms_resolutions import MoveForm
from poruch.desk.site.pages import at_desk, done, missing, page
from poruch.errors import PoruchError
from poruch.events.resolutions import ErasureProposed, FrontMoved
from poruch.journal.resolutions import Resolution


def _row(desk: Desk, one: Resolution) -> dict[str, Any]:
    council, resolutions = desk.public.council, desk.public.resolutions
    over = resolutions.is_over(one, desk.today(), council)
    mine = not one.taken and not over and one in acts.mine(desk)
    state = "taken" if one.taken else "over" if over else "mine" if mine else "waits"
    return {
        "one": one,
        "id": one.said.id.hex(),
        "erases": isinstance(one.event, ErasureProposed),
        "case": acts.case_of(desk, one),
        "bodies": len(one.event.bodies) if isinstance(one.event, ErasureProposed) else 0,
        "address": one.event.address if isinstance(one.event, FrontMoved) else "",
        "reason": desk.members.reason(one.event),
        "state": state,
        "backers": sorted(one.backers),
        "counted": council.k if one.taken else resolutions.counted(one, council),
    }


@at_desk("officers")
def resolutions(request: HttpRequest, desk: Desk) -> HttpResponse:
    """All of them, newest first; `?state=` shows those that wait, that are in force, or that are over."""
    rows = [_row(desk, one) for one in reversed(desk.public.resolutions.all.values())]
    state = request.GET.get("state", "")
    if state in ("waits", "taken", "over"):
        rows = [row for row in rows if row["state"] == state or (state == "waits" and row["state"] == "mine")]
    else:
        state = ""
    context = {"rows": rows, "state": state, "address": desk.public.resolutions.address}
    return page(request, "officers", "desk/resolutions.html", context)


@at_desk("officers", "GET", "POST")
def resolution(request: HttpRequest, desk: Desk, event: str) -> HttpResponse:
    """Exactly what would be erased, or where the front would be; a POST approves it."""
    found = desk.public.resolutions.all.get(bytes.fromhex(event)) if len(event) % 2 == 0 else None
    if found is None:
        return missing(request, "officers")
    if request.method == "POST":
        acts.approve(desk, found.said.id)
        return done(_approved(desk, found.said.id), "officers", "resolutions", event)
    refusal = acts.refusal(desk, found) if not found.taken else None
    context = {"row": _row(desk, found), "refusal": words.sentence(refusal) if refusal else ""}
    return page(request, "officers", "desk/resolution.html", context)


def _approved(desk: Desk, event: bytes) -> str:
    found, council = desk.public.resolutions.all[event], desk.public.council
    if found.taken:
        if isinstance(found.event, ErasureProposed):
            return _("With your approval it is erased here; the front and the other desks erase it when they sync.")
        return _("With your approval the front is at its new address.")
    left = council.k - desk.public.resolutions.counted(found, council)
    return _("You approved it.") + " " + ngettext("%s more is needed.", "%s more are needed.", left) % left


@at_desk("queue", "GET", "POST")
def erase(request: HttpRequest, desk: Desk, drop: str) -> HttpResponse:
    """What an erasure of this case takes and what it leaves; a POST proposes it."""
    case = desk.cases.cases.get(drop)
    if case is None:
        return missing(request, "queue")
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            acts.propose_erasure(desk, case, form.cleaned_data["reason"])
        except PoruchError as error:
            form.refuse(error)
        else:
            made = next(reversed(desk.public.resolutions.all))
            said = _("You proposed it, and approved it with that. Your colleagues see it with their next sync.")
            return done(said, "officers", "resolutions", made.hex())
    refusal = ""
    try:
        acts.check_erasable(desk, case)
    except PoruchError as error:
        refusal = words.sentence(error)
    found = acts.sent(desk, case)
    stays = max(found.stays.values(), default=None)
    context = {"case": case, "found": found, "form": form, "refusal": refusal, "stays": stays}
    return page(request, "queue", "desk/erase.html", context, status=422 if form.errors else 200)


@at_desk("officers", "GET", "POST")
def move(request: HttpRequest, desk: Desk) -> HttpResponse:
    """What another address of the front means; a POST proposes it."""
    form = MoveForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            acts.propose_move(desk, form.cleaned_data["address"], form.cleaned_data["reason"])
        except PoruchError as error:
            form.refuse(error)
        else:
            made = next(reversed(desk.public.resolutions.all))
            said = _("You proposed it, and approved it with that. Your colleagues see it with their next sync.")
            return done(said, "officers", "resolutions", made.hex())
    now = desk.public.resolutions.address or f"https://{desk.charter.origin.removesuffix('/log')}"
    return page(request, "officers", "desk/move.html", {"form": form, "now": now}, status=422 if form.errors else 200)
