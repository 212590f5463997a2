"""Putting a page together: what each page knows of the fund, and the few pages that are one sentence."""

import datetime
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from poruch.front.site import current
from poruch.journal.public import PublicState
from poruch.web.words import LANGUAGES

View = Callable[..., HttpResponse]

SENTENCES = {
    400: (_("This could not be read"), _("Nothing was stored. Go back and send it again.")),
    404: (_("There is no such page"), _("Look at the address for a mistyped letter, or begin at the first page.")),
    405: (_("This page is opened in another way"), _("Nothing was stored. Begin at the first page.")),
    413: (
        _("This is too long for one page"),
        _("Nothing was stored. Go back: what you wrote is still in your browser. Make it shorter and send it again."),
    ),
    500: (
        _("Something went wrong on our side"),
        _("Nothing was stored half. Go back and send it again; if it happens again, come back tomorrow."),
    ),
    503: (
        _("This cannot be done now"),
        _("It was not stored safely. Go back and send it again in a few minutes; what comes twice counts once."),
    ),
}


def fund_context(state: PublicState) -> dict[str, Any]:
    """What pages say of the fund: its name, how many officers, how many of them must agree."""
    charter = state.charter
    if charter is None:
        return {"fund_name": "Poruch", "k": 0, "n": 0, "charter": None}
    council = state.council
    return {"fund_name": charter.name, "k": council.k, "n": len(council.quorum), "charter": charter}


def tongues_of(path: str, language: str) -> list[dict[str, Any]]:
    """The same page in the other languages."""
    rest = path[3:] if path[1:3] in LANGUAGES and path[3:4] in ("/", "") else "/"
    return [
        {"code": code, "name": name, "url": f"/{code}{rest or '/'}", "here": code == language}
        for code, name in LANGUAGES.items()
    ]


def page(
    request: HttpRequest, template: str, context: Mapping[str, Any] | None = None, *, status: int = 200, path: str = ""
) -> HttpResponse:
    """The page made from `template`; `path` is where other languages find it, if not where it was asked for."""
    language = get_language() or "en"
    public = current().journal.public()
    whole = {
        "language": language,
        "language_name": LANGUAGES.get(language, ""),
        "home_url": f"/{language}/",
        "here": f"/{language}",
        "tongues": tongues_of(path or request.path, language),
        **fund_context(public),
        "front_address": public.resolutions.address,
        **(context or {}),
    }
    return HttpResponse(render_to_string(template, whole), status=status)


def message_page(request: HttpRequest, status: int) -> HttpResponse:
    """A page of one sentence, for what went wrong."""
    title, text = SENTENCES[status]
    return page(request, "front/message.html", {"title": title, "text": text}, status=status, path="/")


def message_words(status: int) -> str:
    """The words of that page alone."""
    return "{}. {}\n".format(*SENTENCES[status])


def ready(view: View) -> View:
    """Until the fund is founded, every page says so instead of doing anything."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not current().journal.public().ready:
            return page(request, "front/founding.html", path="/")
        return view(request, *args, **kwargs)

    return answer


def methods(*allowed: str) -> Callable[[View], View]:
    """Refuse other methods with a sentence; HEAD goes where GET goes."""

    def around(view: View) -> View:
        @wraps(view)
        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            method = "GET" if request.method == "HEAD" else request.method
            if method not in allowed:
                response = message_page(request, 405)
                response["Allow"] = ", ".join(allowed)
                return response
            return view(request, *args, **kwargs)

        return answer

    return around


def today() -> datetime.date:
    """The day of the site."""
    return current().today()
