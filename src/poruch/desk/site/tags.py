"""Template tags of the desk: who, pips, accounts of the books."""

import datetime
from typing import Any

from django import template
from django.utils.translation import gettext as _

from poruch.desk.site import words
from poruch.desk.site.room import current
from poruch.errors import PoruchError
from poruch.web.words import SPOKEN

register = template.Library()


@register.simple_tag
def form_token() -> str:
    """The form token of this desk."""
    return current().plate.form_token


@register.filter
def who(number: int | None) -> str:
    """The working name of an officer, or "you"."""
    desk = current().desk
    if desk is None or number is None:
        return ""
    return _("you") if number == desk.number else desk.members.name(number)


@register.filter
def everyone(numbers: Any) -> str:
    """Several officers, you last."""
    desk = current().desk
    ordered = sorted(numbers, key=lambda number: (desk is not None and number == desk.number, number))
    return ", ".join(who(number) for number in ordered)


@register.filter
def numbered(numbers: Any) -> str:
    """Several officers with their numbers, in order: who reads a table years later may know no names."""
    desk = current().desk
    names = {number: desk.members.names.get(number, "") if desk else "" for number in numbers}
    return ", ".join(f"{number}\u00a0· {name}" if name else str(number) for number, name in sorted(names.items()))


@register.filter
def refused(error: PoruchError) -> str:
    """The sentence of an error."""
    return words.sentence(error)


@register.filter
def book_account(key: str) -> str:
    """The name of an account of the books."""
    return words.book_account(key)


@register.filter
def circle(key: str) -> str:
    """The name of a circle."""
    return str(words.CIRCLES.get(key, key))


@register.inclusion_tag("desk/pips.html")
def pips(done: int, k: int, mine: bool = False) -> dict[str, Any]:
    """`done` of `k` as dots; a dashed one is yours to give."""
    missing = max(0, k - done)
    dashed = 1 if mine and missing else 0
    return {
        "done": range(min(done, k)),
        "dashed": range(dashed),
        "open": range(missing - dashed),
        "count": done,
        "k": k,
    }


@register.filter
def late_by(days_left: int) -> int:
    """Days that a clock is over."""
    return -days_left


@register.filter
def step_name(key: str) -> str:
    """The name of the next step of a case."""
    return str(words.STEPS.get(key, key))


@register.filter
def kind_of_person(key: str) -> str:
    """The name of a kind of person."""
    return str(words.WHO.get(key, words.WHO["other"]))


@register.filter
def spoken(code: str) -> str:
    """A language in its own words."""
    return SPOKEN.get(code, code)


@register.filter
def translated(sentence: str) -> str:
    """A fault of the journal or the books; those that name a number stay as they were written."""
    return _(sentence) if sentence else ""


@register.filter
def month(first: datetime.date) -> str:
    """The name of a month."""
    return str(words.MONTHS[first.month - 1])
