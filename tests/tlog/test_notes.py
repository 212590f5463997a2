"""Notes and verifier keys: the example of c2sp.org/signed-note, and everything that is not exactly a note."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poruch.crypto.signatures import SigningKey
from poruch.errors import BadNote, BadSignature
from poruch.tlog.notes import (
    ED25519,
    Note,
    NoteSignature,
    VerifierKey,
    parse_note,
    parse_vkey,
    sign_note,
    verify_note_signature,
)

VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
NOTE = (
    "This is an example message.\n\n"
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
LINE = NOTE.rpartition("\n\n")[2]


def test_the_example_of_signed_note() -> None:
    key, note = parse_vkey(VKEY), parse_note(NOTE.encode())
    assert key.text == VKEY
    (line,) = note.signatures
    assert (line.name, line.key_id) == (key.name, key.key_id)
    verify_note_signature(note.text, key, line.signature)
    with pytest.raises(BadSignature):
        verify_note_signature(note.text + b" ", key, line.signature)
    assert note.encode() == NOTE.encode()


@pytest.mark.parametrize(
    "source",
    [
        "",
        "\n\n",
        "text\n",
        "text\n\n",
        f"text\n{LINE}",
        NOTE[:-1],
        NOTE.replace("\n", "\r\n"),
        NOTE.replace("example message", "example\tmessage"),
        NOTE.replace("example message", "example\0message"),
        NOTE.replace("— ", "- "),
        NOTE.replace("— ", "—  "),
        NOTE.replace("foo Uw", "foo  Uw"),
        NOTE.replace("example.com/foo", ""),
        NOTE.replace("com/foo", "com/f+oo"),
        NOTE.replace("com/foo", "com/f\u00a0oo"),
        NOTE.replace("aQM=", "aQM"),
        NOTE.replace("aQM=", "aQN="),
        NOTE.replace("aQM=", "aQM=\n "),
        "text\n\n— a AAAA\n",
        f"{NOTE}\n{LINE}x",
        NOTE + "x\n",
        "x" * 65536 + NOTE,
    ],
)
def test_not_a_note(source: str) -> None:
    with pytest.raises(BadNote):
        parse_note(source.encode())


def test_not_utf8() -> None:
    with pytest.raises(BadNote):
        parse_note(b"\xff" + NOTE.encode())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a+b",
        VKEY.upper(),
        VKEY[:-1],
        VKEY.replace("530d903a", "530d903b"),
        VKEY.replace("530d903a", "530D903A"),
        VKEY.replace("foo+", "bar+"),
        VKEY.replace("example.com/foo", ""),
        VKEY + "=",
    ],
)
def test_not_a_vkey(text: str) -> None:
    with pytest.raises(BadNote):
        parse_vkey(text)


def test_a_name_with_a_space_makes_no_vkey() -> None:
    with pytest.raises(BadNote):
        parse_vkey(VerifierKey("two words", ED25519, bytes(32)).text)


@given(st.binary(min_size=32, max_size=32), st.text("abc xyzабв\n", min_size=1))
def test_signing(seed: bytes, text: str) -> None:
    key = SigningKey(seed)
    body = f"{text}\n".encode()
    line = sign_note(body, "fund.test/log", key)
    note = Note(body, (line, line))
    again = parse_note(note.encode())
    assert again == note
    verify_note_signature(again.text, VerifierKey("fund.test/log", ED25519, key.public), line.signature)


def test_bytes_of_any_length_may_be_a_signature() -> None:
    """A note may carry signatures of kinds that we do not know."""
    line = NoteSignature("a", b"1234", bytes(5000))
    assert parse_note(Note(b"x\n", (line,)).encode()).signatures == (line,)
