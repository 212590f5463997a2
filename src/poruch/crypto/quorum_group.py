"""The public half of a quorum key: who holds shares, how many open (docs/spec/quorum.md, sections 2 and 3)."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from poruch.crypto import bech32
from poruch.crypto.group import HIGHEST_OFFICER, check_point, montgomery
from poruch.errors import BadOfficers

MOST_OFFICERS = 64
_LAST_EPOCH = 2**32 - 1


def u16(value: int) -> bytes:
    """2 big-endian bytes."""
    return value.to_bytes(2, "big")


@dataclass(frozen=True)
class Group:
    """The public half of a quorum key: who holds shares, how many open, and what each share must fit.

    `verification_shares` are (officer number, `P_j` of 32 bytes), ascending. Raises BadOfficers and BadPoint.
    """

    k: int
    epoch: int
    Y: bytes
    verification_shares: tuple[tuple[int, bytes], ...]

    def __post_init__(self) -> None:
        if check_officers(self.k, self.officers) != self.officers:
            raise BadOfficers("not ascending")
        if not 0 <= self.epoch <= _LAST_EPOCH:
            raise BadOfficers("epoch")
        for point in (self.Y, *self._shares.values()):
            check_point(point)

    @cached_property
    def officers(self) -> tuple[int, ...]:
        """The numbers of those who hold a share, ascending."""
        return tuple(number for number, _ in self.verification_shares)

    @property
    def n(self) -> int:
        """How many hold a share."""
        return len(self.verification_shares)

    @cached_property
    def id(self) -> bytes:
        """The 32-byte group id (section 3, step 7)."""
        parts = [b"poruch/group/v1", self.epoch.to_bytes(4, "big"), u16(self.k), self.Y, u16(self.n)]
        parts += [u16(number) + point for number, point in self.verification_shares]
        return hashlib.sha256(b"".join(parts)).digest()

    @cached_property
    def recipient(self) -> str:
        """The age recipient `age1...`, the same in every epoch."""
        return bech32.encode("age", self.u)

    @cached_property
    def u(self) -> bytes:
        """`u(Y)`: the 32 bytes of the recipient."""
        return montgomery(self.Y)

    @cached_property
    def _shares(self) -> dict[int, bytes]:
        return dict(self.verification_shares)

    def verification_share(self, officer: int) -> bytes:
        """`P_j` of an officer. Raises BadOfficers if he has no share."""
        try:
            return self._shares[officer]
        except KeyError:
            raise BadOfficers("no officer of the group") from None


def check_officers(k: int, officers: Iterable[int]) -> tuple[int, ...]:
    """The numbers, ascending. Raises BadOfficers unless `2 <= k <= n <= 64` and they are distinct and possible."""
    numbers = tuple(sorted(officers))
    if len(set(numbers)) != len(numbers) or not all(1 <= number <= HIGHEST_OFFICER for number in numbers):
        raise BadOfficers("numbers")
    if not 2 <= k <= len(numbers) <= MOST_OFFICERS:
        raise BadOfficers("threshold")
    return numbers
