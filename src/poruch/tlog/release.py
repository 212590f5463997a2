"""Releases of the program: a signed note (c2sp.org/signed-note) beside a file says which release it is.

The text of the note is five lines: `poruch/release/v1`, version, name of the file, its size in bytes, its SHA-256 in
hex. The keys stand in a file whose first line says how many of them must have signed (docs/spec/release.md).
"""

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO

from poruch.errors import BadNote, BadReleaseKeys, BadSignature, NotThisRelease, TooFewSigners
from poruch.tlog.notes import ED25519, Note, VerifierKey, parse_note, parse_vkey, verify_note_signature

FORMAT = "poruch/release/v1"
LARGEST_KEYS = 16384
_FIRST_LINE = re.compile(r"# poruch/release-keys/v1 signatures ([1-9][0-9]?)")
_VERSION = re.compile(r"(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_SIZE = re.compile(r"[1-9][0-9]{0,11}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class ReleaseKeys:
    """Whose signatures count, and how many of them are needed."""

    needed: int
    keys: tuple[VerifierKey, ...]


@dataclass(frozen=True)
class Release:
    """What a note says: `version` as three numbers, name of the file, size in bytes, SHA-256 (32 bytes)."""

    version: tuple[int, int, int]
    file: str
    size: int
    sha256: bytes

    @property
    def text(self) -> bytes:
        """The five lines that are signed."""
        version = ".".join(str(number) for number in self.version)
        return f"{FORMAT}\n{version}\n{self.file}\n{self.size}\n{self.sha256.hex()}\n".encode()


def parse_version(text: str) -> tuple[int, int, int]:
    """Three numbers without leading zeros. Raises `BadNote`."""
    found = _VERSION.fullmatch(text)
    if found is None:
        raise BadNote("a version is three numbers")
    major, minor, patch = found.groups()
    return int(major), int(minor), int(patch)


def release_of(version: str, name: str, file: BinaryIO) -> Release:
    """The release that a file is. Raises `BadNote` for a name or a version that cannot stand in a note."""
    if _FILE.fullmatch(name) is None:
        raise BadNote("the name of the file")
    return Release(parse_version(version), name, *_size_and_digest(file))


def _size_and_digest(file: BinaryIO) -> tuple[int, bytes]:
    size, digest = 0, hashlib.sha256()
    while part := file.read(2**20):
        size += len(part)
        digest.update(part)
    return size, digest.digest()


def parse_keys(source: bytes) -> ReleaseKeys:
    """The keys of a file. Raises `BadReleaseKeys`; a file without keys is one, too."""
    try:
        first, *lines = source[: LARGEST_KEYS + 1].decode("ascii").splitlines()
        found = _FIRST_LINE.fullmatch(first)
        keys = tuple(parse_vkey(line) for line in lines if line and not line.startswith("#"))
    except (ValueError, BadNote):
        raise BadReleaseKeys from None
    fits = len(source) <= LARGEST_KEYS and all(key.kind == ED25519 for key in keys) and len(set(keys)) == len(keys)
    if found is None or not fits or int(found.group(1)) > len(keys):
        raise BadReleaseKeys
    return ReleaseKeys(int(found.group(1)), keys)


def parse_release(note: Note) -> Release:
    """What the text of a note says; its signatures are not looked at. Raises `BadNote`."""
    lines = note.text.decode().split("\n")
    if len(lines) != 6 or lines[0] != FORMAT or lines[5]:
        raise BadNote("not the five lines of a release")
    _, version, name, size, sha256, _ = lines
    if not (_FILE.fullmatch(name) and _SIZE.fullmatch(size) and _SHA256.fullmatch(sha256)):
        raise BadNote("a line of a release")
    return Release(parse_version(version), name, int(size), bytes.fromhex(sha256))


def verify_release(file: BinaryIO, source: bytes, keys: ReleaseKeys) -> Release:
    """The steps of docs/spec/release.md. Raises `BadNote`, `BadSignature`, `TooFewSigners`, `NotThisRelease`."""
    note = parse_note(source)  # (1)
    release = parse_release(note)  # (2)
    signed = _signers(note, keys.keys)  # (3)
    if len(signed) < keys.needed:  # (4)
        raise TooFewSigners(f"{len(signed)} of {keys.needed}")
    size, digest = _size_and_digest(file)
    if size != release.size or not hmac.compare_digest(digest, release.sha256):  # (5)
        raise NotThisRelease
    return release


def _signers(note: Note, keys: Iterable[VerifierKey]) -> set[VerifierKey]:
    """Whose line verifies. A line of a known key that does not is no accident: BadSignature."""
    by_line = {(key.name, key.key_id): key for key in keys}
    found: set[VerifierKey] = set()
    for line in note.signatures:
        key = by_line.get((line.name, line.key_id))
        if key is None:
            continue
        if key in found:
            raise BadSignature("one key has signed twice")
        verify_note_signature(note.text, key, line.signature)
        found.add(key)
    return found
