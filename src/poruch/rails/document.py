"""Opening an XML file that somebody else made, without trusting a byte of it.

Size first; then only encodings in which `<` is the byte 0x3C, so that a document type (and with it every entity) can
be refused before a parser sees the file; then lxml with everything switched off; then a limit on depth. Each failure
is one sentence with a line number at most: the parser's own messages quote the file, and the file holds names.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from lxml import etree

from poruch.errors import Malformed

MAX_BYTES = 16 * 2**20
MAX_DEPTH = 48
MAX_FIELD = 1000  # the longest text of ISO 20022 that is read here has 500 characters

_ENCODINGS = frozenset({"utf-8", "us-ascii", "ascii", "iso-8859-1", "iso-8859-15", "windows-1252"})
_DECLARED = re.compile(rb"""<\?xml\s[^>]*?\bencoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_NAME = re.compile(r"\{(urn:iso:std:iso:20022:tech:xsd:([a-z]{4}\.[0-9]{3})\.001\.([0-9]{2}))\}Document")


@dataclass(frozen=True, slots=True)
class Node:
    """One element; children are found by their path of names, all in the document's own namespace."""

    element: etree._Element
    namespace: str
    failure: type[Malformed]

    def all(self, path: str) -> list["Node"]:
        """Every element at `path` ("A/B/C")."""
        found = self.element.findall(_steps(self.namespace, path))
        return [Node(element, self.namespace, self.failure) for element in found]

    def one(self, path: str) -> "Node | None":
        """The element at `path`, if there is one; two of them are a failure, for nobody could say which one counts."""
        found = self.all(path)
        if len(found) > 1:
            raise self.failure(f"The field {path} stands twice near line {self.line}.")
        return found[0] if found else None

    def text(self, path: str) -> str:
        """The cleaned text at `path`, or "" where there is none."""
        found = self.one(path)
        return found.value if found else ""

    @property
    def value(self) -> str:
        """The text of this element on one line, without control and direction marks."""
        return clean(self.raw)

    @property
    def raw(self) -> str:
        """The text of this element as it stands in the file."""
        text = self.element.text or ""
        if len(self.element):
            raise self.failure(f"A field near line {self.line} holds more than text.")
        if len(text) > MAX_FIELD:
            raise self.failure(f"A field near line {self.line} is longer than {MAX_FIELD} characters.")
        return text

    @property
    def line(self) -> int:
        """Where in the file this element begins."""
        line: object = self.element.sourceline
        return line if isinstance(line, int) else 0


@dataclass(frozen=True, slots=True)
class Document:
    """An opened ISO 20022 file: `message` as in "camt.053", `version` as in 8, and its root."""

    message: str
    version: int
    root: Node


@lru_cache(maxsize=1024)
def _steps(namespace: str, path: str) -> str:
    return "/".join(f"{{{namespace}}}{step}" for step in path.split("/"))


def clean(text: str) -> str:
    """One line of text: runs of white space are one space; control, format and direction marks are gone."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    shown = "".join(sign if sign.isspace() or unicodedata.category(sign)[0] != "C" else "" for sign in text)
    return " ".join(shown.split())


def open_document(data: bytes, failure: type[Malformed]) -> Document:
    """Parse an ISO 20022 file of at most 16 MiB. Raises `failure`, whose detail is a sentence without personal data."""
    _check_bytes(data, failure)
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise failure(f"The file is not whole: it breaks off or is damaged near line {error.lineno or 1}.") from None
    except (LookupError, ValueError):
        raise failure("The file is damaged.") from None
    if root.getroottree().docinfo.doctype:  # type: ignore[union-attr]
        raise failure("The file declares a document type; no bank does that.")
    _check_depth(root, failure)
    found = _NAME.fullmatch(str(root.tag))
    if found is None:
        raise failure("The file is XML, but not a message of ISO 20022.")
    return Document(message=found[2], version=int(found[3]), root=Node(root, found[1], failure))


def _check_bytes(data: bytes, failure: type[Malformed]) -> None:
    if len(data) > MAX_BYTES:
        raise failure("The file is larger than 16 MiB; ask the bank for shorter periods.")
    if not data.strip():
        raise failure("The file is empty.")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in data[:4]:
        raise failure("The file is written in UTF-16 or UTF-32; save it as UTF-8 and try again.")
    if b"\0" in data:
        raise failure("The file is damaged: it holds zero bytes.")
    declared = _DECLARED.search(data[:256])
    if declared and declared[1].decode("ascii").lower() not in _ENCODINGS:
        raise failure("The file is written in an encoding that is not read here; save it as UTF-8 and try again.")
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise failure("The file declares a document type; no bank does that.")


def _check_depth(root: etree._Element, failure: type[Malformed]) -> None:
    depth = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > MAX_DEPTH:
            raise failure("The file is nested deeper than any bank's.")
