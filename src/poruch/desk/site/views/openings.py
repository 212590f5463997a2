"""Requests to open what is sealed to the quorum: what, for whom, why, who agreed; the list to screen against."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from poruch.cases.openings import Opening
from poruch.desk import openings as acts
from poruch.desk import partials, screening, views_openings
from poruch.desk.program import Desk
from poruch.desk.site import forms, words
from poruch.desk.site.pages import at_desk, done, missing, page, url
from poruch.errors import PoruchError
from poruch.events import kinds
from poruch.events.heard import Heard

PAGE_ROWS = 25
STATES = {
    "done": (lazy("Done, wiped"), "good"),
    "withdrawn": (lazy("Withdrawn"), "soft"),
    "expired": (lazy("Expired"), "soft"),
    "stopped": (lazy("Stopped"), "bad"),
    "ready": (lazy("May be opened"), "good"),
    "mine": (lazy("Waits for you"), "mine"),
    "waits": (lazy("Waits for colleagues"), "wait"),
}
FILTERS = {
    "all": lazy("All"),
    "mine": lazy("For me"),
    "live": lazy("Under way"),
    "stopped": lazy("Stopped"),
    "expired": lazy("Expired"),
    "withdrawn": lazy("Withdrawn"),
    "done": lazy("Done, wiped"),
}
LINES = {
    kinds.OpeningRequested: lazy("%(who)s asked."),
    kinds.PartialGiven: lazy("%(who)s agreed."),
    kinds.OpeningObjected: lazy("%(who)s objected."),
    kinds.OpeningUpheld: lazy("%(who)s read what was objected, and upholds the request."),
    kinds.PartialRefuted: lazy("%(who)s refuted an answer."),
    kinds.OpeningDone: lazy("%(who)s did what it was for; what was opened is wiped."),
}


def row(desk: Desk, opening: Opening, state: str = "") -> dict[str, Any]:
    """What a list and a page say of an opening."""
    state = state or views_openings.state(desk, opening)
    word, colour = STATES[state]
    payees = views_openings.payees(opening)
    return {
        "opening": opening,
        "id": opening.id.hex(),
        "step": state,
        "state": word,
        "waits": state == "mine",
        "colour": colour,
        "answered": len(partials.counted(desk, opening)),
        "batch": views_openings.batch_of(desk, opening),
        "payees": payees,
        "names": len(opening.drops) - payees,
        "is_requester": opening.requester == desk.number,
    }


def _number(typed: str) -> int | None:
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 8 else None


@at_desk("openings")
def openings(request: HttpRequest, desk: Desk) -> HttpResponse:
    """All openings for ever, a page at a time; the address says which."""
    return _list(request, desk, forms.FileForm())


def _list(request: HttpRequest, desk: Desk, form: forms.FileForm, status: int = 200) -> HttpResponse:
    show = request.GET.get("show", "")
    officer, case = _number(request.GET.get("officer", "")), _number(request.GET.get("case", "").strip())
    query = {"show": show if show in FILTERS else "", "officer": officer or "", "case": case if case else ""}
    query = {key: value for key, value in query.items() if value}
    found = views_openings.select(desk, show, officer, case)
    last = max(1, -(-len(found) // PAGE_ROWS))
    number = min(_number(request.GET.get("page", "")) or 1, last)
    begin = (number - 1) * PAGE_ROWS
    context = {
        "rows": [row(desk, opening, state) for opening, state in found[begin : begin + PAGE_ROWS]],
        "found": len(found),
        "first": begin + 1,
        "last": min(begin + PAGE_ROWS, len(found)),
        "previous": f"?{urlencode({**query, 'page': number - 1})}" if number > 1 else "",
        "next": f"?{urlencode({**query, 'page': number + 1})}" if number < last else "",
        "filters": [
            {"name": name, "here": key == (show or "all"), "url": f"?{urlencode({**query, 'show': key})}"}
            for key, name in FILTERS.items()
        ],
        "show": show,
        "asked_by": officer,
        "case_number": case or "",
        "everybody": sorted({opening.requester for opening in desk.openings.openings.values()}),
        "some": bool(desk.openings.openings),
        "form": form,
        **_names(desk),
    }
    return page(request, "openings", "desk/openings.html", context, status=status)


def _names(desk: Desk) -> dict[str, Any]:
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
            count = _names(desk)["listed"]
            said = ngettext(
                "The list is kept on this desk: %s name.", "The list is kept on this desk: %s names.", count
            )
            return done(said % count, "openings")
    return _list(request, desk, form, status=422)


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
    return _show(request, desk, found)


@at_desk("openings", "GET", "POST")
def object_to(request: HttpRequest, desk: Desk, opening: str) -> HttpResponse:
    """Object, with a reason; to one's own request: withdraw it."""
    found = _found(desk, opening)
    if found is None:
        return missing(request, "openings")
    form = forms.ObjectionForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        acts.object_to(desk, found, form.cleaned_data["reason"])
        if found.requester == desk.number:
            said = _("You withdrew the request; its one-time key is destroyed.")
        else:
            said = _("You objected. Nothing more is given or opened until enough colleagues uphold the request.")
        return done(said, "openings", opening)
    return _show(request, desk, found, form=form, choosing="object", status=422 if form.errors else 200)


