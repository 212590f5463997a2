"""Payment references of ISO 11649 ("RF", two check digits, 12 signs) for givers, and the checksum of IBANs.

The front imports nothing of the rails, so these few lines stand here: both are ISO 7064 mod 97-10, letters as 10 to 35.
A reference holds 60 random bits in an alphabet without I, L, O and U; it says nothing about who gives.
"""

import re
from collections.abc import Callable

from poruch.errors import BadIban

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
SIGNS = 12
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_BETWEEN = re.compile(r"[\s\-\u00a0\u2009\u202f]+")


def remainder(text: str) -> int:
    """The number spelled by `text`, modulo 97."""
    return int("".join(str(int(sign, 36)) for sign in text)) % 97


def new_reference(random: Callable[[int], bytes]) -> str:
    """A new reference without spaces."""
    body = "".join(ALPHABET[byte & 31] for byte in random(SIGNS))
    return f"RF{98 - remainder(body + 'RF00'):02d}{body}"


def in_fours(text: str) -> str:
    """In groups of four, as people read it."""
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def parse_iban(text: str) -> str:
    """The IBAN in capitals without spaces, if its checksum holds. Raises `BadIban`, which never repeats what was typed.

    Lengths of countries are checked on the desk, which knows them.
    """
    compact = _BETWEEN.sub("", text).upper() if len(text) <= 64 else ""
    if not _IBAN.fullmatch(compact) or remainder(compact[4:] + compact[:4]) != 1:
        raise BadIban
    return compact
