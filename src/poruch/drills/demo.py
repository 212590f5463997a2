"""`poruch demo`: a whole fund on this machine, filled with a quarter of history, to be used in a browser."""

import fcntl
import json
import os
import random as chance
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TextIO

from poruch.desk import guard, screening
from poruch.drills.bank import Bank
from poruch.drills.fund import found, passphrase_of, read_plan
from poruch.drills.history import ARRIVALS, History
from poruch.drills.once import last_quarter
from poruch.drills.people import invent
from poruch.errors import Unavailable

READY, LOCK = "ready.json", "lock"
FORMAT = 3
"""Of the folder: raised when this program cannot go on with what an older one left."""

FIRST_PORT = 8000
SEED = 2020


class DemoBroken(Unavailable):
    """A part of the demo did not start. Try again with --fresh."""


class DemoRunning(Unavailable):
    """A demo is already running in this folder; stop it with Ctrl-C where it was started, or name another folder."""


class DemoTooOld(Unavailable):
    """The demo in this folder was made by an older version; add --fresh to throw it away and make a new one."""


class NotADemo(Unavailable):
    """This folder holds something that is no demo; name another one with --folder."""


@dataclass
class Progress:
    """One line that grows on a terminal; plain lines elsewhere."""

    out: TextIO
    began: float

    def __call__(self, what: str, done: int, of: int) -> None:
        """Say how far it is."""
        seconds = time.monotonic() - self.began
        bar = "█" * (24 * done // of) + "░" * (24 - 24 * done // of)
        if self.out.isatty():
            self.out.write(f"\r  {bar}  {what:<44} {seconds:4.0f} s")
        elif done == of:
            self.out.write(f"  {what} ({seconds:.0f} s)\n")
        self.out.flush()

    def end(self) -> None:
        """Leave the line."""
        if self.out.isatty():
            self.out.write("\r" + " " * 86 + "\r")


def seed(folder: Path, examples: Path, progress: Progress) -> None:
    """Found the demo's fund and play a quarter of history into it; then put it into `folder`, which is held."""
    making = folder.with_name(folder.name + ".making")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True, mode=0o700)
    planned = read_plan(examples / "fund.toml")
    today = datetime.now(UTC).date()
    dice = chance.Random(SEED)  # noqa: S311  a story, not a secret
    bank = Bank(planned.plan.account_iban, planned.plan.account_holder, "EUR", 0, os.urandom)
    progress("Five officers make a key that none of them has", 0, len(ARRIVALS) + 1)
    with found(making, planned, last_quarter(today), bank, durable=False) as fund:
        for desk in fund.desks.values():
            screening.keep_list(desk, (examples / "lists" / "names.csv").read_bytes())
        history = History(fund, invent(sum(ARRIVALS), SEED), dice)
        history.play(lambda week, of: progress(f"Week {week} of {of}: people ask, officers answer", week, of + 1))
        fund.sync()
        progress("A quarter of history is written", of=len(ARRIVALS) + 1, done=len(ARRIVALS) + 1)
        table = {"format": FORMAT, "desks": {str(number): name for number, name in planned.names.items()}}
    (making / READY).write_text(json.dumps(table), encoding="utf-8")
    _replace(folder, making)


def _replace(folder: Path, made: Path) -> None:
    """Everything in `folder` but its lock gives way to what was made; the file that says it is whole comes last."""
    (folder / READY).unlink(missing_ok=True)
    for old in folder.iterdir():
        if old.is_dir() and not old.is_symlink():
            shutil.rmtree(old)
        elif old.name != LOCK:
            old.unlink()
    for new in sorted(made.iterdir(), key=lambda path: path.name == READY):
        new.rename(folder / new.name)
    made.rmdir()


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """The folder is this process's alone. Raises `DemoRunning`, `NotADemo`."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if any(folder.iterdir()) and not (folder / LOCK).exists() and not (folder / READY).exists():
        raise NotADemo
    with (folder / LOCK).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DemoRunning from None
        yield


def _desk_names(folder: Path) -> list[str]:
    """The officers' names of a seeded folder. Raises `DemoTooOld`, `DemoBroken`."""
    try:
        table = json.loads((folder / READY).read_text(encoding="utf-8"))
        if table.get("format", 1) < FORMAT:
            raise DemoTooOld
        return [str(name) for name in table["desks"].values()]
    except (ValueError, KeyError, AttributeError, TypeError):
        raise DemoBroken(READY) from None


