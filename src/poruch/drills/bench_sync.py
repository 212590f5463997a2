"""Sync over loopback, by the clock: a whole journal out of a front of its own, beside as many bytes over plain HTTP."""

import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from poruch.crypto.signatures import SigningKey
from poruch.drills.bench_measure import Bench, Row, rate_row
from poruch.events.charter import Charter, Founder, Programme, fund_id
from poruch.events.kinds import FundFounded, event_bytes
from poruch.journal.segments import GENESIS, Clear, Sealed, Segment, SignedSegment, sign_segment
from poruch.journal.sync import HttpRelay

SEGMENTS, SEALED_BYTES = 20_000, 2048
ANSWER_BYTES = 24 * 2**20
WAIT_SECONDS = 30.0
TURNS = 3
"""The best of them counts: others who use the machine only make it slower."""


def _charter(keys: list[SigningKey]) -> Charter:
    founders = tuple(Founder(number, key.public) for number, key in enumerate(keys, 1))
    return Charter(
        "Bench", "bench.example/log", ("en",), "EUR", 2, founders, bytes(16), (Programme("p", "p", 2, (60000,)),),
        "RF18539007547034", "Bench", "LT121000011101001000", "Support", (), (), 91,
    )  # fmt: skip


def _chain(key: SigningKey, charter: Charter, day: date, count: int) -> list[SignedSegment]:
    fund, made = fund_id(charter), list[SignedSegment]()
    for seq in range(count):
        first = Clear(event_bytes(FundFounded(charter)))
        entries = (first if seq == 0 else Sealed((os.urandom(8),), 1, os.urandom(SEALED_BYTES)),)
        prev = made[-1].id if made else GENESIS
        made.append(sign_segment(Segment(fund, 1, 0, seq, prev, seq + 1, day, entries), key))
    return made


@contextmanager
def _front(fund: bytes) -> Iterator[str]:
    """The address of an empty front in a process of its own."""
    program = [sys.executable, "-m", "poruch.front.server"]
    with tempfile.TemporaryDirectory(prefix="poruch-bench-") as home:
        folder = str(Path(home) / "front")
        subprocess.run([*program, "create", folder, fund.hex()], check=True)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        process = subprocess.Popen([*program, "serve", folder, "127.0.0.1", str(port)])
        try:
            _wait_for(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait()


def _wait_for(port: int) -> None:
    until = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return


def _pull(relay: HttpRelay) -> int:
    """How many bytes of segments a new desk is given."""
    positions: dict[tuple[int, int], int] = {}
    size = 0
    while came := relay.segments_beyond(positions):
        size += sum(len(signed.raw) for signed in came)
        positions[1, 0] = came[-1].segment.seq
    return size


@contextmanager
def _plain() -> Iterator[int]:
    """The port of a server that answers with as many bytes as one answer of a relay may have, and does nothing else."""
    answer = bytes(ANSWER_BYTES)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _bare(size: int) -> float:
    """Seconds for at least `size` bytes over plain HTTP."""
    with _plain() as port:
        begun, came = time.perf_counter(), 0
        while came < size:
            line = HTTPConnection("127.0.0.1", port)
            line.request("GET", "/")
            came += len(line.getresponse().read())
            line.close()
        return (time.perf_counter() - begun) * size / came


def measure(what: str, count: int = SEGMENTS) -> Row:
    """MB/s of sealed segments from a front to a desk that has none of them; the desk has parsed them then."""
    keys = [SigningKey.generate() for _ in range(3)]
    charter, day = _charter(keys), datetime.now(UTC).date()
    segments = _chain(keys[0], charter, day, count)
    with _front(fund_id(charter)) as address:
        relay = HttpRelay(address, 1, keys[0], lambda: day)
        relay.push(segments)
        rates = []
        for _ in range(TURNS):
            begun = time.perf_counter()
            size = _pull(relay)
            rates.append((size / (time.perf_counter() - begun) / 1e6, size / _bare(size) / 1e6))
        relay.close()
    return rate_row(what, "MB/s", max(ours for ours, _ in rates), max(bare for _, bare in rates))


BENCHES = (Bench("sync: segments from a front over loopback", ">= 20 MB/s", measure),)
