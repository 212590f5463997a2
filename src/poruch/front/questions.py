"""The questions of "Ask for help", in their order: one page each."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from poruch.front.forms import (
    DangerForm,
    HappenedForm,
    NameForm,
    NeedForm,
    OtherFundsForm,
    PlainForm,
    WhenForm,
    WhoForm,
)


@dataclass(frozen=True)
class Question:
    """`key` stands in the address; `brief` heads the answer on the check page; k officers open what is `named`."""

    key: str
    form: type[PlainForm]
    title: Any
    hint: Any
    brief: Any
    named: bool = False

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the fields on this page."""
        return tuple(self.form.base_fields)


QUESTIONS = (
    Question(
        "who",
        WhoForm,
        _("What was your work?"),
        _("What you did until you refused. If you ask for somebody else, choose the work of that person."),
        _("Your work"),
    ),
    Question(
        "happened",
        HappenedForm,
        _("What happened?"),
        _(
            "What you were told to do, what you answered, and what you lost for it. "
            "A few sentences in your own words are enough, in any language."
        ),
        _("What happened"),
    ),
    Question(
        "when",
        WhenForm,
        _("When was it? (optional)"),
        _("If you do not remember the day, write the month."),
        _("When"),
    ),
    Question(
        "danger",
        DangerForm,
        _("Are you in danger now? (optional)"),
        _(
            "Searches, summonses, threats, somebody detained. "
            "Tell us where you are only if it matters: a country is enough."
        ),
        _("Danger now"),
    ),
    Question(
        "need",
        NeedForm,
        _("What do you need?"),
        _("Rent, food, a course, a lawyer, a way out, a job. Sums help us if you know them."),
        _("What you need"),
    ),
    Question(
        "funds",
        OtherFundsForm,
        _("Have you asked other funds? (optional)"),
        _(
            "Having asked or been paid elsewhere does not shut you out here. "
            "It keeps two funds from paying for one thing."
        ),
        _("Other funds asked"),
    ),
    Question(
        "name",
        NameForm,
        _("What is your name?"),
        _(
            "You may leave the name empty: then we can answer you, but not pay. For money you would ask once more from "
            "the beginning, with your name, and say in your story that you have asked before."
        ),
        _("Your name and our answer"),
        named=True,
    ),
)
BY_KEY = {question.key: question for question in QUESTIONS}
FIELDS = tuple(field for question in QUESTIONS for field in question.fields)


def number_of(key: str) -> int:
    """The place of a question, from 1."""
    return [question.key for question in QUESTIONS].index(key) + 1
