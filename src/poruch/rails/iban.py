"""IBANs (ISO 13616) and BICs (ISO 9362), checked by schwifty, spelled in one way.

A fund does not pay into a bank of the country that persecutes its payees: such banks freeze accounts and hand over
lists (docs/threat-model.md). Which countries those are is the charter's business, so the caller names them.
"""

from collections.abc import Collection

from schwifty import BIC, IBAN
from schwifty.exceptions import SchwiftyException

from poruch.errors import BadBic, BadIban, RefusedCountry

# What people paste between the groups of four: spaces of several widths, tabs, hyphens.
_SEPARATORS = dict.fromkeys(map(ord, " \t-\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{THIN SPACE}"))
_LONGEST_TYPED = 64


def parse_iban(text: str) -> str:
    """The normal form of an IBAN: capitals, no spaces, right length and check digits. Raises BadIban.

    The detail never repeats what was typed.
    """
    if len(text) > _LONGEST_TYPED:
        raise BadIban("this is too long")
    compact = text.translate(_SEPARATORS).upper()
    if not compact:
        raise BadIban("nothing was typed")
    if not compact.isascii():
        raise BadIban("it holds a letter that is not Latin; switch the keyboard to Latin letters")
    if not compact.isalnum():
        raise BadIban("it holds a sign that is neither a letter nor a digit")
    try:
        return str(IBAN(compact))
    except (SchwiftyException, ValueError):  # schwifty lets ValueError of int() through for odd countries
        raise BadIban("the length or the check digits do not fit") from None


def country(iban: str) -> str:
    """The two letters of the country whose bank keeps the account; `iban` in normal form."""
    return iban[:2]


def check_country(iban: str, refused: Collection[str]) -> str:
    """Return `iban` if its bank is not in one of the `refused` countries (two letters each); else RefusedCountry."""
    if country(iban) in refused:
        raise RefusedCountry
    return iban


def parse_bic(text: str) -> str:
    """The normal form of a BIC: 8 or 11 capitals and digits. Raises BadBic."""
    compact = text.translate(_SEPARATORS).upper() if len(text) <= _LONGEST_TYPED else ""
    if not (compact.isascii() and compact.isalnum()):
        raise BadBic
    try:
        return str(BIC(compact))
    except (SchwiftyException, ValueError):
        raise BadBic from None
