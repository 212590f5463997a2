"""Ask for help: every page, every field, and what happens to bad input."""

import re

import pytest

from front.browser import ANSWERS, Browser, Page, open_mailbox, retyped, submit, to_check
from front.process import Front
from poruch.crypto import codes
from poruch.crypto.codes import CodeKeys
from poruch.journal.dropbox import open_codes, open_drop, open_story

LONG = "ш" * 1_000_000
LIMITS = {"happened": 8000, "when": 300, "danger": 3000, "need": 3000, "other_funds": 1000, "name": 200, "contact": 500}
PAGE_OF = {field: key for key, fields in ANSWERS.items() for field in fields}
REQUIRED = ("who", "happened", "need", "language")
ONE_LINE = ("when", "name")


def at(browser: Browser, field: str, language: str = "en") -> Page:
    """The question with this field, all before it answered."""
    page = browser.get(f"/{language}/ask/")
    for key, typed in ANSWERS.items():
        if key == PAGE_OF[field]:
            return page
        page = browser.send(page, f"/ask/{key}/", **typed, go="next")
    raise AssertionError(field)


def answer(browser: Browser, field: str, value: str, language: str = "en") -> Page:
    """The page that answers `value` typed into one field."""
    key = PAGE_OF[field]
    return browser.send(at(browser, field, language), f"/ask/{key}/", **{**ANSWERS[key], field: value}, go="next")


def test_the_whole_way_and_what_officers_then_read(front: Front, browser: Browser) -> None:
    code = submit(browser, "be")
    keys = CodeKeys.from_code(code, front.fund.charter.code_salt)
    drops = [(drop, open_drop(drop.body, front.fund.circles["officers"])) for drop in front.relay().drops_after(0)]
    [(drop, content)] = [pair for pair in drops if pair[1].mailbox == keys.mailbox_id]
    story = open_story(content, front.fund.circles["casework"])
    assert (drop.kind, content.drop) == ("submission", drop.drop)
    assert story.happened == ANSWERS["happened"]["happened"]
    assert (story.who, story.when, story.language, story.name_in_story) == ("police", "August 2026", "be", False)
    told = open_codes(content, front.fund.circles["treasury"])
    assert (told.lookup_id, told.slip_key, told.blind_key) == (keys.lookup_id, keys.slip_key, keys.blind_key)


@pytest.mark.parametrize("field", LIMITS)
def test_a_field_left_empty_goes_on_or_says_what_is_missing(browser: Browser, field: str) -> None:
    page = answer(browser, field, "")
    if field in REQUIRED:
        assert len(page.mistakes) == 1
        assert page.title.startswith("Error:")
        assert page.heading == at(browser, field).heading
    else:
        assert page.mistakes == []
        assert page.heading != at(browser, field).heading


@pytest.mark.parametrize("field", LIMITS)
@pytest.mark.parametrize("extra", [1, 1_000_000], ids=["one too many", "a megabyte"])
def test_a_field_too_long_says_how_long_it_may_be_and_keeps_the_text(browser: Browser, field: str, extra: int) -> None:
    text = "ш" * (LIMITS[field] + extra)
    page = answer(browser, field, text)
    assert page.status == 200
    assert len(page.mistakes) == 1
    assert f"{LIMITS[field]:,}".replace(",", " ") in page.mistakes[0]
    assert page.value(field) == text
    assert answer(browser, field, "ш" * LIMITS[field]).mistakes == []


@pytest.mark.parametrize("field", LIMITS)
@pytest.mark.parametrize("sign", ["\x00", "\u202e", "\u2066", "\u200f", "\x1b"], ids=lambda sign: f"{ord(sign):04x}")
def test_hidden_signs_are_taken_out_and_that_is_said(browser: Browser, field: str, sign: str) -> None:
    page = answer(browser, field, f"ab{sign}cd")
    assert len(page.mistakes) == 1
    assert "invisible signs" in page.mistakes[0]
    assert page.value(field) == "abcd"
    assert browser.send(page, f"/ask/{PAGE_OF[field]}/", go="next").mistakes == []


