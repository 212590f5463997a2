"""`poruch drill`: what the enemy got is printed, and a drill that does not hold says so and fails."""

import re
from dataclasses import replace

import pytest

from command import run
from poruch.drills import seizure
from poruch.drills.arrests import FAILED, Row, table
from poruch.drills.cell import Loot

NOTHING = Loot(stories=3, names=0, payees=0, payments=0, cases=3, accounts=3, due=3)
EVERYTHING = replace(NOTHING, names=3, payees=3, payments=3)
BELOW = Row("Klon", NOTHING, votes=1, k=3, paid=3, answer="paid")
AT = Row("Ruta", EVERYTHING, votes=3, k=3, paid=0, answer="nothing")
SECONDS = 240  # on a machine that does other things, too; alone it takes less than 30

NOT_SO = [
    ("a name below k", replace(BELOW, loot=replace(NOTHING, names=1))),
    ("a payee below k", replace(BELOW, loot=replace(NOTHING, payees=1))),
    ("a payment below k", replace(BELOW, loot=replace(NOTHING, payments=1))),
    ("a fund that stopped", replace(BELOW, paid=0)),
    ("a fund that paid less", replace(BELOW, paid=2)),
    ("k who could not open", replace(AT, loot=replace(EVERYTHING, names=2))),
    ("k who could not pay", replace(AT, loot=replace(EVERYTHING, payments=0))),
]


@pytest.mark.parametrize(("what", "row"), NOT_SO, ids=[row[0] for row in NOT_SO])
def test_a_row_that_is_not_as_promised_fails(what: str, row: Row) -> None:
    assert BELOW.holds
    assert AT.holds
    assert FAILED not in table([BELOW, AT])
    assert not row.holds
    assert table([BELOW, row]).endswith(FAILED)


def test_officers_are_arrested_one_by_one() -> None:
    done = run("drill", "arrests", seconds=SECONDS)
    assert (done.returncode, done.stderr) == (0, "")
    rows = re.findall(r"^(\+?.+?)  +(\d) of 3 +(\d) of 3 +(\d) of 3 +(\d) of 3 +(\d of \d)  (.+)$", done.stdout, re.M)
    assert [(who, *map(int, got), votes) for who, *got, votes, _ in rows] == [
        ("Klon", 3, 0, 0, 0, "1 of 3"),
        ("+ Ruta", 3, 0, 0, 0, "2 of 3"),
        ("+ Kalina, at once", 3, 3, 3, 3, "3 of 3"),
        ("+ Kalina", 3, 0, 0, 0, "1 of 2"),
        ("+ Busel", 3, 3, 3, 3, "2 of 2"),
    ]
    everything = "is the enemy's: he has everything"
    assert [after for *_, after in rows] == ["pays (3)", "pays (3)", everything, "pays (3)", everything]
    assert "2 old shares are left, in the enemy's hand; it would take 3." in done.stdout
    assert FAILED not in done.stdout


def test_a_seized_front_is_made_anew_from_one_desk() -> None:
    done = run("drill", "seizure", seconds=SECONDS)
    assert (done.returncode, done.stderr) == (0, "")
    found = dict(re.findall(r"^(\S.*?)  +(\S.*)$", done.stdout, re.M))
    assert found.pop("made from one desk, not of treasury").startswith("in ")
    assert found.pop("poruch check").startswith("holds, ")
    assert re.fullmatch(r"synced, [1-9]\d* segments came", found.pop("the colleague who was away"))
    assert found == {
        "public pages": "8 of 8 byte for byte",
        "files of the public log": "6 of 6 byte for byte",
        "slips, by the codes of givers": "12 of 12 byte for byte",
        "receipts that givers' codes open": "12 of 12",
        "second payments refused": "3 of 3",
        "letters in a mailbox, once the writer has synced": "10 of 10",
        "a new submission reaches every desk": "yes",
        "desks that find it by the word of k officers": "5 of 5",
        "keys and passphrases in its folder": "0 of 20",
        "submissions lost": "1, which no desk had collected",
    }
    assert seizure.FAILED not in done.stdout


def test_a_table_with_a_row_that_is_not_as_promised_says_so() -> None:
    good, bad = seizure.Row("pages", "8 of 8", True), seizure.Row("slips", "0 of 12", False)
    assert seizure.FAILED not in seizure.table([good])
    assert seizure.table([good, bad]).endswith(seizure.FAILED)
    assert "\n! slips" in seizure.table([good, bad])


@pytest.mark.parametrize("arguments", [["drill"], ["drill", "dance"]])
def test_there_is_no_other_drill(arguments: list[str]) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("usage: poruch")
