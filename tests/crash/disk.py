"""The replayer: what a disk may hold when the power goes, after each step of a recorded run.

What a program has synced is there. Of what it has not, any part may be: each write whole, not at all, or torn into
sectors; a later one without an earlier one; a file longer without its bytes (they read as zeros). Names follow the
same rule with one order: in each folder the changes of names come in the order in which they were made, as every
journalling file system keeps them, but apart from the bytes of the files they name. A file in a folder whose own name
is lost is lost.

Not tried: sectors that tear inside (disks of this century write 512 bytes whole, and SQLite counts on it), bytes that
rot where nothing was written, and disks that say "synced" and lie.
"""

import hashlib
import itertools
import os
import random
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from crash.steps import Cut, Gone, Made, Moved, Step, Synced, Told, Wrote

Fate = Literal["none", "all", "first", "but one", "any", "torn"]
EACH: tuple[Fate, ...] = ("none", "all", "torn")
SECTORS = (512, 4096)
_Naming = Made | Moved | Gone


@dataclass
class Inode:
    """The bytes of one file: those that are safe, and what was done since."""

    safe: bytes = b""
    folder: bool = False
    pending: list[Wrote | Cut] = field(default_factory=list)

    def settle(self, before: int) -> None:
        """What had returned before this line is safe now."""
        done = [step for step in self.pending if step.ended < before]
        self.safe = apply(self.safe, done)
        self.pending = [step for step in self.pending if step.ended >= before]

    def cut(self, fate: Fate, chance: random.Random) -> bytes:
        """What is found of it after a power cut."""
        steps: list[Wrote | Cut] = self.pending
        if fate == "none":
            steps = []
        elif fate == "first":
            steps = steps[: chance.randint(0, len(steps))]
        elif fate == "but one" and steps:
            lost = chance.randrange(len(steps))
            steps = steps[:lost] + steps[lost + 1 :]
        elif fate == "any":
            steps = [part for step in steps if chance.random() < 0.7 for part in torn(step, chance, 0.25)]
        elif fate == "torn":
            steps = steps[:-1] + [part for step in steps[-1:] for part in torn(step, chance, 1.0)]
        return apply(self.safe, steps)


def apply(content: bytes, steps: list[Wrote | Cut]) -> bytes:
    """The bytes of a file after these steps."""
    if not steps:
        return content
    made = bytearray(content)
    for step in steps:
        size = step.size if isinstance(step, Cut) else max(len(made), step.offset + len(step.data))
        del made[size:]
        made.extend(bytes(size - len(made)))
        if isinstance(step, Wrote):
            made[step.offset : step.offset + len(step.data)] = step.data
    return bytes(made)