@pytest.mark.parametrize("field", ONE_LINE)
def test_several_lines_where_there_is_one(browser: Browser, field: str) -> None:
    page = answer(browser, field, "one\r\ntwo")
    assert page.mistakes == ["Write this in one line"]


@pytest.mark.parametrize(
    "value",
    ["", "mayor", "police\x00", "POLICE", "1", LONG],
    ids=["none", "other", "NUL", "capitals", "number", "a megabyte"],
)
@pytest.mark.parametrize("field", ["who", "language"])
def test_a_choice_that_is_none(browser: Browser, field: str, value: str) -> None:
    page = answer(browser, field, value)
    assert page.status == 200
    assert len(page.mistakes) == 1
    assert page.heading == at(browser, field).heading


def test_the_language_of_answers_is_one_of_the_charter(browser: Browser) -> None:
    assert len(answer(browser, "language", "pl").mistakes) == 1  # spoken somewhere, not by this fund


def test_a_body_that_no_page_can_take_is_refused_with_a_sentence(browser: Browser) -> None:
    page = browser.post("/en/ask/happened/", {"happened": "x" * 9_000_000})
    assert page.status == 413
    assert "still in your browser" in page.text


def test_bytes_that_are_no_form_are_answered_with_a_page(browser: Browser) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert browser.ask("POST", "/en/ask/happened/", b"\xff\xfe%%%=&&happened=%ff", headers).status == 200
    assert browser.ask("POST", "/en/ask/happened/", b"junk", {"Content-Type": "multipart/form-data"}).status in (
        200,
        400,
    )
    many = "&".join(f"a{i}=1" for i in range(1000)).encode()
    assert browser.ask("POST", "/en/ask/happened/", many, headers).status == 400


def test_a_file_is_not_taken_and_the_text_beside_it_is(browser: Browser) -> None:
    page = at(browser, "happened")
    _, fields = page.fields("/ask/happened/")
    parts = {**fields, "happened": "with a file", "go": "next"}
    body = b"".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in parts.items()
    )
    body += b'--b\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n\r\n' + b"J" * 3_000_000
    answer_page = browser.ask(
        "POST", "/en/ask/happened/", body + b"\r\n--b--\r\n", {"Content-Type": "multipart/form-data; boundary=b"}
    )
    assert answer_page.heading == "When was it? (optional)"


def test_back_and_change_keep_what_was_typed(browser: Browser) -> None:
    check = to_check(browser)
    page = browser.send(check, "/ask/check/", go="change-need")
    assert page.value("need") == ANSWERS["need"]["need"]
    again = browser.send(page, "/ask/need/", need="A lawyer", go="next")
    assert again.heading == "Check your answers"
    assert "A lawyer" in again.text
    assert again.code == check.code
    back = browser.send(again, "/ask/check/", go="back")
    assert back.value("name") == ANSWERS["name"]["name"]


def test_back_keeps_text_that_is_not_valid_yet(browser: Browser) -> None:
    page = browser.send(at(browser, "need"), "/ask/need/", need="x" * 4000, go="back")
    assert page.heading == "Are you in danger now? (optional)"
    page = browser.send(page, "/ask/danger/", go="next")
    assert page.value("need") == "x" * 4000


def test_the_other_language_keeps_the_answers_and_the_code(browser: Browser) -> None:
    page = at(browser, "happened")
    _, fields = page.fields("/ask/happened/")
    other = browser.post("/be/ask/happened/", {**fields, "happened": "Пачатак", "go": "switch"})
    assert other.heading == "Што адбылося?"
    assert other.value("happened") == "Пачатак"
    check = to_check(browser)
    _, fields = check.fields("/ask/check/")
    other = browser.post("/be/ask/check/", {**fields, "go": "switch"})
    assert other.heading == "Праверце адказы"
    assert codes.parse(other.code) == codes.parse(check.code)


def test_digits_stand_first_in_belarusian_and_words_in_english(browser: Browser) -> None:
    assert re.fullmatch(r"(\d{4} ?){8}", to_check(browser, "be").code)
    assert re.fullmatch(r"([a-z-]+ ?){8}", to_check(browser, "en").code)


