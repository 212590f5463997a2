"""The watch: a desk that looks at a real front as a stranger, and a front that shows something else."""

import hashlib
import http.client
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from desk.street import RunningDesk, compile_words
from front.process import Front, free_port, make_folder
from poruch.crypto.signatures import SigningKey
from poruch.desk import publishing, watch
from poruch.desk.program import Desk
from poruch.desk.site.watching import Watching
from poruch.errors import BadEvent, NoPages, RelayUnreachable
from poruch.journal.sync import HttpRelay
from poruch.tlog.checkpoints import parse_checkpoint, sign_head, write_checkpoint
from story.village import PASSPHRASE, Village, found_village

Change = Callable[[str, bytes], bytes]


@dataclass
class Between:
    """Somebody in front of the front: changes what strangers get, and notes what they ask."""

    target: str
    change: Change = field(default=lambda path, body: body)
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 0
    asked: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        between = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _pass(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                between.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                line = http.client.HTTPConnection(between.target, timeout=20)
                sent = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "origin", "connection")}
                line.request(self.command, self.path, body or None, sent)
                answer = line.getresponse()
                content = between.change(self.path, answer.read())
                self.send_response_only(between.status or answer.status)
                kept = {k: v for k, v in answer.getheaders() if k.lower() not in ("content-length", "connection")}
                for name, value in {**kept, **between.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
                line.close()

            def do_GET(self) -> None:
                self._pass()

            def do_POST(self) -> None:
                self._pass()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@dataclass
class Watched:
    """A village with a real front, and its desks' watches."""

    village: Village
    front: Front
    between: Between
    watches: dict[int, Watching]

    def look(self, number: int = 3) -> Watching:
        self.watches[number].look(everything=True)
        return self.watches[number]

    def alarms(self, number: int = 3) -> set[tuple[str, str]]:
        return set(self.village.desks[number].view.alarms.open)

    def sync(self) -> None:
        for desk in [*self.village.desks.values()] * 2:
            desk.sync()


def _publish(village: Village) -> None:
    treasurer = village.desks[3]
    id = publishing.propose_epoch(treasurer, treasurer.today()).id
    treasurer.push()
    for _ in range(2):  # who proposes pushes, who signs pulls and pushes
        for desk in village.desks.values():
            desk.sync()
            if desk.number in (1, 2, 4) and desk.number not in desk.ledger.publications[id].lines:
                publishing.sign(desk, desk.ledger.publications[id])
                desk.push()
        treasurer.sync()
    publishing.send(treasurer, treasurer.ledger.publications[id])
    treasurer.push()


@pytest.fixture(scope="module")
def fund(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    folder = tmp_path_factory.mktemp("watch")
    village = found_village(folder / "desks", day=datetime.now(UTC).date())
    home = folder / "front"
    make_folder(home, SimpleNamespace(id=village.desks[1].fund))  # type: ignore[arg-type]
    port = free_port()
    command = [sys.executable, "-m", "poruch.front.server", "serve", str(home), "127.0.0.1", str(port)]
    front = Front(home, folder / "out", folder / "temp", None, port, command)  # type: ignore[arg-type]
    front.start()
    between = Between(f"127.0.0.1:{port}")
    try:
        for number, desk in village.desks.items():
            desk.relay = HttpRelay(front.address, number, desk.key.signing, village.clock)
        village.desks[1].relay.push(village.front.segments)  # type: ignore[union-attr]
        watches = {}
        for number, desk in village.desks.items():
            room: Any = SimpleNamespace(
                desk=desk, lock=threading.RLock(), relay_address=between.address, push=desk.push, leaving=False
            )
            watches[number] = Watching(room)
        watched = Watched(village, front, between, watches)
        watched.sync()
        _publish(village)
        watched.sync()
        yield watched
    finally:
        between.close()
        front.stop()
        village.close()


@pytest.fixture
def watched(fund: Watched) -> Iterator[Watched]:
    yield fund
    fund.between.change, fund.between.headers, fund.between.status = (lambda path, body: body), {}, 0
    fund.between.asked.clear()
    for desk in fund.village.desks.values():
        desk.sync()
    for kind, path in list(fund.village.desks[3].view.alarms.open):
        watch.end_alarm(fund.village.desks[3], kind, path, "It was a test.")
    for one in fund.watches.values():
        one._doubts.clear()
    fund.village.desks[3].push()
    fund.sync()


def test_a_true_front_raises_no_alarm(watched: Watched) -> None:
    """With a published log, in every language, up to the last page of the form."""
    assert watched.look().trouble is None
    assert watched.alarms() == set()
    paths = {path for path, _, _ in watched.between.asked}
    assert {"/be/ask/name/", "/en/ask/name/", "/en/give/", "/be/accounts/", "/log/keys", "/log/checkpoint"} <= paths


def test_a_watcher_looks_like_anybody(watched: Watched) -> None:
    """No signature, no number, nothing of the desk; and nothing is ever sent in."""
    before = watched.front.rows("SELECT count(*) FROM front_drop")
    watched.look()
    for path, headers, body in watched.between.asked:
        assert not {"signature", "signature-input", "cookie", "authorization"} & set(headers)
        assert "python" not in headers["user-agent"].lower()
        assert path != "/en/ask/check/"
        assert b"officer" not in body
    assert watched.front.rows("SELECT count(*) FROM front_drop") == before


ROGUE_IBAN = b"DE89 3704 0044 0532 0130 00"


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("/en/give/", b"</main>", b"<p>Call +375 29 000 00 00</p></main>"),
        ("/be/ask/name/", b'name="contact"', b'name="contact" value="here"'),
        ("/en/", b"/en/ask/", b"https://elsewhere.example/ask/"),
        ("/be/built/", b"<h1", b"<script src='/x.js'></script><h1"),
        ("/static/poruch.css", b"{", b"{background:url(//elsewhere.example/p.png);"),
        ("/log/keys", b"age1", b"age1-"),
        ("/en/ask/name/", b'<input type="hidden" name="mark"', b'<input name="x"><input name="mark"'),
    ],
    ids=["text", "field", "link", "script", "style", "keys", "hidden field"],
)  # fmt: skip
def test_another_page_is_an_alarm_on_every_desk(watched: Watched, path: str, old: bytes, new: bytes) -> None:
    watched.between.change = lambda asked, body: body.replace(old, new) if asked == path else body
    watched.look()
    watched.sync()
    for number in watched.village.desks:
        assert ("page", path) in watched.alarms(number)
    alarm = watched.village.desks[1].view.alarms.open["page", path]
    assert set(alarm.by) == {3}
    kept = watch.proof(watched.village.desks[3], alarm.by[3].seen)
    assert kept is not None
    assert hashlib.sha256(kept[1]).digest() == alarm.by[3].seen
    assert new in kept[1]
    assert new not in kept[0]


