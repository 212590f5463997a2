"""Where an invited person and the inviter leave each other one message, and what the two messages say.

The front keeps, under an id that both know from the invitation, one `hello` and one `answer`, sealed with the
invitation's key (docs/spec/invitation.md). Steps in comments are those of that page.
"""

import hashlib
import hmac
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from poruch.crypto.age import PqRecipient
from poruch.crypto.invitation import Invitation, Kind, key_fingerprint
from poruch.crypto.signatures import PUBLIC_SIZE, SIGNATURE_SIZE, SigningKey, verify
from poruch.errors import (
    BadEvent,
    BadHello,
    BadKey,
    BadPayload,
    BadSignature,
    InvitationUsed,
    RelayUnreachable,
    TooManyInvitations,
    UnknownInvitation,
    WrongFoundingSecret,
    WrongInviter,
)
from poruch.events.codec import Schema, decode, encode
from poruch.events.council import NewOfficer
from poruch.journal.line import Reply
from poruch.journal.sync import HttpRelay

Random = Callable[[int], bytes]

MESSAGE_BYTES = 64 * 1024
SLOT_DAYS = 30
MOST_SLOTS, OFFICERS_SLOTS = 64, 8
"""Open at a time: of all, and of one officer, so that one does not fill them."""
FOUNDERS_KEYID = 1
"""The officer number that requests under the founding secret carry; before there is a fund it names nobody."""

_HELLO, _ANSWER = "poruch/hello/v1", "poruch/answer/v1"
LONGEST_NAME = 40  # characters


# ---- what travels to the front ----------------------------------------------------------------


class Left(Schema, frozen=True, tag="rendezvous-left.v1"):
    """A message to be kept in a slot (32 bytes)."""

    slot: bytes
    kind: Kind
    sealed: bytes


class Asked(Schema, frozen=True, tag="rendezvous-asked.v1"):
    """The message of this kind in a slot, please."""

    slot: bytes
    kind: Kind


class Rendezvous(Protocol):
    """What both ask of the front at `address`. All raise `RelayUnreachable`."""

    address: str

    def open_slot(self, slot: bytes) -> None:
        """Open a slot, or leave an open one. Raises `TooManyInvitations`, `WrongFoundingSecret`."""

    def leave(self, slot: bytes, kind: Kind, sealed: bytes) -> None:
        """Leave a message; the same one twice is fine. Raises `UnknownInvitation`, `InvitationUsed`."""

    def left(self, slot: bytes, kind: Kind) -> bytes | None:
        """The message that was left, if one was."""


class HttpRendezvous(HttpRelay):
    """The rendezvous of a front over HTTP; opening a slot is signed by an officer, or by the founding secret's key."""

    def open_slot(self, slot: bytes) -> None:
        """See `Rendezvous`."""
        status = self._post("/relay/rendezvous/open", slot).status
        if status == 429:
            raise TooManyInvitations
        self._founded_by_another(status)

    def found(self, fund: bytes) -> None:
        """Name the fund (32 bytes) that this front is to serve. Raises `WrongFoundingSecret`."""
        status = self._post("/relay/found", fund).status
        self._founded_by_another(status)

    def leave(self, slot: bytes, kind: Kind, sealed: bytes) -> None:
        """See `Rendezvous`."""
        status = self._as_stranger("/relay/rendezvous/put", encode(Left(slot, kind, sealed))).status
        if status == 404:
            raise UnknownInvitation
        if status == 409:
            raise InvitationUsed
        if status != 200:
            raise RelayUnreachable(f"rendezvous answered {status}")

    def left(self, slot: bytes, kind: Kind) -> bytes | None:
        """See `Rendezvous`."""
        reply = self._as_stranger("/relay/rendezvous/get", encode(Asked(slot, kind)))
        if reply.status not in (200, 404):
            raise RelayUnreachable(f"rendezvous answered {reply.status}")
        return reply.body if reply.status == 200 and len(reply.body) <= MESSAGE_BYTES else None

    def _as_stranger(self, path: str, body: bytes) -> Reply:
        reply = self.line.as_stranger("POST", path, body)
        if not reply.whole:
            raise RelayUnreachable("the rendezvous was cut")
        return reply

    @staticmethod
    def _founded_by_another(status: int) -> None:
        if status in (401, 409):
            raise WrongFoundingSecret
        if status != 200:
            raise RelayUnreachable(f"rendezvous answered {status}")


