"""The vectors of docs/spec/quorum.md, and groups built from them."""

import base64
import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from poruch.crypto.ceremony import Group

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[1] / "vectors" / "quorum.json").read_text())
RESHARED = "3-of-5 to 4-of-7"


def cases(rows: Iterable[dict[str, Any]], name: str = "reason") -> list[Any]:
    """One pytest parameter a row, named by its reason."""
    return [pytest.param(row, id=row[name]) for row in rows]


def unhex(text: str) -> bytes:
    return bytes.fromhex(text)


def unbase64(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def number(text: str) -> int:
    """A scalar of the vectors as an integer."""
    return int.from_bytes(bytes.fromhex(text), "little")


def by_officer(table: dict[str, str]) -> dict[int, bytes]:
    return {int(officer): bytes.fromhex(value) for officer, value in table.items()}


def sealed_files(table: dict[str, dict[str, str]]) -> dict[int, dict[int, bytes]]:
    return {
        int(dealer): {int(officer): unbase64(file) for officer, file in files.items()}
        for dealer, files in table.items()
    }


def ceremony_row(name: str) -> dict[str, Any]:
    """The vectors of a first ceremony or of the resharing, by group name."""
    rows = {row["name"]: row for row in [*VECTORS["groups"], VECTORS["resharing"]]}
    return rows[name]


@cache
def group(name: str) -> Group:
    row = ceremony_row(name)["group"]
    return Group(row["k"], row["epoch"], unhex(row["Y"]), tuple(by_officer(row["verification_shares"]).items()))


def shares(name: str) -> dict[int, int]:
    return {int(officer): number(value) for officer, value in ceremony_row(name)["shares"].items()}
