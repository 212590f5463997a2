"""Receipts: one amount of one person is in the log (docs/spec/log.md section 6; c2sp.org/tlog-proof)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated

import msgspec

from poruch.crypto import commitments, group
from poruch.errors import BadReceipt, BadScalar
from poruch.tlog.checkpoints import At, SignedHead, unheard, verify_checkpoint
from poruch.tlog.encoding import decode64, decode_decimal, encode64
from poruch.tlog.leaves import Amounts, parse_leaf
from poruch.tlog.notes import LARGEST_NOTE
from poruch.tlog.policy import Policy
from poruch.tlog.tree import HASH_SIZE, LONGEST_PATH, Path, leaf_hash, verify_inclusion

FIRST_LINE = "c2sp.org/tlog-proof@v1"
LARGEST_EXTRA = 512
# The longest checkpoint, the longest path, and what stands before it.
LARGEST_RECEIPT = LARGEST_NOTE + 4096


class _Extra(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="receipt", tag="poruch/receipt/v1"):
    position: Annotated[int, msgspec.Meta(ge=0, le=7)]
    amount_minor: Annotated[int, msgspec.Meta(ge=1, le=2**32 - 1)]
    blind: bytes


_DECODER = msgspec.json.Decoder(_Extra)
_ENCODER = msgspec.json.Encoder()


@dataclass(frozen=True)
class Receipt:
    """A tlog-proof taken apart; nothing is verified yet. `extra` and `checkpoint` are bytes as they came."""

    extra: bytes = field(repr=False)
    index: int
    path: Path
    checkpoint: bytes


@dataclass(frozen=True)
class VerifiedReceipt:
    """The amount at `position` of leaf `index` is `amount_minor`, in a log signed as the policy demands."""

    index: int
    position: int
    amount_minor: int = field(repr=False)
    blind: int = field(repr=False)
    leaf: Amounts
    signed: SignedHead


def make_receipt(index: int, path: Path, checkpoint: bytes, position: int, amount_minor: int, blind: int) -> bytes:
    """The receipt for the commitment at `position` of leaf `index`; `path` leads to the root of `checkpoint`."""
    extra = _ENCODER.encode(_Extra(position, amount_minor, group.encode_scalar(blind)))
    _parse_extra(extra)
    lines = [FIRST_LINE, f"extra {encode64(extra)}", f"index {index}", *(encode64(value) for value in path)]
    return "".join(f"{line}\n" for line in lines).encode() + b"\n" + checkpoint


def verify_receipt(source: bytes, entry: bytes, policy: Policy, at: At = unheard) -> VerifiedReceipt:
    """The six steps of section 6 for a receipt and the bytes of its leaf. Raises the error of the first that fails."""
    at(1)  # (1) The form of a tlog-proof with an extra line.
    receipt = parse_receipt(source)
    at(2)  # (2) The checkpoint verifies.
    signed = verify_checkpoint(receipt.checkpoint, policy)
    at(3)  # (3) The path leads from the leaf to the root.
    verify_inclusion(leaf_hash(entry), receipt.index, signed.head.size, receipt.path, signed.head.root)
    at(4)  # (4) The leaf parses and holds amounts.
    leaf = parse_leaf(entry)
    if not isinstance(leaf, Amounts):
        raise BadReceipt("the leaf holds no amounts")
    at(5)  # (5) The extra data parses.
    extra, blind = _parse_extra(receipt.extra)
    at(6)  # (6) Amount and blinding factor open the commitment.
    commitments.check_opening(leaf.commitments[extra.position], extra.amount_minor, blind)
    return VerifiedReceipt(receipt.index, extra.position, extra.amount_minor, blind, leaf, signed)


def parse_receipt(source: bytes) -> Receipt:
    """Step 1 of section 6; BadReceipt otherwise. Says which leaf is needed (`index`)."""
    if len(source) > LARGEST_RECEIPT:
        raise BadReceipt("too long")
    head, empty_line, checkpoint = source.partition(b"\n\n")
    if not empty_line:
        raise BadReceipt("no empty line before the checkpoint")
    try:
        lines = iter(head.decode().split("\n"))
        if next(lines) != FIRST_LINE:
            raise BadReceipt("not a tlog-proof")
        extra = decode64(_word_after("extra", lines))
        index = decode_decimal(_word_after("index", lines))
        path = tuple(decode64(line, HASH_SIZE) for line in lines)
    except ValueError as error:
        raise BadReceipt(str(error)) from None
    if len(path) > LONGEST_PATH:
        raise BadReceipt("a path of more than 63 hashes")
    return Receipt(extra, index, path, checkpoint)


def _word_after(keyword: str, lines: Iterator[str]) -> str:
    found, space, word = next(lines, "").partition(" ")
    if found != keyword or not space:
        raise ValueError(f"no {keyword} line where it belongs")
    return word


def _parse_extra(data: bytes) -> tuple[_Extra, int]:
    """Extra data and its blinding factor, under the rules of leaves; BadReceipt otherwise."""
    if len(data) > LARGEST_EXTRA:
        raise BadReceipt("the extra data is longer than 512 bytes")
    try:
        extra = _DECODER.decode(data)
        blind = group.scalar(extra.blind, zero=False)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError, BadScalar):
        raise BadReceipt("the extra data is not written as it must be") from None
    if _ENCODER.encode(extra) != data:
        raise BadReceipt("the extra data has another spelling")
    return extra, blind
