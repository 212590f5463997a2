"""Names against a list that treasury or casework keeps on this desk; exact after folding."""

import hashlib

from poruch.desk.program import Desk
from poruch.errors import BadName, MissingCheck
from poruch.screening.folding import fold
from poruch.screening.lists import Match, NameIndex, parse_list, screen

LIST = "screening/list"


def name_keys(name: str) -> frozenset[str]:
    """The folded spellings of a name; none where it has no letters."""
    try:
        return frozenset(skeleton.key for skeleton in fold(name))
    except BadName:
        return frozenset()


def keep_list(desk: Desk, file: bytes) -> bytes:
    """Keep a list on this desk; returns its SHA-256 (32 bytes). Raises `BadList`."""
    parse_list(file)
    desk.store.keep_fact(LIST, file)
    return hashlib.sha256(file).digest()


def current_list(desk: Desk) -> tuple[NameIndex, bytes]:
    """The list of this desk and its SHA-256. Raises `MissingCheck` where there is none."""
    file = desk.store.fact(LIST)
    if file is None:
        raise MissingCheck("choose a list of names first")
    return parse_list(file), hashlib.sha256(file).digest()


def screen_name(desk: Desk, name: str) -> list[Match]:
    """What the list holds for a name."""
    return list(screen(name, current_list(desk)[0]))
