"""An officer's paper: his root and his share, as words and as one line for a QR code (docs/spec/paper.md).

Two blocks of words, for a new dealing changes the share and not the key: 28 *key words* and 24 *share words*, the last
word of each a checksum. The line holds all of it, and the fund's id whole. Who parses learns which word is suspicious;
no error repeats a word.
"""

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence

from poruch.crypto import bech32
from poruch.crypto.group import L
from poruch.crypto.hidden import Hidden, forgets
from poruch.crypto.wordlist import LIST_SIZE, one_slip_away, word_list, word_numbers
from poruch.errors import BadKey, BadPaper, PapersDiffer

KEY_WORDS, SHARE_WORDS = 28, 24  # with the checksum word
_PREFIX = "poruch"
_VERSION = 1
_KEY_CHECK_BITS, _SHARE_CHECK_BITS = 72, 12
_EPOCHS, _NUMBERS = range(2**16), range(1, 2**16)
_SHARE_SIZE = 4 + 32 + 32
_LINE_SIZE = 1 + 32 + 2 + 32
_MAX_TEXT = 2000  # characters
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−", "-"))
_NUMBERING = re.compile(r"(?<!\w)[0-9]{1,2}[.):]*(?![0-9])")
_BETWEEN_WORDS = re.compile(r"[\s,;.:()\"'«»“”]+")


def fund_check(fund: bytes, bits: int) -> int:
    """The first `bits` bits of a hash of the 32-byte fund id: by them words know their fund."""
    return int.from_bytes(hashlib.sha256(b"poruch/paper-fund/v1" + fund).digest(), "big") >> (256 - bits)


class KeyBlock(Hidden):
    """What the key words say: the 32-byte root of officer `number`, and 72 bits that name the fund."""

    __slots__ = ("check", "number", "root")
    root: bytes
    number: int
    check: int

    def __init__(self, root: bytes, number: int, check: int) -> None:
        """Raises BadPaper for an impossible number or size."""
        if len(root) != 32 or number not in _NUMBERS or not 0 <= check < 1 << _KEY_CHECK_BITS:
            raise BadPaper("key words: impossible")
        self._set(root=bytes(root), number=number, check=check)

    def is_of(self, fund: bytes) -> bool:
        """Whether these words are of the fund with this 32-byte id."""
        return fund_check(fund, _KEY_CHECK_BITS) == self.check


class ShareBlock(Hidden):
    """What share words say: the share of officer `number` in the group of `epoch` (a scalar), and 12 bits of fund."""

    __slots__ = ("check", "epoch", "number", "scalar")
    scalar: int
    number: int
    epoch: int
    check: int

    def __init__(self, scalar: int, number: int, epoch: int, check: int) -> None:
        """Raises BadPaper for a scalar that is zero or not below the order, an impossible number or epoch."""
        fits = 0 < scalar < L and number in _NUMBERS and epoch in _EPOCHS and 0 <= check < 1 << _SHARE_CHECK_BITS
        if not fits:
            raise BadPaper("share words: impossible")
        self._set(scalar=scalar, number=number, epoch=epoch, check=check)

    def is_of(self, fund: bytes) -> bool:
        """Whether these words may be of the fund with this id; 12 bits are no proof, the published group is."""
        return fund_check(fund, _SHARE_CHECK_BITS) == self.check


class PaperShare(Hidden):
    """A share with the epoch and the 32-byte id of its group."""

    __slots__ = ("epoch", "group", "scalar")
    epoch: int
    group: bytes
    scalar: int

    def __init__(self, epoch: int, group: bytes, scalar: int) -> None:
        """Raises BadPaper for what is not possible."""
        if epoch not in _EPOCHS or len(group) != 32 or not 0 < scalar < L:
            raise BadPaper("share: impossible")
        self._set(epoch=epoch, group=bytes(group), scalar=scalar)


class Paper(Hidden):
    """All that an officer's paper holds. `fund` and `root` have 32 bytes; `share` is None for who has none."""

    __slots__ = ("fund", "number", "root", "share")
    fund: bytes
    number: int
    root: bytes
    share: PaperShare | None

    def __init__(self, fund: bytes, number: int, root: bytes, share: PaperShare | None = None) -> None:
        """Raises BadPaper for what is not possible."""
        if len(fund) != 32 or len(root) != 32 or number not in _NUMBERS:
            raise BadPaper("impossible")
        self._set(fund=bytes(fund), number=number, root=bytes(root), share=share)

    @property
    def key_block(self) -> KeyBlock:
        """What the key words say."""
        return KeyBlock(self.root, self.number, fund_check(self.fund, _KEY_CHECK_BITS))

    @property
    def share_block(self) -> ShareBlock | None:
        """What the share words say."""
        share = self.share
        if share is None:
            return None
        return ShareBlock(share.scalar, self.number, share.epoch, fund_check(self.fund, _SHARE_CHECK_BITS))


# ---- the line -----------------------------------------------------------------------------------


def encode(paper: Paper) -> str:
    """The line for the QR code, in capitals: letters and digits only, 121 or 229 of them."""
    raw = bytes([_VERSION]) + paper.fund + paper.number.to_bytes(2, "big") + paper.root
    if paper.share is not None:
        share = paper.share
        raw += share.epoch.to_bytes(4, "big") + share.group + share.scalar.to_bytes(32, "little")
    return bech32.encode(_PREFIX.upper(), raw)