@at_desk("openings", "GET", "POST")
def uphold(request: HttpRequest, desk: Desk, opening: str) -> HttpResponse:
    """Uphold the request against the objections that were on the screen."""
    found = _found(desk, opening)
    if found is None:
        return missing(request, "openings")
    if request.method != "POST":
        return _show(request, desk, found, choosing="uphold")
    shown = set(request.POST.getlist("read"))
    acts.uphold(desk, found, [one for one in found.objections if one.hex() in shown])
    found = desk.openings.openings[found.id]
    votes, k = acts.voters(desk)
    left = k - len(found.upheld_by & set(votes))
    said = _("You uphold the request.") + " "
    if left > 0:
        said += ngettext("%s more must read the objection.", "%s more must read the objection.", left) % left
    else:
        said += _("It goes on.")
    return done(said, "openings", opening)


def _line(desk: Desk, opening: Opening, heard: Heard) -> dict[str, Any]:
    name = _("You") if heard.author == desk.number else desk.members.name(heard.author)
    text = LINES[type(heard.event)]
    if isinstance(heard.event, kinds.OpeningObjected) and heard.author == opening.requester:
        text = lazy("%(who)s withdrew it.")
    return {"day": heard.day, "text": text % {"who": name}}


def _show(
    request: HttpRequest,
    desk: Desk,
    opening: Opening,
    *,
    form: forms.ObjectionForm | None = None,
    choosing: str = "",
    status: int = 200,
) -> HttpResponse:
    votes, _k = acts.voters(desk)
    cases = views_openings.cases(desk, opening)
    stands = opening.objected(desk.number)
    whole = row(desk, opening)
    held = whole["batch"] is not None and whole["batch"].exported is None
    context = {
        **whole,
        "cases": cases,
        "officers": partials.counted(desk, opening),
        "awaited": views_openings.awaited(desk, opening),
        "mine": desk.number in opening.answers,
        "accused": views_openings.accused(desk, opening),
        "upheld_by": sorted(opening.upheld_by & set(votes)),
        "may_uphold": whole["step"] == "stopped" and desk.number in votes and desk.number not in opening.upheld_by,
        "may_object": not stands and whole["step"] in ("mine", "waits", "ready", "stopped", "expired" if held else ""),
        "choosing": choosing,
        "form": form or forms.ObjectionForm(),
        "history": [_line(desk, opening, heard) for heard in reversed(opening.history)],
        "ask_again": url("case", cases[0].id, "ask") if len(cases) == 1 and not opening.batch else "",
    }
    return page(request, "openings", "desk/opening.html", context, status=status)
