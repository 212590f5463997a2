"""What a front is made of, in pieces: a desk gives them (poruch.desk.rebuilding), a new front takes (front.rebuild).

Every piece is what a front has on its disk anyway: ciphertext and public facts. The one who gives holds an officer's
keys and the one who takes must not, so they are two processes, and the pieces go through a pipe.

A stream: `Beginning` first, then pieces in the order in which the unions below name them, then `Ending` with how many
there were. A stream without its ending is no front.
"""

import struct
from collections.abc import Iterator
from datetime import date
from typing import BinaryIO

from poruch.errors import BadEvent, CannotRebuild
from poruch.events.codec import LIMIT_BYTES, Schema, decode, encode

_LENGTH = struct.Struct(">I")


class Beginning(Schema, frozen=True, tag="beginning.v1"):
    """The fund's id of 32 bytes, and up to which number of arrival this desk had collected drops."""

    fund: bytes
    arrived: int


class SegmentPiece(Schema, frozen=True, tag="segment.v1"):
    """A segment as received; `proof`: the second one at a place, which convicts its author."""

    raw: bytes
    proof: bool = False


class BodyPiece(Schema, frozen=True, tag="body.v1"):
    """A sealed body that is not that of a drop."""

    body: bytes


class DropPiece(Schema, frozen=True, tag="drop.v1"):
    """An admitted drop. `mailbox` and `verify_key` have 32 bytes, or none where there is no mailbox."""

    drop: str
    kind: str
    mailbox: bytes
    verify_key: bytes
    day: date
    body: bytes


class TagPiece(Schema, frozen=True, tag="tag.v1"):
    """A blinded instalment (32 bytes) that a batch has taken."""

    tag: bytes
    batch: str


class PublicationPiece(Schema, frozen=True, tag="publication.v1"):
    """One publication of the public log as the old front took it (docs/spec/log.md section 3), and the day."""

    body: bytes
    day: date


class SlipPiece(Schema, frozen=True, tag="slip.v1"):
    """A sealed slip under its lookup id of 32 bytes."""

    lookup: bytes
    slip: bytes


class Ending(Schema, frozen=True, tag="ending.v1"):
    """All was given: so many pieces, and so many drops, letters and slips that this desk does not hold."""

    pieces: int
    drops_missing: int
    letters_missing: int
    slips_missing: int


class Failure(Schema, frozen=True, tag="failure.v1"):
    """The desk could not be read: the name of the error (poruch.errors) and its detail."""

    error: str
    detail: str


Piece = SegmentPiece | BodyPiece | DropPiece | TagPiece | PublicationPiece | SlipPiece
AnyPiece = Beginning | Piece | Ending | Failure


def write_piece(pipe: BinaryIO, piece: AnyPiece) -> None:
    """Send one piece."""
    raw = encode(piece)
    pipe.write(_LENGTH.pack(len(raw)) + raw)


def read_pieces(pipe: BinaryIO) -> Iterator[AnyPiece]:
    """All pieces, up to and with the last. Raises `CannotRebuild` where the stream is cut or is no stream."""
    while head := pipe.read(_LENGTH.size):
        length = _LENGTH.unpack(head)[0] if len(head) == _LENGTH.size else LIMIT_BYTES + 1
        if length > LIMIT_BYTES:
            raise CannotRebuild("the desk gave rubbish")
        raw = pipe.read(length)
        if len(raw) != length:
            raise CannotRebuild("the desk stopped in the middle")
        try:
            yield decode(raw, AnyPiece)  # type: ignore[arg-type]
        except BadEvent:
            raise CannotRebuild("the desk gave rubbish") from None
