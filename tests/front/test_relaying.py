"""The relay's rules over a shelf in memory: what keepers may, what is forgotten or erased, what a crash leaves."""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta

import pytest

from front.fund import DAY, Fund, make_fund
from poruch.events.codec import decode, encode
from poruch.events.council import KeeperNamed, OfficerSuspended, Pin, Voted
from poruch.events.kinds import NoticePublished, event_bytes
from poruch.events.resolutions import ErasureProposed, Resolved
from poruch.front.journal import FrontJournal
from poruch.front.relaying import HALF_DAYS, READING, Answer, Relaying, framed
from poruch.front.shelf_memory import MemoryShelf
from poruch.journal.frames import join, split
from poruch.journal.requests import Asker
from poruch.journal.segments import SignedSegment, event_id
from poruch.journal.sync import DropsAfter, Hashes, Heads, Part, Resumed, WaitingDrop

DOORS = (
    "/relay/heads", "/relay/segments", "/relay/push", "/relay/parts", "/relay/drops", "/relay/bodies/put",
    "/relay/bodies/get", "/relay/bodies/list", "/relay/bodies/many", "/relay/tags", "/relay/slips", "/log/publish",
)  # fmt: skip


class PowerCut(Exception):
    """The power fails."""


@dataclass
class Mains:
    """Fails at the write whose number, from 0, is `at`; counts them."""

    at: int = -1
    writes: list[str] = field(default_factory=list)

    def __call__(self, write: str) -> None:
        self.writes.append(write)
        if len(self.writes) - 1 == self.at:
            raise PowerCut(write)


@dataclass
class House:
    """A relay, the fund before it, and what is left when it is started again."""

    fund: Fund = field(default_factory=make_fund)
    mains: Mains = field(default_factory=Mains)
    day: date = DAY
    shelf: MemoryShelf = field(init=False)
    relaying: Relaying = field(init=False)

    def __post_init__(self) -> None:
        self.shelf = MemoryShelf(named=self.fund.id, fails=self.mains)
        self.start()

    def start(self) -> None:
        self.relaying = Relaying(self.shelf, FrontJournal(self.shelf), lambda: self.day)
        self.relaying.mend()

    def ask(self, path: str, body: bytes = b"", number: int = 1, *, keeper: bool = False) -> Answer:
        return self.relaying.answer(Asker(number, keeper), path, body)

    def push(self, *segments: SignedSegment, number: int = 1) -> list[str]:
        answer = self.ask("/relay/push", join(signed.raw for signed in segments), number)
        assert answer.status == 200, answer
        return [outcome.decode() for outcome in split(answer.body)]

    def beyond(self, known: dict[tuple[int, int], int], number: int = 1) -> list[bytes]:
        heads = Heads(tuple((*place, seq) for place, seq in sorted(known.items())))
        return split(self.ask("/relay/segments", encode(heads), number).body)

    def erase(self, *hashes: bytes) -> list[SignedSegment]:
        """The two segments by which two officers erase these."""
        said = ErasureProposed(hashes, os.urandom(16))
        proposed = self.fund.act(1, said)
        return [proposed, self.fund.act(2, Resolved(event_id(proposed, 0, event_bytes(said))))]


@pytest.fixture
def house() -> House:
    made = House()
    assert set(made.push(*made.fund.segments)) == {"accepted"}
    made.mains.writes.clear()
    return made


# ---- segments -----------------------------------------------------------------------------------


def test_each_asker_gets_what_lies_beyond_his_heads_in_the_order_of_arrival(house: House) -> None:
    everything = [signed.raw for signed in house.fund.segments]
    assert house.beyond({}) == everything
    heads = {(n, 0): officer.chain[-1].segment.seq for n, officer in house.fund.officers.items()}
    assert house.beyond(heads) == []
    for number, officer in house.fund.officers.items():
        short = {**heads, (number, 0): 1}
        assert house.beyond(short) == [signed.raw for signed in officer.chain[2:]]
    assert house.beyond({(1, 0): 10**9, (2, 0): -5, (7, 3): 4}) == [
        signed.raw for signed in house.fund.segments if signed.segment.author != 1
    ]
    house.start()
    assert house.beyond({}) == everything


def test_a_cut_answer_goes_on_where_it_was_cut(house: House) -> None:
    everything, question = [signed.raw for signed in house.fund.segments], encode(Heads(()))

    def again(frames: int, half: bytes) -> list[bytes]:
        resumed = Resumed(question, frames, len(half), hashlib.sha256(half).digest() if half else b"")
        return split(house.ask("/relay/segments", encode(resumed)).body)

    assert again(3, b"") == everything[3:]
    assert again(3, everything[3][:100]) == [everything[3][100:], *everything[4:]]
    assert again(3, everything[4][:100]) == [b"", *everything[3:]]
    assert again(3, everything[3]) == [b"", *everything[3:]]  # it is whole: nothing is left of it
    assert again(len(everything), b"") == []
    assert again(10**6, b"half") == [b""]
    assert house.ask("/relay/segments", encode(Resumed(question, -1, 0, b""))).status == 400
    assert house.ask("/relay/segments", encode(Resumed(encode(DropsAfter(0)), 0, 0, b""))).status == 400


