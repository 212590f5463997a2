"""The letters banks carry: the SEPA character set (EPC217-08), and how be, ru and uk names get there.

Cyrillic follows ICAO Doc 9303 part 3, section 6, which is what passports use and so what a payee's bank most likely
holds. A payee who spells himself otherwise types his name in Latin letters, and that is kept. What has no letter here
is refused, never dropped: a bank compares names.
"""

import unicodedata

from poruch.errors import BadPayment

_ALLOWED = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-?:().,'+ ")

_CYRILLIC = (
    dict(zip("абвгґдеёзиійклмнопрстуўфыэї", "abvggdeeziiiklmnoprstuufyei", strict=True))
    | {"ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch"}
    | {"є": "ie", "ю": "iu", "я": "ia", "ъ": "ie", "ь": ""}
)
_BELARUSIAN = {**_CYRILLIC, "г": "h", "ё": "io"}
_UKRAINIAN = {**_CYRILLIC, "г": "h", "и": "y"}
_LATIN = {"ł": "l", "đ": "d", "ø": "o", "æ": "ae", "œ": "oe", "ß": "ss", "ı": "i", "ð": "d", "þ": "th", "ŋ": "n"}
_SIGNS = {
    **dict.fromkeys('\N{RIGHT SINGLE QUOTATION MARK}\N{MODIFIER LETTER APOSTROPHE}`\N{ACUTE ACCENT}"«»„“”', "'"),
    **dict.fromkeys("\N{EN DASH}\N{EM DASH}\N{MINUS SIGN}\N{NON-BREAKING HYPHEN}_", "-"),
    "&": "+",
    ";": ",",
    "№": "No",
}


def to_sepa(text: str, limit: int) -> str:
    """`text` in the SEPA character set, one line, at most `limit` characters, not beginning or ending with `/`.

    Raises BadPayment for a sign without a counterpart and for a text that is too long; its detail quotes nothing.
    """
    if len(text) > 4 * limit:
        raise BadPayment(f"a text is longer than the {limit} characters banks carry")
    # й and ў must be read before their marks are taken off, ё too
    composed = unicodedata.normalize("NFC", text)
    cyrillic = _cyrillic_of(composed.lower())
    written = " ".join("".join(_sign(sign, cyrillic) for sign in composed).split())
    written = written.upper() if text.isupper() else written
    if len(written) > limit:
        raise BadPayment(f"a text is longer than the {limit} characters banks carry")
    if written.startswith("/") or written.endswith("/") or "//" in written:
        raise BadPayment("a text begins or ends with a slash or has two in a row")
    return written


def is_sepa(text: str) -> bool:
    """Whether every character is in the SEPA character set."""
    return set(text) <= _ALLOWED


def _cyrillic_of(text: str) -> dict[str, str]:
    """The table of the language whose own letters the text has; ICAO tells г, ё and и apart by language."""
    letters = set(text)
    if letters & set("їєґ") or {"і", "и"} <= letters:
        return _UKRAINIAN
    return _BELARUSIAN if letters & set("ўі") else _CYRILLIC


def _sign(sign: str, cyrillic: dict[str, str]) -> str:
    if sign in _ALLOWED or sign.isspace():
        return sign
    lower = sign.lower()
    for table in (cyrillic, _LATIN, _SIGNS):
        if lower in table:
            return table[lower].capitalize() if sign != lower else table[lower]
    plain = unicodedata.normalize("NFKD", sign)
    kept = "".join(part for part in plain if not unicodedata.combining(part))
    if not kept or not is_sepa(kept):
        raise BadPayment("a name or text has a character that banks do not carry; write it in Latin letters")
    return kept
