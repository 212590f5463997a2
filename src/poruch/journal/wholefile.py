"""Files that are there whole or not at all, also after a power cut, and folders whose names are safe.

A file is written beside its place, forced to the disk, renamed, and its name forced to the disk; a new folder's name is
forced, too, or all below it could go with it. Without this a disk may keep the name and lose the bytes.
"""

import errno
import os
import threading
from contextlib import suppress
from pathlib import Path

from poruch.errors import DiskFull, StoreBroken


def write_whole(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Put `content` in the place of the file at `path`; it is safe when this returns. Raises `StoreBroken`.

    After a failure the old file is there as it was. `mode` is less what the process masks.
    """
    # Two threads, or two processes, may write one file at one time; each has a half of its own.
    half = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_native_id()}.half")
    make_folder(path.parent)
    try:
        handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
        with open(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(handle)
        half.replace(path)
        _sync_names(path.parent)
    except BaseException as error:
        with suppress(OSError):  # the failure that is under way says what is the matter
            half.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise _broken(error) from None
        raise


def make_folder(path: Path, *, mode: int = 0o777) -> None:
    """Make the folder at `path` with `mode`, and those above it, if they are not there. Raises `StoreBroken`."""
    try:
        if path.is_dir():
            return
        make_folder(path.parent)
        path.mkdir(mode=mode, exist_ok=True)
        _sync_names(path.parent)
    except OSError as error:
        raise _broken(error) from None


def _broken(error: OSError) -> StoreBroken:
    return DiskFull() if error.errno in (errno.ENOSPC, errno.EDQUOT) else StoreBroken(error.strerror or "")


def _sync_names(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
