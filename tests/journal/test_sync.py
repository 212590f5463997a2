"""Sync is set union: any order gives one state. And the wire to a front that may be broken or mean harm."""

import hashlib
import os
import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from journal.little_fund import LittleFund
from poruch.desk import casework
from poruch.desk.program import STORE_FILE, Desk
from poruch.errors import AlreadyTaken, BadEvent, BadPublication, BadSegment, RelayUnreachable
from poruch.events.codec import decode, encode
from poruch.events.kinds import Instalment
from poruch.journal.frames import join
from poruch.journal.journal import Journal
from poruch.journal.requests import verify_request
from poruch.journal.roster import Roster
from poruch.journal.segments import SignedSegment
from poruch.journal.sync import DropsAfter, Heads, HttpRelay, Slips, Tags, WaitingDrop
from story.village import Village, found_village

DAY = date(2026, 9, 1)


# ---- any order of arrival ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def village(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Village]:
    """A fund with two people, of whom one has a grant."""
    made = found_village(tmp_path_factory.mktemp("village"))
    people = [made.apply(f"Alena Persona{letter}") for letter in "ab"]
    made.sync()
    one = made.desks[1]
    for person in people:
        casework.take(one, one.cases.cases[person.drop])
        casework.record_reading(
            made.desks[2], made.desks[2].cases.cases[person.drop], "believable", "The dates agree.", no_interest=True
        )
    casework.propose_grant(one, one.cases.cases[people[0].drop], "first-months", [Instalment(60000, made.clock())])
    made.sync()
    for number in (3, 4):
        desk = made.desks[number]
        case = desk.cases.cases[people[0].drop]
        assert case.live_grant is not None
        casework.approve_grant(desk, case, case.live_grant)
        made.sync()
    made.give_payee(people[0], "DE02120300000000202051")
    made.write(people[1], "Is anybody there?")
    made.sync(3)
    yield made
    made.close()


def shuffled(village: Village, seed: int) -> list[SignedSegment]:
    segments = list(village.front.segments)
    if seed:
        random.Random(seed).shuffle(segments)  # noqa: S311  the same orders each time
    else:
        segments.reverse()
    return segments


@pytest.mark.parametrize("seed", range(12))
def test_any_order_gives_the_same_set_and_the_same_public_fold(village: Village, seed: int) -> None:
    journal = Journal(village.front.fund)
    counted = [one for signed in shuffled(village, seed) for one in journal.add([signed]).fresh]
    assert {one.id for one in counted} == {one.id for one in village.front.segments}
    assert journal.chains.positions == village.front.journal.chains.positions
    assert not journal.chains.faults
    assert journal.public == village.front.public
    assert journal.standing == village.front.journal.standing


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("number", [2, 5])
def test_a_desk_that_hears_in_any_order_comes_to_the_same_state(
    village: Village, tmp_path: Path, seed: int, number: int
) -> None:
    """One by one and in lumps; before its own circle keys as after them; and again from the disk."""
    known = village.desks[number]
    assert known.cases.cases
    folder = tmp_path / "desk"
    folder.mkdir()
    desk = Desk(folder, known.key, known.fund, None, village.clock)
    for body in village.front.bodies.values():
        desk.store.keep_body(hashlib.sha256(body).digest(), body, pushed=True)
    waiting = shuffled(village, seed)
    while waiting:
        lump = 1 + seed * 5
        desk.take(waiting[:lump], pushed=True)
        del waiting[:lump]
    assert desk.view == known.view
    desk.close()
    assert (folder / STORE_FILE).is_file()
    again = Desk(folder, known.key, known.fund, None, village.clock)
    assert again.view == known.view
    again.close()


# ---- the wire ---------------------------------------------------------------------------------


@dataclass
class Front:
    """A front that answers as it is told, and writes down what it was asked."""

    address: str = ""
    status: int = 200
    answer: bytes = b""
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def front() -> Iterator[Front]:
    told = Front()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            told.asked.append((self.command, self.path, dict(self.headers.items()), body))
            self.send_response(told.status)
            self.send_header("Content-Length", str(len(told.answer)))
            self.end_headers()
            self.wfile.write(told.answer)

        do_GET = do_POST  # noqa: N815  the name that the library asks for

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    told.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield told
    server.shutdown()
    server.server_close()
    thread.join(5)


FUND = LittleFund()
ROSTER = Roster({number: key.public for number, key in FUND.keys.items()})
SEGMENTS = FUND.found()


def relay(front: Front) -> HttpRelay:
    return HttpRelay(front.address, 2, FUND.keys[2], lambda: DAY, timeout_seconds=5)


