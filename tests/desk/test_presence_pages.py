"""The check-in: desks that suspend who does not appear, and the page on which he comes back by one click."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from desk.street import RunningDesk, Street, open_street
from poruch.desk import council, presence, waiting
from poruch.errors import BadHours
from poruch.events.council import CheckinMade
from story.village import Village, found_village

PAGE = "/en/officers/presence/"


def clock(village: Village) -> Callable[[int], None]:
    """Give all desks one clock, and return what turns it by hours; days turn with it."""
    start = datetime.combine(village.clock(), datetime.min.time(), UTC)
    passed = [0]
    for desk in village.desks.values():
        desk.now = lambda: start + timedelta(hours=passed[0])

    def turn(hours: int) -> None:
        passed[0] += hours
        village.clock.day = (start + timedelta(hours=passed[0])).date()

    return turn


@pytest.fixture
def village(tmp_path: Path) -> Iterator[Village]:
    """Five desks."""
    made = found_village(tmp_path)
    yield made
    made.close()


def suspended(village: Village, number: int = 1) -> set[int]:
    """Who is suspended on a desk."""
    return set(village.desks[number].public.council.suspended)


def made(village: Village, number: int) -> int:
    """How often an officer said that he is here."""
    desk = village.desks[1]
    return sum(
        isinstance(heard.event, CheckinMade)
        for heard in desk.folding.events()
        if heard is not None and heard.author == number
    )


@pytest.mark.parametrize("hours", [-1, 1, 11, 721])
def test_hours_that_nobody_can_set(village: Village, hours: int) -> None:
    with pytest.raises(BadHours):
        presence.set_hours(village.desks[4], hours)


def test_who_set_no_hours_says_nothing(village: Village) -> None:
    segments = len(village.desks[4].held)
    assert not presence.appear(village.desks[4])
    assert len(village.desks[4].held) == segments
    village.clock.turn(100)
    village.sync()
    assert suspended(village) == set()


def test_an_officer_appears_at_most_once_an_hour(village: Village) -> None:
    turn = clock(village)
    desk = village.desks[4]
    presence.set_hours(desk, 48)
    assert [presence.appear(desk) for _ in range(3)] == [False] * 3
    turn(1)
    assert [presence.appear(desk) for _ in range(3)] == [True, False, False]
    village.sync()
    assert made(village, 4) == 2


def test_first_a_warning_then_the_first_desk_that_sees_it(village: Village) -> None:
    turn = clock(village)
    presence.set_hours(village.desks[4], 48)
    village.sync()
    turn(35)
    village.sync()
    assert presence.missed(village.desks[1]) == []
    turn(1)
    village.sync()
    assert [(row.number, row.state, row.passed) for row in presence.missed(village.desks[1])] == [(4, "warn", 36)]
    assert presence.missed(village.desks[4]) == []
    assert waiting.counts(village.desks[1])["officers"] == 1
    assert suspended(village) == set()
    turn(12)
    village.sync(1)
    assert suspended(village) == {4}
    village.sync(2)
    council_of_5 = village.desks[5].public.council
    assert len(council_of_5.suspensions) == 1
    found = council_of_5.suspended[4]
    assert found.absent
    assert village.desks[5].members.reason(found.event) == presence.REASON


def test_he_comes_back_by_the_word_of_one_and_is_not_suspended_again(village: Village) -> None:
    turn = clock(village)
    presence.set_hours(village.desks[4], 12)
    village.sync()
    turn(12)
    village.sync()
    assert suspended(village) == {4}
    assert not presence.appear(village.desks[4])  # his own desk says nothing that counts
    row = next(one for one in presence.rows(village.desks[2]) if one.number == 4)
    assert row.suspension is not None
    council.undo(village.desks[2], row.suspension.said.id)
    village.sync()
    assert suspended(village) == set()
    assert presence.appear(village.desks[4])
    turn(11)
    village.sync()
    assert suspended(village) == set()
    turn(13 + 12)
    village.sync()
    assert suspended(village) == {4}  # and when he is away once more


def test_who_ends_it_is_left_in_peace(village: Village) -> None:
    turn = clock(village)
    presence.set_hours(village.desks[4], 12)
    presence.set_hours(village.desks[4], 0)
    village.sync()
    turn(500)
    village.sync()
    assert suspended(village) == set()


def test_one_by_one_and_never_the_fund_away(village: Village) -> None:
    """Each desk suspends one; with k left nobody more, and the fund does not stand still."""
    turn = clock(village)
    for number in (3, 4, 5):
        presence.set_hours(village.desks[number], 12)
    village.sync()
    turn(12)
    for _ in range(3):
        village.sync()
    assert suspended(village) == {3, 4}
    council_of_1 = village.desks[1].public.council
    assert {s.said.author for s in council_of_1.suspensions.values()} == {1, 2}
    assert not council_of_1.frozen
    assert [row.state for row in presence.missed(village.desks[1])] == ["overdue"]


def test_a_freeze_does_not_hold_it_up(village: Village) -> None:
    turn = clock(village)
    presence.set_hours(village.desks[4], 12)
    village.sync()
    council.freeze(village.desks[2], "Something is wrong.")
    turn(12)
    village.sync()
    assert suspended(village) == {4}


# ---- the screens ------------------------------------------------------------------------------


def text(page: str) -> str:
    """What a reader sees of a page."""
    return re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", page))


@pytest.fixture
def today(tmp_path: Path) -> Village:
    """A fund that is as old as this machine's day, for desks that run look at its clock."""
    return found_village(tmp_path, day=datetime.now(UTC).date())


