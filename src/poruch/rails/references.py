"""Creditor references of ISO 11649, "RF" and two check digits: what a donor writes beside a gift.

Ours are RF, check digits and 12 signs (60 random bits) of an alphabet without I, L, O and U, in groups of four:
`RF18 7KQ2 ...`. They say nothing about the donor and are looked up, never computed from anything.
"""

import re
from collections.abc import Callable

from poruch.errors import BadReference

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_OWN_SIGNS = 12
_OWN_LENGTH = 4 + _OWN_SIGNS
_FORM = re.compile(r"RF[0-9]{2}[0-9A-Z]{1,21}")
_OWN_FORM = re.compile(rf"(?=(RF[0-9]{{2}}[{_ALPHABET}]{{{_OWN_SIGNS}}}))")
_NOT_SIGNS = re.compile(r"[^0-9A-Z]+")


def make(random: Callable[[int], bytes]) -> str:
    """A new reference in normal form; `random(n)` gives n random bytes."""
    body = "".join(_ALPHABET[byte & 31] for byte in random(_OWN_SIGNS))
    return f"RF{98 - _remainder(body + 'RF00'):02d}{body}"


def parse(text: str) -> str:
    """The normal form (capitals, no spaces) of any ISO 11649 reference. Raises BadReference."""
    compact = "".join(text.split()).upper() if len(text) <= 64 else ""
    if not _FORM.fullmatch(compact):
        raise BadReference("a reference begins with RF and two digits")
    if not 2 <= int(compact[2:4]) <= 98 or _remainder(compact[4:] + compact[:4]) != 1:
        raise BadReference("the check digits do not fit")
    return compact


def find(text: str) -> tuple[str, ...]:
    """References of our own length in free text, however banks broke it into lines; each once, in order.

    Spaces cannot be trusted in remittance text, so the length of ours is what ends one.
    """
    compact = _NOT_SIGNS.sub("", text.upper())
    candidates = (found[1] for found in _OWN_FORM.finditer(compact))
    return tuple(dict.fromkeys(c for c in candidates if _remainder(c[4:] + c[:4]) == 1))


def spaced(reference: str) -> str:
    """A reference in groups of four, as it is shown to people."""
    return " ".join(reference[at : at + 4] for at in range(0, len(reference), 4))


def _remainder(text: str) -> int:
    """ISO 7064 mod 97-10, letters as 10 to 35."""
    return int("".join(str(int(sign, 36)) for sign in text)) % 97
