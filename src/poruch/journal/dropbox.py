"""Sealing what a person sends (the front's part), and opening its layers (the desk's part).

Inside out: the story to casework (X25519), what names the person or the payee to the quorum key at its place, slip
keys and gifts to treasury (X25519); all of it padded and once more sealed to the post-quantum key of all officers.
"""

import hashlib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass

from msgspec import structs

from poruch.crypto import age
from poruch.crypto.codes import CodeKeys
from poruch.crypto.padding import pad, unpad
from poruch.crypto.quorum_file import seal_to_quorum
from poruch.crypto.signatures import verify
from poruch.errors import BadSignature, BadSubmission
from poruch.events.codec import decode, encode
from poruch.events.drops import KINDS, Answer, DropContent, GiftAnnouncement, Payee, Person, SlipKeys, Story
from poruch.journal.circles import CircleKey, CircleRecipients
from poruch.journal.public import PublicState

Random = Callable[[int], bytes]
PLACES = {"submission": "person", "payee": "payee"}
DOMAIN = "poruch/drop/v1"
_DROP_ID = re.compile("[0-9a-f]{32}")


@dataclass(frozen=True)
class SealedDrop:
    """What the front stores: `mailbox` is 32 bytes, or empty for a gift; `sha256` is the hash of `body`."""

    drop: str
    kind: str
    mailbox: bytes
    body: bytes

    @property
    def sha256(self) -> bytes:
        """The name of the body in the journal."""
        return hashlib.sha256(self.body).digest()


def place_of(drop: str, kind: str) -> str:
    """The one spot in the journal where the quorum file of a drop belongs. Raises `BadSubmission` for other kinds."""
    if kind not in PLACES:
        raise BadSubmission("nothing for the quorum is in it")
    return f"drop/{drop}/{PLACES[kind]}"


def slip_keys(keys: CodeKeys) -> SlipKeys:
    """What treasury is given of a code."""
    return SlipKeys(keys.lookup_id, keys.slip_key, keys.blind_key)


def _to_circle(value: Story | Answer | SlipKeys | GiftAnnouncement, to: CircleRecipients, random: Random) -> bytes:
    return age.seal(pad(encode(value)), [to.x25519], random)


def _seal(public: PublicState, content: DropContent, random: Random, keys: CodeKeys | None = None) -> SealedDrop:
    if keys is not None:
        content = structs.replace(content, verify_key=keys.mailbox_signing.public)
        content = structs.replace(content, signature=keys.mailbox_signing.sign(DOMAIN, encode(content)))
    body = age.seal(pad(encode(content), 4096), [public.circles["officers"].pq], random)
    return SealedDrop(content.drop, content.kind, content.mailbox, body)


def _quorum_file(public: PublicState, value: Person | Payee, drop: str, kind: str, random: Random) -> bytes:
    point = public.quorum_point
    if point is None:
        raise BadSubmission("the fund has no quorum key yet")
    return seal_to_quorum(pad(encode(value), 512), point, place_of(drop, kind), random)


def _mailbox(keys: CodeKeys) -> tuple[bytes, bytes]:
    return keys.mailbox_id, keys.mailbox_identity.recipient.public


def seal_submission(
    public: PublicState, keys: CodeKeys, story: Story, person: Person, random: Random = os.urandom
) -> SealedDrop:
    """A submission, sealed."""
    drop = random(16).hex()
    mailbox, recipient = _mailbox(keys)
    named = _quorum_file(public, person, drop, "submission", random)
    told = _to_circle(story, public.circles["casework"], random)
    codes = _to_circle(slip_keys(keys), public.circles["treasury"], random)
    return _seal(public, DropContent(drop, "submission", mailbox, recipient, told, named, codes), random, keys)


def seal_answer(public: PublicState, keys: CodeKeys, answer: Answer, random: Random = os.urandom) -> SealedDrop:
    """What a person writes back, sealed."""
    mailbox, recipient = _mailbox(keys)
    told = _to_circle(answer, public.circles["casework"], random)
    content = DropContent(random(16).hex(), "message", mailbox, recipient, told, b"", b"")
    return _seal(public, content, random, keys)


def seal_payee(public: PublicState, keys: CodeKeys, payee: Payee, random: Random = os.urandom) -> SealedDrop:
    """Bank details, sealed."""
    drop = random(16).hex()
    mailbox, recipient = _mailbox(keys)
    named = _quorum_file(public, payee, drop, "payee", random)
    return _seal(public, DropContent(drop, "payee", mailbox, recipient, b"", named, b""), random, keys)


def seal_gift(public: PublicState, reference: str, keys: CodeKeys | None, random: Random = os.urandom) -> SealedDrop:
    """A giver's announcement of a gift, sealed."""
    announcement = GiftAnnouncement(reference, slip_keys(keys) if keys else None)
    codes = _to_circle(announcement, public.circles["treasury"], random)
    return _seal(public, DropContent(random(16).hex(), "gift", b"", b"", b"", b"", codes), random)


def open_drop(body: bytes, *officers: CircleKey) -> DropContent:
    """The content of a drop, as every officer may read it, with keys of any epoch. Raises `CannotOpen` or `Malformed`.

    What belongs to a mailbox must be signed with the key that it names, and be answerable.
    """
    content = decode(unpad(age.open_file(body, [key.pq for key in officers])), DropContent)
    if content.kind not in KINDS or not _DROP_ID.fullmatch(content.drop) or one_is_missing(content):
        raise BadSubmission("a part is missing")
    if content.kind != "gift":
        age.PqRecipient(content.recipient)
        try:
            verify(content.verify_key, DOMAIN, encode(structs.replace(content, signature=b"")), content.signature)
        except BadSignature:
            raise BadSubmission("not signed with its code") from None
    return content


def one_is_missing(content: DropContent) -> bool:
    """Only a submission and bank details hold a file for the quorum; only a gift comes without a mailbox."""
    if bool(content.person) != (content.kind in PLACES):
        return True
    return len(content.mailbox) != (0 if content.kind == "gift" else 32)


def open_story(content: DropContent, *casework: CircleKey) -> Story | Answer:
    """What casework may read."""
    raw = unpad(age.open_file(content.story, [key.x25519 for key in casework]))
    return decode(raw, Story) if content.kind == "submission" else decode(raw, Answer)


def open_codes(content: DropContent, *treasury: CircleKey) -> SlipKeys | GiftAnnouncement:
    """What treasury may read."""
    raw = unpad(age.open_file(content.codes, [key.x25519 for key in treasury]))
    return decode(raw, GiftAnnouncement) if content.kind == "gift" else decode(raw, SlipKeys)
