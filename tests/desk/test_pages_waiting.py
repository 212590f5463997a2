"""What waits for whom: the counts of the menu, from the journal alone."""

import pytest

from desk.busy import LIST, busy_village
from poruch.desk import casework, openings, screening, treasury, views_books, views_cases, views_journal, waiting
from poruch.desk.folding import View
from poruch.desk.program import Desk
from story.village import Village


def steps(desk: Desk) -> dict[str, str]:
    return {case.label: views_cases.next_step(desk, case).key for case in desk.cases.cases.values()}


def test_a_new_case_waits_for_casework_only(village: Village) -> None:
    village.apply("Alena Persona")
    village.sync(2)
    counts = {number: waiting.counts(desk) for number, desk in village.desks.items()}
    assert [counts[number]["queue"] for number in (1, 2, 3, 4, 5)] == [1, 1, 1, 1, 0]
    assert [counts[number]["total"] for number in (1, 2, 3, 4, 5)] == [1, 1, 1, 1, 0]
    assert all(count["journal"] == 0 for count in counts.values())


def test_nothing_waits_before_there_is_a_fund(village: Village) -> None:
    desk = village.desks[1]
    desk.folding.view = View.empty()
    assert set(waiting.counts(desk).values()) == {0}


def test_an_opening_waits_for_those_who_have_not_answered(village: Village) -> None:
    person = village.apply("Alena Persona")
    village.sync(2)
    openings.ask(village.desks[2], "Screen it.", [person.drop])
    village.sync(2)
    assert [waiting.counts(village.desks[n])["openings"] for n in (1, 2, 3, 4, 5)] == [1, 0, 1, 1, 1]
    opening = next(iter(village.desks[3].openings.openings.values()))
    openings.agree(village.desks[3], opening)
    village.sync(2)
    assert [waiting.counts(village.desks[n])["openings"] for n in (1, 2, 3, 4, 5)] == [1, 0, 0, 1, 1]
    openings.object_to(village.desks[4], next(iter(village.desks[4].openings.openings.values())), "not now")
    village.sync(2)
    assert [waiting.counts(village.desks[n])["openings"] for n in (1, 2, 3, 4, 5)] == [0, 0, 0, 0, 0]


def test_names_opened_together_wait_for_colleagues_and_are_not_asked_for_again(village: Village) -> None:
    people = [village.apply(name) for name in ("Alena Persona", "Barys Persona")]
    village.sync(2)
    drops = [person.drop for person in people]
    one, two = village.desks[1], village.desks[2]
    for drop in drops:
        casework.take(one, one.cases.cases[drop])
    village.sync(2)
    for drop in drops:
        casework.record_reading(two, two.cases.cases[drop], "believable", "dates agree", no_interest=True)
    village.sync(2)
    assert set(steps(one).values()) == {"ask"}
    openings.ask(one, "Screen two names.", drops)
    village.sync(2)
    assert {key for desk in (one, two) for key in steps(desk).values()} == {"agree"}
    for number in (3, 4):
        openings.agree(village.desks[number], next(iter(village.desks[number].openings.openings.values())))
    village.sync(2)
    for desk in (one, two):
        found = [views_cases.next_step(desk, desk.cases.cases[drop]) for drop in drops]
        assert found == [views_cases.Step("screen", desk is one, 1)] * 2
    opening = next(iter(one.openings.openings.values()))
    sha256 = screening.keep_list(one, LIST)
    casework.record_screening(one, one.cases.cases[drops[0]], "no-match", sha256, no_interest=True)
    assert not views_cases.all_screened(one, opening)
    casework.record_screening(one, one.cases.cases[drops[1]], "no-match", sha256, no_interest=True)
    assert views_cases.all_screened(one, opening)


def test_the_busy_village_waits_as_its_story_says(tmp_path_factory: pytest.TempPathFactory) -> None:
    busy = busy_village(tmp_path_factory.mktemp("counted"))
    desks = busy.village.desks
    assert steps(desks[1]) == {
        **dict.fromkeys(["0001", "0002", "0003", "0004", "0005"], "later"),
        "0006": "bank",
        "0007": "answer",
        "0008": "agree",
        "0009": "second",
        "0010": "grant",
        "0011": "read",
        "0012": "read",
        "0013": "read",
    }
    # treasury hears of checks and grants alone: who took a case, wrote or refused is no business of its own
    assert steps(desks[5]) == {
        **dict.fromkeys(["0001", "0002", "0003", "0004", "0005"], "later"),
        "0006": "bank",
        **dict.fromkeys([f"{number:04}" for number in range(7, 14)], "casework"),
    }
    rows = views_cases.rows(desks[2], lambda case: None)
    late = [(row.case.label, row.step.mine) for row in rows if row.days_left == -9]
    assert late == [("0012", True), ("0011", True), ("0009", True), ("0010", False), ("0008", False)]
    table = {
        1: {"queue": 5, "batches": 1, "openings": 0, "log": 1},
        2: {"queue": 4, "batches": 1, "openings": 1, "log": 1},
        3: {"queue": 4, "batches": 1, "openings": 1, "log": 1},
        4: {"queue": 4, "batches": 1, "openings": 1, "log": 1},
        5: {"queue": 0, "batches": 0, "openings": 1, "log": 0},
    }
    for number, wanted in table.items():
        counts = waiting.counts(desks[number])
        assert {page: counts[page] for page in wanted} == wanted, number
        assert counts["total"] == sum(wanted.values()) + counts["books"]
    assert views_cases.recent_and_before(desks[1]) == (9, None)
    # of three who must stand behind batch 2, its proposer is one; with two more it waits for its exporter alone
    batch = next(batch for batch in desks[3].ledger.batches.values() if batch.proposal.number == 2)
    treasury.approve_batch(desks[3], batch)
    busy.village.sync(2)
    treasury.approve_batch(desks[4], desks[4].ledger.batches[batch.proposal.batch])
    busy.village.sync(2)
    assert [waiting.counts(desks[n])["batches"] for n in (1, 2, 3, 4, 5)] == [0, 0, 0, 0, 1]
    check_books(desks[5])
    check_journal(desks[1])
    busy.village.close()


def check_books(desk: Desk) -> None:
    lines = {line.account: line for line in views_books.balance_lines(desk)}
    assert lines["bank"].debit_minor == 505_984  # 8 050.00 and 12.34 came in, 3 000.00 and 2.50 went out
    assert lines["gifts"].credit_minor == 805_000
    assert sum(line.debit_minor - line.credit_minor for line in lines.values()) == 0
    months = views_books.forecast(desk)
    assert [month.promised_minor for month in months] == [60_000, 360_000]
    assert months[-1].left_minor == 505_984 - 420_000


def check_journal(desk: Desk) -> None:
    chains = views_journal.chains(desk)
    assert [chain.number for chain in chains] == [1, 2, 3, 4, 5]
    assert sum(chain.length for chain in chains) == len(desk.held)
    assert [step.awaited for step in views_journal.ceremony(desk)] == [()] * 4
    assert views_journal.officers(desk)[0].is_me
    assert len({officer.signing for officer in views_journal.officers(desk)}) == 5