def _free_port(first: int) -> int:
    for port in range(first, first + 50):
        with socket.socket() as trying:
            trying.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trying.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise DemoBroken("no free port")


@dataclass
class Parts:
    """The processes of a running demo."""

    front: str
    desks: dict[str, str]
    processes: list[subprocess.Popen[str]]

    def stop(self) -> None:
        """End them all, by pid, and wait."""
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _start(module: str, *arguments: str) -> "subprocess.Popen[str]":
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    return subprocess.Popen(
        [sys.executable, "-P", "-m", module, *arguments],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C reaches us alone, and we end the others in order
        preexec_fn=partial(guard.die_with, os.getpid()),  # where we are killed, nothing may stay behind
    )


def start(folder: Path, say: Callable[[str, str], None] = lambda what, address: None) -> Parts:
    """Start the front, then every desk of a seeded folder, and say each address as soon as it answers.

    Raises `DemoTooOld`, `DemoBroken`.
    """
    names = _desk_names(folder)
    port = _free_port(FIRST_PORT)
    address = f"http://127.0.0.1:{port}"
    parts = Parts(address, {}, [])
    try:
        front = _start("poruch.front.server", "serve", str(folder / "front"), "127.0.0.1", str(port))
        parts.processes.append(front)
        _wait_for(address + "/en/", front)
        say("Public site", address + "/")
        desks = {}
        for name in names:
            desk = _start("poruch.desk.server", str(folder / "desks" / name.lower()), address, "--unlocked")
            parts.processes.append(desk)
            assert desk.stdin is not None
            desk.stdin.write(passphrase_of(name) + "\n")
            desk.stdin.flush()
            desks[name] = desk
        for name, desk in desks.items():
            assert desk.stdout is not None
            line = desk.stdout.readline().strip()
            if not line.startswith("http://"):
                raise DemoBroken(f"the desk of {name}")
            parts.desks[name] = line
            say(f"{name}'s desk", line)
    except BaseException:
        parts.stop()
        raise
    return parts


def _wait_for(address: str, process: "subprocess.Popen[str]") -> None:
    for _ in range(300):
        if process.poll() is not None:
            raise DemoBroken("the front")
        try:
            with urllib.request.urlopen(address, timeout=5):  # noqa: S310  our own address on loopback
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise DemoBroken("the front")


def _say_address(what: str, address: str) -> None:
    print(f"  {what:<14}  {address}", flush=True)


def _tell(parts: Parts, folder: Path) -> str:
    return f"""
  Try first
    1. On the public site: Ask for help, send it, and come back with the code.
    2. On two desks in two tabs: take the new case on one, be its second reader on the other.
    3. Under Batches: approve the payment that waits for a second and a third officer.
    4. Check every cent:  bin/poruch check {parts.front}/log

  A desk's address opens once; this command prints new ones. Its passphrase, if it locks: "ruta walks side by side",
  and so on with each name. The fund lies in {folder.name}/. Ctrl-C stops it.
"""


def run_demo(folder: Path, examples: Path, *, fresh: bool = False) -> int:
    """Make the demo's fund if it is not there, start it, and wait for Ctrl-C.

    Raises `DemoRunning`, `NotADemo`, `DemoTooOld`, `DemoBroken`.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with _held(folder):
        return _run(folder, examples, fresh=fresh)


def _run(folder: Path, examples: Path, *, fresh: bool) -> int:
    progress = Progress(sys.stdout, time.monotonic())
    if fresh or not (folder / READY).exists():
        print("\n  Poruch: an invented fund of five officers, three of whom must agree", flush=True)
        seed(folder, examples, progress)
        progress.end()
    print("\n  The fund starts. Everything in it is invented, and nothing leaves this machine.\n", flush=True)
    parts = start(folder, _say_address)
    try:
        print(_tell(parts, folder), flush=True)
        while all(process.poll() is None for process in parts.processes):
            time.sleep(0.5)
        raise DemoBroken("a part ended by itself")
    except KeyboardInterrupt:
        print("\n  Stopped.")
        return 0
    finally:
        parts.stop()
