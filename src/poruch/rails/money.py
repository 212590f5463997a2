"""Amounts of money: integer minor units and a currency of ISO 4217, never a float.

`parse_amount` and `format_amount` speak the one spelling that files use ("1500.50"); grouping and decimal commas are
for people and belong to the edge (Babel).
"""

import re

from poruch.errors import BadAmount

# ISO 4217 exponents that are not 2 (list one, with the funds codes that have an exponent).
_CODE = re.compile("[A-Z]{3}")
_EXPONENTS = {
    **dict.fromkeys(_CODE.findall("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"), 0),
    **dict.fromkeys(_CODE.findall("BHD IQD JOD KWD LYD OMR TND"), 3),
    **dict.fromkeys(_CODE.findall("CLF UYW"), 4),
}
# Two decimals: list one, and codes withdrawn since 2010 because old statements still carry them (last line).
_TWO_DECIMALS = frozenset(
    _CODE.findall(
        """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP
    CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS
    KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD
    PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP
    TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG
    BGN CUC EEK HRK LTL LVL MRO SLL STD VEF ZMK ZWL
    """
    )
)
_SPELLING = re.compile(r"([0-9]{1,15})(?:\.([0-9]{1,5}))?")


def exponent(currency: str) -> int:
    """Digits behind the point of a currency: JPY 0, EUR 2, KWD 3. Raises BadAmount for an unknown code."""
    if currency in _TWO_DECIMALS:
        return 2
    if currency in _EXPONENTS:
        return _EXPONENTS[currency]
    raise BadAmount("the currency is not a code of ISO 4217")


def parse_amount(text: str, currency: str) -> int:
    """`"1500.50"` and `"EUR"` to 150050 minor units.

    ASCII digits with an optional point; never a sign (banks say credit or debit beside the amount). Digits beyond the
    currency's own must be zeros, for banks write 8.850 EUR. Raises BadAmount.
    """
    digits = exponent(currency)
    found = _SPELLING.fullmatch(text) if len(text) <= 32 else None
    if found is None:
        raise BadAmount("an amount is digits, and a point before the cents")
    fraction = found[2] or ""
    if fraction[digits:].strip("0"):
        raise BadAmount(f"this currency has no more than {digits} digits behind the point")
    return int(found[1] + fraction[:digits].ljust(digits, "0"))


def format_amount(amount_minor: int, currency: str) -> str:
    """150050 and `"EUR"` to `"1500.50"`; a negative amount begins with `-`. Raises BadAmount for a wrong currency."""
    digits = exponent(currency)
    sign = "-" if amount_minor < 0 else ""
    text = str(abs(amount_minor)).zfill(digits + 1)
    return f"{sign}{text[:-digits]}.{text[-digits:]}" if digits else sign + text
