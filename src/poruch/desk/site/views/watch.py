"""The watch: what the front shows strangers, alarms, and how they ended."""

import difflib

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from poruch.desk import watch as acts
from poruch.desk.program import Desk
from poruch.desk.site.forms import Form, Text
from poruch.desk.site.pages import at_desk, done, page
from poruch.desk.site.watching import current
from poruch.events.watch import AlarmKind

KINDS: tuple[AlarmKind, ...] = ("page", "headers", "log")
MOST_LINES, LONGEST_LINE = 120, 300


class EndForm(Form):
    """How an alarm ended."""

    kind = forms.ChoiceField(choices=[(kind, kind) for kind in KINDS], widget=forms.HiddenInput)
    place = forms.CharField(max_length=200, widget=forms.HiddenInput)
    how = Text(
        label=lazy("What it was, for all officers"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off"}),
        error_messages={
            "required": lazy("Write something first."),
            "max_length": lazy("This is longer than 500 characters."),
        },
    )


@at_desk("journal", "GET", "POST")
def watch(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Alarms that are open and that ended; a POST ends one."""
    form = EndForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        kind, path = form.cleaned_data["kind"], form.cleaned_data["place"]
        acts.end_alarm(desk, kind, path, form.cleaned_data["how"])
        return done(_("The alarm has ended on every desk."), "journal", "watch")
    watching = current()
    alarms = desk.view.alarms
    typed = (request.POST.get("kind", ""), request.POST.get("place", "")) if form.errors else None
    rows = [
        {
            "alarm": alarm,
            "officers": sorted(alarm.by),
            "lines": _difference(desk, alarm.by[desk.number].seen) if desk.number in alarm.by else [],
            "form": form if typed == place else _empty_form(place, at),
        }
        for at, (place, alarm) in enumerate(sorted(alarms.open.items()))
    ]
    context = {"rows": rows, "ended": alarms.ended[::-1][:20], "looked": watching.looked, "watching": watching}
    return page(request, "journal", "desk/watch.html", context, status=422 if form.errors else 200)


def _empty_form(place: tuple[AlarmKind, str], at: int) -> EndForm:
    return EndForm(initial={"kind": place[0], "place": place[1]}, auto_id=f"end{at}_%s")


def look(request: HttpRequest, language: str) -> HttpResponse:
    """Look at everything now. Without the desk's lock, for the front may be slow."""
    if request.method == "POST":
        current().look(everything=True)
    return _answer(request, language=language)


@at_desk("journal", "GET", "POST")
def _answer(request: HttpRequest, desk: Desk) -> HttpResponse:
    trouble, found = current().trouble, len(desk.view.alarms.open)
    if trouble is not None:
        raise trouble
    said = _("Everything was looked at. The front shows what the fund published.")
    return done(_("Everything was looked at: see below.") if found else said, "journal", "watch")


def _difference(desk: Desk, seen: bytes) -> list[tuple[str, str]]:
    """Lines of the proof with their sign: + was shown, - was expected."""
    kept = acts.proof(desk, seen)
    if kept is None:
        return []
    expected, shown = (text.decode("utf-8", "replace").splitlines() for text in kept)
    lines = [line for line in difflib.unified_diff(expected, shown, lineterm="", n=0) if line[:2] not in ("--", "++")]
    return [(line[:1], line[1:LONGEST_LINE]) for line in lines if line[:1] in "+-" and line[1:].strip()][:MOST_LINES]
