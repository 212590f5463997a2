"""Which front a desk talks with: what was typed, what k officers have confirmed since, and what a page says of it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from poruch.desk import address
from poruch.desk.program import Desk
from poruch.desk.site.bands import bands
from poruch.events.resolutions import FrontMoved, Resolved
from poruch.journal.sync import HttpRelay
from story.village import Village, found_village

A, B, C = "http://127.0.0.1:9001", "https://b.invalid", "http://c.onion"


@pytest.fixture
def village(tmp_path: Path) -> Iterator[Village]:
    made = found_village(tmp_path)
    yield made
    made.close()


def confirm(village: Village, where: str, officers: tuple[int, ...] = (2, 3)) -> None:
    """Officer 1 proposes; the others approve."""
    first = village.desks[1]
    first.act([FrontMoved(where, os.urandom(16))])
    village.sync()
    resolution = next(reversed(first.public.resolutions.all))
    for number in officers:
        village.desks[number].act([Resolved(resolution)])
    village.sync()


def opened(desk: Desk, typed: str) -> str:
    """What a desk that is opened with `typed` talks with."""
    address.type_in(desk, typed)
    return address.chosen(desk, typed)


def test_what_is_typed_is_used_until_k_say_otherwise(village: Village) -> None:
    desk = village.desks[5]
    assert opened(desk, A) == A
    confirm(village, B, officers=(2,))
    assert address.chosen(desk, A) == A  # two of three
    confirm(village, B)
    assert address.chosen(desk, A) == B
    assert opened(desk, A) == B  # the old command, after a restart
    assert opened(desk, f"{A}/") == B


def test_a_new_address_is_used_at_once_for_there_is_no_other_way_to_hear_of_it(village: Village) -> None:
    desk = village.desks[5]
    opened(desk, A)
    confirm(village, B)
    assert opened(desk, C) == C
    assert opened(desk, C) == C  # and at the next start
    confirm(village, A)
    assert address.chosen(desk, C) == A  # what is resolved later beats what was typed


def test_a_desk_that_was_away_for_two_moves_takes_the_last(village: Village) -> None:
    desk = village.desks[5]
    opened(desk, A)
    confirm(village, B)
    confirm(village, C)
    assert address.chosen(desk, A) == C


TURNS = [
    # used, silent: the next one, where C was typed and B is confirmed
    (C, False, C),
    (C, True, B),
    (B, False, B),
    (B, True, C),
    (A, False, C),
    (A, True, C),
]


@pytest.mark.parametrize(("used", "silent", "wanted"), TURNS)
def test_where_the_typed_one_is_silent_the_confirmed_one_is_tried(
    village: Village, used: str, silent: bool, wanted: str
) -> None:
    desk = village.desks[5]
    confirm(village, B)
    opened(desk, C)
    assert address.next_address(desk, C, used, silent=silent) == wanted


def test_without_any_word_silence_changes_nothing(village: Village) -> None:
    desk = village.desks[5]
    opened(desk, A)
    assert address.next_address(desk, A, A, silent=True) == A


def shown(desk: Desk, typed: str) -> list[dict[str, object]]:
    """The bands of a desk that was opened so."""
    used = opened(desk, typed)
    desk.relay = HttpRelay(used, desk.number, desk.key.signing, desk.today)
    return [band for band in bands(desk) if band["kind"] == "address"]


def test_every_page_says_that_the_front_is_not_the_confirmed_one(village: Village) -> None:
    desk = village.desks[5]
    assert shown(desk, A) == []  # the first: nobody has ever said anything else
    [band] = shown(desk, C)
    assert (band["used"], band["confirmed"]) == (C, "")
    desk.relay = village.desks[1].relay
    confirm(village, C)
    assert shown(desk, C) == []
    [band] = shown(desk, B)
    assert (band["used"], band["confirmed"]) == (B, C)
