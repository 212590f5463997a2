"""Sync by a folder: a stick, a shared drive, the directory of a keeper (docs/spec/folder.md).

Below the folder lies one directory for each fund, `poruch-v1-<fund id>`. In it everything is named by SHA-256: packs of
segments, proofs, bodies, and drops that wait. Any number of desks may read and write at once; a folder is a set, and
whoever comes adds what is missing. It learns no more than a front: no name, no time of day, nothing in clear that a
front does not have in clear.
"""

import hashlib
import os
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from poruch.errors import BadEvent, BadPack, BadSegment, FolderBroken
from poruch.events.codec import Schema, decode, encode
from poruch.journal.packs import (
    PACK_LIMIT,
    Chain,
    Coverage,
    PackHead,
    head_bytes,
    is_beyond,
    make_packs,
    name_of,
    read_head,
    read_pack,
)
from poruch.journal.places import Place, Trouble, open_place
from poruch.journal.segments import LIMIT_BYTES, SignedSegment, parse_segment
from poruch.journal.sync import WaitingDrop

BODY_LIMIT, DROP_LIMIT = 8 * 1024 * 1024, 1024
_HEAD_GUESS = 16 * 1024
SMALL_BYTES, MOST_SMALL = 512 * 1024, 64
"""More small packs than this are put together into larger ones."""
MOST_DROPS, DROPS_BYTES = 4096, 128 * 1024 * 1024
"""Of drops in one go: a stick from strange hands must not keep a desk busy for ever, nor fill its memory."""
_FUND = re.compile("poruch-v1-([0-9a-f]{64})")
_PACK = re.compile(r"[0-9a-f]{64}\.pack")
_HASH = re.compile("[0-9a-f]{64}")
_SHELF = re.compile("[0-9a-f]{2}")
_ANY = re.compile(".*")
_DROP = re.compile("([0-9a-f]{32})-([0-9a-f]{64})")
_KIND = re.compile("[a-z-]{1,32}")
_SEGMENTS, _PROOFS, _BODIES, _DROPS = "segments", "proofs", "bodies", "drops"


class CarriedDrop(Schema, frozen=True, tag="carried-drop.v1"):
    """A drop that waits; its sealed body lies among the bodies."""

    drop: str
    kind: str
    day: date
    sha256: bytes


def funds_in(path: Path) -> list[bytes]:
    """The ids of the funds that have a directory in the folder at `path`. Raises `FolderBroken`."""
    try:
        names = sorted(entry.name for entry in os.scandir(path) if entry.is_dir(follow_symlinks=False))
    except OSError as error:
        raise FolderBroken(error.strerror or "") from None
    return [bytes.fromhex(found[1]) for name in names if (found := _FUND.fullmatch(name))]


