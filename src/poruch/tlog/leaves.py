"""The four kinds of leaf: amounts, total, balance, notice (docs/spec/log.md section 4).

A leaf is a small JSON text with exactly one spelling: it is decoded, checked, encoded again and compared. All integers
of money are minor units of one currency (ISO 4217).
"""

from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Literal

import msgspec

from poruch.crypto import group
from poruch.errors import BadLeaf, BadPoint, BadScalar

LARGEST_LEAF = 4096
COMMITMENTS = 8
PROOF_SIZE = 800
_THREADS = 2
_ALONE = 128

# msgspec searches for a pattern: without \Z it would let a newline pass at the end.
_Name = Annotated[str, msgspec.Meta(pattern=r"\A[a-z0-9][a-z0-9-]{0,31}\Z")]
_Currency = Annotated[str, msgspec.Meta(pattern=r"\A[A-Z]{3}\Z")]
_Digest = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]
_Count = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]
_Epoch = Annotated[int, msgspec.Meta(ge=1, le=2**53 - 1)]
_Eight = Annotated[tuple[bytes, ...], msgspec.Meta(min_length=COMMITMENTS, max_length=COMMITMENTS)]
Side = Literal["in", "out"]

GroupKey = tuple[Side, str, str]
"""Side, account, currency: with the epoch, the name of a group."""


class _Leaf(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="leaf"):
    """The order of the fields is the order of the keys."""


class Amounts(_Leaf, frozen=True, tag="poruch/amounts/v1"):
    """Eight hidden amounts (32-byte commitments) of one group, and their range proof (800 bytes)."""

    epoch: _Epoch
    side: Side
    account: _Name
    currency: _Currency
    commitments: _Eight
    proof: bytes

    @property
    def group(self) -> GroupKey:
        return self.side, self.account, self.currency


class Total(_Leaf, frozen=True, tag="poruch/total/v1"):
    """The opened sum of all amounts of one group; `blind` is a scalar of 32 bytes."""

    epoch: _Epoch
    side: Side
    account: _Name
    currency: _Currency
    total_minor: _Count
    blind: bytes

    @property
    def group(self) -> GroupKey:
        return self.side, self.account, self.currency


class Balance(_Leaf, frozen=True, tag="poruch/balance/v1"):
    """What one currency began and ended an epoch with."""

    epoch: _Epoch
    currency: _Currency
    opening_minor: _Count
    in_minor: _Count
    out_minor: _Count
    closing_minor: _Count


class Notice(_Leaf, frozen=True, tag="poruch/notice/v1"):
    """The SHA-256 of a text published elsewhere: an auditor's report, a new policy, a correction."""

    epoch: _Epoch
    kind: _Name
    sha256: _Digest


Leaf = Amounts | Total | Balance | Notice

_DECODER: msgspec.json.Decoder[Leaf] = msgspec.json.Decoder(Leaf)
_ENCODER = msgspec.json.Encoder()


def encode_leaf(leaf: Leaf) -> bytes:
    """The one spelling of this leaf, which `parse_leaf` has accepted; BadLeaf if it would not."""
    entry = _ENCODER.encode(leaf)
    parse_leaf(entry)
    return entry


def parse_leaf(entry: bytes) -> Leaf:
    """A leaf from at most 4096 bytes; BadLeaf for every fault, points and scalars outside the group included."""
    if len(entry) > LARGEST_LEAF:
        raise BadLeaf("longer than 4096 bytes")
    # No field admits anything but ASCII, so nothing else can pass; UTF-8 needs no other check.
    if not entry.isascii():
        raise BadLeaf("not ASCII")
    try:
        leaf = _DECODER.decode(entry)
    except (msgspec.MsgspecError, RecursionError):
        raise BadLeaf("not a leaf with the right keys and values") from None
    # Duplicate keys, another order, spaces, escapes, fractions, base64 with loose bits: all differ here.
    if _ENCODER.encode(leaf) != entry:
        raise BadLeaf("not the one spelling of this leaf")
    _check_group_elements(leaf)
    return leaf


def parse_leaves(entries: Sequence[bytes]) -> Generator[Leaf | BadLeaf, None, None]:
    """Every entry as its leaf, or as the error that it is; in order. What nobody asks for is not parsed.

    Nearly all the time goes into libsodium's checks of points, which leave the interpreter free for a second thread.
    """
    if len(entries) <= _ALONE:
        yield from map(_parsed, entries)
        return
    chunks = [entries[start : start + _ALONE] for start in range(0, len(entries), _ALONE)]
    pool = ThreadPoolExecutor(_THREADS)
    try:
        for leaves in pool.map(_parsed_chunk, chunks):
            yield from leaves
    finally:
        pool.shutdown(cancel_futures=True)


def _parsed_chunk(entries: Sequence[bytes]) -> list[Leaf | BadLeaf]:
    return [_parsed(entry) for entry in entries]


def _parsed(entry: bytes) -> Leaf | BadLeaf:
    try:
        return parse_leaf(entry)
    except BadLeaf as error:
        return error


def _check_group_elements(leaf: Leaf) -> None:
    if isinstance(leaf, Amounts):
        if len(leaf.proof) != PROOF_SIZE:
            raise BadLeaf("the proof has not 800 bytes")
        for commitment in leaf.commitments:
            try:
                group.check_point(commitment)
            except BadPoint:
                raise BadLeaf("a commitment is no point of the group") from None
    elif isinstance(leaf, Total):
        try:
            group.scalar(leaf.blind, zero=False)
        except BadScalar:
            raise BadLeaf("the blinding factor is no scalar above zero") from None


def proof_context(origin: str, leaf_epoch: int, key: GroupKey) -> bytes:
    """What a range proof is made for: this log, epoch and group."""
    side, account, currency = key
    return f"poruch/amounts/v1\n{origin}\n{leaf_epoch}\n{side}\n{account}\n{currency}\n".encode()
