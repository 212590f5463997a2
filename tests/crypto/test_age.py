"""age files: the vectors, every way to damage a head or a payload, and what other age tools make of ours."""

import base64
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pyrage
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poruch.crypto import age
from poruch.crypto.age_payload import CHUNK_SIZE, TAG_SIZE
from poruch.errors import BadHeader, BadKey, BadMac, BadPayload, NotForThisKey

QUORUM: dict[str, Any] = json.loads((Path(__file__).parents[1] / "vectors" / "quorum.json").read_text())
X25519 = age.X25519Identity(bytes(range(32)))
PQ = age.PqIdentity.from_seed(bytes(range(32)))
IDENTITIES = [pytest.param(X25519, id="x25519"), pytest.param(PQ, id="pq")]
FILE_KEY = bytes(range(16))
SIZES = [0, 1, 255, CHUNK_SIZE - 1, CHUNK_SIZE, CHUNK_SIZE + 1, 2 * CHUNK_SIZE, 3 * CHUNK_SIZE + 7]


# ---- vectors ----------------------------------------------------------------------------------


def sealed_subshares() -> list[Any]:
    rows = []
    for group in [QUORUM["groups"][0], QUORUM["resharing"]]:
        for dealer, files in group["sealed"].items():
            for officer, file in files.items():
                identity = group["one_time_identities"][officer]
                message = b"poruch/subshare/v1" + bytes.fromhex(group["session"])
                message += int(dealer).to_bytes(2, "big") + int(officer).to_bytes(2, "big")
                message += bytes.fromhex(group["subshares"][dealer][officer])
                rows.append(pytest.param(identity, file, message, id=f"{group['name']}-{dealer}-{officer}"))
    return rows


@pytest.mark.parametrize(("identity", "file", "message"), sealed_subshares())
def test_sealed_subshares_open_to_their_message(identity: str, file: str, message: bytes) -> None:
    assert age.open_file(base64.b64decode(file), [age.PqIdentity.parse(identity)]) == message


def test_outer_layer_opens_to_the_inner_file() -> None:
    outer = QUORUM["files"]["outer"]
    identity = age.PqIdentity.parse(outer["identity"])
    assert identity.text == outer["identity"]
    assert identity.recipient.text == outer["recipient"]
    assert age.PqRecipient.parse(outer["recipient"]) == identity.recipient
    assert age.open_file(base64.b64decode(outer["file"]), [identity]) == base64.b64decode(outer["inner"])


def test_sealed_answers_open_for_the_requester() -> None:
    requester = age.PqIdentity.parse(QUORUM["requests"]["valid"][0]["requester_identity"])
    rows = [row for row in QUORUM["partials"]["valid"] if "sealed" in row]
    assert rows
    for row in rows:
        assert age.open_file(base64.b64decode(row["sealed"]), [requester]).hex() == row["answer"]


@pytest.mark.parametrize("row", QUORUM["complaints"], ids=lambda row: row["reason"])
def test_a_published_file_key_opens_or_is_void(row: dict[str, Any]) -> None:
    file, file_key = base64.b64decode(row["sealed"]), bytes.fromhex(row["file_key"])
    header = age.parse_header(file)
    if row["outcome"] == "void":
        with pytest.raises((BadMac, BadPayload)):
            open_with_file_key(file, file_key)
    else:
        header.check_mac(file_key)
        assert len(age.decrypt_payload(file_key, file[header.end :])) == 86


@pytest.mark.parametrize("row", QUORUM["files"]["valid"] + QUORUM["files"]["unproven"], ids=lambda row: row["name"])
def test_header_hashes(row: dict[str, Any]) -> None:
    assert age.header_hash(base64.b64decode(row["file"])).hex() == row["header_hash"]


@pytest.mark.parametrize("row", QUORUM["files"]["invalid"], ids=lambda row: row["name"])
def test_headers_of_the_invalid_files(row: dict[str, Any]) -> None:
    file = base64.b64decode(row["file"])
    if row["error"] == "bad-header":
        with pytest.raises(BadHeader):
            age.x25519_stanzas(age.parse_header(file).stanzas)
    else:
        assert age.x25519_stanzas(age.parse_header(file).stanzas)


def open_with_file_key(file: bytes, file_key: bytes) -> bytes:
    header = age.parse_header(file)
    header.check_mac(file_key)
    return age.decrypt_payload(file_key, file[header.end :])


