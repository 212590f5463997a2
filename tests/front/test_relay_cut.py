"""A line that dies after every so many bytes: everything arrives, and little more than what is missing travels."""

import hashlib
import os
from collections.abc import Iterator
from math import sqrt

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from front.cutting import Proxy, cutting
from front.process import Front, today
from poruch.errors import RelayUnreachable
from poruch.events.codec import encode
from poruch.events.kinds import NoticePublished
from poruch.front.relaying import HALVES_BYTES, MOST_HALVES
from poruch.journal.requests import sign_request
from poruch.journal.segments import SignedSegment
from poruch.journal.sync import HttpRelay, Part

HEAD = 1800
"""What one question and the head of its answer weigh, at most."""
SEEDED = settings(
    max_examples=6, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def proxy(front: Front) -> Iterator[Proxy]:
    with cutting(front.port) as made:
        yield made


@pytest.fixture(scope="module")
def long_segments(front: Front) -> list[SignedSegment]:
    """Some that the front has: one of 700 kB, and many short ones."""
    sizes = [700_000, *[700] * 150, 90_000]
    made = [front.fund.act(2, NoticePublished("notice", "x" * size), day=today()) for size in sizes]
    assert set(front.relay(2).push(made)) == {"accepted"}
    return made


def through(proxy: Proxy, front: Front, number: int = 1) -> HttpRelay:
    return HttpRelay(proxy.address, number, front.fund.officers[number].signing, today)


def lost(size: int, after: int) -> float:
    """How much may go to the front for `size` bytes over a line that dies after `after`: see `LineRelay._weigh`."""
    return size * (1 + 1.5 * sqrt(1400 / after)) + 6 * after + 4 * HEAD


@SEEDED
@given(after=st.integers(12_000, 400_000))
def test_segments_come_over_a_line_that_dies(
    front: Front, proxy: Proxy, long_segments: list[SignedSegment], after: int
) -> None:
    proxy.begin(after)
    came = through(proxy, front).segments_beyond({})
    assert {one.id for one in came} >= {one.id for one in long_segments}
    assert proxy.cuts >= sum(len(one.raw) for one in long_segments) // after
    assert proxy.down <= sum(len(one.raw) + 4 for one in came) + (proxy.cuts + 1) * HEAD


@SEEDED
@given(after=st.integers(12_000, 400_000))
def test_a_desk_goes_on_in_the_middle_of_a_segment_after_the_line_was_dead(
    front: Front, proxy: Proxy, long_segments: list[SignedSegment], after: int
) -> None:
    """What came whole is kept by the desk, what came of the next one by its line: the next question goes on there."""
    positions: dict[tuple[int, int], int] = {(1, 0): 10**6, (3, 0): 10**6, (2, 0): long_segments[0].segment.seq - 1}
    relay = through(proxy, front)
    missing = {one.id for one in long_segments}
    proxy.begin(after)
    asked = 0
    while missing:
        came = relay.segments_beyond(positions)
        missing -= {one.id for one in came}
        positions[2, 0] = max([positions[2, 0], *(one.segment.seq for one in came)])
        asked += 1
        assert asked < 500
    assert proxy.down <= sum(len(one.raw) + 4 for one in long_segments) + (proxy.cuts + asked + 1) * HEAD


@SEEDED
@given(after=st.integers(12_000, 400_000), size=st.integers(1, 600_000))
def test_a_body_goes_over_a_line_that_dies_and_comes_back(front: Front, proxy: Proxy, after: int, size: int) -> None:
    body = os.urandom(size)
    proxy.begin(after)
    relay = through(proxy, front)
    relay.put_body(body)
    assert proxy.up <= lost(size, after)
    proxy.begin(after)
    relay.put_body(body)  # a long one that is there does not travel again
    assert proxy.up <= 64 * 1024 + 2 * HEAD + proxy.cuts * after
    proxy.begin(after)
    assert relay.body(hashlib.sha256(body).digest()) == body
    assert proxy.down <= size + (proxy.cuts + 1) * HEAD


def test_eight_mebibytes_over_a_line_that_dies_after_every_100_kb(front: Front, proxy: Proxy) -> None:
    body = os.urandom(8 * 1024 * 1024)
    proxy.begin(100_000)
    relay = through(proxy, front)
    relay.put_body(body)
    assert proxy.up <= lost(len(body), 100_000) <= 1.3 * len(body)
    proxy.begin(100_000)
    assert relay.bodies([hashlib.sha256(body).digest()]) == [body]
    assert proxy.down <= len(body) + (proxy.cuts + 1) * HEAD <= 1.02 * len(body)


@SEEDED
@given(after=st.integers(12_000, 400_000), size=st.integers(1, 500_000))
def test_segments_go_over_a_line_that_dies(front: Front, proxy: Proxy, after: int, size: int) -> None:
    sizes = [size, *[700] * 60]
    made = [front.fund.act(3, NoticePublished("notice", "x" * length), day=today()) for length in sizes]
    proxy.begin(after)
    assert set(through(proxy, front, 3).push(made)) <= {"accepted", "known"}
    assert proxy.up <= lost(sum(len(one.raw) + 4 for one in made), after) + 60 * 4
    assert front.relay(1).heads()[3, 0] == made[-1].segment.seq


def test_a_push_that_broke_off_goes_on(front: Front, proxy: Proxy) -> None:
    made = [front.fund.act(3, NoticePublished("notice", "y" * 500_000), day=today()) for _ in range(6)]
    proxy.begin(1_300_000)
    relay = through(proxy, front, 3)
    line = relay.http
    left = [3]
    carry = line.post

    def post(path: str, body: bytes) -> object:
        left[0] -= 1
        if left[0] < 0:
            raise RelayUnreachable("nobody answers there")
        return carry(path, body)

    line.post = post  # type: ignore[method-assign, assignment]
    with pytest.raises(RelayUnreachable):
        relay.push(made)
    held = front.relay(1).heads()[3, 0]
    assert made[0].segment.seq <= held < made[-1].segment.seq
    left[0] = 10**6
    proxy.begin(10**9)
    assert set(relay.push(made)) == {"accepted"}
    missing = sum(len(one.raw) + 4 for one in made if one.segment.seq > held)
    assert proxy.up <= 1.05 * missing + 8 * HEAD  # it learned from the break, so the pieces are short


def test_drops_come_over_a_line_that_dies(front: Front, proxy: Proxy) -> None:
    from front.browser import submit

    for _ in range(3):
        submit(front.browser)
    expected = front.relay(1).drops_after(0)
    assert len(expected) >= 3
    proxy.begin(9_000)
    assert through(proxy, front).drops_after(0) == expected
    assert proxy.down <= sum(len(encode(drop)) + 4 for drop in expected) + (proxy.cuts + 1) * HEAD


# ---- parts that never become a whole ------------------------------------------------------------


def give(front: Front, part: Part, number: int = 1) -> tuple[int, bytes]:
    """Status and words for one part."""
    body, path, key = encode(part), "/relay/parts", front.fund.officers[number].signing
    page = front.browser.ask("POST", path, body, sign_request("POST", path, body, number, key, today(), os.urandom(16)))
    return page.status, page.raw


def test_a_part_has_its_place_and_its_size(front: Front) -> None:
    whole = os.urandom(5000)
    name = hashlib.sha256(whole).digest()
    assert give(front, Part("body", name, 5000, 0, whole[:2000])) == (202, b"2000\n")
    assert give(front, Part("body", name, 5000, 0, whole[:2000])) == (202, b"2000\n")  # heard twice, kept once
    assert give(front, Part("body", name, 5000, 3000, whole[3000:4500])) == (202, b"2000\n")
    assert give(front, Part("body", name, 5000, 2000, whole[2000:2500]))[0] == 400  # short, and not the last
    assert give(front, Part("body", name, 5000, 4000, whole[:2000]))[0] == 400
    assert give(front, Part("body", name[:31], 5000, 0, b""))[0] == 400
    assert give(front, Part("body", name, 9 * 1024 * 1024, 0, b""))[0] == 400
    assert give(front, Part("body", name, 5000, 2000, whole[2000:])) == (200, name.hex().encode() + b"\n")
    assert front.relay(2).body(name) == whole
    assert front.rows("SELECT count(*) FROM front_part") == [(0,)]


def test_parts_that_are_not_the_whole_are_thrown_away(front: Front) -> None:
    name = os.urandom(32)
    assert give(front, Part("body", name, 3000, 0, b"a" * 2000)) == (202, b"2000\n")
    assert give(front, Part("body", name, 3000, 2000, b"b" * 1000))[0] == 409
    assert front.rows("SELECT count(*) FROM front_part") == [(0,)]
    assert give(front, Part("segment", hashlib.sha256(b"c" * 1000).digest(), 1000, 0, b"c" * 1000))[0] == 400
    assert front.rows("SELECT count(*) FROM front_part") == [(0,)]


def test_what_lies_half_sent_has_a_measure_for_each_and_an_end(front: Front) -> None:
    names = [os.urandom(32) for _ in range(MOST_HALVES + 1)]
    piece = bytes(2**20)
    for name in names[:-1]:
        assert give(front, Part("body", name, 2**23, 0, piece))[0] == 202
    assert give(front, Part("body", names[-1], 2**23, 0, piece))[0] == 413
    assert give(front, Part("body", names[-1], 2**23, 0, piece), number=2)[0] == 202  # each has a measure of his own
    for at in range(1, 8):
        assert give(front, Part("body", names[0], 2**23, at * 2**20, piece[: 2**20 - (at == 7)]))[0] == 202
    for at in range(1, 6):
        assert give(front, Part("body", names[1], 2**23, at * 2**20, piece))[0] == 202
    assert front.rows("SELECT sum(length(part)) FROM front_part WHERE who = '1'")[0][0] <= HALVES_BYTES
    assert give(front, Part("body", names[1], 2**23, 6 * 2**20, piece))[0] == 413
