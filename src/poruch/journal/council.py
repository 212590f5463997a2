"""What officers decide about themselves: who is an officer, who is suspended, whether the fund is frozen.

The rules are numbered in docs/spec/council.md. One freezes, k thaw; one suspends, k lift; k change the roster. A rogue
must not kill the fund: he has one freeze and one suspension in force that k have not confirmed, and no more; and what
k undo counts as never said, so that nobody unmakes the roster by a word that he dates back.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from poruch.crypto.age import PqRecipient
from poruch.errors import (
    AlreadyDone,
    AnotherConfirms,
    BadEvent,
    BadOfficers,
    FundFrozenNow,
    NotAllowed,
    NotOfQuorum,
    Removed,
    RightResting,
    RightUsed,
    StaleRoster,
    Suspended,
    TooManyProposals,
)
from poruch.events.base import Event
from poruch.events.charter import CIRCLES, LEAST_OFFICERS, Charter, check_threshold
from poruch.events.council import (
    CircleHandedOn,
    FundFrozen,
    LifeConfirmed,
    NewOfficer,
    OfficerSuspended,
    Pin,
    RosterApproved,
    RosterProposed,
    Voted,
)

REST_DAYS = 30
REST = timedelta(days=REST_DAYS)
COUNCIL_EVENTS = (
    RosterProposed, RosterApproved, FundFrozen, OfficerSuspended, Voted, LifeConfirmed, CircleHandedOn
)  # fmt: skip
NOWHERE = Pin(0, 0, -1, b"")
MOST_OPEN = 3
"""Proposals of one officer that may wait at a time."""
DURESS_LIFE = 65535
"""A life that needs no confirmation, for in it an officer can do one thing: freeze the fund."""

Order = tuple[int, int, int, int]


@dataclass(frozen=True)
class Said:
    """A clear event with where it stands: `id` is its event id, `order` the place of its segment."""

    id: bytes
    author: int
    day: date
    order: Order


@dataclass
class Proposal:
    """A change of the roster. `approvals` holds, by officer, what each had seen of the removed; `taken` the day."""

    said: Said
    event: RosterProposed
    approvals: dict[int, tuple[Pin, ...]]
    taken: date | None = None
    taken_at: Order = (-1, 0, 0, 0)

    def keyer(self, circle: str) -> int:
        """Who makes the next key of a circle: k approved him with the change, so that no other officer can."""
        return self.event.keyers[CIRCLES.index(circle)] if self.event.keyers else self.said.author

    def pin_of(self, number: int, spare: int) -> Pin:
        """What of a removed officer counts: what the approvers had seen, less whatever `spare` rogues could say."""
        seen = [pin for pins in self.approvals.values() for pin in pins if pin.number == number]
        return sorted(seen, key=lambda pin: (pin.life, pin.seq))[min(spare, len(seen) - 1)]


@dataclass
class Measure:
    """What the two emergency measures share: votes by officer, (vote, rest); `over` since which day.

    `stands`: k have confirmed it, and no later roster changes that. `rested`: its author's right was let rest for it.
    """

    said: Said
    event: FundFrozen | OfficerSuspended
    votes: dict[int, tuple[str, bool]] = field(default_factory=dict)
    over: date | None = None
    stands: bool = False
    rested: bool = False

    def of(self, vote: str) -> frozenset[int]:
        """Who votes so."""
        return frozenset(number for number, (said, _) in self.votes.items() if said == vote)

    @property
    def resting(self) -> frozenset[int]:
        """Who thaws and lets the freezer's right rest."""
        return frozenset(number for number, vote in self.votes.items() if vote == ("undo", True))


@dataclass
class Freeze(Measure):
    """A freeze of the fund. `instead_of`: the officer whose suspension would have left fewer than k."""

    instead_of: int | None = None


@dataclass
class Suspension(Measure):
    """A suspension of `pin.number`; `absent`: he did not appear, and another who spoke with him lifts it.

    `day`: within which day it reaches back to its pin, once k have confirmed it; the last of all days for none.
    """

    pin: Pin = NOWHERE
    absent: bool = False
    day: date = date.max


