"""Submissions as files: one TOML each, for the demo and for drills. Unknown keys are refused by name."""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from poruch.errors import BadSubmission

LANGUAGES = ("be", "ru", "uk", "pl", "lt", "en")
KINDS = ("police", "army", "official", "worker", "striker", "journalist", "medic", "teacher", "other")
TEXTS = ("language", "who", "happened", "when", "danger", "need", "other_funds", "name", "contact")
PAYEE = ("name", "iban", "bic")
MAY_BE_EMPTY = {"other_funds", "contact", "bic", "danger", "when"}


@dataclass(frozen=True)
class Submission:
    """What one person types into the site. `who` is one of `KINDS`."""

    language: str
    who: str
    happened: str
    when: str
    danger: str
    need: str
    other_funds: str
    name_in_story: bool
    name: str = field(repr=False)
    contact: str = field(repr=False)
    payee_name: str = field(repr=False)
    payee_iban: str = field(repr=False)
    payee_bic: str = field(repr=False)


def parse_submission(text: str) -> Submission:
    """The submission in a TOML text. Raises `BadSubmission`, whose detail names the field."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadSubmission(f"not TOML: {error}") from None
    payee = table.get("payee")
    if not isinstance(payee, dict):
        raise BadSubmission("the table [payee] is missing")
    _refuse_unknown(table, {*TEXTS, "name_in_story", "payee"}, "")
    _refuse_unknown(payee, set(PAYEE), "payee.")
    texts = {key: _text(table, key, "") for key in TEXTS}
    named = table.get("name_in_story")
    if not isinstance(named, bool):
        raise BadSubmission("name_in_story must be true or false")
    if texts["language"] not in LANGUAGES:
        raise BadSubmission("language must be one of " + ", ".join(LANGUAGES))
    if texts["who"] not in KINDS:
        raise BadSubmission("who must be one of " + ", ".join(KINDS))
    bank = {f"payee_{key}": _text(payee, key, "payee.") for key in PAYEE}
    return Submission(**texts, **bank, name_in_story=named)


def _refuse_unknown(table: dict[str, object], known: set[str], prefix: str) -> None:
    unknown = sorted(set(table) - known)
    if unknown:
        raise BadSubmission(f"unknown key {prefix}{unknown[0]}")


def _text(table: dict[str, object], key: str, prefix: str) -> str:
    value = table.get(key)
    if not isinstance(value, str):
        raise BadSubmission(f"{prefix}{key} is missing or not a text")
    if not value.strip() and key not in MAY_BE_EMPTY:
        raise BadSubmission(f"{prefix}{key} is empty")
    return value.strip()


def read_submissions(folder: Path) -> list[Submission]:
    """All submissions of a folder, by file name. Raises `BadSubmission`, whose detail begins with the file's name."""
    found: list[Submission] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            found.append(parse_submission(path.read_text(encoding="utf-8")))
        except (BadSubmission, UnicodeDecodeError) as error:
            detail = error.detail if isinstance(error, BadSubmission) else "not UTF-8"
            raise BadSubmission(f"{path.name}: {detail}") from None
    return found
