"""Cases folded from events that a test tells, one after the other."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from poruch.cases.state import Case, Cases, Grant
from poruch.events.base import Event
from poruch.events.charter import Charter, Founder, Programme
from poruch.events.drops import DropContent
from poruch.events.heard import Heard
from poruch.events.kinds import AnyEvent, CirclesAssigned, DropAdmitted, GrantProposed, Instalment, Membership
from poruch.journal.members import Members

DAY = date(2026, 9, 1)
CASEWORK, TREASURY = (1, 2, 3, 4), (3, 4, 5)
NUMBERS = (1, 2, 3, 4, 5)
CHARTER = Charter(
    name="Village",
    origin="village.example/log",
    languages=("en",),
    currency="EUR",
    k=3,
    founders=tuple(Founder(number, bytes([number]) * 32) for number in NUMBERS),
    code_salt=bytes(16),
    programmes=(
        Programme("first-months", "grants", 2, (60000,)),
        Programme("lawyers", "lawyers", 3, (100000,)),
    ),
    gift_reference="RF18539007547034",
    account_holder="Village fund",
    account_iban="LT121000011101001000",
    remittance="Support",
    refused_countries=(),
    related=(),
    publication_days=91,
)


def drop_id(name: str) -> str:
    """32 hex digits for a name."""
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def assigned() -> CirclesAssigned:
    return CirclesAssigned(
        (Membership("officers", NUMBERS), Membership("casework", CASEWORK), Membership("treasury", TREASURY))
    )


@dataclass
class Casebook:
    """`tell` folds one event of an officer; ids count up."""

    day: date = DAY
    contents: dict[str, DropContent] = field(default_factory=dict)
    members: Members = field(default_factory=Members)
    told: int = 0
    cases: Cases = field(init=False)

    def __post_init__(self) -> None:
        self.cases = Cases(CHARTER, self.members, self.contents)
        self.tell(1, assigned())

    def tell(self, author: int, event: Event, day: date | None = None) -> Heard:
        self.told += 1
        assert isinstance(event, AnyEvent)
        heard = Heard(self.told.to_bytes(32, "big"), author, day or self.day, event)
        self.members.apply(heard)
        self.cases.apply(heard)
        return heard

    def drop(
        self,
        name: str,
        kind: str = "submission",
        mailbox: str = "",
        *,
        author: int = 1,
        number: int = 1,
        body: bytes = b"",
        known: bool = True,
    ) -> str:
        """A drop was admitted; `known` if this desk could open it. Returns its id."""
        drop = drop_id(name)
        box = hashlib.sha256((mailbox or name).encode()).digest()
        if known:
            self.contents[drop] = DropContent(drop, kind, box, b"recipient of " + box, b"", b"", b"")
        digest = hashlib.sha256(body or name.encode()).digest()
        self.tell(author, DropAdmitted(drop, kind, digest, self.day, number))
        return drop

    def case(self, name: str = "alena") -> Case:
        return self.cases.cases[drop_id(name)]

    def propose(
        self, case: Case, author: int = 1, grant: str = "g1", programme: str = "first-months", currency: str = "EUR",
        amounts: Iterable[int] = (60000, 40000),
    ) -> Grant | None:  # fmt: skip
        instalments = tuple(Instalment(amount, self.day + timedelta(days=30 * at)) for at, amount in enumerate(amounts))
        self.tell(author, GrantProposed(grant, case.id, programme, currency, instalments))
        return case.grants.get(grant)
