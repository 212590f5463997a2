"""Signed requests: RFC 9421 as others would compute it, and nothing signed can be changed."""

import base64
import hashlib
import os
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.little_fund import LittleFund
from poruch.crypto.signatures import SigningKey, raw_verify
from poruch.errors import BadSignature, UnknownOfficer
from poruch.journal.requests import Asker, content_digest, read_claim, sign_request, verify_request
from poruch.journal.roster import Roster

FUND = LittleFund()
ROSTER = Roster({number: key.public for number, key in FUND.keys.items()})
TODAY = date(2026, 9, 1)
NONCE = bytes(range(16))
PATH, BODY = "/relay/drops", b"some body"


def signature_base(components: list[tuple[str, str]], parameters: str) -> bytes:
    """RFC 9421 section 2.5, written here a second time: a line each component, the parameters last, no newline."""
    names = " ".join(f'"{name}"' for name, _ in components)
    lines = [f'"{name}": {value}' for name, value in components]
    return "\n".join([*lines, f'"@signature-params": ({names}){parameters}']).encode()


def test_the_second_writing_is_that_of_the_standard() -> None:
    """Appendix B.2.6: its key, its message, its signature."""
    base = signature_base(
        [
            ("date", "Tue, 20 Apr 2021 02:07:55 GMT"),
            ("@method", "POST"),
            ("@path", "/foo"),
            ("@authority", "example.com"),
            ("content-type", "application/json"),
            ("content-length", "18"),
        ],
        ';created=1618884473;keyid="test-key-ed25519"',
    )
    public = base64.b64decode("JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=")
    signature = base64.b64decode(
        "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="
    )
    raw_verify(public, base, signature)
    with pytest.raises(BadSignature):
        raw_verify(public, base + b"\n", signature)


def signed(method: str = "POST", path: str = PATH, body: bytes = BODY, day: date = TODAY) -> dict[str, str]:
    return sign_request(method, path, body, 2, FUND.keys[2], day, NONCE)


def verify(headers: dict[str, str], method: str = "POST", path: str = PATH, body: bytes = BODY) -> tuple[int, bytes]:
    return verify_request(method, path, headers, body, ROSTER, TODAY)


def test_what_we_sign_verifies_as_the_standard_says() -> None:
    headers = signed()
    midnight = int(datetime(2026, 9, 1, tzinfo=UTC).timestamp())
    parameters = f';created={midnight};nonce="{NONCE.hex()}";keyid="2";alg="ed25519"'
    assert headers["Signature-Input"] == f'poruch=("@method" "@path" "content-digest"){parameters}'
    digest = "sha-256=:" + base64.b64encode(hashlib.sha256(BODY).digest()).decode() + ":"
    assert headers["Content-Digest"] == digest
    base = signature_base([("@method", "POST"), ("@path", PATH), ("content-digest", digest)], parameters)
    signature = headers["Signature"].removeprefix("poruch=:").removesuffix(":")
    raw_verify(FUND.keys[2].public, base, base64.b64decode(signature))


def test_content_digest_is_that_of_rfc_9530() -> None:
    assert content_digest(b'{"hello": "world"}\n') == "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"


def test_a_true_request_gives_its_officer_and_nonce() -> None:
    assert verify(signed()) == (2, NONCE)
    assert verify(signed(body=b""), body=b"") == (2, NONCE)
    assert verify(signed("GET", "/relay/heads", b""), "GET", "/relay/heads", b"") == (2, NONCE)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", PATH, BODY),
        ("post", PATH, BODY),
        ("POST", PATH + "/", BODY),
        ("POST", "/relay/push", BODY),
        ("POST", PATH, BODY + b"\n"),
        ("POST", PATH, b""),
    ],
)
def test_nothing_that_was_signed_can_be_changed(method: str, path: str, body: bytes) -> None:
    with pytest.raises(BadSignature):
        verify(signed(), method, path, body)


def test_another_body_with_its_own_digest_is_refused() -> None:
    with pytest.raises(BadSignature):
        verify(signed() | {"Content-Digest": content_digest(b"other")}, body=b"other")


@pytest.mark.parametrize("days", [-400, -3, -2, 2, 3, 400])
def test_other_days_are_refused(days: int) -> None:
    with pytest.raises(BadSignature, match="another day"):
        verify(signed(day=TODAY + timedelta(days=days)))


@pytest.mark.parametrize("days", [-1, 0, 1])
def test_yesterday_and_tomorrow_pass_for_clocks_that_differ(days: int) -> None:
    assert verify(signed(day=TODAY + timedelta(days=days))) == (2, NONCE)


def test_a_time_of_day_is_refused_although_signed() -> None:
    """It would tell the front's disk at what hour an officer works."""
    headers = signed()
    created = int(datetime(2026, 9, 1, 13, 5, tzinfo=UTC).timestamp())
    midnight = int(datetime(2026, 9, 1, tzinfo=UTC).timestamp())
    told = headers["Signature-Input"].replace(str(midnight), str(created))
    digest = headers["Content-Digest"]
    parameters = told.removeprefix('poruch=("@method" "@path" "content-digest")')
    base = signature_base([("@method", "POST"), ("@path", PATH), ("content-digest", digest)], parameters)
    signature = base64.b64encode(FUND.keys[2].raw_sign(base)).decode()
    with pytest.raises(BadSignature, match="another day"):
        verify(headers | {"Signature-Input": told, "Signature": f"poruch=:{signature}:"})


