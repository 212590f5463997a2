"""The first pages: choosing a language, home, accounts."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.translation import gettext

from poruch.front import publishing, totals
from poruch.front.kept import kept
from poruch.front.models import LogState
from poruch.front.pages import methods, page, ready
from poruch.front.site import current
from poruch.web.words import LANGUAGES


@methods("GET")
def languages(request: HttpRequest) -> HttpResponse:
    """All languages, none guessed."""
    offered = []
    for code, name in LANGUAGES.items():
        with translation.override(code):
            offered.append((code, name, gettext("Help for those who refuse to do harm")))
    return page(request, "front/languages.html", {"offered": offered}, path="/")


def log_context() -> dict[str, Any]:
    """What pages say of the log: sums, size, who signed."""
    site = current()
    charter = site.journal.public().charter
    state = LogState.objects.filter(id=publishing.ROW).first()
    shown = state if state is not None and state.size else None
    currency = charter.currency if charter else "EUR"
    policy = publishing.policy_of(site) if shown else None
    return {
        "currency": currency,
        "log": shown,
        "accounts": totals.read(currency, shown),
        "log_officers": len(policy.officers) if policy else 0,
        "log_witnesses": len(policy.witnesses) if policy else 0,
    }


@kept
@methods("GET")
@ready
def home(request: HttpRequest, language: str) -> HttpResponse:
    """The first screen."""
    return page(request, "front/home.html", log_context())


@kept
@methods("GET")
@ready
def accounts(request: HttpRequest, language: str) -> HttpResponse:
    """Every cent, with proofs."""
    return page(request, "front/accounts.html", {**log_context(), "menu": "accounts"})
