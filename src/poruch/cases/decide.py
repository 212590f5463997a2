"""Decisions of casework: from the state and a wish to new events, or an error that says what is missing."""

from collections.abc import Callable, Container
from datetime import date

from poruch.cases.state import CHECKS, LARGEST_INSTALMENT, MOST_INSTALMENTS, Case, Cases, Grant
from poruch.errors import AlreadyDone, BadAmount, ConflictOfInterest, MissingCheck, NotAllowed, OwnGrant
from poruch.events.kinds import (
    BatchItem,
    CaseChecked,
    CaseRefused,
    CaseTaken,
    GrantApproved,
    GrantProposed,
    Instalment,
    NoteWritten,
)
from poruch.journal.members import Members

PASSED = {"reading": {"believable"}, "screening": {"no-match", "cleared"}}
LONGEST_TEXT = 20_000


def _casework(members: Members, officer: int) -> None:
    if not members.within(officer, "casework"):
        raise NotAllowed("casework")


def take(members: Members, case: Case, officer: int) -> list[CaseTaken]:
    """Take a case that nobody has."""
    _casework(members, officer)
    if case.taken_by is not None:
        raise AlreadyDone("the case is taken")
    return [CaseTaken(case.id)]


def note(members: Members, case: Case, officer: int, text: str) -> list[NoteWritten]:
    """Write a note for colleagues."""
    _casework(members, officer)
    return [NoteWritten(case.id, text[:LONGEST_TEXT])]


def check(
    members: Members, case: Case, officer: int, name: str, outcome: str, *, no_interest: bool, list_sha256: bytes = b""
) -> list[CaseChecked]:
    """Put a check on record. The second reader is never the officer who took the case."""
    _casework(members, officer)
    if outcome not in CHECKS[name]:
        raise NotAllowed(f"{name} has no outcome {outcome}")
    if not no_interest:
        raise ConflictOfInterest("ask a colleague to do this check")
    if name == "reading" and officer == case.taken_by:
        raise NotAllowed("who took the case is its first reader; a colleague must be the second")
    if name == "screening" and len(list_sha256) != 32:
        raise MissingCheck("no list was searched")
    return [CaseChecked(case.id, name, outcome, no_interest, list_sha256)]


def propose_grant(
    cases: Cases,
    case: Case,
    officer: int,
    programme: str,
    instalments: list[Instalment],
    random: Callable[[int], bytes],
) -> list[GrantProposed]:
    """Propose help for a loss already suffered."""
    _casework(cases.members, officer)
    if case.refused is not None or case.live_grant is not None:
        raise AlreadyDone("the case is decided")
    if programme not in {p.key for p in cases.charter.programmes}:
        raise NotAllowed("the charter has no such programme")
    if not 1 <= len(instalments) <= MOST_INSTALMENTS or any(
        not 0 < i.amount_minor < LARGEST_INSTALMENT for i in instalments
    ):
        raise BadAmount("1 to 24 instalments, each more than nothing")
    return [GrantProposed(random(16).hex(), case.id, programme, cases.charter.currency, tuple(instalments))]


def approve_grant(members: Members, grant: Grant, officer: int) -> list[GrantApproved]:
    """Approve another's proposal, by its hash."""
    _casework(members, officer)
    if grant.proposer == officer:
        raise OwnGrant
    if officer in grant.approvals:
        raise AlreadyDone("you approved it")
    return [GrantApproved(grant.id, grant.proposal)]


def refuse(members: Members, case: Case, officer: int, reason: str) -> list[CaseRefused]:
    """Close a case without a grant."""
    _casework(members, officer)
    if case.refused is not None or (case.live_grant and case.live_grant.approved):
        raise AlreadyDone("the case is decided")
    return [CaseRefused(case.id, reason[:LONGEST_TEXT])]


def missing_checks(case: Case) -> list[str]:
    """The checks that still stand in the way of a payment, by name; empty when all hold.

    A reading counts only if its officer is not the one who took the case, in whatever order the two arrived.
    """
    missing = []
    for name, good in PASSED.items():
        made = case.checks.get(name)
        if made is None or made.outcome not in good or (name == "reading" and made.by == case.taken_by):
            missing.append(name)
    return missing


def payable(cases: Cases, today: date, taken: Container[tuple[str, int]]) -> list[BatchItem]:
    """Instalments that may enter a batch today: granted, checked, due, with bank details, not in a live batch.

    `taken` are those in a batch that counts, by grant and index, as the books know them.
    """
    items = []
    for case in cases.cases.values():
        grant = case.live_grant
        if grant is None or not grant.approved or case.refused is not None or missing_checks(case) or not case.payees:
            continue
        if case.payees[-1] in case.gone:
            continue  # erased: nobody can be paid with them any more
        for index, (amount_minor, due) in enumerate(zip(grant.amounts_minor, grant.due, strict=True)):
            if (grant.id, index) not in taken and due <= today:
                items.append(
                    BatchItem(
                        grant.id,
                        index,
                        case.id,
                        case.payees[-1],
                        "",
                        grant.programme.account,
                        grant.currency,
                        amount_minor,
                    )
                )
    return items


def check_item(cases: Cases, item: BatchItem) -> None:
    """Whether a colleague's batch may hold `item`, by what this desk knows. Raises `MissingCheck`, `NotAllowed`."""
    case = cases.cases.get(item.case)
    grant = case.grants.get(item.grant) if case else None
    if case is None or grant is None or not grant.approved or case.refused is not None:
        raise NotAllowed("a grant in the batch is not approved")
    if missing_checks(case):
        raise MissingCheck(", ".join(missing_checks(case)))
    fits = (
        0 <= item.index < len(grant.amounts_minor)
        and item.amount_minor == grant.amounts_minor[item.index]
        and (item.account, item.currency) == (grant.programme.account, grant.currency)
        and item.payee in case.payees
    )
    if not fits:
        raise NotAllowed("an instalment in the batch is not as granted")
