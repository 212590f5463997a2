"""Signed notes and verifier keys (c2sp.org/signed-note), Ed25519 only.

A note is a text, an empty line, and signature lines. Whatever cannot be written in exactly this way is BadNote.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from poruch.crypto.signatures import SigningKey, raw_verify
from poruch.errors import BadNote
from poruch.tlog.encoding import decode64, encode64

LARGEST_NOTE = 65536
ED25519 = 0x01
COSIGNATURE = 0x04

_DASH = "\u2014 "
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


@dataclass(frozen=True)
class VerifierKey:
    """A public key with the name and the kind of signature it is for; written as a *vkey*."""

    name: str
    kind: int
    public: bytes

    @property
    def key_id(self) -> bytes:
        """Four bytes that tell apart keys of one name."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    @property
    def text(self) -> str:
        """`<name>+<key id in hex>+<base64 of kind and key>`."""
        return f"{self.name}+{self.key_id.hex()}+{encode64(bytes([self.kind]) + self.public)}"


def parse_vkey(text: str) -> VerifierKey:
    """The verifier key of this spelling, its key id checked; BadNote otherwise."""
    parts = text.split("+", 2)
    if len(parts) != 3:
        raise BadNote("a verifier key has three parts")
    name, key_id, material = parts
    try:
        data = decode64(material, 33)
    except ValueError:
        raise BadNote("a verifier key has a kind and 32 bytes") from None
    key = VerifierKey(name, data[0], data[1:])
    if not is_key_name(name) or key_id != key.key_id.hex():
        raise BadNote("the key id does not fit name and key")
    return key


def is_key_name(name: str) -> bool:
    """Whether a name may stand in a signature line: not empty, no spaces, no plus, nothing that breaks the line."""
    return bool(name) and "+" not in name and not any(mark.isspace() for mark in name) and not _CONTROL.search(name)


@dataclass(frozen=True)
class NoteSignature:
    """One signature line: whose, and the bytes after the key id."""

    name: str
    key_id: bytes
    signature: bytes

    @property
    def line(self) -> str:
        return f"{_DASH}{self.name} {encode64(self.key_id + self.signature)}\n"


@dataclass(frozen=True)
class Note:
    """A note taken apart. `text` is what was signed, its final newline included; nothing is verified yet."""

    text: bytes
    signatures: tuple[NoteSignature, ...]

    def encode(self) -> bytes:
        return self.text + b"\n" + "".join(signature.line for signature in self.signatures).encode()

    def with_signatures(self, signatures: Iterable[NoteSignature]) -> "Note":
        """The same text with these lines added."""
        return Note(self.text, (*self.signatures, *signatures))


def parse_note(source: bytes) -> Note:
    """A note of at most 65536 bytes with one signature line or more; BadNote otherwise."""
    if len(source) > LARGEST_NOTE:
        raise BadNote("longer than 65536 bytes")
    try:
        whole = source.decode()
    except UnicodeDecodeError:
        raise BadNote("not UTF-8") from None
    if _CONTROL.search(whole):
        raise BadNote("a control character")
    text, empty_line, lines = whole.rpartition("\n\n")
    if not empty_line or not lines:
        raise BadNote("no signatures after an empty line")
    return Note(f"{text}\n".encode(), parse_signatures(lines))


def parse_signatures(lines: str) -> tuple[NoteSignature, ...]:
    """Signature lines, one or more, each ended by a newline; BadNote otherwise. A witness answers with such lines."""
    if not lines.endswith("\n"):
        raise BadNote("no newline at the end")
    return tuple(_parse_signature(line) for line in lines[:-1].split("\n"))


def _parse_signature(line: str) -> NoteSignature:
    name, space, material = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space or not is_key_name(name):
        raise BadNote("not a signature line")
    try:
        data = decode64(material)
    except ValueError:
        raise BadNote("a signature is not base64") from None
    if len(data) < 5:
        raise BadNote("a signature is too short")
    return NoteSignature(name, data[:4], data[4:])


def sign_note(text: bytes, name: str, key: SigningKey) -> NoteSignature:
    """The line that signs `text` (with its final newline) with a plain Ed25519 key of this name."""
    return NoteSignature(name, VerifierKey(name, ED25519, key.public).key_id, key.raw_sign(text))


def verify_note_signature(text: bytes, key: VerifierKey, signature: bytes) -> None:
    """Check a plain Ed25519 signature over `text`, or raise BadSignature."""
    raw_verify(key.public, text, signature)
