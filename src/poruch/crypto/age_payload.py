"""The payload of an age v1 file: a nonce and chunks of 64 KiB (c2sp.org/age, "Payload").

Chunks are numbered and the last one is marked, so none can be cut, moved, repeated or added. A last chunk is empty only
when the whole plaintext is.
"""

from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from poruch.crypto.age_header import derive
from poruch.errors import BadPayload

CHUNK_SIZE = 65536
NONCE_SIZE = 16
TAG_SIZE = 16


def encrypt_payload(file_key: bytes, plaintext: bytes, random: Callable[[int], bytes]) -> bytes:
    """Nonce and chunks for a plaintext of any length, as they follow a header."""
    nonce = random(NONCE_SIZE)
    cipher = ChaCha20Poly1305(derive(file_key, nonce, b"payload"))
    view = memoryview(plaintext)
    last = max(len(plaintext) - 1, 0) // CHUNK_SIZE
    parts = [nonce]
    for number in range(last + 1):
        chunk = view[number * CHUNK_SIZE : (number + 1) * CHUNK_SIZE]
        parts.append(cipher.encrypt(_chunk_nonce(number, number == last), chunk, None))
    return b"".join(parts)


def decrypt_payload(file_key: bytes, payload: bytes | memoryview) -> bytes:
    """The plaintext, whole, or BadPayload: nothing of a changed or cut payload is given out."""
    nonce, view = bytes(payload[:NONCE_SIZE]), memoryview(payload)[NONCE_SIZE:]
    if len(view) < TAG_SIZE:
        raise BadPayload("too short")
    cipher = ChaCha20Poly1305(derive(file_key, nonce, b"payload"))
    step = CHUNK_SIZE + TAG_SIZE
    last = (len(view) - 1) // step
    parts = []
    for number in range(last + 1):
        chunk = view[number * step : (number + 1) * step]
        try:
            parts.append(cipher.decrypt(_chunk_nonce(number, number == last), chunk, None))
        except (InvalidTag, ValueError):
            raise BadPayload(f"chunk {number}") from None
    if last > 0 and not parts[-1]:
        raise BadPayload("an empty last chunk")
    return b"".join(parts)


def _chunk_nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