@pytest.mark.parametrize(
    "typed",
    [("", ""), ("wrong", "wrong"), ("\x00", "\u202e"), ("x" * 1_000_000, "9" * 1_000_000)],
    ids=["none", "other", "signs", "a megabyte"],
)
def test_words_retyped_wrong_store_nothing(front: Front, browser: Browser, typed: tuple[str, str]) -> None:
    before = front.rows("SELECT count(*) FROM front_drop")
    page = to_check(browser)
    names = sorted(retyped(page))
    again = browser.send(page, "/ask/check/", **dict(zip(names, typed, strict=True)), go="send")
    assert len(again.mistakes) == 2
    assert again.title.startswith("Error:")
    assert again.code == page.code
    assert front.rows("SELECT count(*) FROM front_drop") == before


def test_words_may_be_retyped_as_digits(browser: Browser) -> None:
    page = to_check(browser)
    groups = codes.digits(codes.parse(page.code)).split()
    typed = {name: groups[int(name[4:]) - 1] for name in retyped(page)}
    assert browser.send(page, "/ask/check/", **typed, go="send").heading == "Your message is locked and stored"


def test_the_same_post_again_is_the_same_page_and_one_submission(front: Front, browser: Browser) -> None:
    page = to_check(browser)
    before = front.rows("SELECT count(*) FROM front_drop")[0][0]
    first = browser.send(page, "/ask/check/", **retyped(page), go="send")
    second = browser.send(page, "/ask/check/", **retyped(page), go="send")
    assert first.raw == second.raw
    assert front.rows("SELECT count(*) FROM front_drop")[0][0] == before + 1


def test_answers_that_were_tampered_with_lead_back_to_their_question(front: Front, browser: Browser) -> None:
    page = to_check(browser)
    before = front.rows("SELECT count(*) FROM front_drop")
    again = browser.send(page, "/ask/check/", **retyped(page), happened="", go="send")
    assert again.heading == "What happened?"
    assert len(again.mistakes) == 1
    assert front.rows("SELECT count(*) FROM front_drop") == before


def test_a_form_from_before_a_restart_is_shown_again_with_its_text(front: Front, browser: Browser) -> None:
    question, check = at(browser, "happened"), to_check(browser)
    front.restart()
    page = browser.send(question, "/ask/happened/", happened="typed before", go="next")
    assert "started anew" in page.text
    assert page.value("happened") == "typed before"
    assert browser.send(page, "/ask/happened/", go="next").heading == "When was it? (optional)"
    again = browser.send(check, "/ask/check/", **retyped(check), go="send")
    assert "started anew" in again.text
    assert again.code == check.code
    done = browser.send(again, "/ask/check/", **retyped(again), go="send")
    assert done.heading == "Your message is locked and stored"


@pytest.mark.parametrize("headers", [{"Sec_Fetch_Site": "cross-site"}, {"Origin": "http://evil.example"}])
def test_another_site_can_neither_send_nor_show_its_own_code(
    front: Front, browser: Browser, headers: dict[str, str]
) -> None:
    page = to_check(browser)
    before = front.rows("SELECT count(*) FROM front_drop")
    action, fields = page.fields("/ask/check/")
    again = browser.post(action, {**fields, **retyped(page), "go": "send"}, **headers)
    assert again.heading == "Check your answers"
    assert again.code != page.code
    assert front.rows("SELECT count(*) FROM front_drop") == before


def test_the_code_opens_a_mailbox_from_either_spelling(browser: Browser) -> None:
    code = submit(browser)
    assert open_mailbox(browser, code).heading == "Your mailbox"
    page = browser.send(browser.get("/be/mailbox/"), "/mailbox/", code=codes.digits(code))
    assert page.heading == "Ваша скрынка"
    assert not page.mistakes


@pytest.mark.parametrize("path", ["/en/ask/nothing/", "/xx/ask/", "/en/ask/check/more/"])
def test_no_such_question(browser: Browser, path: str) -> None:
    assert browser.get(path).status == 404
    assert browser.post(path, {}).status == 404


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
@pytest.mark.parametrize("path", ["/en/ask/", "/en/ask/happened/", "/en/ask/check/"])
def test_other_methods_are_refused(browser: Browser, path: str, method: str) -> None:
    page = browser.ask(method, path)
    assert page.status == 405
    assert "GET" in page.headers["allow"]
