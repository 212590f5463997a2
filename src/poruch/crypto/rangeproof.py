"""Range proofs: no hidden amount is negative or huge (docs/spec/amounts.md sections 2 and 3).

The aggregated Bulletproof of Bünz, Bootle, Boneh, Poelstra, Wuille and Maxwell (IEEE S&P 2018, sections 4.1-4.3) for
1, 2, 4 or 8 commitments of 32 bits. Nothing here is constant-time: proofs are made on desks, never over a network.
"""

import os
from collections.abc import Callable, Sequence

from poruch.crypto import group
from poruch.crypto.rangeproof_proof import BITS, Challenges, RangeProof, challenges
from poruch.crypto.rangeproof_prover import prove
from poruch.crypto.rangeproof_sum import Tally
from poruch.errors import BadPoint, BadRangeProof

__all__ = ["Statement", "prove", "verify", "verify_batch"]

Statement = tuple[Sequence[bytes], bytes, bytes]  # commitments, proof, context

_L = group.L


def verify(
    commitments: Sequence[bytes], proof: bytes, context: bytes, random: Callable[[int], bytes] = os.urandom
) -> None:
    """Check one proof of `32 * (9 + 2*log2(32*m))` bytes for `m` commitments. Raises BadRangeProof."""
    tally = Tally()
    _weigh(tally, commitments, proof, context, random)
    _settle(tally)


def verify_batch(statements: Sequence[Statement], random: Callable[[int], bytes] = os.urandom) -> None:
    """Check many proofs, of different numbers of commitments, at once.

    Raises BadRangeProof, whose detail begins with the index of the first bad proof. Where it returns, every commitment
    has passed the check of a point too; the longer the batch (64 is long enough), the less a proof costs.
    """
    tally = Tally()
    try:
        for commitments, proof, context in statements:
            _weigh(tally, commitments, proof, context, random)
        _settle(tally)
    except BadRangeProof:
        # The weighted sum says that one is bad, not which.
        for index, statement in enumerate(statements):
            try:
                verify(*statement, random)
            except BadRangeProof as refusal:
                raise BadRangeProof(f"{index}: {refusal.detail}") from refusal
        raise


def _settle(tally: Tally) -> None:
    try:
        added = tally.total()
    except BadPoint as refusal:
        raise BadRangeProof("a point is not one of the group") from refusal
    if added != group.IDENTITY:
        raise BadRangeProof("the equations do not hold")


def _weigh(
    tally: Tally, commitments: Sequence[bytes], proof: bytes, context: bytes, random: Callable[[int], bytes]
) -> None:
    """Steps 1 to 6 of verifying, each equation added to `tally` with a fresh weight."""
    # (1) number of commitments and length, (2) scalars
    parsed = RangeProof.parse(proof, len(commitments))
    # (3) points: the tally multiplies each of them by a number that is not zero, and libsodium multiplies only what
    # passes the check of a point (see `multiply_foreign`); checking apart would cost half again
    # (4) challenges
    drawn = challenges(parsed, commitments, context)
    # (5), (6) the weights come from outside and after the proof, so nobody makes two errors cancel
    _add_polynomial(tally, commitments, parsed, drawn, group.random_scalar(random))
    _add_inner_product(tally, len(commitments), parsed, drawn, group.random_scalar(random))


def _add_polynomial(
    tally: Tally, commitments: Sequence[bytes], proof: RangeProof, drawn: Challenges, weight: int
) -> None:
    """Step 5, weighted: t is the value at x of a polynomial whose constant term belongs to the amounts."""
    x, y, z = drawn.x, drawn.y, drawn.z
    count = len(commitments)
    z_powers = [pow(z, 2 + j, _L) for j in range(count)]
    y_sum, y_power = 1, y
    for _ in drawn.u:  # 1 + y + ... + y^(N-1) = (1 + y)(1 + y^2)(1 + y^4)...
        y_sum, y_power = y_sum * (1 + y_power) % _L, y_power * y_power % _L
    delta = (z - z * z) * y_sum - (2**BITS - 1) * z * sum(z_powers)
    tally.on_base += weight * (proof.t - delta)
    tally.on_blind += weight * proof.tau
    tally.points += [(-weight * power % _L, point) for power, point in zip(z_powers, commitments, strict=True)]
    tally.points += [(-weight * x % _L, proof.T1), (-weight * x * x % _L, proof.T2)]


def _add_inner_product(tally: Tally, count: int, proof: RangeProof, drawn: Challenges, weight: int) -> None:
    """Step 6, weighted: the proof knows vectors whose inner product is t."""
    x, z = drawn.x, drawn.z
    y_inverse, *u_inverses = _inverses((drawn.y, *drawn.u))
    s = _folding_numbers(drawn.u, u_inverses)
    y_powers = [weight]
    while len(y_powers) < len(s):
        step = pow(y_inverse, len(y_powers), _L)
        y_powers += [power * step % _L for power in y_powers]
    z_powers = [pow(z, 2 + j, _L) for j in range(count)]
    q = [power << i for power in z_powers for i in range(BITS)]

    a, b, shift = weight * proof.a % _L, proof.b, weight * z
    size = len(s)
    tally.on_G[:size] = [sofar - shift - a * s_k for sofar, s_k in zip(tally.on_G, s, strict=False)]
    tally.on_H[:size] = [
        sofar + shift + y_k * ((q_k - b * s_inverse) % _L)
        for sofar, y_k, q_k, s_inverse in zip(tally.on_H, y_powers, q, reversed(s), strict=False)
    ]
    tally.on_blind -= weight * proof.mu
    tally.on_base += weight * drawn.w * (proof.t - proof.a * proof.b)
    tally.points += [(weight, proof.A), (weight * x % _L, proof.S)]
    for u, u_inverse, left, right in zip(drawn.u, u_inverses, proof.L, proof.R, strict=True):
        tally.points += [(weight * u * u % _L, left), (weight * u_inverse * u_inverse % _L, right)]


def _folding_numbers(u: Sequence[int], u_inverses: Sequence[int]) -> list[int]:
    """s_k for all k: the product of u_j where bit g-1-j of k is 1, of the inverse of u_j where it is 0."""
    s = [1]
    for u_inverse in u_inverses:
        s[0] = s[0] * u_inverse % _L
    for u_j in reversed(u):
        square = u_j * u_j % _L
        s += [known * square % _L for known in s]
    return s


def _inverses(numbers: Sequence[int]) -> list[int]:
    """The inverses of all, none being zero, for the price of one (Montgomery's trick)."""
    products = [1]
    for number in numbers:
        products.append(products[-1] * number % _L)
    inverse = pow(products.pop(), -1, _L)
    inverses = []
    for number in reversed(numbers):
        inverses.append(inverse * products.pop() % _L)
        inverse = inverse * number % _L
    return inverses[::-1]
