"""Signatures: RFC 8032's first vectors, domains that keep apart, and forgeries that libraries have let through."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from poruch.crypto.group import L
from poruch.crypto.signatures import SigningKey, raw_verify, verify
from poruch.errors import BadKey, BadSignature

KEY = SigningKey(bytes(range(32)))
DOMAIN = "poruch/segment/v1"

# RFC 8032, section 7.1: seed, public key, message, signature.
RFC8032 = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
]


@pytest.mark.parametrize(("seed", "public", "message", "signature"), RFC8032)
def test_published_signatures(seed: str, public: str, message: str, signature: str) -> None:
    key = SigningKey(bytes.fromhex(seed))
    assert key.public.hex() == public
    assert key.raw_sign(bytes.fromhex(message)).hex() == signature
    raw_verify(key.public, bytes.fromhex(message), bytes.fromhex(signature))


@given(message=st.binary(max_size=300))
def test_a_domain_is_a_first_line(message: bytes) -> None:
    signature = KEY.sign(DOMAIN, message)
    verify(KEY.public, DOMAIN, message, signature)
    other_library = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    assert other_library.sign(DOMAIN.encode() + b"\n" + message) == signature
    for domain in ("poruch/segment/v2", "poruch/segment/v", "x"):
        with pytest.raises(BadSignature):
            verify(KEY.public, domain, message, signature)
    with pytest.raises(BadSignature):
        raw_verify(KEY.public, message, signature)


@given(message=st.binary(min_size=1, max_size=100), place=st.integers(0), bit=st.integers(0, 7))
def test_a_flipped_bit_is_noticed(message: bytes, place: int, bit: int) -> None:
    signature = KEY.sign(DOMAIN, message)
    for part in (message, signature, KEY.public):
        changed = bytearray(part)
        changed[place % len(part)] ^= 1 << bit
        parts = [bytes(changed) if given is part else given for given in (KEY.public, message, signature)]
        with pytest.raises(BadSignature):
            verify(parts[0], DOMAIN, parts[1], parts[2])


def larger_scalar(signature: bytes) -> bytes:
    scalar = int.from_bytes(signature[32:], "little") + L
    return signature[:32] + scalar.to_bytes(32, "little")


GOOD = KEY.sign(DOMAIN, b"message")
FORGERIES = {
    "no signature": (KEY.public, b""),
    "63 bytes": (KEY.public, GOOD[:-1]),
    "65 bytes": (KEY.public, GOOD + b"\0"),
    "scalar plus the order": (KEY.public, larger_scalar(GOOD)),
    "zeros": (KEY.public, bytes(64)),
    "key of 31 bytes": (KEY.public[:-1], GOOD),
    "key of 33 bytes": (KEY.public + b"\0", GOOD),
    "no key": (b"", GOOD),
    "another key": (SigningKey(bytes(32)).public, GOOD),
    # With a key of small order and R the identity, a scalar of zero fits about any message.
    "identity as key": (b"\1" + bytes(31), b"\1" + bytes(63)),
    "order 2 as key": (b"\xec" + b"\xff" * 30 + b"\x7f", b"\1" + bytes(63)),
    "order 4 as key": (bytes(32), b"\1" + bytes(63)),
    "identity, not canonical, as key": (b"\xee" + b"\xff" * 30 + b"\x7f", b"\1" + bytes(63)),
}


@pytest.mark.parametrize(("public", "signature"), FORGERIES.values(), ids=FORGERIES.keys())
def test_forgeries(public: bytes, signature: bytes) -> None:
    with pytest.raises(BadSignature):
        verify(public, DOMAIN, b"message", signature)


@pytest.mark.parametrize("domain", ["", "two\nlines", "\n"])
def test_a_domain_is_one_line(domain: str) -> None:
    with pytest.raises(ValueError, match="one line"):
        KEY.sign(domain, b"")
    with pytest.raises(ValueError, match="one line"):
        verify(KEY.public, domain, b"", GOOD)


@pytest.mark.parametrize("size", [0, 31, 33, 64])
def test_seeds_of_another_length(size: int) -> None:
    with pytest.raises(BadKey):
        SigningKey(bytes(size))


def test_a_generated_key_comes_from_the_given_randomness() -> None:
    assert SigningKey.generate(lambda size: bytes(range(size))) == KEY
    assert SigningKey.generate() != SigningKey.generate()