@pytest.fixture
def opened(today: Village) -> Iterator[list[Street]]:
    """Append the street that a test opens."""
    streets: list[Street] = []
    yield streets
    assert "".join(said for street in streets for said in street.close()) == ""


def late(village: Village, hours: int, ago: int) -> None:
    """Officer 4 set hours, and was last seen so long ago by the clock of this machine."""
    desk = village.desks[4]
    desk.now = lambda: datetime.now(UTC) - timedelta(hours=ago)
    presence.set_hours(desk, hours)
    desk.push()
    for one in village.desks.values():
        one.sync()


def street(village: Village, opened: list[Street], number: int) -> RunningDesk:
    opened.append(open_street(village))
    return opened[0].desk(number)


def test_every_page_of_a_colleague_warns_in_time(today: Village, opened: list[Street]) -> None:
    late(today, 48, 40)
    running = street(today, opened, 1)
    for page in ("/en/officers/", PAGE, "/en/queue/"):
        assert "Officer 4 has not appeared for 40 of his 48 hours: reach him." in text(running.get(page).text)
    assert "reach him" in text(running.get(PAGE).text)


def test_set_hours_appear_and_end_it_by_the_page(today: Village, opened: list[Street]) -> None:
    running = street(today, opened, 3)
    assert "Nobody has set hours." in text(running.get(PAGE).text)
    for wrong in ("", "1", "721", "x", "-5"):
        answer = running.post(PAGE, hours=wrong)
        assert answer.status == 422
        assert "Type 0, or a number from 12 to 720." in text(answer.text)
    answer = running.post(PAGE, hours="48")
    assert answer.status == 302
    seen = text(running.get(answer.location).text)
    assert "After 48 hours without you, your colleagues’ desks suspend you." in seen
    assert "has not appeared" not in seen
    answer = running.post(PAGE, hours="0")
    assert "You are not watched any more." in text(running.get(answer.location).text)


def test_his_return_is_one_click_of_another(today: Village, opened: list[Street]) -> None:
    late(today, 12, 13)
    today.desks[1].sync()
    assert presence.go_on(today.desks[1]) == 1
    today.desks[1].push()
    for one in today.desks.values():
        one.sync()
    running = street(today, opened, 2)
    page = running.get(PAGE)
    assert "suspended: he did not appear" in text(page.text)
    found = re.search(r'action="(/en/officers/measure/[0-9a-f]{64}/)"', page.text)
    assert found is not None
    answer = running.post(found.group(1))
    assert answer.status == 302
    assert "The suspension is lifted." in text(running.get(answer.location).text)
    assert "suspended: he did not appear" not in text(running.get(PAGE).text)
