"""The front, measured: a submission from a code to the disk, and the home page as a server hands it out."""

import hashlib
import os
import sqlite3
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from nacl.bindings import crypto_sign, crypto_sign_seed_keypair

from poruch.crypto import codes
from poruch.crypto.codes import CodeKeys
from poruch.drills import fund, officers
from poruch.drills.bank import Bank
from poruch.drills.bench_measure import Bench, Row, bare_points, counted_points, row, side_by_side
from poruch.events.drops import Person, Story
from poruch.front import server
from poruch.front.dropstore import DropStore, NewDrop
from poruch.journal.dropbox import SealedDrop, seal_submission
from poruch.journal.public import PublicState

PLAN = Path(__file__).resolve().parents[3] / "examples" / "fund.toml"
PEERS = "GlobaLeaks 48-79 ms, SecureDrop 1,200-1,600 ms (stated figures)"
SENDERS, SENT, AT_ONCE = 8, 64, 8
HOME, STYLESHEET = "/en/", "/static/poruch.css"
PAGE_BYTES = 30_000
STORY = Story("be", "police", "I refused to write a false report. " * 40, "August", "none", "Rent. " * 40, "", False)
STANDING = ExitStack()
"""Holds the front that these measures share; whoever measures closes it."""


@dataclass(frozen=True)
class _Front:
    folder: Path
    day: date
    public: PublicState
    answer: Callable[[str], bytes]


@cache
def _front() -> _Front:
    """A real front with one epoch in its log, asked without a network between."""
    folder = Path(STANDING.enter_context(tempfile.TemporaryDirectory(prefix="poruch-bench-")))
    day = datetime.now(UTC).date()
    planned = fund.read_plan(PLAN)
    bank = Bank(planned.plan.account_iban, planned.plan.account_holder, "EUR", 0, os.urandom)
    running = STANDING.enter_context(fund.found(folder, planned, day, bank))
    officers.publish(running, day)
    application = server.make_wsgi(folder / "front", running.calendar)

    def answer(path: str) -> bytes:
        def start(status: str, *_: object) -> Callable[[bytes], object]:
            assert status == "200 OK", status
            return BytesIO().write

        return b"".join(application(_environ(path), start))

    return _Front(folder / "front", day, next(iter(running.desks.values())).public, answer)


def _environ(path: str) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(),
    }


def _home(what: str) -> Row:
    front = _front()
    front.answer(HOME)
    ours, limit = side_by_side(lambda: front.answer(HOME), lambda: front.answer(STYLESHEET), turns=15, times=3)
    return row(what, "ms", ours * 1e3, limit * 1e3)


def _home_bytes(what: str) -> Row:
    front = _front()
    return row(what, "bytes", len(front.answer(HOME)) + len(front.answer(STYLESHEET)), PAGE_BYTES)


def _seal(public: PublicState) -> tuple[CodeKeys, SealedDrop]:
    assert public.charter is not None
    keys = CodeKeys.from_code(codes.new_code(), public.charter.code_salt)
    return keys, seal_submission(public, keys, STORY, Person("Alena Muravejnik", "alena@example.org"))


def _send_all(front: _Front, store: DropStore, pool: ThreadPoolExecutor) -> None:
    def send(_: int) -> bool:
        keys, sealed = _seal(front.public)
        mailbox, verify_key = sealed.mailbox.hex(), keys.mailbox_signing.public.hex()
        digest = sealed.sha256.hex()
        return store.put(
            NewDrop(sealed.drop, mailbox, mailbox, sealed.kind, front.day, digest, sealed.body, verify_key)
        )

    assert all(pool.map(send, range(SENT)))


def _submission(what: str) -> Row:
    front = _front()
    store = DropStore(front.folder)
    _seal(front.public)
    with counted_points() as calls:
        _, sealed = _seal(front.public)
    seal_bare = bare_points(calls, _bare_files(front.public, len(sealed.body)))
    with tempfile.TemporaryDirectory(prefix="poruch-bench-") as folder, ThreadPoolExecutor(SENDERS) as pool:
        insert = _bare_insert(Path(folder), len(sealed.body))

        def bare() -> None:
            for _ in range(SENT // AT_ONCE):
                for _ in range(AT_ONCE):
                    seal_bare()
                insert()

        ours, limit = side_by_side(lambda: _send_all(front, store, pool), bare, turns=5)
    return row(what, "ms", ours / SENT * 1e3, limit / SENT * 1e3, peer=PEERS)


def _bare_files(public: PublicState, size: int) -> Callable[[], None]:
    """The other primitives of one submission: keys from the code, two X25519 files, one hybrid file, the ciphers."""
    circle = X25519PrivateKey.generate().public_key()
    lattice = MLKEM768PublicKey.from_public_bytes(public.circles["officers"].pq.public[:1184])
    seed, nonce, wrapped, padded = os.urandom(64), bytes(12), bytes(16), bytes(size // 2)

    def exchange() -> None:
        once = X25519PrivateKey.generate()
        once.public_key().public_bytes_raw()
        once.exchange(circle)

    def bare() -> None:
        MLKEM768PrivateKey.from_seed_bytes(seed).public_key().public_bytes_raw()
        X25519PrivateKey.from_private_bytes(seed[:32]).public_key().public_bytes_raw()
        _, secret = crypto_sign_seed_keypair(seed[:32])
        crypto_sign(padded, secret)
        for _ in range(3):
            exchange()
        lattice.encapsulate()
        for plaintext in (wrapped, wrapped, wrapped, wrapped, padded, padded):
            ChaCha20Poly1305(seed[:32]).encrypt(nonce, plaintext, None)
        hashlib.sha256(padded + padded).digest()

    return bare


def _bare_insert(folder: Path, size: int) -> Callable[[], None]:
    """Several rows in one commit that is safe on the disk, as the front's writer does for those who wait."""
    database = sqlite3.connect(folder / "bare.sqlite3", isolation_level=None)
    database.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE bare (body BLOB);")

    def insert() -> None:
        database.execute("BEGIN IMMEDIATE")
        database.executemany("INSERT INTO bare VALUES (?)", [(os.urandom(size),) for _ in range(AT_ONCE)])
        database.execute("COMMIT")

    return insert


BENCHES = (
    Bench("submission sealed and on disk", "<= 2.0 ms", _submission),
    Bench("home page, beside a ready-made file", "<= 0.5 ms", _home),
    Bench("home page and stylesheet, size", "<= 30,000 bytes", _home_bytes),
)
