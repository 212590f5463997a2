"""What a stranger may know: the fold of the clear events. The front knows no more than this."""

import hashlib
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from poruch.errors import BadEvent, Malformed, NotAllowed, Refused
from poruch.events.ceremony import (
    CeremonyJoined,
    CeremonyProposed,
    DealingAnnounced,
    DealingDisputed,
    DealingPublished,
    GroupCertified,
    ShareErased,
)
from poruch.events.charter import CIRCLES, Charter, fund_id
from poruch.events.council import KeeperNamed, NewOfficer, Voted
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
from poruch.journal.council import COUNCIL_EVENTS, Council, Said, nobody
from poruch.journal.folds import deep_copied
from poruch.journal.resolutions import RESOLUTION_EVENTS, Resolutions
from poruch.journal.roster import OfficerKeys, Roster
from poruch.journal.segments import Clear, SignedSegment, event_id, first_indices


@dataclass(frozen=True)
class Reply:
    """A message that waits in a mailbox: the hash of its sealed body (32 bytes), and its day."""

    body: bytes
    day: date


SUSPENDED_SAY = (Voted, ShareErased)
"""What is heard of a suspended officer: his votes on freezes and suspensions, and that he erased a share."""
SUSPENDED_HEARD = (
    *SUSPENDED_SAY, RosterKeys, CircleKeyed, LogPolicySet,
    CeremonyProposed, CeremonyJoined, DealingAnnounced, DealingPublished, DealingDisputed, GroupCertified,
)  # fmt: skip
"""What of his counts wherever it stands. One officer alone must not take the fund's keys away by suspending another."""
REMOVED_SAY = (ShareErased,)


@lru_cache(maxsize=16384)
def parsed(raw: bytes) -> AnyEvent:
    """Clear events are public and are read again at every fold."""
    return parse_event(raw)


