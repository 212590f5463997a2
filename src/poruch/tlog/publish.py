"""Publishing: what officers sign, what the front takes (docs/spec/log.md sections 2 and 3).

Pure functions from a kept `LogState` to a new one and the files to write. The front runs `publish` in one transaction.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import msgspec

from poruch.crypto.signatures import SigningKey
from poruch.errors import (
    BadNote,
    BadPublication,
    BadTile,
    Forked,
    NotConsistent,
    PoruchError,
    PublicationRefused,
    StoreBroken,
    TooFewWitnesses,
    WrongRoot,
    WrongSize,
)
from poruch.tlog.books import Books, decode_books, follow
from poruch.tlog.checkpoints import (
    Head,
    SignedHead,
    parse_checkpoint,
    sign_head,
    verify_checkpoint,
    verify_for_publishing,
    write_checkpoint,
)
from poruch.tlog.encoding import decode64, decode_decimal, encode64
from poruch.tlog.notes import NoteSignature
from poruch.tlog.policy import Policy
from poruch.tlog.tiles import Edge, File, decode_edge, encode_bundle, parse_bundle
from poruch.tlog.tree import HASH_SIZE, LONGEST_PATH, Path, Tree, consistency_path, verify_consistency

LARGEST_PUBLICATION = 16 * 1024 * 1024


@dataclass(frozen=True)
class LogState:
    """A verified log as its keeper remembers it. `checkpoint` is the last one taken, b"" before the first."""

    books: Books
    edge: Edge
    checkpoint: bytes = b""

    @property
    def size(self) -> int:
        return self.edge.size

    def encode(self) -> bytes:
        """For the keeper's own store; read again by `decode_state`."""
        return msgspec.msgpack.encode((self.books.encode(), self.edge.encode(), self.checkpoint))


def empty_state(origin: str) -> LogState:
    """A log without leaves."""
    return LogState(Books(origin), Edge())


def decode_state(data: bytes) -> LogState:
    """What `LogState.encode` wrote; StoreBroken if it is not that."""
    try:
        books, edge, checkpoint = msgspec.msgpack.decode(data, type=tuple[bytes, bytes, bytes])
        state = LogState(decode_books(books), decode_edge(edge), checkpoint)
    except (msgspec.DecodeError, BadTile):
        raise StoreBroken("the stored state of the log cannot be read") from None
    if state.books.size != state.edge.size:
        raise StoreBroken("the stored state of the log contradicts itself")
    return state


@dataclass(frozen=True)
class Draft:
    """New leaves, verified, and the head that officers are asked to sign. `path` proves it continues the old log."""

    old_size: int
    path: Path
    head: Head
    entries: tuple[bytes, ...]
    after: LogState


def draft_publication(state: LogState, entries: Sequence[bytes], random: Callable[[int], bytes]) -> Draft:
    """Verify section 5 for these leaves after `state`, or raise its error; build the next head."""
    books = follow(state.books, entries, random)
    edge, _ = state.edge.grown(entries)
    head = Head(state.books.origin, edge.size, edge.root)
    peaks = state.edge.peaks
    new_hashes = Tree.of(entries)
    hash_of = peaks.followed_by([new_hashes.hash_of(i, i + 1) for i in range(len(entries))])
    path = consistency_path(state.size, edge.size, hash_of)
    return Draft(state.size, path, head, tuple(entries), LogState(books, edge))


def sign_draft(draft: Draft, key: SigningKey, log: Tree, last_signed: Head | None) -> NoteSignature:
    """An officer's signature, given only as section 2 allows.

    `log` is the tree of all leaves his desk holds, the new ones included; `last_signed` is the last head he signed,
    which his desk keeps and replaces by this one before the signature leaves it. Raises WrongSize, WrongRoot, Forked.
    """
    head = draft.head
    if len(log) < head.size:
        raise WrongSize(f"the desk holds {len(log)} leaves of {head.size}")
    if log.root(head.size) != head.root:
        raise WrongRoot
    if last_signed is not None:
        if last_signed.size > len(log) or log.root(last_signed.size) != last_signed.root:
            raise Forked(f"the head of size {last_signed.size}, which you signed, is not in this log")
        if last_signed.size > head.size:
            raise WrongSize(f"you signed size {last_signed.size} already")
    return sign_head(head, key)


