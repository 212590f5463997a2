"""Freezing and thawing, suspending and lifting, and confirming the desk of a colleague who lost his."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from poruch.desk import council as acts
from poruch.desk import openings, views_council
from poruch.desk.program import Desk, head_of
from poruch.desk.site.bands import measure_row
from poruch.desk.site.forms_council import ReasonForm, ThawForm
from poruch.desk.site.pages import at_desk, done, missing, page
from poruch.desk.views_council import Measure
from poruch.errors import PoruchError
from poruch.journal.council import Freeze


def _check(form: ReasonForm, act: Any, *arguments: Any) -> bool:
    """Do it; a refusal is shown by the form, and what was typed is still there."""
    try:
        act(*arguments, form.cleaned_data["reason"])
    except PoruchError as error:
        form.refuse(error)
        return False
    return True


@at_desk("officers", "GET", "POST", whole=False)
def freeze(request: HttpRequest, desk: Desk) -> HttpResponse:
    """What a freeze stops, and who ends it; a POST freezes."""
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and _check(form, acts.freeze, desk):
        k = desk.public.council.k
        return done(_("The fund is frozen. %s officers must thaw it.") % k, "officers")
    return page(request, "officers", "desk/freeze.html", {"form": form}, status=422 if form.errors else 200)


@at_desk("officers")
def measures(request: HttpRequest, desk: Desk) -> HttpResponse:
    """All freezes and suspensions ever, with the votes."""
    rows = [measure_row(desk, one) for one in views_council.measures(desk)]
    return page(request, "officers", "desk/measures.html", {"rows": rows})


def _found(desk: Desk, event: str) -> Measure | None:
    return views_council.measure_with(desk, bytes.fromhex(event)) if len(event) % 2 == 0 else None


def _show(request: HttpRequest, desk: Desk, found: Measure, form: ThawForm, *, confirming: bool) -> HttpResponse:
    row = measure_row(desk, found)
    context: dict[str, Any] = {"one": row, "form": form, "confirming": confirming}
    if isinstance(found, Freeze):
        context["batches"] = [batch for batch in desk.ledger.batches.values() if batch.exported is None]
        context["openings"] = [one for one in desk.openings.openings.values() if openings.live(desk, one)]
        context["proposals"] = acts.open_proposals(desk)
    else:
        context["counted"], context["until"] = views_council.acted(desk, found.pin)
    return page(request, "officers", "desk/measure.html", context)


@at_desk("officers", "GET", "POST")
def measure(request: HttpRequest, desk: Desk, event: str) -> HttpResponse:
    """One freeze or suspension; a POST thaws or lifts it, as far as one vote goes."""
    found = _found(desk, event)
    if found is None:
        return missing(request, "officers")
    form = ThawForm(desk.members.name(found.said.author), request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        acts.undo(desk, found.said.id, rest=isinstance(found, Freeze) and form.cleaned_data["rest"])
        return done(_undone(desk, found.said.id), "officers", "measure", event)
    return _show(request, desk, found, form, confirming=False)


def _undone(desk: Desk, event: bytes) -> str:
    found = views_council.measure_with(desk, event)
    assert found is not None
    is_freeze = isinstance(found, Freeze)
    if found.over is not None:
        return _("The fund is thawed and works again.") if is_freeze else _("The suspension is lifted.")
    council = desk.public.council
    left = council.k - len(found.of("undo") & set(council.quorum))
    said = _("You gave your vote to thaw.") if is_freeze else _("You gave your vote to lift it.")
    return said + " " + ngettext("%s more is needed.", "%s more are needed.", left) % left


@at_desk("officers", "GET", "POST")
def confirm(request: HttpRequest, desk: Desk, event: str) -> HttpResponse:
    """A vote that it was right."""
    found = _found(desk, event)
    if found is None:
        return missing(request, "officers")
    if request.method == "POST":
        acts.confirm(desk, found.said.id)
        name = desk.members.name(found.said.author)
        said = _("You said that it was right. When k have said so, %s may freeze or suspend again.") % name
        return done(said, "officers", "measure", event)
    return _show(request, desk, found, ThawForm(""), confirming=True)


@at_desk("officers", "GET", "POST", whole=False)
def suspend(request: HttpRequest, desk: Desk, number: int) -> HttpResponse:
    """What of his counts, and what his suspension stops; a POST suspends."""
    council = desk.public.council
    if number not in council.roster or number == desk.number:
        return missing(request, "officers")
    form = ReasonForm(request.POST if request.method == "POST" else None)
    before = set(council.freezes)
    if request.method == "POST" and form.is_valid() and _check(form, acts.suspend, desk, number):
        name = desk.members.name(number)
        if set(desk.public.council.freezes) - before:
            said = _("Fewer than k would be left without %s, so the fund is frozen instead. Talk to each other.")
        else:
            said = _("%s is suspended. Your colleagues see it with their next sync.")
        return done(said % name, "officers")
    left = set(council.active_quorum) - {number}
    counted, until = views_council.acted(desk, head_of(desk, number))
    context = {
        "form": form,
        "number": number,
        "counted": counted,
        "until": until,
        "freezes": number in council.active_quorum and len(left) < council.k,
        "already": number in council.suspended,
    }
    return page(request, "officers", "desk/suspend.html", context, status=422 if form.errors else 200)


@at_desk("officers", "GET", "POST")
def life(request: HttpRequest, desk: Desk, number: int, life: int) -> HttpResponse:
    """A colleague restored his desk; a POST says that this officer has spoken with him."""
    if (number, life) not in acts.lives_to_confirm(desk) or number == desk.number:
        return missing(request, "officers")
    if request.method == "POST":
        acts.confirm_life(desk, number, life)
        return done(_("The restored desk of %s counts from now on.") % desk.members.name(number), "officers")
    counted, until = views_council.acted(desk, head_of(desk, number))
    context = {"number": number, "life": life, "counted": counted, "until": until}
    return page(request, "officers", "desk/life.html", context)
