"""Amounts for people: minor units in, words out. Never a float."""

from django.utils.formats import number_format
from django.utils.translation import get_language

SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "PLN": "zł", "JPY": "¥"}
EXPONENTS = {"JPY": 0, "ISK": 0, "KRW": 0}
BEFORE = frozenset({"en"})
NBSP = "\xa0"


def plain(amount_minor: int, currency: str, whole: bool = False) -> str:
    """`amount_minor` as digits alone, thousands apart; `whole` drops the fraction (rounded towards zero)."""
    exponent = EXPONENTS.get(currency, 2)
    units, rest = divmod(abs(amount_minor), 10**exponent)
    text = str(number_format(units, force_grouping=True, use_l10n=True))
    if exponent and not whole:
        text = f"{text}{number_format('0.0', decimal_pos=1)[1]}{rest:0{exponent}d}"
    return f"−{text}" if amount_minor < 0 else text


def named(amount_minor: int, currency: str, whole: bool = False) -> str:
    """The same with the sign or code of its currency, on the side where the language puts it."""
    sign, digits = SYMBOLS.get(currency, currency), plain(amount_minor, currency, whole)
    language = (get_language() or "en").split("-")[0]
    return f"{sign}{NBSP}{digits}" if language in BEFORE else f"{digits}{NBSP}{sign}"
