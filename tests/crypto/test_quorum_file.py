"""Files sealed to the quorum: every vector of section 6, other age tools, and the attacks of section 8."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.quorum_fund import seeded
from crypto.quorum_vectors import VECTORS, cases, group, unbase64, unhex
from poruch.crypto.age import (
    PqIdentity,
    PqRecipient,
    Stanza,
    X25519Identity,
    encode_base64,
    open_file,
    parse_header,
    seal,
    write_header,
)
from poruch.crypto.group import H2, IDENTITY, L, add, encode_scalar, montgomery, multiply, multiply_base
from poruch.crypto.quorum_file import check_file, check_place, check_unproven, seal_to_quorum
from poruch.errors import BadHeader, BadPlace, BadPoint, BadProof, BadU, NoProof, PoruchError

HEADER_SIZE = 358
PLACE = "drop/9f2c/payee"
FILES = VECTORS["files"]
SECRET = bytes(range(1, 33))


def one_key() -> tuple[X25519Identity, bytes]:
    """A "group" whose whole secret is an age identity: what k officers have together, in one hand."""
    clamped = int.from_bytes(SECRET, "little") & ~7 & (2**254 - 1) | 2**254
    return X25519Identity(SECRET), multiply_base(clamped)


# ---- vectors ----------------------------------------------------------------------------------


@pytest.mark.parametrize("case", cases(FILES["valid"], "name"))
def test_valid_files(case: dict[str, Any]) -> None:
    file = unbase64(case["file"])
    checked = check_file(file, group(case["group"]).Y, case["place"])
    assert checked.proven
    assert checked.header_hash == unhex(case["header_hash"])
    assert checked.header.end == HEADER_SIZE
    assert montgomery(checked.E) == checked.u
    assert len(checked.locks) == 1


@pytest.mark.parametrize("case", cases(FILES["unproven"], "name"))
def test_unproven_files(case: dict[str, Any]) -> None:
    file, Y = unbase64(case["file"]), group(case["group"]).Y
    with pytest.raises(PoruchError) as caught:
        check_file(file, Y, case["place"])
    assert caught.value.name == case["error_when_proof_is_demanded"]
    checked = check_unproven(parse_header(file), Y, case["place"])
    assert not checked.proven
    assert checked.header_hash == unhex(case["header_hash"])


@pytest.mark.parametrize("case", cases([case for case in FILES["invalid"] if case["stage"] == "officer"], "name"))
def test_invalid_files(case: dict[str, Any]) -> None:
    with pytest.raises(PoruchError) as caught:
        check_file(unbase64(case["file"]), group(case["group"]).Y, case["place"])
    assert caught.value.name == case["error"]


@pytest.mark.parametrize("case", cases([case for case in FILES["invalid"] if case["stage"] == "open"], "name"))
def test_files_that_only_the_opening_refuses(case: dict[str, Any]) -> None:
    assert check_file(unbase64(case["file"]), group(case["group"]).Y, case["place"]).proven


def test_outer_layer() -> None:
    outer = FILES["outer"]
    identity = PqIdentity.parse(outer["identity"])
    assert identity.recipient == PqRecipient.parse(outer["recipient"])
    inner = unbase64(outer["inner"])
    assert open_file(unbase64(outer["file"]), [identity]) == inner
    assert check_file(inner, group("3-of-5").Y, "case/118/payee").proven


# ---- sealing ----------------------------------------------------------------------------------


@given(st.binary(max_size=300), st.integers(0, 2**32))
@settings(deadline=None)
def test_sealed_files_pass(plaintext: bytes, seed: int) -> None:
    file = seal_to_quorum(plaintext, group("3-of-5").Y, PLACE, seeded(seed))
    checked = check_file(file, group("3-of-5").Y, PLACE)
    assert checked.header.end == HEADER_SIZE
    assert len(file) == HEADER_SIZE + 16 + len(plaintext) + 16
    for elsewhere in (PLACE + "/", "drop/9f2d/payee"):
        with pytest.raises(BadProof):
            check_file(file, group("3-of-5").Y, elsewhere)
    with pytest.raises(BadProof):
        check_file(file, group("4-of-7").Y, PLACE)


@given(st.integers(1, L - 1))
@settings(deadline=None, max_examples=30)
def test_either_sign_of_the_one_time_point(e: int) -> None:
    """E of sign 1 is turned over before it is proved: the reader lifts u to sign 0."""
    more = seeded(e)
    first = [encode_scalar(e) + bytes(32)]  # what the scalar is drawn from

    def random(size: int) -> bytes:
        return first.pop() if first else more(size)

    checked = check_file(seal_to_quorum(b"", group("2-of-3").Y, PLACE, random), group("2-of-3").Y, PLACE)
    assert checked.E in (multiply_base(e), multiply_base(-e))
    assert checked.E[31] < 128


@pytest.mark.parametrize("turned", [False, True])
def test_debian_age_opens_ours_and_passes_the_proof_over(turned: bool, tmp_path: Path) -> None:
    """The structure holds for a stranger, who unwraps by the first stanza and checks the MAC over both."""
    identity, Y = one_key()
    file = seal_to_quorum(b"IBAN of case 118", multiply(L - 1, Y) if turned else Y, PLACE)
    (tmp_path / "key").write_text(identity.text + "\n")
    opened = subprocess.run(["age", "-d", "-i", tmp_path / "key"], input=file, capture_output=True, check=True)
    assert opened.stdout == b"IBAN of case 118"
    assert open_file(file, [identity]) == b"IBAN of case 118"


@pytest.mark.parametrize("Y", [IDENTITY, bytes(32), b"", H2[:31]], ids=["identity", "order 4", "empty", "31 bytes"])
def test_no_file_to_a_bad_key(Y: bytes) -> None:
    with pytest.raises(BadPoint):
        seal_to_quorum(b"", Y, PLACE)


@pytest.mark.parametrize("place", ["a", "я" * 100, "x" * 200, "drop/1/payee", "two words", "\x80"])
def test_possible_places(place: str) -> None:
    assert check_place(place) == place
    assert check_file(seal_to_quorum(b"", H2, place), H2, place).proven


@pytest.mark.parametrize("place", ["", "я" * 101, "x" * 201, "a\nb", "\x00", "\x1f", "\x7f", "\ud800"])
def test_impossible_places(place: str) -> None:
    with pytest.raises(BadPlace):
        check_place(place)
    with pytest.raises(BadPlace):
        seal_to_quorum(b"", H2, place)
    with pytest.raises(BadPlace):
        check_file(seal_to_quorum(b"", H2, PLACE), H2, place)
    with pytest.raises(BadPlace):
        check_unproven(parse_header(seal(b"", [X25519Identity(SECRET).recipient])), H2, place)


# ---- attacks ----------------------------------------------------------------------------------


@given(st.integers(1, L - 1))
@settings(deadline=None, max_examples=30)
def test_blinded_copies(r: int) -> None:
    """E + r*B with the proof moved along as far as it can be: opened, it would give away the victim's file."""
    Y = group("3-of-5").Y
    victim = parse_header(seal_to_quorum(b"somebody else's", Y, PLACE, seeded(r)))
    lock = check_file(seal_to_quorum(b"somebody else's", Y, PLACE, seeded(r)), Y, PLACE)
    share = encode_base64(montgomery(add(lock.E, multiply_base(r))))
    point, proof = victim.stanzas[1].body[:32], victim.stanzas[1].body[32:]
    first = Stanza(("X25519", share), victim.stanzas[0].body)
    for body in (point + proof, add(point, multiply(r, H2)) + proof):
        copy = write_header([first, Stanza(("poruch/tdh2", share), body)], bytes(16)) + bytes(32)
        with pytest.raises(BadProof):
            check_file(copy, Y, PLACE)
        with pytest.raises(BadProof):
            check_unproven(parse_header(copy), Y, PLACE)


