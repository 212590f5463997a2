"""Putting a page together: what every screen knows, and how a view gets at the desk."""

import re
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from poruch.desk import presence, views_council, waiting
from poruch.desk.program import Desk
from poruch.desk.site import words
from poruch.desk.site.bands import bands
from poruch.desk.site.room import LOCK_SECONDS, Room, current
from poruch.errors import CatchingUp, PoruchError
from poruch.web.tags import day
from poruch.web.words import LANGUAGES

View = Callable[..., HttpResponse]

MENU = (
    (lazy("Waits for you"), (("queue", lazy("Queue")), ("batches", lazy("Batches")), ("openings", lazy("Openings")))),
    (
        lazy("Fund"),
        (
            ("books", lazy("Books")),
            ("log", lazy("Log")),
            ("journal", lazy("Journal")),
            ("officers", lazy("Officers")),
        ),
    ),
)
LOCKED_BY_THEN_SECONDS = 2
AGAIN, AGAIN_SECONDS = "again", 2
_TYPED = re.compile(r"""<textarea|<select|<input(?![^>]*type="hidden")""")
"""A page on which something may be typed; it is never loaded again under the officer's hands."""
READY_WITHOUT_A_FUND = frozenset({"officers", "journal", "words"})


def language() -> str:
    """The language in force."""
    return (get_language() or "en").split("-")[0]


def url(*parts: object) -> str:
    """The address of a page in the language in force: `url("case", id)` is `/en/case/<id>/`."""
    return "/" + "/".join(str(part) for part in (language(), *parts)) + "/"


def _menu(here: str, counts: Mapping[str, int]) -> list[dict[str, Any]]:
    groups, key = [], 0
    for head, pages in MENU:
        items = []
        for page_key, name in pages:
            key += 1
            count, bad = counts.get(page_key, 0), page_key in ("books", "journal")
            item = {
                "url": url(page_key),
                "name": name,
                "here": page_key == here,
                "count": count,
                "bad": bad,
                "key": key,
            }
            items.append(item)
        groups.append({"head": head, "items": items})
    return groups


def _tongues(path: str) -> list[dict[str, Any]]:
    return [
        {"code": code, "name": name, "url": f"/{code}{path[3:] or '/'}", "here": code == language()}
        for code, name in LANGUAGES.items()
    ]


def _synced(room: Room, desk: Desk) -> str:
    heads = len({author for author, _life in desk.chains.heads})
    everybody = len(desk.public.roster.signing)
    if room.synced is None:
        return _("Not synced yet")
    if room.trouble is not None:
        return _("Not synced since %s") % _day(room)
    when = _("today") if room.synced == desk.today() else _day(room)
    chains = ngettext("%(heads)s of %(all)s chain", "%(heads)s of %(all)s chains", everybody)
    return _("Synced %s") % when + ", " + chains % {"heads": heads, "all": everybody}


def _day(room: Room) -> str:
    return day(room.synced) if room.synced else ""