def test_each_request_is_signed_with_a_nonce_of_its_own(front: Front) -> None:
    asking = relay(front)
    asking.segments_beyond({(2, 0): 3, (1, 0): 5})
    front.answer = join(b"accepted" for _ in SEGMENTS)
    asking.push(SEGMENTS)
    front.answer = b""
    asking.drops_after(7)
    asking.put_body(b"body")
    asking.body(bytes(32))
    asking.take_tags("batch", [bytes(32)])
    asking.leave_slips([(bytes(32), b"slip")])
    asking.publish(b"publication")
    paths = [path for _, path, _, _ in front.asked]
    assert paths == [
        "/relay/segments",
        "/relay/push",
        "/relay/drops",
        "/relay/bodies/put",
        "/relay/bodies/many",
        "/relay/tags",
        "/relay/slips",
        "/log/publish",
    ]
    nonces = set()
    for method, path, headers, body in front.asked:
        number, nonce = verify_request(method, path, headers, body, ROSTER, DAY)
        assert number == 2
        nonces.add(nonce)
    assert len(nonces) == len(front.asked)
    assert decode(front.asked[0][3], Heads).positions == ((1, 0, 5), (2, 0, 3))
    assert front.asked[1][3] == join(signed.raw for signed in SEGMENTS)
    assert decode(front.asked[2][3], DropsAfter).after == 7
    assert decode(front.asked[5][3], Tags) == Tags("batch", (bytes(32),))
    assert decode(front.asked[6][3], Slips) == Slips(((bytes(32), b"slip"),))


def test_public_files_are_fetched_as_a_stranger_does(front: Front) -> None:
    """A front must not be able to show its officers another log than everybody else."""
    front.answer = b"checkpoint"
    assert relay(front).public("/log/checkpoint") == b"checkpoint"
    [(method, path, headers, _)] = front.asked
    assert (method, path) == ("GET", "/log/checkpoint")
    assert not {"Signature", "Signature-Input", "Content-Digest"} & set(headers)
    front.status = 404
    assert relay(front).public("/log/checkpoint") is None


def test_rubbish_between_segments_is_passed_over(front: Front) -> None:
    front.answer = join([SEGMENTS[0].raw, b"rubbish", b"", SEGMENTS[1].raw])
    assert relay(front).segments_beyond({}) == SEGMENTS[:2]
    front.answer = front.answer[:-1]
    with pytest.raises(BadSegment):
        relay(front).segments_beyond({})


def test_a_body_under_another_hash_is_no_body(front: Front) -> None:
    front.answer = join([b"body"])
    assert relay(front).body(hashlib.sha256(b"body").digest()) == b"body"
    assert relay(front).body(hashlib.sha256(b"other").digest()) is None
    front.answer = b""
    assert relay(front).body(hashlib.sha256(b"body").digest()) is None


def test_what_the_fund_has_erased_is_no_trouble_for_who_still_sends_it(front: Front) -> None:
    front.status = 410
    relay(front).put_body(b"body")
    relay(front).put_body(bytes(200_000))
    assert [path for _, path, _, _ in front.asked] == ["/relay/bodies/put", "/relay/parts"]


def test_drops_come_as_they_are_or_not_at_all(front: Front) -> None:
    drop = WaitingDrop(8, "d" * 32, "submission", DAY, b"sealed")
    front.answer = join([encode(drop)])
    assert relay(front).drops_after(7) == [drop]
    front.answer = join([encode(drop), b"rubbish"])
    with pytest.raises(BadEvent):
        relay(front).drops_after(7)


def test_outcomes_of_a_push_are_words_whatever_the_front_sends(front: Front) -> None:
    front.answer = join([b"accepted", b"\xff\xfe", b""])
    assert relay(front).push(SEGMENTS[:3]) == ["accepted", "��", ""]
    with pytest.raises(RelayUnreachable):
        relay(front).push(SEGMENTS[:2])  # it answers for other segments


@pytest.mark.parametrize("answer", [b"", b"x", b"-1", b"1e3", b"99999999999", b"200001", b"\xd9\xa3"])
def test_a_front_that_counts_wrong_keeps_nobody_waiting(front: Front, answer: bytes) -> None:
    front.status, front.answer = 202, answer
    with pytest.raises(RelayUnreachable):
        relay(front).put_body(bytes(200_000))


def test_a_front_that_takes_part_after_part_and_keeps_none_is_given_up(front: Front) -> None:
    front.status, front.answer = 202, b"0"
    with pytest.raises(RelayUnreachable):
        relay(front).put_body(bytes(200_000))
    assert len(front.asked) < 30


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 413, 500, 503])
def test_whatever_is_no_success_leaves_the_work_here(front: Front, status: int) -> None:
    front.status = status
    asking = relay(front)
    for ask in (
        lambda: asking.segments_beyond({}),
        lambda: asking.push(SEGMENTS),
        lambda: asking.drops_after(0),
        lambda: asking.put_body(b"body"),
        lambda: asking.take_tags("batch", []),
        lambda: asking.leave_slips([]),
    ):
        with pytest.raises(RelayUnreachable):
            ask()


def test_a_tag_that_was_taken_and_a_publication_that_was_refused_have_names(front: Front) -> None:
    front.status, front.answer = 409, b"taken"
    with pytest.raises(AlreadyTaken):
        relay(front).take_tags("batch", [bytes(32)])
    with pytest.raises(BadPublication, match="409 taken"):
        relay(front).publish(b"publication")


def test_nobody_at_the_address() -> None:
    nobody = HttpRelay("http://127.0.0.1:9", 2, FUND.keys[2], lambda: DAY, os.urandom, timeout_seconds=2)
    with pytest.raises(RelayUnreachable):
        nobody.drops_after(0)
    with pytest.raises(RelayUnreachable):
        nobody.public("/log/checkpoint")
