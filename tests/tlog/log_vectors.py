"""The vectors of the log page, read once."""

import base64
import json
from pathlib import Path
from typing import Any

from poruch.tlog.policy import parse_policy

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent.parent / "vectors" / "log.json").read_text("utf-8"))
POLICY = parse_policy(VECTORS["policy"].encode())
ENTRIES: list[bytes] = [text.encode() for text in VECTORS["leaves"]]
LAST_CHECKPOINT: bytes = VECTORS["epochs"][-1]["checkpoint"].encode()


def from64(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def path_of(texts: list[str]) -> tuple[bytes, ...]:
    return tuple(from64(text) for text in texts)


def edited(edits: list[list[Any]]) -> list[bytes]:
    """The good log with these edits applied one after the other."""
    entries = list(ENTRIES)
    for edit in edits:
        match edit:
            case ["set", index, text]:
                entries[index] = text.encode()
            case ["insert", index, text]:
                entries.insert(index, text.encode())
            case ["delete", index]:
                del entries[index]
            case _:
                raise AssertionError(f"unknown edit {edit[0]}")
    return entries
