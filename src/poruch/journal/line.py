"""A line to a front that may break at any byte: what arrived before it broke is kept, and said to be a part."""

import http.client
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol
from urllib.parse import urlsplit

from poruch.crypto.signatures import SigningKey
from poruch.errors import RelayUnreachable
from poruch.journal.frames import LIMIT_BYTES
from poruch.journal.requests import sign_request

CHUNK_BYTES = 256 * 1024
IDLE_SECONDS = 5.0
"""A line that was not used for longer is not used again."""
BROKEN = 0
"""The status of a request whose line broke before a status came; it may have been heard."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as far as it came: `whole` if the line did not break within it."""

    status: int
    body: bytes = field(repr=False)
    whole: bool = True


class Line(Protocol):
    """What carries questions to a front. Both raise `RelayUnreachable` where nobody answers at all."""

    def post(self, path: str, body: bytes) -> Reply:
        """Ask as the officer or keeper whose line this is."""

    def as_stranger(self, method: str, path: str, body: bytes = b"") -> Reply:
        """Ask as a stranger does, without a signature."""

    def close(self) -> None:
        """Hang up."""


FRONT_NUMBER = "Poruch-Front"
"""A header of answers: the number that a front drew when it was made. Another one, another disk."""
_NUMBER = re.compile("[0-9a-f]{16}")


@dataclass
class HttpLine:
    """HTTP to `address` (http://host:port), with requests signed as officer `number` or as his keeper."""

    address: str
    number: int
    key: SigningKey
    today: Callable[[], date]
    random: Callable[[int], bytes]
    timeout_seconds: float = 30.0
    keeper: bool = False
    front_number: str = ""
    seconds: Callable[[], float] = time.monotonic
    _used: float = 0.0
    _open: http.client.HTTPConnection | None = field(default=None, repr=False)

    def post(self, path: str, body: bytes) -> Reply:
        """See `Line`."""
        if self.seconds() - self._used > IDLE_SECONDS:
            self.close()  # the front may have hung up, which would look like a line that breaks
        try:
            return self._send("POST", path, body, signed=True)
        finally:
            self._used = self.seconds()

    def as_stranger(self, method: str, path: str, body: bytes = b"") -> Reply:
        """See `Line`. On a line of its own, so that it is not known by its neighbours."""
        self.close()
        try:
            return self._send(method, path, body, signed=False)
        finally:
            self.close()

    def close(self) -> None:
        """Hang up."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def _send(self, method: str, path: str, body: bytes, *, signed: bool) -> Reply:
        headers = {"Content-Type": "application/octet-stream"} if body else {}
        if signed:
            headers |= sign_request(
                method, path, body, self.number, self.key, self.today(), self.random(16), keeper=self.keeper
            )
        line = self._connected()
        try:
            line.request(method, path, body, headers)
            answer = line.getresponse()
            said = answer.getheader(FRONT_NUMBER) or ""
            self.front_number = said if _NUMBER.fullmatch(said) else self.front_number
        except TimeoutError:
            self.close()
            raise RelayUnreachable("no answer in time") from None
        except (OSError, http.client.HTTPException):
            self.close()
            return Reply(BROKEN, b"", whole=False)
        return self._read(answer)

    def _connected(self) -> http.client.HTTPConnection:
        if self._open is None:
            url = urlsplit(self.address)
            kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
            line = kind(url.netloc, timeout=self.timeout_seconds)
            try:
                line.connect()
            except (OSError, http.client.HTTPException):
                line.close()
                raise RelayUnreachable("nobody answers there") from None
            self._open = line
        return self._open

    def _read(self, answer: http.client.HTTPResponse) -> Reply:
        """The body as far as it comes; what is longer than all frames together may be is cut there."""
        came = bytearray()
        try:
            while len(came) < LIMIT_BYTES and (chunk := answer.read(min(CHUNK_BYTES, LIMIT_BYTES - len(came)))):
                came += chunk
        except http.client.IncompleteRead as cut:
            came += cut.partial
        except (OSError, http.client.HTTPException):
            pass  # what came before is good
        else:
            if answer.isclosed() and not answer.length:
                return Reply(answer.status, bytes(came))
        self.close()
        return Reply(answer.status, bytes(came), whole=False)
