"""Which front a desk talks with: the address that was typed, or the one that k officers have confirmed since.

Rules, in their order. (1) An address that this desk sees for the first time as typed is used: when the old front is
gone there is no other way to hear of a new one. (2) From then on, whenever k officers confirm an address that they had
not confirmed when it was typed, that one is used, also after a restart with the old command. (3) Where the one in use
does not answer and another is confirmed, the confirmed one is tried.

So a typed address beats what was resolved before it, and what is resolved later beats what was typed. The fact
`front/typed` remembers what was typed, and which address was in force then.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from poruch.errors import BadEvent
from poruch.events.codec import Schema, decode, encode
from poruch.journal.sync import HttpRelay

if TYPE_CHECKING:
    from poruch.desk.program import Desk

TYPED = "front/typed"


class Typed(Schema, frozen=True, tag="typed.v1"):
    """What was typed, the confirmed address of that moment, and how often it was another one that was typed before."""

    address: str
    confirmed: str
    changes: int


@dataclass(frozen=True)
class Standing:
    """What a page says of the front in use: `confirmed` is the address that k officers stand behind, or empty.

    `moved`: there is one, or the officer has typed another address than before.
    """

    used: str
    confirmed: str
    moved: bool

    @property
    def is_doubtful(self) -> bool:
        """Its officer typed another address than before, and k officers do not stand behind it."""
        return bool(self.used) and self.moved and not self.is_confirmed

    @property
    def is_confirmed(self) -> bool:
        """The one in use is the one that k officers confirmed."""
        return self.used == self.confirmed


def type_in(desk: "Desk", address: str) -> None:
    """Remember what the officer typed when he opened the desk."""
    address = address.rstrip("/")
    before = _typed(desk)
    if address and (before is None or before.address != address):
        changes = before.changes + 1 if before is not None else 0
        fact = Typed(address, desk.public.resolutions.address, changes)
        desk.store.keep_fact(TYPED, encode(fact))


def chosen(desk: "Desk", typed: str) -> str:
    """The address to talk with, by rules (1) and (2); empty if there is none."""
    confirmed = desk.public.resolutions.address
    known = _typed(desk)
    if not confirmed or (known is not None and known.address == typed.rstrip("/") and known.confirmed == confirmed):
        return typed.rstrip("/")
    return confirmed


def next_address(desk: "Desk", typed: str, used: str, *, silent: bool) -> str:
    """The address of the next sync, after one with `used`. `silent`: no front answered there."""
    wanted, confirmed = chosen(desk, typed), desk.public.resolutions.address
    if not confirmed or wanted == confirmed:
        return wanted
    both = (wanted, confirmed)
    if used not in both:
        return wanted
    return both[1 - both.index(used)] if silent else used  # (3) by turns, until one answers


def standing(desk: "Desk") -> Standing:
    """What a page says of the front that this desk talks with."""
    used = desk.relay.address.rstrip("/") if isinstance(desk.relay, HttpRelay) else ""
    known, confirmed = _typed(desk), desk.public.resolutions.address
    return Standing(used, confirmed, bool(confirmed) or (known is not None and known.changes > 0))


def _typed(desk: "Desk") -> Typed | None:
    fact = desk.store.fact(TYPED)
    try:
        return decode(fact, Typed) if fact else None
    except BadEvent:
        return None
