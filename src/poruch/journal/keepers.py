"""The key of a keeper: it may read from the relay in its officer's name, and nothing else (docs/spec/folder.md).

It is a file of four lines, to be carried to the keeper's machine. It opens nothing; who has it gets ciphertext, and
what stands in clear for a front.
"""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from poruch.crypto.signatures import SigningKey
from poruch.errors import BadKeeperKey

NAME = "keeper.key"
LIMIT_BYTES = 256
_FORM = re.compile(
    rb"poruch-keeper-key-v1\nfund ([0-9a-f]{64})\nofficer ([1-9][0-9]{0,4})\nseed ([0-9a-f]{64})\n",
)


@dataclass(frozen=True)
class KeeperKey:
    """The key of the keeper of officer `number` of the fund with this id (32 bytes)."""

    fund: bytes
    number: int
    seed: bytes = field(repr=False)

    @classmethod
    def generate(cls, fund: bytes, number: int, random: Callable[[int], bytes] = os.urandom) -> Self:
        """A new key."""
        return cls(fund, number, random(32))

    @property
    def signing(self) -> SigningKey:
        """What signs the keeper's requests."""
        return SigningKey(self.seed)

    @property
    def file(self) -> bytes:
        """The four lines."""
        lines = ("poruch-keeper-key-v1", f"fund {self.fund.hex()}", f"officer {self.number}", f"seed {self.seed.hex()}")
        return "".join(f"{line}\n" for line in lines).encode("ascii")


def parse_keeper_key(file: bytes) -> KeeperKey:
    """The key in a file. Raises `BadKeeperKey`."""
    found = _FORM.fullmatch(file[: LIMIT_BYTES + 1])
    if found is None or int(found[2]) > 65535:
        raise BadKeeperKey
    return KeeperKey(bytes.fromhex(found[1].decode()), int(found[2]), bytes.fromhex(found[3].decode()))
