"""What invented officers and applicants write to one another in a drill.

The same language and seed give the same text; a question and an answer of one seed belong together. No question asks
for a name or an address, as no officer's should.
"""

from random import Random
from typing import Any

from poruch.drills.fragments import table

FOLDER = "notes_words"


def reading_reason(language: str, seed: int) -> str:
    """Why a second reader agrees, in one or two sentences."""
    return str(_pick(table(FOLDER, language)["reading_reason"], seed))


def note(language: str, seed: int) -> str:
    """A note to colleagues on a case."""
    return str(_pick(table(FOLDER, language)["note"], seed))


def question(language: str, seed: int) -> str:
    """What an officer asks a person in her mailbox."""
    return str(_pick(table(FOLDER, language)["talk"], seed)["question"])


def answer(language: str, seed: int) -> str:
    """What the person writes back to `question(language, seed)`."""
    return str(_pick(table(FOLDER, language)["talk"], seed)["answer"])


def _pick(texts: list[Any], seed: int) -> Any:
    return Random(seed).choice(texts)  # noqa: S311 (a demo wants the same words again)
