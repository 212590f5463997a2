"""From calls to steps: what each did to the files of the folder, by their names in it."""

from collections.abc import Iterator
from dataclasses import dataclass

from crash.trace import NEVER, Call, Recorded

_NAMING = {"rename", "renameat", "renameat2", "unlink", "unlinkat", "rmdir", "mkdir", "mkdirat"}
_UNKNOWN = {"truncate", "fallocate", "link", "linkat", "copy_file_range", "sendfile", "pwritev", "pwritev2", "msync"}
"""Calls that none of our programs makes on these files; one that did would have to be understood first."""


@dataclass(frozen=True)
class Wrote:
    """Bytes at an offset. `ended` is the line at which the call had returned."""

    at: int
    ended: int
    path: str
    offset: int
    data: bytes


@dataclass(frozen=True)
class Cut:
    """A file made as long as `size`."""

    at: int
    ended: int
    path: str
    size: int


@dataclass(frozen=True)
class Made:
    """A name that may be new; a folder if it is one."""

    at: int
    path: str
    folder: bool = False


@dataclass(frozen=True)
class Moved:
    """A name that became another."""

    at: int
    path: str
    to: str


@dataclass(frozen=True)
class Gone:
    """A name removed."""

    at: int
    path: str


@dataclass(frozen=True)
class Synced:
    """A file, or a folder's names, is on the disk as far as it was written when the call began."""

    at: int
    began: int
    path: str


@dataclass(frozen=True)
class Told:
    """The program was told that something is stored."""

    at: int
    what: str


Step = Wrote | Cut | Made | Moved | Gone | Synced | Told


class Reader:
    """Turns the calls of one process into steps; it knows where each descriptor stands in its file."""

    def __init__(self, run: Recorded) -> None:
        """`run` is what was recorded."""
        self._root = str(run.root)
        self._told = str(run.told)
        self._calls = run.calls
        self._places: dict[tuple[int, str], int] = {}

    def steps(self) -> list[Step]:
        """All steps, in the order in which they took effect."""
        found = [step for call in self._calls if call.result is None or call.result >= 0 for step in self._steps(call)]
        return sorted(found, key=lambda step: step.at)

    def _inside(self, path: str) -> str | None:
        if path == self._root:
            return "."
        return path.removeprefix(self._root + "/") if path.startswith(self._root + "/") else None

    def _steps(self, call: Call) -> Iterator[Step]:
        if call.name in ("open", "openat", "creat"):
            yield from self._opened(call)
        elif call.name in _NAMING:
            yield from self._named(call)
        elif call.path == self._told and call.name == "write":
            yield Told(call.began, call.texts[0].decode().strip())
        elif (path := self._inside(call.path)) is not None:
            yield from self._filed(call, path)

    def _opened(self, call: Call) -> Iterator[Step]:
        path = self._inside(call.names()[0])
        if path is None or call.result is None:
            return
        self._places[call.result, path] = 0
        if "O_APPEND" in call.words:
            raise ValueError(f"{path} was opened to append, which is not understood")
        if "O_CREAT" in call.words or call.name == "creat":
            yield Made(call.began, path)
        if "O_TRUNC" in call.words or call.name == "creat":
            yield Cut(call.began, call.ended, path, 0)

    def _named(self, call: Call) -> Iterator[Step]:
        paths = [self._inside(name) for name in call.names()]
        if paths[0] is None or paths[-1] is None:
            return
        if call.name.startswith("rename"):
            for handle, path in list(self._places):
                if path == paths[0]:
                    self._places[handle, paths[1] or ""] = self._places.pop((handle, path))
            yield Moved(call.began, paths[0], paths[1] or "")
        elif call.name.startswith("mkdir"):
            yield Made(call.began, paths[0], folder=True)
        else:
            yield Gone(call.began, paths[0])

    def _filed(self, call: Call, path: str) -> Iterator[Step]:
        place = call.handle, path
        if call.name in _UNKNOWN:
            raise ValueError(f"{call.name} on {path} is not understood")
        if call.name in ("fsync", "fdatasync") and call.result == 0:
            yield Synced(call.ended, call.began, path)
        elif call.name == "lseek":
            self._places[place] = call.result or 0
        elif call.name == "ftruncate":
            yield Cut(call.began, call.ended, path, call.numbers[-1])
        elif call.name == "pwrite64":
            yield Wrote(call.began, call.ended, path, call.numbers[-1], _written(call))
        elif call.name in ("write", "writev"):
            data = _written(call)
            yield Wrote(call.began, call.ended, path, self._places.get(place, 0), data)
            self._places[place] = self._places.get(place, 0) + len(data)


def _written(call: Call) -> bytes:
    """The bytes that a call wrote; all that it was given where it never returned."""
    data = b"".join(call.texts)
    return data if call.result is None or call.ended == NEVER else data[: call.result]


def steps_of(run: Recorded) -> list[Step]:
    """The steps of a recorded run, those on SQLite's shared memory left out.

    `-shm` is an index of the log that is built anew by whoever opens the file first, under a lock; nothing in it is
    believed after a start, so nobody syncs it, and the replayer puts rubbish in its place (disk.py).
    """
    return [step for step in Reader(run).steps() if not getattr(step, "path", "").endswith("-shm")]
