"""The key file: what opens it, what does not, and what it may cost to try."""

import unicodedata
from typing import Any

import pytest
from argon2.low_level import Type, hash_secret_raw
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt,
    crypto_aead_xchacha20poly1305_ietf_encrypt,
    crypto_pwhash_alg,
)
from nacl.exceptions import CryptoError

from poruch.crypto import keyfile
from poruch.crypto.keyfile import OfficerKey, open_key, seal_key
from poruch.errors import BadKeyFile, WeakPassphrase, WrongPassphrase

PASSPHRASE = "пяць слоў, якія ніхто не ведае"  # noqa: S105
LITTLE = 8192  # KiB
KEY = OfficerKey.generate(7, "Янка з мястэчка")
FILE = seal_key(KEY, PASSPHRASE, memory_kib=LITTLE)
HEAD = f"poruch/key-file/v1\nargon2id {LITTLE} 3\n".encode()
SLOT = 24 + 1024 + 16
START = len(HEAD) + 16


def fields(key: OfficerKey) -> tuple[Any, ...]:
    return tuple(getattr(key, field) for field in OfficerKey.__slots__)


def slot_key(file: bytes) -> bytes:
    """The derived key, made by another library."""
    salt = file[len(HEAD) : START]
    return hash_secret_raw(PASSPHRASE.encode(), salt, 3, LITTLE, 1, 32, Type.ID)


def content_of(file: bytes) -> bytes:
    """What one of the slots holds, read by hand."""
    for start in (START, START + SLOT):
        slot = file[start : start + SLOT]
        try:
            return crypto_aead_xchacha20poly1305_ietf_decrypt(slot[24:], file[:START], slot[:24], slot_key(file))
        except CryptoError:
            continue
    raise AssertionError("no slot opens")


def with_content(content: bytes) -> bytes:
    sealed = crypto_aead_xchacha20poly1305_ietf_encrypt(content, FILE[:START], bytes(24), slot_key(FILE))
    return FILE[:START] + bytes(24) + sealed + bytes(SLOT)


def test_opens_to_the_same_keys() -> None:
    assert fields(open_key(FILE, PASSPHRASE)) == fields(KEY)


def test_the_format_is_the_one_described() -> None:
    assert FILE.startswith(HEAD)
    assert len(FILE) == START + 2 * SLOT
    content = content_of(FILE)
    name = KEY.name.encode()
    seeds = KEY.signing_seed + KEY.identity_seed + KEY.log_seed + KEY.store_key
    written = b"poruch/officer-key/v1\n\0\7" + seeds + len(name).to_bytes(2, "big") + name
    assert content == written.ljust(1024, b"\0")


def test_default_memory_is_128_mib() -> None:
    file = seal_key(KEY, PASSPHRASE)
    assert file.startswith(b"poruch/key-file/v1\nargon2id 131072 3\n")
    assert fields(open_key(file, PASSPHRASE)) == fields(KEY)


@given(number=st.integers(1, 65535), name=st.text(min_size=1, max_size=100), seed=st.binary(min_size=16, max_size=16))
@settings(max_examples=15, deadline=None)
def test_any_officer(number: int, name: str, seed: bytes) -> None:
    if not name.isprintable() or name != name.strip():
        with pytest.raises(ValueError, match="officer"):
            OfficerKey.generate(number, name)
        return
    key = OfficerKey.generate(number, name, lambda size: (seed * 2)[:size])
    assert fields(open_key(seal_key(key, PASSPHRASE, memory_kib=LITTLE), PASSPHRASE)) == fields(key)


def test_nothing_of_the_officer_is_in_clear() -> None:
    for secret in (KEY.name.encode(), KEY.signing_seed, KEY.identity_seed, KEY.log_seed, KEY.store_key):
        assert secret not in FILE
    for public in (KEY.signing.public, KEY.log.public, KEY.identity.recipient.public):
        assert public not in FILE


def test_keys_are_all_different() -> None:
    key = OfficerKey.generate(1, "a")
    secrets = [key.signing_seed, key.identity_seed, key.log_seed, key.store_key]
    assert len(set(secrets)) == 4
    assert fields(key) != fields(OfficerKey.generate(1, "a"))


# ---- slots ------------------------------------------------------------------------------------