def build_publication(draft: Draft, signatures: Iterable[NoteSignature]) -> bytes:
    """The body of the POST."""
    lines = [f"old {draft.old_size}", *(encode64(value) for value in draft.path), ""]
    head = "".join(f"{line}\n" for line in lines).encode() + write_checkpoint(draft.head, signatures)
    return len(head).to_bytes(4, "big") + head + encode_bundle(draft.entries)


@dataclass(frozen=True)
class Publication:
    """A POST body taken apart; nothing is verified yet."""

    old_size: int
    path: Path
    checkpoint: bytes
    entries: tuple[bytes, ...]


def parse_publication(body: bytes) -> Publication:
    """At most 16 MiB with at most 63 proof lines and a checkpoint of the right form; BadPublication otherwise."""
    if len(body) > LARGEST_PUBLICATION:
        raise BadPublication("longer than 16 MiB")
    end = 4 + int.from_bytes(body[:4], "big")
    if len(body) < 4 or end > len(body):
        raise BadPublication("the head is cut")
    head, empty_line, checkpoint = body[4:end].partition(b"\n\n")
    if not empty_line:
        raise BadPublication("no empty line before the checkpoint")
    try:
        first, *lines = head.decode().split("\n")
        keyword, _, size = first.partition(" ")
        if keyword != "old" or len(lines) > LONGEST_PATH:
            raise ValueError("no old size, or too many proof lines")
        old_size = decode_decimal(size)
        path = tuple(decode64(line, HASH_SIZE) for line in lines)
        if old_size > parse_checkpoint(checkpoint).head.size:
            raise ValueError("the old size is larger than the new one")
        return Publication(old_size, path, checkpoint, parse_bundle(body[end:]))
    except (ValueError, BadNote, BadTile) as error:
        raise BadPublication(error.detail if isinstance(error, PoruchError) else str(error)) from None


@dataclass(frozen=True)
class Published:
    """What the front stores: the new state and the files, in an order in which none refers to a later one.

    `shown` tells whether the last file is the new `checkpoint`; otherwise witnesses must cosign before it is shown.
    """

    state: LogState
    signed: SignedHead
    files: tuple[File, ...]
    shown: bool


def publish(state: LogState, body: bytes, policy: Policy, random: Callable[[int], bytes]) -> Published:
    """The front's steps 1 to 8; the answer is 200 `published`, or that of the PublicationRefused it raises."""
    try:  # (1) Everything parses.
        publication = parse_publication(body)
    except BadPublication as error:
        raise PublicationRefused(400, "bad-request", error.detail) from error
    try:  # (2) The checkpoint verifies for officers.
        signed = verify_for_publishing(publication.checkpoint, policy)
    except PoruchError as error:
        raise PublicationRefused(403, error.name, error.detail) from error
    if publication.old_size != state.size:  # (3) Compare, and swap below.
        raise PublicationRefused(409, f"{state.size}\n", f"old size {publication.old_size}")
    try:
        after, files = _continue(state, publication, signed, random)
    except NotConsistent as error:
        raise PublicationRefused(422, "inconsistent", error.detail) from error
    except PoruchError as error:
        raise PublicationRefused(422, error.name, error.detail) from error
    # (8) Nothing new: keep the checkpoint that is there, whose cosignatures a repeated publication must not take away.
    if not publication.entries and state.checkpoint:
        return Published(state, signed, (), False)
    shown = show_checkpoint(signed, policy)
    return Published(after, signed, (*files, *shown), bool(shown))


def show_checkpoint(signed: SignedHead, policy: Policy) -> tuple[File, ...]:
    """The file `checkpoint` if witnesses and officers suffice, else nothing; lines of unknown keys are left out."""
    source = signed.note.encode()
    try:
        verify_checkpoint(source, policy)
    except TooFewWitnesses:
        return ()
    return (("checkpoint", source),)


def _continue(
    state: LogState, publication: Publication, signed: SignedHead, random: Callable[[int], bytes]
) -> tuple[LogState, tuple[File, ...]]:
    head = signed.head
    # (4) Old and new leaves make up the size.
    if publication.old_size + len(publication.entries) != head.size:
        raise WrongSize(f"{publication.old_size} and {len(publication.entries)} leaves, {head.size} signed")
    # (5) The new root continues our own.
    verify_consistency(state.size, state.edge.root, head.size, head.root, publication.path)
    # (6) The root is that of all leaves.
    edge, files = state.edge.grown(publication.entries)
    if edge.root != head.root:
        raise WrongRoot
    # (7) Section 5 holds for the new leaves.
    books = follow(state.books, publication.entries, random)
    return replace(state, books=books, edge=edge, checkpoint=signed.note.encode()), files
