"""Amounts for people: minor units in, words out. Never a float."""

from django.utils.formats import number_format
from django.utils.translation import get_language

SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "PLN": "zł", "JPY": "¥"}
EXPONENTS = {"JPY": 0, "ISK": 0, "KRW": 0}
BEFORE = frozenset({"en"})
NBSP = "\xa0"
ROUNDED_FROM = 10  # units: what is smaller would be told too far from true


def plain(amount_minor: int, currency: str, whole: bool = False) -> str:
    """`amount_minor` as digits alone, thousands apart; `whole` rounds to units, halves up, from ten units on."""
    exponent = EXPONENTS.get(currency, 2)
    unit = 10**exponent
    units, rest = divmod(abs(amount_minor), unit)
    fraction = bool(exponent) and (not whole or (units < ROUNDED_FROM and rest > 0))
    if not fraction and 2 * rest >= unit:
        units += 1
    text = str(number_format(units, force_grouping=True, use_l10n=True))
    if fraction:
        text = f"{text}{number_format('0.0', decimal_pos=1)[1]}{rest:0{exponent}d}"
    return f"−{text}" if amount_minor < 0 else text


def named(amount_minor: int, currency: str, whole: bool = False) -> str:
    """The same with the sign or code of its currency, on the side where the language puts it."""
    sign, digits = SYMBOLS.get(currency, currency), plain(amount_minor, currency, whole)
    language = (get_language() or "en").split("-")[0]
    return f"{sign}{NBSP}{digits}" if language in BEFORE else f"{digits}{NBSP}{sign}"
