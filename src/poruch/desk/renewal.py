"""Giving a front that was made anew what its maker's desk did not hold.

Each front draws a number when it is made and says it with every answer to a desk. Another number than last time means
another disk: whatever this desk once gave may be missing there. So it looks what is, and gives it again: segments of
anybody's, for they are signed; sealed bodies; second segments, as proof. A front made from one desk so becomes whole as
the others come.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from poruch.desk.syncing import Lock, parcels, proofs_of
from poruch.journal.sync import HttpRelay, Relay

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
