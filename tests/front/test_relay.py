"""The relay: only officers, each request once, everything in one transaction, everything twice is once."""

import hashlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from front.browser import Browser, submit
from front.fund import make_fund
from front.process import ROOT, Front, new_front, today
from poruch.crypto.signatures import SigningKey
from poruch.errors import AlreadyTaken, RelayUnreachable
from poruch.events.codec import encode
from poruch.events.council import FundFrozen, KeeperNamed, OfficerSuspended, Pin, Voted
from poruch.events.kinds import LogPolicySet, NoticePublished, event_bytes
from poruch.front.nonces import ACTIVE_LIMIT, OUTSIDE_LIMIT, Nonces
from poruch.journal.frames import join
from poruch.journal.journal import Journal, measures_in
from poruch.journal.requests import sign_request
from poruch.journal.segments import Clear, SignedSegment, event_id, parse_segment, sign_segment
from poruch.journal.sync import DropsAfter, Heads, HttpRelay, Slips, Tags

PATHS = (
    "/relay/heads", "/relay/segments", "/relay/push", "/relay/parts", "/relay/drops", "/relay/bodies/put",
    "/relay/bodies/get", "/relay/bodies/many", "/relay/tags", "/relay/slips", "/log/publish",
)  # fmt: skip


def signed_post(front: Front, path: str, body: bytes, day: date | None = None, nonce: bytes | None = None) -> int:
    """The status of a signed request."""
    key = front.fund.officers[1].signing
    headers = sign_request("POST", path, body, 1, key, day or today(), nonce or os.urandom(16))
    return front.browser.ask("POST", path, body, headers).status


@pytest.mark.parametrize("path", PATHS)
def test_a_stranger_gets_nothing(browser: Browser, path: str) -> None:
    assert browser.get(path).status in (404, 405)
    assert browser.ask("POST", path, b"x").status == 401
    assert browser.ask("POST", path, b"x", {"Signature-Input": "x", "Signature": "y"}).status == 401


@pytest.mark.parametrize("path", PATHS)
def test_somebody_elses_key_and_an_unknown_number_are_refused(front: Front, browser: Browser, path: str) -> None:
    stranger = SigningKey(os.urandom(32))
    for number in (1, 4, 65535):
        headers = sign_request("POST", path, b"x", number, stranger, today(), os.urandom(16))
        assert browser.ask("POST", path, b"x", headers).status == 401


@pytest.mark.parametrize(("days", "status"), [(-2, 401), (-1, 200), (0, 200), (1, 200), (2, 401)])
def test_only_these_three_days(front: Front, days: int, status: int) -> None:
    assert signed_post(front, "/relay/heads", b"", today() + timedelta(days=days)) == status


def test_a_nonce_counts_once(front: Front) -> None:
    nonce = os.urandom(16)
    assert [signed_post(front, "/relay/heads", b"", nonce=nonce) for _ in range(2)] == [200, 401]


def test_a_body_that_was_not_signed_is_refused(front: Front, browser: Browser) -> None:
    headers = sign_request("POST", "/relay/tags", b"a", 1, front.fund.officers[1].signing, today(), os.urandom(16))
    assert browser.ask("POST", "/relay/tags", b"b", headers).status == 401
    assert browser.ask("POST", "/relay/slips", b"a", headers).status == 401


@pytest.mark.parametrize("path", [path for path in PATHS if path != "/relay/heads"])
@pytest.mark.parametrize("body", [b"", b"\xc1", b"\xff" * 100, b"\x00\x00\x00\x09abc"], ids=["none", "c1", "ff", "cut"])
def test_rubbish_is_refused_and_changes_nothing(front: Front, path: str, body: bytes) -> None:
    before = [front.rows(f"SELECT count(*) FROM front_{table}") for table in ("segment", "tag", "slip", "leaf")]  # noqa: S608
    status = signed_post(front, path, body)
    assert status in (400, 404, 413) or (path, status) in {("/relay/bodies/put", 200), ("/relay/push", 200)}
    assert before == [
        front.rows(f"SELECT count(*) FROM front_{table}")  # noqa: S608
        for table in ("segment", "tag", "slip", "leaf")
    ]


