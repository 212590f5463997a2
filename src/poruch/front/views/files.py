"""Files: the stylesheet, and the log as anybody may copy it."""

import re
from functools import cache

from django.http import HttpRequest, HttpResponse

from poruch.front import publishing
from poruch.front.models import Slip
from poruch.front.pages import message_page, methods
from poruch.front.settings import WEB
from poruch.front.site import current
from poruch.journal.shown import keys_text

_LOG_PATH = re.compile(r"checkpoint|policy|tile/(?:[0-5]|entries)(?:/x[0-9]{3})*/[0-9]{3}(?:\.p/[0-9]{1,3})?")


@cache
def _stylesheet() -> bytes:
    return (WEB / "static" / "poruch.css").read_bytes()


@methods("GET")
def stylesheet(request: HttpRequest) -> HttpResponse:
    """The one stylesheet."""
    return HttpResponse(_stylesheet(), content_type="text/css; charset=utf-8")


@methods("GET")
def no_icon(request: HttpRequest) -> HttpResponse:
    """Browsers ask for it; there is none."""
    return HttpResponse(status=204)


@methods("GET")
def log_file(request: HttpRequest, path: str) -> HttpResponse:
    """One file of the log: checkpoint, policy, a tile or a bundle of entries."""
    kept = _kept(path)
    if kept is not None:
        return HttpResponse(kept, content_type="application/octet-stream")
    content = publishing.log_file(current(), path) if _LOG_PATH.fullmatch(path) else None
    if content is None:
        return message_page(request, 404)
    text = path in publishing.STATED
    return HttpResponse(content, content_type="text/plain; charset=utf-8" if text else "application/octet-stream")


def _kept(path: str) -> bytes | None:
    """What stands beside the log and not in its folder: the salt of codes, the fund's keys, texts of notices, slips.

    An unknown lookup id gives an empty list, as docs/spec/log.md section 7 says.
    """
    public = current().journal.public()
    if path == "keys" and public.ready:
        return keys_text(public)
    if path == "code-salt" and public.charter is not None:
        return public.charter.code_salt
    if path.startswith("notice/") and path.removeprefix("notice/") in public.notices:
        return public.notices[path.removeprefix("notice/")].encode()
    if re.fullmatch("slips/[0-9a-f]{64}", path):
        lookup = path.removeprefix("slips/")
        return b"".join(
            bytes(slip) for slip in Slip.objects.filter(lookup=lookup).order_by("id").values_list("slip", flat=True)
        )
    return None
