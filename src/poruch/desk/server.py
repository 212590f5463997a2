"""Running a desk: a port on loopback, a host name of its own, a process that keeps them, a child that does the rest.

`python -m poruch.desk.server FOLDER [RELAY] [--port N] [--day YYYY-MM-DD] [--idle-minutes N] [--unlocked]` prints the
address to open. With `--unlocked` the passphrase is the first line of standard input, which only the child reads, and
the desk does not lock itself. What the porter is, and why: porter.py, and docs/decisions/0011.
"""

import argparse
import datetime
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from poruch.desk import guard
from poruch.desk.keeping import mirror_locked
from poruch.desk.porter import Doorplate, Word, keep
from poruch.desk.site import settings as site_settings
from poruch.desk.site import watching
from poruch.desk.site.room import IDLE_MINUTES, SYNC_SECONDS, Room, install
from poruch.desk.site.silence import hush, report
from poruch.desk.site.uploads import UPLOAD_BYTES
from poruch.errors import PoruchError
from poruch.journal.keepers import NAME as KEEPER_KEY
from poruch.web.words import LANGUAGES

THREADS = 4
MOST_IDLE_MINUTES = 120
_FLUSH_SECONDS, _CLOSE_SECONDS = 0.5, 0.3
_LONGEST_PASSPHRASE = 4096  # bytes


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
    idle_minutes: int = IDLE_MINUTES,
    unlocked: bool = False,
    print_url: Callable[[str], object] = print,
) -> None:
    """Keep the desk in `folder` until stopped; `print_url` gets the one-use address. An empty relay: no front yet.

    With `unlocked` the first child takes the passphrase from standard input. Raises `WrongPassphrase`, `BadKeyFile`,
    `StoreBroken`, and `DeskRunning` where another process keeps this folder.
    """
    hush()
    folder = Path(folder)

    def serve(plate: Doorplate, listening: socket.socket, word: Word, first: bool) -> None:
        room = Room(folder, relay_address, today, plate, word, unattended=unlocked, idle_minutes=idle_minutes)
        room.memory_locked = guard.lock_memory()
        _serve(room, listening, passphrase_follows=unlocked and first)

    def beside() -> Callable[[], object] | None:
        if not relay_address or not (folder / KEEPER_KEY).exists():
            return None
        return lambda: mirror_locked(folder, relay_address, today)

    keep(folder, host, port, _load, serve, print_url, beside)


def _load() -> None:
    """Load the site, so that a child has only to answer; once a process, for Django's settings are the process's."""
    import django
    from django.conf import settings
    from django.template.loader import get_template
    from django.urls import get_resolver
    from django.utils import translation

    settings.configure(**site_settings.build())
    django.setup()
    _ = get_resolver().url_patterns
    get_template("desk/locked.html")
    for language in LANGUAGES:
        with translation.override(language):
            translation.gettext("Unlock")


def _serve(room: Room, listening: socket.socket, *, passphrase_follows: bool) -> None:
    """What a child does: serve until it is locked, then end without a word."""
    if passphrase_follows:
        room.unlock(_read_passphrase())
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    install(room)
    server = _server(listening)
    room.on_leaving = lambda: _leave(room, server)
    signal.signal(signal.SIGTERM, lambda number, frame: room.lock_up())
    watching.install(watching.Watching(room))
    room.runs = True
    for name, work in (("sync", _sync), ("rest", _rest), ("watch", _watch)):
        threading.Thread(target=work, args=(room,), name=name, daemon=True).start()
    room.word.ready()
    server.run()


def _read_passphrase() -> str:
    """The first line of standard input, past every buffer of ours but one."""
    line = bytearray()
    while len(line) < _LONGEST_PASSPHRASE and (byte := os.read(0, 1)) not in (b"", b"\n"):
        line += byte
    return line.decode("utf-8", "surrogateescape")


def _server(listening: socket.socket) -> Any:
    import waitress
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


def _leave(room: Room, server: Any) -> None:
    """Take no more connections, let the answers under way reach the browser, and end.

    Whatever comes now waits in the kernel for the next child. Should anything here hang, the alarm ends the process.
    """
    signal.setitimer(signal.ITIMER_REAL, _FLUSH_SECONDS + 2 * _CLOSE_SECONDS)
    server.accepting = False
    for channel in list(server.active_channels.values()):
        for request in list(channel.requests):
            request.headers["CONNECTION"] = "close"  # said in the answer, so that the browser asks on a new one
        channel.close_when_flushed = channel.close_when_flushed or not channel.requests
    server.pull_trigger()
    threading.Thread(target=_end, args=(room, server), name="end", daemon=True).start()


def _end(room: Room, server: Any) -> None:
    until = time.monotonic() + _FLUSH_SECONDS
    while time.monotonic() < until:
        if not any(channel.requests or channel.total_outbufs_len for channel in list(server.active_channels.values())):
            break
        time.sleep(0.002)
    try:
        room.close(_CLOSE_SECONDS)
    except Exception as mistake:
        report(mistake)
    os._exit(0)


def _sync(room: Room) -> None:
    while not room.leaving:
        try:
            room.sync()
        except Exception as mistake:
            # A mistake of ours must not silently end the sync: say where it is, and try again.
            report(mistake)
        room.hurry.wait(SYNC_SECONDS)


def _watch(room: Room) -> None:
    watching.watch_for_ever(watching.current(), report)


def _rest(room: Room) -> None:
    """Lock when the officer has rested long enough; end where the porter has gone and the kernel did not end us."""
    porter = os.getppid()
    while not room.leaving:
        if os.getppid() != porter:
            os._exit(1)
        if room.is_resting:
            room.lock_up()
        time.sleep(1.0)


def idle_minutes(typed: str) -> int:
    """A number of minutes from 1 to 120. Raises ValueError."""
    minutes = int(typed)
    if not 1 <= minutes <= MOST_IDLE_MINUTES:
        raise ValueError
    return minutes


def main(arguments: list[str]) -> int:
    """The command of the docstring."""
    parser = argparse.ArgumentParser(prog="poruch.desk.server", description="Serve one desk on loopback.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("relay", nargs="?", default="")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--day", type=datetime.date.fromisoformat)
    parser.add_argument("--idle-minutes", type=idle_minutes, default=IDLE_MINUTES)
    parser.add_argument("--unlocked", action="store_true")
    chosen = parser.parse_args(arguments)
    day: datetime.date | None = chosen.day
    try:
        serve_desk(
            chosen.folder,
            chosen.relay,
            port=chosen.port,
            today=real_day if day is None else lambda: day,
            idle_minutes=chosen.idle_minutes,
            unlocked=chosen.unlocked,
            print_url=lambda url: print(url, flush=True),
        )
    except PoruchError as error:
        sys.stderr.write(f"{error.sentence}\n")
        return 1
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    os.umask(0o077)
    sys.exit(main(sys.argv[1:]))