def test_whichever_slot_opens() -> None:
    first, second = FILE[START : START + SLOT], FILE[START + SLOT :]
    assert fields(open_key(FILE[:START] + second + first, PASSPHRASE)) == fields(KEY)


def test_the_slot_is_chosen_by_chance() -> None:
    opened = {content_slot(seal_key(KEY, PASSPHRASE, memory_kib=LITTLE)) for _ in range(40)}
    assert opened == {0, 1}  # wrong once in 2^39


def content_slot(file: bytes) -> int:
    slot = file[START : START + SLOT]
    try:
        crypto_aead_xchacha20poly1305_ietf_decrypt(slot[24:], file[:START], slot[:24], slot_key(file))
    except CryptoError:
        return 1
    return 0


def test_both_slots_look_random() -> None:
    for slot in (FILE[START : START + SLOT], FILE[START + SLOT :]):
        ones = sum(byte.bit_count() for byte in slot)
        assert abs(ones - SLOT * 4) < 6 * (SLOT * 8) ** 0.5 / 2
    again = seal_key(KEY, PASSPHRASE, memory_kib=LITTLE)
    assert FILE[len(HEAD) : START] != again[len(HEAD) : START]
    assert not {FILE[n : n + 16] for n in range(START, len(FILE), 16)} & {
        again[n : n + 16] for n in range(START, len(again), 16)
    }


# ---- passphrases ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "passphrase",
    ["", PASSPHRASE[:-1], PASSPHRASE + " ", PASSPHRASE.upper(), "a" * 10_000, "\0", "\ud800" * 12],
    ids=["empty", "one less", "one more", "upper case", "long", "NUL", "surrogates"],
)
def test_wrong_passphrase(passphrase: str) -> None:
    with pytest.raises(WrongPassphrase) as caught:
        open_key(FILE, passphrase)
    assert str(caught.value) == "wrong-passphrase"


