"""The request to open a file: a text that officers read, agree to and are bound by (docs/spec/quorum.md, section 7)."""

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache

from poruch.crypto.age import parse_recipient
from poruch.crypto.group import HIGHEST_OFFICER
from poruch.crypto.quorum_file import check_place, has_control
from poruch.errors import BadKey, BadPlace, BadRequest

MAX_PURPOSE = 500  # bytes of UTF-8
MAX_REQUEST = 4096  # bytes; the longest possible request has under 3000
_VERSION = "poruch/opening/v1"
_FIELDS = ("group", "file", "place", "officer", "recipient", "until", "purpose")
_HASH = re.compile("[0-9a-f]{64}")
_NUMBER = re.compile("[1-9][0-9]{0,4}")
_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_known_recipient = lru_cache(maxsize=256)(parse_recipient)
"""The requests of one event name one long public recipient. A failure is never remembered."""


@dataclass(frozen=True)
class OpeningRequest:
    """Who wants which file opened, how long and what for.

    `group` is the group id, `file` the header hash (32 bytes each), `place` where the journal holds the file, `officer`
    the number of the requester, `recipient` his one-time age recipient, `until` the last day (UTC), `purpose` 1 to 500
    bytes for his colleagues to read. Raises BadRequest.
    """

    group: bytes
    file: bytes
    place: str
    officer: int
    recipient: str
    until: date
    purpose: str

    def __post_init__(self) -> None:
        try:
            size = len(self.purpose.encode())
            check_place(self.place)
            _known_recipient(self.recipient)
        except (UnicodeEncodeError, BadPlace, BadKey) as error:
            raise BadRequest(type(error).__name__) from error
        if len(self.group) != 32 or len(self.file) != 32:
            raise BadRequest("a hash")
        if not 1 <= self.officer <= HIGHEST_OFFICER:
            raise BadRequest("officer")
        if not 1 <= size <= MAX_PURPOSE or has_control(self.purpose):
            raise BadRequest("purpose")

    @property
    def text(self) -> str:
        """The eight lines, each with its line end."""
        values = (
            self.group.hex(),
            self.file.hex(),
            self.place,
            str(self.officer),
            self.recipient,
            self.until.isoformat(),
            self.purpose,
        )
        lines = [f"{field} {value}" for field, value in zip(_FIELDS, values, strict=True)]
        return "\n".join([_VERSION, *lines, ""])

    def encode(self) -> bytes:
        """The text in UTF-8: the bytes that are hashed."""
        return self.text.encode()

    @cached_property
    def hash(self) -> bytes:
        """The 32-byte request hash."""
        return hashlib.sha256(self.encode()).digest()


def parse_request(data: bytes) -> OpeningRequest:
    """The request that encodes to exactly these bytes. Raises BadRequest."""
    if len(data) > MAX_REQUEST:
        raise BadRequest("too long")
    try:
        version, *lines = data.decode().split("\n")
    except UnicodeDecodeError as error:
        raise BadRequest("not UTF-8") from error
    if version != _VERSION or len(lines) != len(_FIELDS) + 1:
        raise BadRequest("not the lines of a request")
    values = {}
    for field, line in zip(_FIELDS, lines, strict=False):
        name, _, values[field] = line.partition(" ")
        if name != field:
            raise BadRequest(f"the line {field}")
    request = _from_values(values)
    if request.encode() != data:
        raise BadRequest("another spelling")
    return request


def _from_values(values: dict[str, str]) -> OpeningRequest:
    for field, pattern in (("group", _HASH), ("file", _HASH), ("officer", _NUMBER), ("until", _DAY)):
        if not pattern.fullmatch(values[field]):
            raise BadRequest(f"the line {field}")
    try:
        until = date.fromisoformat(values["until"])
    except ValueError as error:
        raise BadRequest("no such day") from error
    return OpeningRequest(
        group=bytes.fromhex(values["group"]),
        file=bytes.fromhex(values["file"]),
        place=values["place"],
        officer=int(values["officer"]),
        recipient=values["recipient"],
        until=until,
        purpose=values["purpose"],
    )
