"""Looking at the front as a stranger does: without a signature, on lines of one's own, with a browser's headers.

A front that wants to show its watchers another face must tell them from people. So a visit asks what a person asks, in
a person's order and at a person's pace; the headers are those of the browser that most who are in danger use.
"""

import http.client
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from poruch.errors import RelayUnreachable

LONGEST_PAGE = 2 * 1024 * 1024
BROWSER = {
    "User-Agent": "Mozilla/5.0 (Windows NT 10.0; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "en-US,en;q=0.5",
    "Accept-Encoding": "identity",
    "Upgrade-Insecure-Requests": "1",
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Mode": "navigate",
}


@dataclass(frozen=True)
class Answer:
    """What the front answered: status, headers in lower case, content of at most 2 MiB."""

    status: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)


Get = Callable[[str, list[tuple[str, str]]], Answer]
"""Ask for a path, with the fields of a form or none for a GET. Raises `RelayUnreachable`."""


class Stranger:
    """One visitor of the front at `address`, with a line of its own."""

    def __init__(self, address: str, *, timeout_seconds: float = 30.0) -> None:
        """Asks nothing yet."""
        self._url = urlsplit(address)
        self._timeout = timeout_seconds
        self._line: http.client.HTTPConnection | None = None
        self._seen_one = False

    def ask(self, path: str, form: list[tuple[str, str]]) -> Answer:
        """See `Get`."""
        headers = {**BROWSER, "Sec-Fetch-Site": "same-origin" if self._seen_one else "none"}
        body = urlencode(form).encode() if form else None
        if body is not None:
            origin = f"{self._url.scheme}://{self._url.netloc}"
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": origin}
        try:
            answer = self._send("GET" if body is None else "POST", path, body, headers)
        except (OSError, http.client.HTTPException):
            self.leave()  # a line that was left open may have been closed meanwhile
            try:
                answer = self._send("GET" if body is None else "POST", path, body, headers)
            except (OSError, http.client.HTTPException):
                self.leave()
                raise RelayUnreachable("the front's pages") from None
        self._seen_one = True
        return answer

    def _send(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        if self._line is None:
            kind = http.client.HTTPSConnection if self._url.scheme == "https" else http.client.HTTPConnection
            self._line = kind(self._url.netloc, timeout=self._timeout)
        self._line.request(method, path, body, headers)
        answer = self._line.getresponse()
        content, until = bytearray(), time.monotonic() + self._timeout
        while part := answer.read1(LONGEST_PAGE + 1 - len(content)):
            content += part
            if len(content) > LONGEST_PAGE or time.monotonic() > until:
                self.leave()  # one byte in half a minute would hold the watch for ever
                break
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, bytes(content))

    def leave(self) -> None:
        """Hang up."""
        if self._line is not None:
            self._line.close()
            self._line = None
