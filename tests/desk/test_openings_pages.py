"""Openings by the screens: what, for whom, why, until when; objecting, upholding, withdrawing; the timeline."""

import re
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from html import unescape

import pytest

from desk.street import Answer, Street, open_street
from poruch.desk import openings, screening, treasury
from story.test_way import IBANS, LIST, grant
from story.village import Applicant, Village, found_village

NAME = "Zoja Lisickaja-Kanarejka"
OLD = 27


@pytest.fixture(scope="module")
def people() -> list[Applicant]:
    return []


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory, people: list[Applicant]) -> Iterator[Street]:
    """Two cases: of the first nothing was opened, of the second officer 4 asked 27 times, once on a day long past."""
    village = found_village(tmp_path_factory.mktemp("openings"))
    people += [village.apply(NAME), village.apply("Alena Persona")]
    village.sync(2)
    four = village.desks[4]
    openings.ask(four, "A day long past.", [people[1].drop], 1)
    village.clock.turn(2)
    for number in range(1, OLD):
        openings.ask(four, f"Old request {number}.", [people[1].drop])
        openings.object_to(four, list(four.openings.openings.values())[-1], "It was a test.")
    openings.ask(four, "Both names at once.", [person.drop for person in people], 7)
    village.sync(2)
    made = open_street(village)
    yield made
    assert "".join(made.close()) == ""


def get(street: Street, number: int, path: str, until: str = "") -> str:
    """The page, once its desk has heard what is awaited."""
    for _ in range(80):
        text = unescape(street.desk(number).get(path).text).replace("\xa0", " ")
        if until in text:
            return text
        time.sleep(0.25)
    raise AssertionError(f"desk {number} does not come to {until}: {text}")


def do(street: Street, number: int, path: str, **fields: str | list[str]) -> str:
    desk = street.desk(number)
    return unescape(desk.follow(desk.post(path, **fields)).text)


def address(text: str, purpose: str) -> str:
    found = re.search(rf'href="(/en/openings/[0-9a-f]{{64}}/)">{re.escape(purpose)}', text)
    assert found, text
    return found[1]


def refused(answer: Answer, sentence: str) -> None:
    assert answer.status in (409, 422), answer.text
    assert sentence in unescape(answer.text)


def test_the_timeline_by_its_address(street: Street) -> None:
    first = get(street, 3, "/en/openings/")
    assert first.index("Both names at once.") < first.index("Old request 26.")  # what waits for me is above
    assert "1 to 25 of 28" in first
    assert "A day long past." not in first
    assert "A day long past." in get(street, 3, "/en/openings/?page=2")
    assert "A day long past." in get(street, 3, "/en/openings/?page=999999")
    table: list[tuple[str, int]] = [
        ("show=withdrawn", 26),
        ("show=expired", 1),
        ("show=mine", 1),
        ("show=live", 1),
        ("show=stopped", 0),
        ("officer=4", 28),
        ("officer=1", 0),
        ("case=2", 28),
        ("case=0001", 1),
        ("case=1&show=withdrawn", 0),
        ("case=9", 0),
        ("show=rubbish&officer=x&case=-1&page=0", 28),
    ]
    for query, count in table:
        text = get(street, 3, f"/en/openings/?{query}")
        assert (f"of {count}," in text) if count else ("Nothing here." in text), query
    assert "show=withdrawn&officer=4&page=2" in get(street, 3, "/en/openings/?show=withdrawn&officer=4")


def test_a_case_lists_its_openings(street: Street, people: list[Applicant]) -> None:
    assert get(street, 3, f"/en/case/{people[1].drop}/").count("/en/openings/") > OLD
    text = get(street, 3, f"/en/case/{people[0].drop}/")
    assert "Both names at once." in text
    assert "Old request" not in text


def test_a_request_says_what_for_whom_why_and_until_when(street: Street) -> None:
    page = get(street, 3, address(get(street, 3, "/en/openings/"), "Both names at once."))
    for said in (
        "2 names with their contacts",
        "Case 0001",
        "Case 0002",
        "The desk of Officer 4, and nobody else.",
        "“Both names at once.”",
        "may be answered until 10 September",
        "You write one event, “partial given”.",
        "Agree, give my partial",
    ):
        assert said in page, said
    assert page.count('class="button"') == 1
    expired = get(street, 4, address(get(street, 4, "/en/openings/?show=expired"), "A day long past."))
    assert "Ask again if you still need it." in expired
    assert "Officer 4 asks again" in get(
        street, 3, address(get(street, 3, "/en/openings/?show=expired"), "A day long past.")
    )
    gone = get(street, 3, address(get(street, 3, "/en/openings/?show=withdrawn"), "Old request 26."))
    assert "Officer 4 withdrew it for good." in gone
    assert 'class="button"' not in gone
    assert street.desk(3).get("/en/openings/" + "0" * 64 + "/").status == 404
    assert street.desk(3).get("/en/openings/" + "0" * 64 + "/uphold/").status == 404


def test_the_last_day_is_chosen(street: Street, people: list[Applicant]) -> None:
    one, path = street.desk(1), f"/en/case/{people[0].drop}/ask/"
    today = street.village.clock()
    shown = get(street, 1, path)
    assert f'value="{(today + timedelta(days=14)).isoformat()}"' in shown
    for days in (0, 61, -1):
        day = (today + timedelta(days=days)).isoformat()
        refused(one.post(path, purpose="Screen it.", until=day), "The day is one of the next sixty.")
    refused(one.post(path, purpose="Screen it.", until="soon"), "This is not a day.")
    do(street, 1, path, purpose="Two months long.", until=(today + timedelta(days=60)).isoformat())
    asked = address(get(street, 1, "/en/openings/?officer=1"), "Two months long.")
    assert "may be answered until 2 November" in get(street, 1, asked)
    assert "Your desk, and nobody else." in get(street, 1, asked)
    assert "To your own request that withdraws it" in get(street, 1, asked + "object/")
    assert "You withdrew the request" in do(street, 1, asked + "object/", reason="A slip.")
    refused(one.post(asked + "object/", reason="Again."), "withdrew it")


