"""A warm start: the folded state of a desk, kept in its store (docs/decisions/0015).

A snapshot is a projection: (1) it is thrown away when the program is another one, (2) when it is not whole, (3) when
the segments before its place are others than they were. Then everything is folded again. It is pickled, so only what
this desk wrote into its own authenticated store is read, and of that only values and the classes of folded states.
"""

import gc
import hashlib
import io
import pickle
import sys
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, is_dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

import poruch
from poruch.crypto.age import PqRecipient, X25519Recipient
from poruch.desk.folding import View
from poruch.errors import BadEvent, StoreBroken
from poruch.events.codec import Schema, decode, encode
from poruch.events.drops import DropContent
from poruch.journal.folds import Owner
from poruch.journal.journal import Folded
from poruch.journal.segments import SignedSegment

if TYPE_CHECKING:
    from poruch.desk.program import Desk

SHORT, LONG = 64, 512
"""So many new segments are worth a snapshot when the desk is closed, and while it works."""
HEAVY = 5000
"""The bytes of so many segments are held at once; those of more stay in the store."""
_HEAD_BYTES, _LEVEL = 4, 1
_VALUES = frozenset({("datetime", "date"), ("collections", "Counter"), ("builtins", "set"), ("builtins", "frozenset")})
_KEYS = (PqRecipient, X25519Recipient, Owner)


class Head(Schema, frozen=True, tag="snapshot.v1"):
    """What stands before a snapshot: by which program, after how many segments, of which ids, and its own hash."""

    program: bytes
    count: int
    held: bytes
    sha256: bytes


@dataclass(frozen=True)
class State:
    """What a snapshot holds."""

    journal: Folded
    view: View
    opened: dict[bytes, DropContent]
    one_time_keys: Counter[bytes]
    faults: list[str]
    damaged: set[bytes]


class _Reader(pickle.Unpickler):
    """Makes values and folded states, and calls nothing else."""

    def find_class(self, module: str, name: str) -> object:
        if (module, name) in _VALUES:
            return super().find_class(module, name)
        found = super().find_class(module, name) if module.startswith("poruch.") and "." not in name else None
        if isinstance(found, type) and (found in _KEYS or is_dataclass(found) or issubclass(found, msgspec.Struct)):
            return found
        raise pickle.UnpicklingError("of no folded state")


class Snapshots:
    """Keeps the state of one desk, and takes it up again. `woken`: this desk began with one."""

    def __init__(self, desk: "Desk") -> None:
        """Nothing is kept yet."""
        self._desk, self._kept, self._light = desk, 0, 0
        self.woken = False

    def keep(self, *, closing: bool = False) -> None:
        """Keep the last of the earlier states if enough segments are new since the last one: thrice as many as before.

        When the desk is closed, fewer are enough. It is an earlier state: so a segment that comes a little late need
        not throw it away.
        """
        desk, folding = self._desk, self._desk.folding
        if desk.store.lasts and len(desk.held) - self._light > max(HEAVY, self._light // 2):
            desk.journal.lighten(desk.store.raw)
            self._light = len(desk.held)
        least = SHORT if closing else max(LONG, 3 * self._kept)
        if not desk.store.lasts or folding.folded - self._kept < least:
            return
        views, states = dict(folding.marks.kept), desk.journal.folded(folding.folded)
        count = max(views.keys() & states.keys(), default=0)
        if count <= self._kept:
            return
        state = State(states[count], views[count], folding.opened, desk.one_time_keys, desk.faults, desk.damaged)
        with _without_collector():
            raw = zlib.compress(pickle.dumps(state, protocol=5), _LEVEL)
        head = encode(Head(program(), count, _digest(desk.held[:count]), hashlib.sha256(raw).digest()))
        self._kept = count
        with suppress(StoreBroken):  # nothing is lost by it, and the next act tells of a disk that is full
            desk.store.keep_snapshot(len(head).to_bytes(_HEAD_BYTES, "big") + head + raw)

    def wake(self) -> bool:
        """Take up the state that was kept, and fold what came after it. Whether there was one that fits."""
        with _without_collector():
            woken = self._wake()
            gc.freeze()  # these two: all that was made counts as old, and is not looked through at once
            gc.unfreeze()
            return woken

    def _wake(self) -> bool:
        desk = self._desk
        kept = desk.store.snapshot() if desk.store.lasts else None
        if kept is None:
            return False
        end = _HEAD_BYTES + int.from_bytes(kept[:_HEAD_BYTES], "big")
        try:
            head, raw = decode(kept[_HEAD_BYTES:end], Head), memoryview(kept)[end:]
        except BadEvent:
            return False
        if head.program != program() or head.sha256 != hashlib.sha256(raw).digest():  # (1), (2)
            return False
        with ThreadPoolExecutor(1) as other:  # the second core unpacks meanwhile
            unpacked = other.submit(zlib.decompress, raw)
            held = desk.store.light_segments()
            if _digest(held[: head.count]) != head.held:  # (3)
                return False
        try:
            state = _Reader(io.BytesIO(unpacked.result())).load()
        except pickle.UnpicklingError:
            return False  # what this desk wrote and may not read again must not keep it shut
        self._resume(state, held, head.count)
        self.woken = True
        return True

    def _resume(self, state: State, held: list[SignedSegment], count: int) -> None:
        desk = self._desk
        desk.one_time_keys, desk.faults, desk.damaged = state.one_time_keys, state.faults, state.damaged
        since = desk.journal.resume(state.journal, held, count)
        desk.folding.resume(state.view, state.opened, count)
        again = desk.journal.add(desk.store.faults())
        desk.folding.follow([], min(since, again.since))
        self._kept, self._light = count, len(held)


def _digest(held: Iterable[SignedSegment]) -> bytes:
    return hashlib.sha256(b"".join(signed.id for signed in held)).digest()


@cache
def program() -> bytes:
    """32 bytes that are others for another program: a hash of its source, and of what reads and writes states."""
    digest = hashlib.sha256(f"{sys.version} {msgspec.__version__}".encode())
    folder = Path(poruch.__file__).parent
    for path in sorted(folder.rglob("*.py")):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\n" + hashlib.sha256(path.read_bytes()).digest())
    return digest.digest()


@contextmanager
def _without_collector() -> Iterator[None]:
    """A million objects are made at once, and none of them is garbage: looking for it would double the time."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()
