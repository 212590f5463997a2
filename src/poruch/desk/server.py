"""Running a desk: one process, one loopback port, one host name of its own, and a thread that syncs.

`python -m poruch.desk.server FOLDER [RELAY] [--port N] [--day YYYY-MM-DD] [--unlocked]` prints the address to open.
With `--unlocked` the passphrase is the first line of standard input, and the desk does not lock itself.
"""

import argparse
import datetime
import fcntl
import os
import resource
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from poruch.desk.site import settings as site_settings
from poruch.desk.site.room import SYNC_SECONDS, Room, install
from poruch.desk.site.silence import hush, report
from poruch.desk.site.uploads import UPLOAD_BYTES
from poruch.errors import PoruchError, StoreBroken

LOCK_FILE = "desk.lock"
THREADS = 4


def real_day() -> datetime.date:
    """The day of now, UTC."""
    return datetime.datetime.now(datetime.UTC).date()


def serve_desk(
    folder: Path,
    relay_address: str,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    today: Callable[[], datetime.date] = real_day,
    passphrase: str | None = None,
    print_url: Callable[[str], object] = print,
) -> None:
    """Serve the desk in `folder` until stopped; `print_url` gets the one-use address. An empty relay: no front yet.

    With `passphrase` the desk starts unlocked. Raises `WrongPassphrase`, `BadKeyFile`, and `StoreBroken` also where
    another process serves this folder: two would write one officer's chain.
    """
    hush()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    room = Room(Path(folder), relay_address, today, unattended=passphrase is not None)
    with _alone(room.folder), socket.create_server((host, port)) as listening:
        room.port = listening.getsockname()[1]
        if passphrase is not None:
            room.unlock(passphrase)
        server = _server(room, listening)
        stop = threading.Event()
        syncing = threading.Thread(target=_sync, args=(room, stop), name="sync", daemon=True)
        syncing.start()
        print_url(room.start_url)
        try:
            server.run()
        finally:
            stop.set()
            syncing.join(timeout=15)
            room.lock_up()
            server.close()


def _server(room: Room, listening: socket.socket) -> Any:
    """Django and waitress around `room`; once a process, for Django's settings are the process's."""
    import django
    import waitress
    from django.conf import settings

    install(room)
    settings.configure(**site_settings.build())
    django.setup()
    from django.core.wsgi import get_wsgi_application

    # What is too long is read too, so that the door can say so; what is longer than inbuf would go to a disk.
    memory_only = 4 * UPLOAD_BYTES
    return waitress.create_server(
        get_wsgi_application(),
        sockets=[listening],
        threads=THREADS,
        ident=None,
        max_request_body_size=memory_only,
        inbuf_overflow=memory_only + 2**20,
        outbuf_overflow=memory_only + 2**20,
        expose_tracebacks=False,
    )


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with (folder / LOCK_FILE).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StoreBroken("another process serves this desk") from None
        yield


def _sync(room: Room, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            room.sync()
            room.lock_if_resting()
        except Exception as mistake:
            # A mistake of ours must not silently end the sync: say where it is, and try again.
            report(mistake)
        stop.wait(SYNC_SECONDS)


def main(arguments: list[str]) -> int:
    """The command of the docstring."""
    parser = argparse.ArgumentParser(prog="poruch.desk.server", description="Serve one desk on loopback.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("relay", nargs="?", default="")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--day", type=datetime.date.fromisoformat)
    parser.add_argument("--unlocked", action="store_true")
    chosen = parser.parse_args(arguments)
    day: datetime.date | None = chosen.day
    signal.signal(signal.SIGTERM, _stop)
    try:
        serve_desk(
            chosen.folder,
            chosen.relay,
            port=chosen.port,
            today=real_day if day is None else lambda: day,
            passphrase=sys.stdin.readline().rstrip("\n") if chosen.unlocked else None,
            print_url=lambda url: print(url, flush=True),
        )
    except PoruchError as error:
        sys.stderr.write(f"{error.sentence}\n")
        return 1
    except KeyboardInterrupt:
        pass
    return 0


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    os.umask(0o077)
    sys.exit(main(sys.argv[1:]))
