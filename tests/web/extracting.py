"""All strings of web and front that must be in every catalogue, found as Django's own tools find them."""

import io
import os
from pathlib import Path

from babel.messages.extract import extract_python
from django.utils.translation.template import templatize

SOURCE = Path(__file__).parents[2] / "src" / "poruch"
KEYWORDS = {"_": None, "gettext": None, "gettext_lazy": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}
ROOMS = ("web", "front")


def strings() -> set[tuple[str, str]]:
    """(msgid, plural or empty) of every string in templates, code, and sentences of errors that the front shows."""
    found: set[tuple[str, str]] = set()
    for room in ROOMS:
        for path in sorted((SOURCE / room).rglob("*")):
            if path.suffix == ".html":
                found |= _of(templatize(path.read_text(), origin=os.fspath(path)).encode())
            elif path.suffix == ".py" and "migrations" not in path.parts:
                found |= _of(path.read_bytes())
    return found | {(sentence, "") for sentence in SHOWN_ERRORS}


def _of(source: bytes) -> set[tuple[str, str]]:
    found = set()
    for _line, keyword, messages, _comments in extract_python(io.BytesIO(source), KEYWORDS, [], {}):
        if keyword == "pgettext":
            continue
        texts = [messages] if isinstance(messages, str) else [text for text in messages or () if isinstance(text, str)]
        if texts and texts[0]:
            found.add((texts[0], texts[1] if keyword == "ngettext" and len(texts) > 1 else ""))
    return found


def _sentences() -> list[str]:
    """What comes from lower rooms in English and is said in the reader's language by the front."""
    from poruch.errors import BadIban
    from poruch.tlog.check import SLIP_TITLES

    return [BadIban().sentence, *SLIP_TITLES.values(), "No two slips show one entry"]


SHOWN_ERRORS = _sentences()
