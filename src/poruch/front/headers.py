"""What every answer carries and every question must be: headers, language, length. No cookie comes or goes."""

import logging
import re
from collections.abc import Callable
from typing import Any, NoReturn

from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import translation

from poruch.errors import Unavailable
from poruch.front.number import number_of
from poruch.front.pages import message_page, message_words
from poruch.front.settings import FORM_BYTES
from poruch.front.site import current
from poruch.journal.line import FRONT_NUMBER
from poruch.journal.rendezvous import MESSAGE_BYTES
from poruch.web.headers import HEADERS as PAGE_HEADERS
from poruch.web.words import LANGUAGES

HEADERS = {**PAGE_HEADERS, "X-Robots-Tag": "noarchive"}
RELAY_BYTES = 64 * 1024 * 1024
RENDEZVOUS_BYTES = MESSAGE_BYTES + 1024
PUBLISH_BYTES = 16 * 1024 * 1024 + 64 * 1024
_LANGUAGE = re.compile(r"/([a-z]{2})(/|$)")


class NoUploads(FileUploadHandler):
    """Files are not taken yet: what comes as one is thrown away as it arrives, and never touches a disk."""

    def new_file(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Skip the file."""
        raise SkipFile

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Keep nothing."""

    def file_complete(self, file_size: int) -> None:
        """There is no file."""


def limit_of(path: str) -> int:
    """The longest body that `path` takes, in bytes."""
    if path.startswith(("/relay/rendezvous/", "/relay/found")):
        return RENDEZVOUS_BYTES  # strangers may ask here, so no more is read than a message has
    if path.startswith("/relay/"):
        return RELAY_BYTES
    return PUBLISH_BYTES if path == "/log/publish" else FORM_BYTES


def _say_where(response: HttpResponse) -> None:
    """Tell a program where k officers say that the front is, if they have ever moved it."""
    address = current().journal.public().resolutions.address
    if address:
        response["Poruch-Front-Address"] = address


class Doorkeeper:
    """The only middleware: the language of the path, the length of the body, the headers of the answer."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]) -> None:
        """`answer` is the rest of the site."""
        self._answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The answer, with its headers."""
        found = _LANGUAGE.match(request.path)
        language = found.group(1) if found and found.group(1) in LANGUAGES else ""
        with translation.override(language or "en"):
            response = self._let_in(request, language)
        for name, value in HEADERS.items():
            response[name] = value
        if request.path.startswith("/relay/") and response.status_code == 200:
            response[FRONT_NUMBER] = number_of(current().folder)
        if request.path.startswith(("/relay/", "/log/")) and response.status_code == 200:
            _say_where(response)
        if not response.streaming and response.status_code != 204:
            response["Content-Length"] = str(len(response.content))  # without it a server closes every connection
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """A disk that is full, slow or broken is no mistake of ours: who sent something is told to send it again."""
        if not isinstance(error, (Unavailable, OperationalError)):
            return None
        logging.getLogger("django.request").error("unavailable", exc_info=error)
        try:
            return message_page(request, 503)
        except (Unavailable, OperationalError):  # the page needs the disk, too
            return HttpResponse(message_words(503), status=503, content_type="text/plain; charset=utf-8")

    def _let_in(self, request: HttpRequest, language: str) -> HttpResponse:
        try:
            length = int(request.META.get("CONTENT_LENGTH") or 0)
        except ValueError:
            length = -1
        if not 0 <= length <= limit_of(request.path):
            return message_page(request, 413)
        if language and not request.path.endswith("/") and request.method in ("GET", "HEAD"):
            return HttpResponseRedirect(f"{request.path}/")
        return self._answer(request)
