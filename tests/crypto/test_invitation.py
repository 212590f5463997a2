"""An invitation is one line or 24 words, tells the front nothing, and binds what is sealed with it."""

import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poruch.crypto import bech32
from poruch.crypto.invitation import (
    FINGERPRINT_SIZE,
    LEAST_MESSAGE,
    LONGEST_ADDRESS,
    SECRET_SIZE,
    SPOKEN_WORDS,
    Invitation,
    founding_key,
    key_fingerprint,
    new_founding_secret,
    parse_invitation,
)
from poruch.crypto.wordlist import word_list
from poruch.errors import BadFoundingSecret, BadInvitation, BadPayload

ADDRESS = "https://fund.example"
SECRET, PRINT = bytes(range(SECRET_SIZE)), bytes(range(100, 100 + FINGERPRINT_SIZE))
INVITATION = Invitation(ADDRESS, 2, SECRET, PRINT)


def same(one: Invitation, other: Invitation) -> bool:
    return one.text == other.text and one.rendezvous == other.rendezvous and one.address == other.address


@given(
    number=st.integers(1, 65535),
    secret=st.binary(min_size=16, max_size=16),
    printed=st.binary(min_size=16, max_size=16),
    address=st.sampled_from([ADDRESS, "http://127.0.0.1:8000", f"http://{'a' * 56}.onion"]),
)
def test_both_spellings_are_read_back(number: int, secret: bytes, printed: bytes, address: str) -> None:
    invitation = Invitation(address, number, secret, printed)
    for spelling in (invitation.text, invitation.spoken, f"  {invitation.text}\n", invitation.spoken.upper()):
        read = parse_invitation(spelling)
        assert same(read, invitation)
        assert (read.number, read.fingerprint) == (number, printed)


def test_the_line_and_the_words_look_as_the_page_says() -> None:
    assert INVITATION.text.startswith("poruch-invitation-1")
    assert " " not in INVITATION.text
    address, *words = INVITATION.spoken.split(" ")
    assert address == ADDRESS
    assert len(words) == SPOKEN_WORDS
    assert set(words) <= set(word_list())


def test_a_drawn_one_names_the_inviters_key() -> None:
    drawn = Invitation.draw(ADDRESS, 7, bytes(32), lambda size: b"r" * size)
    assert drawn.fingerprint == key_fingerprint(bytes(32))
    assert drawn.text != Invitation.draw(ADDRESS, 7, bytes(32)).text


def spelled(raw: bytes, prefix: str = "poruch-invitation-") -> str:
    return bech32.encode(prefix, raw)


