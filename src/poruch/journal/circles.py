"""Circle keys: who may read which event.

A circle key is a pair, X25519 and `age1pq`, for one circle and one epoch. Events are sealed to the `age1pq` half of
each circle of their audience. Beside the file stand hints: 8 bytes of HMAC-SHA256 under a key derived from the pair,
over the event's place in the journal; members find their key by it, and others cannot tell the circles apart.
"""

import hashlib
import hmac
import random as shuffling
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from poruch.crypto import age
from poruch.crypto.padding import pad, unpad
from poruch.errors import BadEvent, BadPayload, CannotOpen, Malformed
from poruch.events.base import Event
from poruch.events.charter import CIRCLES
from poruch.events.codec import Schema, decode, encode
from poruch.events.kinds import CircleKeyed, event_bytes, parse_event
from poruch.journal.segments import Clear, Sealed

Random = Callable[[int], bytes]
Place = tuple[int, int, int, int]  # author, life, seq, index


class CircleSecret(Schema, frozen=True, tag="circle-secret.v1"):
    """What a handout holds: 32-byte secrets of the pair and the key of the hints."""

    circle: str
    epoch: int
    x25519: bytes
    pq: bytes
    hint: bytes

    def __repr__(self) -> str:
        return f"CircleSecret({self.circle!r}, {self.epoch})"


class OlderKeys(Schema, frozen=True, tag="older-keys.v1"):
    """What an officer is handed whom k let read history: keys of one circle."""

    secrets: tuple[CircleSecret, ...]


@dataclass(frozen=True)
class CircleRecipients:
    """The public half: what a stranger seals to."""

    circle: str
    epoch: int
    x25519: age.X25519Recipient
    pq: age.PqRecipient


@dataclass(frozen=True)
class CircleKey:
    """A circle's key of one epoch, as a member holds it."""

    circle: str
    epoch: int
    x25519: age.X25519Identity = field(repr=False)
    pq: age.PqIdentity = field(repr=False)
    hint: bytes = field(repr=False)

    @property
    def recipients(self) -> CircleRecipients:
        """The public half."""
        return CircleRecipients(self.circle, self.epoch, self.x25519.recipient, self.pq.recipient)


def parse_recipients(event: CircleKeyed) -> CircleRecipients:
    """The recipients that `event` names. Raises `Malformed`."""
    return CircleRecipients(
        event.circle, event.epoch, age.X25519Recipient.parse(event.x25519), age.PqRecipient.parse(event.pq)
    )


def new_secret(circle: str, epoch: int, random: Random) -> CircleSecret:
    """A fresh pair."""
    return CircleSecret(circle, epoch, random(32), random(32), random(32))


def key_of(secret: CircleSecret) -> CircleKey:
    """The key that `secret` spells."""
    return CircleKey(
        secret.circle,
        secret.epoch,
        age.X25519Identity(secret.x25519),
        age.PqIdentity.from_seed(secret.pq),
        secret.hint,
    )


def hand_out(secret: CircleSecret, members: Iterable[age.PqRecipient], n: int, random: Random) -> CircleKeyed:
    """The event that gives `secret` to `members`, filled up with decoys so that it does not show how many they are."""
    key = key_of(secret)
    raw = encode(secret)
    files = [age.seal(raw, [member], random) for member in members]
    while len(files) < n:
        files.append(age.seal(raw, [age.PqIdentity.from_seed(random(32)).recipient], random))
    shuffling.Random(random(32)).shuffle(files)  # noqa: S311  seeded by the system's generator
    return CircleKeyed(secret.circle, secret.epoch, key.x25519.recipient.text, key.pq.recipient.text, tuple(files))


def take_handout(event: CircleKeyed, identity: age.PqIdentity) -> CircleSecret | None:
    """The circle's secret, if one of the handouts is for `identity` and fits the recipients named beside it."""
    for file in event.handouts:
        try:
            secret = decode(age.open_file(file, [identity]), CircleSecret)
            key = key_of(secret)
        except (CannotOpen, Malformed):
            continue
        fits = (key.circle, key.epoch) == (event.circle, event.epoch)
        if fits and (key.x25519.recipient.text, key.pq.recipient.text) == (event.x25519, event.pq):
            return secret
    return None


def _hint(key: bytes, fund: bytes, place: Place) -> bytes:
    message = fund + b"".join(number.to_bytes(8, "big") for number in place)
    return hmac.new(key, b"poruch/hint/v1\n" + message, hashlib.sha256).digest()[:8]


def seal_event(
    event: Event,
    fund: bytes,
    place: Place,
    recipients: dict[str, CircleRecipients],
    held: dict[str, CircleKey],
    random: Random,
) -> Clear | Sealed:
    """The entry of a segment for `event`: in clear, or sealed to its audience.

    A writer outside a circle has no key for its hint: members then try the file, which costs them a decapsulation.
    """
    raw = event_bytes(event)
    if not event.audience:
        return Clear(raw)
    hints = tuple(_hint(held[c].hint, fund, place) if c in held else random(8) for c in event.audience)
    file = age.seal(pad(raw), [recipients[circle].pq for circle in event.audience], random)
    return Sealed(hints, file)


def open_entry(entry: Sealed, fund: bytes, place: Place, keys: Iterable[CircleKey]) -> bytes | None:
    """The event's bytes, if one of `keys` opens the entry; None if it is for others. Raises `BadEvent` if damaged.

    An event counts only if a circle of its audience opens it: one that was sealed to fewer, or for some members to
    their other circle, would be heard by some desks and not by their neighbours.
    """
    if len(entry.hints) > len(CIRCLES):
        raise BadEvent("more hints than circles")
    keys = list(keys)
    likely = [key for key in keys if _is_likely(entry, _hint(key.hint, fund, place))]
    opened = False
    for key in [*likely, *(key for key in keys if key not in likely)]:
        try:
            raw = unpad(age.open_file(entry.file, [key.pq]))
        except BadPayload:
            raise BadEvent("damaged") from None
        except (CannotOpen, Malformed):
            continue  # a hint may lie: then the other keys are tried too, or desks would hear different things
        opened = True
        if _may_hear(key.circle, raw):
            return raw
    if opened:
        raise BadEvent("sealed to others than may hear it")
    return None


def _may_hear(circle: str, raw: bytes) -> bool:
    """What is of no known kind has no audience either; the caller says so."""
    try:
        return circle in parse_event(raw).audience
    except BadEvent:
        return True


def _is_likely(entry: Sealed, hint: bytes) -> bool:
    return any(hmac.compare_digest(hint, one) for one in entry.hints)
