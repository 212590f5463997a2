"""Three words heard: before a desk certifies the first quorum key, its officer types what a colleague read to him.

Each number has three words, made from the fund's id alone. The id is the hash of the charter, which pins the signing
key of every founder; all other keys are announced under those signatures. Whoever shows one founder another fund than
the rest shows him other words.

What a forger would have to do. He must first have replaced the invitation itself on its way, for it names the first
founder's key by 128 bits, and a desk takes the fund's id only under that key's signature. Then he makes a fund of his
own for his victim, until its words for the reader are those of the true fund. The true fund's id he cannot choose: the
first founder draws 16 random bytes into the charter after the last hello, so two funds that merely agree with each
other (half as many bits) do not help. That is why keys announced later, which a founder may choose last, are not in the
words. Three words are 38 bits; a victim takes the words of any of at most 8 colleagues, which leaves 35. Each trial
costs one scrypt of 128 MiB, 0.3 seconds of a core: some 500 years of one core for nine founders, 2 000 for three, in
the hours between charter and call. One scrypt serves all numbers: a desk pays once.

What the words do not show: that somebody took the place of a founder whom nobody called. Founders therefore read in a
ring, each to the next (docs/officers.md).
"""

import hashlib
import hmac
from functools import lru_cache

from poruch.crypto.wordlist import LIST_SIZE, word_list, word_numbers
from poruch.desk.program import Desk
from poruch.errors import BadWords, NotAllowed, OwnWords, WordsDiffer

WORDS = 3
FACT = "words-heard"
_TABLE = b"at one table"
_MEMORY_BYTES = 2**28  # a limit for the library; the derivation takes half of it
_MAX_TYPED = 200  # characters


def words_of(fund: bytes, number: int) -> str:
    """The three words of officer `number` in the fund with this id (32 bytes), single spaces between them."""
    digest = hashlib.sha256(b"poruch/heard/v1\n" + _stretch(fund) + number.to_bytes(2, "big")).digest()
    left, words = int.from_bytes(digest, "big"), []
    for _ in range(WORDS):
        left, place = divmod(left, LIST_SIZE)
        words.append(word_list()[place])
    return " ".join(words)


@lru_cache(maxsize=4)
def _stretch(fund: bytes) -> bytes:
    return hashlib.scrypt(b"poruch/heard/v1", salt=fund, n=2**17, r=8, p=1, maxmem=_MEMORY_BYTES, dklen=32)


def own_words(desk: Desk) -> str:
    """What this officer reads to a colleague. Raises `NotAllowed` before the charter is here."""
    if desk.number not in desk.charter.numbers:
        raise NotAllowed("who came later has no words")
    return words_of(desk.fund, desk.number)


def neighbours(desk: Desk) -> tuple[int, int]:
    """Who reads his words to this officer, and to whom he reads his own: a ring that leaves nobody uncalled."""
    numbers = desk.charter.numbers
    at = numbers.index(desk.number)
    return numbers[at - 1], numbers[(at + 1) % len(numbers)]


def hear(desk: Desk, typed: str) -> int:
    """Note that the words of a colleague were heard; returns whose they are. From now on this desk may certify.

    Raises `BadWords`, `OwnWords`, `WordsDiffer`, and `NotAllowed` before the charter is here.
    """
    numbers = desk.charter.numbers
    said = _parse(typed)
    found = [number for number in numbers if hmac.compare_digest(said, words_of(desk.fund, number))]
    if not found:
        raise WordsDiffer
    if desk.number in found:
        raise OwnWords
    desk.store.keep_fact(FACT, str(found[0]).encode())
    return found[0]


def _parse(typed: str) -> str:
    said = typed[:_MAX_TYPED].lower().split()
    if len(typed) > _MAX_TYPED or len(said) != WORDS or any(word not in word_numbers() for word in said):
        raise BadWords
    return " ".join(said)


def heard(desk: Desk) -> bool:
    """Whether a colleague's words were typed here, or all founders sat at one table."""
    return desk.store.fact(FACT) is not None


def at_one_table(desk: Desk) -> None:
    """All founders see each other's screens: no words are needed."""
    desk.store.keep_fact(FACT, _TABLE)
