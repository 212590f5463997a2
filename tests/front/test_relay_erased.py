"""Erased bytes are in no file of a real front: after the erasure, and after a start when it was killed within."""

import hashlib
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from front.browser import Browser, submit
from front.fund import make_fund
from front.process import Front, new_front, today
from poruch.errors import RelayUnreachable
from poruch.events.kinds import event_bytes
from poruch.events.resolutions import ErasureProposed, Resolved
from poruch.journal.segments import SignedSegment, event_id

KILLED = """
import os, signal, sys
from poruch.front import server
name, *arguments = sys.argv[1:]
start = server.make_wsgi
def make_wsgi(*given, **named):
    made = start(*given, **named)
    from poruch.front.shelf_database import DatabaseShelf
    real = getattr(DatabaseShelf, name)
    def killed(self, *given):
        {before}
        os.kill(os.getpid(), signal.SIGKILL)
    setattr(DatabaseShelf, name, killed)
    return made
server.make_wsgi = make_wsgi
sys.exit(server.main(arguments))
"""
BEFORE, AFTER = KILLED.format(before="pass"), KILLED.format(before="real(self, *given)")


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Front]:
    """A front of one test's own."""
    made = new_front(tmp_path, make_fund())
    yield made
    made.stop()


def found_in(folder: Path, body: bytes) -> list[str]:
    """The files in which some stretch of `body` lies; sealed ones begin alike."""
    first = 200 if body.startswith(b"age-encryption.org/v1") else 0
    stretches = [body[at : at + 32] for at in range(first, len(body) - 32, 97)]
    files = [file for file in folder.rglob("*") if file.is_file()]
    return [file.name for file in files if any(stretch in file.read_bytes() for stretch in stretches)]


def erase(front: Front, *bodies: bytes) -> list[SignedSegment]:
    """The segments by which two officers erase these bodies."""
    said = ErasureProposed(tuple(hashlib.sha256(body).digest() for body in bodies), os.urandom(16))
    proposed = front.fund.act(1, said, day=today())
    approved = front.fund.act(2, Resolved(event_id(proposed, 0, event_bytes(said))), day=today())
    return [proposed, approved]


def filled(front: Front) -> tuple[bytes, bytes, bytes, list[bytes]]:
    """A long body, a short one, a drop, and what is to stay."""
    relay = front.relay()
    long, short, stays = os.urandom(300_000), os.urandom(500), os.urandom(5000)
    for body in (os.urandom(600), long, stays, short, os.urandom(700)):
        relay.put_body(body)
    for _ in range(2):
        submit(front.browser)
    drop, other = (waiting.body for waiting in relay.drops_after(0))
    return long, short, drop, [stays, other]


def gone_and_refused(front: Front, erased: tuple[bytes, ...], stay: list[bytes]) -> None:
    relay = front.relay(2)
    for body in erased:
        assert found_in(front.folder.parent, body) == []
        relay.put_body(body)  # refused, and no trouble for the desk
        assert relay.body(hashlib.sha256(body).digest()) is None
        assert found_in(front.folder.parent, body) == []
    assert [relay.body(hashlib.sha256(body).digest()) for body in stay] == stay
    assert [waiting.body for waiting in relay.drops_after(0)] == stay[1:]


def test_erased_bytes_are_in_no_file(alone: Front) -> None:
    *erased, stay = filled(alone)
    relay = alone.relay()
    relay.push(erase(alone, b"nobody's"))
    for body in erased:
        assert found_in(alone.folder, body)
    assert relay.push(erase(alone, *erased)) == ["accepted"] * 2
    gone_and_refused(alone, tuple(erased), stay)
    assert alone.rows("SELECT count(*) FROM front_drop") == [(2,)]  # the row stays: the same sending is the same drop
    alone.restart()
    gone_and_refused(alone, tuple(erased), stay)
    assert Browser(alone.address).get("/en/").status == 200


@pytest.mark.parametrize(("where", "program"), [("erase", BEFORE), ("erase", AFTER), ("scrub", BEFORE)])
def test_a_front_that_was_killed_within_makes_it_good_at_the_next_start(alone: Front, where: str, program: str) -> None:
    *erased, stay = filled(alone)
    segments = erase(alone, *erased)
    alone.stop()
    usual, alone.command = alone.command, [sys.executable, "-c", program, where, *alone.command[3:]]
    alone.start()
    with pytest.raises(RelayUnreachable):
        alone.relay().push(segments)
    assert alone.process is not None
    assert alone.process.wait(20) == -signal.SIGKILL
    assert [count for (count,) in alone.rows("SELECT count(*) FROM front_segment")] == [len(alone.fund.segments)]
    if where == "erase":
        assert all(found_in(alone.folder, body) for body in erased)
    else:
        assert alone.rows("SELECT count(*) FROM front_erased WHERE NOT scrubbed") == [(3,)]
    alone.command = usual
    alone.start()
    gone_and_refused(alone, tuple(erased), stay)