def test_a_desk_gets_the_segments_that_it_lacks(front: Front) -> None:
    relay = front.relay(2)
    everything = relay.segments_beyond({})
    assert {segment.id for segment in everything} == {segment.id for segment in front.fund.segments}
    heads = {(number, 0): officer.chain[-1].segment.seq for number, officer in front.fund.officers.items()}
    assert relay.segments_beyond(heads) == []
    heads[2, 0] -= 1
    assert [segment.id for segment in relay.segments_beyond(heads)] == [front.fund.officers[2].chain[-1].id]


def test_the_same_segments_again_are_known(front: Front) -> None:
    before = front.rows("SELECT count(*) FROM front_segment")
    assert set(front.relay().push(front.fund.segments)) == {"already known"} or set(
        front.relay().push(front.fund.segments)
    ) == {"known"}
    assert front.rows("SELECT count(*) FROM front_segment") == before


def test_segments_that_do_not_belong_are_named_and_not_stored(front: Front) -> None:
    other = make_fund()
    before = front.rows("SELECT count(*) FROM front_segment")
    forged = front.fund.officers[1].chain[-1].raw
    broken = parse_segment(bytes([forged[0] ^ 1]) + forged[1:])
    outcomes = front.relay().push([other.segments[0], broken])
    assert outcomes[0] == "of another fund"
    assert outcomes[1] != "accepted"
    assert front.rows("SELECT count(*) FROM front_segment") == before


def test_segments_in_any_order_make_one_state(front: Front) -> None:
    first = front.fund.act(2, LogPolicySet("never the first"), day=today())
    second = front.fund.act(2, LogPolicySet("nor the second"), day=today())
    assert front.relay().push([second]) == ["waiting for an earlier one"]
    assert front.relay().push([first]) == ["accepted"]
    assert front.relay().push([second]) in (["known"], ["accepted"])
    front.restart()
    assert {segment.id for segment in front.relay().segments_beyond({})} >= {first.id, second.id}


def test_an_empty_front_takes_its_own_fund_only(tmp_path_factory: pytest.TempPathFactory) -> None:
    fund, other = make_fund(), make_fund()
    front = new_front(tmp_path_factory.mktemp("other"), fund, found=False)
    try:
        stranger = HttpRelay(front.address, 1, other.officers[1].signing, today)
        with pytest.raises(RelayUnreachable):
            stranger.push(other.segments)
        with pytest.raises(RelayUnreachable):
            front.relay().segments_beyond({})
        assert front.rows("SELECT count(*) FROM front_segment") == [(0,)]
        assert set(front.relay().push(fund.segments)) == {"accepted"}
        front.restart()
        assert front.browser.get("/en/").status == 200
        assert len(front.relay().segments_beyond({})) == len(fund.segments)
    finally:
        front.stop()


def test_bodies_lie_under_their_hash(front: Front) -> None:
    relay, body = front.relay(), os.urandom(5000)
    relay.put_body(body)
    relay.put_body(body)
    assert relay.body(hashlib.sha256(body).digest()) == body
    assert relay.body(os.urandom(32)) is None
    assert signed_post(front, "/relay/bodies/get", b"short") == 404


def test_a_body_too_long_is_refused(front: Front) -> None:
    assert signed_post(front, "/relay/bodies/put", bytes(8 * 1024 * 1024 + 1)) == 413
    assert signed_post(front, "/relay/bodies/put", b"") == 413


def test_tags_are_taken_all_or_none(front: Front) -> None:
    relay, tags = front.relay(), [os.urandom(32) for _ in range(3)]
    relay.take_tags("batch-1", tags[:2])
    relay.take_tags("batch-1", tags[:2])
    with pytest.raises(AlreadyTaken):
        relay.take_tags("batch-2", tags[1:])
    relay.take_tags("batch-3", tags[2:])


