"""Requests to open what is sealed to the quorum: what, for whom, why, who agreed; the list to screen against."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from poruch.cases.openings import Opening
from poruch.desk import openings as acts
from poruch.desk import screening
from poruch.desk.program import Desk
from poruch.desk.site import forms, words
from poruch.desk.site.pages import at_desk, done, missing, page
from poruch.desk.waiting import opening_waits
from poruch.errors import PoruchError


def _state(desk: Desk, opening: Opening) -> tuple[str, str]:
    """A word for the state of an opening, and its colour."""
    if opening.done:
        return _("Done, wiped"), "good"
    if opening.objections:
        return _("Stopped"), "bad"
    if desk.today() > opening.until:
        return _("Expired"), "soft"
    if len(opening.answers) >= desk.charter.k:
        return _("May be opened"), "good"
    return (_("Waits for you"), "mine") if opening_waits(desk, opening) else (_("Waits for colleagues"), "wait")


def row(desk: Desk, opening: Opening) -> dict[str, Any]:
    """What a list and a page say of an opening."""
    cases = [desk.cases.cases.get(drop) or desk.cases.case_of(drop) for drop in opening.drops]
    state, colour = _state(desk, opening)
    return {
        "opening": opening,
        "id": opening.id.hex(),
        "cases": [case for case in cases if case is not None],
        "state": state,
        "colour": colour,
        "answered": len(opening.answers),
        "waits": opening_waits(desk, opening),
        "batch": desk.ledger.batches.get(opening.batch),
        "live": opening.live(desk.today()),
        "officers": sorted(opening.answers),
        "mine": desk.number in opening.answers,
        "is_requester": opening.requester == desk.number,
        "payees": bool(opening.batch),
    }


@at_desk("openings")
def openings(request: HttpRequest, desk: Desk) -> HttpResponse:
    """All openings, newest first; what waits for you above the rest."""
    rows = [row(desk, opening) for opening in reversed(desk.openings.openings.values())]
    context = {"waits": [r for r in rows if r["waits"]], "others": [r for r in rows if not r["waits"]]}
    return page(request, "openings", "desk/openings.html", {**context, **_list(desk), "form": forms.FileForm()})


def _list(desk: Desk) -> dict[str, Any]:
    try:
        index, sha256 = screening.current_list(desk)
    except PoruchError:
        return {"listed": None}
    return {"listed": len(index.names), "list_sha256": sha256.hex()[:16]}


@at_desk("openings", "POST")
def keep_list(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Keep a list of names on this desk."""
    form = forms.FileForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            screening.keep_list(desk, form.cleaned_data["file"].read())
        except PoruchError as error:
            form.add_error("file", words.sentence(error))
        else:
            count = _list(desk)["listed"]
            said = ngettext(
                "The list is kept on this desk: %s name.", "The list is kept on this desk: %s names.", count
            )
            return done(said % count, "openings")
    rows = [row(desk, opening) for opening in reversed(desk.openings.openings.values())]
    context = {"waits": [r for r in rows if r["waits"]], "others": [r for r in rows if not r["waits"]]}
    return page(request, "openings", "desk/openings.html", {**context, **_list(desk), "form": form}, status=422)


def _found(desk: Desk, opening: str) -> Opening | None:
    return desk.openings.openings.get(bytes.fromhex(opening)) if len(opening) % 2 == 0 else None


@at_desk("openings", "GET", "POST")
def opening(request: HttpRequest, desk: Desk, opening: str) -> HttpResponse:
    """One opening; a POST agrees."""
    found = _found(desk, opening)
    if found is None:
        return missing(request, "openings")
    if request.method == "POST":
        acts.agree(desk, found)
        requester = desk.members.name(found.requester)
        return done(_("Your partial is sealed to %s and on its way.") % requester, "openings", opening)
    return _show(request, desk, found, forms.ObjectionForm())


@at_desk("openings", "GET", "POST")
def object_to(request: HttpRequest, desk: Desk, opening: str) -> HttpResponse:
    """Object, with a reason."""
    found = _found(desk, opening)
    if found is None:
        return missing(request, "openings")
    form = forms.ObjectionForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        acts.object_to(desk, found, form.cleaned_data["reason"])
        return done(_("You objected. Nothing more is given for this opening."), "openings", opening)
    return _show(request, desk, found, form, objecting=True, status=422 if form.errors else 200)


def _show(
    request: HttpRequest,
    desk: Desk,
    opening: Opening,
    form: forms.ObjectionForm,
    *,
    objecting: bool = False,
    status: int = 200,
) -> HttpResponse:
    context = {**row(desk, opening), "form": form, "objecting": objecting}
    return page(request, "openings", "desk/opening.html", context, status=status)
