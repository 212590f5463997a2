"""While the fund is being founded: three words to read to a colleague, three to hear, and who is awaited."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from poruch.desk import views_journal, words_heard
from poruch.desk.program import Desk
from poruch.desk.site import words
from poruch.desk.site.forms import HeardForm
from poruch.desk.site.pages import at_desk, done, page, url
from poruch.errors import PoruchError


@at_desk("words", "GET", "POST")
def heard(request: HttpRequest, desk: Desk) -> HttpResponse:
    """One page; a POST tells what was heard. Once there is a quorum key, nothing is left to do here."""
    if desk.public.quorum_point is not None:
        return HttpResponseRedirect(url("queue"))
    form = HeardForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            number = words_heard.hear(desk, form.cleaned_data["words"])
        except PoruchError as error:
            form.add_error("words", words.sentence(error))
        else:
            return done(_("These are the words of officer %s. Your desk goes on by itself.") % number, "words")
    context = {"form": form, **_founding(desk)}
    return page(request, "officers", "desk/founding.html", context, status=422 if form.errors else 200)


def _founding(desk: Desk) -> dict[str, Any]:
    public = desk.public
    founder = public.charter is not None and desk.number in public.charter.numbers
    ceremony = public.ceremonies.latest
    before, after = words_heard.neighbours(desk) if founder else (0, 0)
    return {
        "own_words": words_heard.own_words(desk) if founder else "",
        "before": before,
        "after": after,
        "heard": words_heard.heard(desk),
        "missing": sorted(set(public.roster.signing) - set(public.officers)),
        "steps": [{"name": words.CEREMONY[s.key], "awaited": s.awaited} for s in views_journal.ceremony(desk)],
        "stopped": ceremony.stopped if ceremony else "",
        "blamed": ceremony.blamed if ceremony else (),
    }