@dataclass(frozen=True)
class Life:
    """A life that another officer confirmed: the id of its first segment, and `pin`, the end of the one before."""

    said: Said
    first: bytes
    pin: Pin


def nobody(officer: NewOfficer) -> None:
    """What a council does with a new officer if nobody tells it."""


@dataclass
class Council:
    """Feed it the clear events of its kinds in their one order. `liars` are officers proved to have equivocated.

    `void` are measures that k undo later on: they stop nothing, from the beginning. None: no measure stops anything.
    """

    liars: frozenset[int] = frozenset()
    void: frozenset[bytes] | None = frozenset()
    charter: Charter | None = None
    epoch: int = 0
    k: int = 0
    quorum: tuple[int, ...] = ()
    roster: set[int] = field(default_factory=set)
    removed: dict[int, tuple[Order, date, Pin]] = field(default_factory=dict)
    proposals: dict[bytes, Proposal] = field(default_factory=dict)
    history: list[Proposal] = field(default_factory=list)
    freezes: dict[bytes, Freeze] = field(default_factory=dict)
    suspensions: dict[bytes, Suspension] = field(default_factory=dict)
    rests: dict[int, date] = field(default_factory=dict)
    rests_suspending: dict[int, date] = field(default_factory=dict)
    days: dict[int, date] = field(default_factory=dict)
    lives: dict[tuple[int, int, bytes], Life] = field(default_factory=dict)
    handed: set[tuple[int, str]] = field(default_factory=set)
    handouts: list[CircleHandedOn] = field(default_factory=list)
    admit: Callable[[NewOfficer], None] = field(default=nobody, repr=False, compare=False)

    def __getstate__(self) -> dict[str, object]:
        return {name: value for name, value in self.__dict__.items() if name != "admit"}

    def found(self, charter: Charter) -> None:
        """Begin with the founders."""
        self.charter, self.k, self.quorum, self.roster = charter, charter.k, charter.numbers, set(charter.numbers)

    # ---- how things stand ---------------------------------------------------------------------

    @property
    def suspended(self) -> dict[int, Suspension]:
        """The suspension in force of each suspended officer."""
        return {} if self.void is None else self.in_force(self.void)

    def in_force(self, void: frozenset[bytes] = frozenset()) -> dict[int, Suspension]:
        """The same but for those in `void`."""
        rows = [s for id, s in self.suspensions.items() if s.over is None and id not in void]
        rows.sort(key=lambda s: not s.absent)  # of two of one officer, the earnest one
        return {s.pin.number: s for s in rows if s.pin.number in self.roster}

    @property
    def undone(self) -> frozenset[bytes]:
        """The measures that are over."""
        measures: list[tuple[bytes, Measure]] = [*self.freezes.items(), *self.suspensions.items()]
        return frozenset(id for id, measure in measures if measure.over is not None)

    def counts(self, number: int) -> bool:
        """On the roster and not suspended, at this place of the journal."""
        return number in self.roster and number not in self.suspended

    def active(self, number: int) -> bool:
        """On the roster, not suspended, not proved to have equivocated: whom colleagues may count on today."""
        return self.counts(number) and number not in self.liars

    @property
    def active_quorum(self) -> tuple[int, ...]:
        """Those of the quorum who are not suspended."""
        return tuple(number for number in self.quorum if self.counts(number))

    @property
    def frozen(self) -> bool:
        """A freeze is in force, or fewer than k of the quorum are not suspended."""
        void = self.freezes.keys() if self.void is None else self.void
        in_force = any(freeze.over is None and id not in void for id, freeze in self.freezes.items())
        return in_force or (self.charter is not None and len(self.active_quorum) < self.k)

    @property
    def freezes_in_force(self) -> list[Freeze]:
        """The freezes that k have not thawed."""
        return [freeze for freeze in self.freezes.values() if freeze.over is None]

    @property
    def assignments(self) -> list[bytes]:
        """The hashes of the assignments of circles that k approved, oldest first."""
        return [proposal.event.circles for proposal in self.history if proposal.event.circles]

    def may_vote(self, number: int) -> bool:
        """Everyone on the quorum votes on freezes and suspensions, suspended or not; never who equivocated.

        An equivocator's votes end with his suspension: else he could by a second segment take back all that he voted.
        """
        return number in self.quorum and not (number in self.liars and number in self.suspended)

    @staticmethod
    def confirmed(measure: Measure) -> bool:
        """k officers stand behind it."""
        return measure.stands

    def believed(self, author: int, day: date) -> date:
        """`day` as far as k officers, its author one of them, have come: nobody alone makes a month pass."""
        others = sorted((self.days[n] for n in self.quorum if n != author and n in self.days), reverse=True)
        return min(day, others[self.k - 2]) if len(others) >= self.k - 1 > 0 else day

    def reached(self, day: date) -> date:
        """The latest day that k of the quorum have come to; `day` where fewer have said anything yet."""
        days = sorted((self.days[n] for n in self.quorum if n in self.days), reverse=True)
        return days[self.k - 1] if len(days) >= self.k > 0 else day

    def one_lifts(self, measure: Measure, author: int) -> bool:
        """Whether his word alone lifts it: an absence, and he neither suspended nor is suspended himself."""
        absent = isinstance(measure, Suspension) and measure.absent and author != measure.pin.number
        return absent and author != measure.said.author and self.counts(author)

    def may_let_rest(self, measure: Measure, author: int) -> bool:
        """Whether his vote, after the fund was thawed, still counts towards letting the freezer's right rest."""
        open_yet = isinstance(measure, Freeze) and measure.over is not None and not measure.rested
        return open_yet and author != measure.said.author and self.may_vote(author) and author not in measure.resting

    def _doubtful(self) -> list[Suspension]:
        """Suspensions that rest on a word: two segments at one place are proof, and use up nobody's right."""
        return [s for s in self.suspensions.values() if s.pin.number not in self.liars]

    def _unconfirmed(self, author: int, measures: Iterable[Measure]) -> bool:
        return any(m.said.author == author and m.over is None and not self.confirmed(m) for m in measures)

    # ---- what may be said, for acts and for the fold alike -------------------------------------

    def _need_voice(self, author: int) -> None:
        if author not in self.roster:
            raise Removed
        if not self.counts(author):
            raise Suspended

    def check_freeze(self, author: int, day: date) -> None:
        """Whether `author` may freeze. Raises `Suspended`, `Removed`, `RightUsed`, `RightResting`."""
        self._need_voice(author)
        if self._unconfirmed(author, self.freezes.values()):
            raise RightUsed
        if author in self.rests and self.believed(author, day) < self.rests[author]:
            raise RightResting

    def check_suspend(self, author: int, number: int, day: date = date.min, *, absent: bool = False) -> None:
        """Whether `author` may suspend officer `number` on `day`, which matters where his right rests.

        Raises `Suspended`, `Removed`, `NotAllowed`, `AlreadyDone`, `RightUsed`, `RightResting`.
        """
        self._need_voice(author)
        if number not in self.roster or number == author:
            raise NotAllowed("one suspends a colleague on the roster")
        present = self.suspended.get(number)
        if present is not None and (absent or not present.absent):
            # An absence is lifted by one, and shields nobody from a suspension that k lift.
            raise AlreadyDone("he is suspended already")
        if number in self.liars:
            return
        if self._unconfirmed(author, self._doubtful()):
            raise RightUsed
        if author in self.rests_suspending and self.believed(author, day) < self.rests_suspending[author]:
            raise RightResting

    def check_decides(self, author: int) -> None:
        """Whether `author` may propose or approve a change. Raises `NotOfQuorum`, `Suspended`, `FundFrozenNow`."""
        if author not in self.quorum or not self.counts(author):
            raise Suspended if author in self.quorum else NotOfQuorum
        if self.frozen:
            raise FundFrozenNow

    def check_room(self, author: int) -> None:
        """Whether `author` may have one more proposal waiting. Raises `TooManyProposals`."""
        waiting = [p for p in self.proposals.values() if p.taken is None and p.event.epoch == self.epoch]
        if sum(p.said.author == author for p in waiting) >= MOST_OPEN:
            raise TooManyProposals

    def check_proposal(self, event: RosterProposed) -> None:
        """Whether this change is possible on today's roster. Raises `StaleRoster`, `BadOfficers`, `BadEvent`."""
        if event.epoch != self.epoch:
            raise StaleRoster
        new = [officer.number for officer in event.admitted]
        used = self.roster | set(self.removed)
        if len(set(new)) < len(new) or set(new) & used or not all(0 < number < 65536 for number in new):
            raise BadEvent("a number that was given before")
        keys = [officer.signing for officer in event.admitted]
        if len(set(keys)) < len(keys) or set(keys) & self._signing_keys():
            raise BadEvent("the key of somebody who is an officer already")
        for officer in event.admitted:
            if len(officer.signing) != 32 or len(officer.log) != 32:
                raise BadEvent("keys")
            PqRecipient.parse(officer.recipient)
        if not set(event.removed) <= self.roster or len(set(event.removed)) < len(event.removed):
            raise BadEvent("removes somebody who is not there")
        after = (self.roster | set(new)) - set(event.removed)
        if list(event.quorum) != sorted(set(event.quorum)) or not set(event.quorum) <= after:
            raise BadEvent("a quorum of others than officers")
        check_threshold(event.k, len(event.quorum))
        if not self._leaves_enough(event):
            raise BadOfficers("Fewer officers would be left who are not suspended than must agree.")
        if len(event.circles) not in (0, 32) or not set(event.history) <= after or (new and not event.circles):
            raise BadEvent("circles")
        if len(event.keyers) not in (0, len(CIRCLES)) or not set(event.keyers) <= after:
            raise BadEvent("keyers")
        _check_pins(event.pins, event.removed)

    def _signing_keys(self) -> set[bytes]:
        """The signing keys of today's officers."""
        known = {one.number: one.signing for one in (self.charter.founders if self.charter else ())}
        known |= {one.number: one.signing for change in self.history for one in change.event.admitted}
        return {signing for number, signing in known.items() if number in self.roster}

    def _leaves_enough(self, event: RosterProposed) -> bool:
        new = {officer.number for officer in event.admitted}
        return sum(number in new or self.counts(number) for number in event.quorum) >= event.k

    def leaves_too_few(self, number: int) -> bool:
        """Whether without this officer fewer than k of the quorum could act."""
        return number in self.active_quorum and len(self.active_quorum) - 1 < self.k

    # ---- the fold -----------------------------------------------------------------------------

    def hear(self, said: Said, event: Event) -> None:
        """Take one event. Raises a `Refused` or `Malformed` for what does not count."""
        if self.charter is None:
            raise NotAllowed("there is no fund yet")
        if isinstance(event, RosterProposed):
            self._propose(said, event)
        elif isinstance(event, RosterApproved):
            self._approve(said, event)
        elif isinstance(event, FundFrozen):
            self.check_freeze(said.author, said.day)
            self.freezes[said.id] = Freeze(said, event)
        elif isinstance(event, OfficerSuspended):
            self._suspend(said, event)
        elif isinstance(event, Voted):
            self._vote(said, event)
        elif isinstance(event, LifeConfirmed):
            self._confirm_life(said, event)
        elif isinstance(event, CircleHandedOn) and self.counts(said.author):
            self.handed.add((event.number, event.circle))
            self.handouts.append(event)

    def _propose(self, said: Said, event: RosterProposed) -> None:
        self.check_decides(said.author)
        self.check_room(said.author)
        self.check_proposal(event)
        self.proposals[said.id] = Proposal(said, event, {said.author: event.pins})
        self._take(self.proposals[said.id], said)

    def _approve(self, said: Said, event: RosterApproved) -> None:
        self.check_decides(said.author)
        proposal = self.proposals.get(event.proposal)
        if proposal is None or proposal.event.epoch != self.epoch:
            raise StaleRoster
        _check_pins(event.pins, proposal.event.removed)
        proposal.approvals.setdefault(said.author, event.pins)
        self._take(proposal, said)

    def _take(self, proposal: Proposal, said: Said) -> None:
        event = proposal.event
        if len(set(proposal.approvals) & set(self.active_quorum)) < self.k or not self._leaves_enough(event):
            return
        day = self.believed(said.author, said.day)
        proposal.taken, proposal.taken_at = day, said.order
        for officer in event.admitted:
            self.roster.add(officer.number)
            self.admit(officer)
        spare = len(self.quorum) - self.k
        for number in event.removed:
            self.roster.discard(number)
            self.removed[number] = (said.order, day, proposal.pin_of(number, spare))
        self.k, self.quorum, self.epoch = event.k, event.quorum, self.epoch + 1
        self.history.append(proposal)

    def _suspend(self, said: Said, event: OfficerSuspended) -> None:
        number = event.pin.number
        self.check_suspend(said.author, number, said.day, absent=event.absent)
        if self.leaves_too_few(number):
            # Nobody may suspend the fund away one officer at a time: then all stands still, and people talk.
            self.check_freeze(said.author, said.day)
            self.freezes[said.id] = Freeze(said, event, instead_of=number)
            return
        absence = self.suspended.get(number)
        if absence is not None:
            said = replace(said, order=absence.said.order)  # what he said since counts no more for it
        # Who writes a day that k have left behind wants to strike out what stood there.
        day = said.day if said.day >= self.reached(said.day) else date.max
        self.suspensions[said.id] = Suspension(said, event, pin=event.pin, absent=event.absent, day=day)

    def _vote(self, said: Said, event: Voted) -> None:
        measure: Freeze | Suspension | None = self.freezes.get(event.on) or self.suspensions.get(event.on)
        if measure is None:
            raise AlreadyDone("nothing of this kind is in force")
        if measure.over is not None:
            if (event.vote, event.rest) != ("undo", True) or not self.may_let_rest(measure, said.author):
                raise AlreadyDone("nothing of this kind is in force")
        elif event.vote == "undo" and self.one_lifts(measure, said.author):
            measure.over = self.believed(said.author, said.day)
            return
        if not self.may_vote(said.author):
            raise NotOfQuorum
        measure.votes[said.author] = (event.vote, event.rest)
        measure.stands = measure.stands or len(measure.of("confirm") & set(self.quorum)) >= self.k
        if len(measure.of("undo") & set(self.quorum)) < self.k:
            return
        if measure.over is None:
            measure.over = self.believed(said.author, said.day)
        self._let_rest(measure, said.day)

    def _let_rest(self, measure: Freeze | Suspension, day: date) -> None:
        """Whoever froze for nothing, or suspended for nothing, waits: else he would do so again as fast as k undo it.

        Of a freeze k say so, when they thaw or later: the last of those who thaw may be the freezer himself.
        """
        if measure.rested:
            return
        if isinstance(measure, Freeze):
            rests, measure.rested = self.rests, len(measure.resting & set(self.quorum)) >= self.k
        else:
            doubtful = not measure.absent and measure.pin.number not in self.liars
            rests, measure.rested = self.rests_suspending, doubtful and not self.confirmed(measure)
        if measure.rested:
            author, until = measure.said.author, min(self.reached(day), date.max - REST) + REST
            rests[author] = max(until, rests.get(author, until))

    def _confirm_life(self, said: Said, event: LifeConfirmed) -> None:
        if not self.counts(said.author) or event.number == said.author or event.number not in self.roster:
            raise AnotherConfirms
        if not 0 < event.life < DURESS_LIFE or event.pin.number != event.number or event.pin.life >= event.life:
            raise NotAllowed("a later life is confirmed, after one that counts")
        # One that nobody opened is kept, too: it must not stand in the way of the true one (poruch.journal.standing).
        self.lives.setdefault((event.number, event.life, event.first), Life(said, event.first, event.pin))


def _check_pins(pins: tuple[Pin, ...], removed: tuple[int, ...]) -> None:
    if tuple(pin.number for pin in pins) != removed or any(pin.seq < -1 for pin in pins):
        raise BadEvent("pins")


def quorum_without(quorum: Iterable[int], k: int, gone: Iterable[int]) -> tuple[tuple[int, ...], int]:
    """The quorum without some officers, and the nearest possible threshold. Raises `BadOfficers`."""
    left = tuple(sorted(set(quorum) - set(gone)))
    if len(left) >= LEAST_OFFICERS:
        k = max(min(k, len(left) - 1), len(left) // 2 + 1)
    check_threshold(k, len(left))
    return left, k
