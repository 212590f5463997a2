"""The receipt code: an integer below 7776^7 that a person keeps, and the keys made from it (log page, section 7).

Spellings of one code: seven words and a checksum word, or 28 digits and 4 check digits. What is hashed is always the
seven words. Ninety random bits need no stretching.
"""

import hashlib
import hmac
import os
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from typing import Self

from poruch.crypto.age_header import derive
from poruch.crypto.age_pq import PqIdentity
from poruch.crypto.hidden import Hidden, forgets
from poruch.crypto.signatures import SigningKey
from poruch.crypto.wordlist import LIST_SIZE, near_words, one_slip_away, word_list, word_numbers
from poruch.errors import BadCode, BadKey

__all__ = [
    "CODES",
    "CodeKeys",
    "check_number",
    "digits",
    "hashed_text",
    "near_words",
    "new_code",
    "parse",
    "secret",
    "secret_of_text",
    "words",
]

WORDS = 7  # without the checksum word
CODES: int = LIST_SIZE**WORDS
SALT_SIZE = 16
SECRET_SIZE = 32
_MAX_TEXT = 1000  # characters
_CODE_BITS = (CODES - 1).bit_length()
_CODE_DIGITS, _CHECK_DIGITS, _GROUP = 28, 4, 4
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−", "-"))
_NUMBERING = re.compile(r"(?<!\w)[0-9]{1,2}[.):]*(?![0-9])")
_BETWEEN_WORDS = re.compile(r"[\s,;.:()\"'«»“”]+")
_BETWEEN_DIGITS = re.compile(r"[\s,;.:/_-]+")


def new_code(random: Callable[[int], bytes] = os.urandom) -> int:
    """A uniform code."""
    while True:
        drawn = int.from_bytes(random(12), "big") & ((1 << _CODE_BITS) - 1)
        if drawn < CODES:
            return drawn


def words(code: int) -> tuple[str, ...]:
    """The seven words, most significant first, and the checksum word."""
    return (*_seven_words(code), word_list()[check_number(hashed_text(code))])


def digits(code: int) -> str:
    """Eight groups of four digits: the integer filled to 28 digits, then the number of the checksum word."""
    text = f"{code:0{_CODE_DIGITS}}{check_number(hashed_text(code)):0{_CHECK_DIGITS}}"
    return " ".join(text[start : start + _GROUP] for start in range(0, len(text), _GROUP))


@forgets
def parse(text: str) -> int:
    """The code that somebody typed: eight words, or 32 digits, in any case and grouping, with or without numbering.

    Raises BadCode. Its detail never repeats what was typed; where one word is the likely mistake it is `word N`, where
    two neighbours seem swapped `words N and M`, counted from 1.
    """
    if len(text) > _MAX_TEXT:
        raise BadCode("too long")
    plain = unicodedata.normalize("NFKC", text).lower().translate(_DASHES)
    figures = _BETWEEN_DIGITS.sub("", plain)
    if re.fullmatch("[0-9]+", figures):
        return _from_digits(figures)
    return _from_words([word for word in _BETWEEN_WORDS.split(_NUMBERING.sub(" ", plain)) if word])


def secret(code: int, salt: bytes) -> bytes:
    """The 32 bytes everything else is derived from; `salt` are the fund's fixed 16 bytes."""
    return secret_of_text(hashed_text(code), salt)


def hashed_text(code: int) -> str:
    """The seven words, most significant first, with single spaces: what is hashed, whatever was typed."""
    return " ".join(_seven_words(code))


def check_number(text: str) -> int:
    """The number of the checksum word of a hashed text."""
    hashed = hashlib.sha256(b"poruch/code-check/v1" + text.encode()).digest()
    return int.from_bytes(hashed[:8], "big") % LIST_SIZE


def secret_of_text(text: str, salt: bytes) -> bytes:
    """The secret of a hashed text; for those who have a code, `secret`."""
    if len(salt) != SALT_SIZE:
        raise ValueError("the salt of a fund has 16 bytes")
    return derive(text.encode(), salt, b"poruch/code/v1")


