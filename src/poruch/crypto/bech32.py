"""Bech32 as age uses it: BIP 173 without its length limit (c2sp.org/age, "Conventions").

A text is all lower or all upper case; the case belongs to the spelling, so `encode(*decode(text)) == text` for every
text that is read and has a letter in its prefix. The checksum is computed over the lower-case text.
"""

from collections.abc import Iterable
from functools import reduce
from operator import xor

from poruch.errors import BadKey

_ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
# What the five bits shifted out of the checksum put back into it.
_FEEDBACK = [
    reduce(xor, (generator for bit, generator in enumerate(_GENERATOR) if top >> bit & 1), 0) for top in range(32)
]
_CHECKSUM_LENGTH = 6
MAX_TEXT = 8192  # characters; an age1pq recipient has 1959


def encode(hrp: str, data: bytes) -> str:
    """The text of `data` under a prefix that is all lower or all upper case; the text has the case of its prefix."""
    lower = hrp.lower()
    if not _is_prefix(hrp):
        raise ValueError("impossible prefix")
    values = _regroup(data, 8, 5)
    check = _checksum([*_expand(lower), *values, *[0] * _CHECKSUM_LENGTH]) ^ 1
    values += [(check >> 5 * (_CHECKSUM_LENGTH - 1 - place)) & 31 for place in range(_CHECKSUM_LENGTH)]
    text = lower + "1" + "".join(_ALPHABET[value] for value in values)
    return text if hrp == lower else text.upper()


def decode(text: str) -> tuple[str, bytes]:
    """The prefix, in the case it has, and the data. Raises BadKey, which never repeats the text."""
    if len(text) > MAX_TEXT:
        raise BadKey("too long")
    if text not in (text.lower(), text.upper()):
        raise BadKey("upper and lower case are mixed")
    hrp, separator, tail = text.rpartition("1")
    if not separator or not _is_prefix(hrp) or len(tail) < _CHECKSUM_LENGTH:
        raise BadKey("no prefix or too short")
    try:
        values = [_VALUES[character] for character in tail.lower()]
    except KeyError:
        raise BadKey("a character that no key has") from None
    if _checksum([*_expand(hrp.lower()), *values]) != 1:
        raise BadKey("a mistyped or missing character")
    return hrp, _bytes(values[:-_CHECKSUM_LENGTH])


def _is_prefix(hrp: str) -> bool:
    return bool(hrp) and hrp in (hrp.lower(), hrp.upper()) and all("!" <= character <= "~" for character in hrp)


def _expand(hrp: str) -> list[int]:
    return [ord(character) >> 5 for character in hrp] + [0] + [ord(character) & 31 for character in hrp]


def _checksum(values: Iterable[int]) -> int:
    state = 1
    for value in values:
        state = (state & 0x1FFFFFF) << 5 ^ value ^ _FEEDBACK[state >> 25]
    return state


def _regroup(values: Iterable[int], width: int, new_width: int) -> list[int]:
    """Numbers of `width` bits as numbers of `new_width` bits; the last one is filled with zero bits."""
    pending, bits, result = 0, 0, []
    for value in values:
        pending, bits = pending << width | value, bits + width
        while bits >= new_width:
            bits -= new_width
            result.append(pending >> bits)
            pending &= (1 << bits) - 1
    if bits:
        result.append(pending << (new_width - bits))
    return result


def _bytes(values: list[int]) -> bytes:
    size, spare = divmod(5 * len(values), 8)
    regrouped = _regroup(values, 5, 8)
    # Spare bits are fewer than one character's and zero; otherwise two texts would stand for one key.
    if spare > 4 or any(regrouped[size:]):
        raise BadKey("spare bits are not zero")
    return bytes(regrouped[:size])