def test_an_answer_has_a_limit_and_at_least_one_frame() -> None:
    loaded: list[int] = []

    def piece(size: int) -> tuple[int, Callable[[], bytes]]:
        def load() -> bytes:
            loaded.append(size)
            return bytes(size)

        return size, load

    assert [len(frame) for frame in split(framed([piece(5), piece(6), piece(1)], None, 10).body)] == [5]
    assert loaded == [5]
    assert [len(frame) for frame in split(framed([piece(11), piece(1)], None, 10).body)] == [11]


def test_a_push_is_whole_or_not_at_all_wherever_the_power_fails(house: House) -> None:
    made = [house.fund.act(2, NoticePublished("notice", f"{at}")) for at in range(3)]
    before = house.shelf.last_rows()
    for at in range(4):
        house.mains.at, house.mains.writes = at, []
        with pytest.raises(PowerCut):
            house.push(*made)
        house.mains.at = -1
        house.start()
        assert house.shelf.last_rows() == before
    assert house.push(*made) == ["accepted"] * 3
    house.start()
    assert house.push(*made) == ["known"] * 3


# ---- keepers ------------------------------------------------------------------------------------


def test_a_keeper_reads_and_does_nothing_else(house: House) -> None:
    assert {house.ask(path, keeper=True).status for path in DOORS} == {403}
    house.push(house.fund.act(1, KeeperNamed(os.urandom(32))))
    body = b"sealed"
    house.ask("/relay/bodies/put", body)
    house.shelf.receive("d" * 32, "submission", DAY, b"drop")
    assert {path for path in DOORS if house.ask(path, keeper=True).status != 403} == READING
    assert {house.ask(path, number=2, keeper=True).status for path in DOORS} == {403}
    assert len(house.beyond({})) == len(house.fund.segments)
    answer = house.ask("/relay/drops", encode(DropsAfter(0)), keeper=True)
    assert [decode(raw, WaitingDrop).body for raw in split(answer.body)] == [b"drop"]
    answer = house.ask("/relay/bodies/many", encode(Hashes((hashlib.sha256(body).digest(),))), keeper=True)
    assert split(answer.body) == [body]


def test_the_keeper_of_who_is_suspended_gets_nothing(house: House) -> None:
    house.push(house.fund.act(3, KeeperNamed(os.urandom(32))), number=3)
    assert house.ask("/relay/heads", number=3, keeper=True).status == 200
    head = house.fund.officers[3].chain[-1]
    said = OfficerSuspended(Pin(3, 0, head.segment.seq, head.id), False, os.urandom(16))
    suspension = house.fund.act(1, said)
    house.push(suspension)
    assert {house.ask(path, number=3, keeper=True).status for path in DOORS} == {403}
    assert house.ask("/relay/segments", encode(Heads(())), number=3).status == 200  # he himself gets what he votes on
    id = event_id(suspension, 0, event_bytes(said))
    for number in (1, 2):
        house.push(house.fund.act(number, Voted(id, "undo", False)), number=number)
    assert house.ask("/relay/heads", number=3, keeper=True).status == 200


def test_an_empty_key_ends_a_keeper(house: House) -> None:
    house.push(house.fund.act(1, KeeperNamed(os.urandom(32))))
    assert house.ask("/relay/heads", keeper=True).status == 200
    house.push(house.fund.act(1, KeeperNamed(b"")))
    assert house.ask("/relay/heads", keeper=True).status == 403


# ---- halves -------------------------------------------------------------------------------------


def test_what_lies_half_sent_is_forgotten_after_some_days(house: House) -> None:
    whole = os.urandom(5000)
    name = hashlib.sha256(whole).digest()
    first = encode(Part("body", name, 5000, 0, whole[:2000]))
    assert house.ask("/relay/parts", first).body == b"2000\n"
    house.day += timedelta(days=HALF_DAYS)
    assert house.ask("/relay/parts", encode(Part("body", name, 5000, 0, b""))).body == b"2000\n"
    house.day += timedelta(days=1)
    assert house.ask("/relay/parts", encode(Part("body", name, 5000, 0, b"")), number=2).body == b"0\n"
    assert house.shelf.half_sent == {}


def test_a_part_survives_a_crash_at_any_write(house: House) -> None:
    whole = os.urandom(3000)
    name = hashlib.sha256(whole).digest()
    parts = [encode(Part("body", name, 3000, at, whole[at : at + 1500])) for at in (0, 1500)]
    for at in range(8):
        house.mains.at, house.mains.writes = at, []
        for part in parts:
            try:
                house.ask("/relay/parts", part)
            except PowerCut:
                house.mains.at = -1
                house.start()
                house.ask("/relay/parts", part)
        assert house.shelf.bodies[name] == whole
        assert house.shelf.half_sent == {}
        del house.shelf.bodies[name]


