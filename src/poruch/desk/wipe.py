"""Wiping a desk: the key file first, for without it all the rest is noise; then everything else of the desk.

(1) The process that serves the desk is killed, and its child with it. (2) Every byte of the key file is overwritten
with random ones, forced to the disk, and the file unlinked: from here on the store cannot be opened; the same for the
key of a keeper. (3) The desk's other files are unlinked, what it collected while locked, and the folder if nothing else
lies in it.

What this cannot promise stands in `CANNOT`.
"""

import fcntl
import os
import shutil
import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from poruch.desk import reminder
from poruch.desk.porter import COLLECTED, LOCK_FILE
from poruch.errors import DeskNotRunning, NotADesk, NotConfirmedByWord, NotWiped

KEYS, OTHERS = "officer.key*", ("desk.*", "fund.*", "keeper.*")
KEEPER_KEYS = "keeper.key*"
WORD = "wipe"
CANNOT = (
    "What it cannot reach: copies in backups and on paper, what a disk of chips may keep where no program can "
    "write, and what others hold."
)
_END_SECONDS = 0.5


@dataclass(frozen=True)
class Wiped:
    """What became of a desk: `left` names what lies in its folder still, `ended` is False if a process serves on."""

    left: tuple[str, ...]
    ended: bool


def wipe(folder: Path) -> Wiped:
    """Destroy the desk in `folder` for ever. Raises `NotADesk`, and `NotWiped` if its key could not be destroyed."""
    keys = sorted(path for path in folder.glob(KEYS) if path.is_file())
    if not keys and not (folder / LOCK_FILE).exists() and not (folder / "desk.db").exists():
        raise NotADesk
    # (1)
    _kill(folder)
    # (2)
    for path in (*keys, *(path for path in sorted(folder.glob(KEEPER_KEYS)) if path.is_file())):
        _destroy(path)
    # (3)
    ended = _has_ended(folder)
    for path in (path for name in OTHERS for path in folder.glob(name) if not path.is_dir()):
        path.unlink(missing_ok=True)
    if (folder / COLLECTED).is_dir() and not (folder / COLLECTED).is_symlink():
        shutil.rmtree(folder / COLLECTED, ignore_errors=True)  # sealed; what stays is named as left
    left = tuple(sorted(path.name for path in folder.iterdir()))
    if not left:
        with suppress(OSError):
            folder.rmdir()
    return Wiped(left, ended)


def run_wipe(folder: Path, *, sure: bool) -> int:
    """Ask for the word, wipe, and say what was done and what cannot be. Raises as `wipe`, and `NotConfirmedByWord`."""
    if not sure:
        print(f"This destroys the desk in {folder} and its keys for ever. Type the word {WORD}: ", end="", flush=True)
        if sys.stdin.readline().strip() != WORD:
            raise NotConfirmedByWord
    done = wipe(folder)
    print("The keys of this desk are destroyed, and its store with them.")
    if not done.ended:
        print("A process still serves it from memory: turn the computer off now.")
    if done.left:
        print(f"Left in the folder, for they are not the desk's: {', '.join(done.left)}.")
    print(CANNOT)
    return 0 if done.ended else 1


def _kill(folder: Path) -> None:
    """Kill whoever listens in the folder. It is still he: it answers while a handle on the process is held."""
    with suppress(DeskNotRunning, OSError), reminder.connect(folder) as ringing:
        pid = reminder.listener(ringing)
        if pid > 1 and pid != os.getpid():
            handle = os.pidfd_open(pid)
            try:
                reminder.connect(folder).close()  # somebody listens still, so the number was not given to another
                signal.pidfd_send_signal(handle, signal.SIGKILL)
            finally:
                os.close(handle)


def _destroy(path: Path) -> None:
    try:
        with path.open("r+b", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            file.write(os.urandom(size))
            os.fsync(file.fileno())
        path.unlink()
        _settle(path.parent)
    except OSError:
        raise NotWiped(path.name) from None


def _settle(folder: Path) -> None:
    place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(place)
    finally:
        os.close(place)


def _has_ended(folder: Path) -> bool:
    """Whether nobody holds the lock file: parent and child both do while they live."""
    if not (folder / LOCK_FILE).exists():
        return True
    until = time.monotonic() + _END_SECONDS
    with (folder / LOCK_FILE).open("a") as file:
        while True:
            with suppress(OSError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            if time.monotonic() > until:
                return False
            time.sleep(0.01)
