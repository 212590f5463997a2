"""Signed requests to the relay: HTTP message signatures (RFC 9421), Ed25519, with a body digest (RFC 9530).

Signed are method, path, body digest, and the parameters day (`created`, midnight UTC, so that no time of day is told),
nonce and officer number (`keyid`; `NUMBER/keeper` for the officer's keeper). A verifier refuses other days than
yesterday, today and tomorrow, and used nonces. The signature covers the digest of the body, not the body: it is
verified before a byte of the body is read.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from poruch.crypto.signatures import SigningKey, raw_verify
from poruch.errors import BadSignature, UnknownOfficer
from poruch.journal.roster import Roster

COMPONENTS = '("@method" "@path" "content-digest")'
_INPUT = re.compile(
    r'poruch=\("@method" "@path" "content-digest"\);created=([0-9]{1,12});nonce="([0-9a-f]{32})"'
    r';keyid="([1-9][0-9]{0,4})(/keeper)?";alg="ed25519"'
)
# 64 bytes end in a character that leaves four bits unused: one spelling only, so they are zero.
_SIGNATURE = re.compile(r"poruch=:([A-Za-z0-9+/]{85}[AQgw]==):")


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks the relay: an officer, or the keeper of that officer, a program that mirrors and only reads."""

    number: int
    keeper: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """What the headers of a request say, before anything is verified; `nonce` is 16 bytes."""

    asker: Asker
    nonce: bytes
    digest: str
    parameters: str
    signature: bytes

    def verify(self, method: str, path: str, public: bytes) -> None:
        """That whoever has the key `public` (32 bytes) signed this request. Raises `BadSignature`."""
        try:
            raw_verify(public, _base(method, path, self.digest, self.parameters), self.signature)
        except BadSignature:
            raise BadSignature("the signature does not hold") from None

    def check_body(self, body: bytes) -> None:
        """That `body` is the one that was signed. Raises `BadSignature`."""
        if not hmac.compare_digest(self.digest, content_digest(body)):
            raise BadSignature("another body")


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
    method: str,
    path: str,
    body: bytes,
    number: int,
    key: SigningKey,
    day: date,
    nonce: bytes,
    *,
    keeper: bool = False,
) -> dict[str, str]:
    """The headers that sign a request as officer `number`, or as his keeper; `nonce` is 16 random bytes."""
    digest = content_digest(body)
    name = f"{number}/keeper" if keeper else str(number)
    parameters = f'{COMPONENTS};created={_midnight(day)};nonce="{nonce.hex()}";keyid="{name}";alg="ed25519"'
    signature = base64.b64encode(key.raw_sign(_base(method, path, digest, parameters))).decode()
    return {
        "Content-Digest": digest,
        "Signature-Input": f"poruch={parameters}",
        "Signature": f"poruch=:{signature}:",
    }


def read_claim(headers: Mapping[str, str], today: date) -> Claim:
    """What the headers claim, if it is of the one form and of these days. Raises `BadSignature`."""
    found = _INPUT.fullmatch(headers.get("Signature-Input", ""))
    signed = _SIGNATURE.fullmatch(headers.get("Signature", ""))
    digest = headers.get("Content-Digest", "")
    if found is None or signed is None:
        raise BadSignature("no signature of the right form")
    if not digest.isascii():
        raise BadSignature("another body")
    created, nonce, number, keeper = found.groups()
    if int(created) not in {_midnight(today + timedelta(days=days)) for days in (-1, 0, 1)}:
        raise BadSignature("another day")
    parameters = headers["Signature-Input"].removeprefix("poruch=")
    signature = base64.b64decode(signed.group(1))
    return Claim(Asker(int(number), bool(keeper)), bytes.fromhex(nonce), digest, parameters, signature)


def verify_request(
    method: str, path: str, headers: Mapping[str, str], body: bytes, roster: Roster, today: date
) -> tuple[int, bytes]:
    """The officer's number and the nonce of a request whose signature holds. Raises `BadSignature`, `UnknownOfficer`.

    The caller refuses a nonce that it has seen on these three days. A keeper is no officer.
    """
    claim = read_claim(headers, today)
    claim.check_body(body)
    if claim.asker.keeper:
        raise UnknownOfficer(f"the keeper of {claim.asker.number}")
    claim.verify(method, path, roster.key_of(claim.asker.number))
    return claim.asker.number, claim.nonce
