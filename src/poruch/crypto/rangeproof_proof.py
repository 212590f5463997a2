"""The bytes of a range proof and the transcript that binds them (docs/spec/amounts.md section 2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha512
from itertools import chain

from poruch.crypto import group
from poruch.errors import BadRangeProof

BITS = 32
COUNTS = (1, 2, 4, 8)
MOST_GENERATORS = BITS * COUNTS[-1]


def rounds(count: int) -> int:
    """How often the inner product argument halves for `count` commitments: log2(32 * count)."""
    return (BITS * count).bit_length() - 1


@dataclass(frozen=True, slots=True)
class RangeProof:
    """A proof by its parts: points are 32 bytes as they came, still unchecked; scalars are below the group's order."""

    A: bytes
    S: bytes
    T1: bytes
    T2: bytes
    t: int
    tau: int
    mu: int
    L: tuple[bytes, ...]
    R: tuple[bytes, ...]
    a: int
    b: int

    @classmethod
    def parse(cls, proof: bytes, count: int) -> "RangeProof":
        """Steps 1 and 2 of verifying, for `count` commitments. Raises BadRangeProof."""
        # (1) the number of commitments and the length
        if count not in COUNTS:
            raise BadRangeProof("a proof covers 1, 2, 4 or 8 amounts")
        halvings = rounds(count)
        if len(proof) != 32 * (9 + 2 * halvings):
            raise BadRangeProof("the length is wrong")
        words = [bytes(proof[i : i + 32]) for i in range(0, len(proof), 32)]
        # (2) the scalars
        t, tau, mu, a, b = (int.from_bytes(word, "little") for word in (*words[4:7], *words[-2:]))
        if max(t, tau, mu, a, b) >= group.L:
            raise BadRangeProof("a number is not reduced")
        A, S, T1, T2 = words[:4]
        return cls(A, S, T1, T2, t, tau, mu, tuple(words[7:-2:2]), tuple(words[8:-2:2]), a, b)

    def encode(self) -> bytes:
        """The proof bytes: A S T1 T2 t tau mu L0 R0 ... a b."""
        middle = (group.encode_scalar(number) for number in (self.t, self.tau, self.mu))
        halves = chain.from_iterable(zip(self.L, self.R, strict=True))
        last = (group.encode_scalar(self.a), group.encode_scalar(self.b))
        return b"".join((self.A, self.S, self.T1, self.T2, *middle, *halves, *last))


class Transcript:
    """The running hash from which prover and verifier draw the same challenges."""

    def __init__(self, context: bytes, commitments: Sequence[bytes]) -> None:
        sizes = BITS.to_bytes(2, "big") + len(commitments).to_bytes(2, "big")
        bound = (b"poruch/bp/v1", len(context).to_bytes(8, "big"), context, sizes, *commitments)
        self.state = sha512(b"".join(bound)).digest()

    def challenge(self, data: bytes) -> int:
        """The next challenge after `data`; raises BadRangeProof where it would be zero."""
        self.state = sha512(self.state + data).digest()
        drawn = int.from_bytes(sha512(self.state + b"c").digest(), "little") % group.L
        if drawn == 0:
            raise BadRangeProof("a challenge is zero")
        return drawn

    def after_bits(self, A: bytes, S: bytes) -> tuple[int, int]:
        """The challenges y and z."""
        return self.challenge(A + S), self.challenge(b"z")

    def after_numbers(self, t: int, tau: int, mu: int) -> int:
        """The challenge w."""
        return self.challenge(b"".join(group.encode_scalar(number) for number in (t, tau, mu)))


@dataclass(frozen=True, slots=True)
class Challenges:
    """All challenges of one proof, none of them zero."""

    y: int
    z: int
    x: int
    w: int
    u: tuple[int, ...]


def challenges(proof: RangeProof, commitments: Sequence[bytes], context: bytes) -> Challenges:
    """Step 4 of verifying: draw the challenges again. Raises BadRangeProof where one is zero."""
    transcript = Transcript(context, commitments)
    y, z = transcript.after_bits(proof.A, proof.S)
    x = transcript.challenge(proof.T1 + proof.T2)
    w = transcript.after_numbers(proof.t, proof.tau, proof.mu)
    u = tuple(transcript.challenge(left + right) for left, right in zip(proof.L, proof.R, strict=True))
    return Challenges(y, z, x, w, u)
