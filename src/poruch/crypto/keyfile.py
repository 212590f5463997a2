"""An officer's key file: his keys, sealed under a passphrase.

    poruch/key-file/v1
    argon2id <memory in KiB> <passes>
    16 bytes of salt, then two slots of equal size and look: 24 bytes of nonce, ciphertext

One derivation (Argon2id, RFC 9106, one lane) gives the key that is tried on both slots (XChaCha20-Poly1305); everything
before the slots is authenticated with them. The keys lie in a slot chosen by chance. The other slot is random bytes, or
holds a duress key under a passphrase of its own: whoever sees the file, or opens one slot, does not learn which. Both
slots are tried whichever opens, and the first line of a slot's content says which kind of key it holds:

    poruch/officer-key/v2      number (2 bytes), root (32), length of the name (2), working name, zeros to 1024 bytes
    poruch/duress-key/v1       the same, with the signing seed in the place of the root

All that an officer holds comes from the root: HKDF-SHA256 with infos `poruch/officer/{signing,identity,log,store}/v1`.
"""

import hmac
import os
import re
import unicodedata
from collections.abc import Callable
from typing import ClassVar, Self

from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt,
    crypto_aead_xchacha20poly1305_ietf_encrypt,
    crypto_pwhash_alg,
    crypto_pwhash_ALG_ARGON2ID13,
)
from nacl.exceptions import CryptoError

from poruch.crypto.age_header import derive
from poruch.crypto.age_pq import PqIdentity
from poruch.crypto.hidden import Hidden, forgets
from poruch.crypto.signatures import SigningKey
from poruch.errors import BadKeyFile, SamePassphrase, WeakPassphrase, WrongPassphrase

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
_MAX_NAME = 100  # characters
_NUMBERS = range(1, 65535 + 1)


class OfficerKey(Hidden):
    """All an officer holds: his number, his working name, and the 32-byte root that four secrets are made from.

    `signing` signs segments and requests, `identity` opens what is sealed to him, `log` signs checkpoints; `store_key`
    opens his store.
    """

    __slots__ = ("identity", "log", "name", "number", "root", "signing", "store_key")
    line: ClassVar[bytes] = b"poruch/officer-key/v2\n"
    number: int
    name: str
    root: bytes
    signing: SigningKey
    identity: PqIdentity
    log: SigningKey
    store_key: bytes

    def __init__(self, *, number: int, name: str, root: bytes) -> None:
        """Raises ValueError for a number outside 1..65535 or an empty, unprintable or too long name."""
        if number not in _NUMBERS or not 0 < len(name) <= _MAX_NAME or not name.isprintable() or name != name.strip():
            raise ValueError("the number or the name of an officer is not possible")
        if len(root) != _KEY_SIZE:
            raise ValueError("the root of an officer's key has 32 bytes")
        self._set(number=number, name=name, root=bytes(root), signing=SigningKey(_part(root, "signing")))
        self._set(identity=PqIdentity.from_seed(_part(root, "identity")), log=SigningKey(_part(root, "log")))
        self._set(store_key=_part(root, "store"))

    @property
    def kept(self) -> bytes:
        """The 32 bytes that the key file keeps, and all the rest is made from."""
        return self.root

    @classmethod
    def generate(cls, number: int, name: str, random: Callable[[int], bytes] = os.urandom) -> Self:
        """New keys for a new officer."""
        return cls(number=number, name=name, root=random(_KEY_SIZE))


class DuressKey(OfficerKey):
    """What the second slot may hold: number, name and signing key of an officer, and nothing else of his.

    It can sign a freeze and the relay answers it; its root, and so identity, log key and store key, are made from the
    signing seed, one way: they open nothing.
    """

    __slots__ = ("signing_seed",)
    line: ClassVar[bytes] = b"poruch/duress-key/v1\n"
    signing_seed: bytes

    def __init__(self, *, number: int, name: str, signing_seed: bytes) -> None:
        """Raises ValueError as `OfficerKey` does."""
        super().__init__(number=number, name=name, root=derive(signing_seed, b"", b"poruch/duress/root/v1"))
        self._set(signing_seed=bytes(signing_seed), signing=SigningKey(signing_seed))

    @property
    def kept(self) -> bytes:
        """The signing seed."""
        return self.signing_seed

    @classmethod
    def of(cls, key: OfficerKey) -> Self:
        """The duress key of an officer."""
        return cls(number=key.number, name=key.name, signing_seed=_part(key.root, "signing"))


