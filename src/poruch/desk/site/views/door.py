"""Coming in, unlocking, locking, and the pages of errors."""

import secrets

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from poruch.desk import guard
from poruch.desk.site import words
from poruch.desk.site.door import refuse
from poruch.desk.site.forms import PassphraseForm
from poruch.desk.site.pages import page, url
from poruch.desk.site.room import current
from poruch.errors import PoruchError

COOKIE = "Path=/; HttpOnly; SameSite=Strict"


def start(request: HttpRequest, token: str) -> HttpResponse:
    """Exchange the start token for the cookie of this desk."""
    room = current()
    if request.method != "GET":
        return refuse(405, _("This address is opened with GET."))
    if not room.use_start_token(token):
        return refuse(403, _("This address opens a desk only once. Start the desk again for a new one."))
    if request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site"):
        # A redirect would still count as coming from the page with the link, and a strict cookie would not be sent.
        response: HttpResponse = page(request, "", "desk/welcome.html", {"url": url("queue")})
    else:
        response = HttpResponseRedirect("/")
    response["Set-Cookie"] = f"{room.plate.cookie_name}={room.plate.cookie_value}; {COOKIE}"
    return response


def first(request: HttpRequest) -> HttpResponse:
    """The first page, in the language that the browser asks for first."""
    wished = request.headers.get("Accept-Language", "")[:2].lower()
    return HttpResponseRedirect("/be/queue/" if wished == "be" else "/en/queue/")


def home(request: HttpRequest, language: str) -> HttpResponse:
    """The queue is the first page."""
    return HttpResponseRedirect(url("queue"))


def locked(request: HttpRequest, language: str) -> HttpResponse:
    """The locked desk: it names nobody and counts nobody. A POST with the passphrase opens it."""
    room = current()
    if room.is_resting:
        room.lock_up()
    with room.lock:
        if room.desk is not None:
            return HttpResponseRedirect(url("queue"))
        form = PassphraseForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            try:
                room.unlock(form.cleaned_data["passphrase"])
            except PoruchError as error:
                form.add_error("passphrase", words.sentence(error))
            else:
                return HttpResponseRedirect(url("queue"))
    context = {
        "form": form,
        "minutes": 0 if room.unattended else room.idle_minutes,
        "may_swap": not room.memory_locked and guard.has_swap(),
    }
    response = page(request, "", "desk/locked.html", context, status=422 if form.errors else 200)
    # A browser that keeps whole pages for Back, even those it must not store, throws them away when a cookie changes.
    response["Set-Cookie"] = f"{room.plate.cookie_name}l={secrets.token_hex(8)}; {COOKIE}"
    return response


def lock(request: HttpRequest, language: str) -> HttpResponse:
    """End the process that has the keys; the page that follows comes from the next one."""
    if request.method != "POST":
        return refuse(405, _("Locking is a button on the page."))
    current().lock_up()
    return HttpResponseRedirect(url("locked"))


def rest(request: HttpRequest, language: str) -> HttpResponse:
    """Where a tab goes by itself after the idle minutes: to the locked page, or nowhere if there was work elsewhere."""
    room = current()
    if room.is_resting:
        room.lock_up()
    return HttpResponse(status=204) if room.desk is not None else HttpResponseRedirect(url("locked"))


def not_found(request: HttpRequest, exception: Http404) -> HttpResponse:
    """No such page."""
    return refuse(404, _("There is nothing at this address."))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A form that cannot be read at all."""
    return refuse(400, _("This could not be read. Nothing was done."))


def failed(request: HttpRequest) -> HttpResponse:
    """Our mistake; the sentence says no more than that."""
    return refuse(500, _("Something went wrong in this program. Nothing was written half; go back and try again."))