def test_a_tag_of_another_length_is_refused(front: Front) -> None:
    assert signed_post(front, "/relay/tags", encode(Tags("b", (b"short",)))) == 400
    assert signed_post(front, "/relay/tags", encode(Tags("b" * 65, (bytes(32),)))) == 400


def test_slips_of_another_length_are_refused(front: Front) -> None:
    assert signed_post(front, "/relay/slips", encode(Slips(((bytes(32), bytes(8219)),)))) == 400
    assert signed_post(front, "/relay/slips", encode(Slips(((bytes(31), bytes(8220)),)))) == 400
    slip = os.urandom(8220)
    assert [signed_post(front, "/relay/slips", encode(Slips(((bytes(32), slip),)))) for _ in "ab"] == [200, 200]
    assert front.rows("SELECT count(*) FROM front_slip") == [(1,)]


def test_drops_come_in_the_order_of_arrival(front: Front, browser: Browser) -> None:
    for _ in range(3):
        submit(browser)
    drops = front.relay().drops_after(0)
    assert [drop.arrival for drop in drops] == sorted(drop.arrival for drop in drops)
    assert front.relay().drops_after(drops[-1].arrival) == []
    assert front.relay().drops_after(drops[0].arrival) == drops[1:]
    assert all(drop.day == today() for drop in drops)
    assert signed_post(front, "/relay/drops", encode(DropsAfter(-1))) == 200


def test_heads_are_those_of_the_chains(front: Front) -> None:
    from poruch.events.codec import decode

    key = front.fund.officers[1].signing
    headers = sign_request("POST", "/relay/heads", b"", 1, key, today(), os.urandom(16))
    answer = front.browser.ask("POST", "/relay/heads", b"", headers)
    found = {(author, life): seq for author, life, seq in decode(answer.raw, Heads).positions}
    assert found[1, 0] == front.fund.officers[1].chain[-1].segment.seq


def test_a_push_with_one_broken_frame_stores_none(front: Front) -> None:
    new = front.fund.act(3, LogPolicySet("late"), day=today())
    assert signed_post(front, "/relay/push", join([new.raw]) + b"\x00\x00") == 400
    assert front.rows("SELECT max(seq) FROM front_segment WHERE author = 3")[0][0] == new.segment.seq - 1
    assert front.relay().push([new]) == ["accepted"]


# ---- suspended officers, and second segments at one place --------------------------------------


def head(front: Front, number: int) -> Pin:
    signed = front.fund.officers[number].chain[-1]
    return Pin(number, 0, signed.segment.seq, signed.id)


def suspend(front: Front, author: int, number: int) -> bytes:
    """The event id of a suspension that the front has."""
    event = OfficerSuspended(head(front, number), False, os.urandom(16))
    signed = front.fund.act(author, event, day=today())
    assert front.relay(author).push([signed]) == ["accepted"]
    return event_id(signed, 0, event_bytes(event))


def statuses(front: Front, number: int) -> dict[str, int]:
    """The status of each door for an officer."""
    key, found = front.fund.officers[number].signing, {}
    for path in PATHS:
        headers = sign_request("POST", path, b"", number, key, today(), os.urandom(16))
        found[path] = front.browser.ask("POST", path, b"", headers).status
    return found


