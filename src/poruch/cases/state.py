"""Cases as a fold of events. Nothing here is stored: any desk makes the same state from the same journal."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from poruch.events.charter import Charter, Programme
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
from poruch.journal.members import Members

ANSWER_DAYS = 3
CHECKS = {"reading": ("believable", "doubtful"), "screening": ("no-match", "cleared", "match")}
MOST_INSTALMENTS, LARGEST_INSTALMENT, LONGEST_DAYS = 24, 2**32, 3660
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


@dataclass
class Case:
    """One person's case. `id` is the drop id of the submission."""

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
        """One word: new, taken, proposed, granted, refused."""
        if self.refused is not None:
            return "refused"
        grant = self.live_grant
        if grant is not None:
            return "granted" if grant.approved else "proposed"
        return "new" if self.taken_by is None else "taken"


@dataclass
class Cases:
    """All cases; `faults` are sentences for the errors page. `contents` are the drops that this desk has opened."""

    charter: Charter
    members: Members
    contents: Mapping[str, DropContent]
    cases: dict[str, Case] = field(default_factory=dict)
    by_sender: dict[bytes, str] = field(default_factory=dict)
    drops: dict[str, DropAdmitted] = field(default_factory=dict)
    conflicted: set[str] = field(default_factory=set)
    unlinked: list[str] = field(default_factory=list)
    other_bodies: set[bytes] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    _linked: set[str] = field(default_factory=set)
    _numbers: set[int] = field(default_factory=set)
    _proposals: dict[bytes, tuple[Case, Grant]] = field(default_factory=dict)
    _grants: set[str] = field(default_factory=set)

    @property
    def next_number(self) -> int:
        """The number of the next case."""
        return max(self._numbers, default=0) + 1

    def case_of(self, drop: str) -> Case | None:
        """The case that a drop belongs to."""
        content = self.contents.get(drop)
        return self.cases.get(self.by_sender.get(content.sender, "")) if content and content.mailbox else None

    def apply(self, heard: Heard) -> None:
        """Take one event."""
        event = heard.event
        if isinstance(event, DropAdmitted):
            self._admit(heard, event)
            return
        if isinstance(event, BatchProposed):
            self._batch(heard, event)
            return
        if isinstance(event, GrantApproved):
            self._approve(heard, event)
            return
        case = self.cases.get(getattr(event, "case", ""))
        if case is None:
            return
        if not self.members.within(heard.author, "casework") and not isinstance(event, MessageSent):
            self.faults.append(f"Officer {heard.author} is not of casework; an event of his was not counted.")
            return
        case.timeline.append(heard)
        if isinstance(event, CaseTaken):
            case.taken_by = case.taken_by or heard.author
        elif isinstance(event, NoteWritten):
            case.notes.append((heard.day, heard.author, event.text))
        elif isinstance(event, MessageSent):
            case.letters.append(Letter(heard.day, heard.author, event.kind, event.text, ""))
        elif isinstance(event, CaseRefused):
            if case.live_grant is None or not case.live_grant.approved:
                case.refused = case.refused if case.refused is not None else event.reason
        elif isinstance(event, CaseChecked):
            if event.no_interest and event.outcome in CHECKS.get(event.check, ()):
                known = case.checks.get(event.check)
                if known is not None and known.outcome == "match" and event.outcome == "no-match":
                    return  # a match is cleared by an officer who says so, not by searching again
                check = Check(heard.author, heard.day, event.outcome, event.list_sha256)
                case.checks[event.check] = check
        else:
            self._grant(case, heard)

    def _grant(self, case: Case, heard: Heard) -> None:
        event = heard.event
        if isinstance(event, GrantProposed) and not case.grants:
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
            self._proposals[heard.id] = (case, grant)

    def _approve(self, heard: Heard, event: GrantApproved) -> None:
        """Count an approval, if it is one of casework for exactly this proposal and not the proposer's own."""
        case, grant = self._proposals.get(event.proposal, (None, None))
        if case is None or grant is None or grant.id != event.grant:
            return
        case.timeline.append(heard)
        if grant.proposer != heard.author and self.members.within(heard.author, "casework"):
            grant.approvals.setdefault(heard.author, heard.day)

    def _batch(self, heard: Heard, event: BatchProposed) -> None:
        for item in event.items:
            case = self.cases.get(item.case)
            grant = case.grants.get(item.grant) if case else None
            if case and grant:
                case.timeline.append(heard)

    def _admit(self, heard: Heard, event: DropAdmitted) -> None:
        known = self.drops.get(event.drop)
        if known is not None:
            if known.body != event.body:
                self.conflicted.add(event.drop)
                self.other_bodies.add(event.body)
                self.faults.append("Two admissions of one drop have other bytes; nobody answers them.")
            if event.drop in self._linked:
                return
        self.drops.setdefault(event.drop, event)
        content = self.contents.get(event.drop)
        if content is None or content.drop != event.drop or content.kind != event.kind:
            if event.kind != "gift" and event.drop not in self.unlinked:
                self.unlinked.append(event.drop)
            return
        # The first admission that holds what it says: one that lies, dated earlier, makes no case vanish.
        self.drops[event.drop] = event
        self._linked.add(event.drop)
        if event.drop in self.unlinked:
            self.unlinked.remove(event.drop)
        if event.kind == "gift":
            return
        if event.kind == "submission":
            self._open_case(heard, event, content)
            return
        case = self.case_of(event.drop)
        if case is None:
            self.faults.append("A message belongs to no case.")
            return
        case.timeline.append(heard)
        if event.kind == "payee":
            case.payees.append(event.drop)
        else:
            case.letters.append(Letter(event.day, 0, "answer", "", event.drop))

    def _open_case(self, heard: Heard, event: DropAdmitted, content: DropContent) -> None:
        if content.sender in self.by_sender:
            self.faults.append("Two submissions have one mailbox; the second was not counted.")
            return
        case = Case(event.drop, event.number, event.day, content.mailbox, content.recipient)
        if not 0 < case.number <= self.next_number + NUMBERS_AHEAD:
            case.number = self.next_number  # a number without bounds would soon be one that no event can hold
        while case.number in self._numbers:
            case.number += 1  # two desks gave one number: the later in the journal's order takes the next free one
        self._numbers.add(case.number)
        case.timeline.append(heard)
        self.cases[event.drop] = case
        self.by_sender[content.sender] = event.drop
