"""What a desk gives for a new front: all that the journal holds and nothing that was erased; which tags, by attempt."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import pytest

from ledger.books import DAY, Books, item
from poruch.desk import casework, treasury
from poruch.desk.program import Desk
from poruch.desk.rebuilding import pieces_of
from poruch.errors import CannotRebuild
from poruch.events.kinds import BatchApproved, InstalmentReturned
from poruch.events.resolutions import ErasureProposed, Resolved
from poruch.journal.rebuild import (
    AnyPiece,
    Beginning,
    BodyPiece,
    DropPiece,
    Ending,
    SegmentPiece,
    read_pieces,
    write_piece,
)
from poruch.journal.segments import GENESIS, Segment, sign_segment
from story.village import Village, found_village


def bodies_in(pieces: list[AnyPiece]) -> set[bytes]:
    return {piece.body for piece in pieces if isinstance(piece, BodyPiece | DropPiece)}


@pytest.fixture(scope="module")
def village(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Village]:
    """A village where two people asked and were answered."""
    made = found_village(tmp_path_factory.mktemp("village"))
    for name in ("Alena", "Bahdan"):
        made.apply(name, f"the story of {name}", "LT121000011101001000")
    made.sync()
    yield made
    made.close()


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5])
def test_every_desk_gives_all(village: Village, number: int) -> None:
    pieces = list(pieces_of(village.desks[number]))
    assert isinstance(pieces[0], Beginning)
    assert pieces[0].fund == village.front.fund
    assert pieces[-1] == Ending(len(pieces) - 2, 0, 0, 0)
    segments = {piece.raw for piece in pieces if isinstance(piece, SegmentPiece)}
    assert segments == {signed.raw for signed in village.front.segments}
    drops = {(piece.drop, piece.kind, piece.body) for piece in pieces if isinstance(piece, DropPiece)}
    assert drops == {(drop.drop, drop.kind, drop.body) for drop in village.front.drops}
    letters = {reply.body for replies in village.front.public.replies.values() for reply in replies}
    assert len(letters) == 4
    assert letters <= {hashlib.sha256(body).digest() for body in bodies_in(pieces)}


def test_mailboxes_are_those_of_the_codes(village: Village) -> None:
    drops = [piece for piece in pieces_of(village.desks[5]) if isinstance(piece, DropPiece)]
    asked = [piece for piece in drops if piece.kind == "submission"]
    assert {piece.mailbox for piece in drops} == {piece.mailbox for piece in asked}
    assert all(len(piece.mailbox) == len(piece.verify_key) == 32 for piece in asked)
    assert {piece.verify_key for piece in drops if piece.kind != "submission"} == {b""}


def test_what_is_missing_is_counted(village: Village) -> None:
    desk = village.desks[2]
    [letter, *_] = [reply.body for replies in desk.public.replies.values() for reply in replies]
    kept, desk.bodies = desk.bodies, desk.bodies - {letter}
    assert list(pieces_of(desk))[-1].letters_missing == 1  # type: ignore[union-attr]
    desk.bodies = kept


def test_nothing_erased_is_given(tmp_path: Path) -> None:
    village = found_village(tmp_path)
    applicant = village.apply("Alena", "a story to be forgotten")
    village.sync()
    gone = next(event.body for event in village.desks[1].cases.drops.values() if event.drop == applicant.drop)
    letter = next(iter(village.front.public.replies.values()))[0].body
    first, *others = village.desks.values()
    first.act([ErasureProposed((gone, letter), os.urandom(16))])
    village.sync()
    resolution = next(reversed(first.public.resolutions.all))
    for desk in others[:2]:
        desk.act([Resolved(resolution)])
    village.sync()
    for desk in village.desks.values():
        pieces = list(pieces_of(desk))
        assert {hashlib.sha256(body).digest() for body in bodies_in(pieces)} & {gone, letter} == set()
        assert pieces[-1] == Ending(len(pieces) - 2, 0, 0, 0)
    village.close()


def test_a_second_segment_is_given_as_proof(tmp_path: Path) -> None:
    village = found_village(tmp_path)
    rogue = village.desks[4]
    head = rogue.chains.heads[(4, 0)].segment
    place = (rogue.fund, 4, 0, head.seq, head.prev if head.seq else GENESIS, head.clock, head.day)
    second = sign_segment(Segment(*place, ()), rogue.key.signing)
    village.desks[1].take([second], pushed=True)
    village.sync()
    for number in (1, 2, 5):
        pieces = [piece for piece in pieces_of(village.desks[number]) if isinstance(piece, SegmentPiece)]
        assert [piece.raw for piece in pieces if piece.proof] == [second.raw]
    village.close()


def test_a_desk_without_the_founding_makes_no_front(village: Village, tmp_path: Path) -> None:
    desk = Desk(tmp_path, village.desks[1].key, village.front.fund, None, village.clock)
    with pytest.raises(CannotRebuild):
        list(pieces_of(desk))
    desk.close()


# ---- tags -------------------------------------------------------------------------------------


@dataclass
class Told:
    """What `taken_tags` asks of a desk."""

    books: Books

    def tags(self) -> dict[str, set[int]]:
        """For each instalment `grant/index` the attempts whose tags are taken."""
        self.books.members.tag_key = bytes(32)
        desk = SimpleNamespace(ledger=self.books.ledger, members=self.books.members)
        taken = {tag for tag, _ in treasury.taken_tags(desk)}  # type: ignore[arg-type]
        return {
            grant: {n for n in range(4) if treasury.instalment_tag(desk, grant, 0, n) in taken}  # type: ignore[arg-type]
            for grant in ("g1", "g2")
        }


def two_of_three() -> Books:
    """Books of a fund in which two of treasury stand behind a payment."""
    books = Books()
    books.members.threshold, books.members.quorum = 2, (3, 4, 5)
    return books


def test_tags_of_each_attempt() -> None:
    books = two_of_three()
    told = Told(books)
    first = books.propose("one", [item("g1", end_to_end="a1"), item("g2", end_to_end="b1")])
    assert first is not None
    assert told.tags() == {"g1": set(), "g2": set()}  # proposed by one: nobody can have exported it
    books.export(first, left_out=("b1",))
    assert told.tags() == {"g1": {0}, "g2": set()}  # what was left out is free
    books.pay("a1", 60000)
    books.tell(5, InstalmentReturned("a1", os.urandom(32), DAY, "AC04"))
    assert told.tags() == {"g1": {0}, "g2": set()}
    again = books.propose("two", [item("g1", end_to_end="a2"), item("g2", end_to_end="b2")])
    assert again is not None
    books.export(again)
    assert told.tags() == {"g1": {0, 1}, "g2": {1}}


def test_tags_of_a_batch_that_may_have_been_exported_are_taken() -> None:
    """k stand behind it: its exporter may have written the file and been taken together with the front."""
    books = two_of_three()
    batch = books.propose("one", [item("g1", end_to_end="a1")])
    assert batch is not None
    assert Told(books).tags()["g1"] == set()
    books.tell(3, BatchApproved("one", batch.proposal_id))
    assert batch.exported is None
    assert Told(books).tags()["g1"] == {0}


# ---- the stream -------------------------------------------------------------------------------


def test_a_stream_that_is_cut_anywhere_is_refused(village: Village) -> None:
    whole = BytesIO()
    for piece in list(pieces_of(village.desks[1]))[:3]:
        write_piece(whole, piece)
    raw = whole.getvalue()
    assert len(list(read_pieces(BytesIO(raw)))) == 3
    for cut in (1, 3, 4, 5, len(raw) - 1):
        with pytest.raises(CannotRebuild):
            list(read_pieces(BytesIO(raw[:cut])))


@pytest.mark.parametrize("raw", [b"\xff\xff\xff\xff", b"\x00\x00\x00\x02\xc0\xc0", b"\x00\x00\x00\x00"])
def test_rubbish_is_refused(raw: bytes) -> None:
    with pytest.raises(CannotRebuild):
        list(read_pieces(BytesIO(raw)))


def test_letters_of_casework_are_given(tmp_path: Path) -> None:
    """The body of a letter lies on the writer's desk first; each other desk fetches it, for it may have to show it."""
    village = found_village(tmp_path)
    village.apply("Alena", "a story")
    village.sync()
    writer = village.desks[1]
    [case] = writer.cases.cases.values()
    casework.write_message(writer, case, "We have read it.")
    village.sync()
    counts = {n: sum(isinstance(p, BodyPiece) for p in pieces_of(desk)) for n, desk in village.desks.items()}
    assert set(counts.values()) == {2}
    village.close()