def test_a_suspended_officer_may_push_and_gets_nothing_but_what_he_votes_on(front: Front) -> None:
    other = front.fund.act(2, NoticePublished("notice", "not for him"), day=today())
    assert front.relay(2).push([other]) == ["accepted"]
    suspension = suspend(front, 1, 3)
    found = statuses(front, 3)
    assert found.pop("/relay/push") == 200
    assert found.pop("/relay/parts") == 400  # a vote may come in parts; this was none
    assert {path for path, status in found.items() if status != 403} == {"/relay/segments", "/relay/drops"} & set(found)
    assert front.relay(3).drops_after(0) == []
    given = front.relay(3).segments_beyond({})
    assert given
    assert all(measures_in(one) for one in given)
    assert other.id not in {one.id for one in given}
    assert suspension in {said.id for one in given for said, _ in measures_in(one)}
    assert 403 not in statuses(front, 2).values()
    votes = [front.fund.act(number, Voted(suspension, "undo", False), day=today()) for number in (3, 2)]
    assert front.relay(3).push(votes[:1]) == ["accepted"]  # his own vote reaches the others
    assert {one.id for one in front.relay(2).segments_beyond({})} >= {votes[0].id}
    assert front.relay(2).push(votes[1:]) == ["accepted"]
    assert 403 not in statuses(front, 3).values()


def twin(front: Front, signed: SignedSegment, text: str = "twin") -> SignedSegment:
    """Another segment at the same place."""
    said = (Clear(event_bytes(NoticePublished("notice", text))),)
    changed = type(signed.segment)(
        **{name: getattr(signed.segment, name) for name in signed.segment.__struct_fields__ if name != "entries"},
        entries=said,
    )
    return sign_segment(changed, front.fund.officers[signed.segment.author].signing)


def test_both_sides_of_an_equivocation_reach_every_desk_first_come_first(front: Front) -> None:
    first = front.fund.act(2, NoticePublished("notice", "one"), day=today())
    second = twin(front, first)
    assert front.relay(2).push([first]) == ["accepted"]
    assert front.relay(2).push([second]) == ["second segment at one place of a chain"]
    front.restart()
    for number, known in ((1, {}), (3, {(2, 0): first.segment.seq})):
        segments = front.relay(number).segments_beyond(known)
        assert [s.id for s in segments][-2:] == [second.id, first.id]  # the first again, for who has only the second
    journal = Journal(front.fund.id)
    journal.add(front.relay(1).segments_beyond({}))
    assert journal.public.council.liars == {2}
    assert first.id in {one.id for one in journal.held}


# ---- one officer against the others ------------------------------------------------------------


def test_one_officers_requests_lock_nobody_out() -> None:
    """Each has his own measure; what he asked while he was active is not held against his votes on the same day."""
    nonces, day = Nonces(), today()
    for at in range(OUTSIDE_LIMIT):
        assert nonces.take(at.to_bytes(16, "big"), day, 1, OUTSIDE_LIMIT)
    assert not nonces.take(b"one more", day, 1, OUTSIDE_LIMIT)
    assert nonces.take(b"one more", day, 2, OUTSIDE_LIMIT)
    assert nonces.take(b"one more", day, 1, ACTIVE_LIMIT)
    assert not nonces.take(b"one more", day + timedelta(days=1), 1, OUTSIDE_LIMIT)  # once is once
    assert nonces.take(b"the next day", day + timedelta(days=1), 1, OUTSIDE_LIMIT)


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Front]:
    """A front of one test's own."""
    made = new_front(tmp_path, make_fund())
    yield made
    made.stop()


def test_long_segments_of_others_hide_no_measure_from_a_suspended_officer(alone: Front) -> None:
    """And a measure that is over, or a vote that was changed since, is told no more."""
    suspension = suspend(alone, 1, 3)
    votes = [alone.fund.act(1, Voted(suspension, how, False), day=today()) for how in ("undo", "confirm")]
    long = alone.fund.act(1, NoticePublished("notice", "x" * 2**22), day=today())
    assert alone.relay(1).push([*votes, long]) == ["accepted"] * 3
    given = alone.relay(3).segments_beyond({})
    assert suspension in {said.id for one in given for said, _ in measures_in(one)}
    assert votes[1].id in {one.id for one in given}
    assert not {votes[0].id, long.id} & {one.id for one in given}
    undone = [alone.fund.act(number, Voted(suspension, "undo", False), day=today()) for number in (1, 2)]
    alone.relay(1).push(undone)
    again = suspend(alone, 2, 3)
    ids = {said.id for one in alone.relay(3).segments_beyond({}) for said, _ in measures_in(one)}
    assert again in ids
    assert suspension not in ids
    undo = [alone.fund.act(number, Voted(again, "undo", False), day=today()) for number in (1, 2)]
    assert alone.relay(1).push(undo) == ["accepted"] * 2
    assert 403 not in statuses(alone, 3).values()