@dataclass
class Folder:
    """One fund's directory in the folder at `path`. All methods raise `FolderBroken` when the disk does.

    `troubles` counts what was met and passed over.
    """

    path: Path
    fund: bytes
    today: Callable[[], date]
    random: Callable[[int], bytes] = os.urandom
    troubles: Counter[Trouble] = field(default_factory=Counter)

    def _tell(self, trouble: Trouble) -> None:
        self.troubles[trouble] += 1

    def _at(self, *below: str, make: bool = False) -> AbstractContextManager[Place | None]:
        names = (f"poruch-v1-{self.fund.hex()}", *below)
        return open_place(self.path, names, self._tell, self.today, self.random, make=make)

    def check(self) -> None:
        """Raises `FolderBroken` unless the folder is there and can be opened."""
        with open_place(self.path, (), self._tell, self.today, self.random, make=False):
            pass

    # ---- segments -----------------------------------------------------------------------------

    def coverage(self) -> Coverage:
        """What the heads of the packs say that they hold."""
        found = Coverage()
        with self._at(_SEGMENTS) as place:
            if place is not None:
                for _, _, head in self._heads(place):
                    for run in head.runs:
                        found.add(run)
        found.settle()
        return found

    def truly_held(self, is_held: Callable[[SignedSegment], bool]) -> Coverage:
        """What the packs hold of what the caller has: each is read, for a head may claim what no pack has."""
        found = Coverage()
        with self._at(_SEGMENTS) as place:
            if place is not None:
                for name in [name for name, _, _ in self._heads(place)]:
                    for one in self._read_pack(place, name) or []:
                        if is_held(one):
                            _, author, life, seq = one.order
                            found.add((author, life, seq, seq))
        found.settle()
        return found

    def _heads(self, place: Place) -> Iterator[tuple[str, int, PackHead]]:
        """Name, size and head of each pack whose size is what its head says."""
        for name, size in place.listed(_PACK):
            if size > PACK_LIMIT:
                self._tell(Trouble.TOO_LONG)
                continue
            start = place.read(name, PACK_LIMIT, head_bytes=_HEAD_GUESS)
            if start is None:
                continue
            try:
                if len(start) < head_bytes(start):
                    start = place.read(name, PACK_LIMIT, head_bytes=head_bytes(start)) or b""
                head = read_head(start, size)
            except BadPack:
                place.set_aside(name)
                continue
            if head.fund == self.fund:
                yield name, size, head
            else:
                self._tell(Trouble.FOREIGN)

    def segments_beyond(self, positions: Mapping[Chain, int]) -> Iterator[list[SignedSegment]]:
        """The segments that stand beyond `positions`, pack by pack, beginnings first; what holds none is not read.

        `positions` is looked at again before each pack, so that it may grow on the way.
        """
        with self._at(_SEGMENTS) as place:
            if place is None:
                return
            for name, _, head in sorted(self._heads(place), key=_beginning):
                if any(last > positions.get((author, life), -1) for author, life, _, last in head.runs):
                    found = self._read_pack(place, name)
                    yield [one for one in found or [] if is_beyond(one, positions)]

    def _read_pack(self, place: Place, name: str) -> list[SignedSegment] | None:
        raw = place.read(name, PACK_LIMIT)
        if raw is None:
            return None
        if name_of(raw) != name:
            place.set_aside(name)
            return None
        try:
            return read_pack(raw)
        except BadPack:
            self._tell(Trouble.FOREIGN)
            return None

    def keep_segments(self, segments: Iterable[SignedSegment], held: Coverage | None = None) -> int:
        """Write the segments that the folder does not hold; returns how many. `held`: what it holds, if known."""
        held = held or self.coverage()
        missing = sorted((one for one in segments if not held.holds(one)), key=lambda one: one.order[1:])
        if missing:
            with self._at(_SEGMENTS, make=True) as place:
                self._write_packs(_made(place), missing)
        return len(missing)

    def _write_packs(self, place: Place, segments: list[SignedSegment]) -> set[str]:
        written = set()
        for pack in make_packs(self.fund, segments):
            place.write(name_of(pack), pack)
            written.add(name_of(pack))
        place.settle()
        return written

    def put_together(self) -> int:
        """Make few packs of many small ones; returns how many were taken away. What is taken away is kept before."""
        with self._at(_SEGMENTS) as place:
            if place is None:
                return 0
            small = [name for name, size, _ in self._heads(place) if size < SMALL_BYTES]
            if len(small) <= MOST_SMALL:
                return 0
            whole = {name: found for name in small if (found := self._read_pack(place, name)) is not None}
            by_place = {(*one.order[1:], one.id): one for found in whole.values() for one in found}
            written = self._write_packs(place, [by_place[key] for key in sorted(by_place)])
            gone = [name for name in whole if name not in written and place.remove(name)]
            place.settle()
            return len(gone)

    # ---- proofs -------------------------------------------------------------------------------

    def proofs(self, known: Collection[bytes]) -> Iterator[SignedSegment]:
        """Segments kept as proof against their authors; `known` are hashes (32 bytes) of those that need no reading."""
        with self._at(_PROOFS) as place:
            if place is None:
                return
            for name, _ in place.listed(_HASH):
                if bytes.fromhex(name) in known:
                    continue
                raw = self._read_hashed(place, name, LIMIT_BYTES)
                try:
                    if raw is not None:
                        yield parse_segment(raw)
                except BadSegment:
                    self._tell(Trouble.FOREIGN)

    def keep_proofs(self, proofs: Iterable[SignedSegment]) -> int:
        """Write the proofs that are not here; returns how many."""
        waiting = {hashlib.sha256(one.raw).hexdigest(): one.raw for one in proofs}
        if not waiting:
            return 0
        with self._at(_PROOFS, make=True) as found:
            place = _made(found)
            here = {name for name, size in place.listed(_HASH) if size}
            for name in sorted(set(waiting) - here):
                place.write(name, waiting[name])
            place.settle()
        return len(set(waiting) - here)

    def _read_hashed(self, place: Place, name: str, limit: int) -> bytes | None:
        raw = place.read(name, limit)
        if raw is None:
            return None
        if hashlib.sha256(raw).hexdigest() != name:  # (2)
            place.set_aside(name)
            return None
        return raw

    # ---- bodies -------------------------------------------------------------------------------

    def body_hashes(self) -> set[bytes]:
        """The hashes of all bodies that are here; whether a body is whole is seen when it is read."""
        found: set[bytes] = set()
        for shelf in self._shelves():
            with self._shelf(shelf) as place:
                if place is not None:
                    found |= {bytes.fromhex(name) for name, size in place.listed(_HASH) if size}
        return found

    def _shelves(self) -> list[str]:
        with self._at(_BODIES) as place:
            return [] if place is None else place.below(_SHELF)

    def _shelf(self, name: str, *, make: bool = False) -> AbstractContextManager[Place | None]:
        return self._at(_BODIES, name, make=make)

    def body(self, sha256: bytes) -> bytes | None:
        """The body with this hash, if it is here and whole."""
        with self._shelf(sha256.hex()[:2]) as place:
            return None if place is None else self._read_hashed(place, sha256.hex(), BODY_LIMIT)

    def keep_body(self, body: bytes) -> bytes:
        """Write a body, whether it is here or not; returns its hash."""
        sha256 = hashlib.sha256(body)
        with self._shelf(sha256.hexdigest()[:2], make=True) as place:
            _made(place).write(sha256.hexdigest(), body)
            _made(place).settle()
        return sha256.digest()

    def erase(self, hashes: Collection[bytes]) -> int:
        """Delete these bodies, whatever is left half-written of them, and the drops they belong to; returns how many.

        What was half-written by anybody two days ago goes, too.
        """
        names = {sha256.hex() for sha256 in hashes}
        gone = sum(self._clear(names, _BODIES, shelf) for shelf in self._shelves())
        with self._at(_DROPS) as place:
            belong = set() if place is None else {name for name, _ in place.listed(_DROP) if name[33:] in names}
        self._clear(belong | names, _DROPS)
        self._clear(set(), _SEGMENTS)
        self._clear(set(), _PROOFS)
        return gone

    def _clear(self, names: set[str], *below: str) -> int:
        with self._at(*below) as place:
            if place is None:
                return 0
            here = names & {name for name, _ in place.listed(_ANY)} if names else set()
            gone = sum(place.remove(name) for name in here)
            if place.sweep(lambda name: name in names or name[33:] in names) or gone:
                place.settle()
        return gone

    # ---- drops --------------------------------------------------------------------------------

    def drop_names(self) -> set[tuple[str, bytes]]:
        """Id and hash of the body of each drop that waits here."""
        with self._at(_DROPS) as place:
            names = [] if place is None else [name for name, _ in place.listed(_DROP)]
        return {(name[:32], bytes.fromhex(name[33:])) for name in names}

    def drops(self, known: Collection[str], arrival: int = 0) -> Iterator[WaitingDrop]:
        """The drops that wait here, but those with an id in `known`; one for each id, and so many that a desk copes.

        `arrival` is the number each is given: a folder has no order of arrival.
        """
        seen: set[str] = set()
        left = DROPS_BYTES
        with self._at(_DROPS) as place:
            if place is None:
                return
            names = [name for name, _ in place.listed(_DROP)]
            begin = int.from_bytes(self.random(4), "big") % max(len(names), 1)  # rubbish hides nothing for ever
            for name in names[begin:] + names[:begin]:
                drop, _, sha256 = name.partition("-")
                if drop in known or drop in seen or len(seen) >= MOST_DROPS or left < BODY_LIMIT:
                    continue
                carried = self._read_drop(place, name)
                body = self.body(bytes.fromhex(sha256)) if carried else None
                if carried is not None and body is not None:
                    seen.add(drop)
                    left -= len(body)
                    yield WaitingDrop(arrival, drop, carried.kind, carried.day, body)

    def _read_drop(self, place: Place, name: str) -> CarriedDrop | None:
        raw = place.read(name, DROP_LIMIT)
        try:
            carried = decode(raw or b"", CarriedDrop)
        except BadEvent:
            if raw is not None:
                place.set_aside(name)
            return None
        if f"{carried.drop}-{carried.sha256.hex()}" != name or _KIND.fullmatch(carried.kind) is None:
            self._tell(Trouble.FOREIGN)
            return None
        return carried

    def keep_drops(self, drops: Iterable[WaitingDrop]) -> int:
        """Write the drops that are not here, their bodies first; returns how many."""
        here, written = self.drop_names(), 0
        with self._at(_DROPS, make=True) as place:
            for drop in drops:
                sha256 = hashlib.sha256(drop.body).digest()
                if (drop.drop, sha256) in here or _DROP.fullmatch(f"{drop.drop}-{sha256.hex()}") is None:
                    continue
                self.keep_body(drop.body)
                carried = CarriedDrop(drop.drop, drop.kind, drop.day, sha256)
                _made(place).write(f"{drop.drop}-{sha256.hex()}", encode(carried))
                written += 1
            _made(place).settle()
        return written


def _beginning(pack: tuple[str, int, PackHead]) -> int:
    """The first seq in a pack."""
    return min((first for _, _, first, _ in pack[2].runs), default=0)


def _made(place: Place | None) -> Place:
    assert place is not None  # whoever asks for it to be made gets it, or FolderBroken
    return place
