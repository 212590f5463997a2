"""Making a front's folder and running it: waitress for demo and desk, granian in production.

`python -m poruch.front.server create FOLDER FUND_ID`, `serve FOLDER [HOST] [PORT]`, `production FOLDER [HOST] [PORT]`.
Neither server writes a log, and neither may put a body into a temporary file. Where the rows are: place.py.
"""

import datetime
import logging
import os
import resource
import secrets
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from poruch.crypto.invitation import founding_key, new_founding_secret
from poruch.errors import BadFrontKey, FolderInUse
from poruch.front import settings as front_settings
from poruch.front.place import FILE, place_of
from poruch.front.silence import hush
from poruch.journal.wholefile import make_folder

if TYPE_CHECKING:
    from django.core.handlers.wsgi import WSGIHandler

    from poruch.front.site import Site

Clock = Callable[[], datetime.date]

BODY_BYTES = 80 * 1024 * 1024
"""More than any path takes: waitress keeps everything below this in memory, and refuses the rest."""

FOLDER, KEY = "PORUCH_FRONT_FOLDER", "PORUCH_FRONT_KEY"


def real_day() -> datetime.date:
    """The day of now, UTC."""
    return datetime.datetime.now(datetime.UTC).date()


def _configure(folder: Path, **databases: dict[str, Any]) -> None:
    import django
    from django.conf import settings

    if settings.configured:
        if folder != settings.FRONT_FOLDER:
            raise RuntimeError("one process runs one front")
        return
    built = front_settings.build(folder)
    settings.configure(**{**built, "DATABASES": {**built["DATABASES"], **databases}})
    django.setup()


def create(folder: Path, fund_id: bytes) -> None:
    """An empty front in `folder` that takes the segments of the fund with this id (32 bytes) and of no other."""
    _create(folder, "fund", fund_id)


def create_waiting(folder: Path) -> str:
    """An empty front in the new `folder` that waits to be founded; returns the founding secret, which is not kept.

    Raises `FolderInUse`.
    """
    if folder.exists() and (not folder.is_dir() or any(path.name != FILE for path in folder.iterdir())):
        raise FolderInUse(str(folder))
    secret = new_founding_secret()
    _create(folder, "founding", founding_key(secret).public)
    return secret


def _create(folder: Path, name: str, value: bytes) -> None:
    make_folder(folder, mode=0o700)
    place = place_of(folder)
    if not place.postgres:
        make_folder(folder / "log")
    _configure(folder)
    from django.db import connection

    from poruch.front.models import Fact
    from poruch.front.tables import bring_up_to_date, require_fit

    require_fit(place)
    bring_up_to_date(place)
    Fact.objects.get_or_create(name=name, defaults={"value": value.hex()})
    connection.close()
    if not place.postgres:
        place.sqlite.chmod(0o600)


def move(folder: Path) -> int:
    """Move the rows of a stopped front from SQLite to the PostgreSQL that its folder names; how many there were.

    Raises `RowsElsewhere`, `UnfitDatabase`, `StoreBroken`.
    """
    place = place_of(folder)
    _configure(folder, old=front_settings.sqlite_database(folder))
    from poruch.front import moving
    from poruch.front.tables import bring_up_to_date, require_fit

    require_fit(place)
    if place.postgres:
        bring_up_to_date(place)
    return moving.move(place)


def make_wsgi(folder: Path, clock: Clock = real_day, *, key: bytes | None = None) -> "WSGIHandler":
    """The WSGI application of the front in `folder`. `key` is the memory key, where several processes share one."""
    folder = Path(folder)
    _configure(folder)
    from django.core.wsgi import get_wsgi_application
    from django.db import connection

    from poruch.front.kept import forget
    from poruch.front.publishing import restore_files
    from poruch.front.site import install
    from poruch.front.tables import bring_up_to_date, require_fit, require_rows

    place = place_of(folder)
    require_fit(place)
    bring_up_to_date(place)
    require_rows(place)
    site = _site(folder, clock, key or key_given())
    install(site)
    forget()
    logging.getLogger("django.request").setLevel(logging.ERROR)  # what was asked for and is not here is nobody's affair
    application = get_wsgi_application()
    site.relaying.mend()
    restore_files(site)
    connection.close()
    return application


def _site(folder: Path, clock: Clock, key: bytes | None) -> "Site":
    from poruch.front.dropstore import DropStore
    from poruch.front.memory import MemoryKey
    from poruch.front.site import Site

    drops = DropStore(folder)
    if not place_of(folder).postgres:
        return Site(folder, clock, MemoryKey(key), drops)
    from poruch.front.postgres.nonces import SharedNonces

    memory = MemoryKey(key, time.time)  # machines share no clock that only runs forward
    return Site(folder, clock, memory, drops, nonces=SharedNonces(memory))


def key_given() -> bytes | None:
    """The memory key from the environment, where an operator gives several machines the same. Raises `BadFrontKey`."""
    text = os.environ.get(KEY)
    if text is None:
        return None
    try:
        key = bytes.fromhex(text)
    except ValueError:
        raise BadFrontKey from None
    if len(key) != 32:
        raise BadFrontKey
    return key


def serve(folder: Path, host: str, port: int, clock: Clock = real_day, *, threads: int = 8) -> None:
    """Serve the front with waitress until stopped."""
    import waitress

    hush()
    _no_core_dumps()
    waitress.serve(
        make_wsgi(folder, clock), listen=f"{host}:{port}", threads=threads, _quiet=True, **waitress_options()
    )


def waitress_options() -> dict[str, Any]:
    """What keeps waitress from writing bodies into temporary files and its name into answers."""
    return {
        "max_request_body_size": BODY_BYTES,
        "inbuf_overflow": BODY_BYTES + 2**20,
        "outbuf_overflow": BODY_BYTES + 2**20,
        "ident": None,
        "expose_tracebacks": False,
        "clear_untrusted_proxy_headers": True,
    }


def production(folder: Path, host: str, port: int, *, workers: int = 2, threads: int = 8) -> None:
    """Serve the front with granian: several processes that share one memory key, which no disk ever sees."""
    from granian import Granian
    from granian.constants import Interfaces

    hush()
    _no_core_dumps()
    key = key_given() or secrets.token_bytes(32)
    os.environ[FOLDER], os.environ[KEY] = str(Path(folder).absolute()), key.hex()
    Granian(
        "poruch.front.worker:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=threads,
        log_enabled=False,
        log_access=False,
    ).serve()


def _no_core_dumps() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main(arguments: list[str]) -> int:
    """Run one of the three commands."""
    command, folder, *rest = [*arguments, "", ""][: max(2, len(arguments))]
    host, port = (rest or ["127.0.0.1"])[0], int(rest[1]) if len(rest) > 1 else 8000
    if command == "create" and rest:
        create(Path(folder), bytes.fromhex(rest[0]))
    elif command == "serve" and folder:
        serve(Path(folder), host, port)
    elif command == "production" and folder:
        production(Path(folder), host, port)
    else:
        sys.stderr.write((__doc__ or "").split("\n\n")[1] + "\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
