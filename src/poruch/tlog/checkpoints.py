"""Checkpoints: the signed head of the log, who signed it, and forks (docs/spec/log.md section 2).

Formats: c2sp.org/tlog-checkpoint for the text, c2sp.org/tlog-cosignature for the witnesses.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from poruch.crypto.signatures import SigningKey, raw_verify
from poruch.errors import (
    BadNote,
    BadSignature,
    DuplicateSignature,
    Forked,
    NotConsistent,
    TooFewOfficers,
    TooFewWitnesses,
    WrongOrigin,
)
from poruch.tlog.encoding import LARGEST_SIZE, decode64, decode_decimal, encode64
from poruch.tlog.notes import (
    COSIGNATURE,
    Note,
    NoteSignature,
    VerifierKey,
    parse_note,
    parse_signatures,
    sign_note,
    verify_note_signature,
)
from poruch.tlog.policy import Policy
from poruch.tlog.tree import HASH_SIZE, Path, verify_consistency

At = Callable[[int], None]
"""Told the number of each step before it is done, so that a report can say which one failed."""


def unheard(step: int) -> None:
    """For callers who do not ask which step is being done."""


@dataclass(frozen=True)
class Head:
    """What a checkpoint says: the log `origin` has `size` leaves under the 32-byte `root`."""

    origin: str
    size: int
    root: bytes

    @property
    def body(self) -> bytes:
        """The three lines that officers sign."""
        return f"{self.origin}\n{self.size}\n{encode64(self.root)}\n".encode()


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint of the right form whose signatures nobody has looked at."""

    source: bytes
    head: Head
    note: Note


@dataclass(frozen=True)
class Cosignature:
    """The witness with this name in the policy saw the head at this POSIX time."""

    witness: str
    time: int


@dataclass(frozen=True)
class SignedHead:
    """A verified head. `officers` are places in the policy's list, from 0; `note` has only the lines that counted."""

    head: Head
    officers: tuple[int, ...]
    cosignatures: tuple[Cosignature, ...]
    note: Note


def parse_checkpoint(source: bytes) -> Checkpoint:
    """Step 1 of section 2: a note of three lines; BadNote otherwise."""
    note = parse_note(source)
    lines = note.text.decode().split("\n")
    if len(lines) != 4:
        raise BadNote("the text has not exactly three lines")
    origin, size, root, _ = lines
    try:
        head = Head(origin, decode_decimal(size), decode64(root, HASH_SIZE))
    except ValueError as error:
        raise BadNote(str(error)) from None
    if not origin:
        raise BadNote("the origin is empty")
    return Checkpoint(source, head, note)


def verify_checkpoint(source: bytes, policy: Policy, at: At = unheard) -> SignedHead:
    """All seven steps of section 2. Raises the error of the first step that fails."""
    signed = verify_for_publishing(source, policy, at)
    at(7)  # (7) The signing witnesses satisfy the quorum.
    if not policy.is_quorum({one.witness for one in signed.cosignatures}):
        raise TooFewWitnesses(f"{len(signed.cosignatures)} witnesses signed")
    return signed


def verify_for_publishing(source: bytes, policy: Policy, at: At = unheard) -> SignedHead:
    """Steps 1 to 6, officers only: what the front asks of a publication, and a witness before it cosigns."""
    at(1)  # (1) Size, form, three lines.
    checkpoint = parse_checkpoint(source)
    at(2)  # (2) The origin is the policy's.
    if checkpoint.head.origin != policy.origin:
        raise WrongOrigin
    officers, cosignatures, counted = _verify_signatures(checkpoint, policy, at)
    at(6)  # (6) At least k officers.
    if len(officers) < policy.officers_needed:
        raise TooFewOfficers(f"{len(officers)} of {policy.officers_needed} officers signed")
    note = Note(checkpoint.note.text, counted)
    return SignedHead(checkpoint.head, officers, cosignatures, note)


def _verify_signatures(
    checkpoint: Checkpoint, policy: Policy, at: At
) -> tuple[tuple[int, ...], tuple[Cosignature, ...], tuple[NoteSignature, ...]]:
    officers = {(key.name, key.key_id): number for number, key in enumerate(policy.officers)}
    witnesses = {(one.key.name, one.key.key_id): one for one in policy.witnesses}
    text = checkpoint.note.text
    signed: dict[int, NoteSignature] = {}
    cosigned: dict[str, tuple[Cosignature, NoteSignature]] = {}
    counted = []
    for line in checkpoint.note.signatures:
        at(3)  # (3) Lines of keys that the policy does not know are ignored.
        whose = (line.name, line.key_id)
        officer, witness = officers.get(whose), witnesses.get(whose)
        if officer is None and witness is None:
            continue
        at(4)  # (4) No known key signs twice.
        if officer in signed or (witness and witness.name in cosigned):
            raise DuplicateSignature(line.name)
        at(5)  # (5) The signature verifies.
        if officer is not None:
            verify_note_signature(text, policy.officers[officer], line.signature)
            signed[officer] = line
        elif witness is not None:
            time = _verify_cosignature(text, witness.key, line.signature)
            cosigned[witness.name] = Cosignature(witness.name, time), line
        counted.append(line)
    return tuple(sorted(signed)), tuple(one for one, _ in cosigned.values()), tuple(counted)


def _cosigned_text(text: bytes, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n".encode() + text


def _verify_cosignature(text: bytes, key: VerifierKey, signature: bytes) -> int:
    """The time of a timestamped signature, or BadSignature."""
    time = int.from_bytes(signature[:8], "big")
    if not 0 < time <= LARGEST_SIZE:
        raise BadSignature("the time of a cosignature is not possible")
    raw_verify(key.public, _cosigned_text(text, time), signature[8:])
    return time


def sign_head(head: Head, key: SigningKey) -> NoteSignature:
    """An officer's line. Only `publish.sign_draft` knows whether he may sign; call that."""
    return sign_note(head.body, head.origin, key)


def cosign(head: Head, name: str, key: SigningKey, time: int) -> NoteSignature:
    """A witness's line under its own key name, at a POSIX time above 0."""
    signature = key.raw_sign(_cosigned_text(head.body, time))
    key_id = VerifierKey(name, COSIGNATURE, key.public).key_id
    return NoteSignature(name, key_id, time.to_bytes(8, "big") + signature)


def write_checkpoint(head: Head, signatures: Iterable[NoteSignature]) -> bytes:
    """The checkpoint with these lines."""
    return Note(head.body, tuple(signatures)).encode()


def add_cosignatures(signed: SignedHead, lines: bytes, policy: Policy) -> SignedHead:
    """The head with the lines that a witness answered (c2sp.org/tlog-witness), verified for officers.

    Lines of keys outside the policy are dropped. Raises BadNote, DuplicateSignature, BadSignature.
    """
    try:
        text = lines.decode()
    except UnicodeDecodeError:
        raise BadNote("not UTF-8") from None
    grown = signed.note.with_signatures(parse_signatures(text))
    return verify_for_publishing(grown.encode(), policy)


def verify_extends(old: Head, new: Head, path: Path) -> None:
    """Check by a consistency proof that one of two valid heads extends the other, or raise Forked.

    The heads may come in either order. If no honest proof exists, the two checkpoints prove that officers signed both.
    """
    if old.size > new.size:
        old, new = new, old
    try:
        verify_consistency(old.size, old.root, new.size, new.root, path)
    except NotConsistent as error:
        raise Forked(error.detail) from error
