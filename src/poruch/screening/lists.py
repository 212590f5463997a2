"""Lists of names (sanctions, wanted, a fund's own) as CSV, indexed by folded name.

The file: UTF-8, one header line with `name` and any of `birth_date`, `list`, `id`, in any order; commas, double quotes,
no line breaks inside a field. A birth date is YYYY, YYYY-MM or YYYY-MM-DD. One file may hold several lists. The
SHA-256 of its bytes goes into the record of every screening, so that one can say later what was compared with what.
"""

import csv
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from poruch.errors import BadList, BadName
from poruch.screening.folding import Skeleton, fold

MAX_BYTES = 64 * 2**20
MAX_ROWS = 1_000_000
MAX_LINE = 4_000
COLUMNS = ("name", "birth_date", "list", "id")

_BIRTH_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class ListedName:
    """One row of a list; `row` is its line in the file, `birth_date` as precise as the list has it, or ""."""

    name: str
    birth_date: str
    list_name: str
    list_id: str
    row: int


@dataclass(frozen=True, slots=True)
class Match:
    """A listed name that is the same after folding; `patronymic` says how far the fathers' names bear that out."""

    listed: ListedName
    patronymic: Literal["same", "missing", "differs"]


@dataclass(frozen=True, slots=True)
class NameIndex:
    """A parsed list: `sha256` of the file (64 hex digits) and its names by skeleton."""

    sha256: str
    names: tuple[ListedName, ...] = field(repr=False)
    _rows_of_key: dict[str, tuple[tuple[int, str | None], ...]] = field(repr=False)

    def find(self, skeleton: Skeleton) -> Iterator[Match]:
        """The listed names with this skeleton, in the order of the file."""
        for at, patronymic in self._rows_of_key.get(skeleton.key, ()):
            yield Match(self.names[at], _compare(skeleton.patronymic, patronymic))


def parse_list(data: bytes) -> NameIndex:
    """The index of one list file. Raises BadList with a sentence that names the line, never a name in it."""
    names = tuple(_rows(_text(data)))
    known: dict[tuple[str, bool, str], str] = {}
    rows_of_key: dict[str, list[tuple[int, str | None]]] = {}
    for at, listed in enumerate(names):
        try:
            skeletons = fold(listed.name, known)
        except BadName:
            raise BadList(f"Line {listed.row}: the name has no letters or is too long.") from None
        for skeleton in skeletons:
            rows_of_key.setdefault(skeleton.key, []).append((at, skeleton.patronymic))
    index = {key: tuple(rows) for key, rows in rows_of_key.items()}
    return NameIndex(hashlib.sha256(data).hexdigest(), names, index)


def screen(name: str, index: NameIndex) -> tuple[Match, ...]:
    """The listed names that fold to the same skeleton as `name`, each once, in file order. Raises BadName.

    No match means no more than that: a spelling outside the folding's rules is not found.
    """
    found: dict[ListedName, Match] = {}
    for skeleton in fold(name):
        for match in index.find(skeleton):
            if match.listed not in found or match.patronymic == "same":
                found[match.listed] = match
    return tuple(sorted(found.values(), key=lambda match: match.listed.row))


def _compare(one: str | None, other: str | None) -> Literal["same", "missing", "differs"]:
    if one is None and other is None:
        return "same"
    if one is None or other is None:
        return "missing"
    return "same" if one == other else "differs"


def _text(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise BadList("The list is larger than 64 MiB.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadList("The list is not in UTF-8; save it as CSV UTF-8.") from None
    if "\0" in text:
        raise BadList("The list is damaged: it holds zero bytes.")
    return text


def _rows(text: str) -> Iterator[ListedName]:
    lines = text.replace("\r\n", "\n").split("\n")
    if len(lines) > MAX_ROWS:
        raise BadList(f"The list has more than {MAX_ROWS} lines.")
    for number, line in enumerate(lines, start=1):
        if len(line) > MAX_LINE:
            raise BadList(f"Line {number} is longer than {MAX_LINE} characters.")
    header = _fields(lines[0], 1)
    if "name" not in header or len(set(header)) < len(header) or not set(header) <= set(COLUMNS):
        raise BadList("The first line must name the columns: name, and if wanted birth_date, list, id.")
    for number, line in enumerate(lines[1:], start=2):
        if line.strip():
            yield _listed(dict(zip(header, _checked(_fields(line, number), len(header), number), strict=True)), number)


def _fields(line: str, number: int) -> list[str]:
    """One line is one row: a quote left open would otherwise swallow the rest of the file."""
    try:
        rows = list(csv.reader([line], strict=True))
    except csv.Error:
        raise BadList(f"Line {number} has a quotation mark out of place or a line break.") from None
    return [part.strip() for part in rows[0]] if rows else []


def _checked(fields: list[str], expected: int, number: int) -> list[str]:
    if len(fields) != expected:
        raise BadList(f"Line {number} has {len(fields)} fields, not {expected}; look for a comma that needs quotes.")
    return fields


def _listed(row: dict[str, str], number: int) -> ListedName:
    if not row["name"]:
        raise BadList(f"Line {number} has no name.")
    birth_date = row.get("birth_date", "")
    if birth_date and not _is_birth_date(birth_date):
        raise BadList(f"Line {number}: a birth date is YYYY, YYYY-MM or YYYY-MM-DD.")
    return ListedName(row["name"], birth_date, row.get("list", ""), row.get("id", ""), number)


def _is_birth_date(text: str) -> bool:
    found = _BIRTH_DATE.fullmatch(text)
    if not found:
        return False
    try:
        date(int(found[1]), int(found[2] or 1), int(found[3] or 1))
    except ValueError:
        return False
    return True