def test_objecting_and_upholding(street: Street) -> None:
    asked = address(get(street, 3, "/en/openings/?show=mine"), "Both names at once.")
    warned = get(street, 3, asked + "object/")
    assert "Partials that were given before cannot be taken back." in warned
    assert "Agree, give my partial" not in warned
    assert "You objected." in do(street, 3, asked + "object/", reason="Why both?\nOne is enough.")
    page = get(street, 2, asked, until="Why both?")
    assert "Officer 3" in page
    assert "nobody upholds it yet" in page
    assert 'class="button"' not in page
    refused(street.desk(2).post(asked), "A colleague objected to this opening")
    refused(street.desk(2).post(asked + "uphold/"), "an objection that you have not read")
    refused(street.desk(2).post(asked + "uphold/", read="0" * 64), "an objection that you have not read")
    form = get(street, 2, asked + "uphold/")
    read = re.findall(r'name="read" value="([0-9a-f]{64})"', form)
    assert len(read) == 1
    assert "It gives no partial." in form
    assert form.count('class="button"') == 1
    assert "2 more must read the objection." in do(street, 2, asked + "uphold/", read=read)
    refused(street.desk(2).post(asked + "uphold/", read=read), "This was done before")
    assert "Stopped" in get(street, 2, "/en/openings/?show=stopped")
    wait_and_uphold(street, asked, (3, 5), lambda number: "It goes on." if number == 5 else "1 more must read")
    assert "Agree, give my partial" in get(street, 2, asked, until="Agree, give my partial")
    assert "Your partial is sealed to Officer 4" in do(street, 2, asked)
    page = get(street, 2, asked)
    assert "May still agree" in page
    assert "Officer 3 read what was objected, and upholds the request." in page
    refused(street.desk(2).post(asked + "uphold/", read=read), "This was done before")


def wait_and_uphold(street: Street, asked: str, numbers: tuple[int, ...], said: Callable[[int], str]) -> None:
    for at, number in enumerate(numbers):
        get(street, number, asked, until="uphold it: " + "Officer 2" + (", Officer 3" if at else ""))
        read = re.findall(r'name="read" value="([0-9a-f]{64})"', get(street, number, asked + "uphold/"))
        assert said(number) in do(street, number, asked + "uphold/", read=read)


def test_an_empty_desk_says_so(tmp_path_factory: pytest.TempPathFactory) -> None:
    village: Village = found_village(tmp_path_factory.mktemp("empty"))
    made = open_street(village)
    try:
        text = made.desk(1).get("/en/openings/").text
        assert "Nobody has asked for an opening." in text
        assert "Filters" not in text
    finally:
        assert "".join(made.close()) == ""


# ---- a batch ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def batched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    """One payee in a batch of officer 5, and fifteen days have passed; he asked for a name as well."""
    village = found_village(tmp_path_factory.mktemp("batched"))
    for desk in village.desks.values():
        screening.keep_list(desk, LIST)
    person = village.apply(NAME)
    village.sync(2)
    grant(village, person)
    village.give_payee(person, IBANS[0])
    village.sync(2)
    five = village.desks[5]
    treasury.propose_batch(five, treasury.payable(five), village.clock())
    village.sync(2)
    village.clock.turn(15)
    made = open_street(village)
    yield made
    assert "".join(made.close()) == ""


def test_the_screens_of_a_batch_whose_opening_leads_nowhere(batched: Street) -> None:
    batch = re.findall(r"/en/batches/[0-9a-f]{24}/", get(batched, 5, "/en/batches/"))[0]
    opening = address(get(batched, 3, "/en/openings/"), "Pay batch 1, and nothing else.")
    page = get(batched, 3, opening)
    assert "Bank details of 1 payee, to pay € 600.00 in batch 1." in page
    assert "a batch that too few have approved is withdrawn" in page
    assert "Officer 5 asks again." in get(batched, 3, batch)
    refused(batched.desk(3).post(batch + "approve/"), "The last day of the request has passed; ask again.")
    refused(batched.desk(3).post(batch + "again/"), "Your circles do not include this work.")
    mine = get(batched, 5, batch)
    assert "Ask again for the payees" in mine
    assert "Withdraw the batch" in mine
    assert mine.count('class="button"') == 1
    assert "Colleagues are asked again" in do(batched, 5, batch + "again/")
    refused(batched.desk(5).post(batch + "again/"), "This was done before")
    get(batched, 3, batch, until="Approve, and help open 1 payee")
    assert "You approved the batch" in do(batched, 3, batch + "approve/")
    again = address(get(batched, 2, "/en/openings/?show=live", until="Pay batch 1"), "Pay batch 1, and nothing else.")
    assert again != opening
    assert "You objected." in do(batched, 2, again + "object/", reason="He wrote that he moved.")
    stopped = get(batched, 1, batch, until="Somebody objected to opening its payees.")
    assert "Approve, and help open" not in stopped
    assert again in stopped
    refused(batched.desk(1).post(batch + "approve/"), "A colleague objected to this opening")
    assert "You withdrew the request" in do(batched, 5, again + "object/", reason="He moved, I see.")
    assert batched.desk(5).get(batch).status == 404
    assert 'name="items"' in get(batched, 5, "/en/batches/")
    assert "Officer 5 withdrew it for good." in get(batched, 1, again, until="withdrew it for good")
    assert NAME not in get(batched, 5, opening) + mine + stopped
