"""Every page of a busy desk, dull things first: it answers, in both languages, and shows what it is for."""

import re

import pytest

from desk.busy import Busy
from desk.street import Street

Found = tuple[Busy, Street]
PAGES = ["queue", "openings", "batches", "books", "books/postings", "books/statements", "books/donations", "log"]
PAGES += ["journal", "officers"]
ACTIONS = ["take", "note", "message", "reading", "ask", "screening", "grant", "approve", "refuse"]


@pytest.mark.parametrize("language", ["en", "be"])
@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("number", [1, 5])
def test_every_page_answers(busy: Found, number: int, path: str, language: str) -> None:
    answer = busy[1].desk(number).get(f"/{language}/{path}/")
    assert answer.status == 200
    assert f'<html lang="{language}">' in answer.text
    assert answer.text.count("<h1") == 1
    assert answer.text.count('aria-current="page"') >= 1


@pytest.mark.parametrize("language", ["en", "be"])
@pytest.mark.parametrize("who", range(13))
def test_every_case_answers_with_one_thing_to_do(busy: Found, who: int, language: str) -> None:
    drop = busy[0].people[who].drop
    for number in (1, 2, 5):
        answer = busy[1].desk(number).get(f"/{language}/case/{drop}/")
        assert answer.status == 200
        assert answer.text.count('class="button"') <= 1
        assert len(re.findall('<section class="action', answer.text)) == 1


@pytest.mark.parametrize("action", ACTIONS)
def test_looking_at_an_action_does_nothing(busy: Found, action: str) -> None:
    desk = busy[1].desk(2)
    drop = busy[0].people[8].drop
    before = desk.get("/en/journal/?officer=2").text.count("<tr>")
    assert desk.get(f"/en/case/{drop}/{action}/").status == (404 if action == "approve" else 200)
    assert desk.get("/en/journal/?officer=2").text.count("<tr>") == before
    assert desk.get(f"/en/case/{drop}/open/").status == 200
    assert "Officer 2" not in re.sub(r"(?s)<div class=\"me\">.*?</div>", "", desk.get(f"/en/case/{drop}/").text)


@pytest.mark.parametrize(
    "path",
    [
        "case/" + "0" * 32,
        "case/xyz",
        "case/" + "0" * 32 + "/take",
        "case/%00",
        "openings/" + "0" * 64,
        "openings/" + "0" * 25,
        "batches/" + "0" * 24,
        "log/" + "0" * 64,
        "log/" + "0" * 63,
        "nothing",
        "queue/x",
    ],
)
def test_what_is_not_there_is_said_to_be_not_there(busy: Found, path: str) -> None:
    assert busy[1].desk(1).get(f"/en/{path}/").status == 404
    assert busy[1].desk(1).get(f"/ru/{path}/").status == 404


def test_an_unknown_action_is_not_there(busy: Found) -> None:
    desk, drop = busy[1].desk(1), busy[0].people[8].drop
    assert desk.get(f"/en/case/{drop}/pay/").status == 404
    assert desk.post(f"/en/case/{drop}/pay/").status == 404


def rows(text: str) -> list[str]:
    return re.findall(r"/en/case/[0-9a-f]{32}/\?[^\"]*\">(\d{4})</a>", text)


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", [12, 11, 10, 9, 8, 7, 13, 6, 5, 4, 3, 2, 1]),
        ("?show=mine", [12, 11, 10, 7, 13]),
        ("?show=new", [12, 11, 13]),
        ("?show=over", [12, 11, 10, 9, 8]),
        ("?show=closed", []),
        ("?language=ru", [10, 6, 3, 2]),
        ("?language=ru&who=police", [10, 3]),
        ("?show=mine&language=uk", [7]),
        ("?show=nonsense&language=xx&who=%00&page=-1", [12, 11, 10, 9, 8, 7, 13, 6, 5, 4, 3, 2, 1]),
        ("?page=99999999999999999999", [12, 11, 10, 9, 8, 7, 13, 6, 5, 4, 3, 2, 1]),
        ("?page=²", [12, 11, 10, 9, 8, 7, 13, 6, 5, 4, 3, 2, 1]),
    ],
)
def test_the_queue_filters_by_its_address(busy: Found, query: str, wanted: list[int]) -> None:
    from urllib.parse import quote

    answer = busy[1].desk(1).get("/en/queue/" + quote(query, safe="?=&%"))
    assert answer.status == 200
    assert rows(answer.text) == [f"{number:04}" for number in wanted]


def test_the_score_says_the_median_first(busy: Found) -> None:
    text = busy[1].desk(1).get("/en/queue/").text
    score = re.findall(r'<dd class="big[^"]*">(\d+)', text)
    assert score == ["9", "5", "3", "5"]


def test_stories_and_books_are_only_for_their_circles(busy: Found) -> None:
    people, street = busy
    drop = people.people[2].drop
    assert "Я служил в отделе" in street.desk(1).get(f"/en/case/{drop}/").text
    treasurer = street.desk(5).get(f"/en/case/{drop}/").text
    assert "Я служил" not in treasurer
    assert "The story is sealed to casework" in treasurer
    assert "Я служил" not in street.desk(5).get("/en/queue/").text
    assert "8\xa0050.00" in street.desk(5).get("/en/books/").text
    for path in ("", "postings/", "statements/", "donations/"):
        text = street.desk(1).get(f"/en/books/{path}").text
        assert "8\xa0050.00" not in text
        assert "The books are sealed to treasury and auditors" in text


def test_no_name_and_no_account_stands_on_any_page(busy: Found) -> None:
    people, street = busy
    paths = [*PAGES, *(f"case/{person.drop}" for person in people.people)]
    for number in (1, 2, 5):
        for path in paths:
            text = street.desk(number).get(f"/en/{path}/").text
            for person in people.people:
                assert person.name not in text
            assert not re.search(r"DE\d{20}", text)
            assert "Muravejnik" not in text


def test_days_and_amounts_speak_the_language(busy: Found) -> None:
    text = busy[1].desk(5).get("/be/books/").text
    assert "8\xa0050,00" in text
    assert "22\xa0верасня\xa02026" in text
    assert "Пробны баланс" in text
    assert re.findall(r'<th scope="row">(\w+)</th><td class="bars">', text) == ["Сёння", "Верасень", "Кастрычнік"]


def test_a_front_that_is_away_is_said_and_stops_nothing(busy: Found) -> None:
    from desk.street import RunningDesk

    people, _street = busy
    folder = people.village.desks[3].folder
    desk = (
        RunningDesk(folder, "http://127.0.0.1:9", "correct horse battery of 3", people.village.clock()).start().enter()
    )
    try:
        drop = people.people[8].drop
        done = desk.follow(desk.post(f"/en/case/{drop}/note/", text="The front is away."))
        assert "Your note is in the journal" in done.text
        assert "Not synced yet" in done.text
        assert "The front does not answer." in done.text
    finally:
        assert desk.stop() == ""