GOOD = b"\x01\x00\x02" + SECRET + PRINT + ADDRESS.encode()
MISTAKES = {
    "nothing": "",
    "another prefix": spelled(GOOD, "poruch-founding-"),
    "upper case": spelled(GOOD).upper(),
    "another version": spelled(b"\x02" + GOOD[1:]),
    "cut": spelled(GOOD[:20]),
    "no address": spelled(GOOD[:35]),
    "an address with a path": spelled(GOOD + b"/x"),
    "an address with a name in it": spelled(GOOD.replace(b"https://", b"https://a@")),
    "another scheme": spelled(GOOD.replace(b"https", b"ftp")),
    "an address in capitals": spelled(GOOD.replace(b"fund", b"Fund")),
    "an address that is not ASCII": spelled(GOOD + "ў".encode()),
    "a long address": spelled(GOOD[:35] + b"http://" + b"a" * LONGEST_ADDRESS),
    "the number 0": spelled(b"\x01\x00\x00" + GOOD[3:]),
    "a mistyped sign": spelled(GOOD)[:-1] + ("q" if spelled(GOOD)[-1] != "q" else "p"),
    "far too long": "q" * 100_000,
    "words missing": INVITATION.spoken.rpartition(" ")[0],
    "words too many": INVITATION.spoken + " zoom",
    "a word of no list": INVITATION.spoken.rpartition(" ")[0] + " zzzz",
    "a number too large": " ".join([ADDRESS, *["zoom"] * SPOKEN_WORDS]),
    "another address": INVITATION.spoken.replace("fund.example", "fund.exampel"),
    "an address of other signs": INVITATION.spoken.replace("fund", "фонд"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_whatever_else_is_refused(case: str) -> None:
    with pytest.raises(BadInvitation) as refused:
        parse_invitation(MISTAKES[case])
    assert refused.value.sentence.startswith("This is not an invitation")
    assert SECRET.hex() not in str(refused.value)


@given(place=st.integers(1, SPOKEN_WORDS), word=st.sampled_from(word_list()))
def test_a_wrong_word_is_seen(place: int, word: str) -> None:
    parts = INVITATION.spoken.split(" ")
    if parts[place] == word:
        return
    parts[place] = word
    with pytest.raises(BadInvitation):
        parse_invitation(" ".join(parts))


def test_swapped_words_are_seen() -> None:
    parts = INVITATION.spoken.split(" ")
    parts[3], parts[4] = parts[4], parts[3]
    with pytest.raises(BadInvitation):
        parse_invitation(" ".join(parts))


# ---- sealing ----------------------------------------------------------------------------------


def test_a_message_opens_as_what_it_is_and_as_nothing_else() -> None:
    sealed = INVITATION.seal("hello", b"keys")
    assert INVITATION.open("hello", sealed) == b"keys"
    with pytest.raises(BadPayload):
        INVITATION.open("answer", sealed)


@pytest.mark.parametrize(
    "other",
    [
        Invitation(ADDRESS, 2, PRINT, PRINT),
        Invitation(ADDRESS, 3, SECRET, PRINT),
        Invitation(ADDRESS, 2, SECRET, SECRET),
        Invitation("http://x", 2, SECRET, PRINT),
    ],
    ids=["secret", "number", "inviter", "front"],
)
def test_who_holds_another_line_opens_nothing(other: Invitation) -> None:
    with pytest.raises(BadPayload):
        other.open("hello", INVITATION.seal("hello", b"keys"))


def test_a_damaged_message_does_not_open() -> None:
    sealed = INVITATION.seal("hello", b"keys")
    for damaged in (b"", sealed[:30], sealed[:-1] + bytes([sealed[-1] ^ 1]), bytes([sealed[0] ^ 1]) + sealed[1:]):
        with pytest.raises(BadPayload):
            INVITATION.open("hello", damaged)


def test_short_messages_have_one_length() -> None:
    lengths = {len(INVITATION.seal("hello", b"x" * size)) for size in (0, 1, 2000, LEAST_MESSAGE - 4)}
    assert lengths == {LEAST_MESSAGE + 24 + 16}


def test_the_id_is_derived_and_the_secret_does_not_show() -> None:
    """HKDF-SHA-256 (RFC 5869) by hand: no salt is 32 zero bytes, one block is enough."""
    extracted = hmac.digest(bytes(32), SECRET, "sha256")
    assert INVITATION.rendezvous == hmac.digest(extracted, b"poruch/invitation/rendezvous/v1\x01", "sha256")
    assert repr(INVITATION) == "<Invitation hidden>"


# ---- the founding secret ----------------------------------------------------------------------


def test_a_founding_secret_makes_one_key() -> None:
    line = new_founding_secret()
    assert founding_key(line) == founding_key(f" {line}\n")
    assert founding_key(new_founding_secret()) != founding_key(line)


@pytest.mark.parametrize(
    "text",
    [
        "",
        INVITATION.text,
        spelled(b"\x02" + SECRET, "poruch-founding-"),
        spelled(b"\x01" + SECRET[1:], "poruch-founding-"),
    ],
    ids=["nothing", "an invitation", "another version", "cut"],
)
def test_no_founding_secret(text: str) -> None:
    with pytest.raises(BadFoundingSecret):
        founding_key(text)
