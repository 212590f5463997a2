"""Template tags of every page: money, days, numbers, bars. In templates: `{% load poruch %}`."""

import datetime

from django import template
from django.utils.formats import date_format, number_format

from poruch.web import money, words

register = template.Library()


@register.filter
def sum_of(amount_minor: int, currency: str) -> str:
    """An amount with its currency: € 1 500.00."""
    return money.named(amount_minor, currency)


@register.filter
def whole_sum(amount_minor: int, currency: str) -> str:
    """An amount with its currency, rounded to units if it is not small: € 1 500."""
    return money.named(amount_minor, currency, whole=True)


@register.filter
def figure(amount_minor: int, currency: str) -> str:
    """An amount as digits for a column: 1 500.00."""
    return money.plain(amount_minor, currency)


@register.filter
def whole_figure(amount_minor: int, currency: str) -> str:
    """An amount as digits for a column, rounded to units if it is not small: 1 500."""
    return money.plain(amount_minor, currency, whole=True)


@register.filter
def day(value: datetime.date) -> str:
    """A day: 20 November 2026, held together by no-break spaces."""
    return date_format(value, "DATE_FORMAT").replace(" ", money.NBSP)


@register.filter
def number(value: int) -> str:
    """A count, thousands apart."""
    return str(number_format(value, force_grouping=True))


@register.filter
def account(key: str) -> str:
    """The name of an account of the log."""
    return words.account_name(key)


@register.simple_tag
def bar(part: int, whole: int) -> str:
    """The classes that make a bar `part` of `whole` wide, in hundredths: `t3 u7`."""
    hundredths = 0 if whole <= 0 else max(0, min(100, (part * 100 + whole // 2) // whole))
    return f"t{hundredths // 10} u{hundredths % 10}"
