"""All strings of the desk that must be in its catalogue, found as Django's own tools find them."""

import ast
import io
import os
from pathlib import Path

from babel.messages.extract import extract_python
from django.utils.translation.template import templatize

from poruch import errors
from poruch.journal.places import Trouble

SOURCE = Path(__file__).parents[2] / "src" / "poruch"
SITE = SOURCE / "desk" / "site"
KEYWORDS = {"_": None, "gettext": None, "lazy": None, "_plain": None, "ngettext": (1, 2)}
TOLD = {"_say_once", "BadStatement", "BadList", "Notice"}


def strings() -> set[tuple[str, str]]:
    """(msgid, plural or empty) of every string in templates and code of the desk, and of what lower rooms tell."""
    found: set[tuple[str, str]] = set()
    for path in sorted(SITE.rglob("*")):
        if path.suffix == ".html":
            found |= _of(templatize(path.read_text(), origin=os.fspath(path)).encode())
        elif path.suffix == ".py":
            found |= _of(path.read_bytes())
    return found | {(sentence, "") for sentence in error_sentences() | lower_sentences() | folder_sentences()}


def _of(source: bytes) -> set[tuple[str, str]]:
    found = set()
    for _line, keyword, messages, _comments in extract_python(io.BytesIO(source), KEYWORDS, [], {}):
        texts = [messages] if isinstance(messages, str) else [text for text in messages or () if isinstance(text, str)]
        if texts and texts[0]:
            found.add((texts[0], texts[1] if keyword == "ngettext" and len(texts) > 1 else ""))
    return found


def error_sentences() -> set[str]:
    """The sentence of every error that there is."""
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.PoruchError)]
    return {(kind.__doc__ or "").strip() for kind in kinds}


def folder_sentences() -> set[str]:
    """What is met in a folder for sync and passed over."""
    return {trouble.value for trouble in Trouble}


def lower_sentences() -> set[str]:
    """Whole sentences, without blanks, with which statements, lists and folds name what does not hold."""
    found: set[str] = set()
    for room in ("rails", "screening", "cases", "ledger", "desk"):
        for path in sorted((SOURCE / room).glob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and _tells(node):
                    found |= {
                        argument.value
                        for argument in node.args
                        if isinstance(argument, ast.Constant)
                        and isinstance(argument.value, str)
                        and argument.value.endswith(".")
                    }
    return found


def _tells(call: ast.Call) -> bool:
    name = call.func
    if isinstance(name, ast.Attribute):
        return name.attr == "append" and isinstance(name.value, ast.Attribute) and name.value.attr == "faults"
    return isinstance(name, ast.Name) and name.id in TOLD
