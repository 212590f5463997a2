"""Every page: headers, no cookie, languages, wrong methods; and what a front says before its fund is founded."""

import pytest

from front.browser import Browser, to_check
from front.fund import make_fund
from front.process import new_front

LANGUAGES = ("be", "en")
PATHS = (
    "", "ask/", "mailbox/", "give/", "give/check/", "accounts/", "safe/", "built/", "limits/", "leave/", "detained/",
)  # fmt: skip
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", PATHS)
def test_a_page_says_what_it_is_and_carries_the_headers(browser: Browser, language: str, path: str) -> None:
    page = browser.get(f"/{language}/{path}")
    assert page.status == 200
    assert page.headers["content-security-policy"] == POLICY
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "same-origin"
    assert "set-cookie" not in page.headers
    assert "server" not in page.headers
    assert page.tree.get("lang") == language
    assert len(page.tree.xpath("//h1")) == 1
    assert page.tree.xpath("//script | //svg | //img | //iframe | //*[@style] | //style") == []
    assert {link.get("href") for link in page.tree.xpath("//link")} == {"/static/poruch.css"}
    assert all(field.get("autocomplete") == "off" for field in page.tree.xpath("//textarea | //input[@type='text']"))


@pytest.mark.parametrize("path", PATHS)
def test_a_page_links_to_itself_in_every_language(browser: Browser, path: str) -> None:
    page = browser.get(f"/en/{path}")
    links = {link.get("href") for link in page.tree.xpath("//nav[contains(@class, 'tongues')]//a")}
    buttons = {button.get("formaction") for button in page.tree.xpath("//nav[contains(@class, 'tongues')]//button")}
    if path == "ask/":
        assert buttons == {"/be/ask/who/"}
    else:
        assert links == {f"/be/{path}"}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS"])
def test_other_methods_are_refused(browser: Browser, path: str, method: str) -> None:
    assert browser.ask(method, f"/en/{path}").status == 405


@pytest.mark.parametrize("path", ["", "accounts/", "safe/", "built/", "limits/", "leave/", "detained/"])
def test_pages_of_words_take_no_post(browser: Browser, path: str) -> None:
    assert browser.post(f"/en/{path}", {"a": "b"}).status == 405


@pytest.mark.parametrize(
    "path", ["/xx/", "/en/nothing/", "/ru/", "/en/ask/../../etc/", "/admin/", "/en/%00/", "/relay/", "/static/x.css"]
)
def test_no_such_page_is_said_in_a_page_with_the_headers(browser: Browser, path: str) -> None:
    page = browser.get(path)
    assert page.status == 404
    assert page.headers["content-security-policy"] == POLICY
    assert page.heading in ("There is no such page", "Такой старонкі няма")


def test_a_page_without_its_last_slash_leads_to_it(browser: Browser) -> None:
    page = browser.get("/be/accounts")
    assert (page.status, page.headers["location"]) == (302, "/be/accounts/")


def test_the_first_address_offers_all_languages_and_guesses_none(browser: Browser) -> None:
    page = browser.ask("GET", "/", headers={"Accept-Language": "be"})
    assert [link.get("href") for link in page.tree.xpath("//main//a")] == ["/be/", "/en/"]
    assert page.headers["content-security-policy"] == POLICY


def test_head_is_answered_as_get(browser: Browser) -> None:
    page = browser.ask("HEAD", "/en/")
    assert (page.status, page.raw) == (200, b"")


def test_cookies_of_others_change_nothing(browser: Browser) -> None:
    page = browser.ask("GET", "/en/", headers={"Cookie": "sessionid=1; csrftoken=2; django_language=be"})
    assert page.tree.get("lang") == "en"
    assert "set-cookie" not in page.headers


def test_the_check_page_is_not_kept_and_names_who_could_see(browser: Browser) -> None:
    page = to_check(browser)
    assert page.headers["cache-control"] == "no-store"
    assert "whoever controls it at that moment could see them" in page.text


def test_home_is_small_and_asks_for_one_file(browser: Browser) -> None:
    page, style = browser.get("/be/"), browser.get("/static/poruch.css")
    assert len(page.raw) + len(style.raw) <= 30_000
    assert page.tree.xpath("//@src") == []


def test_home_names_no_number_of_people(browser: Browser) -> None:
    door = browser.get("/en/").tree.xpath("//section[h2='The detained']")[0].text_content()
    assert not any(sign.isdigit() for sign in door)


def test_until_the_fund_is_founded_every_page_says_so(tmp_path_factory: pytest.TempPathFactory) -> None:
    front = new_front(tmp_path_factory.mktemp("empty"), make_fund(), found=False)
    try:
        browser = front.browser
        for path in PATHS:
            assert browser.get(f"/en/{path}").heading == "This fund is being founded"
        assert browser.post("/en/ask/check/", {"happened": "x"}).heading == "This fund is being founded"
        assert browser.get("/be/").heading == "Гэты фонд толькі ствараецца"
        assert set(front.relay().push(front.fund.segments)) == {"accepted"}
        assert browser.get("/en/").heading == "You refused to do harm. We help you live."
    finally:
        front.stop()
