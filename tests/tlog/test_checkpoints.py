"""Checkpoints: the steps of section 2 in their order, cosignatures, forks."""

import pytest
from log_fund import KEYS, ORIGIN, POLICY, WITNESS_KEY, WITNESS_NAME, WITNESSED, signed
from log_vectors import LAST_CHECKPOINT
from log_vectors import POLICY as VECTOR_POLICY

from poruch.errors import (
    BadNote,
    BadSignature,
    DuplicateSignature,
    Forked,
    PoruchError,
    TooFewOfficers,
    TooFewWitnesses,
    WrongOrigin,
)
from poruch.tlog.checkpoints import (
    Cosignature,
    Head,
    add_cosignatures,
    cosign,
    parse_checkpoint,
    sign_head,
    verify_checkpoint,
    verify_extends,
    verify_for_publishing,
    write_checkpoint,
)
from poruch.tlog.notes import NoteSignature
from poruch.tlog.tree import EMPTY_ROOT, Tree

HEAD = Head(ORIGIN, 7, bytes(range(32)))
LINES = [sign_head(HEAD, key) for key in KEYS]
COSIGNED = cosign(HEAD, WITNESS_NAME, WITNESS_KEY, 1_800_000_000)
SPOILT = NoteSignature(LINES[0].name, LINES[0].key_id, bytes(64))


def test_any_three_officers() -> None:
    checkpoint = verify_checkpoint(signed(HEAD, (4, 0, 2)), POLICY)
    assert checkpoint.head == HEAD
    assert checkpoint.officers == (0, 2, 4)
    assert checkpoint.cosignatures == ()


def test_the_empty_log() -> None:
    head = Head(ORIGIN, 0, EMPTY_ROOT)
    assert verify_checkpoint(signed(head), POLICY).head == head


def test_witness() -> None:
    source = signed(HEAD, witness_time=1_800_000_000)
    assert verify_checkpoint(source, WITNESSED).cosignatures == (Cosignature("w", 1_800_000_000),)
    # Who does not know the witness ignores its line.
    assert verify_checkpoint(source, POLICY).note.encode() == signed(HEAD)
    with pytest.raises(TooFewWitnesses):
        verify_checkpoint(signed(HEAD), WITNESSED)
    assert verify_for_publishing(signed(HEAD), WITNESSED).cosignatures == ()


def test_adding_what_a_witness_answered() -> None:
    published = verify_for_publishing(signed(HEAD), WITNESSED)
    stranger = NoteSignature("stranger.test/w", b"1234", bytes(72))
    grown = add_cosignatures(published, (stranger.line + COSIGNED.line).encode(), WITNESSED)
    assert verify_checkpoint(grown.note.encode(), WITNESSED) == grown
    assert [line.name for line in grown.note.signatures] == [ORIGIN, ORIGIN, ORIGIN, WITNESS_NAME]
    with pytest.raises(DuplicateSignature):
        add_cosignatures(grown, COSIGNED.line.encode(), WITNESSED)
    other = cosign(Head(ORIGIN, 8, bytes(32)), WITNESS_NAME, WITNESS_KEY, 1_800_000_000)
    with pytest.raises(BadSignature):
        add_cosignatures(published, other.line.encode(), WITNESSED)
    for lines in (b"", b"\xff\n", b"\n" + COSIGNED.line.encode(), COSIGNED.line.encode()[:-1]):
        with pytest.raises(BadNote):
            add_cosignatures(published, lines, WITNESSED)


@pytest.mark.parametrize(
    ("error", "step", "source"),
    [
        (BadNote, 1, signed(HEAD) + b"x" * 65536),
        (BadNote, 1, signed(HEAD).replace(b"\n7\n", b"\n07\n")),
        (BadNote, 1, signed(HEAD).replace(b"\n7\n", b"\n-7\n")),
        (BadNote, 1, signed(HEAD).replace(b"\n7\n", "\n٧\n".encode())),
        (BadNote, 1, signed(HEAD).replace(b"\n7\n", b"\n" + b"9" * 5000 + b"\n")),
        (BadNote, 1, signed(HEAD).replace(b"\n7\n", f"\n{1 << 63}\n".encode())),
        (BadNote, 1, signed(HEAD).replace(b"AAECAw", b"AAECA")),
        (BadNote, 1, signed(HEAD).replace(ORIGIN.encode() + b"\n7", b"\n7")),
        (BadNote, 1, signed(HEAD).replace(b"\n7\n", b"\n7\n\n")),
        (BadNote, 1, signed(HEAD).replace(b"\n7\n", b"\n7\nmore\n")),
        (WrongOrigin, 2, signed(Head("other.test/log", 7, bytes(32)))),
        (DuplicateSignature, 4, write_checkpoint(HEAD, [LINES[0], SPOILT])),
        (BadSignature, 5, write_checkpoint(HEAD, [SPOILT, LINES[0]])),
        (BadSignature, 5, write_checkpoint(HEAD, [*LINES, NoteSignature(COSIGNED.name, COSIGNED.key_id, bytes(1))])),
        (BadSignature, 5, signed(HEAD, (0, 1, 2), witness_time=1 << 63)),
        (TooFewOfficers, 6, signed(HEAD, (3, 1))),
        (TooFewOfficers, 6, write_checkpoint(HEAD, [COSIGNED])),
        (TooFewWitnesses, 7, signed(HEAD)),
    ],
)
def test_first_step_that_fails(error: type[PoruchError], step: int, source: bytes) -> None:
    steps: list[int] = []
    with pytest.raises(error):
        verify_checkpoint(source, WITNESSED, steps.append)
    assert steps[-1] == step


def test_a_key_of_the_right_name_and_another_id_is_ignored() -> None:
    stranger = NoteSignature(ORIGIN, b"\0\0\0\0", bytes(64))
    source = write_checkpoint(HEAD, [*LINES[:3], stranger, stranger])
    assert stranger not in verify_checkpoint(source, POLICY).note.signatures


@pytest.mark.parametrize("place", range(0, len(LAST_CHECKPOINT), 7))
def test_every_byte_of_a_checkpoint_counts(place: int) -> None:
    """Changed anywhere, it is refused, or says the same with fewer lines."""
    changed = bytearray(LAST_CHECKPOINT)
    changed[place] ^= 1
    head = parse_checkpoint(LAST_CHECKPOINT).head
    try:
        found = verify_checkpoint(bytes(changed), VECTOR_POLICY)
    except PoruchError:
        return
    assert found.head == head
    assert len(found.note.signatures) < LAST_CHECKPOINT.count(b"\xe2\x80\x94")


def test_forks() -> None:
    one, two = Tree.of([b"a", b"b", b"c"]), Tree.of([b"a", b"b", b"d", b"e"])
    short, long = Head(ORIGIN, 2, one.root(2)), Head(ORIGIN, 4, two.root())
    verify_extends(short, long, two.consistency(2, 4))
    verify_extends(long, short, two.consistency(2, 4))
    verify_extends(short, short, ())
    verify_extends(Head(ORIGIN, 0, EMPTY_ROOT), long, ())
    for other in (Head(ORIGIN, 3, one.root()), Head(ORIGIN, 4, bytes(32)), Head(ORIGIN, 0, bytes(32))):
        with pytest.raises(Forked):
            verify_extends(other, long, two.consistency(3, 4) if other.size == 3 else ())
