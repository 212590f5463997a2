"""Bech32: the valid and invalid strings of BIP 173 that age's variant shares, and properties."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poruch.crypto import bech32
from poruch.errors import BadKey

HRPS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20).map(
    lambda prefix: prefix.lower() + "a"
)


@given(hrp=HRPS, data=st.binary(max_size=100))
def test_round_trip_in_both_cases(hrp: str, data: bytes) -> None:
    text = bech32.encode(hrp, data)
    assert bech32.decode(text) == (hrp, data)
    assert text == text.lower()
    assert bech32.decode(text.upper()) == (hrp.upper(), data)
    assert bech32.encode(hrp.upper(), data) == text.upper()


@given(data=st.binary(min_size=1, max_size=60), place=st.integers(0), letter=st.sampled_from(bech32._ALPHABET))
def test_one_changed_character_is_noticed(data: bytes, place: int, letter: str) -> None:
    text = bech32.encode("age", data)
    place = 4 + place % (len(text) - 4)
    changed = text[:place] + letter + text[place + 1 :]
    if changed == text:
        assert bech32.decode(changed) == ("age", data)
    else:
        with pytest.raises(BadKey):
            bech32.decode(changed)


# BIP 173, "Test vectors"; the data in bytes where whole bytes are meant.
VALID = {
    "A12UEL5L": ("A", b""),
    "a12uel5l": ("a", b""),
    "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1tt5tgs": (
        "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio",
        b"",
    ),
    "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw": (
        "abcdef",
        bytes.fromhex("00443214c74254b635cf84653a56d7c675be77df"),
    ),
    "?1ezyfcl": ("?", b""),
}


@pytest.mark.parametrize(("text", "content"), VALID.items(), ids=[text[:12] for text in VALID])
def test_published_strings(text: str, content: tuple[str, bytes]) -> None:
    assert bech32.decode(text) == content
    assert bech32.encode(*content) == text


INVALID = {
    "empty": "",
    "no separator": "pzry9x0s0muk",
    "empty prefix": "1pzry9x0s0muk",
    "space in the prefix": "\x201nwldj5",
    "delete in the prefix": "\x7f1axkwrx",
    "prefix outside ASCII": "\x801eym55h",
    "character outside the alphabet": "x1b4n0q5v",
    "checksum too short": "li1dgmt3",
    "character outside ASCII in the checksum": "de1lg7wt\xff",
    "checksum over upper case": "A1G7SGD8",
    "empty prefix, short": "10a06t8",
    "only a checksum": "1qzzfhee",
    "mixed case": "A12uel5l",
    "spare bits not zero": "age1qp4xzfc6",
    "over 8192 characters": "a1" + "q" * 8191,
    "Cyrillic look-alike": "аge1qqqqqqqqqqq",
}


@pytest.mark.parametrize("text", INVALID.values(), ids=INVALID.keys())
def test_refused_strings(text: str) -> None:
    with pytest.raises(BadKey):
        bech32.decode(text)


@pytest.mark.parametrize("values", [[1], [0, 1], [31, 31], [0] * 3, [0] * 6])
def test_spare_bits_with_a_right_checksum(values: list[int]) -> None:
    """A group of five bits too many, or a set spare bit: the checksum holds and the text is refused all the same."""
    check = bech32._checksum([*bech32._expand("a"), *values, *[0] * 6]) ^ 1
    values = values + [check >> 5 * (5 - place) & 31 for place in range(6)]
    with pytest.raises(BadKey, match="spare bits"):
        bech32.decode("a1" + "".join(bech32._ALPHABET[value] for value in values))


@pytest.mark.parametrize("hrp", ["", "Age", "a b", "ў", "\x7f"])
def test_impossible_prefixes_are_our_own_mistake(hrp: str) -> None:
    with pytest.raises(ValueError, match="prefix"):
        bech32.encode(hrp, b"")
