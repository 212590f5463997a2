"""The pages in Chromium: without script in two languages, two widths, light and dark; nothing scrolls sideways.

Then with script, for axe only. Pictures of every page are left in artefacts/front/ to be looked at.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import axe_core_python
import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, sync_playwright

from front.books import Log
from front.browser import ANSWERS, open_mailbox, submit
from front.process import ROOT, Front, today
from front.test_mailbox import tell
from front.test_publishing import publish
from poruch.crypto import codes

CHROMIUM = "/usr/bin/chromium"
PICTURES = ROOT / "artefacts" / "front"
AXE = (Path(axe_core_python.__file__).parent / "axe.min.js").read_text()
QUIET = {"minor", "moderate"}
STORY = {
    "en": "I was ordered to take part in beating people at a factory gate. I refused in front of the others and wrote "
    "a report. Four days later I was dismissed, and my wife’s school was told.",
    "be": "Мне загадалі біць людзей каля заводскай брамы. Я адмовіўся пры ўсіх і напісаў рапарт. Праз чатыры дні мяне "
    "звольнілі, а ў школу, дзе працуе жонка, прыйшоў ліст.",
}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def code(front: Front) -> int:
    """A person with a grant, on a front with a published log."""
    log = Log(front.fund)
    kinds = {"first-months": (434000,) * 5, "retraining": (126000,) * 5, "legal": (70000,) * 5, "cost-bank": (155000,)}
    for gifts in ((1_000_000,) * 5, (900_000,) * 6):
        body, _ = log.next_epoch(gifts, kinds)
        assert publish(front, body)[0] == 200
    code = submit(front.browser)
    tell(front, code, "received")
    tell(front, code, "message", "Were you paid for September? A yes or no is enough; no papers needed now.")
    open_box = open_mailbox(front.browser, code)
    front.browser.send(open_box, "/mailbox/write/", text="No.")
    tell(front, code, "grant", "Two payments, the first next week.", (60000, 60000))
    tell(front, code, "paid", amounts=(60000,))
    return code


class Walk:
    """A walk through all pages; `look` is called at each with its name."""

    def __init__(self, page: Page, address: str, language: str, code: int) -> None:
        self.page, self.start, self.language, self.code = page, f"{address}/{language}", language, code

    def press(self, selector: str = "button.button") -> None:
        """Send the form and wait for the next page: what is looked at must not still be the one before."""
        with self.page.expect_navigation():
            self.page.click(selector)

    def __iter__(self) -> Iterator[str]:
        page = self.page
        page.goto(f"{self.start.rsplit('/', 1)[0]}/")
        yield "languages"
        for name in ("", "safe/", "built/", "limits/", "leave/", "detained/", "accounts/", "give/"):
            page.goto(f"{self.start}/{name}")
            yield name.rstrip("/") or "home"
        self.press()
        yield "gift"
        page.goto(f"{self.start}/nothing/")
        yield "not-found"
        yield from self._ask()
        yield from self._mailbox()

    def _ask(self) -> Iterator[str]:
        page = self.page
        page.goto(f"{self.start}/ask/")
        self.press()
        yield "who-error"
        page.check("input[value=police]")
        self.press()
        self.press()
        yield "happened-error"
        page.fill("textarea", STORY[self.language])
        self.press()
        for key in ("when", "danger", "need", "funds"):
            yield key
            page.fill("textarea, input[type=text]", *ANSWERS[key].values())
            self.press()
        page.fill("#name", "Ivan Ivanavich")
        yield "name"
        self.press()
        yield "check"
        self.press()
        yield "check-error"
        parts = [item.inner_text().split("\n")[-1] for item in page.query_selector_all("ol.code >> nth=0 >> li")]
        for field in page.query_selector_all(".two input"):
            field.fill(parts[int((field.get_attribute("id") or "word1")[4:]) - 1])
        self.press()
        yield "done"

    def _mailbox(self) -> Iterator[str]:
        page = self.page
        page.goto(f"{self.start}/mailbox/")
        page.fill("#code", "one two three")
        self.press()
        yield "door-error"
        page.fill("#code", codes.digits(self.code))
        self.press()
        yield "mailbox"
        self.press("button[value=open]")
        self.press()
        yield "payee-error"
        page.goto(f"{self.start}/give/check/")
        page.fill("#code", codes.digits(self.code))
        self.press()
        yield "gift-check"


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "be"])
def test_every_page_without_script(
    front: Front, chromium: Chromium, code: int, language: str, scheme: str, width: int
) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    context = chromium.new_context(
        java_script_enabled=False, viewport={"width": width, "height": 800}, color_scheme=scheme
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    seen = []
    for name in Walk(page, front.address, language, code):
        page.screenshot(path=PICTURES / f"{name}-{language}-{width}-{scheme}.png", full_page=True)
        wide = page.locator("html").evaluate("node => node.scrollWidth")
        assert wide <= width, f"{name} is {wide} px wide"
        seen.append(name)
    assert len(seen) == 25
    assert [text for text in complaints if "404" not in text] == []
    assert context.cookies() == []
    context.close()


@pytest.mark.parametrize(("language", "scheme"), [("en", "light"), ("be", "dark")])
def test_axe_finds_nothing_serious(front: Front, chromium: Chromium, code: int, language: str, scheme: str) -> None:
    context = chromium.new_context(bypass_csp=True, viewport={"width": 1280, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    found = []
    for name in Walk(page, front.address, language, code):
        page.evaluate(AXE)
        for violation in page.evaluate("axe.run()")["violations"]:
            if violation["impact"] not in QUIET:
                found.append((name, violation["id"], [node["html"] for node in violation["nodes"]][:2]))
    assert found == [], json.dumps(found, indent=1, ensure_ascii=False)
    context.close()


def test_home_takes_two_requests_and_thirty_kilobytes(front: Front, chromium: Chromium, code: int) -> None:
    context = chromium.new_context()
    page = context.new_page()
    sizes: list[int] = []
    page.on("response", lambda answer: sizes.append(len(answer.body()) + sum(map(len, answer.all_headers().values()))))
    page.goto(f"{front.address}/en/", wait_until="networkidle")
    assert len(sizes) == 2
    assert sum(sizes) <= 30_000
    context.close()


def test_the_page_can_be_read_at_twice_its_size(front: Front, chromium: Chromium, code: int) -> None:
    context = chromium.new_context(viewport={"width": 640, "height": 400}, device_scale_factor=2)
    page = context.new_page()
    for path in ("", "accounts/", "ask/"):
        page.goto(f"{front.address}/be/{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 640
    context.close()


def test_the_code_is_printed_and_the_rest_of_the_page_is_not_in_its_way(
    front: Front, chromium: Chromium, code: int
) -> None:
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{front.address}/en/give/")
    with page.expect_navigation():
        page.click("button.button")
    page.emulate_media(media="print")
    assert page.locator("ol.code").first.is_visible()
    assert not page.locator("header.head").is_visible()
    assert today()
    context.close()
