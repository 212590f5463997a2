"""A stranger at the front: real HTTP, forms filled as a browser without JavaScript fills them."""

import http.client
from dataclasses import dataclass, field
from urllib.parse import urlencode, urljoin, urlsplit

from lxml import html

from poruch.crypto import codes
from poruch.drills.submissions import Submission
from poruch.errors import RelayUnreachable

LIMIT_BYTES = 4 * 1024 * 1024
MOST_PAGES = 40


class UnexpectedPage(Exception):
    """The site answered with a page that a visitor cannot go on from."""


@dataclass
class Page:
    """One page as it came: its address, status and tree."""

    address: str
    status: int
    tree: html.HtmlElement = field(repr=False)

    @property
    def heading(self) -> str:
        """The text of its `<h1>`."""
        found = self.tree.xpath("//h1")
        return " ".join(found[0].text_content().split()) if found else ""

    @property
    def errors(self) -> list[str]:
        """The sentences of its error summary."""
        return [" ".join(link.text_content().split()) for link in self.tree.xpath("//*[@role='alert']//li")]

    def fields(self, form: html.HtmlElement) -> dict[str, str]:
        """What a browser would send of `form`: hidden and typed values, chosen options, ticked boxes."""
        return dict(form.form_values())

    def form(self, ending: str) -> html.HtmlElement:
        """The form whose action ends so."""
        for form in self.tree.forms:
            if (form.action or "").endswith(ending):
                return form
        raise UnexpectedPage(f"{self.heading!r} has no form for {ending}")


@dataclass
class Visitor:
    """One person's browser: no cookie, no script. `address` is http://host:port."""

    address: str
    language: str = "en"

    def _request(self, method: str, path: str, fields: dict[str, str] | None = None) -> tuple[int, bytes, str]:
        url = urlsplit(self.address)
        connection = http.client.HTTPConnection(url.netloc, timeout=60)
        body = urlencode(fields or {}) if method == "POST" else None
        headers = {"Accept": "text/html"}
        if body is not None:
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": self.address}
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read(LIMIT_BYTES), answer.getheader("Location") or ""
        except (OSError, http.client.HTTPException):
            raise RelayUnreachable("the site does not answer") from None
        finally:
            connection.close()

    def ask(self, method: str, path: str, fields: dict[str, str] | None = None) -> Page:
        """One page, where it has moved to."""
        status, raw, moved = self._request(method, path, fields)
        if status in (301, 302, 303):
            return self.ask("GET", urljoin(path, moved or "/"))
        tree = html.document_fromstring(raw or b"<html></html>", parser=html.HTMLParser(encoding="utf-8"))
        return Page(path, status, tree)

    def fetch(self, path: str) -> bytes:
        """One file."""
        status, raw, _ = self._request("GET", path)
        if status != 200:
            raise UnexpectedPage(f"{path} answered {status}")
        return raw

    def submit(self, page: Page, ending: str, **typed: str) -> Page:
        """Send the form whose action ends so, with what was typed and what the page carries."""
        form = page.form(ending)
        fields = page.fields(form)
        return self.ask("POST", form.action, {**fields, **typed})

    # ---- the three ways in --------------------------------------------------------------------

    def apply(self, told: Submission, language: str) -> int:
        """Ask for help, page by page; returns the receipt code that the check page showed."""
        answers = {
            "who": {"who": told.who},
            "happened": {"happened": told.happened, **({"name_in_story": "on"} if told.name_in_story else {})},
            "when": {"when": told.when},
            "danger": {"danger": told.danger},
            "need": {"need": told.need},
            "funds": {"other_funds": told.other_funds},
            "name": {"name": told.name, "contact": told.contact, "language": told.language},
        }
        page = self.ask("GET", f"/{language}/ask/")
        for _ in range(MOST_PAGES):
            form = page.form("/")
            key = form.action.rstrip("/").rsplit("/", 1)[-1]
            if key == "check":
                return self._send(page)
            if key not in answers or page.errors:
                raise UnexpectedPage(f"{page.heading!r}: {page.errors}")
            page = self.submit(page, f"/{key}/", **answers[key], go="next")
        raise UnexpectedPage("the questions do not end")

    def _send(self, page: Page) -> int:
        fields = page.fields(page.form("/check/"))
        shown = code_on(page)
        code = codes.parse(shown)
        parts = shown.split()
        typed = {name: parts[int(name.removeprefix("word")) - 1] for name in fields if name.startswith("word")}
        done = self.submit(page, "/check/", **typed, go="send")
        if done.status != 200 or done.errors:
            raise UnexpectedPage(f"{done.heading!r}: {done.errors}")
        return code

    def mailbox(self, code: int, language: str) -> Page:
        """Open the mailbox of a code."""
        page = self.ask("GET", f"/{language}/mailbox/")
        opened = self.submit(page, "/mailbox/", code=" ".join(codes.words(code)))
        if opened.status != 200 or opened.errors:
            raise UnexpectedPage(f"{opened.heading!r}: {opened.errors}")
        return opened

    def give_payee(self, code: int, language: str, name: str, iban: str, bic: str) -> Page:
        """Say where to pay."""
        page = self.submit(self.mailbox(code, language), "/mailbox/payee/", go="open")
        sent = self.submit(page, "/mailbox/payee/", name=name, iban=iban, bic=bic, go="send")
        if sent.status != 200 or sent.errors:
            raise UnexpectedPage(f"{sent.heading!r}: {sent.errors}")
        return sent

    def write(self, code: int, language: str, text: str) -> Page:
        """Write to the fund."""
        return self.submit(self.mailbox(code, language), "/mailbox/write/", text=text)

    def give(self, language: str) -> tuple[str, int]:
        """Make a payment reference with a code; returns both."""
        page = self.ask("GET", f"/{language}/give/")
        made = self.submit(page, "/give/", code="1")
        [reference] = made.tree.xpath("//dd[contains(@class, 'mono')]/b/text()")
        return reference.replace(" ", ""), codes.parse(code_on(made))


def code_on(page: Page) -> str:
    """The receipt code that a page shows first, in words or digits."""
    grids = page.tree.xpath("//ol[@class='code']")
    if not grids:
        raise UnexpectedPage(f"{page.heading!r} shows no code")
    parts = ["".join(item.xpath("text()")).strip() for item in grids[0].xpath("li")]
    return " ".join(parts)
