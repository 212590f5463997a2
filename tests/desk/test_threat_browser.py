"""A lock as the officer sees it, in Chromium without script: a key locks, and Back shows nothing of the case.

Chromium is started with its memory of whole pages for Back, which test tools turn off, and is asked to keep even pages
that it must not store, as it does on most computers today.
"""

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from desk.street import RunningDesk, Street

STORY = "Мяне звольнілі за адмову."
KEEPS_PAGES = "CacheControlNoStoreEnterBackForwardCache:level/restore-unless-http-only-cookie-change"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path="/usr/bin/chromium",
            ignore_default_args=["--disable-back-forward-cache"],
            args=["--no-sandbox", "--disable-dev-shm-usage", f"--enable-features={KEEPS_PAGES}"],
        )
        yield browser
        browser.close()


def open_the_case(page: Page, desk: RunningDesk) -> None:
    """From the locked page to the story."""
    page.goto(desk.origin + "/en/locked/")
    page.get_by_label("Your passphrase").fill(desk.passphrase)
    page.get_by_role("button", name="Unlock").click()
    for _ in range(60):
        if STORY in page.content():
            break
        page.wait_for_timeout(300)
        page.reload()
    page.get_by_role("link", name="0001").first.click()
    expect(page.locator("article.story")).to_contain_text(STORY)


def tab(chromium: Browser, desk: RunningDesk) -> Page:
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 1280, "height": 900})
    name, value = desk.cookie.split("=", 1)
    context.add_cookies([{"name": name, "value": value, "url": desk.origin, "httpOnly": True, "sameSite": "Strict"}])
    return context.new_page()


def press_alt_0(page: Page) -> None:
    """As a keyboard sends it: Chromium acts on the event of the character, which test tools leave out with Alt."""
    keyboard = page.context.new_cdp_session(page)
    key = {"modifiers": 1, "key": "0", "code": "Digit0", "windowsVirtualKeyCode": 48, "unmodifiedText": "0"}
    for kind, more in (("rawKeyDown", {}), ("char", {"text": "0"}), ("keyUp", {})):
        keyboard.send("Input.dispatchKeyEvent", {"type": kind, **key, **more})


@pytest.mark.parametrize("way", ["key", "button"])
def test_after_a_lock_back_shows_nothing(chromium: Browser, street: Street, way: str) -> None:
    desk = street.desk(1, unlocked=False)
    page = tab(chromium, desk)
    open_the_case(page, desk)
    began = time.monotonic()
    if way == "key":
        press_alt_0(page)
    else:
        page.get_by_role("button", name="Lock").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("This desk is locked")
    assert time.monotonic() - began < 2
    for _ in range(4):
        page.go_back()
        assert STORY not in page.content()
        assert page.url == desk.origin + "/en/locked/" or page.url == "about:blank"
    page.goto(desk.origin + "/en/queue/")
    expect(page.get_by_role("heading", level=1)).to_have_text("This desk is locked")
    page.context.close()


def test_the_key_that_locks_is_named_beside_the_button(chromium: Browser, street: Street) -> None:
    page = tab(chromium, street.desk(2))
    page.goto(street.desk(2).origin + "/en/queue/")
    form = page.locator("form", has=page.get_by_role("button", name="Lock"))
    expect(form).to_contain_text("Alt + 0")
    page.context.close()


@pytest.mark.long
def test_after_its_idle_minutes_the_tab_goes_to_the_locked_page_by_itself(chromium: Browser, street: Street) -> None:
    folder = street.village.desks[3].folder
    desk = RunningDesk(
        folder, street.relay.address, "correct horse battery of 3", street.village.clock(), False, ("--idle-minutes=1",)
    )
    street.desks[3] = desk.start().enter()
    page = tab(chromium, desk)
    open_the_case(page, desk)
    child = desk.child()
    expect(page.get_by_role("heading", level=1)).to_have_text("This desk is locked", timeout=75_000)
    assert "after 1 minute of rest" in page.content()
    assert desk.child() != child
    page.go_back()
    assert STORY not in page.content()
    page.context.close()