def test_whole_copies_into_another_file() -> None:
    """Both stanzas copied into a file of the thief's own, with a payload of his own, at a place of his own."""
    Y = group("3-of-5").Y
    victim = seal_to_quorum(b"somebody else's", Y, PLACE)
    copy = write_header(parse_header(victim).stanzas, bytes(16)) + bytes(32)
    with pytest.raises(BadProof):
        check_file(copy, Y, "drop/thief/payee")


@given(st.integers(0, HEADER_SIZE - 45), st.integers(0, 255))
@settings(deadline=None)
def test_every_byte_under_the_proof_counts(place: int, value: int) -> None:
    """Up to the MAC, which only opening can check."""
    Y = group("2-of-3").Y
    file = bytearray(seal_to_quorum(b"plaintext", Y, PLACE, seeded(3)))
    if file[place] == value:
        return
    file[place] = value
    with pytest.raises((BadHeader, NoProof, BadU, BadProof)):
        check_file(bytes(file), Y, PLACE)


@given(st.binary(max_size=400))
def test_noise_is_refused(noise: bytes) -> None:
    for file in (noise, b"age-encryption.org/v1\n" + noise):
        with pytest.raises(BadHeader):
            check_file(file, H2, PLACE)


def test_files_with_nothing_for_the_quorum() -> None:
    file = seal(b"", [PqIdentity.from_seed(SECRET).recipient])
    with pytest.raises(NoProof):
        check_file(file, H2, PLACE)
    with pytest.raises(NoProof):
        check_unproven(parse_header(file), H2, PLACE)
