"""One number for an officer's own reminder: how much waits at a running desk.

The process that keeps the desk hangs a socket into its folder, for its owner only. Whoever connects is given digits
and a newline, or nothing when nothing was counted within a day; nothing is ever read from it. Who listens there the
kernel tells (`listener`), and so a desk can be ended without guessing which process it is.
"""

import os
import re
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from poruch.errors import DeskNotRunning, NothingCounted

SOCKET = "desk.sock"
DAY_SECONDS = 24 * 3600
_SECONDS = 5.0
_NUMBER = re.compile(rb"(0|[1-9][0-9]{0,8})\n")


@contextmanager
def _near(folder: Path) -> Iterator[str]:
    """The socket's path, short however deep the folder lies: the kernel takes 107 bytes."""
    place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        short = f"/proc/self/fd/{place}"
        yield f"{short if os.path.isdir(short) else folder}/{SOCKET}"
    finally:
        os.close(place)


def hang(folder: Path) -> socket.socket:
    """Listen in `folder`, which is held; what an ended process left there is taken away."""
    (folder / SOCKET).unlink(missing_ok=True)
    bell = socket.socket(socket.AF_UNIX)
    mask = os.umask(0o177)
    try:
        with _near(folder) as path:
            bell.bind(path)
    finally:
        os.umask(mask)
    bell.listen(8)
    bell.settimeout(0)
    return bell


def take_down(folder: Path, bell: socket.socket) -> None:
    """Listen no more."""
    bell.close()
    (folder / SOCKET).unlink(missing_ok=True)


def answer(bell: socket.socket, number: int | None) -> None:
    """Give the number to one who connected; one who has gone is nobody's business."""
    with suppress(OSError):
        caller, _ = bell.accept()
        with caller:
            caller.settimeout(0)
            if number is not None:
                caller.sendall(b"%d\n" % number)


def connect(folder: Path) -> socket.socket:
    """A connection to the desk that runs in `folder`. Raises `DeskNotRunning`."""
    ringing = socket.socket(socket.AF_UNIX)
    ringing.settimeout(_SECONDS)
    try:
        with _near(folder) as path:
            ringing.connect(path)
    except OSError:
        ringing.close()
        raise DeskNotRunning from None
    return ringing


def ask(folder: Path) -> int:
    """How much waits at the desk that runs in `folder`. Raises `DeskNotRunning`, `NothingCounted`."""
    try:
        with connect(folder) as ringing:
            said = b""
            while len(said) <= 10 and (part := ringing.recv(16)):
                said += part
    except OSError:
        raise DeskNotRunning from None
    if _NUMBER.fullmatch(said) is None:
        raise NothingCounted
    return int(said)


def listener(ringing: socket.socket) -> int:
    """The process that listens at the other end, as the kernel knows it; 0 where it cannot say."""
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return 0
    pid: int = struct.unpack("3i", ringing.getsockopt(socket.SOL_SOCKET, option, struct.calcsize("3i")))[0]
    return pid