def test_another_officer_cannot_be_named() -> None:
    headers = signed()
    for number, error in (("1", BadSignature), ("3", BadSignature), ("9", UnknownOfficer)):
        told = headers["Signature-Input"].replace('keyid="2"', f'keyid="{number}"')
        with pytest.raises(error):
            verify(headers | {"Signature-Input": told})


def test_nobody_signs_who_is_not_on_the_roster() -> None:
    stranger = SigningKey(os.urandom(32))
    with pytest.raises(BadSignature):
        verify(sign_request("POST", PATH, BODY, 2, stranger, TODAY, NONCE))
    with pytest.raises(UnknownOfficer):
        verify(sign_request("POST", PATH, BODY, 7, stranger, TODAY, NONCE))


@pytest.mark.parametrize("name", ["Content-Digest", "Signature-Input", "Signature"])
def test_a_missing_header_is_refused(name: str) -> None:
    for headers in ({k: v for k, v in signed().items() if k != name}, signed() | {name: ""}):
        with pytest.raises(BadSignature):
            verify(headers)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"@method" ', ""),
        (' "content-digest"', ""),
        ('("@method" "@path"', '("@path" "@method"'),
        ('alg="ed25519"', 'alg="hmac-sha256"'),
        (';alg="ed25519"', ""),
        ("poruch=", "other="),
        ('nonce="0001', 'nonce="0002'),
        ('nonce="000102', 'nonce="'),
        ('keyid="2"', 'keyid="02"'),
        ('keyid="2"', 'keyid="2";keyid="1"'),
        (";created=", "; created="),
    ],
)
def test_other_inputs_are_refused(old: str, new: str) -> None:
    headers = signed()
    told = headers["Signature-Input"].replace(old, new)
    assert told != headers["Signature-Input"]
    with pytest.raises(BadSignature):
        verify(headers | {"Signature-Input": told})


def test_a_signature_has_one_spelling() -> None:
    """The last character of 64 bytes in base64 leaves four bits that decoders pass over."""
    value = signed()["Signature"]
    head, last = value[:-4], value[-4]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    for one in alphabet:
        headers = signed() | {"Signature": f"{head}{one}==:"}
        if one == last:
            verify(headers)
        else:
            with pytest.raises(BadSignature):
                verify(headers)


@given(st.sampled_from(["Content-Digest", "Signature-Input", "Signature"]), st.integers(0, 500), st.characters())
def test_no_character_of_a_header_can_be_changed(name: str, at: int, character: str) -> None:
    headers = signed()
    value = headers[name]
    at %= len(value)
    changed = value[:at] + character + value[at + 1 :]
    if changed == value:
        return
    with pytest.raises((BadSignature, UnknownOfficer)):
        verify(headers | {name: changed})


# ---- keepers, and what is known before the body comes -------------------------------------------


def test_a_keeper_signs_under_a_name_of_its_own() -> None:
    key = SigningKey(os.urandom(32))
    headers = sign_request("POST", PATH, BODY, 2, key, TODAY, NONCE, keeper=True)
    assert ';keyid="2/keeper";' in headers["Signature-Input"]
    claim = read_claim(headers, TODAY)
    assert (claim.asker, claim.nonce) == (Asker(2, keeper=True), NONCE)
    claim.verify("POST", PATH, key.public)
    claim.check_body(BODY)
    with pytest.raises(UnknownOfficer):
        verify(headers)  # where only officers may ask, a keeper is nobody


def test_an_officers_signature_is_none_of_his_keeper() -> None:
    headers = signed()
    for changed in (
        headers["Signature-Input"].replace('keyid="2"', 'keyid="2/keeper"'),
        headers["Signature-Input"].replace('keyid="2"', 'keyid="3"'),
    ):
        claim = read_claim({**headers, "Signature-Input": changed}, TODAY)
        with pytest.raises(BadSignature):
            claim.verify("POST", PATH, FUND.keys[2].public)


@pytest.mark.parametrize("name", ["2/Keeper", "2/keeper/", "/keeper", "0/keeper", "02/keeper", "2/keeper ", "2/desk"])
def test_a_keeper_has_one_spelling(name: str) -> None:
    headers = signed()
    changed = headers["Signature-Input"].replace('keyid="2"', f'keyid="{name}"')
    with pytest.raises(BadSignature):
        read_claim({**headers, "Signature-Input": changed}, TODAY)


def test_the_signature_holds_before_the_body_is_known_and_another_body_does_not() -> None:
    claim = read_claim(signed(), TODAY)
    claim.verify("POST", PATH, FUND.keys[2].public)
    with pytest.raises(BadSignature):
        claim.check_body(BODY + b"!")
    for path, method in (("/relay/tags", "POST"), (PATH, "PUT")):
        with pytest.raises(BadSignature):
            claim.verify(method, path, FUND.keys[2].public)