# ---- round trips ------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("identity", IDENTITIES)
def test_round_trip(identity: Any, size: int) -> None:
    plaintext = os.urandom(size)
    file = age.seal(plaintext, [identity.recipient])
    chunks = max(1, -(-size // CHUNK_SIZE))
    assert len(file) - age.parse_header(file).end == 16 + size + chunks * TAG_SIZE
    assert age.open_file(file, [identity]) == plaintext


@given(plaintext=st.binary(max_size=3000), others=st.integers(0, 3), place=st.integers(0, 3))
@settings(max_examples=40, deadline=None)
def test_each_of_several_recipients_opens(plaintext: bytes, others: int, place: int) -> None:
    for kind, identity in ((age.X25519Identity, X25519), (age.PqIdentity, PQ)):
        recipients = [kind.generate().recipient for _ in range(others)]
        recipients.insert(place, identity.recipient)
        file = age.seal(plaintext, recipients)
        assert len(age.parse_header(file).stanzas) == others + 1
        assert age.open_file(file, [kind.generate(), identity]) == plaintext


@given(
    stanzas=st.lists(
        st.builds(
            age.Stanza,
            st.lists(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1), min_size=1).map(tuple),
            st.binary(max_size=200),
        ),
        min_size=1,
        max_size=5,
    )
)
@settings(max_examples=100, deadline=None)
def test_a_written_header_is_read_back(stanzas: list[age.Stanza]) -> None:
    file = age.write_header(stanzas, FILE_KEY)
    header = age.parse_header(file + b"payload")
    assert header.stanzas == tuple(stanzas)
    assert header.end == len(file)
    header.check_mac(FILE_KEY)


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_arbitrary_bytes_are_a_bad_header(tail: bytes) -> None:
    for file in (tail, b"age-encryption.org/v1\n-> X25519 " + tail):
        with pytest.raises(BadHeader):
            age.parse_header(file)


def test_same_randomness_same_x25519_file() -> None:
    def drawn(size: int) -> bytes:
        return b"\7" * size

    assert age.seal(b"text", [X25519.recipient], drawn) == age.seal(b"text", [X25519.recipient], drawn)
    assert age.seal(b"text", [X25519.recipient]) != age.seal(b"text", [X25519.recipient])


# ---- other tools ------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
def test_debian_age_opens_ours_and_we_open_its(size: int, tmp_path: Path) -> None:
    plaintext = os.urandom(size)
    key, ours = tmp_path / "key", tmp_path / "ours.age"
    key.write_text(X25519.text + "\n")
    ours.write_bytes(age.seal(plaintext, [age.X25519Identity.generate().recipient, X25519.recipient]))
    opened = subprocess.run(["age", "-d", "-i", key, ours], capture_output=True, check=True)
    assert opened.stdout == plaintext
    theirs = subprocess.run(["age", "-r", X25519.recipient.text], input=plaintext, capture_output=True, check=True)
    assert age.open_file(theirs.stdout, [X25519]) == plaintext


def test_debian_age_makes_the_same_keys(tmp_path: Path) -> None:
    made = subprocess.run(["age-keygen"], capture_output=True, check=True, text=True)
    identity = age.X25519Identity.parse(made.stdout.splitlines()[-1])
    assert f"# public key: {identity.recipient.text}" in made.stdout.splitlines()
    (tmp_path / "key").write_text(X25519.text + "\n")
    derived = subprocess.run(["age-keygen", "-y", tmp_path / "key"], capture_output=True, check=True, text=True)
    assert derived.stdout.strip() == X25519.recipient.text


@pytest.mark.parametrize("size", SIZES)
def test_pyrage_opens_ours_and_we_open_its(size: int) -> None:
    plaintext = os.urandom(size)
    theirs = pyrage.x25519.Identity.from_str(X25519.text)
    assert str(theirs.to_public()) == X25519.recipient.text
    assert pyrage.decrypt(age.seal(plaintext, [X25519.recipient]), [theirs]) == plaintext
    # rage adds a stanza of an invented kind now and then; it must be ignored.
    assert age.open_file(pyrage.encrypt(plaintext, [theirs.to_public()]), [X25519]) == plaintext


# ---- keys as text -----------------------------------------------------------------------------


@given(st.binary(min_size=32, max_size=32))
@settings(max_examples=30, deadline=None)
def test_texts_of_keys_are_read_back(seed: bytes) -> None:
    for kind in (age.X25519Identity, age.PqIdentity):
        identity = kind(seed)
        assert kind.parse(identity.text) == identity
        assert type(identity.recipient).parse(identity.recipient.text) == identity.recipient
        assert age.parse_recipient(identity.recipient.text) == identity.recipient


KEY_TEXTS = {
    "x25519 identity": (age.X25519Identity.parse, X25519.text),
    "x25519 recipient": (age.X25519Recipient.parse, X25519.recipient.text),
    "pq identity": (age.PqIdentity.parse, PQ.text),
    "pq recipient": (age.PqRecipient.parse, PQ.recipient.text),
}
TEXT_CHANGES = {
    "empty": lambda text: "",
    "other case": lambda text: text.swapcase(),
    "one letter of the other case": lambda text: (
        text[:-1] + text[-1].swapcase() if text[-1].isalpha() else text[:-2] + text[-2:].swapcase() + "x"
    ),
    "last character missing": lambda text: text[:-1],
    "space before": lambda text: " " + text,
    "newline after": lambda text: text + "\n",
    "one character more": lambda text: text + text[-1],
    "neighbours swapped": lambda text: (
        text[:-9] + text[-8] + text[-9] + text[-7:]
        if text[-8] != text[-9]
        else text[:-1] + ("q" if text[-1] != "q" else "p")
    ),
}


@pytest.mark.parametrize("change", TEXT_CHANGES.values(), ids=TEXT_CHANGES.keys())
@pytest.mark.parametrize(("parse", "text"), KEY_TEXTS.values(), ids=KEY_TEXTS.keys())
def test_mistyped_keys(parse: Any, text: str, change: Any) -> None:
    changed = change(text)
    assert changed != text
    with pytest.raises(BadKey) as caught:
        parse(changed)
    assert text[20:40].lower() not in str(caught.value).lower()


@pytest.mark.parametrize(("own", "text"), KEY_TEXTS.values(), ids=KEY_TEXTS.keys())
def test_a_key_is_not_read_as_another_kind(own: Any, text: str) -> None:
    for parse, _ in KEY_TEXTS.values():
        if parse != own:
            with pytest.raises(BadKey):
                parse(text)


LOW_ORDER = [
    bytes(32),
    b"\1" + bytes(31),
    b"\xec" + b"\xff" * 30 + b"\x7f",  # p - 1
    b"\xed" + b"\xff" * 30 + b"\x7f",  # p, an alias of 0
]


@pytest.mark.parametrize("public", LOW_ORDER, ids=bytes.hex)
def test_recipients_of_small_order(public: bytes) -> None:
    with pytest.raises(BadKey):
        age.X25519Recipient(public)
    with pytest.raises(BadKey):
        age.PqRecipient(PQ.recipient.public[:1184] + public)


@pytest.mark.parametrize("size", [0, 31, 33, 1215, 1217])
def test_keys_of_another_length(size: int) -> None:
    for kind in (age.X25519Recipient, age.X25519Identity, age.PqRecipient, age.PqIdentity):
        with pytest.raises(BadKey):
            kind(bytes(size))


def test_a_coefficient_outside_the_field_is_no_lattice_key() -> None:
    with pytest.raises(BadKey):
        age.PqRecipient(b"\xff" * 1184 + PQ.recipient.public[1184:])


def test_kinds_of_recipients_are_not_mixed() -> None:
    for recipients in ([], [X25519.recipient, PQ.recipient]):
        with pytest.raises(BadKey):
            age.seal(b"text", recipients)


# ---- a file key that is shown -----------------------------------------------------------------


@pytest.mark.parametrize("identity", IDENTITIES)
def test_who_is_shown_a_file_key_opens_this_file_and_no_other(identity: age.Identity) -> None:
    recipient = identity.recipient  # type: ignore[attr-defined]
    file, other = age.seal(b"an answer", [recipient]), age.seal(b"another", [recipient])
    shown = age.file_key_of(file, identity)
    assert len(shown) == age.FILE_KEY_SIZE
    assert age.open_with_file_key(file, shown) == b"an answer"
    with pytest.raises(BadMac):
        age.open_with_file_key(other, shown)


@pytest.mark.parametrize("wrong", [b"", bytes(16), bytes(15), bytes(17)])
def test_no_other_key_passes_the_mac(wrong: bytes) -> None:
    with pytest.raises(BadMac):
        age.open_with_file_key(age.seal(b"an answer", [PQ.recipient]), wrong)


def test_a_file_key_is_given_out_only_where_the_head_holds() -> None:
    file = age.seal(b"an answer", [PQ.recipient])
    with pytest.raises(NotForThisKey):
        age.file_key_of(file, age.PqIdentity.from_seed(bytes(32)))
    end = age.parse_header(file).end
    mac = file[end - 44 : end - 1]
    other = age.encode_base64(bytes(32)).encode()
    with pytest.raises(BadMac):
        age.file_key_of(file.replace(mac, other), PQ)
    with pytest.raises(BadHeader):
        age.file_key_of(b"age", PQ)


def test_a_changed_payload_is_seen_by_who_was_shown_the_key() -> None:
    file = age.seal(b"an answer", [PQ.recipient])
    shown = age.file_key_of(file, PQ)
    with pytest.raises(BadPayload):
        age.open_with_file_key(file[:-1] + bytes([file[-1] ^ 1]), shown)
