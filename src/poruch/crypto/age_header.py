"""The head of an age v1 file: stanzas and MAC, read as strictly as c2sp.org/age says.

There is exactly one spelling of a header: LF line ends, canonical unpadded base64, bodies wrapped at 64 columns and
ended by a shorter line, a MAC of 32 bytes. Whatever differs is `BadHeader`. Armoured files are not read.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from poruch.errors import BadHeader, BadMac

MAX_HEADER = 65536  # bytes; the quorum page reads a header nowhere else
FILE_KEY_SIZE = 16
MAC_SIZE = 32
_COLUMNS = 64
_VERSION_LINE = b"age-encryption.org/v1\n"
_ARGUMENTS = re.compile(rb"[!-~]+(?: [!-~]+)*")
_BASE64 = re.compile(rb"[A-Za-z0-9+/]*")


def derive(secret: bytes, salt: bytes, info: bytes) -> bytes:
    """HKDF-SHA-256 (RFC 5869) with 32 bytes of output; an empty salt is allowed."""
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=info).derive(secret)


def encode_base64(data: bytes) -> str:
    """Standard base64 without padding."""
    return base64.b64encode(data).rstrip(b"=").decode("ascii")


def decode_base64(text: bytes) -> bytes:
    """The bytes of canonical, unpadded base64. Raises BadHeader for every other spelling."""
    if not _BASE64.fullmatch(text):
        raise BadHeader("a character outside base64")
    try:
        data = binascii.a2b_base64(text + b"=" * (-len(text) % 4))
    except binascii.Error:
        raise BadHeader("impossible length of base64") from None
    # Spare bits of the last character must be zero (RFC 4648, section 3.5).
    if base64.b64encode(data).rstrip(b"=") != text:
        raise BadHeader("base64 is not canonical")
    return data


@dataclass(frozen=True, slots=True)
class Stanza:
    """One recipient's wrapping of the file key: the arguments (the first is the kind) and the body."""

    arguments: tuple[str, ...]
    body: bytes

    @property
    def kind(self) -> str:
        """The first argument, e.g. `X25519`."""
        return self.arguments[0]

    def encode(self) -> bytes:
        """The stanza's lines, each with its line end."""
        text = encode_base64(self.body)
        # One line more when the last is full: the body ends with a line shorter than 64 columns, which may be empty.
        lines = [text[start : start + _COLUMNS] for start in range(0, len(text) + 1, _COLUMNS)]
        return ("-> " + " ".join(self.arguments) + "\n" + "\n".join(lines) + "\n").encode("ascii")


@dataclass(frozen=True, slots=True)
class Header:
    """A parsed head. `authenticated` are the bytes under the MAC (through `---`), `end` is where the payload begins."""

    stanzas: tuple[Stanza, ...]
    mac: bytes
    authenticated: bytes
    end: int

    @property
    def hash(self) -> bytes:
        """The header hash of the quorum page, section 7: it names the file in requests and answers (32 bytes)."""
        return hashlib.sha256(self.authenticated + self.mac).digest()

    def check_mac(self, file_key: bytes) -> None:
        """Raises BadMac unless the MAC was made with this file key over these stanzas."""
        if not hmac.compare_digest(_mac(file_key, self.authenticated), self.mac):
            raise BadMac


def write_header(stanzas: Iterable[Stanza], file_key: bytes) -> bytes:
    """The whole head with its MAC, ready to be followed by a payload."""
    authenticated = _VERSION_LINE + b"".join(stanza.encode() for stanza in stanzas) + b"---"
    return authenticated + b" " + encode_base64(_mac(file_key, authenticated)).encode("ascii") + b"\n"


def header_hash(file: bytes) -> bytes:
    """The 32-byte header hash of a file (quorum page, section 7). Raises BadHeader."""
    return parse_header(file).hash


def parse_header(file: bytes) -> Header:
    """The head of a file whose first bytes are at hand; the payload is not looked at. Raises BadHeader."""
    head = bytes(file[:MAX_HEADER])
    if not head.startswith(_VERSION_LINE):
        raise BadHeader("not an age v1 file")
    stanzas: list[Stanza] = []
    start = len(_VERSION_LINE)
    while True:
        line, after = _line(head, start)
        if line.startswith(b"-> "):
            stanza, start = _stanza(head, line[3:], after)
            stanzas.append(stanza)
        elif line.startswith(b"--- "):
            break
        else:
            raise BadHeader("neither a stanza nor the MAC")
    mac = decode_base64(line[4:])
    if not stanzas or len(mac) != MAC_SIZE:
        raise BadHeader("no stanza" if not stanzas else "the MAC has not 32 bytes")
    return Header(tuple(stanzas), mac, head[: start + 3], after)


def _stanza(head: bytes, arguments: bytes, start: int) -> tuple[Stanza, int]:
    if not _ARGUMENTS.fullmatch(arguments):
        raise BadHeader("the arguments of a stanza")
    lines: list[bytes] = []
    while True:
        line, start = _line(head, start)
        if len(line) > _COLUMNS:
            raise BadHeader("a line of a stanza is too long")
        lines.append(line)
        if len(line) < _COLUMNS:
            break
    return Stanza(tuple(arguments.decode("ascii").split(" ")), decode_base64(b"".join(lines))), start


def _line(head: bytes, start: int) -> tuple[bytes, int]:
    end = head.find(b"\n", start)
    if end < 0:
        raise BadHeader("the header does not end")
    return head[start:end], end + 1


def _mac(file_key: bytes, authenticated: bytes) -> bytes:
    return hmac.digest(derive(file_key, b"", b"header"), authenticated, "sha256")