def test_one_look_is_a_doubt_and_two_are_an_alarm(watched: Watched) -> None:
    """Between two looks the fund itself may have said something."""
    watched.between.change = lambda asked, body: body.replace(b"</main>", b"!</main>")
    one = watched.watches[3]
    one._look(everything=True)
    assert watched.alarms() == set()
    assert one.wait_seconds() < 300
    one._look(everything=True)
    assert watched.alarms()


def test_a_front_that_cheats_now_and_then_is_seen_in_the_end(watched: Watched) -> None:
    """A doubt stays while the fund says nothing new: the second sight of it may come much later."""
    one = watched.watches[3]
    for shown in (False, True, False, False, True):
        watched.between.change = lambda asked, body, now=shown: body.replace(b"</main>", b"!</main>") if now else body  # type: ignore[misc]
        one._look(everything=True)
    assert watched.alarms()


def test_another_header_is_an_alarm(watched: Watched) -> None:
    watched.between.headers = {"Set-Cookie": "visitor=1", "Content-Security-Policy": "default-src *"}
    watched.look()
    assert ("headers", "/en/") in watched.alarms() or ("headers", "/") in watched.alarms()


def _signed_by_others(body: bytes) -> bytes:
    head = parse_checkpoint(body).head
    return write_checkpoint(head, [sign_head(head, SigningKey.generate()) for _ in range(3)])


@pytest.mark.parametrize(
    "change",
    [lambda body: b"", lambda body: body[:-20], lambda body: body.replace(b"\n", b"\nA", 2), _signed_by_others],
    ids=["nothing", "cut", "other", "signed by others"],
)
def test_another_log_is_an_alarm(watched: Watched, change: Callable[[bytes], bytes]) -> None:
    watched.between.change = lambda asked, body: change(body) if asked == "/log/checkpoint" else body
    watched.look()
    watched.sync()
    assert ("log", "/log/checkpoint") in watched.alarms(5)


