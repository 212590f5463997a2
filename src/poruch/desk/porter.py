"""The process that outlives a lock: it keeps the desk's address, and never a request, a passphrase or a key.

The porter holds the listening socket, the folder's lock file, the doorplate by which a browser tab knows the desk, and
the number for the officer's reminder. Everything else happens in a child, forked with the program loaded and nothing
read: it takes the requests from the socket, the passphrase among them. To lock is to end the child, whoever ends it
and however; the next one is forked at once and knows nothing. While no child accepts, the kernel lets browsers wait.

A child says five things to its porter, in lines of ASCII: `ready`, `started` (the start address was used), `opened`
(it has the keys now), `waiting <number>`, and `failed <error name>` before it ends for a reason that a person can mend.

While the desk is locked, and only then, a second child may run beside it, forked from here before there was a key: it
collects from the front with the key of the officer's keeper (mirror.py). It is ended when the desk is opened.
"""

import fcntl
import gc
import os
import re
import secrets
import select
import selectors
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType
from typing import NoReturn

from poruch.desk import guard, reminder
from poruch.desk.site.silence import report
from poruch.errors import DeskEnded, DeskRunning, PoruchError

LOCK_FILE, COLLECTED = "desk.lock", "collected"
_LINE = re.compile(r"(ready|started|opened|waiting (?:0|[1-9][0-9]{0,8})|failed [a-z][a-z-]{0,60})")
_STOPS = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
_LONGEST = 4096
_GRACE_SECONDS = 2.0
_LOOK_SECONDS = 60.0
_LEAST_SECONDS = 0.2
"""Between two forks: a child that dies at once must not keep a processor busy."""


@dataclass(frozen=True)
class Doorplate:
    """What a browser tab knows of a desk, and so what must survive a lock. It opens nothing but the locked page."""

    port: int
    host: str = field(default_factory=lambda: f"d{secrets.token_hex(8)}.localhost")
    start_token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    cookie_name: str = field(default_factory=lambda: f"c{secrets.token_hex(8)}")
    cookie_value: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    form_token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)

    @property
    def authority(self) -> str:
        """Host and port, exactly as a browser names them."""
        return f"{self.host}:{self.port}"

    @property
    def origin(self) -> str:
        """The origin of every page of this desk."""
        return f"http://{self.authority}"

    @property
    def start_url(self) -> str:
        """The address that opens this desk once."""
        return f"{self.origin}/start/{self.start_token}"


class Word:
    """The child's end of the pipe to its porter."""

    def __init__(self, pipe: int) -> None:
        """`pipe` is the end to write into."""
        self._pipe = pipe

    def ready(self) -> None:
        """It serves."""
        self._say("ready")

    def started(self) -> None:
        """The start address was used up."""
        self._say("started")

    def opened(self) -> None:
        """It has the officer's keys now."""
        self._say("opened")

    def waiting(self, number: int) -> None:
        """So much waits for the officer."""
        self._say(f"waiting {number}")

    def failed(self, error: PoruchError) -> None:
        """The desk cannot be opened; the name of the error says why, and nothing else is told."""
        self._say(f"failed {error.name}")

    def _say(self, line: str) -> None:
        os.write(self._pipe, f"{line}\n".encode("ascii"))


Beside = Callable[[], object]
"""What runs beside a locked desk, in a process of its own."""
Serve = Callable[[Doorplate, socket.socket, Word, bool], None]
"""Serve until ended: the doorplate, the listening socket, the way to the porter, and whether it is the first child."""