def page(
    request: HttpRequest, here: str, template: str, context: Mapping[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    """A screen: `here` is its place in the menu."""
    room = current()
    whole: dict[str, Any] = {"language": language(), "tongues": _tongues(request.path), "here": here}
    desk = room.desk
    if desk is not None:
        counts = waiting.counts(desk)
        council = desk.public.council
        whole |= {
            "bands": bands(desk),
            "missed": presence.missed(desk),
            "alarms": desk.view.alarms.open,
            "to_call": views_council.to_call(desk),
            "frozen": council.frozen,
            "counts": counts,
            "menu": _menu(here, counts),
            "desk": desk,
            "me": desk.number,
            "my_name": desk.key.name,
            "fund_name": desk.public.charter.name if desk.public.charter else "Poruch",
            "currency": desk.public.charter.currency if desk.public.charter else "",
            "k": council.k,
            "n": len(council.roster),
            "synced": _synced(room, desk),
            "trouble": words.sentence(room.trouble) if room.trouble else "",
            "unattended": room.unattended,
            "said": room.said(request.GET.get("said", "")),
            "progress": room.progress if room.progress.catching_up else None,
            "caught_up": room.caught_up,
            "today": desk.today(),
        }
    shown = render_to_string(template, {**whole, **(context or {})})
    response = HttpResponse(shown, status=status)
    if desk is not None and room.progress.catching_up and status == 200 and _TYPED.search(shown) is None:
        response["Refresh"] = f"{AGAIN_SECONDS}; url={_again(request)}"
    elif desk is not None and not room.unattended:
        # When the desk has locked itself, the tab must not go on showing what was read.
        response["Refresh"] = f"{room.idle_minutes * 60 + LOCKED_BY_THEN_SECONDS}; url={url('rest')}"
    return response


def _again(request: HttpRequest) -> str:
    """The same page once more, by itself: that is no sign that the officer is there."""
    query = request.GET.copy()
    query.pop("said", None)
    query[AGAIN] = "1"
    return f"{request.path}?{query.urlencode()}"


def at_work(request: HttpRequest, room: Room) -> HttpResponse:
    """The desk is busy with itself: a page that says how far it is and asks again. Needs no lock."""
    context = {
        "language": language(),
        "progress": room.progress if room.progress.catching_up else None,
        "again": _again(request) if request.method == "GET" else "",
    }
    response = HttpResponse(render_to_string("desk/at_work.html", context), status=503)
    if request.method == "GET":
        response["Refresh"] = f"{AGAIN_SECONDS}; url={_again(request)}"
    return response


def at_desk(here: str, *methods: str, whole: bool = True) -> Callable[[View], View]:
    """A view of an open desk: takes the lock, and shows a locked desk, an unfounded fund or an error as pages.

    The view is called with the request, the desk, and what the address holds. `methods` default to GET. What is done
    by POST needs the `whole` journal: it is refused while much of it is missing still.
    """
    allowed = methods or ("GET",)

    def around(view: View) -> View:
        @wraps(view)
        def answer(request: HttpRequest, language: str, **kwargs: Any) -> HttpResponse:
            room = current()
            method = "GET" if request.method == "HEAD" else request.method
            if not room.lock.acquire(timeout=room.patience_seconds if method == "GET" else LOCK_SECONDS):
                return at_work(request, room)
            try:
                response = enter(request, room, method, kwargs)
            finally:
                room.lock.release()
            if method == "POST":
                room.wait_for_push()
            return response

        def enter(request: HttpRequest, room: Room, method: str | None, kwargs: Mapping[str, Any]) -> HttpResponse:
            if room.is_resting:
                room.lock_up()
            desk = room.desk
            if desk is None:
                return HttpResponseRedirect(url("locked"))
            if method not in allowed:
                response = message(request, here, 405, _("This page is opened in another way"), "")
                response["Allow"] = ", ".join(allowed)
                return response
            if AGAIN not in request.GET:
                room.touch()
            if desk.public.quorum_point is None and here not in READY_WITHOUT_A_FUND:
                return HttpResponseRedirect(url("words"))
            try:
                if method == "POST" and whole and room.progress.catching_up:
                    raise CatchingUp
                return view(request, desk, **kwargs)
            except PoruchError as error:
                return message(request, here, 409, words.sentence(error), _("Nothing was written."))

        return answer

    return around


def message(request: HttpRequest, here: str, status: int, head: str, text: str) -> HttpResponse:
    """A page of one sentence."""
    return page(request, here, "desk/message.html", {"head": head, "text": text}, status=status)


def missing(request: HttpRequest, here: str) -> HttpResponse:
    """There is no such thing on this desk."""
    text = _("Look at the address for a mistyped letter, or wait for the next sync.")
    return message(request, here, 404, _("There is nothing at this address"), text)


def done(sentence: str, *parts: object, **query: str) -> HttpResponse:
    """After an act: send it on its way at once, and go to a page that says what was done."""
    room = current()
    room.push()
    return HttpResponseRedirect(f"{url(*parts)}?{urlencode({**query, 'said': room.say(sentence)})}")
