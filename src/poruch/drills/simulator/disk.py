"""Disks of the simulation: a store in memory that may lose its power at any write, and comes back with what it held."""

from collections.abc import Iterable
from dataclasses import dataclass

from poruch.journal.store import MemoryStore


class PowerCut(BaseException):
    """The machine is off. No `except Exception` of a program hears of it, as none hears of a real one."""


@dataclass
class Fuse:
    """Blows at the write that `left` counts down to; `after`: the write is done, and nothing behind it."""

    left: int = 0
    after: bool = False
    writes: int = 0
    blown: int = 0

    def arm(self, writes: int, *, after: bool) -> None:
        """Blow at the `writes`-th write from now."""
        self.left, self.after = writes, after

    def before_write(self) -> None:
        """Raises `PowerCut` where the write never happens."""
        self.writes += 1
        if self.left == 1 and not self.after:
            self._blow()

    def after_write(self) -> None:
        """Raises `PowerCut` where the write was the last thing that happened."""
        if self.left == 1:
            self._blow()
        self.left = max(0, self.left - 1)

    def _blow(self) -> None:
        self.left = 0
        self.blown += 1
        raise PowerCut


class Disk(MemoryStore):
    """A desk's store. Each write is whole and durable once it returns, as SQLite's with `synchronous = FULL` is.

    What a torn page does is not simulated here: tests/crash does that to the real files.
    """

    def __init__(self) -> None:
        """An empty one."""
        super().__init__()
        self._db.execute("PRAGMA journal_mode = OFF")
        self.fuse = Fuse()

    def close(self) -> None:
        """The program ends; the disk stays."""

    def copy(self) -> "Disk":
        """Another disk with the same bytes."""
        made = Disk()
        self._db.backup(made._db)
        return made

    def _write(self, sql: str, rows: list[tuple[object, ...]]) -> None:
        if not rows:
            return
        self.fuse.before_write()
        if len(rows) == 1:
            self._db.execute(sql, rows[0])
        else:
            self._db.executemany(sql, rows)
        self.fuse.after_write()

    def erase(self, hashes: Iterable[bytes]) -> None:
        """See `Store`."""
        self.fuse.before_write()
        super().erase(hashes)
        self.fuse.after_write()