def test_an_old_log_is_an_alarm(watched: Watched) -> None:
    """A front that shows the log of yesterday hides what was published since."""
    line = http.client.HTTPConnection(watched.between.target)
    line.request("GET", "/log/checkpoint")
    old = line.getresponse().read()
    line.close()
    watched.village.clock.day += timedelta(days=1)
    try:
        _publish(watched.village)
        watched.between.change = lambda asked, body: old if asked == "/log/checkpoint" else body
        watched.look()
        assert ("log", "/log/checkpoint") in watched.alarms()
    finally:
        watched.village.clock.day -= timedelta(days=1)


def test_a_front_without_pages_is_trouble_and_no_alarm(watched: Watched) -> None:
    watched.between.status = 502
    assert isinstance(watched.look().trouble, NoPages)
    assert watched.alarms() == set()


def test_a_front_that_is_away_is_trouble_and_no_alarm(watched: Watched) -> None:
    one = watched.watches[3]
    there = one.room.relay_address
    one.room.relay_address = f"http://127.0.0.1:{free_port()}"
    try:
        one.look(everything=True)
    finally:
        one.room.relay_address = there
    assert isinstance(one.trouble, RelayUnreachable)
    assert watched.alarms() == set()


def test_ending_an_alarm_ends_it_for_all(watched: Watched) -> None:
    watched.between.change = lambda asked, body: body + b"x" if asked == "/en/limits/" else body
    watched.look()
    watched.sync()
    watch.end_alarm(watched.village.desks[1], "page", "/en/limits/", "We changed the page by hand; it is right now.")
    watched.sync()
    for desk in watched.village.desks.values():
        assert ("page", "/en/limits/") not in desk.view.alarms.open
        assert desk.view.alarms.ended[-1].by == 1
    with pytest.raises(BadEvent):
        watch.end_alarm(watched.village.desks[1], "page", "/en/limits/", "again")


def test_a_desk_does_not_say_the_same_twice(watched: Watched) -> None:
    watched.between.change = lambda asked, body: body + b"x" if asked == "/en/limits/" else body
    watched.look()
    said = len(watched.village.desks[3].held)
    watched.look()
    assert len(watched.village.desks[3].held) == said


def test_nobody_floods_colleagues_with_alarms(watched: Watched) -> None:
    """Where everything is another page, a few alarms say so."""
    watched.between.change = lambda asked, body: b"<h1>Seized</h1>" if asked != "/" else body
    desk: Desk = watched.village.desks[3]
    watched.look()
    assert 0 < len(desk.view.alarms.open) <= watch.MOST_ALARMS


# ---- on the screen ----------------------------------------------------------------------------


@pytest.fixture
def screen(watched: Watched, tmp_path: Path) -> Iterator[RunningDesk]:
    """A running desk that sees the front only through whoever stands before it."""
    compile_words()
    shutil.copytree(watched.village.desks[2].folder, tmp_path / "2")
    day = watched.village.clock.day
    desk = RunningDesk(tmp_path / "2", watched.between.address, PASSPHRASE.format(2), day).start()
    try:
        desk.enter()
        yield desk
    finally:
        desk.stop()


@pytest.mark.parametrize("language", ["en", "be"])
def test_the_page_of_the_watch(watched: Watched, screen: RunningDesk, language: str) -> None:
    """Quiet, then an alarm with the lines, on top of every page; then ended."""
    quiet = screen.get(f"/{language}/journal/watch/")
    assert quiet.status == 200
    assert "band-head" not in quiet.text
    screen.post(f"/{language}/journal/watch/look/")
    assert "band-head" not in screen.get(f"/{language}/queue/").text
    watched.between.change = lambda path, body: (
        body.replace(b"</h1>", b"</h1><p>Ring 17!</p>", 1) if path == "/en/give/" else body
    )
    screen.post(f"/{language}/journal/watch/look/")
    page = screen.get(f"/{language}/journal/watch/")
    assert "/en/give/" in page.text
    assert "&lt;p&gt;Ring 17!&lt;/p&gt;" in page.text
    assert "band-head" in screen.get(f"/{language}/queue/").text
    empty = screen.post(f"/{language}/journal/watch/", kind="page", place="/en/give/", how="")
    assert empty.status == 422
    screen.post(f"/{language}/journal/watch/", kind="page", place="/en/give/", how="It was a drill.")
    ended = screen.get(f"/{language}/journal/watch/").text
    assert "It was a drill." in ended
    assert "band-head" not in ended


def test_ending_what_is_no_alarm_is_a_sentence(screen: RunningDesk) -> None:
    answer = screen.post("/en/journal/watch/", kind="page", place="/en/nothing/", how="x")
    assert answer.status == 409