def test_a_wrong_passphrase_costs_one_derivation(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def counted(*arguments: Any) -> bytes:
        calls.append(arguments)
        return crypto_pwhash_alg(*arguments)

    monkeypatch.setattr(keyfile, "crypto_pwhash_alg", counted)
    with pytest.raises(WrongPassphrase):
        open_key(FILE, "something else entirely")
    assert len(calls) == 1


@pytest.mark.parametrize("passphrase", ["", "short", "elevenchars", "й" * 11, unicodedata.normalize("NFD", "й" * 11)])
def test_a_short_passphrase_is_refused_with_a_sentence(passphrase: str) -> None:
    with pytest.raises(WeakPassphrase) as caught:
        seal_key(KEY, passphrase, memory_kib=LITTLE)
    assert "12 characters" in caught.value.sentence
    assert str(caught.value) == "weak-passphrase"


def test_twelve_characters_are_enough() -> None:
    assert open_key(seal_key(KEY, "twelve chars", memory_kib=LITTLE), "twelve chars").number == 7


def test_composed_and_decomposed_letters_are_one_passphrase() -> None:
    composed, decomposed = (unicodedata.normalize(form, "йёўїй" * 3) for form in ("NFC", "NFD"))
    assert composed != decomposed
    assert open_key(seal_key(KEY, decomposed, memory_kib=LITTLE), composed).number == 7


# ---- damaged files ----------------------------------------------------------------------------


def with_line(line: bytes) -> bytes:
    return b"poruch/key-file/v1\n" + line + FILE[len(HEAD) :]


BAD_FILES = {
    "empty": b"",
    "version line only": b"poruch/key-file/v1\n",
    "version 2": FILE.replace(b"/v1\n", b"/v2\n"),
    "CRLF": FILE.replace(b"/v1\n", b"/v1\r\n"),
    "space before": b" " + FILE,
    "1 TiB of memory": with_line(b"argon2id 1073741824 3\n"),
    "just over 1 GiB of memory": with_line(b"argon2id 1048577 3\n"),
    "memory of 30 digits": with_line(b"argon2id " + b"9" * 30 + b" 3\n"),
    "too little memory": with_line(b"argon2id 8191 3\n"),
    "no memory": with_line(b"argon2id 0 3\n"),
    "negative memory": with_line(b"argon2id -8192 3\n"),
    "leading zero": with_line(b"argon2id 08192 3\n"),
    "17 passes": with_line(b"argon2id 8192 17\n"),
    "a billion passes": with_line(b"argon2id 8192 1000000000\n"),
    "no passes": with_line(b"argon2id 8192 0\n"),
    "another derivation": with_line(b"argon2i 8192 3\n"),
    "scrypt": with_line(b"scrypt 8192 3\n"),
    "two spaces": with_line(b"argon2id 8192  3\n"),
    "Arabic digits": with_line("argon2id ٨١٩٢ 3\n".encode()),
    "one byte less": FILE[:-1],
    "one byte more": FILE + b"\0",
    "one slot": FILE[: START + SLOT],
    "three slots": FILE + bytes(SLOT),
    "1 MB": HEAD + bytes(1_000_000),
}


@pytest.mark.parametrize("file", BAD_FILES.values(), ids=BAD_FILES.keys())
def test_bad_files_cost_no_derivation(file: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def derived(*arguments: Any) -> bytes:
        raise AssertionError("derived a key for a bad file")

    monkeypatch.setattr(keyfile, "crypto_pwhash_alg", derived)
    with pytest.raises(BadKeyFile):
        open_key(file, PASSPHRASE)


CHANGED = {
    "salt": len(HEAD),
    "first nonce": START,
    "first slot": START + 24,
    "end of the first slot": START + SLOT - 1,
    "second nonce": START + SLOT,
    "second slot": START + SLOT + 24,
    "last byte": len(FILE) - 1,
}


@pytest.mark.parametrize("place", CHANGED.values(), ids=CHANGED.keys())
def test_a_changed_byte_in_the_used_slot_or_before_it_shuts_the_file(place: int) -> None:
    file = FILE[:place] + bytes([FILE[place] ^ 1]) + FILE[place + 1 :]
    if place >= START and (place - START) // SLOT != content_slot(FILE):
        assert open_key(file, PASSPHRASE).number == 7  # the empty slot is never looked into
    else:
        with pytest.raises(WrongPassphrase):
            open_key(file, PASSPHRASE)


@pytest.mark.parametrize("line", [b"argon2id 8193 3\n", b"argon2id 8192 4\n", b"argon2id 8192 2\n"])
def test_changed_parameters_shut_the_file(line: bytes) -> None:
    with pytest.raises(WrongPassphrase):
        open_key(with_line(line), PASSPHRASE)


CONTENT = content_of(FILE)
NAME_AT = len(b"poruch/officer-key/v1\n") + 2 + 4 * 32
BAD_CONTENTS = {
    "another version": CONTENT.replace(b"/v1\n", b"/v2\n"),
    "empty": bytes(1024),
    "number 0": CONTENT[:22] + b"\0\0" + CONTENT[24:],
    "no name": CONTENT[:NAME_AT] + bytes(1024 - NAME_AT),
    "name longer than the content": CONTENT[:NAME_AT] + b"\xff\xff" + CONTENT[NAME_AT + 2 :],
    "name cut within a letter": CONTENT[:NAME_AT] + b"\0\1" + CONTENT[NAME_AT + 2 :],
    "name with a newline": CONTENT[:NAME_AT] + b"\0\3a\nb" + bytes(1024 - NAME_AT - 5),
    "filling not zero": CONTENT[:-1] + b"\1",
}


@pytest.mark.parametrize("content", BAD_CONTENTS.values(), ids=BAD_CONTENTS.keys())
def test_bad_contents(content: bytes) -> None:
    assert len(content) == 1024
    with pytest.raises(BadKeyFile):
        open_key(with_content(content), PASSPHRASE)


def test_a_content_written_by_hand_opens() -> None:
    assert fields(open_key(with_content(CONTENT), PASSPHRASE)) == fields(KEY)


# ---- our own mistakes -------------------------------------------------------------------------


@pytest.mark.parametrize("memory_kib", [0, 8191, 1048577])
def test_impossible_memory(memory_kib: int) -> None:
    with pytest.raises(ValueError, match="memory"):
        seal_key(KEY, PASSPHRASE, memory_kib=memory_kib)


@pytest.mark.parametrize(
    ("number", "name"), [(0, "a"), (65536, "a"), (-1, "a"), (1, ""), (1, "a" * 101), (1, "a\nb"), (1, " a"), (1, "\0")]
)
def test_impossible_officers(number: int, name: str) -> None:
    with pytest.raises(ValueError, match="officer"):
        OfficerKey.generate(number, name)
