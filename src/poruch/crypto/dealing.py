"""One dealer's part of a ceremony and the sub-shares he hands out (docs/spec/quorum.md, sections 2 and 3)."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from poruch.crypto import dleq
from poruch.crypto.group import (
    H2,
    IDENTITY,
    B,
    L,
    Random,
    add,
    check_point,
    encode_scalar,
    multiply,
    multiply_base,
    random_scalar,
    scalar,
)
from poruch.crypto.quorum_group import u16
from poruch.errors import BadDealing, BadDigest, BadPoint, BadProof, BadScalar, BadSubshare

SUBSHARE_MESSAGE_SIZE = 86
_POSSESSION_SIZE = 96
_SUBSHARE_DOMAIN = b"poruch/subshare/v1"


class PublishedDealing(NamedTuple):
    """What the journal holds of one dealer: his number (by the signature), the digest he announced, the dealing."""

    dealer: int
    digest: bytes
    dealing: bytes


@dataclass(frozen=True, slots=True)
class ParsedDealing:
    """A dealing that passed `check_dealing`: `commitments` are `A_0 ... A_(k-1)`, 32 bytes each."""

    number: int
    k: int
    commitments: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class SubshareMessage:
    """What a dealer tells one officer in secret: the scalar `share`, which is never shown."""

    session: bytes
    dealer: int
    officer: int
    share: int = field(repr=False)


def new_polynomial(k: int, random: Random = secrets.token_bytes, constant: int | None = None) -> tuple[int, ...]:
    """`a_0 ... a_(k-1)`, uniform and not zero: a secret to destroy after use.

    `constant` is the dealer's own share in a resharing.
    """
    first = random_scalar(random) if constant is None else constant
    return (first, *(random_scalar(random) for _ in range(k - 1)))


def make_dealing(
    session: bytes, number: int, coefficients: Sequence[int], random: Random = secrets.token_bytes
) -> bytes:
    """The dealing of dealer `number`: `100 + 32k` bytes, public once all digests are in the journal."""
    commitments = [multiply_base(coefficient) for coefficient in coefficients]
    point = multiply(coefficients[0], H2)
    context = _possession_context(session, number)
    proof = dleq.prove(coefficients[0], B, commitments[0], H2, point, context, random)
    return b"".join([u16(number), u16(len(coefficients)), *commitments, point, proof])


def dealing_digest(session: bytes, dealing: bytes) -> bytes:
    """The 32 bytes a dealer announces before anybody's dealing is published."""
    return hashlib.sha256(b"poruch/dealing/v1" + session + dealing).digest()


def subshare(coefficients: Sequence[int], officer: int) -> int:
    """The polynomial at `officer`. Zero (once in 2^252 times) would be refused by the officer: begin anew."""
    value = 0
    for coefficient in reversed(coefficients):
        value = (value * officer + coefficient) % L
    return value


def subshare_message(session: bytes, dealer: int, officer: int, share: int) -> bytes:
    """The 86 secret bytes to seal to the one-time recipient of `officer` alone."""
    return _SUBSHARE_DOMAIN + session + u16(dealer) + u16(officer) + encode_scalar(share)


def check_dealing(session: bytes, dealing: bytes, number: int, k: int, digest: bytes) -> ParsedDealing:
    """Step 2 for the dealing of dealer `number`. Raises BadDigest and BadDealing; the dealer is to blame."""
    if dealing_digest(session, dealing) != digest:
        raise BadDigest(blame=number)
    if len(dealing) != 4 + 32 * k + _POSSESSION_SIZE or dealing[:4] != u16(number) + u16(k):
        raise BadDealing("form", blame=number)
    points = tuple(dealing[4 + 32 * place : 36 + 32 * place] for place in range(k + 1))
    try:
        for point in points[:k]:
            check_point(point)
        context = _possession_context(session, number)
        dleq.verify_checked(B, points[0], H2, points[k], context, dealing[4 + 32 * (k + 1) :])
    except (BadPoint, BadProof) as error:
        raise BadDealing(error.name, blame=number) from error
    return ParsedDealing(number, k, points[:k])


def parse_subshare_message(message: bytes, blame: int | None = None) -> SubshareMessage:
    """The parts of a message of 86 bytes, with `0 < share < L`. Raises BadSubshare, which blames whom it is told."""
    if len(message) != SUBSHARE_MESSAGE_SIZE or not message.startswith(_SUBSHARE_DOMAIN):
        raise BadSubshare("form", blame=blame)
    try:
        share = scalar(message[54:], zero=False)
    except BadScalar:
        raise BadSubshare("range", blame=blame) from None
    return SubshareMessage(message[18:50], _number(message[50:52]), _number(message[52:54]), share)


def check_subshare(dealing: ParsedDealing, session: bytes, officer: int, message: bytes) -> int:
    """Step 4: the sub-share for `officer`, a secret. Raises BadSubshare; the dealer is to blame."""
    parsed = parse_subshare_message(message, blame=dealing.number)
    if (parsed.session, parsed.dealer, parsed.officer) != (session, dealing.number, officer):
        raise BadSubshare("names another session, dealer or officer", blame=dealing.number)
    if multiply_base(parsed.share) != commitment_at(dealing.commitments, officer):
        raise BadSubshare("does not fit the dealing", blame=dealing.number)
    return parsed.share


def commitment_at(commitments: Sequence[bytes], officer: int) -> bytes:
    """The committed polynomial at `officer`, as a point."""
    value = IDENTITY
    for commitment in reversed(commitments):
        value = add(multiply(officer, value), commitment)
    return value


def _possession_context(session: bytes, number: int) -> bytes:
    return b"poruch/pop/v1" + session + u16(number)


def _number(data: bytes) -> int:
    return int.from_bytes(data, "big")
