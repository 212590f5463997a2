"""The key file: what opens it, what does not, and what it may cost to try."""

import hmac
import unicodedata
from collections import Counter
from contextlib import suppress
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
from poruch.crypto.age_pq import PqIdentity
from poruch.crypto.keyfile import DuressKey, OfficerKey, open_key, seal_key
from poruch.crypto.signatures import SigningKey
from poruch.errors import BadKeyFile, SamePassphrase, WeakPassphrase, WrongPassphrase

DURESS_PASSPHRASE = "іншыя пяць слоў на чорны дзень"  # noqa: S105
PASSPHRASE = "пяць слоў, якія ніхто не ведае"  # noqa: S105
LITTLE = 8192  # KiB
KEY = OfficerKey.generate(7, "Янка з мястэчка")
FILE = seal_key(KEY, PASSPHRASE, memory_kib=LITTLE)
HEAD = f"poruch/key-file/v1\nargon2id {LITTLE} 3\n".encode()
SLOT = 24 + 1024 + 16
START = len(HEAD) + 16


def fields(key: OfficerKey) -> tuple[Any, ...]:
    """All that there is to know of a key, secrets and public halves."""
    made = (key.root, key.store_key, key.signing.public, key.log.public, key.identity.recipient.text)
    return (type(key), key.number, key.name, *made)


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
    written = b"poruch/officer-key/v2\n\0\7" + KEY.root + len(name).to_bytes(2, "big") + name
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
    duress = DuressKey.of(key)
    file = seal_key(key, PASSPHRASE, duress=(duress, DURESS_PASSPHRASE), memory_kib=LITTLE)
    assert fields(open_key(file, PASSPHRASE)) == fields(key)
    assert fields(open_key(file, DURESS_PASSPHRASE)) == fields(duress)


def test_nothing_of_the_officer_is_in_clear() -> None:
    for secret in (KEY.name.encode(), KEY.root, KEY.store_key):
        assert secret not in FILE
    for public in (KEY.signing.public, KEY.log.public, KEY.identity.recipient.public):
        assert public not in FILE


def hkdf(root: bytes, info: str) -> bytes:
    """HKDF-SHA256 (RFC 5869) with an empty salt and 32 bytes of output, by hand."""
    pseudorandom = hmac.digest(bytes(32), root, "sha256")
    return hmac.digest(pseudorandom, info.encode() + b"\1", "sha256")


def test_all_is_made_from_one_root() -> None:
    key = OfficerKey(number=1, name="a", root=bytes(range(32)))
    seeds = {what: hkdf(key.root, f"poruch/officer/{what}/v1") for what in ("signing", "identity", "log", "store")}
    assert len(set(seeds.values())) == 4
    assert key.store_key == seeds["store"]
    assert key.signing.public == SigningKey(seeds["signing"]).public
    assert key.log.public == SigningKey(seeds["log"]).public
    assert key.identity.recipient.text == PqIdentity.from_seed(seeds["identity"]).recipient.text


def test_two_officers_share_nothing() -> None:
    assert not set(fields(OfficerKey.generate(1, "a"))[3:]) & set(fields(OfficerKey.generate(1, "a"))[3:])


# ---- the duress slot --------------------------------------------------------------------------

DURESS = DuressKey.of(KEY)
WITH_DURESS = seal_key(KEY, PASSPHRASE, duress=(DURESS, DURESS_PASSPHRASE), memory_kib=LITTLE)


def test_each_passphrase_opens_its_own_slot() -> None:
    assert fields(open_key(WITH_DURESS, PASSPHRASE)) == fields(KEY)
    assert fields(open_key(WITH_DURESS, DURESS_PASSPHRASE)) == fields(DURESS)
    with pytest.raises(WrongPassphrase):
        open_key(FILE, DURESS_PASSPHRASE)


def test_a_duress_key_signs_as_the_officer_and_holds_nothing_else_of_his() -> None:
    assert (DURESS.number, DURESS.name) == (KEY.number, KEY.name)
    assert DURESS.signing.public == KEY.signing.public
    assert not set(fields(DURESS)[3:]) & set(fields(KEY)[3:]) - {KEY.signing.public}


def test_the_rest_of_a_duress_key_is_made_from_the_signing_seed_one_way() -> None:
    seed = hkdf(KEY.root, "poruch/officer/signing/v1")
    assert DURESS.signing_seed == seed
    assert DURESS.root == hkdf(seed, "poruch/duress/root/v1")
    assert DURESS.store_key == hkdf(DURESS.root, "poruch/officer/store/v1")


