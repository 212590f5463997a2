"""Cases as a fold of events. Nothing here is stored: any desk makes the same state from the same journal."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar

from poruch.events.charter import Charter, Programme
from poruch.events.codec import Schema
from poruch.events.drops import DropContent
from poruch.events.heard import Heard
from poruch.events.kinds import (
    BatchProposed,
    CaseChecked,
    CaseRefused,
    CaseTaken,
    DropAdmitted,
    GrantApproved,
    GrantProposed,
    MessageSent,
    NoteWritten,
)
from poruch.journal.folds import Fold, Handler, copied
from poruch.journal.members import Members

ANSWER_DAYS = 3
CHECKS = {"reading": ("believable", "doubtful"), "screening": ("no-match", "cleared", "match")}
MOST_INSTALMENTS, LARGEST_INSTALMENT, LONGEST_DAYS = 24, 2**32, 3660
MAILBOX_BYTES = 32
NUMBERS_AHEAD = 10_000
"""Desks that have not heard of each other number cases alike; none is so far ahead."""


@dataclass(frozen=True)
class Check:
    """A check on record."""

    by: int
    day: date
    outcome: str
    list_sha256: bytes


@dataclass
class Grant:
    """Help decided, or proposed: `approvals` are officers of casework other than the proposer."""

    id: str
    proposal: bytes
    proposer: int
    day: date
    programme: Programme
    currency: str
    amounts_minor: tuple[int, ...]
    due: tuple[date, ...]
    approvals: dict[int, date] = field(default_factory=dict)

    @property
    def approved(self) -> bool:
        """Enough of casework have approved exactly this proposal."""
        return len(self.approvals) >= self.programme.approvals

    @property
    def total_minor(self) -> int:
        """All instalments together."""
        return sum(self.amounts_minor)


@dataclass(frozen=True)
class Letter:
    """A message in a case, either way. `drop` is set where the person wrote it, `text` where an officer did."""

    day: date
    author: int
    kind: str
    text: str
    drop: str


class Left(Schema, frozen=True):
    """What is known of an erased drop: the hash of its body (32 bytes), its case and sender, the day of the erasure."""

    drop: str
    body: bytes
    case: str
    sender: bytes
    day: date


class KeptLeft(Schema, frozen=True, tag="left.v1"):
    """All that is known of erased drops."""

    left: tuple[Left, ...]


@dataclass
class Case:
    """One person's case. `id` is the drop id of the submission; `gone` are drops whose bodies k erased, with the day.

    Of an erased case `recipient` is empty, until the person writes again.
    """

    id: str
    number: int
    day: date
    mailbox: bytes
    recipient: bytes
    taken_by: int | None = None
    checks: dict[str, Check] = field(default_factory=dict)
    notes: list[tuple[date, int, str]] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)
    payees: list[str] = field(default_factory=list)
    grants: dict[str, Grant] = field(default_factory=dict)
    refused: str | None = None
    timeline: list[Heard] = field(default_factory=list)
    owner: object = field(default=None, compare=False, repr=False)
    gone: dict[str, date] = field(default_factory=dict)

    @property
    def erased(self) -> date | None:
        """The day on which k erased what the person sent."""
        return self.gone.get(self.id)

    @property
    def label(self) -> str:
        """The number as screens show it."""
        return f"{self.number:04}"

    @property
    def live_grant(self) -> Grant | None:
        """The grant of this case, proposed or approved."""
        return next(iter(self.grants.values()), None)

    @property
    def answered(self) -> bool:
        """An officer wrote to the person since the person last wrote."""
        return not self.letters or self.letters[-1].drop == "" or self.letters[-1].kind == "received"

    def days_left(self, today: date) -> int:
        """Days until an answer is due; negative when it is late."""
        since = next((letter.day for letter in reversed(self.letters) if letter.drop), self.day)
        return ANSWER_DAYS - (today - since).days

    @property
    def state(self) -> str:
        """One word: new, taken, proposed, granted, refused, erased."""
        if self.erased is not None:
            return "erased"
        if self.refused is not None:
            return "refused"
        grant = self.live_grant
        if grant is not None:
            return "granted" if grant.approved else "proposed"
        return "new" if self.taken_by is None else "taken"


@dataclass
class Cases(Fold):
    """All cases; `faults` are sentences for the errors page. `contents` are the drops that this desk has opened.

    `left` says whose the erased ones were; `bodies` holds the hashes under which each drop was admitted.
    """

    TABLES: ClassVar[tuple[str, ...]] = (
        "cases", "by_sender", "drops", "conflicted", "unlinked", "other_bodies", "faults",
        "bodies", "_linked", "_numbers", "_proposals", "_grants",
    )  # fmt: skip
    charter: Charter
    members: Members
    contents: Mapping[str, DropContent]
    cases: dict[str, Case] = field(default_factory=dict)
    by_sender: dict[bytes, str] = field(default_factory=dict)
    drops: dict[str, DropAdmitted] = field(default_factory=dict)
    conflicted: set[str] = field(default_factory=set)
    unlinked: dict[str, None] = field(default_factory=dict)
    other_bodies: set[bytes] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    left: Mapping[str, Left] = field(default_factory=dict)
    bodies: dict[str, frozenset[bytes]] = field(default_factory=dict)
    _linked: set[str] = field(default_factory=set)
    _numbers: set[int] = field(default_factory=set)
    _proposals: dict[bytes, tuple[str, str]] = field(default_factory=dict)
    _grants: set[str] = field(default_factory=set)
    _highest: int = 0

    @property
    def next_number(self) -> int:
        """The number of the next case."""
        return self._highest + 1

    def case_of(self, drop: str) -> Case | None:
        """The case that a drop belongs to."""
        content, left = self.contents.get(drop), self.left.get(drop)
        if content is None and left is not None:
            return self.cases.get(self.by_sender.get(left.sender, ""))
        return self.cases.get(self.by_sender.get(content.sender, "")) if content and content.mailbox else None

    def handlers(self) -> Mapping[type, Handler]:
        """Drops, what officers of casework say of a case, and the batches that pay its grants."""
        return {
            DropAdmitted: self._admit,
            BatchProposed: self._batch,
            GrantApproved: self._approve,
            GrantProposed: self._grant,
            CaseTaken: self._take,
            NoteWritten: self._note,
            MessageSent: self._message,
            CaseRefused: self._refuse,
            CaseChecked: self._check,
        }

    def _own(self, id: str) -> Case | None:
        """The case, to be changed."""
        case = self.cases.get(id)
        if case is None or case.owner is self._owner:
            return case
        made = copied(case, "checks", "notes", "letters", "payees", "grants", "timeline", "gone")
        made.grants = {name: copied(grant, "approvals") for name, grant in case.grants.items()}
        made.owner = self._owner
        self.cases[id] = made
        return made

    def _in_casework(self, heard: Heard) -> Case | None:
        """The case that an officer of casework speaks of, with his event in its timeline."""
        case = self._own(heard.event.case)  # type: ignore[union-attr]
        if case is None:
            return None
        if heard.author not in self.members.circles.get("casework", ()):
            self.faults.append(f"Officer {heard.author} is not of casework; an event of his was not counted.")
            return None
        case.timeline.append(heard)
        return case

    def _take(self, heard: Heard) -> None:
        case = self._in_casework(heard)
        if case is not None:
            case.taken_by = case.taken_by or heard.author

    def _note(self, heard: Heard) -> None:
        event: NoteWritten = heard.event  # type: ignore[assignment]  # heard of most: no check of what is sure
        case = self._in_casework(heard)
        if case is not None:
            case.notes.append((heard.day, heard.author, event.text))

    def _message(self, heard: Heard) -> None:
        event = heard.event
        assert isinstance(event, MessageSent)
        case = self._own(event.case)
        if case is not None:
            case.timeline.append(heard)
            case.letters.append(Letter(heard.day, heard.author, event.kind, event.text, ""))

    def _refuse(self, heard: Heard) -> None:
        case = self._in_casework(heard)
        if case is not None and (case.live_grant is None or not case.live_grant.approved):
            case.refused = case.refused if case.refused is not None else heard.event.reason  # type: ignore[union-attr]

    def _check(self, heard: Heard) -> None:
        event = heard.event
        assert isinstance(event, CaseChecked)
        case = self._in_casework(heard)
        if case is None or not event.no_interest or event.outcome not in CHECKS.get(event.check, ()):
            return
        known = case.checks.get(event.check)
        if known is not None and known.outcome == "match" and event.outcome == "no-match":
            return  # a match is cleared by an officer who says so, not by searching again
        case.checks[event.check] = Check(heard.author, heard.day, event.outcome, event.list_sha256)

    def _grant(self, heard: Heard) -> None:
        event = heard.event
        assert isinstance(event, GrantProposed)
        case = self._in_casework(heard)
        if case is not None and not case.grants:
            programme = next((p for p in self.charter.programmes if p.key == event.programme), None)
            amounts = tuple(instalment.amount_minor for instalment in event.instalments)
            possible = (
                programme is not None
                and case.refused is None
                and event.currency == self.charter.currency
                and 1 <= len(amounts) <= MOST_INSTALMENTS
                and all(0 < amount < LARGEST_INSTALMENT for amount in amounts)
                and all(abs((instalment.day - heard.day).days) <= LONGEST_DAYS for instalment in event.instalments)
            )
            if programme is None or not possible or event.grant in self._grants:
                self.faults.append(f"A grant in case {case.label} is not possible and was not counted.")
                return
            due = tuple(instalment.day for instalment in event.instalments)
            grant = Grant(event.grant, heard.id, heard.author, heard.day, programme, event.currency, amounts, due)
            case.grants[event.grant] = grant
            self._grants.add(event.grant)
            self._proposals[heard.id] = (case.id, grant.id)

    def _approve(self, heard: Heard) -> None:
        """Count an approval, if it is one of casework for exactly this proposal and not the proposer's own."""
        event = heard.event
        assert isinstance(event, GrantApproved)
        name, of = self._proposals.get(event.proposal, ("", ""))
        case = self._own(name) if of == event.grant else None
        if case is None:
            return
        grant = case.grants[of]
        case.timeline.append(heard)
        if grant.proposer != heard.author and self.members.within(heard.author, "casework"):
            grant.approvals.setdefault(heard.author, heard.day)

    def _batch(self, heard: Heard) -> None:
        event = heard.event
        assert isinstance(event, BatchProposed)
        for item in event.items:
            case = self._own(item.case)
            grant = case.grants.get(item.grant) if case else None
            if case and grant:
                case.timeline.append(heard)

    def _admit(self, heard: Heard) -> None:
        event = heard.event
        assert isinstance(event, DropAdmitted)
        known = self.drops.get(event.drop)
        self.bodies[event.drop] = self.bodies.get(event.drop, frozenset()) | {event.body}
        if known is not None:
            if known.body != event.body:
                self.conflicted.add(event.drop)
                self.other_bodies.add(event.body)
                self.faults.append("Two admissions of one drop have other bytes; nobody answers them.")
            if event.drop in self._linked:
                return
        self.drops.setdefault(event.drop, event)
        left = self.left.get(event.drop)
        if left is not None and left.body == event.body:
            self._link(heard, event, left)
            return
        content = self.contents.get(event.drop)
        if content is None or content.drop != event.drop or content.kind != event.kind:
            if event.kind != "gift":
                self.unlinked.setdefault(event.drop)
            return
        self._link(heard, event, content)

    def _link(self, heard: Heard, event: DropAdmitted, content: DropContent | Left) -> None:
        """The first admission that holds what it says: one that lies, dated earlier, makes no case vanish."""
        self.drops[event.drop] = event
        self._linked.add(event.drop)
        self.unlinked.pop(event.drop, None)
        if event.kind == "gift":
            return
        if event.kind == "submission":
            self._open_case(heard, event, content)
            return
        whose = self.by_sender.get(content.sender, "") if isinstance(content, Left) or content.mailbox else ""
        case = self._own(whose)
        if case is None:
            self.faults.append("A message belongs to no case.")
            return
        case.timeline.append(heard)
        if isinstance(content, Left):
            case.gone[event.drop] = content.day
        elif not case.recipient:
            case.recipient = content.recipient
        if event.kind == "payee":
            case.payees.append(event.drop)
        else:
            case.letters.append(Letter(event.day, 0, "answer", "", event.drop))

    def _open_case(self, heard: Heard, event: DropAdmitted, content: DropContent | Left) -> None:
        if content.sender in self.by_sender:
            self.faults.append("Two submissions have one mailbox; the second was not counted.")
            return
        recipient = b"" if isinstance(content, Left) else content.recipient
        case = Case(event.drop, event.number, event.day, content.sender[:MAILBOX_BYTES], recipient)
        if isinstance(content, Left):
            case.gone[event.drop] = content.day
        if not 0 < case.number <= self.next_number + NUMBERS_AHEAD:
            case.number = self.next_number  # a number without bounds would soon be one that no event can hold
        while case.number in self._numbers:
            case.number += 1  # two desks gave one number: the later in the journal's order takes the next free one
        self._numbers.add(case.number)
        self._highest = max(self._highest, case.number)
        case.owner = self._owner
        case.timeline.append(heard)
        self.cases[event.drop] = case
        self.by_sender[content.sender] = event.drop
