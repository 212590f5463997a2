"""The desk while its fund is being founded: three words to read, three to type, and who is awaited."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from desk.street import Street, open_street
from poruch.desk import words_heard
from story.village import found_village


@pytest.fixture(scope="module")
def unfounded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    """Five desks that have dealt and wait for words."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(words_heard, "at_one_table", lambda desk: None)
        village = found_village(tmp_path_factory.mktemp("unfounded"))
    made = open_street(village)
    yield made
    assert "".join(made.close()) == ""


def words_on(page: str) -> str:
    found = re.search(r'<p class="heard" lang="en">([a-z -]+)</p>', page)
    assert found, page
    return found[1]


def test_every_page_leads_to_the_words(unfounded: Street) -> None:
    desk = unfounded.desk(1)
    for path in ("/en/queue/", "/en/books/", "/en/batches/", "/en/log/"):
        assert desk.get(path).location == "/en/words/"
    page = desk.get("/en/words/")
    assert page.status == 200
    assert "The fund is being founded" in page.text
    assert page.text.count("all have") == 4
    assert "awaited: " in page.text
    assert desk.get("/en/officers/").status == 200


def test_each_desk_shows_its_own_words(unfounded: Street) -> None:
    shown = {words_on(unfounded.desk(number).get("/en/words/").text) for number in (1, 2)}
    assert shown == {words_heard.words_of(unfounded.village.front.fund, number) for number in (1, 2)}
    assert words_on(unfounded.desk(1).get("/be/words/").text) in shown
    assert "Call officer 2, whose voice you know" in unfounded.desk(1).get("/en/words/").text
    assert "Officer 5 calls you" in unfounded.desk(1).get("/en/words/").text


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Type the three words."),
        ("zoom zoom", "These are not three words of the list"),
        ("zoom zoom zoom", "No colleague&#x27;s desk has these words. Hear them once more; if they stay, stop"),
        ("x" * 300, "These are more than three words."),
    ],
)
def test_what_does_not_fit_is_told_and_kept(unfounded: Street, typed: str, sentence: str) -> None:
    answer = unfounded.desk(2).post("/en/words/", words=typed)
    assert answer.status == 422
    assert sentence in answer.text
    assert f'value="{typed}"' in answer.text or not typed
    assert re.search(r"<title>\s*Error: ", answer.text)


def test_ones_own_words_are_told_apart(unfounded: Street) -> None:
    desk = unfounded.desk(2)
    answer = desk.post("/en/words/", words=words_on(desk.get("/en/words/").text))
    assert "These are your own words" in answer.text


def test_a_colleagues_words_let_the_desk_certify(unfounded: Street) -> None:
    one, three = unfounded.desk(1), unfounded.desk(3)
    page = three.follow(three.post("/en/words/", words=words_on(one.get("/en/words/").text).title()))
    assert "These are the words of officer 1. Your desk goes on by itself." in page.text
    assert "You have heard a colleague’s words." in page.text
    assert 'name="words"' not in page.text
    assert words_on(page.text)
    assert three.post("/en/words/", words="zoom zoom zoom").status == 422


def test_words_are_not_asked_for_once_there_is_a_key(street: Street) -> None:
    assert street.desk(1).get("/en/words/").location == "/en/queue/"


def test_the_folder_of_a_desk_holds_no_words(unfounded: Street) -> None:
    mine = words_heard.words_of(unfounded.village.front.fund, 1).encode()
    folder: Path = unfounded.village.desks[1].folder
    assert [file for file in folder.rglob("*") if file.is_file() and mine in file.read_bytes()] == []
