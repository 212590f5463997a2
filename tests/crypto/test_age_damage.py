"""Every way to damage the head or the payload of an age file, and the error that each gives."""

import base64
import os
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.bindings import crypto_aead_chacha20poly1305_ietf_encrypt

from poruch.crypto import age
from poruch.crypto.age_payload import CHUNK_SIZE, TAG_SIZE
from poruch.errors import BadHeader, BadMac, BadPayload, NotForThisKey

X25519 = age.X25519Identity(bytes(range(32)))
PQ = age.PqIdentity.from_seed(bytes(range(32)))
IDENTITIES = [pytest.param(X25519, id="x25519"), pytest.param(PQ, id="pq")]
FILE_KEY = bytes(range(16))

# ---- damaged headers --------------------------------------------------------------------------

PLAIN = age.seal(b"text", [X25519.recipient], lambda size: b"\7" * size)
HEAD = PLAIN[: age.parse_header(PLAIN).end]
SHARE, BODY, MAC = (HEAD.split(b"\n")[1][10:], HEAD.split(b"\n")[2], HEAD.split(b"\n")[3][4:])
LONG = b"A" * 64


def with_stanza(lines: bytes) -> bytes:
    return HEAD.replace(b"---", lines + b"---")


BAD_HEADERS = {
    "empty": b"",
    "version line only": b"age-encryption.org/v1\n",
    "version 2": HEAD.replace(b"/v1\n", b"/v2\n"),
    "space after the version": HEAD.replace(b"/v1\n", b"/v1 \n"),
    "byte order mark": b"\xef\xbb\xbf" + HEAD,
    "empty line first": b"\n" + HEAD,
    "armoured": b"-----BEGIN AGE ENCRYPTED FILE-----\n" + base64.b64encode(HEAD) + b"\n",
    "CRLF everywhere": HEAD.replace(b"\n", b"\r\n"),
    "CRLF after the MAC": HEAD[:-1] + b"\r\n",
    "CR line ends": HEAD.replace(b"\n", b"\r"),
    "no stanza": b"age-encryption.org/v1\n--- " + MAC + b"\n",
    "no line end after the MAC": HEAD[:-1],
    "no MAC": HEAD[: HEAD.index(b"---")],
    "MAC without its space": HEAD.replace(b"--- ", b"---"),
    "two spaces before the MAC": HEAD.replace(b"--- ", b"---  "),
    "MAC with padding": HEAD[:-1] + b"=\n",
    "space after the MAC": HEAD[:-1] + b" \n",
    "empty MAC": HEAD.replace(MAC, b""),
    "MAC of 31 bytes": HEAD.replace(MAC, age.encode_base64(bytes(31)).encode()),
    "MAC of 33 bytes": HEAD.replace(MAC, age.encode_base64(bytes(33)).encode()),
    "MAC not canonical": HEAD.replace(MAC, b"A" * 42 + b"B"),
    "MAC in base64url": HEAD.replace(MAC, b"-" * 42 + b"A"),
    "stanza without arguments": with_stanza(b"-> \n\n"),
    "stanza without its space": with_stanza(b"->X25519\n\n"),
    "two spaces between arguments": with_stanza(b"-> a  b\n\n"),
    "space before the arguments": with_stanza(b"->  a\n\n"),
    "space after the arguments": with_stanza(b"-> a \n\n"),
    "tab between arguments": with_stanza(b"-> a\tb\n\n"),
    "argument with a control character": with_stanza(b"-> a\x7f\n\n"),
    "argument with NUL": with_stanza(b"-> a\0\n\n"),
    "argument outside ASCII": with_stanza("-> ў\n\n".encode()),
    "no body line": with_stanza(b"-> a\n"),
    "full line without a last line": with_stanza(b"-> a\n" + LONG + b"\n"),
    "body line of 65": with_stanza(b"-> a\n" + LONG + b"A\n"),
    "body line of 65 and one of 1": with_stanza(b"-> a\n" + LONG + b"A\nA\n"),
    "body line of 68": with_stanza(b"-> a\n" + LONG + b"AAAA\n"),
    "body wrapped at 60": with_stanza(b"-> a\n" + b"A" * 60 + b"\n" + b"A" * 8 + b"\n"),
    "empty line after a short one": with_stanza(b"-> a\nAAAA\n\n"),
    "body with padding": with_stanza(b"-> a\nAA==\n"),
    "body not canonical": with_stanza(b"-> a\nAB\n"),
    "body of one character": with_stanza(b"-> a\nA\n"),
    "body of 65 characters": with_stanza(b"-> a\n" + LONG + b"\nA\n"),
    "body in base64url": with_stanza(b"-> a\nA-_A\n"),
    "body with a space": with_stanza(b"-> a\nAA AA\n"),
    "body with CR": with_stanza(b"-> a\nAAAA\r\n"),
    "body with NUL": with_stanza(b"-> a\nAA\0A\n"),
    "unknown line": with_stanza(b"=> a\n\n"),
}