# ---- the two messages -------------------------------------------------------------------------


class Hello(Schema, frozen=True, tag="hello.v1"):
    """The invited: his public keys under the number of the invitation, and his working name."""

    officer: NewOfficer
    name: str


class Answer(Schema, frozen=True, tag="answer.v1"):
    """The inviter (number, signing key of 32 bytes): the fund's id, and which hello (32 bytes) he took."""

    fund: bytes
    inviter: int
    signing: bytes
    hello: bytes


@dataclass(frozen=True)
class HeardHello:
    """A hello whose signature holds; `digest` (32 bytes) names exactly it in the answer."""

    officer: NewOfficer
    name: str
    digest: bytes


def sign_hello(invitation: Invitation, hello: Hello, signing: SigningKey) -> bytes:
    """The signed bytes of a hello, before they are sealed; the same keys and name give the same bytes."""
    body = encode(hello)
    return signing.sign(_HELLO, invitation.rendezvous + body) + body


def hello_digest(signed: bytes) -> bytes:
    """32 bytes that name a signed hello."""
    return hashlib.sha256(b"poruch/hello-digest/v1\n" + signed).digest()


def open_hello(invitation: Invitation, sealed: bytes) -> HeardHello:
    """What the invited said. Raises `BadHello`."""
    # (1)
    try:
        signed = invitation.open("hello", sealed)
        hello = decode(signed[SIGNATURE_SIZE:], Hello)
        # (2)
        officer = _check_officer(hello.officer, invitation.number)
        # (3)
        verify(officer.signing, _HELLO, invitation.rendezvous + signed[SIGNATURE_SIZE:], signed[:SIGNATURE_SIZE])
    except (BadPayload, BadEvent, BadKey, BadSignature) as error:
        raise BadHello(error.name) from None
    # (4)
    if not is_working_name(hello.name):
        raise BadHello("the working name")
    return HeardHello(officer, hello.name, hello_digest(signed))


def is_working_name(name: str) -> bool:
    """1 to 40 characters that can be seen, and no space at the ends."""
    return 0 < len(name) <= LONGEST_NAME and name.isprintable() and name == name.strip()


def _check_officer(officer: NewOfficer, number: int) -> NewOfficer:
    if officer.number != number:
        raise BadHello("another number than that of the invitation")
    if len(officer.signing) != PUBLIC_SIZE or len(officer.log) != PUBLIC_SIZE or officer.signing == officer.log:
        raise BadHello("a key")
    PqRecipient.parse(officer.recipient)
    return officer


def seal_answer(invitation: Invitation, answer: Answer, signing: SigningKey, random: Random = os.urandom) -> bytes:
    """The answer as the front keeps it."""
    body = encode(answer)
    return invitation.seal("answer", signing.sign(_ANSWER, invitation.rendezvous + body) + body, random)


def open_answer(invitation: Invitation, sealed: bytes, hello: bytes) -> Answer:
    """The answer to the hello with this digest. Raises `WrongInviter`."""
    try:
        # (1)
        signed = invitation.open("answer", sealed)
        answer = decode(signed[SIGNATURE_SIZE:], Answer)
        # (2)
        if not hmac.compare_digest(key_fingerprint(answer.signing), invitation.fingerprint):
            raise WrongInviter("another key than the invitation names")
        # (3)
        verify(answer.signing, _ANSWER, invitation.rendezvous + signed[SIGNATURE_SIZE:], signed[:SIGNATURE_SIZE])
    except (BadPayload, BadEvent, BadSignature) as error:
        raise WrongInviter(error.name) from None
    # (4)
    if not hmac.compare_digest(answer.hello, hello):
        raise WrongInviter("he heard another hello than yours")
    if len(answer.fund) != 32:
        raise WrongInviter("the id of the fund")
    return answer
