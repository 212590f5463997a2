"""A directory that strangers may write into: a stick, a shared drive. Nothing in it is believed, and nothing breaks it.

Links are never followed, only plain files are opened, nothing is read beyond its limit. A file comes whole or not at
all: it is written under another name, forced to the disk, and renamed. Of times only the day is left on it.
"""

import errno
import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from itertools import islice
from pathlib import Path

from poruch.errors import FolderBroken

MOST_FILES = 500_000
"""In one directory; what is beyond is not looked at."""
_UNFINISHED = re.compile(r"(?P<name>[0-9a-f.-]{1,200}|[0-9a-f]{64}\.pack)\.(?P<day>[0-9]{8})\.[0-9a-f]{16}\.tmp")
_OLD = timedelta(days=2)
_NO_RIGHTS = (errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.EINVAL, errno.EROFS)


class Trouble(Enum):
    """What was met in a folder and passed over; the value is the sentence for a person."""

    DAMAGED = (
        "A file in the folder is cut off or damaged and was not read; sync a desk that has it whole with this folder."
    )
    FOREIGN = "A file in the folder does not belong to this fund's sync; it was left alone."
    LINK = "A link or a special file lies in the folder and was not opened; ask who put it there."
    TOO_LONG = "A file in the folder is longer than any of ours and was not read."
    TOO_MANY = "The folder holds more files than can be looked at; begin a new folder."
    UNREADABLE = "A file in the folder cannot be read; take another stick and sync again."


Tell = Callable[[Trouble], None]


@dataclass(frozen=True)
class Place:
    """One directory below the folder, held open: `handle` is its file descriptor."""

    handle: int
    tell: Tell
    today: Callable[[], date]
    random: Callable[[int], bytes]
    rights: int = field(default=0o600)

    def listed(self, name: re.Pattern[str]) -> Iterator[tuple[str, int]]:
        """Name and size of each plain file whose name is of the form `name`, sorted; what else lies here is told."""
        found: list[tuple[str, int]] = []
        with _broken(), os.scandir(self.handle) as entries:
            for count, entry in enumerate(entries):
                if count >= MOST_FILES:
                    self.tell(Trouble.TOO_MANY)
                    break
                size = self._size_of(entry, name)
                if size is not None:
                    found.append((entry.name, size))
        yield from sorted(found)

    def _size_of(self, entry: "os.DirEntry[str]", name: re.Pattern[str]) -> int | None:
        if _UNFINISHED.fullmatch(entry.name):
            return None
        if name.fullmatch(entry.name) is None:
            self.tell(Trouble.FOREIGN)
            return None
        try:
            state = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            return None  # another desk works here, too
        except OSError:
            self.tell(Trouble.UNREADABLE)
            return None
        if not stat.S_ISREG(state.st_mode):
            self.tell(Trouble.LINK)
            return None
        return state.st_size

    def read(self, name: str, limit_bytes: int, *, head_bytes: int | None = None) -> bytes | None:
        """The bytes of a file, or its first `head_bytes`; None where it is gone, or not to be read, which is told."""
        try:
            handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=self.handle)
        except FileNotFoundError:
            return None
        except OSError as error:
            self.tell(Trouble.LINK if error.errno in (errno.ELOOP, errno.ENXIO) else Trouble.UNREADABLE)
            return None
        with os.fdopen(handle, "rb") as file:
            state = os.fstat(handle)
            if not stat.S_ISREG(state.st_mode):
                self.tell(Trouble.LINK)
                return None
            if state.st_size > limit_bytes:
                self.tell(Trouble.TOO_LONG)
                return None
            try:
                return file.read(limit_bytes if head_bytes is None else min(head_bytes, limit_bytes))
            except OSError:
                self.tell(Trouble.UNREADABLE)
                return None

    def write(self, name: str, content: bytes) -> None:
        """Put a file in its place, whole or not at all; it is on the disk when this returns. Raises `FolderBroken`."""
        beside = f"{name}.{self.today():%Y%m%d}.{self.random(8).hex()}.tmp"
        with _broken():
            handle = os.open(
                beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=self.handle
            )
            try:
                with os.fdopen(handle, "wb") as file:
                    _let(lambda: os.fchmod(handle, self.rights))
                    file.write(content)
                    file.flush()
                    _forget_time(handle, self.today())
                    os.fsync(handle)
                os.rename(beside, name, src_dir_fd=self.handle, dst_dir_fd=self.handle)
            except BaseException:
                with suppress(OSError):  # the failure that is under way says what is the matter
                    os.unlink(beside, dir_fd=self.handle)
                raise

    def settle(self) -> None:
        """Force the names to the disk; before this what was written may be gone after a power cut, but never torn."""
        with _broken():
            _let(lambda: _forget_time(self.handle, self.today()))
            _let(lambda: os.fsync(self.handle))

    def remove(self, name: str) -> bool:
        """Take a file away; whether it was here. Raises `FolderBroken`."""
        with _broken():
            try:
                os.unlink(name, dir_fd=self.handle)
            except (FileNotFoundError, IsADirectoryError):
                return False
        return True

    def set_aside(self, name: str) -> None:
        """Take a damaged file away where that is possible, so that whoever has it whole sees that it is missing."""
        self.tell(Trouble.DAMAGED)
        with _broken(), suppress(FileNotFoundError):
            _let(lambda: os.unlink(name, dir_fd=self.handle))

    def below(self, name: re.Pattern[str]) -> list[str]:
        """The names of the directories in this one, of the form `name`; what else lies here is told."""
        with _broken(), os.scandir(self.handle) as entries:
            found = {one.name: one.is_dir(follow_symlinks=False) for one in islice(entries, MOST_FILES)}
        for known, is_directory in found.items():
            if not is_directory or name.fullmatch(known) is None:
                self.tell(Trouble.FOREIGN)
        return sorted(known for known, is_directory in found.items() if is_directory and name.fullmatch(known))

    def sweep(self, gone: Callable[[str], bool]) -> int:
        """Take away what was left half-written: all that is older than two days, and all whose name is `gone`."""
        old = f"{self.today() - _OLD:%Y%m%d}"
        with _broken():
            left = [name for name in os.listdir(self.handle) if name.endswith(".tmp")]
        found = [match for name in left if (match := _UNFINISHED.fullmatch(name))]
        return sum(self.remove(match[0]) for match in found if match["day"] < old or gone(match["name"]))


