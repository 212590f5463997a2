"""The relay for desks: signed requests only; ciphertext and clear events in, ciphertext and clear events out."""

import hashlib
from collections.abc import Callable
from functools import wraps

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.request import RawPostDataException

from poruch.errors import BadSignature, Malformed, PoruchError, PublicationRefused, UnknownOfficer
from poruch.events.codec import decode, encode
from poruch.front import publishing
from poruch.front.models import Body, Drop, Fork, Segment, Slip, Tag
from poruch.front.nonces import ACTIVE_LIMIT, OUTSIDE_LIMIT
from poruch.front.site import current
from poruch.journal.chains import Chains
from poruch.journal.frames import join, split
from poruch.journal.requests import verify_request
from poruch.journal.roster import Roster
from poruch.journal.segments import LIMIT_BYTES, parse_segment
from poruch.journal.sync import DropsAfter, Hashes, Heads, Slips, Tags, WaitingDrop
from poruch.tlog.slips import SLIP_SIZE

Handler = Callable[[bytes], HttpResponse]
ANSWER_BYTES = 24 * 1024 * 1024
BODY_BYTES = 8 * 1024 * 1024
PROOF_BYTES = LIMIT_BYTES
"""Of proofs in one answer: the longest segment, so that none is too long to be told."""
MOST_TAGS, MOST_SLIPS, MOST_HASHES = 2000, 4000, 2000


def plain(status: int, text: str) -> HttpResponse:
    """A short answer for a program."""
    return HttpResponse(f"{text}\n", status=status, content_type="text/plain; charset=utf-8")


def octets(content: bytes) -> HttpResponse:
    """An answer in bytes."""
    return HttpResponse(content, content_type="application/octet-stream")


def signed(handler: Handler) -> Callable[[HttpRequest], HttpResponse]:
    """Only for officers on the roster, each request once; what cannot be read is 400 and changes nothing."""

    @wraps(handler)
    def unnamed(_: int, body: bytes) -> HttpResponse:
        return handler(body)

    return by_officer(unnamed)


