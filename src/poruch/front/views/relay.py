"""The relay over HTTP: signed requests only. What is answered to whom is told in poruch.front.relaying.

A request's headers are read and its signature verified before a byte of its body is; a long body waits for its turn.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.http.request import RawPostDataException

from poruch.errors import BadSignature, Malformed, PoruchError, UnknownOfficer
from poruch.front import publishing
from poruch.front.nonces import ACTIVE_LIMIT, OUTSIDE_LIMIT
from poruch.front.relaying import PARTS, PUSH, Answer
from poruch.front.site import current
from poruch.journal.chains import Chains
from poruch.journal.frames import split
from poruch.journal.requests import Asker, Claim, read_claim
from poruch.journal.segments import parse_segment

LONG_BYTES = 256 * 1024
MOST_LONG = 4
"""So many bodies longer than that are in the memory of one process at once, each at most 64 MiB (headers.py)."""
WAIT_SECONDS = 20.0
KEEPERS = 65536
"""A keeper's nonces and measure are his own: kept under his officer's number and this."""

_long = threading.BoundedSemaphore(MOST_LONG)

Handler = Callable[[Asker, str, bytes], Answer]


def plain(status: int, text: str) -> HttpResponse:
    """A short answer for a program."""
    return HttpResponse(f"{text}\n", status=status, content_type="text/plain; charset=utf-8")


def octets(content: bytes) -> HttpResponse:
    """An answer in bytes."""
    return HttpResponse(content, content_type="application/octet-stream")


class _Busy(Exception):
    """No place for a long body now."""


def _signed(handler: Callable[[Asker, bytes], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Only for whose signature holds, each request once."""

    @wraps(handler)
    def answer(request: HttpRequest) -> HttpResponse:
        if request.method != "POST":
            return plain(405, "POST only")
        try:
            with _place_for(request):
                asker, body = _who(request)
                return handler(asker, body)
        except (BadSignature, UnknownOfficer) as error:
            return plain(401, error.name)
        except (RawPostDataException, OSError):
            return plain(400, "the body was cut")
        except _Busy:
            return plain(503, "too many long bodies at once; ask again")

    return answer


def by_officer(handler: Callable[[int, bytes], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """For a path that is none of the relay's own, and whose handler needs to know which officer asks."""

    @wraps(handler)
    def answer(asker: Asker, body: bytes, path: str) -> HttpResponse:
        refused = current().relaying.refused(asker, path)
        if refused is not None:
            return _response(refused)
        try:
            return handler(asker.number, body)
        except Malformed as error:
            return plain(400, error.name)

    return lambda request: _signed(lambda asker, body: answer(asker, body, request.path))(request)


def ask(request: HttpRequest) -> HttpResponse:
    """Everything below /relay/ that is told in docs/spec/journal.md section 6, and /log/publish."""

    def answered(asker: Asker, body: bytes) -> HttpResponse:
        site = current()
        answer = site.relaying.answer(asker, request.path, body)
        if request.path in (PUSH, PARTS) and answer.status == 200:
            publishing.restore_files(site)
        return _response(answer)

    return _signed(answered)(request)


def _response(answer: Answer) -> HttpResponse:
    kind = "text/plain; charset=utf-8" if answer.words else "application/octet-stream"
    return HttpResponse(answer.body, status=answer.status, content_type=kind)


@contextmanager
def _place_for(request: HttpRequest) -> Iterator[None]:
    """A place for a long body, while there is one; `_Busy` after some waiting."""
    long = int(request.META.get("CONTENT_LENGTH") or 0) > LONG_BYTES
    if long and not _long.acquire(timeout=WAIT_SECONDS):
        raise _Busy
    try:
        yield
    finally:
        if long:
            _long.release()


def _who(request: HttpRequest) -> tuple[Asker, bytes]:
    """Who asks, and the body. Raises `BadSignature`, `UnknownOfficer`."""
    site = current()
    claim = read_claim(request.headers, site.today())
    public = site.journal.public()
    if public.roster.signing:
        claim.verify("POST", request.path, _key(claim.asker))
        _count(claim)
        body = request.body
        claim.check_body(body)
        return claim.asker, body
    body = request.body  # nobody is known before the first push, whose charter names the founders
    claim.check_body(body)
    claim.verify("POST", request.path, _key_of_founder(claim.asker, body if request.path == PUSH else b""))
    _count(claim)
    return claim.asker, body


def _count(claim: Claim) -> None:
    """Each nonce once, and of each asker so many a day."""
    site, asker = current(), claim.asker
    public = site.journal.public()
    served = public.serves(asker.number) or asker.number not in public.roster.signing  # a push before the charter
    number = asker.number + KEEPERS if asker.keeper else asker.number
    if not site.nonces.take(claim.nonce, site.today(), number, ACTIVE_LIMIT if served else OUTSIDE_LIMIT):
        raise BadSignature("a nonce seen before, or too many requests today")


def _key(asker: Asker) -> bytes:
    public = current().journal.public()
    if not asker.keeper:
        return public.roster.key_of(asker.number)
    key = public.keeper(asker.number)
    if key is None:
        raise UnknownOfficer(f"the keeper of {asker.number}")
    return key


def _key_of_founder(asker: Asker, push: bytes) -> bytes:
    """The key that the pushed charter pins, if the front's fund is named after that charter."""
    fund = current().journal.fund
    if fund is None or asker.keeper:
        raise UnknownOfficer
    chains = Chains(fund)
    try:
        for raw in split(push):
            chains.add(parse_segment(raw))
    except PoruchError:
        raise UnknownOfficer from None
    return chains.roster.key_of(asker.number)
