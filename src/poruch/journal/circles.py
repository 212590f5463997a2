"""Circle keys: who may read which event.

A circle key is a pair, X25519 and `age1pq`, for one circle and one epoch. Events are sealed to the `age1pq` half of
each circle of their audience. Beside the file stand hints: 8 bytes of HMAC-SHA256 under a key derived from the pair,
over the event's place in the journal; members find their key by it, and others cannot tell the circles apart.
"""

import hmac
import random as shuffling
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from poruch.crypto import age
from poruch.crypto.padding import pad, unpad
from poruch.errors import BadEvent, BadPayload, CannotOpen, Malformed
from poruch.events.base import Event
from poruch.events.charter import CIRCLES
from poruch.events.codec import Schema, decode, encode
from poruch.events.kinds import AnyEvent, CircleKeyed, event_bytes, parse_event
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
    return _recipients(event.circle, event.epoch, event.x25519, event.pq)


@lru_cache(maxsize=256)
def _recipients(circle: str, epoch: int, x25519: str, pq: str) -> CircleRecipients:
    """Public keys; they are read again at every fold."""
    return CircleRecipients(circle, epoch, age.X25519Recipient.parse(x25519), age.PqRecipient.parse(pq))


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
    author, life, seq, index = (number.to_bytes(8, "big") for number in place)
    return hmac.digest(key, b"poruch/hint/v1\n" + fund + author + life + seq + index, "sha256")[:8]


class Content(Schema, frozen=True, tag="sealed-events.v1"):
    """What a sealed entry holds: events of one audience, each with its place among all that the author said at once."""

    events: tuple[tuple[int, bytes], ...]


@dataclass(frozen=True, slots=True)
class Opened:
    """An event from a sealed entry. `place` orders what an author said at once; `event` is None if of no known form."""

    place: int
    raw: bytes
    event: AnyEvent | None


def seal_events(
    events: Iterable[Event],
    fund: bytes,
    place: Place,
    recipients: dict[str, CircleRecipients],
    held: dict[str, CircleKey],
    random: Random,
) -> tuple[Clear | Sealed, ...]:
    """The entries of a segment for `events`: each in clear, or in one file with all others of its audience.

    `place` is that of the first event. A writer outside a circle has no key for its hint: members then try the file,
    which costs them a decapsulation.
    """
    together: dict[object, list[tuple[int, bytes]]] = {}
    audiences: dict[object, tuple[str, ...]] = {}
    for at, event in enumerate(events):
        name: object = event.audience or at
        audiences[name] = event.audience
        together.setdefault(name, []).append((at, event_bytes(event)))
    entries: list[Clear | Sealed] = []
    author, life, seq, index = place
    for name, said in together.items():
        if audiences[name]:
            entries.append(_seal(said, audiences[name], fund, (author, life, seq, index), recipients, held, random))
        else:
            entries.append(Clear(said[0][1]))
        index += len(said)
    return tuple(entries)


def _seal(
    said: list[tuple[int, bytes]],
    audience: tuple[str, ...],
    fund: bytes,
    place: Place,
    recipients: dict[str, CircleRecipients],
    held: dict[str, CircleKey],
    random: Random,
) -> Sealed:
    hints = tuple(_hint(held[c].hint, fund, place) if c in held else random(8) for c in audience)
    file = age.seal(pad(encode(Content(tuple(said)))), [recipients[circle].pq for circle in audience], random)
    return Sealed(hints, len(said), file)


def open_entry(
    entry: Sealed, fund: bytes, place: Place, keys: Iterable[CircleKey]
) -> tuple[bytes, tuple[Opened, ...]] | None:
    """The file key and the events, if one of `keys` opens the entry; None if it is for others. Raises `BadEvent`.

    `place` is that of its first event. An entry counts only if a circle of its audience opens it: one that was sealed
    to fewer, or for some members to their other circle, would be heard by some desks and not by their neighbours.
    """
    if len(entry.hints) > len(CIRCLES):
        raise BadEvent("more hints than circles")
    keys = list(keys)
    likely = [key for key in keys if _is_likely(entry, _hint(key.hint, fund, place))]
    opened = False
    for key in [*likely, *(key for key in keys if key not in likely)]:
        try:
            file_key, padded = age.open_with_key(entry.file, [key.pq])
        except BadPayload:
            raise BadEvent("damaged") from None
        except (CannotOpen, Malformed):
            continue  # a hint may lie: then the other keys are tried too, or desks would hear different things
        opened = True
        events, audience = _read(entry, padded)
        if audience is None or key.circle in audience:
            return file_key, events
    if opened:
        raise BadEvent("sealed to others than may hear it")
    return None


def open_again(entry: Sealed, file_key: bytes) -> tuple[Opened, ...]:
    """The events of an entry that `open_entry` gave this file key for. Raises `BadEvent` if it is another's."""
    try:
        return _read(entry, age.open_with_file_key(entry.file, file_key))[0]
    except (CannotOpen, Malformed):
        raise BadEvent("damaged") from None


def _read(entry: Sealed, padded: bytes) -> tuple[tuple[Opened, ...], tuple[str, ...] | None]:
    """The events, and their audience: None where none is of a known kind. The caller says so then."""
    try:
        said = decode(unpad(padded), Content).events
    except BadPayload:
        raise BadEvent("damaged") from None
    if len(said) != entry.count or any(said[at][0] >= said[at + 1][0] for at in range(len(said) - 1)):
        raise BadEvent("damaged")
    opened, audiences = [], set()
    for place, raw in said:
        try:
            event = parse_event(raw)
        except BadEvent:
            opened.append(Opened(place, raw, None))
        else:
            audiences.add(event.audience)
            opened.append(Opened(place, raw, event))
    if len(audiences) > 1:
        raise BadEvent("events of several audiences in one file")
    return tuple(opened), next(iter(audiences), None)


def _is_likely(entry: Sealed, hint: bytes) -> bool:
    return any(hmac.compare_digest(hint, one) for one in entry.hints)
