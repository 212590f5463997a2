"""What a desk writes, for the recorder: `python -m crash.work_desk FOLDER TOLD WORK ...`.

WORK is `store GIVEN [FAULT]` (every kind of write of a desk's store; GIVEN is a file of segments), `folder GIVEN` (a
desk syncs with a folder), `found` (a new desk: key file, name of the fund, first acts) or `sync FRONT PASSPHRASE` (an
officer acts and syncs until he is killed). FAULT plants a mistake: `NORMAL` and `OFF` do not sync each commit, `early`
answers before it.
"""

import hashlib
import os
import random
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

from front.process import today
from poruch.crypto.keyfile import OfficerKey
from poruch.desk import founding
from poruch.desk.program import STORE_FILE, Desk, Mailing, open_desk
from poruch.events.council import KeeperNamed
from poruch.journal.folder import Folder
from poruch.journal.frames import split
from poruch.journal.segments import SignedSegment, parse_segment
from poruch.journal.store import Store
from poruch.journal.sync import HttpRelay, WaitingDrop
from story.village import PLAN

KEY = bytes(range(32))
PASSPHRASE = "correct horse battery of crash"  # noqa: S105
DAY = date(2026, 11, 22)
Act = Callable[[Store], object]


def body_of(number: int) -> tuple[bytes, bytes]:
    """Body `number` after its hash; now and then a long one, over many pages."""
    chance = random.Random(number)  # noqa: S311
    body = chance.randbytes(chance.choice((300, 5000, 40_000)))
    return hashlib.sha256(body).digest(), body


def acts(segments: list[SignedSegment]) -> list[Act]:
    """All that a store does, each act one commit, in an order drawn once for all."""
    found: list[Act] = []
    for number, signed in enumerate(segments):
        sha256, body = body_of(number)
        found.append(lambda store, s=signed: store.keep_segments([s], pushed=False))  # type: ignore[misc]
        found.append(lambda store, h=sha256, b=body: store.keep_body(h, b, pushed=False))  # type: ignore[misc]
        found.append(lambda store, n=number: store.keep_secret(f"share/{n % 5}", bytes([n]) * 32))  # type: ignore[misc]
        if number % 3 == 0:
            found.append(lambda store, s=signed: store.mark_pushed([s]))  # type: ignore[misc]
            found.append(lambda store, n=number: store.destroy_secret(f"share/{(n - 1) % 5}"))  # type: ignore[misc]
        if number % 4 == 0:
            found.append(lambda store, n=number: store.keep_fact("life", bytes([n])))  # type: ignore[misc]
            found.append(lambda store, s=signed: store.keep_heard([(s.id, 0, b"event"), (s.id, 1, None)]))  # type: ignore[misc]
        if number % 5 == 4:
            gone = [body_of(one)[0] for one in (number, number - 3)]
            found.append(lambda store, g=gone: store.erase(g))  # type: ignore[misc]
            found.append(lambda store, h=sha256, b=body: store.keep_body(h, b, pushed=True))  # type: ignore[misc]
    return found


class Careless(Store):
    """A store with a planted mistake."""

    def hurry(self, fault: str) -> "Careless":
        """Sync less than each commit from now on."""
        self._db.execute(f"PRAGMA synchronous = {fault}")
        return self


def store(folder: Path, told: int, given: Path, fault: str) -> None:
    """Do all acts, telling the number of each when it is done."""
    careless = fault in ("NORMAL", "OFF")
    made = Careless(folder / STORE_FILE, KEY).hurry(fault) if careless else Store(folder / STORE_FILE, KEY)
    for number, act in enumerate(acts([parse_segment(raw) for raw in split(given.read_bytes())]), 1):
        if fault == "early":
            os.write(told, f"{number}\n".encode())
        act(made)
        os.write(told, f"{number}\n".encode())
    made.close()


def found(folder: Path, told: int) -> None:
    """A first founder: what a power cut takes from him, he cannot get again from anybody."""
    key = founding.make_key(folder / "1", 1, "Officer 1", PASSPHRASE, memory_kib=8192)
    os.write(told, b"key\n")
    others = [(number, bytes([number]) * 32) for number in range(2, 6)]
    charter, _ = founding.make_charter(PLAN, [(1, key.signing.public), *others])
    fund = founding.write_fund_id(folder / "1", charter)
    os.write(told, f"fund {fund.hex()}\n".encode())
    desk = Desk(folder / "1", key, fund, None, lambda: DAY)
    founding.begin(desk, charter)
    os.write(told, f"segment {desk.held[-1].id.hex()}\n".encode())
    for number in range(4):
        signed = desk.act([KeeperNamed(bytes([number]) * 32)], [Mailing.of(body_of(number)[1])])
        os.write(told, f"segment {signed.id.hex()}\nbody {body_of(number)[0].hex()}\n".encode())
    desk.close()


def sync_folder(folder: Path, told: int, given: Path) -> None:
    """Carry segments, bodies and drops into a shared folder, in several goes."""
    segments = [parse_segment(raw) for raw in split(given.read_bytes())]
    shared = Folder(folder, segments[0].segment.fund, lambda: DAY)
    for number in range(3):
        part = segments[number * 3 : number * 3 + 3]
        shared.keep_segments(part)
        os.write(told, "".join(f"segment {signed.id.hex()}\n" for signed in part).encode())
        shared.keep_body(body_of(number)[1])
        os.write(told, f"body {body_of(number)[0].hex()}\n".encode())
        shared.keep_drops([WaitingDrop(1, bytes([number] * 16).hex(), "submission", DAY, body_of(number + 9)[1])])
        os.write(told, f"drop {bytes([number] * 16).hex()}\nbody {body_of(number + 9)[0].hex()}\n".encode())


def act_and_sync(folder: Path, told: int, front: str, passphrase: str) -> None:
    """Act and sync for ever."""

    def relay(key: OfficerKey) -> HttpRelay:
        return HttpRelay(front, key.number, key.signing, today)

    desk = open_desk(folder, passphrase, relay, today)
    while True:
        body = os.urandom(3000)
        signed = desk.act([KeeperNamed(os.urandom(32))], [Mailing.of(body)])
        os.write(told, f"here {signed.id.hex()}\n".encode())
        desk.sync()
        os.write(told, f"there {signed.id.hex()} {hashlib.sha256(body).hexdigest()}\n".encode())


def main(folder: Path, told: int, work: str, more: list[str]) -> None:
    """Do the work."""
    if work == "store":
        store(folder, told, Path(more[0]), "".join(more[1:]))
    elif work == "folder":
        sync_folder(folder, told, Path(more[0]))
    elif work == "sync":
        act_and_sync(folder, told, more[0], more[1])
    elif work == "found":
        found(folder, told)


if __name__ == "__main__":
    main(Path(sys.argv[1]), os.open(sys.argv[2], os.O_WRONLY | os.O_APPEND), sys.argv[3], sys.argv[4:])
