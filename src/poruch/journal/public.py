"""What a stranger may know: the fold of the clear events. The front knows no more than this."""

import hashlib
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from poruch.errors import BadEvent, Malformed, NotAllowed, Refused
from poruch.events.ceremony import CeremonyProposed
from poruch.events.charter import CIRCLES, Charter, fund_id
from poruch.events.kinds import (
    AnyEvent,
    CircleKeyed,
    FundFounded,
    LogPolicySet,
    MailboxReplied,
    NoticePublished,
    RosterKeys,
    parse_event,
)
from poruch.journal.ceremonies import Ceremonies
from poruch.journal.circles import CircleRecipients, parse_recipients
from poruch.journal.roster import OfficerKeys, Roster
from poruch.journal.segments import Clear, SignedSegment


@dataclass(frozen=True)
class Reply:
    """A message that waits in a mailbox: the hash of its sealed body (32 bytes), and its day."""

    body: bytes
    day: date


@lru_cache(maxsize=16384)
def _parsed(raw: bytes) -> AnyEvent:
    """Clear events are public and are read again at every fold."""
    return parse_event(raw)


@dataclass
class PublicState:
    """Feed it segments in their one order; `faults` counts clear events that did not hold."""

    charter: Charter | None = None
    roster: Roster = field(default_factory=Roster)
    circles: dict[str, CircleRecipients] = field(default_factory=dict)
    ceremonies: Ceremonies = field(default_factory=Ceremonies)
    policy: str | None = None
    notices: dict[str, str] = field(default_factory=dict)
    replies: dict[bytes, list[Reply]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    _keyed: set[tuple[str, int, str, str]] = field(default_factory=set)

    @property
    def officers(self) -> dict[int, OfficerKeys]:
        """Officers who have announced their keys, by number."""
        return self.roster.officers

    @property
    def quorum_point(self) -> bytes | None:
        """`Y` of the quorum key (32 bytes), once all have certified it."""
        group = self.ceremonies.group
        return group.Y if group else None

    @property
    def ready(self) -> bool:
        """All that a person needs to seal a submission is here."""
        return self.charter is not None and self.quorum_point is not None and set(CIRCLES) <= set(self.circles)

    def apply(self, signed: SignedSegment) -> None:
        """Take the clear events of one segment that counts."""
        for entry in signed.segment.entries:
            if not isinstance(entry, Clear):
                continue
            try:
                event = _parsed(entry.event)
                if isinstance(event, FundFounded) and fund_id(event.charter) != signed.segment.fund:
                    raise BadEvent("the charter of another fund")
                self.hear(signed.segment.author, signed.segment.day, event)
            except (Malformed, Refused) as error:
                self.faults.append(f"{error.name} in a segment of officer {signed.segment.author}")

    def hear(self, author: int, day: date, event: AnyEvent) -> None:
        """Take one clear event."""
        if isinstance(event, FundFounded) and self.charter is None:
            self.charter = event.charter
            self.roster.found(event.charter)
        elif isinstance(event, RosterKeys):
            self.roster.announce(author, event)
        elif isinstance(event, CircleKeyed | LogPolicySet):
            if self.charter is None or author != self.charter.numbers[0]:
                raise NotAllowed("only the first founder gives the first circle keys and the log's policy")
            if isinstance(event, CircleKeyed):
                certified = any(author in ceremony.certified for ceremony in self.ceremonies.sessions.values())
                if certified and event.circle in self.circles:
                    raise NotAllowed("once the quorum key is certified, no officer alone gives a circle another key")
                self._key_circle(event)
            else:
                self.policy = self.policy or event.text
        elif isinstance(event, NoticePublished):
            self.notices[hashlib.sha256(event.text.encode()).hexdigest()] = event.text
        elif isinstance(event, MailboxReplied):
            self.replies.setdefault(event.mailbox, []).append(Reply(event.body, day))
        else:
            if isinstance(event, CeremonyProposed):
                self._check_quorum(event)
            self.ceremonies.apply(author, event, self.roster.signing)

    def _check_quorum(self, event: CeremonyProposed) -> None:
        """Desks take part in ceremonies by themselves: none may make a key that fewer open than the charter says."""
        if self.charter is None or (event.k, event.officers) != (self.charter.k, self.charter.numbers):
            raise NotAllowed("the quorum is the one that the charter names")

    def _key_circle(self, event: CircleKeyed) -> None:
        known = self.circles.get(event.circle)
        if event.circle in CIRCLES and (known is None or event.epoch == known.epoch + 1):
            self.circles[event.circle] = parse_recipients(event)
            self._keyed.add((event.circle, event.epoch, event.x25519, event.pq))

    def has_keyed(self, event: CircleKeyed) -> bool:
        """Whether this key of a circle was once in force."""
        return (event.circle, event.epoch, event.x25519, event.pq) in self._keyed

    @property
    def fingerprint(self) -> bytes:
        """32 bytes that name the fund's keys as a stranger sees them: charter, quorum key, circles."""
        parts = [self.quorum_point or b""] + [self.circles[name].pq.text.encode() for name in sorted(self.circles)]
        founders = [founder.signing for founder in self.charter.founders] if self.charter else []
        return hashlib.sha256(b"poruch/fingerprint/v1\n" + b"".join(founders + parts)).digest()
