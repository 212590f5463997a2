"""The check-in: one's own hours, and who has appeared."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from poruch.desk import presence as acts
from poruch.desk.program import Desk
from poruch.desk.site.forms_council import HoursForm
from poruch.desk.site.pages import at_desk, done, page


@at_desk("officers", "GET", "POST")
def presence(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Who has appeared; a POST sets one's own hours."""
    mine = acts.row(desk, desk.number)
    form = HoursForm(request.POST if request.method == "POST" else None, initial={"hours": mine.hours})
    if request.method == "POST" and form.is_valid():
        hours = form.cleaned_data["hours"]
        acts.set_hours(desk, hours)
        said = _("After %s hours without you, your colleagues’ desks suspend you.") % hours
        return done(said if hours else _("You are not watched any more."), "officers", "presence")
    context = {"rows": acts.rows(desk), "form": form, "mine": mine, "acts": desk.public.council.counts(desk.number)}
    return page(request, "officers", "desk/presence.html", context, status=422 if form.errors else 200)
