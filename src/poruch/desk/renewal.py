"""Giving a front that was made anew what its maker's desk did not hold.

Each front draws a number when it is made and says it with every answer to a desk. Another number than last time means
another disk: whatever this desk once gave may be missing there. So it looks what is, and gives it again: segments of
anybody's, for they are signed; sealed bodies; second segments, as proof; publications of the log with their slips, and
the tags of batches. A front made from one desk so becomes whole as the others come.
"""

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from poruch.desk.syncing import Lock, parcels, proofs_of
from poruch.errors import AlreadyTaken, BadNote, BadPublication
from poruch.journal.sync import HttpRelay, Relay
from poruch.tlog.checkpoints import parse_checkpoint
from poruch.tlog.publish import build_publication

if TYPE_CHECKING:
    from poruch.desk.program import Desk

KNOWN_FRONT = "front/number"
MOST_A_DAY = 4
"""A front that is another at every answer must not make desks give everything again and again."""


def renew(desk: "Desk", relay: Relay, lock: Lock) -> Iterator[None]:
    """After a sync with another front than the last one: give it what it lacks. Raises `RelayUnreachable`."""
    number = relay.http.front_number if isinstance(relay, HttpRelay) else ""
    with lock:
        known = (desk.store.fact(KNOWN_FRONT) or b"").decode().split()
        serves = desk.public.serves(desk.number) and not desk.idle
    today, times = desk.today().isoformat(), 0
    if known[1:2] == [today]:
        times = int(known[2])
    if not number or not serves or known[:1] == [number] or times >= MOST_A_DAY:
        return
    yield from _segments(desk, relay, lock)
    yield from _bodies(desk, relay, lock)
    yield from _log(desk, relay, lock)
    yield from _tags(desk, relay, lock)
    with lock:
        desk.store.keep_fact(KNOWN_FRONT, f"{number} {today} {times + 1}".encode())


def _segments(desk: "Desk", relay: Relay, lock: Lock) -> Iterator[None]:
    there = relay.heads()
    yield
    with lock:
        missing = [one for one in desk.held if one.seq > there.get((one.author, one.life), -1)]
        proofs = proofs_of(desk)
    for part in parcels([*missing, *proofs]):
        relay.push(part)
        yield


def _bodies(desk: "Desk", relay: Relay, lock: Lock) -> Iterator[None]:
    with lock:
        held = sorted(desk.bodies - desk.erased)
    missing = relay.missing(held)
    yield
    for sha256 in missing:
        with lock:
            body = desk.store.body(sha256)
        if body is not None:
            relay.put_body(body)
        yield


def _log(desk: "Desk", relay: Relay, lock: Lock) -> Iterator[None]:
    """Publications beyond the head that the front shows, in their order; without them it would take no later one."""
    from poruch.desk.publishing import kept_slips, published_drafts, shown_signatures  # they are made of desks

    shown = relay.public("/log/checkpoint")
    yield
    try:
        size = parse_checkpoint(shown).head.size if shown else 0
    except BadNote:
        return  # the watch raises the alarm
    with lock:
        drafts = [] if desk.view.cases is None else list(published_drafts(desk))
    for publication, draft in drafts:
        if draft.old_size < size:
            continue
        with lock:
            body = build_publication(draft, shown_signatures(desk, publication, draft))
            slips = kept_slips(desk, publication)
        try:
            relay.publish(body)
        except BadPublication:
            return  # a colleague gave it before
        relay.leave_slips(slips)
        yield


def _tags(desk: "Desk", relay: Relay, lock: Lock) -> Iterator[None]:
    """What batches have taken, so that nobody takes it again for another."""
    from poruch.desk.treasury import taken_tags

    with lock:
        taken = [] if desk.view.cases is None else list(taken_tags(desk))
    for batch, tags in groupby(sorted(taken, key=lambda row: row[1]), key=lambda row: row[1]):
        try:
            relay.take_tags(batch, [tag for tag, _ in tags])
        except AlreadyTaken:
            continue  # every desk sees two batches that hold one instalment, and who stands behind them
        yield
