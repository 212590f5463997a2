"""Publishing: what an officer signs, what the front answers, and that the front shows nothing too early."""

import os

import pytest
from log_fund import KEYS, ORIGIN, POLICY, WITNESS_KEY, WITNESS_NAME, WITNESSED, epoch_entries, notice

from poruch.errors import BadPublication, Forked, MissingBalance, PublicationRefused, StoreBroken, WrongRoot, WrongSize
from poruch.tlog.checkpoints import Head, add_cosignatures, cosign, sign_head, verify_checkpoint
from poruch.tlog.notes import NoteSignature
from poruch.tlog.policy import Policy
from poruch.tlog.publish import (
    Draft,
    LogState,
    Published,
    build_publication,
    decode_state,
    draft_publication,
    empty_state,
    parse_publication,
    publish,
    show_checkpoint,
    sign_draft,
)
from poruch.tlog.tree import Tree

EPOCH_1, CLOSING_1 = epoch_entries(1, 1000, (100, 200, 300, 400, 500))
EPOCH_2, _ = epoch_entries(2, CLOSING_1, (), (50, 60, 70, 80, 90))


def signatures(draft: Draft, officers: tuple[int, ...] = (0, 1, 2)) -> list[NoteSignature]:
    return [sign_head(draft.head, KEYS[number]) for number in officers]


def body_of(state: LogState, entries: list[bytes], officers: tuple[int, ...] = (0, 1, 2)) -> bytes:
    draft = draft_publication(state, entries, os.urandom)
    return build_publication(draft, signatures(draft, officers))


def published(state: LogState, entries: list[bytes], policy: Policy = POLICY) -> Published:
    return publish(state, body_of(state, entries), policy, os.urandom)


def refusal(state: LogState, body: bytes) -> tuple[int, str]:
    before = state.encode()
    with pytest.raises(PublicationRefused) as caught:
        publish(state, body, POLICY, os.urandom)
    assert state.encode() == before
    return caught.value.status, caught.value.text


FIRST = published(empty_state(ORIGIN), EPOCH_1)


def test_two_epochs() -> None:
    assert FIRST.shown
    second = published(FIRST.state, EPOCH_2)
    assert second.state.size == len(EPOCH_1) + len(EPOCH_2)
    assert second.state.edge.root == Tree.of(EPOCH_1 + EPOCH_2).root()
    assert second.files[-1] == ("checkpoint", second.state.checkpoint)
    verify_checkpoint(second.state.checkpoint, POLICY)


def test_the_state_survives_the_store() -> None:
    stored = decode_state(FIRST.state.encode())
    assert stored.encode() == FIRST.state.encode()
    assert published(stored, EPOCH_2).state.edge.root == Tree.of(EPOCH_1 + EPOCH_2).root()
    for data in (b"", FIRST.state.encode()[:-1], b"\x93\xc4\x00\xc4\x00\xc4\x00"):
        with pytest.raises(StoreBroken):
            decode_state(data)


def test_witnesses_come_after() -> None:
    """Until the witness has cosigned, the front shows the checkpoint before."""
    taken = published(empty_state(ORIGIN), EPOCH_1, WITNESSED)
    assert not taken.shown
    assert "checkpoint" not in dict(taken.files)
    assert show_checkpoint(taken.signed, WITNESSED) == ()
    line = cosign(taken.signed.head, WITNESS_NAME, WITNESS_KEY, 1_800_000_000).line
    ((path, source),) = show_checkpoint(add_cosignatures(taken.signed, line.encode(), WITNESSED), WITNESSED)
    assert path == "checkpoint"
    verify_checkpoint(source, WITNESSED)


def test_what_strangers_wrote_under_it_is_not_shown() -> None:
    draft = draft_publication(empty_state(ORIGIN), EPOCH_1, os.urandom)
    graffiti = NoteSignature("long.live/the.tsar", b"1234", bytes(64))
    taken = publish(empty_state(ORIGIN), build_publication(draft, [graffiti, *signatures(draft)]), POLICY, os.urandom)
    assert b"tsar" not in dict(taken.files)["checkpoint"]
    assert b"tsar" not in taken.state.checkpoint


def test_nothing_new_takes_nothing_away() -> None:
    """Anybody can send the shown checkpoint again without its cosignatures. The one kept stays."""
    again = published(FIRST.state, [])
    assert again.files == ()
    assert again.state is FIRST.state


def test_the_same_again() -> None:
    body = body_of(empty_state(ORIGIN), EPOCH_1)
    assert refusal(FIRST.state, body) == (409, f"{len(EPOCH_1)}\n")