@contextmanager
def open_place(
    path: Path,
    below: tuple[str, ...],
    tell: Tell,
    today: Callable[[], date],
    random: Callable[[int], bytes],
    *,
    make: bool,
) -> Iterator[Place | None]:
    """The directory `below` the folder at `path`; None if it is not there. No step of `below` may be a link.

    Raises `FolderBroken` where `path` is no directory that can be used, or a step below it is something else.
    """
    with _broken():
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        rights = stat.S_IMODE(os.fstat(handle).st_mode)
        for name in below:
            with _broken():
                under = _step(handle, name, rights, make=make)
            if under is None:
                yield None
                return
            os.close(handle)
            handle = under
        yield Place(handle, tell, today, random, rights & 0o666)
    finally:
        os.close(handle)


def _step(handle: int, name: str, rights: int, *, make: bool) -> int | None:
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.open(name, flags, dir_fd=handle)
    except FileNotFoundError:
        if not make:
            return None
    with suppress(FileExistsError):
        os.mkdir(name, 0o700, dir_fd=handle)
        _let(lambda: os.fsync(handle))
    made = os.open(name, flags, dir_fd=handle)
    _let(lambda: os.fchmod(made, rights))
    return made


def _forget_time(handle: int, day: date) -> None:
    midnight = datetime.combine(day, time(), UTC).timestamp()
    os.utime(handle, (midnight, midnight))


def _let(act: Callable[[], object]) -> None:
    """Do what not every stick can: rights, times, forcing a directory, taking a file away where one may only read."""
    try:
        act()
    except OSError as error:
        if error.errno not in _NO_RIGHTS:
            raise


@contextmanager
def _broken() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise FolderBroken(error.strerror or "") from None
