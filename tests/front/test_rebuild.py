"""The writer of fronts believes nothing: a stream that is no whole front of one fund makes none, with one sentence."""

import os
import subprocess
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from front.books import Log
from front.fund import Fund, make_fund
from front.process import ROOT, today
from poruch.journal.rebuild import (
    AnyPiece,
    Beginning,
    BodyPiece,
    DropPiece,
    Ending,
    Failure,
    Piece,
    PublicationPiece,
    SegmentPiece,
    SlipPiece,
    TagPiece,
    write_piece,
)

PROGRAM = """
import sys
from pathlib import Path
from poruch.errors import PoruchError
from poruch.front.rebuild import rebuild
from poruch.front.server import real_day
from poruch.journal.rebuild import read_pieces
try:
    done = rebuild(Path(sys.argv[1]), read_pieces(sys.stdin.buffer), real_day)
    print("made", sorted(done.counts.items()))
except PoruchError as error:
    print(error)
"""
MAILBOX = b"m" * 32


@pytest.fixture(scope="module")
def fund() -> Fund:
    return make_fund()


def whole(fund: Fund) -> list[Piece]:
    """The pieces of a small front, in their order."""
    kinds = {"first-months": (60000,) * 5, "legal": (), "cost-bank": ()}
    body, _ = Log(fund).next_epoch((50000,) * 6, kinds)
    return [
        *(SegmentPiece(signed.raw) for signed in fund.segments),
        BodyPiece(b"a letter"),
        DropPiece("d" * 32, "submission", MAILBOX, b"k" * 32, today(), b"a drop"),
        TagPiece(b"t" * 32, "batch"),
        PublicationPiece(body, today()),
        SlipPiece(b"l" * 32, bytes(8220)),
    ]


def written(folder: Path, pieces: list[AnyPiece], cut: int = 0) -> str:
    """What the writer says of a stream."""
    stream = BytesIO()
    for piece in pieces:
        write_piece(stream, piece)
    raw = stream.getvalue()
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-P", "-c", PROGRAM, str(folder)]
    done = subprocess.run(
        command, input=raw[: len(raw) - cut], capture_output=True, env=environment, check=True, timeout=60
    )
    return done.stdout.decode().strip()


def stream(fund: Fund, pieces: list[Piece]) -> list[AnyPiece]:
    return [Beginning(fund.id, 7), *pieces, Ending(len(pieces), 0, 0, 0)]


def test_a_whole_stream_is_a_front(fund: Fund, tmp_path: Path) -> None:
    said = written(tmp_path / "new", stream(fund, whole(fund)))
    assert said.startswith("made [('BodyPiece', 1), ('DropPiece', 1), ('PublicationPiece', 1), ('SegmentPiece', ")
    assert (tmp_path / "new" / "log" / "checkpoint").read_bytes().startswith(b"fund.test/log\n")


def without_charter(pieces: list[Piece]) -> list[Piece]:
    return pieces[1:]


def with_another_fund(pieces: list[Piece]) -> list[Piece]:
    return [SegmentPiece(make_fund().segments[0].raw), *pieces[1:]]


def with_a_false_signature(pieces: list[Piece]) -> list[Piece]:
    first = pieces[0]
    assert isinstance(first, SegmentPiece)
    return [SegmentPiece(bytes(64) + first.raw[64:]), *pieces[1:]]


def with_rubbish(pieces: list[Piece]) -> list[Piece]:
    return [*pieces, SegmentPiece(b"rubbish" * 20)]


def with_a_false_publication(pieces: list[Piece]) -> list[Piece]:
    [at] = [at for at, piece in enumerate(pieces) if isinstance(piece, PublicationPiece)]
    body = pieces[at].body  # type: ignore[union-attr]
    return [*pieces[:at], PublicationPiece(body[:-1] + bytes([body[-1] ^ 1]), today()), *pieces[at + 1 :]]


def with_a_short_slip(pieces: list[Piece]) -> list[Piece]:
    return [*pieces[:-1], SlipPiece(b"l" * 32, b"short")]


def with_a_drop_of_no_kind(pieces: list[Piece]) -> list[Piece]:
    return [*pieces, DropPiece("e" * 32, "parcel", MAILBOX, b"", today(), b"a drop")]


def unfounded(pieces: list[Piece]) -> list[Piece]:
    return pieces[:1]


CHANGES = {
    "a chain without its beginning": (without_charter, "a segment: "),
    "a segment of another fund": (with_another_fund, "a segment: "),
    "a false signature": (with_a_false_signature, "a segment: "),
    "what is no segment": (with_rubbish, "a segment: bad-segment"),
    "a false publication": (with_a_false_publication, "a publication of the log: "),
    "a slip of another length": (with_a_short_slip, "the desk gave rubbish"),
    "a drop of no known kind": (with_a_drop_of_no_kind, "the desk gave rubbish"),
    "half a founding": (unfounded, "the founding is not whole"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_what_is_false_makes_no_front(
    fund: Fund, tmp_path: Path, change: tuple[Callable[[list[Piece]], list[Piece]], str]
) -> None:
    said = written(tmp_path / "new", stream(fund, change[0](whole(fund))))
    assert said.startswith(f"cannot-rebuild: {change[1]}"), said


def test_a_stream_without_its_end_makes_no_front(fund: Fund, tmp_path: Path) -> None:
    pieces = stream(fund, whole(fund))
    assert written(tmp_path / "cut", pieces, cut=3) == "cannot-rebuild: the desk stopped in the middle"
    assert written(tmp_path / "short", pieces[:-1]) == "cannot-rebuild: the desk stopped in the middle"
    assert written(tmp_path / "gap", [*pieces[:-3], *pieces[-2:]]) == "cannot-rebuild: pieces are missing"
    assert written(tmp_path / "none", []) == "cannot-rebuild: the desk gave no beginning"
    assert written(tmp_path / "late", pieces[1:]) == "cannot-rebuild: the desk gave no beginning"
    odd = [replace_fund(pieces[0]), *pieces[1:]]
    assert written(tmp_path / "odd", odd) == "cannot-rebuild: the desk gave no beginning"
    failed = [*pieces[:4], Failure("StoreBroken", ""), *pieces[4:]]
    assert written(tmp_path / "failed", failed) == "cannot-rebuild: the desk gave rubbish"


def replace_fund(piece: AnyPiece) -> AnyPiece:
    assert isinstance(piece, Beginning)
    return Beginning(b"short", piece.arrived)