BODY_2 = body_of(FIRST.state, EPOCH_2)
_HEAD_END = 4 + int.from_bytes(BODY_2[:4], "big")
HEAD_2, BUNDLE_2 = BODY_2[4:_HEAD_END], BODY_2[_HEAD_END:]


def framed(head: bytes, bundle: bytes = BUNDLE_2) -> bytes:
    return len(head).to_bytes(4, "big") + head + bundle


def test_framing_of_the_next_test() -> None:
    assert framed(HEAD_2) == BODY_2
    assert parse_publication(BODY_2).entries == tuple(EPOCH_2)
    assert HEAD_2.startswith(b"old 5\n")
    assert f"\n\n{ORIGIN}\n10\n".encode() in HEAD_2


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\0\0\0",
        b"\0\0\0\0",
        b"\xff\xff\xff\xff",
        BODY_2[:200],
        BODY_2[:-1],
        BODY_2 + b"\0",
        BODY_2 + b"\0\0" * (8 * 1024 * 1024),
        framed(HEAD_2.replace(b"old 5", b"old 05")),
        framed(HEAD_2.replace(b"old 5", b"new 5")),
        framed(HEAD_2.replace(b"old 5", b"old 11")),
        framed(HEAD_2.replace(b"old 5\n", b"old 5 ")),
        framed(HEAD_2.replace(b"old 5\n", b"old 5\r\n")),
        framed(HEAD_2.replace(b"old 5\n", b"old 5\nAAAA\n")),
        framed(HEAD_2.replace(b"=\n\n", b"=\n")),
        framed(HEAD_2.replace(b"\n10\n", b"\n010\n")),
        framed(b"\xff" + HEAD_2),
        framed(HEAD_2 + b"x"),
    ],
)
def test_malformed(body: bytes) -> None:
    with pytest.raises(BadPublication):
        parse_publication(body)
    assert refusal(FIRST.state, body) == (400, "bad-request")


@pytest.mark.parametrize(("lines", "answer"), [(63, (422, "inconsistent")), (64, (400, "bad-request"))])
def test_limit_of_proof_lines(lines: int, answer: tuple[int, str]) -> None:
    path, _, checkpoint = HEAD_2.partition(b"\n\n")
    first, one, *_ = path.split(b"\n")
    head = first + b"\n" + (one + b"\n") * lines + b"\n" + checkpoint
    assert refusal(FIRST.state, framed(head)) == answer


def test_who_did_not_sign() -> None:
    assert refusal(FIRST.state, body_of(FIRST.state, EPOCH_2, (0, 1))) == (403, "too-few-officers")
    assert refusal(FIRST.state, body_of(FIRST.state, EPOCH_2, (0, 1, 1))) == (403, "duplicate-signature")


def test_k_officers_cannot_publish_wrong_books() -> None:
    """Signed by enough officers, refused all the same: the front checks the books itself."""
    state = FIRST.state
    half = EPOCH_2[:-1]
    with pytest.raises(MissingBalance):
        draft_publication(state, half, os.urandom)
    edge, _ = state.edge.grown(half)
    head = Head(ORIGIN, edge.size, edge.root)
    path = Tree.of(EPOCH_1 + half).consistency(len(EPOCH_1))
    forced = Draft(state.size, path, head, tuple(half), LogState(state.books, edge))
    assert refusal(state, build_publication(forced, signatures(forced))) == (422, "missing-balance")


def test_an_officer_signs_only_what_continues_what_he_signed() -> None:
    draft = draft_publication(FIRST.state, EPOCH_2, os.urandom)
    log = Tree.of(EPOCH_1 + EPOCH_2)
    first, key = FIRST.signed.head, KEYS[0]
    assert sign_draft(draft, key, log, None) == sign_draft(draft, key, log, first) == sign_head(draft.head, key)
    assert sign_draft(draft, key, log, draft.head) == sign_head(draft.head, key)
    with pytest.raises(WrongSize):
        sign_draft(draft, key, Tree.of(EPOCH_1), first)
    with pytest.raises(WrongRoot):
        sign_draft(draft, key, Tree.of(EPOCH_2 + EPOCH_1), first)
    with pytest.raises(Forked):
        sign_draft(draft, key, log, Head(ORIGIN, 3, bytes(32)))
    other = Tree.of([*EPOCH_1, notice(1), *EPOCH_2])
    with pytest.raises(Forked):
        sign_draft(draft, key, log, Head(ORIGIN, len(other), other.root()))
    longer = Tree.of([*EPOCH_1, *EPOCH_2, notice(2)])
    with pytest.raises(WrongSize):
        sign_draft(draft, key, longer, Head(ORIGIN, len(longer), longer.root()))