def by_officer(handler: Callable[[int, bytes], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """The same for a handler that needs to know which officer asks."""

    @wraps(handler)
    def answer(request: HttpRequest) -> HttpResponse:
        if request.method != "POST":
            return plain(405, "POST only")
        try:
            body = request.body
        except (RawPostDataException, OSError):
            return plain(400, "the body was cut")
        site = current()
        try:
            roster = _roster(body if request.path == "/relay/push" else b"")
            number, nonce = verify_request("POST", request.path, request.headers, body, roster, site.today())
        except (BadSignature, UnknownOfficer) as error:
            return plain(401, error.name)
        public = site.journal.public()
        served = public.serves(number) or number not in public.roster.signing  # the first push is before the charter
        if not site.nonces.take(nonce, site.today(), number, ACTIVE_LIMIT if served else OUTSIDE_LIMIT):
            return plain(401, "nonce seen before, or too many requests today")
        if request.path != "/relay/push" and not public.serves(number):
            return _to_suspended(request.path, number)
        try:
            return handler(number, body)
        except Malformed as error:
            return plain(400, error.name)

    return answer


def _to_suspended(path: str, number: int) -> HttpResponse:
    """A suspended officer of the quorum gets the measures alone, for he votes on them; of all else nobody gets a byte.

    Without them an enemy with one desk suspends a free officer and freezes the fund, and the vote to thaw is missing.
    """
    journal = current().journal
    council = journal.public().council
    if number in council.quorum and council.may_vote(number):
        if path == "/relay/segments":
            return octets(join(_as_many_as_fit(journal.measures())))
        if path == "/relay/drops":
            return octets(b"")
    return plain(403, "suspended or removed: only segments are taken")


def _as_many_as_fit(raws: list[bytes], limit_bytes: int = ANSWER_BYTES) -> list[bytes]:
    """Those that fit, in their order; the short ones first of all, so that a long one hides none."""
    kept: set[int] = set()
    size = 0
    for at in sorted(range(len(raws)), key=lambda at: len(raws[at])):
        size += len(raws[at])
        if size > limit_bytes:
            break  # what comes is longer still
        kept.add(at)
    return [raw for at, raw in enumerate(raws) if at in kept]


def _roster(push: bytes) -> Roster:
    """Whose signatures count; before the founding, the roster that the pushed charter pins."""
    journal = current().journal
    roster = journal.public().roster
    fund = journal.fund
    if roster.signing or not push or fund is None:
        return roster
    chains = Chains(fund)
    try:
        for raw in split(push):
            chains.add(parse_segment(raw))
    except PoruchError:
        return roster
    return chains.roster


@signed
def heads(body: bytes) -> HttpResponse:
    """For each chain the last seq that counts here."""
    positions = current().journal.positions()
    return octets(encode(Heads(tuple((author, life, seq) for (author, life), seq in sorted(positions.items())))))


@signed
def segments(body: bytes) -> HttpResponse:
    """Segments beyond the given heads, oldest first, as many as fit; after the last, a proof of each equivocator.

    The proofs come last, so that of two segments at one place every desk has that one first which came here first.
    """
    known = {(author, life): seq for author, life, seq in decode(body, Heads).positions}
    found: list[bytes] = []
    size = 0
    rows = Segment.objects.order_by("id").values_list("id", "author", "life", "seq")
    wanted = [key for key, author, life, seq in rows if seq > known.get((author, life), -1)]
    for start in range(0, len(wanted), 500):
        for row in Segment.objects.filter(id__in=wanted[start : start + 500]).order_by("id"):
            raw = bytes(row.raw)
            size += len(raw)
            if found and size > ANSWER_BYTES:
                return octets(join(found))
            found.append(raw)
    proofs = [bytes(fork.raw) for fork in Fork.objects.order_by("id")]  # one for each author (front/journal.py)
    found += _as_many_as_fit(proofs, PROOF_BYTES)
    return octets(join(found))


@signed
def push(body: bytes) -> HttpResponse:
    """Take segments; the outcome of each, in words. The same segment twice is known, not stored twice."""
    site = current()
    arrived = [parse_segment(raw) for raw in split(body)]
    if refused := site.journal.too_much(arrived):
        return plain(413, refused)
    outcomes = site.journal.push(arrived)
    publishing.restore_files(site)
    return octets(join(outcome.value.encode() for outcome in outcomes))


@signed
def drops(body: bytes) -> HttpResponse:
    """Drops that arrived after a number, oldest first, as many as fit."""
    found: list[bytes] = []
    size = 0
    for row in Drop.objects.filter(id__gt=decode(body, DropsAfter).after).order_by("id").iterator():
        size += len(row.body)
        if found and size > ANSWER_BYTES:
            break
        found.append(encode(WaitingDrop(row.id, row.drop, row.kind, row.day, bytes(row.body))))
    return octets(join(found))


@signed
def put_body(body: bytes) -> HttpResponse:
    """Keep sealed bytes under their hash."""
    if not 0 < len(body) <= BODY_BYTES:
        return plain(413, "a body has 1 byte to 8 MiB")
    sha256 = hashlib.sha256(body).hexdigest()
    Body.objects.get_or_create(sha256=sha256, defaults={"body": body})
    return plain(200, sha256)


@signed
def get_body(body: bytes) -> HttpResponse:
    """Sealed bytes by their hash of 32 bytes; those of drops too."""
    found = Body.objects.filter(sha256=body.hex()).first() if len(body) == 32 else None
    drop = Drop.objects.filter(sha256=body.hex()).first() if found is None and len(body) == 32 else None
    if found is None and drop is None:
        return plain(404, "no such body")
    return octets(bytes(found.body if found is not None else drop.body if drop is not None else b""))


@signed
def bodies(body: bytes) -> HttpResponse:
    """Bodies by their hashes, as many as fit in one answer; those of drops too."""
    wanted = [sha256.hex() for sha256 in decode(body, Hashes).hashes[:MOST_HASHES]]
    found: dict[str, bytes] = {}
    size = 0
    for model in (Body, Drop):
        for row in model.objects.filter(sha256__in=wanted).order_by("sha256").iterator():
            size += len(row.body)
            if found and size > ANSWER_BYTES:
                break
            found[row.sha256] = bytes(row.body)
    return octets(join(found.values()))


@signed
def tags(body: bytes) -> HttpResponse:
    """Take blinded instalments for a batch, all or none; the same batch may ask again."""
    asked = decode(body, Tags)
    if len(asked.tags) > MOST_TAGS or len(asked.batch) > 64 or any(len(tag) != 32 for tag in asked.tags):
        return plain(400, "tags of 32 bytes, at most 2000")
    names = [tag.hex() for tag in asked.tags]
    with transaction.atomic():
        held = dict(Tag.objects.filter(tag__in=names).values_list("tag", "batch"))
        if any(batch != asked.batch for batch in held.values()):
            return plain(409, "already-taken")
        Tag.objects.bulk_create([Tag(tag=name, batch=asked.batch) for name in dict.fromkeys(names) if name not in held])
    return plain(200, "taken")


@signed
def slips(body: bytes) -> HttpResponse:
    """Leave slips for holders of codes."""
    left = decode(body, Slips).slips
    if len(left) > MOST_SLIPS or any(len(lookup) != 32 or len(slip) != SLIP_SIZE for lookup, slip in left):
        return plain(400, "slips of 8220 bytes under ids of 32, at most 4000")
    rows = [Slip(lookup=lookup.hex(), sha256=hashlib.sha256(slip).hexdigest(), slip=slip) for lookup, slip in left]
    Slip.objects.bulk_create(rows, ignore_conflicts=True)
    return plain(200, "left")


@signed
def publish(body: bytes) -> HttpResponse:
    """Publish to the log (docs/spec/log.md section 3)."""
    try:
        publishing.take(current(), body)
    except PublicationRefused as refusal:
        return HttpResponse(refusal.text, status=refusal.status, content_type="text/plain; charset=utf-8")
    return plain(200, "published")
