"""What a desk makes of the journal, as one value that can be compared: the state of two desks that know the same.

Left out is only what is each desk's own: its store, keys, one-time secrets, sentences about its own disk.
"""

import hashlib
from collections.abc import Iterable
from typing import Any

from poruch.desk.program import Desk
from poruch.journal.public import PublicState


def known(desk: Desk) -> tuple[object, ...]:
    """What the state depends on: which segments and proofs are here, which keys, and which bodies were opened."""
    positions = tuple(sorted(desk.chains.positions.items()))
    forks = tuple(sorted(desk.chains.forks.items()))
    return positions, forks, tuple(sorted(desk.keys)), len(desk.contents), hash(frozenset(desk.contents))


def state(desk: Desk) -> bytes:
    """32 bytes that are equal where all of it is."""
    parts = [public_state(desk.public), _members(desk), _ledger(desk), _openings(desk)]
    if desk.view.cases is not None:
        parts.append(_cases(desk))
    return hashlib.sha256(repr(parts).encode()).digest()


def public_state(public: PublicState) -> tuple[object, ...]:
    """What every desk and every front knows."""
    council = public.council
    measures = [(id, m.over, sorted(m.votes.items()), m.stands) for id, m in _measures(council)]
    return (
        council.epoch,
        council.k,
        council.quorum,
        sorted(council.roster),
        sorted(council.removed),
        sorted(council.suspended),
        sorted(council.liars),
        measures,
        sorted((p.said.id, sorted(p.approvals), p.taken) for p in council.proposals.values()),
        sorted(council.lives),
        sorted((name, made.epoch) for name, made in public.circles.items()),
        public.quorum_point,
        public.policy,
        sorted((box, tuple(reply.body for reply in replies)) for box, replies in public.replies.items()),
    )


def _measures(council: Any) -> Iterable[tuple[bytes, Any]]:
    return sorted([*council.freezes.items(), *council.suspensions.items()], key=lambda row: row[0])


def _members(desk: Desk) -> tuple[object, ...]:
    members = desk.members
    circles = sorted((name, tuple(sorted(numbers))) for name, numbers in members.circles.items())
    return circles, sorted(members.names.items())


def _ledger(desk: Desk) -> tuple[object, ...]:
    ledger = desk.ledger
    batches = [
        (name, b.proposal_id, sorted(b.approvals.items()), b.exported is not None)
        for name, b in sorted(ledger.batches.items())
    ]
    payments = [(name, p.batch, p.state, p.day) for name, p in sorted(ledger.payments.items())]
    publications = [
        (id, sorted(p.lines.items()), p.sent, p.slips_left) for id, p in sorted(ledger.publications.items())
    ]
    posted = [(p.day, p.kind, p.source) for p in ledger.posted]
    return (
        batches,
        payments,
        sorted(ledger.taken.items()),
        sorted(ledger.came_back.items()),
        sorted(ledger.donations),
        sorted(ledger.quarantined),
        sorted(ledger.returned),
        publications,
        posted,
        list(ledger.faults),
    )


def _openings(desk: Desk) -> list[object]:
    return [
        (id, o.done, sorted(o.answers.items()), sorted(o.objections), sorted(o.refutations.items()))
        for id, o in desk.openings.openings.items()
    ]


def _cases(desk: Desk) -> list[object]:
    return [
        (
            case.id,
            case.number,
            case.state,
            case.taken_by,
            [(name, check.by, check.outcome) for name, check in sorted(case.checks.items())],
            [(g.id, g.proposer, sorted(g.approvals)) for g in case.grants.values()],
            case.payees,
            len(case.letters),
            len(case.notes),
        )
        for case in desk.cases.cases.values()
    ]
