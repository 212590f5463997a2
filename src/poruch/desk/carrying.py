"""A desk and a folder: what each lacks it takes from the other, in small steps (docs/spec/folder.md section 4).

The same for a stick, a shared drive, the folder of a keeper, and what a locked desk has collected for itself.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from poruch.desk.syncing import ARRIVED, AT_ONCE, MUCH, Lock, Portions, Progress, fetch_bodies, proofs_of
from poruch.journal.folder import Folder
from poruch.journal.segments import SignedSegment, parse_segment

if TYPE_CHECKING:
    from poruch.desk.program import Desk

ANSWER_BYTES, ROUND_BYTES = 24 * 1024 * 1024, 256 * 1024 * 1024


@dataclass
class Carried:
    """What moved: segments, bodies and waiting drops, to the desk and to the folder; and bodies erased there."""

    segments_in: int = 0
    segments_out: int = 0
    bodies_in: int = 0
    bodies_out: int = 0
    drops_in: int = 0
    drops_out: int = 0
    erased: int = 0


def exchange(desk: "Desk", folder: Folder, lock: Lock, progress: Progress, carried: Carried) -> Iterator[None]:
    """Both ways. Raises `FolderBroken`; what had moved by then has moved whole."""
    yield from _erase(desk, folder, lock, carried)
    yield from take_in(desk, folder, lock, progress, carried)
    yield from _erase(desk, folder, lock, carried)  # the folder may have brought what erases
    yield from give_journal(desk, folder, lock, carried)
    yield from _give_bodies(desk, folder, lock, progress, carried)
    folder.put_together()


def _erase(desk: "Desk", folder: Folder, lock: Lock, carried: Carried) -> Iterator[None]:
    with lock:
        erased = set(desk.erased)
    carried.erased += folder.erase(erased)
    yield


# ---- in ---------------------------------------------------------------------------------------


def take_in(desk: "Desk", folder: Folder, lock: Lock, progress: Progress, carried: Carried) -> Iterator[None]:
    """From the folder to the desk. What came so is given to the front, too, where that lacks it."""
    yield from _take_drops(desk, folder, lock, carried)
    with lock:
        positions = desk.chains.positions
    missing = folder.coverage().beyond(positions)
    if missing >= MUCH:
        progress.expect(missing)
    yield
    before = 0
    while missing:  # packs come by name, so a chain may begin in the last one: what came too early waited meanwhile
        yield from _take_segments(desk, folder, lock, progress, carried)
        if carried.segments_in == before:
            break
        before = carried.segments_in
    yield from _take_proofs(desk, folder, lock)
    yield from _take_bodies(desk, folder, lock, progress, carried)


def _take_segments(desk: "Desk", folder: Folder, lock: Lock, progress: Progress, carried: Carried) -> Iterator[None]:
    with lock:
        positions = dict(desk.chains.positions)
    portions = Portions()
    arrived: list[SignedSegment] = []
    size = 0
    for pack in folder.segments_beyond(positions):
        arrived += pack
        size += sum(len(one.raw) for one in pack)
        yield
        if size > ROUND_BYTES:  # and on with the next: what a stranger put first must not hide what stands behind it
            yield from _take(desk, arrived, portions, lock, progress, carried)
            arrived, size = [], 0
    yield from _take(desk, arrived, portions, lock, progress, carried)


def _take(
    desk: "Desk", arrived: list[SignedSegment], portions: Portions, lock: Lock, progress: Progress, carried: Carried
) -> Iterator[None]:
    for part in portions.of(sorted(arrived, key=lambda one: one.order)):
        with lock:
            carried.segments_in += desk.take(part, pushed=False)
        progress.take(len(part))
        yield


def _take_proofs(desk: "Desk", folder: Folder, lock: Lock) -> Iterator[None]:
    with lock:
        known = {hashlib.sha256(fault.raw).digest() for fault in desk.chains.faults}
    for proof in folder.proofs(known):
        with lock:
            desk.take([proof], pushed=False)
        yield


def _take_bodies(desk: "Desk", folder: Folder, lock: Lock, progress: Progress, carried: Carried) -> Iterator[None]:
    here = folder.body_hashes()
    yield

    def fetch(hashes: list[bytes]) -> list[bytes]:
        found: list[bytes] = []
        size = 0
        for sha256 in hashes:
            body = folder.body(sha256) if sha256 in here and size < ANSWER_BYTES else None
            if body is not None:
                found.append(body)
                size += len(body)
        carried.bodies_in += len(found)
        return found

    yield from fetch_bodies(desk, lock, progress, fetch, pushed=False)


def _take_drops(desk: "Desk", folder: Folder, lock: Lock, carried: Carried) -> Iterator[None]:
    """Drops that wait in the folder, as if they had arrived last on the front."""
    with lock:
        if desk.view.cases is None or not desk.keys:
            return
        known = {*desk.cases.drops, *(drop.drop for drop in desk.waiting_drops)}
        arrival = int.from_bytes(desk.store.fact(ARRIVED) or b"", "big")
    found = list(folder.drops(known, arrival))
    yield
    with lock:
        fresh = [drop for drop in found if hashlib.sha256(drop.body).digest() not in desk.erased]
        carried.drops_in += len(fresh)
        if fresh:
            desk.arrive([*desk.waiting_drops, *fresh])
    yield


# ---- out --------------------------------------------------------------------------------------


def give_journal(desk: "Desk", folder: Folder, lock: Lock, carried: Carried) -> Iterator[None]:
    """Segments, proofs, and drops that wait, from the desk to the folder."""
    with lock:
        held = {one.order[1:]: one.id for one in desk.held}
    yield
    there = folder.truly_held(lambda one: held.get(one.order[1:]) == one.id)
    yield
    with lock:
        missing = sorted((one for one in desk.held if not there.holds(one)), key=lambda one: one.order[1:])
        proofs, waiting = proofs_of(desk), list(desk.waiting_drops)
    for at in range(0, len(missing), AT_ONCE):
        with lock:  # the bytes may lie in the store
            part = [parse_segment(one.raw) for one in missing[at : at + AT_ONCE]]
        carried.segments_out += folder.keep_segments(part, there)
        yield
    folder.keep_proofs(proofs)
    carried.drops_out += folder.keep_drops(waiting)
    yield


def _give_bodies(desk: "Desk", folder: Folder, lock: Lock, progress: Progress, carried: Carried) -> Iterator[None]:
    here = folder.body_hashes()
    with lock:
        missing = sorted(desk.bodies - desk.erased - here)
    if len(missing) >= MUCH or progress.missing:
        progress.expect(len(missing))
    yield
    for sha256 in missing:
        with lock:
            body = desk.store.body(sha256) if sha256 not in desk.erased else None
        if body is not None:
            folder.keep_body(body)
            carried.bodies_out += 1
        progress.take(1)
        yield