def test_whichever_slot_holds_which() -> None:
    slots = WITH_DURESS[START : START + SLOT], WITH_DURESS[START + SLOT :]
    swapped = WITH_DURESS[:START] + slots[1] + slots[0]
    assert type(open_key(swapped, PASSPHRASE)) is OfficerKey
    assert type(open_key(swapped, DURESS_PASSPHRASE)) is DuressKey


def test_the_real_slot_is_chosen_by_chance_with_a_duress_slot_too() -> None:
    made = [seal_key(KEY, PASSPHRASE, duress=(DURESS, DURESS_PASSPHRASE), memory_kib=LITTLE) for _ in range(24)]
    assert {content_slot(file) for file in made} == {0, 1}  # wrong once in 2^23


def test_with_and_without_cannot_be_told_apart() -> None:
    """Same head, same length, and each place of each slot as random in one as in the other."""
    without = [seal_key(KEY, PASSPHRASE, memory_kib=LITTLE) for _ in range(30)]
    with_ = [seal_key(KEY, PASSPHRASE, duress=(DURESS, DURESS_PASSPHRASE), memory_kib=LITTLE) for _ in range(30)]
    assert {file[: len(HEAD)] for file in without + with_} == {HEAD}
    assert {len(file) for file in without + with_} == {START + 2 * SLOT}
    for files in (without, with_):
        joined = b"".join(file[len(HEAD) :] for file in files)
        counts = Counter(joined)
        expected = len(joined) / 256
        chi = sum((counts[byte] - expected) ** 2 / expected for byte in range(256))
        assert chi < 255 + 6 * (2 * 255) ** 0.5  # six standard deviations of chi-squared with 255 degrees
        assert all(len({file[at] for file in files}) > 8 for at in range(len(HEAD), START + 2 * SLOT))


@pytest.mark.parametrize("file", [FILE, WITH_DURESS], ids=["without", "with"])
@pytest.mark.parametrize("passphrase", [PASSPHRASE, DURESS_PASSPHRASE, "something else entirely"])
def test_opening_does_the_same_work_whatever_opens(
    file: bytes, passphrase: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    derived: list[bytes] = []
    tried: list[bytes] = []

    def derive(*arguments: Any) -> bytes:
        derived.append(b"")
        return crypto_pwhash_alg(*arguments)

    def decrypt(sealed: bytes, *arguments: Any) -> bytes:
        tried.append(sealed)
        return crypto_aead_xchacha20poly1305_ietf_decrypt(sealed, *arguments)

    monkeypatch.setattr(keyfile, "crypto_pwhash_alg", derive)
    monkeypatch.setattr(keyfile, "crypto_aead_xchacha20poly1305_ietf_decrypt", decrypt)
    with suppress(WrongPassphrase):
        open_key(file, passphrase)
    assert len(derived) == 1
    assert tried == [file[START + 24 : START + SLOT], file[START + SLOT + 24 :]]


def test_both_passphrases_differ() -> None:
    for same in (PASSPHRASE, unicodedata.normalize("NFD", PASSPHRASE)):
        with pytest.raises(SamePassphrase) as caught:
            seal_key(KEY, PASSPHRASE, duress=(DURESS, same), memory_kib=LITTLE)
        assert str(caught.value) == "same-passphrase"


def test_a_short_duress_passphrase_is_refused() -> None:
    with pytest.raises(WeakPassphrase):
        seal_key(KEY, PASSPHRASE, duress=(DURESS, "elevenchars"), memory_kib=LITTLE)
    seal_key(KEY, PASSPHRASE, duress=(DURESS, "twelve chars"), memory_kib=LITTLE)


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
NAME_AT = len(b"poruch/officer-key/v2\n") + 2 + 32
BAD_CONTENTS = {
    "another version": CONTENT.replace(b"/v2\n", b"/v3\n"),
    "four seeds, as once": b"poruch/officer-key/v1\n\0\7" + bytes(128) + CONTENT[NAME_AT : 1024 - 96],
    "no line end": CONTENT.replace(b"\n", b" "),
    "another duress version": CONTENT.replace(b"officer-key/v2", b"duress-key/v02"),
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


def test_a_duress_content_written_by_hand_opens() -> None:
    seed = hkdf(KEY.root, "poruch/officer/signing/v1")
    name = KEY.name.encode()
    content = b"poruch/duress-key/v1\n\0\7" + seed + len(name).to_bytes(2, "big") + name
    assert fields(open_key(with_content(content.ljust(1024, b"\0")), PASSPHRASE)) == fields(DURESS)


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


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_root_has_32_bytes(size: int) -> None:
    with pytest.raises(ValueError, match="root"):
        OfficerKey(number=1, name="a", root=bytes(size))
