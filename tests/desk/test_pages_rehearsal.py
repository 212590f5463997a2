"""The page of rehearsals: never one, one that waits, one that is done, one that is a year ago."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from desk.street import RunningDesk, Street, open_street
from desk.test_trials import begin, give
from story.village import Village, found_village

PAGE = "/en/officers/rehearsal/"


@pytest.fixture
def founded(tmp_path: Path) -> Village:
    return found_village(tmp_path)


@pytest.fixture
def opened(founded: Village) -> Iterator[list[Street]]:
    """Append the street that a test opens; what its desks write on standard error is an error."""
    streets: list[Street] = []
    yield streets
    assert "".join(said for street in streets for said in street.close()) == ""


def desk(village: Village, opened: list[Street], number: int) -> RunningDesk:
    opened.append(open_street(village))
    return opened[0].desk(number)


def text(page: str) -> str:
    """What a reader sees of a page."""
    return re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", page))


def test_before_the_first_one(founded: Village, opened: list[Street]) -> None:
    running = desk(founded, opened, 3)
    answer = running.get(PAGE)
    seen = text(answer.text)
    assert answer.status == 200
    assert "The papers with the present shares were never rehearsed." in seen
    assert "There was none yet." in seen
    assert "Begin a rehearsal" in seen
    assert f"bin/poruch rehearse {running.folder.absolute()} --front {opened[0].relay.address}" in seen
    assert running.post(PAGE).status == 405
    assert f'href="{PAGE}"' in running.get("/en/officers/").text


def test_one_that_waits_for_you(founded: Village, opened: list[Street]) -> None:
    give(founded, begin(founded, 2), 2, 4)
    seen = text(desk(founded, opened, 3).get(PAGE).text)
    assert "Waits for you until" in seen
    assert "Officer 2, Officer 4" in seen
    assert "Show your paper" in seen


def test_one_that_is_done(founded: Village, opened: list[Street]) -> None:
    trial = begin(founded, 2)
    founded.clock.turn(2)
    give(founded, trial, 2, 4, 3)
    seen = text(desk(founded, opened, 3).get(PAGE).text)
    assert "On 3 September 2026 the papers of 3 officers were shown to open the fund’s files." in seen
    assert "It is time to do it again." not in seen
    assert "Done 3 September 2026" in seen
    assert "Nothing is left for you to do. Colleagues can take part until 1 October 2026." in seen
    assert "bin/poruch rehearse" not in seen


def test_one_that_is_a_year_ago(founded: Village, opened: list[Street]) -> None:
    give(founded, begin(founded, 2), 2, 4, 3)
    founded.clock.turn(365)
    seen = text(desk(founded, opened, 3).get(PAGE).text)
    assert "On 1 September 2026 the papers of 3 officers were shown to open the fund’s files." in seen
    assert "It is time to do it again." in seen
    assert "Begin a rehearsal" in seen
