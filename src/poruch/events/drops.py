"""What a person sends, before it is sealed."""

from poruch.events.codec import Schema

KINDS = ("submission", "message", "payee", "gift")


class Unseen(Schema, frozen=True):
    """The base of what only its readers see: it does not show itself in logs and error pages."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} hidden>"


class Story(Unseen, frozen=True, tag="story.v1"):
    """The answers of the form that casework reads. All are free text but `who` (a kind of person) and `language`."""

    language: str
    who: str
    happened: str
    when: str
    danger: str
    need: str
    other_funds: str
    name_in_story: bool


class Person(Unseen, frozen=True, tag="person.v1"):
    """What names the person: opened by k officers only."""

    name: str
    contact: str


class Payee(Unseen, frozen=True, tag="payee.v1"):
    """Who gets the money and how: opened by k officers only, for one batch."""

    name: str
    iban: str
    bic: str


class Answer(Unseen, frozen=True, tag="answer.v1"):
    """What a person writes back in the mailbox."""

    text: str


class SlipKeys(Unseen, frozen=True, tag="slip-keys.v1"):
    """What treasury needs to leave slips for a code: 32 bytes each (docs/spec/log.md section 7)."""

    lookup_id: bytes
    slip_key: bytes
    blind_key: bytes


class GiftAnnouncement(Unseen, frozen=True, tag="gift.v1"):
    """A giver's payment reference, and the keys of his code."""

    reference: str
    keys: SlipKeys | None


class KeptSlips(Unseen, frozen=True, tag="kept-slips.v1"):
    """Slips as they were left at the front: (lookup id of 32 bytes, sealed slip), for a front made anew."""

    slips: tuple[tuple[bytes, bytes], ...]


class DropContent(Schema, frozen=True, tag="drop.v1"):
    """What the outer layer holds: who may be answered, and the inner files.

    `story` is sealed to casework (Story or Answer), `person` to the quorum key (Person or Payee), `codes` to treasury
    (SlipKeys or GiftAnnouncement); each may be empty. `mailbox` is the 32-byte mailbox id, `recipient` its
    post-quantum public key (1216 bytes: the text of it costs ten times as much to make). `verify_key` (32 bytes) is
    the public signing key of the code, and `signature` its signature over all the rest: mailbox ids are no secret to
    the front and to officers, and whoever knows one must not be able to say where the money goes.
    """

    drop: str
    kind: str
    mailbox: bytes
    recipient: bytes
    story: bytes
    person: bytes
    codes: bytes
    verify_key: bytes = b""
    signature: bytes = b""

    @property
    def sender(self) -> bytes:
        """The same for all that was sent with one code, and for nothing else."""
        return self.mailbox + self.verify_key
