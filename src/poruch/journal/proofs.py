"""What an officer signed and should not have, as one file that anybody with his public key can check.

The file is the struct `evidence.v1` of docs/spec/journal.md, section 8. What nobody on the roster signed proves nothing
against anybody: whoever holds the line can make as much of it as he likes. It is kept and shown all the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from poruch.errors import BadEvent, BadEvidence, BadSegment, BadSignature, ProvesNothing
from poruch.events.codec import Schema, decode, encode
from poruch.journal.segments import SignedSegment, parse_segment, verify_segment

EQUIVOCATION, BROKEN_LINK, CLOCK_AHEAD, SUSPENDED = "equivocation", "broken-link", "clock-ahead", "suspended"
DAMAGED, UNKNOWN_EVENT = "damaged", "unknown-event"
BAD_SIGNATURE, UNKNOWN_OFFICER, OTHER_FUND, UNREADABLE = "bad-signature", "unknown-officer", "other-fund", "unreadable"
KINDS = (
    EQUIVOCATION, BROKEN_LINK, CLOCK_AHEAD, SUSPENDED, DAMAGED, UNKNOWN_EVENT,
    BAD_SIGNATURE, UNKNOWN_OFFICER, OTHER_FUND, UNREADABLE,
)  # fmt: skip
UNSIGNED = frozenset({BAD_SIGNATURE, UNKNOWN_OFFICER, OTHER_FUND, UNREADABLE})
MOST_SEGMENTS = 2


class Evidence(Schema, frozen=True, tag="evidence.v1"):
    """`kind` is one of `KINDS`; `fund` 32 bytes; `segments` as they came: one, or two that contradict."""

    kind: str
    fund: bytes
    segments: tuple[bytes, ...]


@dataclass(frozen=True)
class Proved:
    """Officer `author` signed these segments; `kind` says what is wrong with them, as far as they show it alone."""

    kind: str
    author: int
    segments: tuple[SignedSegment, ...]


def evidence(kind: str, fund: bytes, *segments: bytes) -> bytes:
    """The file of a proof."""
    return encode(Evidence(kind, fund, segments))


def check_evidence(file: bytes, keys: Mapping[int, bytes]) -> Proved:
    """What `file` proves to who knows the officers' signing keys (32 bytes) and nothing else.

    (1) The file parses, and is about segments of one fund and one author. (2) Its kind is one that can be proved.
    (3) Every segment carries the author's signature. (4) Two segments at one place are two, at one place; a broken link
    does not follow the segment of the place before it, or its clock is not above that one's. For the rest the file
    shows what he signed; whether it was too late, or too far ahead, says the journal. Raises `BadEvidence`,
    `ProvesNothing`, `BadSignature`.
    """
    try:  # (1)
        found = decode(file, Evidence)
        segments = tuple(parse_segment(raw) for raw in found.segments)
    except (BadEvent, BadSegment):
        raise BadEvidence from None
    if found.kind not in KINDS or not 0 < len(segments) <= MOST_SEGMENTS:
        raise BadEvidence("kind")
    if found.kind in UNSIGNED:  # (2)
        raise ProvesNothing
    authors = {signed.segment.author for signed in segments}
    if {signed.segment.fund for signed in segments} != {found.fund} or len(authors) != 1:
        raise BadEvidence("of several officers or funds")
    (author,) = authors
    if author not in keys:
        raise BadSignature("the key of this officer is not given")
    for signed in segments:  # (3)
        verify_segment(signed, keys[author])
    _check_kind(found.kind, segments)  # (4)
    return Proved(found.kind, author, segments)


def _check_kind(kind: str, segments: tuple[SignedSegment, ...]) -> None:
    if (kind in (EQUIVOCATION, BROKEN_LINK)) != (len(segments) == MOST_SEGMENTS):
        raise BadEvidence("number of segments")
    if len(segments) < MOST_SEGMENTS:
        return
    first, second = segments
    places = [(signed.segment.life, signed.segment.seq) for signed in segments]
    if kind == EQUIVOCATION and (places[0] != places[1] or first.id == second.id):
        raise BadEvidence("these are not two segments at one place")
    if kind == BROKEN_LINK:
        follows = places[1] == (places[0][0], places[0][1] + 1)
        if not follows or (second.segment.prev == first.id and second.segment.clock > first.segment.clock):
            raise BadEvidence("the second follows the first as it must")