@forgets
def parse(text: str) -> Paper:
    """The paper of a line, in any case, with or without spaces and line ends between its characters.

    (1) At most 2000 characters. (2) Bech32 with the prefix `poruch` and a checksum that holds. (3) Version 1 and one of
    two lengths. (4) Number, epoch and scalar are possible. Raises BadPaper.
    """
    if len(text) > _MAX_TEXT:  # (1)
        raise BadPaper("too long")
    try:  # (2)
        prefix, raw = bech32.decode(re.sub(r"[\s-]+", "", text).lower())
    except BadKey:
        raise BadPaper("the line: a mistyped or missing character") from None
    if prefix != _PREFIX:
        raise BadPaper("the line: of another kind")
    if len(raw) not in (_LINE_SIZE, _LINE_SIZE + _SHARE_SIZE) or raw[0] != _VERSION:  # (3)
        raise BadPaper("the line: of another version")
    fund, number, root, rest = raw[1:33], int.from_bytes(raw[33:35], "big"), raw[35:67], raw[67:]
    share = None
    if rest:  # (4)
        share = PaperShare(int.from_bytes(rest[:4], "big"), rest[4:36], int.from_bytes(rest[36:], "little"))
    return Paper(fund, number, root, share)


# ---- the words ----------------------------------------------------------------------------------


def key_words(block: KeyBlock) -> tuple[str, ...]:
    """Twenty-seven words, most significant first, and the checksum word."""
    value = (int.from_bytes(block.root, "big") << 16 | block.number) << _KEY_CHECK_BITS | block.check
    return _words(value, KEY_WORDS, "key")


def share_words(block: ShareBlock) -> tuple[str, ...]:
    """Twenty-three words, most significant first, and the checksum word."""
    value = (block.scalar << 16 | block.number) << 16 | block.epoch
    return _words(value << _SHARE_CHECK_BITS | block.check, SHARE_WORDS, "share")


@forgets
def parse_key_words(text: str) -> KeyBlock:
    """The key words that somebody typed, in any case, with or without their numbers.

    (1) At most 2000 characters. (2) 28 words. (3) Each is on the list. (4) The last is the checksum of the others.
    (5) The value is below 2^344, and the number possible. Raises BadPaper; its detail never repeats what was typed, and
    names the suspicious word as `key words: word 7`, or two that seem swapped, counted from 1.
    """
    value = _value(text, KEY_WORDS, "key")
    root = value >> (16 + _KEY_CHECK_BITS)
    if root >= 1 << 256:  # (5)
        raise BadPaper("key words: impossible")
    return KeyBlock(root.to_bytes(32, "big"), value >> _KEY_CHECK_BITS & 0xFFFF, value & ((1 << _KEY_CHECK_BITS) - 1))


@forgets
def parse_share_words(text: str) -> ShareBlock:
    """The share words that somebody typed; steps and errors as of `parse_key_words`, with 24 words.

    (5) The scalar is below the order of the group and not zero, and the number possible.
    """
    value = _value(text, SHARE_WORDS, "share")
    check, value = value & ((1 << _SHARE_CHECK_BITS) - 1), value >> _SHARE_CHECK_BITS
    return ShareBlock(value >> 32, value >> 16 & 0xFFFF, value & 0xFFFF, check)


def check_together(key: KeyBlock, share: ShareBlock, fund: bytes | None = None) -> None:
    """Raises PapersDiffer unless both blocks may be of one officer and, once its id is known, of one fund."""
    if key.number != share.number or (fund is not None and not share.is_of(fund)):
        raise PapersDiffer


def typed_words(text: str) -> list[str]:
    """The words in what somebody typed: numbering, case and punctuation do not matter."""
    plain = unicodedata.normalize("NFKC", text).lower().translate(_DASHES)
    return [word for word in _BETWEEN_WORDS.split(_NUMBERING.sub(" ", plain)) if word]


def _words(value: int, count: int, kind: str) -> tuple[str, ...]:
    listed = word_list()
    found = tuple(listed[value // LIST_SIZE**place % LIST_SIZE] for place in reversed(range(count - 1)))
    return (*found, _check_word(found, kind))


def _check_word(words: Sequence[str], kind: str) -> str:
    hashed = hashlib.sha256(f"poruch/paper-{kind}-check/v1{' '.join(words)}".encode()).digest()
    return word_list()[int.from_bytes(hashed[:8], "big") % LIST_SIZE]


def _value(text: str, count: int, kind: str) -> int:
    if len(text) > _MAX_TEXT:  # (1)
        raise BadPaper(f"{kind} words: too long")
    typed = typed_words(text)
    if len(typed) != count:  # (2)
        raise BadPaper(f"{kind} words: {len(typed)} instead of {count}")
    numbers = word_numbers()
    for place, word in enumerate(typed, 1):
        if word not in numbers:  # (3)
            raise BadPaper(f"{kind} words: word {place}")
    if not _fits(typed, kind):  # (4)
        suspects = list(dict.fromkeys(_suspects(typed, lambda words: _fits(words, kind))))
        where = suspects[0] if len(suspects) == 1 else "they do not fit together"
        raise BadPaper(f"{kind} words: {where}")
    value = 0
    for word in typed[:-1]:
        value = value * LIST_SIZE + numbers[word]
    return value


def _fits(words: Sequence[str], kind: str) -> bool:
    return hmac.compare_digest(_check_word(words[:-1], kind), words[-1])


def _suspects(typed: Sequence[str], fits: Callable[[Sequence[str]], bool]) -> Iterator[str]:
    """Where one slip, or one swap of neighbours, would make the words fit."""
    for place, word in enumerate(typed):
        if any(fits([*typed[:place], near, *typed[place + 1 :]]) for near in one_slip_away(word)):
            yield f"word {place + 1}"
    for place in range(len(typed) - 1):
        if fits([*typed[:place], typed[place + 1], typed[place], *typed[place + 2 :]]):
            yield f"words {place + 1} and {place + 2}"