def test_parts_of_a_segment_become_a_segment_also_of_one_who_is_suspended(house: House) -> None:
    suspended = house.fund.officers[3].chain[-1]
    said = OfficerSuspended(Pin(3, 0, suspended.segment.seq, suspended.id), False, os.urandom(16))
    suspension = house.fund.act(1, said)
    house.push(suspension)
    vote = house.fund.act(3, Voted(event_id(suspension, 0, event_bytes(said)), "undo", False))
    name = hashlib.sha256(vote.raw).digest()
    part = encode(Part("segment", name, len(vote.raw), 0, vote.raw))
    assert split(house.ask("/relay/parts", part, number=3).body) == [b"accepted"]
    assert house.ask("/relay/parts", encode(Part("body", name, 5, 0, b"12345")), number=3).status == 403


# ---- erased -------------------------------------------------------------------------------------


def gone(house: House, body: bytes, drop: bytes) -> bool:
    """Whether nobody gets these bytes, and no shelf has them."""
    hashes = tuple(hashlib.sha256(one).digest() for one in (body, drop))
    asked = [("/relay/bodies/many", encode(Hashes(hashes))), ("/relay/drops", encode(DropsAfter(0)))]
    asked += [("/relay/bodies/get", sha256) for sha256 in hashes]
    served = [house.ask(path, question).body for path, question in asked]
    kept = [*house.shelf.bodies.values(), *(one.body for one in house.shelf.drops)]
    kept += [half for _, half in house.shelf.half_sent.values()]
    return not any(one in all for one in (body, drop) for all in [*served, *kept])


def test_erased_bodies_and_drops_are_gone_and_never_taken_again(house: House) -> None:
    body, drop, other = b"a sealed body", b"a sealed drop", b"another"
    house.ask("/relay/bodies/put", body)
    house.ask("/relay/bodies/put", other)
    house.shelf.receive("d" * 32, "submission", DAY, drop)
    house.shelf.receive("e" * 32, "message", DAY, b"later")
    assert not gone(house, body, drop)
    proposed, approved = house.erase(hashlib.sha256(body).digest(), hashlib.sha256(drop).digest())
    house.push(proposed)
    assert not gone(house, body, drop)
    house.push(approved)
    assert gone(house, body, drop)
    assert house.shelf.scrubbed == 1
    assert house.ask("/relay/bodies/put", body).status == 410
    part = Part("body", hashlib.sha256(body).digest(), len(body), 0, body)
    assert house.ask("/relay/parts", encode(part)).status == 410
    assert gone(house, body, drop)
    house.shelf.receive("d" * 32, "submission", DAY, drop)  # the same sending again is the same row
    assert gone(house, body, drop)
    assert [decode(raw, WaitingDrop).drop for raw in split(house.ask("/relay/drops", encode(DropsAfter(0))).body)] == [
        "e" * 32
    ]
    assert house.ask("/relay/bodies/get", hashlib.sha256(other).digest()).body == other


def test_whatever_write_fails_what_was_erased_is_gone_after_the_next_start(house: House) -> None:
    body, drop = b"a sealed body", b"a sealed drop"
    house.ask("/relay/bodies/put", body)
    house.shelf.receive("d" * 32, "submission", DAY, drop)
    segments = house.erase(hashlib.sha256(body).digest(), hashlib.sha256(drop).digest())
    house.mains.writes = []
    seen = set()
    for at in range(20):
        house.mains.at, house.mains.writes = at, []
        try:
            house.push(*segments)
        except PowerCut as failed:
            seen.add(str(failed))
            house.mains.at = -1
            house.start()
            if len(house.shelf.segments) == len(house.fund.segments):
                assert gone(house, body, drop)
                assert not house.shelf.to_scrub()
                break
        else:
            break
    assert {"segment", "commit"} <= seen
    for at, write in enumerate(("erase", "commit", "scrub")):
        assert crashes_well(write, at)


def crashes_well(write: str, at: int) -> bool:
    """A house of its own, whose power fails at one write of the erasure, after the push is on the disk."""
    house = House()
    house.push(*house.fund.segments)
    body, drop = b"a sealed body", b"a sealed drop"
    house.ask("/relay/bodies/put", body)
    house.shelf.receive("d" * 32, "submission", DAY, drop)
    segments = house.erase(hashlib.sha256(body).digest(), hashlib.sha256(drop).digest())
    house.mains.writes, house.mains.at = [], 3 + at  # two segments and their commit come before
    with pytest.raises(PowerCut, match=f"^{write}$"):
        house.push(*segments)
    house.mains.at = -1
    house.start()
    return gone(house, body, drop) and house.shelf.scrubbed == 1


def test_what_another_process_has_folded_is_erased_by_this_one_too(house: House) -> None:
    body = b"a sealed body"
    house.ask("/relay/bodies/put", body)
    other = FrontJournal(house.shelf)
    other.push(house.erase(hashlib.sha256(body).digest()))  # and is killed before it erases
    assert house.ask("/relay/bodies/get", hashlib.sha256(body).digest()).status == 404
    house.ask("/relay/drops", encode(DropsAfter(0)))
    assert house.shelf.bodies == {}
