"""Receipt codes: the list, the vectors of the log page, what people type, and which mistakes are named."""

import hashlib
import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given, settings
from hypothesis import strategies as st

from poruch.crypto import codes
from poruch.crypto.age import open_file, seal
from poruch.crypto.signatures import verify
from poruch.crypto.wordlist import one_slip_away, word_list
from poruch.errors import BadCode, BadKey

SLIPS: dict[str, Any] = json.loads((Path(__file__).parents[1] / "vectors" / "log.json").read_text())["slips"]
SALT = bytes.fromhex(SLIPS["fund_salt"])
CODES = st.integers(0, codes.CODES - 1)
CODE = 1234567890123456789012345
WORDS = codes.words(CODE)


def test_the_list_is_the_published_one() -> None:
    content = (files("poruch.crypto") / "words" / "eff_long.txt").read_bytes()
    assert hashlib.sha256(content).hexdigest() in (files("poruch.crypto") / "words" / "README.md").read_text()
    assert len(set(word_list())) == 7776
    assert list(word_list()) == sorted(word_list())
    assert all(re.fullmatch("[a-z]+(-[a-z]+)?", word) for word in word_list())


# ---- vectors (their text is hashed as it is: most of its words are not of the list) ----------


def test_checksum_of_the_vector() -> None:
    assert codes.check_number(SLIPS["code"]) == 5082


def test_keys_of_the_vector() -> None:
    keys = codes.CodeKeys.from_secret(codes.secret_of_text(SLIPS["code"], SALT))
    assert keys.lookup_id.hex() == SLIPS["lookup_id"]
    assert keys.slip_key.hex() == SLIPS["slip_key"]
    assert keys.blind_key.hex() == SLIPS["blind_key"]


def test_keys_of_the_mailbox() -> None:
    keys = codes.CodeKeys.from_code(CODE, SALT)

    def derived(info: bytes) -> bytes:
        return HKDF(SHA256(), 32, None, info).derive(keys.secret)

    assert keys.mailbox_id == derived(b"poruch/mailbox/id/v1")
    assert keys.mailbox_identity == type(keys.mailbox_identity).from_seed(derived(b"poruch/mailbox/age/v1"))
    assert open_file(seal(b"text", [keys.mailbox_identity.recipient]), [keys.mailbox_identity]) == b"text"
    signing = keys.mailbox_signing
    assert signing == type(signing)(derived(b"poruch/mailbox/sign/v1"))
    verify(signing.public, "domain", b"text", signing.sign("domain", b"text"))
    everything = [keys.secret, keys.lookup_id, keys.slip_key, keys.blind_key, keys.mailbox_id, signing.public]
    assert len(set(everything)) == len(everything)


def test_keys_belong_to_code_and_fund() -> None:
    keys = codes.CodeKeys.from_code(CODE, SALT)
    assert keys == codes.CodeKeys.from_code(CODE, SALT) == codes.CodeKeys.from_secret(codes.secret(CODE, SALT))
    assert keys != codes.CodeKeys.from_code(CODE + 1, SALT)
    assert keys != codes.CodeKeys.from_code(CODE, bytes(16))
    assert codes.secret(CODE, SALT) == codes.secret_of_text(" ".join(WORDS[:7]), SALT)


# ---- spellings --------------------------------------------------------------------------------


@given(code=CODES)
def test_words_and_digits_are_read_back(code: int) -> None:
    words, digits = codes.words(code), codes.digits(code)
    assert len(words) == 8
    assert re.fullmatch(r"\d{4}( \d{4}){7}", digits)
    assert codes.parse(" ".join(words)) == code
    assert codes.parse(digits) == code


def test_spelling_by_hand() -> None:
    assert codes.words(0)[:7] == ("abacus",) * 7
    assert codes.words(1)[:7] == ("abacus",) * 6 + ("abdomen",)
    assert codes.words(codes.CODES - 1)[:7] == ("zoom",) * 7
    assert codes.words(7776**6)[:7] == ("abdomen",) + ("abacus",) * 6
    assert codes.words(0)[7] == word_list()[codes.check_number("abacus " * 6 + "abacus")]
    assert codes.digits(0)[:-4] == "0000 " * 7
    assert int(codes.digits(1)[-4:]) == codes.check_number("abacus " * 6 + "abdomen")


