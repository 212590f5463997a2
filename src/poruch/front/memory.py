"""The one secret of a running front: drawn at start, kept in memory, lost at restart.

It marks forms that this front made, and keeps the secret of a code just typed closed for twenty minutes while it
travels in a hidden field. Nothing on disk can be opened or forged with it.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

NONCE_BYTES = 16
PASS_SECONDS = 20 * 60
SKEW_SECONDS = 60
"""How far ahead the clock of another machine may be that has the same key."""


class MemoryKey:
    """32 random bytes; `seconds` is a clock that only runs forward."""

    def __init__(self, key: bytes | None = None, seconds: Callable[[], float] = time.monotonic) -> None:
        """`key` is given only where several processes serve one site."""
        self._key = key or secrets.token_bytes(32)
        self._seconds = seconds

    def __repr__(self) -> str:
        return "MemoryKey()"

    def _mac(self, purpose: bytes, data: bytes) -> bytes:
        return hmac.digest(self._key, purpose + b"\n" + data, hashlib.sha256)

    def new_mark(self) -> str:
        """What a form carries to show that this front made it: nonce and MAC, in hex."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return (nonce + self._mac(b"poruch/form/v1", nonce)).hex()

    def nonce(self, mark: str) -> bytes | None:
        """The nonce of a mark made by this front since its start; else None."""
        try:
            raw = bytes.fromhex(mark)
        except ValueError:
            return None
        nonce, mac = raw[:NONCE_BYTES], raw[NONCE_BYTES:]
        return nonce if hmac.compare_digest(mac, self._mac(b"poruch/form/v1", nonce)) else None

    def once(self, nonce: bytes) -> str:
        """A name for the one thing that a form may do: sent twice, it is done once. Says nothing about the form."""
        return self._mac(b"poruch/once/v1", nonce).hex()

    def draw(self, nonce: bytes, purpose: str) -> Callable[[int], bytes]:
        """A source of bytes that gives the same for the same form: a page asked for twice shows one code."""
        seed, counter = self._mac(b"poruch/draw/v1\n" + purpose.encode(), nonce), 0

        def random(size: int) -> bytes:
            nonlocal counter
            counter += 1
            return hashlib.shake_256(seed + counter.to_bytes(8, "big")).digest(size)

        return random

    def seal_pass(self, secret: bytes) -> str:
        """The secret of a code, closed under this key, with the second of now."""
        data = int(self._seconds()).to_bytes(8, "big") + secret
        box = SecretBox(self._mac(b"poruch/pass/v1", b""))
        return base64.urlsafe_b64encode(bytes(box.encrypt(data))).decode()

    def open_pass(self, text: str) -> bytes | None:
        """The secret again, if this front closed it at most twenty minutes ago; else None."""
        if len(text) > 400:
            return None
        try:
            data = SecretBox(self._mac(b"poruch/pass/v1", b"")).decrypt(base64.urlsafe_b64decode(text.encode()))
        except (CryptoError, binascii.Error, ValueError):
            return None
        age_seconds = int(self._seconds()) - int.from_bytes(data[:8], "big")
        return data[8:] if -SKEW_SECONDS <= age_seconds <= PASS_SECONDS else None