def test_a_measure_is_short(alone: Front) -> None:
    """Else one who freezes in a segment of 8 MiB leaves no room for the measures of others."""
    frozen = FundFrozen(os.urandom(16))
    before = alone.fund.officers[2].chain[-1], len(alone.fund.segments)
    signed = alone.fund.act(2, frozen, NoticePublished("notice", "x" * 2**20), day=today())
    assert signed_post(alone, "/relay/push", join([signed.raw])) == 413
    del alone.fund.officers[2].chain[-1], alone.fund.segments[-1]
    assert (alone.fund.officers[2].chain[-1], len(alone.fund.segments)) == before


def test_a_suspended_officer_leaves_votes_and_no_more(alone: Front) -> None:
    suspension = suspend(alone, 1, 3)
    chain = alone.fund.officers[3].chain
    long = alone.fund.act(3, NoticePublished("notice", "x" * 2**20), day=today())
    with pytest.raises(RelayUnreachable):
        alone.relay(3).push([long])
    del chain[-1], alone.fund.segments[-1]
    vote = alone.fund.act(3, Voted(suspension, "undo", False), day=today())
    assert alone.relay(3).push([vote]) == ["accepted"]
    assert alone.relay(3).push([*chain[:2], vote]) == ["known"] * 3
    lifted = [alone.fund.act(2, Voted(suspension, "undo", False), day=today())]
    assert alone.relay(2).push(lifted) == ["accepted"]


def test_one_proof_for_each_equivocator(alone: Front) -> None:
    """The first, until one of less than half its length comes."""
    first = alone.fund.act(2, NoticePublished("notice", "one"), day=today())
    assert alone.relay(2).push([first]) == ["accepted"]
    before = alone.rows("SELECT count(*) FROM front_fork")
    twins = [twin(alone, first, "x" * size) for size in (5000, 4000, 20)]
    for one, kept in zip(twins, (0, 0, 2), strict=True):
        assert alone.relay(2).push([one]) == ["second segment at one place of a chain"]
        proofs = [s.id for s in alone.relay(1).segments_beyond({}) if s.id in {t.id for t in twins}]
        assert proofs == [twins[kept].id]
    assert before == [(0,)]
    assert alone.rows("SELECT count(*) FROM front_fork") == [(1,)]
    alone.restart()
    assert twins[2].id in {one.id for one in alone.relay(1).segments_beyond({})}


# ---- keepers, and what is refused before a body is read -----------------------------------------


def keeper_status(front: Front, key: SigningKey, path: str, body: bytes = b"", nonce: bytes | None = None) -> int:
    """The status of a request of officer 1's keeper."""
    headers = sign_request("POST", path, body, 1, key, today(), nonce or os.urandom(16), keeper=True)
    return front.browser.ask("POST", path, body, headers).status


def test_a_keeper_reads_with_a_key_of_its_own_and_nothing_else(alone: Front) -> None:
    key, officers = SigningKey(os.urandom(32)), alone.fund.officers[1].signing
    assert keeper_status(alone, key, "/relay/heads") == 401
    named = alone.fund.act(1, KeeperNamed(key.public), day=today())
    assert alone.relay(1).push([named]) == ["accepted"]
    keeper = HttpRelay(alone.address, 1, key, today, keeper=True)
    assert {one.id for one in keeper.segments_beyond({})} == {one.id for one in alone.fund.segments}
    assert keeper.heads()[1, 0] == named.segment.seq
    assert keeper.drops_after(0) == []
    assert keeper.bodies([bytes(32)]) == []
    for path in ("/relay/push", "/relay/parts", "/relay/bodies/put", "/relay/tags", "/relay/slips", "/log/publish"):
        assert keeper_status(alone, key, path) == 403
    assert keeper_status(alone, key, "/relay/rendezvous/open", bytes(32)) == 403
    assert keeper_status(alone, officers, "/relay/heads") == 401  # neither key stands for the other
    headers = sign_request("POST", "/relay/heads", b"", 1, key, today(), os.urandom(16))
    assert alone.browser.ask("POST", "/relay/heads", b"", headers).status == 401
    alone.relay(2).push([alone.fund.act(2, OfficerSuspended(head(alone, 1), False, os.urandom(16)), day=today())])
    assert keeper_status(alone, key, "/relay/heads") == 401


