"""A village whose desks run: each a process of its own on a loopback port, a relay over HTTP in front of them all."""

import http.client
import re
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import polib

from poruch.errors import AlreadyTaken, BadPublication
from poruch.events.codec import decode, encode
from poruch.journal.frames import join, split
from poruch.journal.segments import parse_segment
from poruch.journal.sync import DropsAfter, Hashes, Heads, Slips, Tags
from story.village import PASSPHRASE, Front, Village

SOURCE = Path(__file__).parents[2] / "src"


def compile_words() -> None:
    """Make the .mo files that are missing or older than their .po."""
    for po in SOURCE.glob("**/LC_MESSAGES/*.po"):
        mo = po.with_suffix(".mo")
        if not mo.exists() or mo.stat().st_mtime < po.stat().st_mtime:
            polib.pofile(str(po)).save_as_mofile(str(mo))


class RelayServer:
    """The village's front on a port: the paths of the relay, and nothing of the pages."""

    def __init__(self, front: Front) -> None:
        lock = threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                with lock:
                    status, answer = answer_relay(front, self.path, body)
                self._answer(status, answer)

            def do_GET(self) -> None:
                with lock:
                    found = front.public_file(self.path)
                self._answer(200 if found is not None else 404, found or b"")

            def _answer(self, status: int, answer: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def answer_relay(front: Front, path: str, body: bytes) -> tuple[int, bytes]:
    """What the relay answers to one request."""
    if path == "/relay/segments":
        heads = decode(body, Heads)
        known = {(author, life): seq for author, life, seq in heads.positions}
        return 200, join(signed.raw for signed in front.segments_beyond(known))
    if path == "/relay/push":
        return 200, join(word.encode() for word in front.push([parse_segment(raw) for raw in split(body)]))
    if path == "/relay/drops":
        return 200, join(encode(drop) for drop in front.drops_after(decode(body, DropsAfter).after))
    if path == "/relay/bodies/put":
        front.put_body(body)
        return 200, b""
    if path == "/relay/bodies/many":
        return 200, join(front.bodies_of(decode(body, Hashes).hashes))
    if path == "/relay/heads":
        return 200, encode(Heads(tuple((*chain, seq) for chain, seq in sorted(front.heads().items()))))
    if path == "/relay/bodies/get":
        found = front.body(body)
        return (200, found) if found is not None else (404, b"")
    try:
        if path == "/relay/tags":
            tags = decode(body, Tags)
            front.take_tags(tags.batch, list(tags.tags))
        elif path == "/relay/slips":
            front.leave_slips(list(decode(body, Slips).slips))
        elif path == "/log/publish":
            front.publish(body)
        else:
            return 404, b""
    except AlreadyTaken:
        return 409, b""
    except BadPublication as error:
        return 400, error.detail.encode()
    return 200, b""


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def location(self) -> str:
        return self.headers.get("Location", "")


@dataclass
class RunningDesk:
    """One desk's process, and a browser's manners towards it."""

    folder: Path
    relay: str
    passphrase: str
    day: date
    unlocked: bool = True
    more: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    url: str = ""
    cookie: str = ""
    token: str = ""
    _process: subprocess.Popen[str] | None = field(default=None, repr=False)

    def start(self) -> "RunningDesk":
        command = [*self.before, sys.executable, "-P", "-m", "poruch.desk.server", str(self.folder), self.relay]
        command += ["--day", self.day.isoformat(), *self.more] + (["--unlocked"] if self.unlocked else [])
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=SOURCE
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{self.passphrase}\n")
        self._process.stdin.flush()
        self.url = self._process.stdout.readline().strip()
        assert self.url, self._process.stderr.read() if self._process.stderr else ""
        return self

    def stop(self) -> str:
        """Stop it; what it wrote on standard error."""
        assert self._process is not None
        self._process.terminate()
        return self._process.communicate(timeout=20)[1]

    @property
    def porter(self) -> int:
        """The process that outlives a lock."""
        assert self._process is not None
        return self._process.pid

    @property
    def ended(self) -> bool:
        """Whether the porter has ended."""
        assert self._process is not None
        return self._process.poll() is not None

    def child(self) -> int:
        """The process that has the keys, once there is one."""
        for _ in range(500):
            found = Path(f"/proc/{self.porter}/task/{self.porter}/children").read_text().split()
            if len(found) == 1:
                return int(found[0])
            time.sleep(0.01)
        raise AssertionError("a porter has one child")

    @property
    def authority(self) -> str:
        return urlsplit(self.url).netloc

    @property
    def origin(self) -> str:
        return f"http://{self.authority}"

    def ask(self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
        """One bare request; headers given as they are, Host included if wanted otherwise."""
        connection = http.client.HTTPConnection("127.0.0.1", urlsplit(self.url).port, timeout=30)
        sent = {"Host": self.authority, **(headers or {})}
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in sent.items():
            connection.putheader(name, value)
        if body or method == "POST":
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        made = Answer(answer.status, dict(answer.getheaders()), answer.read())
        connection.close()
        return made

    def enter(self) -> "RunningDesk":
        """Use the start address and keep the cookie and the form token."""
        came = self.ask("GET", urlsplit(self.url).path, headers={"Sec-Fetch-Site": "none"})
        assert came.status == 302, came.text
        self.cookie = came.headers["Set-Cookie"].split(";")[0]
        page = self.get("/en/queue/")
        if page.status == 302:
            page = self.get(page.location)  # locked, or still being founded
        found = re.search(r'name="form_token" value="([^"]+)"', page.text)
        assert found
        self.token = found[1]
        return self

    def get(self, path: str) -> Answer:
        return self.ask("GET", path, headers={"Cookie": self.cookie})

    def good_headers(self) -> dict[str, str]:
        return {
            "Cookie": self.cookie,
            "Origin": self.origin,
            "Sec-Fetch-Site": "same-origin",
            "Content-Type": "application/x-www-form-urlencoded",
        }

    def post(self, path: str, **fields: str | list[str]) -> Answer:
        body = urlencode({"form_token": self.token, **fields}, doseq=True).encode()
        return self.ask("POST", path, body, self.good_headers())

    def upload(self, path: str, file: bytes) -> Answer:
        edge = "edge-of-a-part"
        parts = (
            f'--{edge}\r\nContent-Disposition: form-data; name="form_token"\r\n\r\n{self.token}\r\n'
            f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        ).encode()
        body = parts + file + f"\r\n--{edge}--\r\n".encode()
        return self.ask(
            "POST", path, body, {**self.good_headers(), "Content-Type": f"multipart/form-data; boundary={edge}"}
        )

    def follow(self, answer: Answer) -> Answer:
        """The page that a redirect names."""
        assert answer.status == 302, (answer.status, answer.text[:3000])
        return self.get(answer.location)


@dataclass
class Street:
    """The village and its running desks, by officer number."""

    village: Village
    relay: RelayServer
    desks: dict[int, RunningDesk] = field(default_factory=dict)

    def desk(self, number: int, *, unlocked: bool = True, enter: bool = True) -> RunningDesk:
        """The running desk of an officer, started when first asked for."""
        if number not in self.desks:
            folder = self.village.desks[number].folder
            phrase = PASSPHRASE.format(number)
            made = RunningDesk(folder, self.relay.address, phrase, self.village.clock(), unlocked).start()
            self.desks[number] = made.enter() if enter else made
        return self.desks[number]

    def close(self) -> list[str]:
        """Stop all; what they wrote on standard error."""
        said = [desk.stop() for desk in self.desks.values()]
        self.relay.close()
        return said


def open_street(village: Village) -> Street:
    """Close the village's desks in this process, so that others may serve their folders."""
    compile_words()
    village.sync(2)
    for desk in village.desks.values():
        desk.close()
    return Street(village, RelayServer(village.front))
