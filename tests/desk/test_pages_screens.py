"""Desks in Chromium without script, two desks in one profile: a story by clicks, then every page looked at.

Each page in two languages, wide and at 320 px, light and dark: nothing scrolls sideways. Then with script, for axe
only. Pictures of all are left in artefacts/desk/ to be looked at.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import axe_core_python
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from desk.busy import LIST, Busy
from desk.street import Street

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "artefacts" / "desk"
AXE = (Path(axe_core_python.__file__).parent / "axe.min.js").read_text()
QUIET = {"minor", "moderate"}
SIDEWAYS = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


def go_in(context: BrowserContext, busy: tuple[Busy, Street], *numbers: int) -> None:
    """Give the profile the cookies of these desks; their start addresses may be used up by other tests."""
    for number in numbers:
        desk = busy[1].desk(number)
        name, value = desk.cookie.split("=", 1)
        context.add_cookies(
            [{"name": name, "value": value, "url": desk.origin, "httpOnly": True, "sameSite": "Strict"}]
        )


def test_a_story_by_clicks_over_two_desks_in_one_profile(chromium: Browser, street: Street) -> None:
    """Take, ask, agree twice, open, screen: in tabs side by side, each desk with its own start address and cookie."""
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 1280, "height": 900})
    tabs: dict[int, Page] = {}
    for number in (1, 2, 3):
        tabs[number] = context.new_page()
        tabs[number].goto(street.desk(number, enter=False).url)
        assert tabs[number].url.endswith("/en/queue/")
    one, two, three = (tabs[number] for number in (1, 2, 3))
    assert len({cookie["domain"] for cookie in context.cookies()}) == 3
    seen(one, "Мяне звольнілі").get_by_role("link", name="0001").click()
    one.get_by_role("button", name="Take the case").click()
    expect(one.get_by_role("status")).to_contain_text("You took the case.")

    seen(two, "Мяне звольнілі").get_by_role("link", name="0001").click()
    seen(two, "Be the second reader").get_by_label("believable").check()
    two.get_by_label("Why, for colleagues in casework").fill("Супадае з навінамі.")
    two.get_by_role("button", name="Put my reading on record").click()
    assert "ask a colleague to do this" in two.content()  # the box was not ticked; what was typed is still there
    expect(two.get_by_label("Why, for colleagues in casework")).to_have_value("Супадае з навінамі.")
    two.get_by_label("I am not this person").check()
    two.get_by_role("button", name="Put my reading on record").click()
    expect(two.get_by_role("status")).to_contain_text("Your reading is on record.")

    seen(one, "Ask my colleagues").get_by_role("button", name="Ask my colleagues").click()
    for tab in (two, three):
        tab.get_by_role("link", name="Openings").click()
        seen(tab, "Screen case 0001").get_by_role("link", name="Screen case 0001").click()
        tab.get_by_role("button", name="Agree, give my partial").click()
        expect(tab.get_by_role("status")).to_contain_text("Your partial is sealed")
    one.get_by_role("link", name="Openings").click()
    one.get_by_text("Choose another list").click()
    one.get_by_label("File").set_input_files({"name": "list.csv", "mimeType": "text/csv", "buffer": LIST})
    one.get_by_role("button", name="Keep this list").click()
    expect(one.get_by_role("status")).to_contain_text("2 names")
    one.get_by_role("link", name="Queue").first.click()
    one.get_by_role("link", name="0001").click()
    seen(one, "Open the name and screen it").get_by_role("button", name="Open the name").click()
    for _ in range(20):  # the partials' bodies follow their events a moment later
        if "Alena Persona" in one.content():
            break
        one.wait_for_timeout(300)
        one.go_back()
        one.get_by_role("button", name="Open the name").click()
    expect(one.locator(".opened")).to_contain_text("Alena Persona")
    picture(one, "story-opened")
    one.get_by_label("no match").check()
    one.get_by_label("I am not this person").check()
    one.get_by_role("button", name="Put it on record, wipe the name").click()
    assert "Alena Persona" not in one.content()
    one.get_by_role("link", name="Беларуская").click()
    assert one.url.split("/")[3] == "be"
    one.get_by_role("button", name="Замкнуць").click()
    expect(one.get_by_role("heading")).to_have_text("Гэты стол замкнёны")
    picture(one, "locked")
    one.get_by_label("Ваш пароль").fill(street.desk(1, enter=False).passphrase)
    one.get_by_role("button", name="Адамкнуць").click()
    expect(one.get_by_role("heading", level=1)).to_have_text("Чарга")
    context.close()


def seen(page: Page, text: str) -> Page:
    """Reload until the sync has brought it."""
    for _ in range(60):
        if text in page.content():
            return page
        page.wait_for_timeout(250)
        page.reload()
    raise AssertionError(f"{text} does not come")


def picture(page: Page, name: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png", full_page=True)


def every_page(busy: Busy) -> dict[str, tuple[int, str]]:
    """A name, the officer at whose desk it is looked at, and its path."""
    desks = busy.village.desks
    batch = list(desks[5].ledger.batches)[-1]
    epoch = next(iter(desks[5].ledger.publications)).hex()
    opening = [one for one in desks[3].openings.openings.values() if not one.done and not one.batch][-1].id.hex()
    drops = [person.drop for person in busy.people]
    return {
        "queue": (1, "queue/"),
        "case-answer": (1, f"case/{drops[6]}/?show=mine"),
        "case-grant": (1, f"case/{drops[9]}/?show=mine"),
        "case-amounts": (1, f"case/{drops[9]}/grant/"),
        "case-refuse": (1, f"case/{drops[9]}/refuse/"),
        "case-paid": (1, f"case/{drops[0]}/"),
        "case-reading": (4, f"case/{drops[8]}/"),
        "case-treasury": (5, f"case/{drops[0]}/"),
        "openings": (4, "openings/"),
        "opening": (4, f"openings/{opening}/"),
        "opening-object": (4, f"openings/{opening}/object/"),
        "batches": (5, "batches/"),
        "batch": (4, f"batches/{batch}/"),
        "books": (5, "books/"),
        "books-postings": (5, "books/postings/"),
        "books-statements": (5, "books/statements/"),
        "books-donations": (5, "books/donations/"),
        "log": (5, "log/"),
        "epoch": (4, f"log/{epoch}/"),
        "journal": (1, "journal/"),
        "folder": (1, "journal/folder/"),
        "keeper": (1, "officers/keeper/"),
        "officers": (1, "officers/"),
        "rehearsal": (1, "officers/rehearsal/"),
        "freeze": (1, "officers/freeze/"),
        "suspend": (1, "officers/suspend/4/"),
        "measures": (1, "officers/measures/"),
        "roster": (1, "officers/roster/"),
        "roster-remove": (1, "officers/roster/remove/5/"),
        "roster-circles": (1, "officers/roster/circles/"),
        "roster-quorum": (1, "officers/roster/quorum/"),
        "roster-invite": (1, "officers/roster/invite/"),
        "ceremony": (1, "officers/ceremony/"),
        "ceremony-again": (1, "officers/ceremony/again/"),
        "not-there": (1, "batches/" + "0" * 24 + "/"),
    }


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_nothing_scrolls_sideways(chromium: Browser, busy: tuple[Busy, Street], width: int, scheme: str) -> None:
    context = chromium.new_context(
        java_script_enabled=False,
        color_scheme=scheme,  # type: ignore[arg-type]
        viewport={"width": width, "height": 860},
    )
    go_in(context, busy, 1, 4, 5)
    page = context.new_page()
    for language in ("en", "be"):
        for name, (number, path) in every_page(busy[0]).items():
            page.goto(f"{busy[1].desk(number).origin}/{language}/{path}")
            assert page.evaluate(SIDEWAYS) == 0, (name, language)
            picture(page, f"{name}-{language}-{width}-{scheme}")
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(chromium: Browser, busy: tuple[Busy, Street], scheme: str) -> None:
    context = chromium.new_context(color_scheme=scheme, viewport={"width": 1280, "height": 860})  # type: ignore[arg-type]
    go_in(context, busy, 1, 4, 5)
    page = context.new_page()
    found = []
    for name, (number, path) in every_page(busy[0]).items():
        page.goto(f"{busy[1].desk(number).origin}/be/{path}")
        page.evaluate(AXE)
        result = json.loads(page.evaluate("async () => JSON.stringify(await axe.run())"))
        for one in result["violations"]:
            if one["impact"] not in QUIET:
                found.append((name, one["id"], [node["html"][:120] for node in one["nodes"]][:3]))
    assert found == []
    context.close()


def test_the_keyboard_comes_first_to_the_text_and_by_digits_to_every_page(
    chromium: Browser, busy: tuple[Busy, Street]
) -> None:
    context = chromium.new_context(java_script_enabled=False)
    go_in(context, busy, 1)
    page = context.new_page()
    page.goto(f"{busy[1].desk(1).origin}/en/queue/")
    keys = page.locator(".side a[accesskey]")
    assert [keys.nth(at).get_attribute("accesskey") for at in range(keys.count())] == list("1234567")
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Skip to the text"
    context.close()
