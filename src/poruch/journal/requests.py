"""Signed requests to the relay: HTTP message signatures (RFC 9421), Ed25519, with a body digest (RFC 9530).

Signed are method, path, body digest, and the parameters day (`created`, midnight UTC, so that no time of day is told),
nonce and officer number (`keyid`). A verifier refuses other days than yesterday, today and tomorrow, and used nonces.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta

from poruch.crypto.signatures import SigningKey, raw_verify
from poruch.errors import BadSignature
from poruch.journal.roster import Roster

COMPONENTS = '("@method" "@path" "content-digest")'
_INPUT = re.compile(
    r'poruch=\("@method" "@path" "content-digest"\);created=([0-9]{1,12});nonce="([0-9a-f]{32})"'
    r';keyid="([1-9][0-9]{0,4})";alg="ed25519"'
)
# 64 bytes end in a character that leaves four bits unused: one spelling only, so they are zero.
_SIGNATURE = re.compile(r"poruch=:([A-Za-z0-9+/]{85}[AQgw]==):")


def content_digest(body: bytes) -> str:
    """The value of `Content-Digest` for `body`."""
    return "sha-256=:" + base64.b64encode(hashlib.sha256(body).digest()).decode() + ":"


def _midnight(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp())


def _base(method: str, path: str, digest: str, parameters: str) -> bytes:
    return (
        f'"@method": {method}\n"@path": {path}\n"content-digest": {digest}\n"@signature-params": {parameters}'
    ).encode()


def sign_request(
    method: str, path: str, body: bytes, number: int, key: SigningKey, day: date, nonce: bytes
) -> dict[str, str]:
    """The headers that sign a request; `nonce` is 16 random bytes."""
    digest = content_digest(body)
    parameters = f'{COMPONENTS};created={_midnight(day)};nonce="{nonce.hex()}";keyid="{number}";alg="ed25519"'
    signature = base64.b64encode(key.raw_sign(_base(method, path, digest, parameters))).decode()
    return {
        "Content-Digest": digest,
        "Signature-Input": f"poruch={parameters}",
        "Signature": f"poruch=:{signature}:",
    }


def verify_request(
    method: str, path: str, headers: Mapping[str, str], body: bytes, roster: Roster, today: date
) -> tuple[int, bytes]:
    """The officer's number and the nonce of a request whose signature holds. Raises `BadSignature`, `UnknownOfficer`.

    The caller refuses a nonce that it has seen on these three days.
    """
    found = _INPUT.fullmatch(headers.get("Signature-Input", ""))
    signed = _SIGNATURE.fullmatch(headers.get("Signature", ""))
    digest = headers.get("Content-Digest", "")
    if found is None or signed is None:
        raise BadSignature("no signature of the right form")
    if not digest.isascii() or not hmac.compare_digest(digest, content_digest(body)):
        raise BadSignature("another body")
    created, nonce, number = found.groups()
    if int(created) not in {_midnight(today + timedelta(days=days)) for days in (-1, 0, 1)}:
        raise BadSignature("another day")
    public = roster.key_of(int(number))
    parameters = headers["Signature-Input"].removeprefix("poruch=")
    try:
        raw_verify(public, _base(method, path, digest, parameters), base64.b64decode(signed.group(1)))
    except BadSignature:
        raise BadSignature("the signature does not hold") from None
    return int(number), bytes.fromhex(nonce)
