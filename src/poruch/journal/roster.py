"""The roster: whose signatures count."""

from dataclasses import dataclass, field

from poruch.crypto.age import PqRecipient
from poruch.errors import BadEvent, UnknownOfficer
from poruch.events.charter import Charter
from poruch.events.council import NewOfficer
from poruch.events.kinds import RosterKeys


@dataclass(frozen=True)
class OfficerKeys:
    """An officer's public keys."""

    number: int
    signing: bytes
    log: bytes
    recipient: PqRecipient
    state: str


@dataclass
class Roster:
    """`signing` holds the founders' keys that the charter pins; `officers` what each has announced since;
    `former` the keys of officers who were removed."""

    signing: dict[int, bytes] = field(default_factory=dict)
    officers: dict[int, OfficerKeys] = field(default_factory=dict)
    former: dict[int, OfficerKeys] = field(default_factory=dict)
    charter: Charter | None = None

    def found(self, charter: Charter) -> None:
        """Take the founders from the charter."""
        self.charter = charter
        self.signing = {founder.number: founder.signing for founder in charter.founders}

    def announce(self, author: int, event: RosterKeys) -> None:
        """Take the keys that an officer announces for himself. Raises `BadEvent`."""
        if event.number != author or self.signing.get(author) != event.signing or len(event.log) != 32:
            raise BadEvent("keys of another officer")
        if author in self.officers:
            raise BadEvent("keys announced twice")
        recipient = PqRecipient.parse(event.recipient)
        self.officers[author] = OfficerKeys(author, event.signing, event.log, recipient, event.state)

    def admit(self, officer: NewOfficer) -> None:
        """Take the keys of somebody whom k officers admitted."""
        self.signing[officer.number] = officer.signing
        recipient = PqRecipient.parse(officer.recipient)
        self.officers[officer.number] = OfficerKeys(officer.number, officer.signing, officer.log, recipient, "active")

    def remove(self, number: int) -> None:
        """An officer left: his keys stay known, for what he signed stays signed."""
        if number in self.officers:
            self.former[number] = self.officers.pop(number)

    def key_of(self, number: int) -> bytes:
        """The signing key (32 bytes) of officer `number`. Raises `UnknownOfficer`."""
        try:
            return self.signing[number]
        except KeyError:
            raise UnknownOfficer(str(number)) from None
