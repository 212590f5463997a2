"""A browser without script or cookie, as bare as the tests need it: pages, forms, headers."""

import http.client
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from lxml import html

from poruch.crypto import codes


@dataclass
class Page:
    """An answer: status, headers (lower case), bytes, and the tree if it is HTML."""

    path: str
    status: int
    headers: dict[str, str]
    raw: bytes = field(repr=False)

    @property
    def tree(self) -> html.HtmlElement:
        return html.document_fromstring(self.raw, parser=html.HTMLParser(encoding="utf-8"))

    @property
    def text(self) -> str:
        return " ".join(self.tree.text_content().split())

    @property
    def heading(self) -> str:
        return " ".join(self.tree.xpath("//h1")[0].text_content().split())

    @property
    def title(self) -> str:
        return " ".join(self.tree.xpath("//title")[0].text_content().split())

    @property
    def mistakes(self) -> list[str]:
        """The sentences of the error summary, without the no-break spaces."""
        return [" ".join(link.text_content().split()) for link in self.tree.xpath("//*[@class='summary']//li")]

    def fields(self, ending: str) -> tuple[str, dict[str, str]]:
        """Address and fields of the form whose action ends so."""
        for form in self.tree.forms:
            if (form.action or "").endswith(ending):
                return form.action, dict(form.form_values())
        raise AssertionError(f"{self.heading!r} has no form for {ending}")

    def value(self, name: str) -> str:
        """What stands in a field."""
        [found] = self.tree.xpath(f"//*[@name='{name}' and (self::textarea or @type!='radio')]")
        return str(found.text or "").removeprefix("\n") if found.tag == "textarea" else str(found.get("value") or "")

    @property
    def code(self) -> str:
        """The receipt code that stands first on the page, words or digits."""
        items = self.tree.xpath("(//ol[@class='code'])[1]/li")
        return " ".join("".join(item.xpath("text()")).strip() for item in items)


@dataclass
class Browser:
    """`address` is http://host:port."""

    address: str

    def ask(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Page:
        connection = http.client.HTTPConnection(urlsplit(self.address).netloc, timeout=60)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            raw = answer.read()
            return Page(path, answer.status, {name.lower(): value for name, value in answer.getheaders()}, raw)
        finally:
            connection.close()

    def get(self, path: str) -> Page:
        return self.ask("GET", path)

    def post(self, path: str, fields: dict[str, str], **headers: str) -> Page:
        kind = {"Content-Type": "application/x-www-form-urlencoded", "Origin": self.address}
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask("POST", path, urlencode(fields).encode(), {**kind, **names})

    def send(self, page: Page, ending: str, **typed: str) -> Page:
        """Send a form of the page with what was typed."""
        action, fields = page.fields(ending)
        return self.post(action, {**fields, **typed})


ANSWERS = {
    "who": {"who": "police"},
    "happened": {"happened": "I was told to beat people and did not."},
    "when": {"when": "August 2026"},
    "danger": {"danger": "Searches at home"},
    "need": {"need": "Rent for three months"},
    "funds": {"other_funds": "None"},
    "name": {"name": "Ivan Ivanavich", "contact": "Through my sister", "language": "be"},
}


def to_check(browser: Browser, language: str = "en", answers: dict[str, dict[str, str]] = ANSWERS) -> Page:
    """All questions answered: the check page."""
    page = browser.get(f"/{language}/ask/")
    for key, typed in answers.items():
        page = browser.send(page, f"/ask/{key}/", **typed, go="next")
    return page


def retyped(page: Page) -> dict[str, str]:
    """The two words, or groups, that the check page asks for."""
    _, fields = page.fields("/ask/check/")
    parts = page.code.split()
    return {name: parts[int(name[4:]) - 1] for name in fields if name.startswith("word")}


def submit(browser: Browser, language: str = "en", answers: dict[str, dict[str, str]] = ANSWERS) -> int:
    """A whole submission; its code."""
    page = to_check(browser, language, answers)
    done = browser.send(page, "/ask/check/", **retyped(page), go="send")
    assert done.status == 200
    assert not done.mistakes
    return codes.parse(page.code)


def open_mailbox(browser: Browser, code: int, language: str = "en") -> Page:
    """The mailbox of a code."""
    return browser.send(browser.get(f"/{language}/mailbox/"), "/mailbox/", code=" ".join(codes.words(code)))
