"""Pages that are only words, and the pages of errors."""

from django.http import Http404, HttpRequest, HttpResponse

from poruch.crypto.fingerprint import fingerprint_words
from poruch.front.kept import kept
from poruch.front.pages import message_page, methods, page, ready
from poruch.front.site import current

PAGES = {
    "safe": "front/safe.html",
    "built": "front/built.html",
    "limits": "front/limits.html",
    "leave": "front/leave.html",
    "detained": "front/detained.html",
}


@kept
@methods("GET")
@ready
def words(request: HttpRequest, language: str, key: str) -> HttpResponse:
    """One of the pages."""
    fingerprint = fingerprint_words(current().journal.public().fingerprint) if key == "built" else ""
    return page(request, PAGES[key], {"menu": key, "fingerprint": fingerprint})


def not_found(request: HttpRequest, exception: Http404) -> HttpResponse:
    """No such page."""
    return message_page(request, 404)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A form that cannot be read at all."""
    return message_page(request, 400)


def failed(request: HttpRequest) -> HttpResponse:
    """Our mistake; the sentence says no more than that."""
    return message_page(request, 500)
