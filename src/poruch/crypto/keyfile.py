"""An officer's key file: his keys, sealed under a passphrase.

    poruch/key-file/v1
    argon2id <memory in KiB> <passes>
    16 bytes of salt, then two slots of equal size and look: 24 bytes of nonce, ciphertext

One derivation (Argon2id, RFC 9106, one lane) gives the key that is tried on both slots (XChaCha20-Poly1305); everything
before the slots is authenticated with them. The keys lie in a slot chosen by chance, the other slot is random bytes:
whoever sees the file, or opens one slot, does not learn whether the other one opens. The working name is inside.
"""

import os
import re
import unicodedata
from collections.abc import Callable
from typing import Self

from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt,
    crypto_aead_xchacha20poly1305_ietf_encrypt,
    crypto_pwhash_alg,
    crypto_pwhash_ALG_ARGON2ID13,
)
from nacl.exceptions import CryptoError

from poruch.crypto.age_pq import PqIdentity
from poruch.crypto.hidden import Hidden
from poruch.crypto.signatures import SigningKey
from poruch.errors import BadKeyFile, WeakPassphrase, WrongPassphrase

MEMORY_KIB = 131072
LEAST_PASSPHRASE = 12  # characters
_PASSES = 3
# A file from outside may not ask for more than a desk can give, nor for so little that a passphrase is guessed.
_MEMORY_KIB_RANGE = range(8192, 1048576 + 1)
_PASSES_RANGE = range(1, 16 + 1)
_VERSION = b"poruch/key-file/v1\n"
_HEAD = re.compile(re.escape(_VERSION) + rb"argon2id ([1-9][0-9]{0,7}) ([1-9][0-9]?)\n")
_SALT_SIZE, _NONCE_SIZE, _TAG_SIZE, _KEY_SIZE = 16, 24, 16, 32
_CONTENT_SIZE = 1024
_SLOT_SIZE = _NONCE_SIZE + _CONTENT_SIZE + _TAG_SIZE
_CONTENT_VERSION = b"poruch/officer-key/v1\n"
_SEEDS = ("signing_seed", "identity_seed", "log_seed", "store_key")
_MAX_NAME = 100  # characters
_NUMBERS = range(1, 65535 + 1)


class OfficerKey(Hidden):
    """All an officer holds: four secrets of 32 bytes each, his number and his working name.

    The seeds make `signing` (segments), `identity` (what is sealed to him) and `log` (checkpoints); `store_key` opens
    his store.
    """

    __slots__ = (
        "identity",
        "identity_seed",
        "log",
        "log_seed",
        "name",
        "number",
        "signing",
        "signing_seed",
        "store_key",
    )
    number: int
    name: str
    signing_seed: bytes
    identity_seed: bytes
    log_seed: bytes
    store_key: bytes
    signing: SigningKey
    identity: PqIdentity
    log: SigningKey

    def __init__(
        self, *, number: int, name: str, signing_seed: bytes, identity_seed: bytes, log_seed: bytes, store_key: bytes
    ) -> None:
        """Raises ValueError for a number outside 1..65535 or an empty, unprintable or too long name."""
        if number not in _NUMBERS or not 0 < len(name) <= _MAX_NAME or not name.isprintable() or name != name.strip():
            raise ValueError("the number or the name of an officer is not possible")
        if len(store_key) != _KEY_SIZE:
            raise ValueError("a store key has 32 bytes")
        self._set(number=number, name=name, signing_seed=signing_seed, identity_seed=identity_seed)
        self._set(log_seed=log_seed, store_key=store_key, identity=PqIdentity.from_seed(identity_seed))
        self._set(signing=SigningKey(signing_seed), log=SigningKey(log_seed))

    @classmethod
    def generate(cls, number: int, name: str, random: Callable[[int], bytes] = os.urandom) -> Self:
        """New keys for a new officer."""
        return cls(number=number, name=name, **{seed: random(_KEY_SIZE) for seed in _SEEDS})


