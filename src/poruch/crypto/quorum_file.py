"""Files sealed to the quorum key (docs/spec/quorum.md, section 6).

A Poruch file is an age file with one X25519 stanza and one `poruch/tdh2` stanza: the proof that its writer knows the
one-time scalar, bound to the place in the journal where the file belongs. Without it an officer could file a blinded
copy of somebody else's file as a case of his own and have it opened (section 8). Other age tools pass the proof over.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from poruch.crypto import dleq
from poruch.crypto.age import (
    FILE_KEY_SIZE,
    Header,
    Stanza,
    encode_base64,
    encrypt_payload,
    parse_header,
    wrap_file_key,
    write_header,
    x25519_stanzas,
)
from poruch.crypto.group import H2, B, L, Random, check_point, lift, montgomery, multiply, multiply_base, random_scalar
from poruch.errors import BadPlace, NoProof

PROOF_KIND = "poruch/tdh2"
MAX_PLACE = 200  # bytes of UTF-8
_KIND = "X25519"
_PROOF_SIZE = 96
_CONTROL = re.compile("[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Lock:
    """One X25519 stanza to answer: `u(E)`, the point `E` lifted from it, and the wrapped file key; 32 bytes each."""

    u: bytes
    E: bytes
    body: bytes


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file that passed the officer's check: one lock, proven; or any number, if an unproven file was let pass."""

    header: Header
    locks: tuple[Lock, ...]
    proven: bool

    @property
    def u(self) -> bytes:
        """`u(E)` of the first lock."""
        return self.locks[0].u

    @property
    def E(self) -> bytes:  # noqa: N802 - the name in the specification
        """The one-time point of the first lock, sign bit 0."""
        return self.locks[0].E

    @property
    def header_hash(self) -> bytes:
        """The 32 bytes that name the file in requests and answers."""
        return self.header.hash


def check_place(place: str) -> str:
    """The same text, if it is 1 to 200 bytes of UTF-8 without control characters. Raises BadPlace."""
    try:
        size = len(place.encode())
    except UnicodeEncodeError:
        raise BadPlace("not UTF-8") from None
    if not 1 <= size <= MAX_PLACE or has_control(place):
        raise BadPlace
    return place


def has_control(text: str) -> bool:
    """Whether a control character (below U+0020, or U+007F) is in the text."""
    return _CONTROL.search(text) is not None


def seal_to_quorum(plaintext: bytes, Y: bytes, place: str, random: Random = secrets.token_bytes) -> bytes:
    """The plaintext as a Poruch file for the group key `Y` (32 bytes), worth opening only at `place`.

    The caller pads the plaintext. Raises BadPoint and BadPlace.
    """
    check_point(Y)
    context_end = Y + check_place(place).encode()
    e = random_scalar(random)
    E = multiply_base(e)
    if E[31] & 0x80:  # whoever lifts u(E) takes sign bit 0
        e = L - e
        E = multiply_base(e)
    u = montgomery(E)
    file_key = random(FILE_KEY_SIZE)
    body = wrap_file_key(file_key, montgomery(multiply(e, Y)), u, montgomery(Y))
    point = multiply(e, H2)
    proof = dleq.prove(e, B, E, H2, point, _context_start(u, body) + context_end, random)
    share = encode_base64(u)
    head = write_header([Stanza((_KIND, share), body), Stanza((PROOF_KIND, share), point + proof)], file_key)
    return head + encrypt_payload(file_key, plaintext, random)


def check_file(file: bytes, Y: bytes, place: str) -> CheckedFile:
    """What an officer checks before he answers; `place` is where *his own* journal holds the file.

    Raises BadHeader, NoProof, BadU, BadPlace, BadProof: the first that applies.
    """
    return check_header(parse_header(file), Y, place)


def check_header(header: Header, Y: bytes, place: str) -> CheckedFile:
    """`check_file` for a header that is parsed already."""
    # (1) The header parses, and so does every X25519 stanza in it.
    shares = x25519_stanzas(header.stanzas)
    # (2) The stanzas are the two of a Poruch file.
    proof = _proof_of(header.stanzas)
    # (3) The one-time key is a point of the group; the place is one.
    lock = _lock(*shares[0])
    check_place(place)
    # (4) The proof holds here.
    context = _context_start(lock.u, lock.body) + Y + place.encode()
    dleq.verify_checked(B, lock.E, H2, proof[:32], context, proof[32:])
    return CheckedFile(header, (lock,), True)


def check_unproven(header: Header, Y: bytes, place: str) -> CheckedFile:
    """`check_header`, but a file of any other age tool passes too: every X25519 stanza becomes a lock, in order.

    Only for an explicit act of an officer in an emergency (section 8, "Blinding"). A file that has a proof stanza is
    held to it. Raises as `check_header`; NoProof when there is no X25519 stanza either.
    """
    if any(stanza.kind == PROOF_KIND for stanza in header.stanzas):
        return check_header(header, Y, place)
    locks = read_locks(header)
    check_place(place)
    return CheckedFile(header, locks, False)


def read_locks(header: Header) -> tuple[Lock, ...]:
    """The X25519 stanzas of a file, lifted, with no look at a proof. Raises BadHeader, NoProof (none there), BadU."""
    shares = x25519_stanzas(header.stanzas)
    if not shares:
        raise NoProof("nothing for the quorum")
    return tuple(_lock(u, body) for u, body in shares)


def _proof_of(stanzas: Sequence[Stanza]) -> bytes:
    if [stanza.kind for stanza in stanzas] != [_KIND, PROOF_KIND]:
        raise NoProof("stanzas")
    first, second = stanzas
    if second.arguments[1:] != first.arguments[1:] or len(second.body) != _PROOF_SIZE:
        raise NoProof("the proof of another file")
    return second.body


def _lock(u: bytes, body: bytes) -> Lock:
    return Lock(u, _lifted(u), body)


_lifted = lru_cache(maxsize=4096)(lift)
"""A file is looked at for each answer to it, and `u` is public. A failure is never remembered."""


def _context_start(u: bytes, body: bytes) -> bytes:
    return b"poruch/tdh2/v1" + u + body
