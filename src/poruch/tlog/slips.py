"""Slips: how a code holder finds his receipt without anybody pushing it on him (docs/spec/log.md section 7).

Every slip has 8220 bytes. The fund seals one for each gift or payout; the front keeps it under the code's lookup id.
"""

import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from poruch.crypto import group
from poruch.crypto.commitments import blind_for
from poruch.errors import BadSlip, NotMyBlind, SecondSlip
from poruch.tlog.checkpoints import At, unheard
from poruch.tlog.policy import Policy
from poruch.tlog.receipts import VerifiedReceipt, verify_receipt

SLIP_SIZE = 8220
PLAIN_SIZE = 8192
NONCE_SIZE = 32
_SEAL_NONCE_SIZE = 12


class KeysOfCode(Protocol):
    """What `poruch.crypto.codes.CodeKeys` has, and `SlipKeys`."""

    @property
    def lookup_id(self) -> bytes: ...
    @property
    def slip_key(self) -> bytes: ...
    @property
    def blind_key(self) -> bytes: ...


@dataclass(frozen=True)
class SlipKeys:
    """The three keys, 32 bytes each, that a code holder's drop gave to the treasury; not his code."""

    lookup_id: bytes = field(repr=False)
    slip_key: bytes = field(repr=False)
    blind_key: bytes = field(repr=False)


@dataclass(frozen=True)
class Slip:
    """An opened slip, nothing in it verified. `entry` is the leaf, `nonce` what the blinding factor comes from."""

    nonce: bytes = field(repr=False)
    entry: bytes
    receipt: bytes = field(repr=False)


def seal_slip(keys: KeysOfCode, slip: Slip, random: Callable[[int], bytes]) -> bytes:
    """The 8220 bytes for the front; BadSlip if leaf and receipt are too long for them."""
    plain = slip.nonce + _counted(slip.entry) + _counted(slip.receipt)
    if len(slip.nonce) != NONCE_SIZE or len(plain) > PLAIN_SIZE:
        raise BadSlip("leaf and receipt do not fit into a slip")
    seal_nonce = random(_SEAL_NONCE_SIZE)
    sealed = ChaCha20Poly1305(keys.slip_key).encrypt(seal_nonce, plain.ljust(PLAIN_SIZE, b"\0"), _data(keys))
    return seal_nonce + sealed


def open_slip(keys: KeysOfCode, sealed: bytes) -> Slip:
    """Step 1 of section 7: length, decryption, inner lengths and zero filling; BadSlip otherwise."""
    if len(sealed) != SLIP_SIZE:
        raise BadSlip(f"{len(sealed)} bytes instead of {SLIP_SIZE}")
    seal_nonce, rest = sealed[:_SEAL_NONCE_SIZE], sealed[_SEAL_NONCE_SIZE:]
    try:
        plain = ChaCha20Poly1305(keys.slip_key).decrypt(seal_nonce, rest, _data(keys))
    except InvalidTag:
        raise BadSlip("not sealed for this code, or changed") from None
    entry, position = _take(plain, NONCE_SIZE)
    receipt, position = _take(plain, position)
    if any(plain[position:]):
        raise BadSlip("the filling is not zero")
    return Slip(plain[:NONCE_SIZE], entry, receipt)


@dataclass(frozen=True)
class CheckedSlip:
    """A slip that shows the holder an amount made for his code."""

    slip: Slip
    receipt: VerifiedReceipt


def verify_slip(keys: KeysOfCode, sealed: bytes, policy: Policy, at: At = unheard) -> CheckedSlip:
    """Steps 1 to 3 of section 7. Raises the error of the first that fails."""
    at(1)  # (1) It opens, and is filled as it must be.
    slip = open_slip(keys, sealed)
    at(2)  # (2) Section 6.
    receipt = verify_receipt(slip.receipt, slip.entry, policy)
    at(3)  # (3) The blinding factor is the one made from his own key: nobody else can hold this entry too.
    expected = blind_for(keys.blind_key, slip.nonce)
    if not hmac.compare_digest(group.encode_scalar(expected), group.encode_scalar(receipt.blind)):
        raise NotMyBlind
    return CheckedSlip(slip, receipt)


def verify_all_different(slips: Iterable[CheckedSlip]) -> None:
    """Step 4 of section 7: no two slips of one holder show one entry; SecondSlip otherwise."""
    shown: set[tuple[int, int]] = set()
    for one in slips:
        entry = one.receipt.index, one.receipt.position
        if entry in shown:
            raise SecondSlip(f"leaf {entry[0]}, position {entry[1]}")
        shown.add(entry)


def _data(keys: KeysOfCode) -> bytes:
    return b"poruch/slip/v1" + keys.lookup_id


def _counted(data: bytes) -> bytes:
    if len(data) > PLAIN_SIZE:
        raise BadSlip("leaf and receipt do not fit into a slip")
    return len(data).to_bytes(2, "big") + data


def _take(plain: bytes, position: int) -> tuple[bytes, int]:
    start = position + 2
    end = start + int.from_bytes(plain[position:start], "big")
    if end > len(plain):
        raise BadSlip("a length inside goes beyond the end")
    return plain[start:end], end