@pytest.mark.parametrize("head", BAD_HEADERS.values(), ids=BAD_HEADERS.keys())
def test_bad_headers(head: bytes) -> None:
    assert head != HEAD
    with pytest.raises(BadHeader):
        age.parse_header(head)
    with pytest.raises(BadHeader):
        age.open_file(head + PLAIN[len(HEAD) :], [X25519])


@pytest.mark.parametrize("cut", range(len(HEAD)))
def test_a_header_cut_anywhere(cut: int) -> None:
    with pytest.raises(BadHeader):
        age.parse_header(HEAD[:cut])


def test_a_header_ends_within_65536_bytes() -> None:
    def head(size: int) -> bytes:
        empty = age.write_header([age.Stanza(("a",), b"")], FILE_KEY)
        return age.write_header([age.Stanza(("a" * (1 + size - len(empty)),), b"")], FILE_KEY)

    assert len(head(65536)) == 65536
    assert age.parse_header(head(65536)).end == 65536
    with pytest.raises(BadHeader):
        age.parse_header(head(65537))


BAD_X25519 = {
    "no share": age.Stanza(("X25519",), bytes(32)),
    "two arguments": age.Stanza(("X25519", SHARE.decode(), "more"), bytes(32)),
    "share of 31 bytes": age.Stanza(("X25519", age.encode_base64(bytes(31))), bytes(32)),
    "share of 33 bytes": age.Stanza(("X25519", age.encode_base64(bytes(33))), bytes(32)),
    "share not canonical": age.Stanza(("X25519", "A" * 42 + "B"), bytes(32)),
    "share with padding": age.Stanza(("X25519", SHARE.decode() + "="), bytes(32)),
    "share of small order": age.Stanza(("X25519", age.encode_base64(bytes(32))), bytes(32)),
    "body of 31 bytes": age.Stanza(("X25519", SHARE.decode()), bytes(31)),
    "body of 33 bytes": age.Stanza(("X25519", SHARE.decode()), bytes(33)),
    "no body": age.Stanza(("X25519", SHARE.decode()), b""),
}
ENCAPSULATED = age.encode_base64(bytes(1120))
BAD_PQ = {
    "no encapsulated key": age.Stanza(("mlkem768x25519",), bytes(32)),
    "two arguments": age.Stanza(("mlkem768x25519", ENCAPSULATED, "more"), bytes(32)),
    "1119 bytes": age.Stanza(("mlkem768x25519", age.encode_base64(bytes(1119))), bytes(32)),
    "1121 bytes": age.Stanza(("mlkem768x25519", age.encode_base64(bytes(1121))), bytes(32)),
    "not canonical": age.Stanza(("mlkem768x25519", ENCAPSULATED[:-1] + "B"), bytes(32)),
    "body of 31 bytes": age.Stanza(("mlkem768x25519", ENCAPSULATED), bytes(31)),
    "body of 48 bytes": age.Stanza(("mlkem768x25519", ENCAPSULATED), bytes(48)),
}


@pytest.mark.parametrize(
    ("identity", "stanza"),
    [pytest.param(X25519, stanza, id=f"x25519 {name}") for name, stanza in BAD_X25519.items()]
    + [pytest.param(PQ, stanza, id=f"pq {name}") for name, stanza in BAD_PQ.items()],
)
def test_bad_stanzas_of_a_known_kind(identity: Any, stanza: age.Stanza) -> None:
    good = identity.recipient.wrap(FILE_KEY)
    file = age.write_header([stanza, good], FILE_KEY) + age.encrypt_payload(FILE_KEY, b"", os.urandom)
    with pytest.raises(BadHeader):
        age.open_file(file, [identity])
    # Nobody else's business: an identity of the other kind ignores it.
    with pytest.raises(NotForThisKey):
        age.open_file(file, [PQ if identity is X25519 else X25519])


@pytest.mark.parametrize("identity", IDENTITIES)
def test_unknown_stanzas_are_ignored(identity: Any) -> None:
    stanzas = [age.Stanza(("scrypt", "x", "y"), b""), identity.recipient.wrap(FILE_KEY), age.Stanza(("a",), bytes(48))]
    file = age.write_header(stanzas, FILE_KEY) + age.encrypt_payload(FILE_KEY, b"text", os.urandom)
    assert age.open_file(file, [identity]) == b"text"


@pytest.mark.parametrize("identity", IDENTITIES)
def test_somebody_elses_file(identity: Any) -> None:
    stranger = type(identity).generate()
    file = age.seal(b"text", [stranger.recipient])
    for identities in ([], [identity], [X25519, PQ]):
        with pytest.raises(NotForThisKey):
            age.open_file(file, identities)


def test_an_encapsulated_key_of_small_order_is_not_for_us() -> None:
    stanza = PQ.recipient.wrap(FILE_KEY)
    lattice = age.decode_base64(stanza.arguments[1].encode())[:1088]
    forged = age.Stanza((stanza.kind, age.encode_base64(lattice + bytes(32))), stanza.body)
    assert PQ.unwrap([forged]) is None


MAC_CHANGES = {
    "MAC of another key": lambda file: age.write_header(age.parse_header(file).stanzas, bytes(16)),
    "a stanza more": lambda file: file[: age.parse_header(file).end].replace(b"---", b"-> a\n\n---"),
}


