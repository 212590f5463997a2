"""Hours that officers set, and their last appearance: fine, warned of, overdue."""

import pytest

from journal.little_fund import DAY
from poruch.cases.presence import Presence, possible
from poruch.events.base import Event
from poruch.events.council import CheckinMade, CheckinSet
from poruch.events.heard import Heard

T = 500_000  # an hour of 2027


def presence(*said: tuple[int, Event]) -> Presence:
    made = Presence()
    for author, event in said:
        made.apply(Heard(bytes(32), author, DAY, event))
    return made


@pytest.mark.parametrize(
    ("hours", "passed", "state"),
    [
        (0, 10_000, "fine"),
        (12, 0, "fine"),
        (12, 8, "fine"),
        (12, 9, "warn"),
        (12, 11, "warn"),
        (12, 12, "overdue"),
        (48, 35, "fine"),
        (48, 36, "warn"),
        (48, 47, "warn"),
        (48, 48, "overdue"),
        (720, 539, "fine"),
        (720, 540, "warn"),
        (720, 720, "overdue"),
    ],
)
def test_three_quarters_warn_and_all_of_them_are_over(hours: int, passed: int, state: str) -> None:
    made = presence((4, CheckinSet(hours)), (4, CheckinMade(T)))
    assert made.state(4, T + passed) == state
    assert made.passed(4, T + passed) == passed
    assert made.state(3, T + passed) == "fine"


@pytest.mark.parametrize(
    ("hours", "allowed"), [(0, True), (-1, False), (1, False), (11, False), (12, True), (720, True), (721, False)]
)
def test_hours_that_can_be_set(hours: int, allowed: bool) -> None:
    assert possible(hours) == allowed
    made = presence((4, CheckinSet(24)), (4, CheckinSet(hours)))
    assert made.hours[4] == (hours if allowed else 24)
    assert len(made.faults) == (not allowed)


def test_who_has_set_hours_and_never_appeared_is_not_overdue() -> None:
    assert presence((4, CheckinSet(12))).state(4, T) == "fine"


def test_an_appearance_in_the_future_counts_as_now() -> None:
    made = presence((4, CheckinSet(12)), (4, CheckinMade(T + 1000)))
    assert made.passed(4, T) == 0
    assert made.state(4, T) == "fine"


def test_and_the_next_one_puts_it_right() -> None:
    made = presence((4, CheckinSet(12)), (4, CheckinMade(T + 1000)), (4, CheckinMade(T)))
    assert made.state(4, T + 12) == "overdue"


@pytest.mark.parametrize("hour", [-1, 2**31, 2**63])
def test_an_hour_that_is_none_is_a_fault_and_changes_nothing(hour: int) -> None:
    made = presence((4, CheckinSet(12)), (4, CheckinMade(T)), (4, CheckinMade(hour)))
    assert made.last == {4: T}
    assert len(made.faults) == 1


def test_a_colleague_who_spoke_with_him_is_as_good_as_an_appearance() -> None:
    made = presence((4, CheckinSet(12)), (4, CheckinMade(T)))
    assert made.state(4, T + 20, since=T + 10) == "warn"
    assert made.passed(4, T + 20, since=T + 10) == 10
    assert made.passed(4, T + 20, since=T + 30) == 0
