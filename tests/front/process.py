"""A real front for the tests: its own process, its own folder, founded over its own relay."""

import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg

from front.browser import Browser
from front.fund import Fund
from poruch.drills.postgresql import Server
from poruch.front.place import FILE, place_of
from poruch.journal.sync import HttpRelay

ROOT = Path(__file__).parents[2]

SERVERS: list[Server] = []
"""The PostgreSQL that new fronts keep their rows in; none, and they keep them in SQLite (conftest.py)."""


def today() -> date:
    """The day of the front under test."""
    return datetime.now(UTC).date()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@dataclass
class Front:
    """A running front. `out` and `temp` are where its output and temporary files go."""

    folder: Path
    out: Path
    temp: Path
    fund: Fund
    port: int
    command: list[str]
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def browser(self) -> Browser:
        return Browser(self.address)

    def relay(self, number: int = 1) -> HttpRelay:
        """The relay as this officer asks it."""
        return HttpRelay(self.address, number, self.fund.officers[number].signing, today)

    def start(self) -> None:
        self.temp.mkdir(exist_ok=True)
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "TMPDIR": str(self.temp)}
        with self.out.open("ab") as out:
            self.process = subprocess.Popen(self.command, stdout=out, stderr=out, env=environment, cwd=self.temp)
        for _ in range(400):
            if self.process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError(f"the front did not start: {self.out.read_text()}")

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)
            self.process = None

    def restart(self) -> None:
        """Stop and start: what was in memory only is lost."""
        self.stop()
        self.start()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What the database holds."""
        if line := place_of(self.folder).line:
            with psycopg.connect(line, autocommit=True) as connection:
                return connection.execute(sql.encode()).fetchall()
        database = sqlite3.connect(self.folder / "front.sqlite3")
        try:
            return database.execute(sql).fetchall()
        finally:
            database.close()

    def change(self, sql: str) -> None:
        """Change what the database holds."""
        if line := place_of(self.folder).line:
            with psycopg.connect(line) as connection:
                connection.execute(sql.encode())
            return
        database = sqlite3.connect(self.folder / "front.sqlite3")
        with database:
            database.execute(sql)
        database.close()


def name_database(home: Path) -> None:
    """Write the line of a new database into the folder of a front to be, where there is a server."""
    for server in SERVERS:
        home.mkdir(mode=0o700, parents=True)
        file = home / FILE
        file.touch(0o600)
        file.write_text(server.new_database() + "\n")


def make_folder(home: Path, fund: Fund) -> None:
    """Make the folder of a front that takes this fund."""
    name_database(home)
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    create = [sys.executable, "-m", "poruch.front.server", "create", str(home), fund.id.hex()]
    subprocess.run(create, check=True, env=environment)


def new_front(
    folder: Path,
    fund: Fund,
    program: list[str] | None = None,
    *,
    found: bool = True,
    made: Callable[[Path, Fund], object] = make_folder,
) -> Front:
    """A front made, started, and founded over its relay."""
    program = program or ["-m", "poruch.front.server"]
    home = folder / "front"
    made(home, fund)
    port = free_port()
    command = [sys.executable, *program, "serve", str(home), "127.0.0.1", str(port)]
    front = Front(home, folder / "output.txt", folder / "temp", fund, port, command)
    front.start()
    if found:
        assert set(front.relay().push(fund.segments)) == {"accepted"}
    return front
