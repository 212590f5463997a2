"""A fund of three officers whose keys the test holds: any segment can be signed, right or wrong."""

import os
from dataclasses import dataclass, field
from datetime import date

from poruch.crypto.age import PqIdentity
from poruch.crypto.signatures import SigningKey
from poruch.events.base import Event
from poruch.events.charter import Charter, Founder, Programme, fund_id
from poruch.events.kinds import FundFounded, RosterKeys, event_bytes
from poruch.journal.chains import Chains
from poruch.journal.public import PublicState
from poruch.journal.segments import GENESIS, Clear, Sealed, Segment, SignedSegment, sign_segment

DAY = date(2026, 9, 1)
NUMBERS = (1, 2, 3)


def make_charter(keys: dict[int, SigningKey], **changes: object) -> Charter:
    """A charter for these founders."""
    fields: dict[str, object] = {
        "name": "Village",
        "origin": "village.example/log",
        "languages": ("en",),
        "currency": "EUR",
        "k": 2,
        "founders": tuple(Founder(number, key.public) for number, key in keys.items()),
        "code_salt": bytes(16),
        "programmes": (Programme("first-months", "grants", 2, (60000,)),),
        "gift_reference": "RF18539007547034",
        "account_holder": "Village fund",
        "account_iban": "LT121000011101001000",
        "remittance": "Support",
        "refused_countries": (),
        "related": (),
        "publication_days": 91,
    }
    return Charter(**(fields | changes))  # type: ignore[arg-type]


@dataclass
class LittleFund:
    """`heads` are the chains as their authors continue them; `clock` is the last one used."""

    keys: dict[int, SigningKey] = field(default_factory=lambda: {n: SigningKey(os.urandom(32)) for n in NUMBERS})
    identities: dict[int, PqIdentity] = field(default_factory=lambda: {n: PqIdentity.generate() for n in NUMBERS})
    charter: Charter = field(init=False)
    heads: dict[int, SignedSegment] = field(default_factory=dict)
    clock: int = 0

    def __post_init__(self) -> None:
        self.charter = make_charter(self.keys)

    @property
    def id(self) -> bytes:
        return fund_id(self.charter)

    def segment(self, author: int, /, *said: Event | Clear | Sealed, **changes: object) -> Segment:
        """The next segment of an author, unsigned, with any field changed."""
        head = self.heads.get(author)
        entries = tuple(one if isinstance(one, Clear | Sealed) else Clear(event_bytes(one)) for one in said)
        fields: dict[str, object] = {
            "fund": self.id,
            "author": author,
            "life": 0,
            "seq": head.segment.seq + 1 if head else 0,
            "prev": head.id if head else GENESIS,
            "clock": self.clock + 1,
            "day": DAY,
            "entries": entries,
        }
        return Segment(**(fields | changes))  # type: ignore[arg-type]

    def act(self, author: int, /, *said: Event | Clear | Sealed, **changes: object) -> SignedSegment:
        """The next segment of an author, signed; his chain goes on from it."""
        signed = sign_segment(self.segment(author, *said, **changes), self.keys[author])
        self.heads[author] = signed
        self.clock = max(self.clock, signed.segment.clock)
        return signed

    def roster_keys(self, author: int) -> RosterKeys:
        """What an officer announces."""
        recipient = self.identities[author].recipient.text
        return RosterKeys(author, self.keys[author].public, bytes([author]) * 32, recipient, "active")

    def found(self) -> list[SignedSegment]:
        """The charter and everybody's keys: one segment an officer."""
        first = self.act(1, FundFounded(self.charter), self.roster_keys(1))
        return [first, *(self.act(number, self.roster_keys(number)) for number in NUMBERS[1:])]


def chains_of(fund: LittleFund, segments: list[SignedSegment]) -> Chains:
    """Chains that were given these segments in this order."""
    chains = Chains(fund.id)
    for signed in segments:
        chains.add(signed)
    return chains


def public_of(segments: list[SignedSegment]) -> PublicState:
    """The fold of these segments, in their one order."""
    public = PublicState()
    for signed in sorted(segments, key=lambda one: one.order):
        public.apply(signed)
    return public