def torn(step: Wrote | Cut, chance: random.Random, likely: float) -> list[Wrote | Cut]:
    """Some sectors of a write, or the whole of it where chance will not tear it."""
    if isinstance(step, Cut) or chance.random() >= likely:
        return [step]
    sector = chance.choice(SECTORS)
    first, end = step.offset, step.offset + len(step.data)
    edges = [first, *range((first // sector + 1) * sector, end, sector), end]
    parts = [
        Wrote(step.at, step.ended, step.path, start, step.data[start - first : stop - first])
        for start, stop in itertools.pairwise(edges)
    ]
    return [part for part in parts if chance.random() < 0.5]


@dataclass(frozen=True)
class State:
    """What is found after a power cut, and what had been acknowledged before it."""

    files: dict[str, bytes]
    told: tuple[str, ...]

    @property
    def digest(self) -> bytes:
        """Equal for equal files."""
        summed = hashlib.sha256()
        for name, content in sorted(self.files.items()):
            summed.update(hashlib.sha256(name.encode()).digest() + hashlib.sha256(content).digest())
        return summed.digest()

    def lay(self, folder: Path) -> None:
        """Put the files into `folder`, and nothing else."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name, content in self.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)


class Disk:
    """The disk under one folder."""

    def __init__(self, before: dict[str, bytes], folders: Iterable[str] = ()) -> None:
        """`before` are the files that were there, and safe, as were `folders`."""
        self._inodes: dict[int, Inode] = {}
        self._safe = {name: self._new(Inode(content)) for name, content in before.items()}
        self._safe |= {name: self._new(Inode(folder=True)) for name in folders}
        self._now = dict(self._safe)
        self._pending: list[tuple[_Naming, int]] = []

    def _new(self, inode: Inode) -> int:
        self._inodes[len(self._inodes)] = inode
        return len(self._inodes) - 1

    def take(self, step: Step) -> None:
        """Do one step."""
        if isinstance(step, (Wrote, Cut)):
            if step.path in self._now:
                self._inodes[self._now[step.path]].pending.append(step)
        elif isinstance(step, Synced):
            self._sync(step)
        elif isinstance(step, Made) and step.path not in self._now:
            self._name(step, self._new(Inode(folder=step.folder)))
        elif isinstance(step, (Moved, Gone)) and step.path in self._now:
            self._name(step, self._now[step.path])

    def _name(self, step: _Naming, inode: int) -> None:
        self._pending.append((step, inode))
        rename(self._now, step, inode)

    def _sync(self, step: Synced) -> None:
        if step.path == "." or (step.path in self._now and self._inodes[self._now[step.path]].folder):
            settled = [
                (one, inode) for one, inode in self._pending if folder_of(one) == step.path and one.at < step.began
            ]
            for one, inode in settled:
                rename(self._safe, one, inode)
            self._pending = [pending for pending in self._pending if pending not in settled]
        elif step.path in self._now:
            self._inodes[self._now[step.path]].settle(step.began)

    def cut(self, names: Fate, files: Fate, chance: random.Random) -> dict[str, bytes]:
        """What is found after a power cut now."""
        found = dict(self._safe)
        kept: dict[str, int] = {}
        for step, inode in self._pending:
            where = folder_of(step)
            if where not in kept:
                count = sum(folder_of(other) == where for other, _ in self._pending)
                kept[where] = {"none": 0, "all": count}.get(names, chance.randint(0, count))
            kept[where] -= 1
            if kept[where] >= 0:
                rename(found, step, inode)
        whole = {name for name in found if all(str(above) in found for above in list(Path(name).parents)[:-1])}
        return {
            name: self._inodes[inode].cut(files, chance)
            for name, inode in found.items()
            if name in whole and not self._inodes[inode].folder
        }


def folder_of(step: _Naming) -> str:
    """The folder whose list of names a step changes."""
    return os.path.dirname(step.to if isinstance(step, Moved) else step.path) or "."


def rename(names: dict[str, int], step: _Naming, inode: int) -> None:
    """Change a list of names as a step does."""
    if isinstance(step, Made):
        names[step.path] = inode
        return
    if names.get(step.path) == inode:
        del names[step.path]
    if isinstance(step, Moved):
        names[step.to] = inode


def power_cuts(
    before: dict[str, bytes], steps: list[Step], each: int, seed: int, folders: Iterable[str] = ()
) -> Iterator[State]:
    """The states of power cuts after each step: three that are always tried, and `each` drawn from `seed`."""
    chance, disk, told = random.Random(seed), Disk(before, folders), []  # noqa: S311
    for step in steps:
        disk.take(step)
        if isinstance(step, Told):
            told.append(step.what)
        for files in EACH:
            yield State(_rubbish(disk.cut(files, files, chance), chance), tuple(told))
        for _ in range(each):
            names, files = chance.choice(("none", "all", "first")), chance.choice(("first", "but one", "any", "torn"))
            yield State(_rubbish(disk.cut(names, files, chance), chance), tuple(told))  # type: ignore[arg-type]


def _rubbish(files: dict[str, bytes], chance: random.Random) -> dict[str, bytes]:
    """Leave rubbish where SQLite's shared memory was, now and then: what is there after a cut is never read."""
    logs = [name for name in files if name.endswith("-wal")]
    for name in logs if chance.random() < 0.1 else []:
        files[name.removesuffix("-wal") + "-shm"] = chance.randbytes(32768)
    return {name: content for name, content in files.items() if content is not None}


@dataclass
class Tally:
    """What was tried and what came of it."""

    cuts: int = 0
    disks: int = 0
    lost: list[str] = field(default_factory=list)
    corrupt: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.cuts} power cuts, {self.disks} different disks,"
            f" {len(self.lost)} losses, {len(self.corrupt)} corrupt stores"
        )
