"""What the fund writes to a person, before it is sealed to the mailbox."""

from datetime import date

from poruch.events.codec import Schema

KINDS = ("received", "message", "grant", "payee-received", "paid", "returned", "refused")


class Message(Schema, frozen=True, tag="message.v1"):
    """`amounts_minor` are instalments where the kind speaks of money; `text` is what an officer wrote, or empty."""

    kind: str
    day: date
    text: str
    amounts_minor: tuple[int, ...]
    currency: str
