"""Making range proofs (docs/spec/amounts.md section 2, "Prover"). Handles secrets; runs on desks only."""

import os
from collections.abc import Callable, Sequence
from itertools import chain

from poruch.crypto import group
from poruch.crypto.commitments import commit
from poruch.crypto.rangeproof_proof import BITS, COUNTS, RangeProof, Transcript, rounds
from poruch.crypto.rangeproof_sum import generators, weighted_sum
from poruch.errors import BadAmount, BadRangeProof

_L = group.L
Vector = list[int]


def prove(
    amounts: Sequence[int], blinds: Sequence[int], context: bytes, random: Callable[[int], bytes] = os.urandom
) -> bytes:
    """Prove that 1, 2, 4 or 8 `amounts` of minor units, committed to with `blinds`, are each below 2^32.

    Raises BadAmount where an amount is not, or their number is another; BadScalar for a bad blinding factor.
    """
    if len(amounts) not in COUNTS or len(blinds) != len(amounts):
        raise BadAmount("a proof covers 1, 2, 4 or 8 amounts, each with its blinding factor")
    commitments = [commit(amount, blind) for amount, blind in zip(amounts, blinds, strict=True)]
    while True:
        try:
            return _prove_once(amounts, blinds, Transcript(context, commitments), random).encode()
        except BadRangeProof:
            # a challenge was zero, which nobody will live to see: start again with other random numbers
            continue


def _prove_once(
    amounts: Sequence[int], blinds: Sequence[int], transcript: Transcript, random: Callable[[int], bytes]
) -> RangeProof:
    size = BITS * len(amounts)
    alpha, rho, tau1, tau2 = (group.random_scalar(random) for _ in range(4))
    sL, sR = ([group.random_scalar(random) for _ in range(size)] for _ in range(2))
    # (1) commit to the bits and to what will hide them
    bits = [amount >> i & 1 for amount in amounts for i in range(BITS)]
    A = _commit_to_bits(bits, alpha)
    S = weighted_sum(_pair(sL, generators("G"), sR, generators("H"), rho, group.H2))
    y, z = transcript.after_bits(A, S)
    # (2) the polynomials l(X) = l0 + l1*X and r(X) = r0 + r1*X
    y_powers = _powers(y, size)
    z_powers = [pow(z, 2 + j, _L) for j in range(len(amounts))]
    q = [power << i for power in z_powers for i in range(BITS)]
    l0 = [(bit - z) % _L for bit in bits]
    r0 = [(y_k * (bit - 1 + z) + q_k) % _L for y_k, bit, q_k in zip(y_powers, bits, q, strict=True)]
    r1 = [y_k * s_k % _L for y_k, s_k in zip(y_powers, sR, strict=True)]
    # (3) commit to t1 and t2, evaluate at x
    T1 = weighted_sum([((_dot(l0, r1) + _dot(sL, r0)) % _L, group.B), (tau1, group.H2)])
    T2 = weighted_sum([(_dot(sL, r1), group.B), (tau2, group.H2)])
    x = transcript.challenge(T1 + T2)
    left = [(known + x * hidden) % _L for known, hidden in zip(l0, sL, strict=True)]
    right = [(known + x * hidden) % _L for known, hidden in zip(r0, r1, strict=True)]
    t = _dot(left, right)
    # (4) what is left of the blinding factors
    tau = (tau2 * x * x + tau1 * x + _dot(z_powers, blinds)) % _L
    mu = (alpha + rho * x) % _L
    w = transcript.after_numbers(t, tau, mu)
    # (5), (6)
    Ls, Rs, a, b = _halve(left, right, pow(y, -1, _L), w, transcript)
    return RangeProof(A, S, T1, T2, t, tau, mu, Ls, Rs, a, b)


def _commit_to_bits(bits: Sequence[int], alpha: int) -> bytes:
    """alpha*H2 + the G of every 1 - the H of every 0: the bits are 1 and 0 on G, 0 and -1 on H."""
    added = group.multiply(alpha, group.H2)
    for bit, G, H in zip(bits, generators("G"), generators("H"), strict=False):
        added = group.add(added, G) if bit else group.subtract(added, H)
    return added


def _halve(
    left: Vector, right: Vector, y_inverse: int, w: int, transcript: Transcript
) -> tuple[tuple[bytes, ...], tuple[bytes, ...], int, int]:
    """Step 5, the inner product argument: the points L and R of each round and the last elements a and b.

    The generators of the paper are kept as `on_G * G[k]` and `on_H * y^-k * H[k]`: so folding two of them costs one
    multiplication instead of two, and H' need not be computed.
    """
    size = len(left)
    G, H = generators("G")[:size], generators("H")[:size]
    on_G = on_H = 1
    Ls, Rs = [], []
    for _ in range(rounds(size // BITS)):
        half = len(left) // 2
        (l_lo, l_hi), (r_lo, r_hi) = _split(left), _split(right)
        y_powers = _powers(y_inverse, 2 * half)
        r_lo_on_H = [r_k * y_k * on_H % _L for r_k, y_k in zip(r_lo, y_powers[half:], strict=True)]
        r_hi_on_H = [r_k * y_k * on_H % _L for r_k, y_k in zip(r_hi, y_powers[:half], strict=True)]
        L = weighted_sum(_pair(_scale(l_lo, on_G), G[half:], r_hi_on_H, H[:half], _dot(l_lo, r_hi) * w % _L, group.B))
        R = weighted_sum(_pair(_scale(l_hi, on_G), G[:half], r_lo_on_H, H[half:], _dot(l_hi, r_lo) * w % _L, group.B))
        Ls.append(L)
        Rs.append(R)
        u = transcript.challenge(L + R)
        u_inverse = pow(u, -1, _L)
        left = [(u * low + u_inverse * high) % _L for low, high in zip(l_lo, l_hi, strict=True)]
        right = [(u_inverse * low + u * high) % _L for low, high in zip(r_lo, r_hi, strict=True)]
        if half > 1:
            G = _fold(G, u * u % _L)
            H = _fold(H, u_inverse * u_inverse * y_powers[half] % _L)
        on_G, on_H = on_G * u_inverse % _L, on_H * u % _L
    return tuple(Ls), tuple(Rs), left[0], right[0]


def _pair(
    g: Vector, G: Sequence[bytes], h: Vector, H: Sequence[bytes], last: int, point: bytes
) -> chain[tuple[int, bytes]]:
    """The terms of <g, G> + <h, H> + last*point, as many as g and h have."""
    return chain(zip(g, G, strict=False), zip(h, H, strict=False), [(last, point)])


def _fold(points: Sequence[bytes], factor: int) -> tuple[bytes, ...]:
    """The first half plus `factor` times the second."""
    half = len(points) // 2
    return tuple(
        group.add(low, group.multiply(factor, high)) for low, high in zip(points[:half], points[half:], strict=True)
    )


def _split(vector: Vector) -> tuple[Vector, Vector]:
    half = len(vector) // 2
    return vector[:half], vector[half:]


def _scale(vector: Vector, factor: int) -> Vector:
    return [element * factor % _L for element in vector]


def _dot(left: Sequence[int], right: Sequence[int]) -> int:
    return sum(l_k * r_k for l_k, r_k in zip(left, right, strict=True)) % _L


def _powers(base: int, size: int) -> Vector:
    powers = [1]
    while len(powers) < size:
        powers.append(powers[-1] * base % _L)
    return powers
