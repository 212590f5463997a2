"""The rendezvous: slots for officers and for the founding secret only, one message of a kind, nothing readable."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from command import run
from front.browser import Browser
from front.fund import Fund, make_fund
from front.process import Front, name_database, new_front, today
from poruch.crypto import bech32
from poruch.crypto.invitation import Invitation, founding_key
from poruch.crypto.signatures import SigningKey
from poruch.errors import InvitationUsed, RelayUnreachable, TooManyInvitations, UnknownInvitation, WrongFoundingSecret
from poruch.events.codec import encode
from poruch.events.council import NewOfficer
from poruch.journal.rendezvous import (
    FOUNDERS_KEYID,
    MESSAGE_BYTES,
    MOST_SLOTS,
    OFFICERS_SLOTS,
    SLOT_DAYS,
    Asked,
    Hello,
    HttpRendezvous,
    Left,
    sign_hello,
)
from poruch.journal.requests import sign_request

PATHS = ("/relay/rendezvous/open", "/relay/rendezvous/put", "/relay/rendezvous/get", "/relay/found")


def line_of(front: Front, number: int, key: SigningKey) -> HttpRendezvous:
    return HttpRendezvous(front.address, number, key, today)


@pytest.fixture
def officer(front: Front) -> HttpRendezvous:
    return line_of(front, 2, front.fund.officers[2].signing)


@pytest.fixture
def stranger(front: Front) -> HttpRendezvous:
    return line_of(front, 2, SigningKey(os.urandom(32)))


@pytest.fixture(autouse=True)
def empty(front: Front) -> None:
    front.change("DELETE FROM front_slot")


def test_both_leave_a_message_and_read_the_others(officer: HttpRendezvous, stranger: HttpRendezvous) -> None:
    slot = os.urandom(32)
    officer.open_slot(slot)
    assert stranger.left(slot, "hello") is None
    stranger.leave(slot, "hello", b"sealed keys")
    assert officer.left(slot, "hello") == b"sealed keys"
    assert stranger.left(slot, "answer") is None
    officer.leave(slot, "answer", b"sealed fund")
    assert stranger.left(slot, "answer") == b"sealed fund"


def test_the_first_message_stays(officer: HttpRendezvous, stranger: HttpRendezvous) -> None:
    slot = os.urandom(32)
    officer.open_slot(slot)
    for _ in range(2):
        stranger.leave(slot, "hello", b"first")
        officer.open_slot(slot)
    with pytest.raises(InvitationUsed):
        stranger.leave(slot, "hello", b"second")
    assert officer.left(slot, "hello") == b"first"


def test_only_officers_open_a_slot(front: Front, officer: HttpRendezvous, stranger: HttpRendezvous) -> None:
    for line in (stranger, line_of(front, 9, SigningKey(os.urandom(32)))):
        with pytest.raises(WrongFoundingSecret):
            line.open_slot(os.urandom(32))
    assert front.browser.ask("POST", PATHS[0], os.urandom(32)).status == 401
    assert front.rows("SELECT count(*) FROM front_slot") == [(0,)]


def test_an_unknown_id_is_answered_like_an_empty_slot(front: Front, officer: HttpRendezvous) -> None:
    slot = os.urandom(32)
    officer.open_slot(slot)
    pages = [front.browser.ask("POST", PATHS[2], encode(Asked(one, "hello"))) for one in (slot, os.urandom(32))]
    one, other = ({**page.headers, "date": ""} for page in pages)
    assert (pages[0].status, pages[0].raw, one) == (pages[1].status, pages[1].raw, other)


def test_nothing_is_kept_without_a_slot(front: Front, stranger: HttpRendezvous) -> None:
    with pytest.raises(UnknownInvitation):
        stranger.leave(os.urandom(32), "hello", b"x")
    assert front.rows("SELECT count(*) FROM front_slot") == [(0,)]


def test_one_officer_does_not_fill_the_slots(front: Front, officer: HttpRendezvous) -> None:
    slots = [os.urandom(32) for _ in range(OFFICERS_SLOTS)]
    for slot in slots:
        officer.open_slot(slot)
    with pytest.raises(TooManyInvitations):
        officer.open_slot(os.urandom(32))
    officer.open_slot(slots[0])  # one that is open
    assert front.rows("SELECT count(*) FROM front_slot") == [(OFFICERS_SLOTS,)]
    line_of(front, 3, front.fund.officers[3].signing).open_slot(os.urandom(32))
    opened = front.rows("SELECT opener, count(*) FROM front_slot GROUP BY opener ORDER BY opener")
    assert opened == [(2, OFFICERS_SLOTS), (3, 1)]


def test_founders_open_no_more_than_64_slots(waiting: "Waiting") -> None:
    founder = waiting.founder()
    for _ in range(MOST_SLOTS):
        founder.open_slot(os.urandom(32))
    with pytest.raises(TooManyInvitations):
        founder.open_slot(os.urandom(32))
    assert waiting.front.rows("SELECT count(*) FROM front_slot") == [(MOST_SLOTS,)]


def test_slots_end_after_30_days(front: Front, officer: HttpRendezvous, stranger: HttpRendezvous) -> None:
    slots = [os.urandom(32) for _ in range(2)]
    for slot in slots:
        officer.open_slot(slot)
        stranger.leave(slot, "hello", b"x")
    for slot, age_days in zip(slots, (SLOT_DAYS, SLOT_DAYS + 1), strict=True):
        day = today() - timedelta(days=age_days)
        front.change(f"UPDATE front_slot SET day = '{day}' WHERE slot = '{slot.hex()}'")  # noqa: S608
    assert stranger.left(slots[0], "hello") == b"x"
    assert stranger.left(slots[1], "hello") is None
    with pytest.raises(UnknownInvitation):
        officer.leave(slots[1], "answer", b"y")
    officer.open_slot(os.urandom(32))
    assert front.rows(f"SELECT count(*) FROM front_slot WHERE slot = '{slots[1].hex()}'") == [(0,)]  # noqa: S608


def test_how_long_a_message_may_be(front: Front, officer: HttpRendezvous, browser: Browser) -> None:
    slot = os.urandom(32)
    officer.open_slot(slot)
    assert browser.ask("POST", PATHS[1], encode(Left(slot, "hello", bytes(MESSAGE_BYTES + 1)))).status == 413
    assert browser.ask("POST", PATHS[1], encode(Left(slot, "hello", b""))).status == 413
    for path in PATHS:
        assert browser.ask("POST", path, bytes(MESSAGE_BYTES + 2000)).status == 413
    longest = os.urandom(MESSAGE_BYTES)
    officer.leave(slot, "hello", longest)
    assert officer.left(slot, "hello") == longest


@pytest.mark.parametrize("path", PATHS[1:3])
@pytest.mark.parametrize("body", [b"", b"\xc1", b"\xff" * 100], ids=["none", "c1", "ff"])
def test_rubbish_is_refused(browser: Browser, path: str, body: bytes) -> None:
    assert browser.ask("POST", path, body).status == 400
    assert browser.get(path).status == 405


def test_a_slot_has_32_bytes(front: Front) -> None:
    for size in (0, 31, 33):
        headers = sign_request(
            "POST", PATHS[0], b"x" * size, 1, front.fund.officers[1].signing, today(), os.urandom(16)
        )
        assert front.browser.ask("POST", PATHS[0], b"x" * size, headers).status == 400


def test_the_front_reads_nothing(front: Front, officer: HttpRendezvous, stranger: HttpRendezvous) -> None:
    """What lies on its disk after a hello holds neither the name nor a key of the invited, nor the secret."""
    keys = [os.urandom(32) for _ in range(2)]
    invited = SigningKey(os.urandom(32))
    invitation = Invitation(front.address, 7, keys[0][:16], bytes(16))
    hello = Hello(NewOfficer(7, invited.public, keys[1], "age1pq1recipient"), "Zubr of the blue lakes")
    officer.open_slot(invitation.rendezvous)
    stranger.leave(invitation.rendezvous, "hello", invitation.seal("hello", sign_hello(invitation, hello, invited)))
    disk = b"".join(file.read_bytes() for file in sorted(front.folder.rglob("*")) if file.is_file())
    told = (b"Zubr of the blue lakes", b"age1pq1recipient", invited.public, keys[1], keys[0][:16])
    assert [one for one in told if one in disk or one.hex().encode() in disk] == []


# ---- a front that waits for its fund ----------------------------------------------------------


@dataclass
class Waiting:
    """A front without a fund, and its founding secret."""

    front: Front
    fund: Fund
    secret: str

    def founder(self, secret: str | None = None) -> HttpRendezvous:
        return line_of(self.front, FOUNDERS_KEYID, founding_key(secret or self.secret))


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[Waiting]:
    secrets: list[str] = []
    front = new_front(tmp_path, make_fund(), found=False, made=lambda home, _: secrets.append(create_apart(home)))
    yield Waiting(front, front.fund, secrets[0])
    front.stop()


def create_apart(home: Path) -> str:
    """Make it in another process: one process has one front."""
    name_database(home)
    made = run("front", home, "--new")
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


def test_a_waiting_front_is_founded_by_who_knows_the_secret(waiting: Waiting) -> None:
    front, founder, slot = waiting.front, waiting.founder(), os.urandom(32)
    assert front.browser.get("/en/").heading == "This fund is being founded"
    with pytest.raises(RelayUnreachable):
        front.relay().segments_beyond({})
    founder.open_slot(slot)
    founder.leave(slot, "hello", b"x")
    founder.found(os.urandom(32))  # a first founder who began anew
    founder.found(waiting.fund.id)
    founder.found(waiting.fund.id)
    assert set(front.relay().push(waiting.fund.segments)) == {"accepted"}
    with pytest.raises(WrongFoundingSecret):
        founder.found(os.urandom(32))
    founder.found(waiting.fund.id)
    with pytest.raises(WrongFoundingSecret):
        founder.open_slot(os.urandom(32))
    assert founder.left(slot, "hello") == b"x"
    front.restart()
    assert front.browser.get("/en/").heading == "You refused to do harm. We help you live."


def test_nobody_else_takes_a_waiting_front(waiting: Waiting) -> None:
    """Not with another secret, not with what lies on its disk, not by a charter of his own, not by a replay."""
    front, other = waiting.front, make_fund()
    stolen = bytes.fromhex(str(front.rows("SELECT value FROM front_fact WHERE name = 'founding'")[0][0]))
    thieves = [SigningKey(os.urandom(32)), SigningKey(stolen), other.officers[1].signing]
    for thief in thieves:
        line = line_of(front, FOUNDERS_KEYID, thief)
        with pytest.raises(WrongFoundingSecret):
            line.open_slot(os.urandom(32))
        with pytest.raises(WrongFoundingSecret):
            line.found(other.id)
    stranger = HttpRendezvous(front.address, 1, other.officers[1].signing, today)
    with pytest.raises(RelayUnreachable):
        stranger.push(other.segments)
    key = founding_key(waiting.secret)
    headers = sign_request("POST", "/relay/found", waiting.fund.id, FOUNDERS_KEYID, key, today(), os.urandom(16))
    assert front.browser.ask("POST", "/relay/found", waiting.fund.id, headers).status == 200
    assert front.browser.ask("POST", "/relay/found", waiting.fund.id, headers).status == 401
    assert front.browser.ask("POST", "/relay/found", other.id, headers).status == 401
    assert front.rows("SELECT value FROM front_fact WHERE name = 'fund'") == [(waiting.fund.id.hex(),)]


def test_a_front_made_for_a_fund_has_no_founding_secret(front: Front) -> None:
    with pytest.raises(WrongFoundingSecret):
        line_of(front, FOUNDERS_KEYID, SigningKey(os.urandom(32))).found(os.urandom(32))


def test_the_secret_is_not_on_the_disk(waiting: Waiting) -> None:
    secret = bech32.decode(waiting.secret)[1][1:]
    disk = b"".join(file.read_bytes() for file in sorted(waiting.front.folder.rglob("*")) if file.is_file())
    assert [one for one in (secret, secret.hex().encode(), waiting.secret.encode()) if one in disk] == []