TYPED = {
    "as shown": " ".join(WORDS),
    "upper case": " ".join(WORDS).upper(),
    "title case": " ".join(WORDS).title(),
    "spaces around and between": "  " + "   ".join(WORDS) + " \t ",
    "no-break spaces": "\u00a0".join(WORDS),
    "commas": ", ".join(WORDS),
    "commas without spaces": ",".join(WORDS),
    "semicolons": ";".join(WORDS),
    "full stop at the end": " ".join(WORDS) + ".",
    "one a line": "\n".join(WORDS),
    "CRLF": "\r\n".join(WORDS) + "\r\n",
    "numbered with dots": "\n".join(f"{number}. {word}" for number, word in enumerate(WORDS, 1)),
    "numbered with brackets": "\n".join(f"{number}) {word}" for number, word in enumerate(WORDS, 1)),
    "numbered in brackets": "\n".join(f"({number}) {word}" for number, word in enumerate(WORDS, 1)),
    "numbered without spaces": " ".join(f"{number}.{word}" for number, word in enumerate(WORDS, 1)),
    "numbered with nothing else": " ".join(f"{number} {word}" for number, word in enumerate(WORDS, 1)),
    "in quotes": '"' + " ".join(WORDS) + '"',
    "in guillemets": "«" + " ".join(WORDS) + "»",
    "full width": " ".join(WORDS).translate({n: n + 0xFEE0 for n in range(97, 123)}),
    "digits as shown": codes.digits(CODE),
    "digits together": codes.digits(CODE).replace(" ", ""),
    "digits by threes": re.sub("(...)", r"\1 ", codes.digits(CODE).replace(" ", "")),
    "digits with dashes": codes.digits(CODE).replace(" ", "-"),
    "digits with long dashes": codes.digits(CODE).replace(" ", " – "),
    "digits with dots": codes.digits(CODE).replace(" ", "."),
    "digits on lines": codes.digits(CODE).replace(" ", "\n"),
}


@pytest.mark.parametrize("text", TYPED.values(), ids=TYPED.keys())
def test_what_people_type(text: str) -> None:
    assert codes.parse(text) == CODE


def test_two_columns_read_across_are_refused() -> None:
    """The numbers are not obeyed: another order of the words is refused, never taken for another code."""
    with pytest.raises(BadCode):
        codes.parse("\n".join(f"{n + 1}. {WORDS[n]}\t{n + 5}. {WORDS[n + 4]}" for n in range(4)))


@pytest.mark.parametrize("hyphenated", ["drop-down", "felt-tip", "t-shirt", "yo-yo"])
def test_words_with_a_hyphen(hyphenated: str) -> None:
    code = word_list().index(hyphenated)
    text = " ".join(codes.words(code))
    for dash in "-‐‑–":
        assert codes.parse(text.replace("-", dash)) == code


REFUSED = {
    "empty": ("", "0 words"),
    "spaces": ("  \n ", "0 words"),
    "seven words without the check": (" ".join(WORDS[:7]), "7 words"),
    "nine words": (" ".join((*WORDS, "abacus")), "9 words"),
    "words run together": ("".join(WORDS), "1 words"),
    "31 digits": (codes.digits(CODE)[:-1], "31 digits"),
    "33 digits": (codes.digits(CODE) + "0", "33 digits"),
    "a wrong check digit": (codes.digits(CODE)[:-1] + str((int(codes.digits(CODE)[-1]) + 1) % 10), "do not fit"),
    "two digits swapped": ("0001 3245" + codes.digits(CODE)[9:], "do not fit"),
    "code of 7776^7": (f"{codes.CODES:028}0000", "do not fit"),
    "all nines": ("9999 " * 8, "do not fit"),
    "a word of no list": (" ".join(("qwerty", *WORDS[1:])), "word 1"),
    "look-alike letters": (" ".join((*WORDS[:4], WORDS[4].replace(WORDS[4][0], "а", 1), *WORDS[5:])), "word 5"),
    "a sign of reading direction": (" ".join((*WORDS[:2], "\u202e" + WORDS[2], *WORDS[3:])), "word 3"),
    "NUL": (" ".join((*WORDS[:7], WORDS[7] + "\0")), "word 8"),
    "a long number between": (" ".join((*WORDS[:7], "2024")), "word 8"),
    "wrong checksum word": (" ".join((*WORDS[:7], "zoom")), "do not fit"),
    "Arabic digits": (codes.digits(CODE).translate({n: n + 0x630 for n in range(48, 58)}), "word 1"),
    "1 MB": ("a" * 1_000_000, "too long"),
    "1001 spaces": (" " * 1001, "too long"),
}


