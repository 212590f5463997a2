"""The watch of a running desk: now and then, at no foreseeable time, a visit to the front as a stranger makes it.

Everything slow happens without the room's lock. What differs is looked at once more before anybody is alarmed: between
two looks the fund itself may have published something.
"""

import random as chance
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from poruch.desk import watch
from poruch.desk.program import Desk
from poruch.desk.site.room import Room
from poruch.desk.stranger import Stranger
from poruch.desk.watch import Finding
from poruch.errors import CannotWatch, NoPages, PoruchError
from poruch.events.codec import encode
from poruch.events.watch import AlarmKind
from poruch.journal.shown import Facts, Visit
from poruch.tlog.checkpoints import SignedHead

FIRST_SECONDS, MEAN_SECONDS, MOST_SECONDS, AGAIN_SECONDS = 60.0, 900.0, 3600.0, 90.0
OK = 200
SHORTEST_PAUSE, MEAN_PAUSE, LONGEST_PAUSE = 2.0, 9.0, 40.0

_draw = chance.SystemRandom()


@dataclass
class Watching:
    """What the watch of one room has seen: the day of its last look, places that wait for a second look."""

    room: Room
    looked: date | None = None
    trouble: PoruchError | None = None
    _doubts: dict[tuple[AlarmKind, str], bytes] = field(default_factory=dict)
    _rendered: tuple[bytes, list[Visit]] | None = None
    _head: SignedHead | None = None
    _log_day: dict[int, date] = field(default_factory=dict)
    _one: threading.Lock = field(default_factory=threading.Lock)

    def wait_seconds(self) -> float:
        """How long until the next look."""
        if self._doubts:
            return AGAIN_SECONDS * (0.5 + _draw.random())
        return min(MOST_SECONDS, FIRST_SECONDS + _draw.expovariate(1 / MEAN_SECONDS))

    def look(self, *, everything: bool = False) -> None:
        """Make one visit, or all of them without pauses; twice where something differs. Trouble is kept to be shown."""
        with self._one:
            try:
                self._look(everything=everything)
                if everything and self._doubts:
                    self._look(everything=True)
                self.trouble = None
            except PoruchError as trouble:
                self.trouble = trouble

    def _look(self, *, everything: bool) -> None:
        room = self.room
        with room.lock:
            desk = room.desk
            if desk is None or desk.idle or not desk.public.ready or not room.relay_address:
                return
        stranger = Stranger(room.relay_address)
        try:
            if stranger.ask("/", []).status != OK:
                raise NoPages
            checkpoint = stranger.ask("/log/checkpoint", [])
        finally:
            stranger.leave()
        with room.lock:
            if room.desk is not desk:
                return
            head, wrong = watch.look_at_log(desk, checkpoint)
            self._head = head = self._head if wrong else head
            known = watch.facts(desk, head, self._day_of(desk, head))
        findings = [wrong] if wrong else []
        if not wrong or head is not None:  # else nobody knows what pages are to say of the log
            findings += self._visit(self._expected(known), everything=everything)
        findings = self._other_days(desk, head, findings)
        self._alarm(desk, encode(known), findings)
        self.looked = desk.today()

    def _day_of(self, desk: Desk, head: SignedHead | None) -> date:
        """The day that pages name for this log: what a look has found, else the day on which officers sent it."""
        if head is None:
            return desk.today()
        sent = [one.sent_on for one in desk.ledger.publications.values() if one.sent_on is not None]
        return self._log_day.get(head.head.size, max(sent, default=desk.today()))

    def _expected(self, known: Facts) -> list[Visit]:
        key = watch.digest(encode(known))
        if self._rendered is None or self._rendered[0] != key:
            self._rendered = key, watch.render(known)
        return self._rendered[1]

    def _visit(self, visits: list[Visit], *, everything: bool) -> list[Finding]:
        doubtful = [one for one in visits if any(step.path == path for step in one.steps for _, path in self._doubts)]
        chosen = visits if everything else [_draw.choice(doubtful or visits)]
        pause: Callable[[], object] = (lambda: None) if everything else _pause
        findings: list[Finding] = []
        for visit in chosen:
            stranger = Stranger(self.room.relay_address)
            try:
                findings += watch.look(visit, stranger.ask, pause)
            finally:
                stranger.leave()
        return findings

    def _other_days(self, desk: Desk, head: SignedHead | None, findings: list[Finding]) -> list[Finding]:
        """The front's calendar may differ by a day from that of the desk that sent the log to it: so pages may, too."""
        pages = {one.path: one for one in findings if one.kind == "page"}
        if head is None or not pages or head.head.size in self._log_day:
            return findings
        with self.room.lock:
            first = self._day_of(desk, head)
            variants = {day: watch.facts(desk, head, day) for day in watch.neighbours(first)[1:]}
        for day, known in variants.items():
            shown = {step.path: step.content for visit in watch.render(known) for step in visit.steps if not step.form}
            if all(shown.get(path) == one.seen for path, one in pages.items()):
                self._log_day[head.head.size] = day
                return [one for one in findings if one.kind != "page"]
        return findings

    def _alarm(self, desk: Desk, known: bytes, findings: list[Finding]) -> None:
        """Alarm at what was seen twice while the fund said nothing new."""
        key = watch.digest(known)
        certain = [one for one in findings if self._doubts.get(one.place) == key]
        kept = {place: since for place, since in self._doubts.items() if since == key}  # one visitor in ten is enough
        self._doubts = kept | {one.place: key for one in findings if one not in certain}
        with self.room.lock:
            if self.room.desk is desk and certain:
                watch.raise_alarms(desk, certain)
                self.room.push()


def _pause() -> None:
    time.sleep(min(LONGEST_PAUSE, SHORTEST_PAUSE + _draw.expovariate(1 / MEAN_PAUSE)))


def watch_for_ever(watching: Watching, report: Callable[[BaseException], object]) -> None:
    """The thread of a running desk."""
    while not watching.room.leaving:
        time.sleep(watching.wait_seconds())
        try:
            watching.look()
        except Exception as mistake:
            report(mistake)  # a mistake of ours must not end the watch


_watches: list[Watching] = []


def install(watching: Watching) -> None:
    """Make this the watch of the process."""
    _watches[:] = [watching]


def current() -> Watching:
    """The watch of this process. Raises `CannotWatch` where none runs."""
    if not _watches:
        raise CannotWatch
    return _watches[0]
