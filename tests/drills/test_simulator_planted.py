"""Five bugs, one a room, planted into the running program: each is found within the seeds that stand beside it.

Nothing here is in the product: a test puts the bug in with `monkeypatch`, and takes it out again.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import pytest

from poruch.desk import banking
from poruch.drills.simulator.run import play
from poruch.drills.simulator.schedule import Script, draw
from poruch.drills.simulator.steps import Step
from poruch.front.journal import FrontJournal
from poruch.journal import standing
from poruch.journal.journal import Added, Journal
from poruch.journal.segments import SignedSegment
from poruch.ledger.postings import BANK
from poruch.ledger.state import Ledger

Plant = Callable[[pytest.MonkeyPatch], None]


def a_journal_that_takes_late_segments_for_new_ones(patch: pytest.MonkeyPatch) -> None:
    """journal: a segment that belongs before others is said to stand behind them, so nobody folds again."""
    add = Journal.add

    def added(self: Journal, segments: Iterable[SignedSegment]) -> Added:
        found = add(self, segments)
        found.since = len(self.held) - len(found.fresh)
        return found

    patch.setattr(Journal, "add", added)


def a_desk_that_books_an_entry_at_each_reading(patch: pytest.MonkeyPatch) -> None:
    """desk: the id of a bank's entry holds how often one was read, so two statements that overlap book it twice."""
    judged, count = banking.bank_entry, iter(range(10**9))

    def entry(row: object) -> object:
        found = judged(row)  # type: ignore[arg-type]
        read = hashlib.sha256(found.id + next(count).to_bytes(8, "big")).digest()
        return replace(found, id=read)

    patch.setattr(banking, "bank_entry", entry)


def a_front_that_keeps_no_proof(patch: pytest.MonkeyPatch) -> None:
    """front: of two segments at one place it keeps the first and tells nobody of the second."""
    patch.setattr(FrontJournal, "_keep_proof", lambda self, signed: None)


def books_that_forget_a_return(patch: pytest.MonkeyPatch) -> None:
    """ledger: a payment that came back is posted with no amount."""
    post = Ledger._post

    def forgetful(self: Ledger, day: object, currency: str, kind: str, source: str, *rest: object) -> None:
        debit, credit, amount = rest
        post(self, day, currency, kind, source, debit, credit, 0 if (kind, debit) == ("return", BANK) else amount)  # type: ignore[arg-type]

    patch.setattr(Ledger, "_post", forgetful)


def a_council_that_suspends_nobody(patch: pytest.MonkeyPatch) -> None:
    """council: a suspension is noted and read out, and limits nothing."""
    patch.setattr(standing, "_suspend", lambda lives, found, chains, *, agreed: None)


def trouble(seed: int, *kinds: str, days: int = 60) -> Script:
    """A short world that does early in its year what needs months otherwise: the same steps, drawn closer together."""
    script = draw(seed, days)
    extra = {day: list(_of(seed, kinds, day)) for day in range(8, days - 8)}
    steps, day = [], 0
    for one in script.steps:
        steps.append(one)
        if one.kind == "day":
            day += 1
            steps += [Step(100_000 + len(steps), kind, numbers) for kind, numbers in extra.get(day, ())]
    script.steps = steps
    return script


def _of(seed: int, kinds: tuple[str, ...], day: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    numbers = {
        "turn-bad": (3,),
        "misbehave": (day,),
        "equivocate": (1,),
        "suspend": (1, 3),
        "cut-off": (2,),
        "mend": (2,),
    }
    when = {
        "turn-bad": day == 10,
        "equivocate": day == 20,
        "suspend": day in (16, 18),
        "misbehave": day > 19,
        "cut-off": day % 6 == 0,
        "mend": day % 6 == 4,
    }
    for kind in kinds:
        if when.get(kind, day % 2 == 0):
            yield kind, numbers[kind]


PLANTED: list[tuple[Plant, tuple[str, ...], int, str]] = [
    (a_journal_that_takes_late_segments_for_new_ones, ("cut-off", "mend"), 3, ""),
    (a_desk_that_books_an_entry_at_each_reading, (), 2, "bank"),
    (a_front_that_keeps_no_proof, ("turn-bad", "equivocate"), 3, ""),
    (books_that_forget_a_return, (), 3, "bank"),
    (a_council_that_suspends_nobody, ("turn-bad", "suspend", "misbehave"), 3, "suspended"),
]


@pytest.mark.parametrize(("plant", "kinds", "seeds", "says"), PLANTED, ids=[row[0].__name__ for row in PLANTED])
def test_a_planted_bug_is_found(
    plant: Plant, kinds: tuple[str, ...], seeds: int, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None of these worlds breaks without the bug; with it, one of the first `seeds` does."""
    scripts = [trouble(seed, *kinds) for seed in range(1, seeds + 1)]
    with monkeypatch.context() as patch:
        plant(patch)
        broken = next(((script, found) for script in scripts if (found := play(script).broken)), None)
    assert broken is not None
    script, found = broken
    assert says in found
    assert play(script).broken == ""
