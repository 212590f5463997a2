"""Hidden amounts: a commitment is a point that hides one amount and cannot be opened to another (docs/spec/amounts.md).

An amount is an integer of minor units of one currency, 0 <= v < 2^32. Its commitment is `v*B + r*H2`, a Pedersen
commitment (CRYPTO 1991) over edwards25519; `r` is the blinding factor, never zero and never used twice. Commitments
add up: the sum of many opens with the sum of the amounts and the sum of the blinding factors.
"""

import hmac
import os
from collections.abc import Callable, Iterable, Sequence

from poruch.crypto import group
from poruch.errors import BadAmount, BadScalar, WrongOpening

AMOUNT_LIMIT = 2**32
TOTAL_LIMIT = 2**53


def commit(amount_minor: int, blind: int) -> bytes:
    """The 32-byte commitment to `amount_minor`. Raises BadAmount or BadScalar where one is out of range."""
    if not 0 <= amount_minor < AMOUNT_LIMIT:
        raise BadAmount("a hidden amount is at least 0 and below 2^32 minor units")
    if not 0 < blind < group.L:
        raise BadScalar("a blinding factor is above 0 and below the order of the group")
    return _point(amount_minor, blind)


def check_opening(commitment: bytes, amount_minor: int, blind: int) -> None:
    """Raise WrongOpening unless `amount_minor` and `blind` open this one commitment (section 1)."""
    if not (0 <= amount_minor < AMOUNT_LIMIT and 0 < blind < group.L):
        raise WrongOpening("the amount or the blinding factor is out of range")
    if not hmac.compare_digest(_point(amount_minor, blind), commitment):
        raise WrongOpening


def check_sum(commitments: Sequence[bytes], total_minor: int, blind: int) -> None:
    """Check that `total_minor` and `blind` open the sum of all `commitments` (section 1, "opening a sum").

    Raises WrongOpening where the opening fails, BadPoint where a commitment is not a point of the group.
    """
    # (1) at least one commitment, and each is a point: parts of small order could cancel in the sum
    if not commitments:
        raise WrongOpening("there is no commitment")
    for commitment in commitments:
        group.check_point(commitment)
    # (2), (3)
    check_total(add_up(commitments), total_minor, blind)


def check_total(added: bytes, total_minor: int, blind: int) -> None:
    """Steps 2 and 3 of opening a sum, for commitments that were checked and added (`add_up`) before.

    Whoever reads a long log checks each point once, where it is parsed, and keeps one running sum a group.
    """
    # (2) the range of total and blinding factor
    if not (0 <= total_minor < TOTAL_LIMIT and 0 < blind < group.L):
        raise WrongOpening("the total or the blinding factor is out of range")
    # (3) the sum itself
    if not hmac.compare_digest(_point(total_minor, blind), added):
        raise WrongOpening


def add_up(commitments: Iterable[bytes]) -> bytes:
    """The sum of points that were checked before, at least one; 32 bytes."""
    points = iter(commitments)
    added = next(points)
    for point in points:
        added = group.add(added, point)
    return added


def add_blinds(blinds: Iterable[int]) -> int:
    """The blinding factor that opens the sum of the commitments made with `blinds`."""
    return sum(blinds) % group.L


def fresh_blind(random: Callable[[int], bytes] = os.urandom) -> int:
    """A new blinding factor for nobody in particular (padding, givers without a code)."""
    return group.random_scalar(random)


def blind_for(blind_key: bytes, nonce: bytes) -> int:
    """The blinding factor of one gift or payout of a code holder (docs/spec/log.md section 7)."""
    return group.hash_to_scalar(b"poruch/blind/v1", blind_key, nonce)


def _point(value: int, blind: int) -> bytes:
    return group.add(group.multiply_base(value), group.multiply(blind, group.H2))
