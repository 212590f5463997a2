"""The door of a desk: who may ask, from where, and what every answer carries.

Other programs and other pages on this machine reach the same loopback address and, because cookies know no ports, would
share a jar with us. So each desk has a host name of its own, and a request must pass, in this order:

1. the exact Host, port included: else 421;
2. GET, HEAD or POST, and a length that this page takes: else 405, 413;
3. the cookie of this desk, which only the start address gives, once: else 403;
4. for a POST the exact Origin, `Sec-Fetch-Site: same-origin`, and the form token of this desk: else 403.

Only a POST changes anything; the start address is the one exception, and what it changes is that it opens no more.
"""

import hmac
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie

from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.translation import gettext as _

from poruch.desk.site.room import Room, current
from poruch.desk.site.uploads import UPLOAD_BYTES
from poruch.web.headers import HEADERS
from poruch.web.words import LANGUAGES

FORM_BYTES = 512 * 1024


def language_of(path: str) -> str:
    """The language that a path begins with, or English."""
    return path[1:3] if path[1:3] in LANGUAGES and path[3:4] in ("", "/") else "en"


def refuse(status: int, sentence: str) -> HttpResponse:
    """One sentence, and nothing about the desk behind the door."""
    return HttpResponse(sentence + "\n", status=status, content_type="text/plain; charset=utf-8")


class Door:
    """The only middleware."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]) -> None:
        """`answer` is the rest of the site."""
        self._answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The answer, with its headers."""
        with translation.override(language_of(request.path)):
            room = current()
            response = self._stop(request, room) or self._answer(request)
        for name, value in HEADERS.items():
            response.setdefault(name, value)
        return response

    def _stop(self, request: HttpRequest, room: Room) -> HttpResponse | None:
        # (1) the exact host
        if not _same(request.META.get("HTTP_HOST", ""), room.plate.authority):
            return refuse(421, _("This desk answers only under its own address."))
        # (2) method and length
        if request.method not in ("GET", "HEAD", "POST"):
            return refuse(405, _("A desk takes GET and POST."))
        if not 0 <= _length(request) <= (UPLOAD_BYTES if _is_upload(request) else FORM_BYTES):
            return refuse(413, _("This is too long. Nothing was stored; go back, what you wrote is still there."))
        # (3) the cookie
        if request.path.startswith("/start/") and request.method != "POST":
            return None
        if not _has_cookie(request, room):
            return refuse(403, _("Open this desk with the address that it printed when it started."))
        # (4) whence a POST comes
        return _judge_post(request, room) if request.method == "POST" else None


def _judge_post(request: HttpRequest, room: Room) -> HttpResponse | None:
    if not _same(request.headers.get("Origin", ""), room.plate.origin):
        return refuse(403, _("This was sent from another page than the desk's. Nothing was done."))
    if request.headers.get("Sec-Fetch-Site") != "same-origin":
        return refuse(403, _("Your browser does not say that this came from the desk's own page. Nothing was done."))
    if not _same(request.POST.get("form_token", ""), room.plate.form_token):
        return refuse(403, _("This page is older than the running desk. Nothing was done; open the page again."))
    return None


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def _length(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return -1


def _is_upload(request: HttpRequest) -> bool:
    return str(request.META.get("CONTENT_TYPE", "")).startswith("multipart/form-data")


def _has_cookie(request: HttpRequest, room: Room) -> bool:
    try:
        cookies = SimpleCookie(request.META.get("HTTP_COOKIE", ""))
    except CookieError:
        return False
    sent = cookies.get(room.plate.cookie_name)
    return sent is not None and _same(sent.value, room.plate.cookie_value)