@pytest.mark.parametrize(("text", "detail"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_refused(text: str, detail: str) -> None:
    with pytest.raises(BadCode) as caught:
        codes.parse(text)
    assert detail in caught.value.detail
    assert not set(re.findall("[^\\W\\d]{4,}", caught.value.detail)) & set(re.findall(r"\w{4,}", text))
    assert caught.value.__cause__ is None


# ---- mistakes ---------------------------------------------------------------------------------


@given(code=CODES, place=st.integers(0, 7), data=st.data())
@settings(max_examples=200, deadline=None)
def test_one_wrong_word_is_never_taken(code: int, place: int, data: st.DataObject) -> None:
    """At place 8 always, elsewhere all but once in 7776 times; then the text is the good spelling of another code."""
    words = list(codes.words(code))
    words[place] = data.draw(st.sampled_from(word_list()).filter(lambda word: word != words[place]))
    try:
        other = codes.parse(" ".join(words))
    except BadCode:
        return
    assert place < 7
    assert codes.words(other) == tuple(words)


@pytest.mark.parametrize("place", range(7))
def test_the_word_with_a_slip_is_named(place: int) -> None:
    numbers = [n * 1000 for n in range(7)]
    numbers[place] = word_list().index("clasp")
    words = list(codes.words(sum(number * 7776 ** (6 - n) for n, number in enumerate(numbers))))
    words[place] = "clash"
    with pytest.raises(BadCode) as caught:
        codes.parse(" ".join(words))
    assert caught.value.detail == f"word {place + 1}"


def test_a_slip_in_the_checksum_word_is_named() -> None:
    words = next(words for words in map(codes.words, range(10_000)) if words[7] == "clasp")
    with pytest.raises(BadCode) as caught:
        codes.parse(" ".join((*words[:7], "clash")))
    assert caught.value.detail == "word 8"


@pytest.mark.parametrize("place", range(7))
def test_swapped_neighbours_are_named(place: int) -> None:
    words = list(WORDS)
    words[place], words[place + 1] = words[place + 1], words[place]
    with pytest.raises(BadCode) as caught:
        codes.parse(" ".join(words))
    assert caught.value.detail == f"words {place + 1} and {place + 2}"


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("velvit", "velvet"),
        ("VELVET ", "velvet"),
        ("vlevet", "velvet"),
        ("velvett", "velvet"),
        ("elvet", "velvet"),
        ("tshirt", "t-shirt"),
        ("dropdown", "drop-down"),
        ("abdomon", "abdomen"),
        ("acbdomen", "abdomen"),
    ],
)
def test_near_words(typed: str, wanted: str) -> None:
    assert wanted in codes.near_words(typed)
    assert len(codes.near_words(typed)) <= 5


@pytest.mark.parametrize("typed", ["", "qqqqqqqq", "вяліктарад", "x" * 1_000_000])
def test_nothing_is_near(typed: str) -> None:
    assert codes.near_words(typed) == []


@given(
    word=st.sampled_from(word_list()), place=st.integers(0, 20), letter=st.sampled_from("abcdefghijklmnopqrstuvwxyz")
)
@settings(max_examples=60, deadline=None)
def test_a_changed_letter_is_one_slip(word: str, place: int, letter: str) -> None:
    place %= len(word)
    typed = word[:place] + letter + word[place + 1 :]
    assert word in one_slip_away(typed) or typed == word
    near = codes.near_words(typed)
    assert set(one_slip_away(typed)[: 5 - (typed in near)]) <= set(near)


# ---- drawing ----------------------------------------------------------------------------------


def test_new_codes_are_spread_and_in_range() -> None:
    drawn = [codes.new_code() for _ in range(2000)]
    assert len(set(drawn)) == 2000
    assert all(0 <= code < codes.CODES for code in drawn)
    # 2000 first words, each uniform: far off a mean of 3888 (deviation 50) would be a bias.
    assert 3588 < sum(code // 7776**6 for code in drawn) / 2000 < 4188


def test_a_draw_above_the_range_is_thrown_away() -> None:
    draws = iter([b"\xff" * 12, b"\0" * 11 + b"\7"])
    assert codes.new_code(lambda size: next(draws)) == 7


@pytest.mark.parametrize("code", [-1, codes.CODES])
def test_impossible_codes_are_our_own_mistake(code: int) -> None:
    for spelled in (codes.words, codes.digits, codes.hashed_text):
        with pytest.raises(ValueError, match="below"):
            spelled(code)


def test_salt_and_secret_have_their_length() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        codes.secret(CODE, bytes(15))
    with pytest.raises(BadKey):
        codes.CodeKeys.from_secret(bytes(31))
