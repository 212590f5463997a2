"""A line between desks and a front that delays, cuts at any byte, drops and repeats, drawn from a seed."""

import http.client
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

FAULTS = ("late", "drop", "cut the request", "cut the answer", "twice")


class FaultyLine:
    """Listens at `address` and passes requests on to the front at `front`; `likely` of them with a fault."""

    def __init__(self, front: str, seed: int, likely: float, faults: Sequence[str] = FAULTS) -> None:
        """`done` counts the faults."""
        self._front, self._faults, self.likely = urlsplit(front).netloc, faults, likely
        self._chance, self._lock = random.Random(seed), threading.Lock()  # noqa: S311
        self.done: Counter[str] = Counter()
        line = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                line.pass_on(self, body)

            def do_GET(self) -> None:
                line.pass_on(self, b"")

            def log_message(self, format: str, *args: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: object, client_address: object) -> None:
                """A desk that hung up is no error of the line."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Hang up."""
        self._server.shutdown()
        self._server.server_close()

    def _draw(self) -> tuple[str, float]:
        with self._lock:
            fault = self._chance.choice(self._faults) if self._chance.random() < self.likely else ""
            self.done[fault] += bool(fault)
            return fault, self._chance.random()

    def pass_on(self, asked: BaseHTTPRequestHandler, body: bytes) -> None:
        """One request, with what is drawn for it."""
        fault, where = self._draw()
        if fault == "late":
            time.sleep(0.05 * where)
        elif fault == "cut the request":
            self._send_part(asked, body, where)
        elif fault == "twice":
            self._ask(asked, body)
        if fault not in ("drop", "cut the request"):
            status, kind, answer = self._ask(asked, body)
            raw = (
                f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(answer)}\r\n\r\n".encode()
                + answer
            )
            asked.wfile.write(raw[: int(where * len(raw))] if fault == "cut the answer" else raw)
        asked.close_connection = fault in ("drop", "cut the request", "cut the answer")

    def _ask(self, asked: BaseHTTPRequestHandler, body: bytes) -> tuple[int, str, bytes]:
        front = http.client.HTTPConnection(self._front, timeout=20)
        try:
            front.request(asked.command, asked.path, body, dict(asked.headers))
            answer = front.getresponse()
            return answer.status, answer.headers.get("Content-Type", ""), answer.read()
        finally:
            front.close()

    def _send_part(self, asked: BaseHTTPRequestHandler, body: bytes, where: float) -> None:
        host, port = self._front.split(":")
        head = "".join(f"{name}: {value}\r\n" for name, value in asked.headers.items())
        raw = f"{asked.command} {asked.path} HTTP/1.1\r\n{head}\r\n".encode() + body
        with socket.create_connection((host, int(port)), 10) as front:
            front.sendall(raw[: int(where * len(raw))])