@forgets
def seal_key(
    key: OfficerKey,
    passphrase: str,
    *,
    duress: tuple[DuressKey, str] | None = None,
    memory_kib: int = MEMORY_KIB,
    random: Callable[[int], bytes] = os.urandom,
) -> bytes:
    """The key file; `duress` is the key of the second slot with its own passphrase, or the slot stays random.

    Less memory than the default is for tests only. Raises WeakPassphrase below 12 characters, SamePassphrase.
    """
    passphrases = [passphrase, *([duress[1]] if duress else [])]
    if any(len(_normal(typed)) < LEAST_PASSPHRASE for typed in passphrases):
        raise WeakPassphrase
    if duress is not None and hmac.compare_digest(_bytes(passphrase), _bytes(duress[1])):
        raise SamePassphrase
    if memory_kib not in _MEMORY_KIB_RANGE:
        raise ValueError("not a possible amount of memory")
    head = _VERSION + f"argon2id {memory_kib} {_PASSES}\n".encode() + random(_SALT_SIZE)
    used = _seal_slot(key, passphrase, head, memory_kib, random)
    other = _seal_slot(duress[0], duress[1], head, memory_kib, random) if duress else random(_SLOT_SIZE)
    return head + (used + other if random(1)[0] & 1 else other + used)


@forgets
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
    slots = (file[start : start + _SLOT_SIZE], file[start + _SLOT_SIZE :])
    contents = [_open_slot(slot, head, secret) for slot in slots]  # both, so that time does not tell which one opens
    for content in contents:
        if content is not None:
            return _decode(content)  # (3)
    raise WrongPassphrase


def _seal_slot(key: OfficerKey, passphrase: str, head: bytes, memory_kib: int, random: Callable[[int], bytes]) -> bytes:
    secret, nonce = _derive(passphrase, head[-_SALT_SIZE:], memory_kib, _PASSES), random(_NONCE_SIZE)
    return nonce + crypto_aead_xchacha20poly1305_ietf_encrypt(_encode(key), head, nonce, secret)


def _open_slot(slot: bytes, head: bytes, secret: bytes) -> bytes | None:
    try:
        return bytes(crypto_aead_xchacha20poly1305_ietf_decrypt(slot[_NONCE_SIZE:], head, slot[:_NONCE_SIZE], secret))
    except CryptoError:
        return None


def _part(root: bytes, what: str) -> bytes:
    return derive(root, b"", f"poruch/officer/{what}/v1".encode())


def _normal(passphrase: str) -> str:
    # Keyboards differ in how they compose the letters й and ў; the person typed the same.
    return unicodedata.normalize("NFC", passphrase)


def _bytes(passphrase: str) -> bytes:
    return _normal(passphrase).encode("utf-8", "surrogatepass")


def _derive(passphrase: str, salt: bytes, memory_kib: int, passes: int) -> bytes:
    derived = crypto_pwhash_alg(
        _KEY_SIZE, _bytes(passphrase), salt, passes, memory_kib * 1024, crypto_pwhash_ALG_ARGON2ID13
    )
    return bytes(derived)


def _encode(key: OfficerKey) -> bytes:
    name = key.name.encode()
    content = key.line + key.number.to_bytes(2, "big") + key.kept + len(name).to_bytes(2, "big") + name
    return content.ljust(_CONTENT_SIZE, b"\0")


def _decode(content: bytes) -> OfficerKey:
    line = content[: content.find(b"\n") + 1]
    if line not in (OfficerKey.line, DuressKey.line):
        raise BadKeyFile("keys of another version")
    fields = content[len(line) :]
    number, kept, fields = int.from_bytes(fields[:2], "big"), fields[2 : 2 + _KEY_SIZE], fields[2 + _KEY_SIZE :]
    raw = fields[2 : 2 + int.from_bytes(fields[:2], "big")]
    try:
        name = raw.decode()
        key = (
            DuressKey(number=number, name=name, signing_seed=kept)
            if line == DuressKey.line
            else OfficerKey(number=number, name=name, root=kept)
        )
    except ValueError:
        raise BadKeyFile("the keys inside are not possible") from None
    if _encode(key) != content:
        raise BadKeyFile("the keys inside are not written as they must be")
    return key