def seal_key(
    key: OfficerKey,
    passphrase: str,
    *,
    memory_kib: int = MEMORY_KIB,
    random: Callable[[int], bytes] = os.urandom,
) -> bytes:
    """The key file. Less memory than the default is for tests only. Raises WeakPassphrase below 12 characters."""
    if len(_normal(passphrase)) < LEAST_PASSPHRASE:
        raise WeakPassphrase
    if memory_kib not in _MEMORY_KIB_RANGE:
        raise ValueError("not a possible amount of memory")
    head = _VERSION + f"argon2id {memory_kib} {_PASSES}\n".encode() + random(_SALT_SIZE)
    secret = _derive(passphrase, head[-_SALT_SIZE:], memory_kib, _PASSES)
    nonce = random(_NONCE_SIZE)
    slot = nonce + crypto_aead_xchacha20poly1305_ietf_encrypt(_encode(key), head, nonce, secret)
    empty = random(_SLOT_SIZE)
    return head + (slot + empty if random(1)[0] & 1 else empty + slot)


def open_key(file: bytes, passphrase: str) -> OfficerKey:
    """The keys, from whichever slot opens.

    (1) Version, parameters within bounds, exact size: else BadKeyFile. (2) A slot opens: else WrongPassphrase, which is
    also what a changed file gives. (3) Its content is an officer's keys: else BadKeyFile.
    """
    # (1)
    match = _HEAD.match(file)
    if match is None:
        raise BadKeyFile("not a key file of this version")
    memory_kib, passes = int(match[1]), int(match[2])
    if memory_kib not in _MEMORY_KIB_RANGE or passes not in _PASSES_RANGE:
        raise BadKeyFile("parameters out of bounds")
    start = match.end() + _SALT_SIZE
    if len(file) != start + 2 * _SLOT_SIZE:
        raise BadKeyFile("cut or longer than it should be")
    # (2)
    head, secret = file[:start], _derive(passphrase, file[match.end() : start], memory_kib, passes)
    for slot in (file[start : start + _SLOT_SIZE], file[start + _SLOT_SIZE :]):
        nonce, sealed = slot[:_NONCE_SIZE], slot[_NONCE_SIZE:]
        try:
            content = crypto_aead_xchacha20poly1305_ietf_decrypt(sealed, head, nonce, secret)
        except CryptoError:
            continue
        # (3)
        return _decode(content)
    raise WrongPassphrase


def _normal(passphrase: str) -> str:
    # Keyboards differ in how they compose the letters й and ў; the person typed the same.
    return unicodedata.normalize("NFC", passphrase)


def _derive(passphrase: str, salt: bytes, memory_kib: int, passes: int) -> bytes:
    typed = _normal(passphrase).encode("utf-8", "surrogatepass")
    return crypto_pwhash_alg(_KEY_SIZE, typed, salt, passes, memory_kib * 1024, crypto_pwhash_ALG_ARGON2ID13)


def _encode(key: OfficerKey) -> bytes:
    name = key.name.encode()
    seeds = b"".join(getattr(key, seed) for seed in _SEEDS)
    content = _CONTENT_VERSION + key.number.to_bytes(2, "big") + seeds + len(name).to_bytes(2, "big") + name
    return content.ljust(_CONTENT_SIZE, b"\0")


def _decode(content: bytes) -> OfficerKey:
    if not content.startswith(_CONTENT_VERSION):
        raise BadKeyFile("keys of another version")
    fields = content[len(_CONTENT_VERSION) :]
    number, fields = int.from_bytes(fields[:2], "big"), fields[2:]
    seeds = {seed: fields[place * _KEY_SIZE : (place + 1) * _KEY_SIZE] for place, seed in enumerate(_SEEDS)}
    fields = fields[len(_SEEDS) * _KEY_SIZE :]
    name = fields[2 : 2 + int.from_bytes(fields[:2], "big")]
    try:
        key = OfficerKey(number=number, name=name.decode(), **seeds)
    except ValueError:
        raise BadKeyFile("the keys inside are not possible") from None
    if _encode(key) != content:
        raise BadKeyFile("the keys inside are not written as they must be")
    return key
