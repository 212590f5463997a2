"""Where a public log is read from: a folder or an address. Only files that a log has are ever asked for."""

import http.client
import re
import time
import urllib.error
import urllib.request
from email.message import Message
from pathlib import Path
from typing import IO, NoReturn, Protocol
from urllib.parse import urlsplit

from poruch.errors import LogUnreachable, Unavailable

LARGEST_FILE = 2 * 2**20
"""Bytes; the largest file of a log, a full bundle of the longest entries, has half of that."""

QUIET_SECONDS = 20.0
WHOLE_FILE_SECONDS = 60.0
LOG_FOLDER = "log"

_PATHS = re.compile(
    r"checkpoint|policy|code-salt|slips/[0-9a-f]{64}|tile/(?:[0-9]{1,2}|entries)(?:/x[0-9]{3})*/[0-9]{3}(?:\.p/[0-9]{1,3})?"
)


class Source(Protocol):
    """One log. `read` raises OSError where there is no such file, and `LogUnreachable` where nothing can be asked."""

    @property
    def where(self) -> str: ...
    @property
    def is_remote(self) -> bool: ...
    @property
    def trouble(self) -> str: ...
    def read(self, path: str) -> bytes: ...


class FolderSource:
    """A folder with a copy of a log."""

    is_remote = False
    trouble = ""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def where(self) -> str:
        return str(self.folder)

    def read(self, path: str) -> bytes:
        """One file of the log."""
        file = self.folder / _asked(path)
        if not file.is_file():  # a pipe or a device would make the check wait for ever
            raise FileNotFoundError(path)
        with file.open("rb") as opened:
            return _not_larger(opened.read(LARGEST_FILE + 1))


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        """The log is where the reader says; a server does not send him elsewhere."""


class AddressSource:
    """The address of a log, http or https. `trouble` says what went wrong on the way, which is no fault of the log."""

    is_remote = True

    def __init__(self, base: str) -> None:
        self.base = base
        self.trouble = ""
        self._opener = urllib.request.build_opener(_NoRedirects)

    @property
    def where(self) -> str:
        return self.base

    def read(self, path: str) -> bytes:
        """One file of the log."""
        request = urllib.request.Request(f"{self.base}/{_asked(path)}", headers={"User-Agent": "poruch"})  # noqa: S310
        try:
            with self._opener.open(request, timeout=QUIET_SECONDS) as answer:
                return _not_larger(self._body(answer))
        except urllib.error.HTTPError as error:
            error.close()
            if error.code in (404, 410):
                raise FileNotFoundError(path) from None
            moved = "; an address that moves is not followed" if 300 <= error.code < 400 else ""
            self._give_up(f"the server answered {error.code}{moved}")
        except (urllib.error.URLError, TimeoutError, ConnectionError, http.client.HTTPException):
            self._give_up("the server does not answer")

    def _body(self, answer: http.client.HTTPResponse) -> bytes:
        data, end = bytearray(), time.monotonic() + WHOLE_FILE_SECONDS
        while len(data) <= LARGEST_FILE and (part := answer.read1(65536)):
            data += part
            if time.monotonic() > end:
                self._give_up("the server is too slow")
        if len(data) <= LARGEST_FILE and answer.length:
            self._give_up("the connection broke off")
        return bytes(data)

    def _give_up(self, why: str) -> NoReturn:
        self.trouble = why
        raise LogUnreachable(why)


def open_source(text: str) -> Source:
    """The log at a folder or an address, given with or without its last part `log`. Raises `LogUnreachable`."""
    places = _places(text)
    for place in places:
        if _has_log(place):
            return place
    trouble = next((place.trouble for place in places if place.trouble), "there is neither a checkpoint nor a policy")
    raise LogUnreachable(trouble)


def _places(text: str) -> list[Source]:
    if "://" not in text:
        return [FolderSource(Path(text)), FolderSource(Path(text) / LOG_FOLDER)]
    try:
        url = urlsplit(text)
        named = url.scheme in ("http", "https") and url.hostname and (url.port is None or url.port)
    except ValueError:
        named = None
    if (
        not named
        or url.username is not None
        or url.query
        or url.fragment
        or not text.isascii()
        or not text.isprintable()
    ):
        raise LogUnreachable("an address begins with http:// or https://, then host and path and no more")
    base = f"{url.scheme}://{url.netloc}{url.path.rstrip('/')}"
    bases = [base] if base.endswith(f"/{LOG_FOLDER}") else [f"{base}/{LOG_FOLDER}", base]
    return [AddressSource(one) for one in bases]


def _has_log(place: Source) -> bool:
    for path in ("checkpoint", "policy"):
        try:
            place.read(path)
        except OSError:
            continue
        except Unavailable:
            return False
        return True
    return False


def _asked(path: str) -> str:
    if not _PATHS.fullmatch(path):
        raise ValueError(f"no file of a log: {path}")
    return path


def _not_larger(data: bytes) -> bytes:
    if len(data) > LARGEST_FILE:
        raise OSError("larger than any file of a log")
    return data
