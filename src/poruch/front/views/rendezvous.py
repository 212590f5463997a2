"""The rendezvous: slots that officers open, in which an invited person and the inviter leave one message each.

Before there is a fund, the founding secret that the front printed when it was made opens them, and names the fund. What
lies in a slot is sealed with a key that the front never has; an id that is not here is answered like an empty slot.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from poruch.errors import BadEvent, BadSignature, UnknownOfficer
from poruch.events.codec import decode
from poruch.front.models import Fact, Segment, Slot
from poruch.front.site import current
from poruch.front.views.relay import by_officer, octets, plain
from poruch.journal.rendezvous import (
    FOUNDERS_KEYID,
    MESSAGE_BYTES,
    MOST_SLOTS,
    OFFICERS_SLOTS,
    SLOT_DAYS,
    Asked,
    Left,
)
from poruch.journal.requests import verify_request
from poruch.journal.roster import Roster

FOUNDING = "founding"
"""The fact that holds the public half of the founding secret's key, in hex."""

NOBODY = 0
"""Who opens slots before there are officers."""

View = Callable[[HttpRequest], HttpResponse]


def _posted(view: View) -> View:
    """A POST; how long its body may be is told in headers.py."""

    @wraps(view)
    def answer(request: HttpRequest) -> HttpResponse:
        if request.method != "POST":
            return plain(405, "POST only")
        return view(request)

    return answer


def _by_founder(handler: Callable[[bytes], HttpResponse]) -> View:
    """Only for who knows the founding secret of this front, each request once."""

    @wraps(handler)
    def answer(request: HttpRequest) -> HttpResponse:
        site = current()
        fact = Fact.objects.filter(name=FOUNDING).first()
        roster = Roster(signing={FOUNDERS_KEYID: bytes.fromhex(fact.value)} if fact else {})
        body = request.body
        try:
            _, nonce = verify_request("POST", request.path, request.headers, body, roster, site.today())
        except (BadSignature, UnknownOfficer) as error:
            return plain(401, error.name)
        if not site.nonces.take(nonce, site.today()):
            return plain(401, "nonce seen before")
        return handler(body)

    return answer


@_posted
def open_slot(request: HttpRequest) -> HttpResponse:
    """Open a slot: by an officer, and before there are any by the founding secret."""
    founded = bool(current().journal.public().roster.signing)
    return by_officer(_open)(request) if founded else _by_founder(_open_for_founders)(request)


def _open_for_founders(body: bytes) -> HttpResponse:
    return _open(NOBODY, body)


def _open(opener: int, body: bytes) -> HttpResponse:
    if len(body) != 32:
        return plain(400, "a slot has 32 bytes")
    today = current().today()
    with transaction.atomic():
        Slot.objects.filter(day__lt=today - timedelta(days=SLOT_DAYS)).delete()
        if not Slot.objects.filter(slot=body.hex()).exists():
            mine = 0 if opener == NOBODY else Slot.objects.filter(opener=opener).count()
            if mine >= OFFICERS_SLOTS or Slot.objects.count() >= MOST_SLOTS:
                return plain(429, "too many slots")
            Slot.objects.create(slot=body.hex(), day=today, opener=opener)
    return plain(200, "open")


@_posted
def put(request: HttpRequest) -> HttpResponse:
    """Keep a message; the first one of its kind stays. Who knows the id may."""
    try:
        left = decode(request.body, Left)
    except BadEvent as error:
        return plain(400, error.name)
    if not 0 < len(left.sealed) <= MESSAGE_BYTES:
        return plain(413, "at most 64 KiB")
    with transaction.atomic():
        row = _alive(left.slot)
        if row is None:
            return plain(404, "nothing here")
        there = row.hello if left.kind == "hello" else row.answer
        if there is not None and bytes(there) != left.sealed:
            return plain(409, "another message is here")
        if left.kind == "hello":
            row.hello = left.sealed
        else:
            row.answer = left.sealed
        row.save()
    return plain(200, "kept")


@_posted
def get(request: HttpRequest) -> HttpResponse:
    """The message of one kind in a slot."""
    try:
        asked = decode(request.body, Asked)
    except BadEvent as error:
        return plain(400, error.name)
    row = _alive(asked.slot)
    there = None if row is None else row.hello if asked.kind == "hello" else row.answer
    return plain(404, "nothing here") if there is None else octets(bytes(there))


def _alive(slot: bytes) -> Slot | None:
    oldest = current().today() - timedelta(days=SLOT_DAYS)
    return Slot.objects.filter(slot=slot.hex(), day__gte=oldest).first()


@_posted
def found(request: HttpRequest) -> HttpResponse:
    """Name the fund whose segments this front takes; it may be named anew until the first segment is here."""
    return _by_founder(_found)(request)


def _found(body: bytes) -> HttpResponse:
    if len(body) != 32:
        return plain(400, "a fund has 32 bytes")
    with transaction.atomic():
        fact = Fact.objects.filter(name="fund").first()
        if fact is not None and fact.value != body.hex() and Segment.objects.exists():
            return plain(409, "already founded")
        Fact.objects.update_or_create(name="fund", defaults={"value": body.hex()})
    return plain(200, "named")