def test_a_keepers_nonces_are_its_own(alone: Front) -> None:
    key, nonce = SigningKey(os.urandom(32)), os.urandom(16)
    alone.relay(1).push([alone.fund.act(1, KeeperNamed(key.public), day=today())])
    assert signed_post(alone, "/relay/heads", b"", nonce=nonce) == 200
    assert [keeper_status(alone, key, "/relay/heads", nonce=nonce) for _ in range(2)] == [200, 401]


UNREAD = """
import sys
from datetime import date
from pathlib import Path
from poruch.front import server
from poruch.journal.requests import sign_request
from poruch.crypto.signatures import SigningKey
folder, path = Path(sys.argv[1]), "/relay/bodies/put"
day, key, stranger = date.fromisoformat(sys.argv[2]), SigningKey(bytes.fromhex(sys.argv[3])), SigningKey(bytes(32))
application = server.make_wsgi(folder, lambda: day)
from poruch.front.views import relay
class Input:
    read_once = False
    def read(self, *_):
        self.read_once = True
        return b""
    readline = read
def ask(headers, length="8000000"):
    given, told = Input(), []
    environ = {"REQUEST_METHOD": "POST", "PATH_INFO": path, "CONTENT_LENGTH": length, "wsgi.input": given,
               "SERVER_NAME": "front", "SERVER_PORT": "80", "wsgi.url_scheme": "http"}
    environ |= {"HTTP_" + name.upper().replace("-", "_"): value for name, value in headers.items()}
    b"".join(application(environ, lambda status, headers: told.append(status[:3])))
    print(told[0], given.read_once)
sign = lambda number, key, nonce: sign_request("POST", path, b"x", number, key, day, nonce * 16)
ask({})
ask(sign(1, stranger, b"a"))
ask(sign(9, stranger, b"b"))
ask({**sign(1, key, b"c"), "Content-Digest": "sha-256=:AAAA:"})
relay.WAIT_SECONDS = 0.05
for _ in range(relay.MOST_LONG):
    relay._long.acquire()
ask(sign(1, key, b"d"))
relay._long.release()
ask(sign(1, key, b"d"))
"""


def test_nothing_of_a_body_is_read_before_the_signature_holds_and_there_is_room(alone: Front) -> None:
    alone.stop()
    key = alone.fund.officers[1].signing
    command = [sys.executable, "-c", UNREAD, str(alone.folder), today().isoformat(), key._seed.hex()]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    told = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.split("\n")
    assert told[:-1] == ["401 False"] * 4 + ["503 False", "401 True"]  # at the end read, and another one than signed


def test_a_cut_body_is_no_request(front: Front) -> None:
    body, key = b"x" * 1000, front.fund.officers[1].signing
    headers = sign_request("POST", "/relay/bodies/put", body, 1, key, today(), os.urandom(16))
    with socket.create_connection(("127.0.0.1", front.port), 10) as line:
        head_lines = [f"{name}: {value}\r\n" for name, value in {**headers, "Content-Length": "1000"}.items()]
        start = f"POST /relay/bodies/put HTTP/1.1\r\nHost: front\r\n{''.join(head_lines)}\r\n"
        line.sendall(start.encode() + body[:500])
    assert front.relay(1).body(hashlib.sha256(body).digest()) is None