class CodeKeys(Hidden):
    """The keys of one code at one fund. Post-quantum identity and signing key are made when first asked for."""

    __slots__ = ("_identity", "_signing", "secret")
    secret: bytes
    _identity: PqIdentity | None
    _signing: SigningKey | None

    def __init__(self, secret: bytes) -> None:
        """Raises BadKey unless `secret` has 32 bytes."""
        if len(secret) != SECRET_SIZE:
            raise BadKey("the secret of a code has 32 bytes")
        self._set(secret=bytes(secret), _identity=None, _signing=None)

    @classmethod
    def from_code(cls, code: int, salt: bytes) -> Self:
        """The keys of this code at the fund with this salt of 16 bytes."""
        return cls(secret(code, salt))

    @classmethod
    def from_secret(cls, secret: bytes) -> Self:
        """The keys again, from a secret kept sealed for some minutes. Raises BadKey."""
        return cls(secret)

    @property
    def lookup_id(self) -> bytes:
        """32 bytes under which the slips lie."""
        return self._derive(b"poruch/slip/id/v1")

    @property
    def slip_key(self) -> bytes:
        """32 bytes that open the slips."""
        return self._derive(b"poruch/slip/key/v1")

    @property
    def blind_key(self) -> bytes:
        """32 bytes that the blinding factors of this code holder come from."""
        return self._derive(b"poruch/slip/blind/v1")

    @property
    def mailbox_id(self) -> bytes:
        """32 bytes under which the mailbox lies."""
        return self._derive(b"poruch/mailbox/id/v1")

    @property
    def mailbox_identity(self) -> PqIdentity:
        """Opens messages to the code holder."""
        if self._identity is None:
            self._set(_identity=PqIdentity.from_seed(self._derive(b"poruch/mailbox/age/v1")))
        assert self._identity is not None
        return self._identity

    @property
    def mailbox_signing(self) -> SigningKey:
        """Signs messages of the code holder: proof that somebody typed the code into this front, no more."""
        if self._signing is None:
            self._set(_signing=SigningKey(self._derive(b"poruch/mailbox/sign/v1")))
        assert self._signing is not None
        return self._signing

    def _derive(self, info: bytes) -> bytes:
        return derive(self.secret, b"", info)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CodeKeys) and hmac.compare_digest(other.secret, self.secret)

    def __hash__(self) -> int:
        return hash(self.lookup_id)


def _seven_words(code: int) -> tuple[str, ...]:
    if not 0 <= code < CODES:
        raise ValueError("a code is below 7776^7")
    return tuple(word_list()[code // LIST_SIZE**place % LIST_SIZE] for place in reversed(range(WORDS)))


def _from_digits(figures: str) -> int:
    if len(figures) != _CODE_DIGITS + _CHECK_DIGITS:
        raise BadCode(f"{len(figures)} digits instead of {_CODE_DIGITS + _CHECK_DIGITS}")
    code, check = int(figures[:_CODE_DIGITS]), int(figures[_CODE_DIGITS:])
    if code >= CODES or check_number(hashed_text(code)) != check:
        raise BadCode("the digits do not fit together")
    return code


def _from_words(typed: Sequence[str]) -> int:
    if len(typed) != WORDS + 1:
        raise BadCode(f"{len(typed)} words instead of {WORDS + 1}")
    numbers = word_numbers()
    for place, word in enumerate(typed, 1):
        if word not in numbers:
            raise BadCode(f"word {place}")
    if not _fits(typed):
        suspects = list(dict.fromkeys(_suspects(typed)))
        raise BadCode(suspects[0] if len(suspects) == 1 else "the words do not fit together")
    code = 0
    for word in typed[:WORDS]:
        code = code * LIST_SIZE + numbers[word]
    return code


def _fits(eight: Sequence[str]) -> bool:
    return check_number(" ".join(eight[:WORDS])) == word_numbers()[eight[WORDS]]


def _suspects(typed: Sequence[str]) -> Iterator[str]:
    """Where one slip, or one swap of neighbours, would make the words fit."""
    for place, word in enumerate(typed):
        if any(_fits([*typed[:place], near, *typed[place + 1 :]]) for near in one_slip_away(word)):
            yield f"word {place + 1}"
    for place in range(len(typed) - 1):
        if _fits([*typed[:place], typed[place + 1], typed[place], *typed[place + 2 :]]):
            yield f"words {place + 1} and {place + 2}"