@dataclass(frozen=True)
class Child:
    """A running child: its process, and the end of the pipe from which its words come."""

    pid: int
    pipe: int

    def end(self) -> None:
        """Ask it to go, make it go, and wait until it is gone."""
        deadline = time.monotonic() + _GRACE_SECONDS
        os.kill(self.pid, signal.SIGTERM)
        while time.monotonic() < deadline:
            if os.waitpid(self.pid, os.WNOHANG)[0]:
                break
            select.select([], [], [], 0.01)
        else:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.pipe)

    def bury(self) -> None:
        """Wait for one whose pipe has closed: it is ending, or it is made to."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.pipe)


class Porter:
    """Keeps one desk until it is told to stop."""

    def __init__(
        self,
        listening: socket.socket,
        bell: socket.socket,
        serve: Serve,
        beside: Callable[[], Beside | None] = lambda: None,
    ) -> None:
        """`bell` is the socket of poruch.desk.reminder; `beside` says what is to run while it is locked, if so."""
        self._listening, self._bell, self._serve, self._beside = listening, bell, serve, beside
        self._opened = False
        self._second: int | None = None
        self._plate = Doorplate(listening.getsockname()[1])
        self._ready = False
        self._number: tuple[int, float] | None = None

    def keep(self, print_url: Callable[[str], object]) -> None:
        """Fork a child, then another whenever one has ended. `print_url` gets the start address once, when it answers.

        Raises what keeps the first child from serving, and `DeskEnded` where that has no name.
        """
        gc.collect()
        gc.freeze()  # what is loaded stays where it is, shared by all children
        first = True
        while True:
            forked = time.monotonic()
            child = self._fork(first=first)
            try:
                self._listen(child, print_url if first else lambda url: None)
            except BaseException:
                self._end_second()
                child.end()
                raise
            child.bury()
            if not self._ready:
                raise DeskEnded
            first, self._ready, self._opened = False, False, False
            time.sleep(max(0.0, forked + _LEAST_SECONDS - time.monotonic()))

    def _fork(self, *, first: bool) -> Child:
        ours, theirs = os.pipe()
        porter = os.getpid()
        with _unheard() as heard:
            pid = os.fork()
            if not pid:
                self._be_child(porter, ours, theirs, heard, first=first)
        os.close(theirs)
        return Child(pid, ours)

    def _be_child(self, porter: int, ours: int, theirs: int, heard: set[int], *, first: bool) -> NoReturn:
        word, status = Word(theirs), 1
        try:
            _hear_as_child(heard)
            guard.die_with(porter)
            guard.forbid_dumps()
            os.close(ours)
            self._bell.close()
            self._serve(self._plate, self._listening, word, first)
            status = 0
        except PoruchError as error:
            word.failed(error)
        except BaseException as mistake:
            report(mistake)
        finally:
            os._exit(status)

    def _keep_second(self) -> None:
        """See that what belongs beside a locked desk runs, and what does not is ended."""
        if self._opened or not self._ready:
            return
        if self._second is not None and os.waitpid(self._second, os.WNOHANG)[0]:
            self._second = None
        work = self._beside() if self._second is None else None
        if work is None:
            return
        porter = os.getpid()
        with _unheard() as heard:
            pid = os.fork()
            if not pid:
                self._be_second(porter, work, heard)
        self._second = pid

    def _be_second(self, porter: int, work: Beside, heard: set[int]) -> NoReturn:
        status = 1
        try:
            _hear_as_child(heard)
            guard.die_with(porter)
            guard.forbid_dumps()
            self._bell.close()
            self._listening.close()
            work()
            status = 0
        except BaseException as mistake:
            report(mistake)
        finally:
            os._exit(status)

    def _end_second(self) -> None:
        """It bears a sudden end at any moment."""
        if self._second is not None:
            os.kill(self._second, signal.SIGKILL)
            os.waitpid(self._second, 0)
            self._second = None

    def _listen(self, child: Child, print_url: Callable[[str], object]) -> None:
        """Hear a child's words and answer the reminder until the child has ended."""
        unread = b""
        with selectors.DefaultSelector() as selector:
            selector.register(child.pipe, selectors.EVENT_READ)
            selector.register(self._bell, selectors.EVENT_READ)
            while True:
                self._keep_second()
                for key, _ in selector.select(_LOOK_SECONDS):
                    if key.fileobj is self._bell:
                        reminder.answer(self._bell, self._counted())
                        continue
                    part = os.read(child.pipe, _LONGEST)
                    if not part:
                        return
                    *lines, unread = (unread + part).split(b"\n")
                    for line in (*lines, *([unread] if len(unread) > _LONGEST else [])):
                        self._hear(line, print_url)

    def _hear(self, line: bytes, print_url: Callable[[str], object]) -> None:
        """Believe only what is said as it must be; a child that says anything else is ended with the desk."""
        said = line.decode("ascii", "replace")
        if _LINE.fullmatch(said) is None:
            raise DeskEnded("the child spoke out of turn")
        what, _, more = said.partition(" ")
        if what == "ready":
            self._ready = True
            print_url(self._plate.start_url)
        elif what == "opened":
            self._opened = True
            self._end_second()
        elif what == "started":
            self._plate = replace(self._plate, start_token="")
        elif what == "waiting":
            self._number = int(more), guard.awake_and_asleep()
        elif not self._ready:
            raise _error_named(more)

    def _counted(self) -> int | None:
        if self._number is None or guard.awake_and_asleep() - self._number[1] > reminder.DAY_SECONDS:
            return None
        return self._number[0]


def keep(
    folder: Path,
    host: str,
    port: int,
    load: Callable[[], object],
    serve: Serve,
    print_url: Callable[[str], object],
    beside: Callable[[], Beside | None] = lambda: None,
) -> None:
    """Keep the desk in `folder` until Ctrl-C or SIGTERM. `load` makes ready whatever the children have in common.

    Raises `DeskRunning` where another process keeps this folder: two would write one officer's chain.
    """
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGHUP, _stop)
    guard.forbid_dumps()
    with _alone(folder), socket.create_server((host, port)) as listening:
        load()
        bell = reminder.hang(folder)
        try:
            Porter(listening, bell, serve, beside).keep(print_url)
        finally:
            reminder.take_down(folder, bell)


@contextmanager
def _unheard() -> Iterator[set[int]]:
    """Hear signals only afterwards: what is raised while the interpreter forks, it swallows, and nobody would stop.

    The child restores what was heard before, which is given, once it has its own manners.
    """
    heard = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
    try:
        yield {int(number) for number in heard}
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, heard)


def _hear_as_child(heard: set[int]) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the porter's
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, heard)


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder. A child holds it too as long as it lives, so that a free folder has nobody left in it."""
    with (folder / LOCK_FILE).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise DeskRunning from None
        yield


def _error_named(name: str) -> PoruchError:
    kinds: list[type[PoruchError]] = [PoruchError]
    for kind in kinds:
        if kind.name == name:
            return kind()
        kinds += kind.__subclasses__()
    return DeskEnded(name)