@pytest.mark.parametrize("change", MAC_CHANGES.values(), ids=MAC_CHANGES.keys())
@pytest.mark.parametrize("identity", IDENTITIES)
def test_a_changed_header_has_a_bad_mac(identity: Any, change: Any) -> None:
    file = age.seal(b"text", [identity.recipient])
    with pytest.raises(BadMac):
        age.open_file(change(file) + file[age.parse_header(file).end :], [identity])


def test_stanzas_in_another_order_have_a_bad_mac() -> None:
    file = age.seal(b"text", [X25519.recipient, age.X25519Identity.generate().recipient])
    header = age.parse_header(file)
    swapped = b"".join(stanza.encode() for stanza in reversed(header.stanzas))
    inside = b"".join(stanza.encode() for stanza in header.stanzas)
    with pytest.raises(BadMac):
        age.open_file(file.replace(inside, swapped), [X25519])


@given(place=st.integers(0, len(PLAIN) - 1), bit=st.integers(0, 7))
@settings(max_examples=300, deadline=None)
def test_any_flipped_bit_is_noticed(place: int, bit: int) -> None:
    changed = bytearray(PLAIN)
    changed[place] ^= 1 << bit
    with pytest.raises((BadHeader, NotForThisKey, BadMac, BadPayload)):
        age.open_file(bytes(changed), [X25519])


# ---- damaged payloads -------------------------------------------------------------------------


def chunk(number: int, last: bool, plaintext: bytes, nonce: bytes = bytes(16)) -> bytes:
    """A chunk made by another library, as c2sp.org/age says."""
    key = age.derive(FILE_KEY, nonce, b"payload")
    counter = number.to_bytes(11, "big") + (b"\1" if last else b"\0")
    return bytes(crypto_aead_chacha20poly1305_ietf_encrypt(plaintext, None, counter, key))


FULL = bytes(CHUNK_SIZE)
NONCE = bytes(16)
GOOD_PAYLOADS = {
    "empty": (NONCE + chunk(0, True, b""), b""),
    "one short chunk": (NONCE + chunk(0, True, b"text"), b"text"),
    "one full chunk": (NONCE + chunk(0, True, FULL), FULL),
    "two chunks": (NONCE + chunk(0, False, FULL) + chunk(1, True, b"x"), FULL + b"x"),
    "two full chunks": (NONCE + chunk(0, False, FULL) + chunk(1, True, FULL), FULL + FULL),
}
TWO = GOOD_PAYLOADS["two chunks"][0]
BAD_PAYLOADS = {
    "nothing": b"",
    "nonce only": NONCE,
    "nonce cut": NONCE[:15],
    "one byte of a chunk": NONCE + b"\0",
    "tag cut": NONCE + chunk(0, True, b"")[:15],
    "not the last": NONCE + chunk(0, False, b"text"),
    "first not numbered 0": NONCE + chunk(1, True, b"text"),
    "little-endian counter": NONCE + chunk(0, False, FULL) + chunk(1 << 80, True, b"x"),
    "last chunk missing": NONCE + chunk(0, False, FULL),
    "last chunk empty": NONCE + chunk(0, False, FULL) + chunk(1, True, b""),
    "last chunk empty, full one marked last": NONCE + chunk(0, True, FULL) + chunk(1, True, b""),
    "two last chunks": NONCE + chunk(0, True, FULL) + chunk(1, True, b"x"),
    "no chunk marked last": NONCE + chunk(0, False, FULL) + chunk(1, False, b"x"),
    "a chunk missing": NONCE + chunk(0, False, FULL) + chunk(2, True, b"x"),
    "chunks in the other order": NONCE + chunk(1, False, FULL) + chunk(0, True, FULL),
    "a chunk repeated": NONCE + chunk(0, False, FULL) + chunk(0, False, FULL) + chunk(1, True, b"x"),
    "a short chunk in the middle": NONCE + chunk(0, False, FULL[1:]) + chunk(1, True, b"x"),
    "another nonce": b"\1" + TWO[1:],
    "one byte more": TWO + b"\0",
    "one byte less": TWO[:-1],
    "cut at the chunk": TWO[: 16 + CHUNK_SIZE + TAG_SIZE],
    "a whole chunk more": TWO + chunk(2, True, b"y"),
}


@pytest.mark.parametrize(("payload", "plaintext"), GOOD_PAYLOADS.values(), ids=GOOD_PAYLOADS.keys())
def test_payloads_of_another_library(payload: bytes, plaintext: bytes) -> None:
    assert age.decrypt_payload(FILE_KEY, payload) == plaintext
    assert age.encrypt_payload(FILE_KEY, plaintext, lambda size: bytes(size)) == payload


@pytest.mark.parametrize("payload", BAD_PAYLOADS.values(), ids=BAD_PAYLOADS.keys())
def test_bad_payloads(payload: bytes) -> None:
    with pytest.raises(BadPayload):
        age.decrypt_payload(FILE_KEY, payload)