@dataclass
class PublicState:
    """Feed it segments in their one order; `faults` counts clear events that did not hold.

    `due` are circles that need a new key after a change of the roster: its epoch, and who makes it. `agreed` is the
    council as k left it, freezes and suspensions apart; `agreed_keys` whom it admitted, with their signing keys.
    """

    liars: frozenset[int] = frozenset()
    void: frozenset[bytes] | None = frozenset()
    council: Council = field(default_factory=Council)
    agreed: Council = field(default_factory=lambda: Council(void=None))
    agreed_keys: dict[int, bytes] = field(default_factory=dict)
    due: dict[str, tuple[int, int]] = field(default_factory=dict)
    charter: Charter | None = None
    roster: Roster = field(default_factory=Roster)
    circles: dict[str, CircleRecipients] = field(default_factory=dict)
    ceremonies: Ceremonies = field(default_factory=Ceremonies)
    policy: str | None = None
    notices: dict[str, str] = field(default_factory=dict)
    replies: dict[bytes, tuple[Reply, ...]] = field(default_factory=dict)
    resolutions: Resolutions = field(default_factory=Resolutions)
    keepers: dict[int, bytes] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    _keyed: set[tuple[str, int, str, str]] = field(default_factory=set)
    _joined: dict[tuple[bytes, int], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.council.liars, self.council.void = self.liars, self.void
        self.council.admit = self._admit

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)
        self.council.admit, self.agreed.admit = self._admit, nobody

    def fork(self) -> "PublicState":
        """A copy that goes its own way."""
        made = deep_copied(self)
        made.council.admit = made._admit
        return made

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

    def apply(self, signed: SignedSegment, only: tuple[type, ...] = ()) -> None:
        """Take the clear events of one segment; if `only` is not empty, those of these classes."""
        author, day = signed.author, signed.day
        if not only and self.council.days.get(author, date.min) < day:
            self.council.days[author] = day
        self.agreed.days = self.council.days
        if signed.in_clear:
            self._hear_clear(signed, only)

    def _hear_clear(self, signed: SignedSegment, only: tuple[type, ...]) -> None:
        segment = signed.segment
        for index, entry in zip(first_indices(segment.entries), segment.entries, strict=True):
            if not isinstance(entry, Clear):
                continue
            try:
                event = parsed(entry.event)
                if isinstance(event, FundFounded) and fund_id(event.charter) != segment.fund:
                    raise BadEvent("the charter of another fund")
                if isinstance(event, COUNCIL_EVENTS):
                    said = Said(event_id(signed, index, entry.event), segment.author, segment.day, signed.order)
                    if only is not REMOVED_SAY:
                        self._agree(said, event)
                    if not only or isinstance(event, only):
                        self.hear_council(said, event)
                elif only and not isinstance(event, only):
                    continue
                elif isinstance(event, RESOLUTION_EVENTS):
                    said = Said(event_id(signed, index, entry.event), segment.author, segment.day, signed.order)
                    self.resolutions.hear(said, event, self.council)
                elif self._from_one_desk(segment.author, segment.life, event):
                    self.hear(segment.author, segment.day, event)
            except (Malformed, Refused) as error:
                self.faults.append(f"{error.name} in a segment of officer {segment.author}")

    def hear_council(self, said: Said, event: AnyEvent) -> None:
        """Take what officers say about themselves; a change of who reads what makes every circle's key old."""
        before = len(self.council.history)
        self.council.hear(said, event)
        for proposal in self.council.history[before:]:
            for number in proposal.event.removed:
                self.roster.remove(number)

    def _agree(self, said: Said, event: AnyEvent) -> None:
        """Hear it as if no measure stopped anything.

        One word dated back may hold up what k decided about the roster. But no front answers again who was removed, and
        no circle goes back to a key that he has.
        """
        before = len(self.agreed.history)
        try:
            self.agreed.hear(said, event)
        except (Malformed, Refused):
            return  # whether it counts says the council; there it is a fault
        for proposal in self.agreed.history[before:]:
            change = proposal.event
            self.agreed_keys |= {officer.number: officer.signing for officer in change.admitted}
            if change.admitted or change.removed or change.circles:
                self.due = {c: (keyed.epoch + 1, proposal.keyer(c)) for c, keyed in self.circles.items()}

    def begin(self, charter: Charter | None) -> None:
        """Begin with the charter, which the fund's id names: it counts whatever becomes of who brought it."""
        if charter is not None and self.charter is None:
            self.charter = charter
            self.roster.found(charter)
            self.council.found(charter)
            self.agreed.found(charter)

    def serves(self, number: int) -> bool:
        """Whether a front answers this officer."""
        return self.council.active(number) and number not in self.agreed.removed

    def _from_one_desk(self, author: int, life: int, event: AnyEvent) -> bool:
        """A ceremony is gone through from one desk: what a later life has is not what the one before began with.

        It can only dispute, as one whose part is lost, so that the session ends: else all would wait for it for ever.
        """
        if isinstance(event, CeremonyJoined | DealingAnnounced | DealingPublished | GroupCertified):
            return self._joined.setdefault((event.session, author), life) == life
        return True

    def _admit(self, officer: NewOfficer) -> None:
        self.roster.admit(officer)

    def hear(self, author: int, day: date, event: AnyEvent) -> None:
        """Take one clear event of another kind."""
        if isinstance(event, FundFounded):
            self.begin(event.charter)
        elif isinstance(event, RosterKeys):
            if author in self.council.removed:
                raise NotAllowed("an officer who was removed")
            self.roster.announce(author, event)
        elif isinstance(event, CircleKeyed):
            self._key_circle(author, event)
        elif isinstance(event, LogPolicySet):
            self._need_first_founder(author)
            self.policy = self.policy or event.text
        elif isinstance(event, NoticePublished):
            self.notices[hashlib.sha256(event.text.encode()).hexdigest()] = event.text
        elif isinstance(event, KeeperNamed):
            self._name_keeper(author, event)
        elif isinstance(event, MailboxReplied):
            self.replies[event.mailbox] = (*self.replies.get(event.mailbox, ()), Reply(event.body, day))
        else:
            self.ceremonies.apply(author, day, event, self.council)

    def _name_keeper(self, author: int, event: KeeperNamed) -> None:
        if author in self.council.removed:
            raise NotAllowed("an officer who was removed")
        if len(event.signing) not in (0, 32):
            raise BadEvent("the key of a keeper")
        self.keepers.pop(author, None)
        if event.signing:
            self.keepers[author] = event.signing

    def keeper(self, number: int) -> bytes | None:
        """The key of the keeper of officer `number`, while a front answers that officer."""
        return self.keepers.get(number) if self.serves(number) else None

    @property
    def erased(self) -> set[bytes]:
        """The hashes of bodies that k officers have erased for ever."""
        return self.resolutions.erased

    def _need_first_founder(self, author: int) -> None:
        if self.charter is None or author != self.charter.numbers[0]:
            raise NotAllowed("only the first founder gives the first circle keys and the log's policy")

    def _key_circle(self, author: int, event: CircleKeyed) -> None:
        """The first keys are the first founder's; later ones of him alone whom k named with a change of the roster."""
        known = self.circles.get(event.circle)
        if event.circle not in CIRCLES:
            return
        if self.due.get(event.circle) == (event.epoch, author):
            del self.due[event.circle]
        else:
            self._need_first_founder(author)
            certified = any(author in ceremony.certified for ceremony in self.ceremonies.sessions.values())
            if certified and known is not None:
                raise NotAllowed("once the quorum key is certified, no officer alone gives a circle another key")
            if known is not None and event.epoch != known.epoch + 1:
                return
        self.circles[event.circle] = parse_recipients(event)
        self._keyed.add((event.circle, event.epoch, event.x25519, event.pq))

    def has_keyed(self, event: CircleKeyed) -> bool:
        """Whether this key of a circle was once in force."""
        return (event.circle, event.epoch, event.x25519, event.pq) in self._keyed

    def was_in_force(self, key: CircleRecipients) -> bool:
        """The same for the public half of a key."""
        return (key.circle, key.epoch, key.x25519.text, key.pq.text) in self._keyed

    @property
    def fingerprint(self) -> bytes:
        """32 bytes that name the fund: its charter and its quorum key, which no change of the roster changes."""
        founded = fund_id(self.charter) if self.charter else b""
        return hashlib.sha256(b"poruch/fingerprint/v2\n" + founded + (self.quorum_point or b"")).digest()
