"""`poruch bench`: rows of the promised form, and one bar. In a process of its own, for it runs a whole front."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
KEYS = ["what", "ours", "unit", "limit", "peer", "ratio"]


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "poruch.cli", "bench", *arguments]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT / "src")},
        timeout=400,
        check=False,
    )


@pytest.fixture(scope="module")
def rows() -> list[dict[str, object]]:
    """Every row, measured once."""
    ran = bench("--json")
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert isinstance(found, list)
    return found


def test_every_row_has_exactly_these_keys_and_positive_numbers(rows: list[dict[str, object]]) -> None:
    assert len(rows) >= 12
    for row in rows:
        assert list(row) == KEYS
        for key in ("ours", "limit", "ratio"):
            number = row[key]
            assert isinstance(number, int | float)
            assert number > 0, row
        assert all(isinstance(row[key], str) for key in ("what", "unit", "peer"))
        assert row["what"]
        assert row["unit"]


def test_every_budget_that_can_be_measured_has_a_row(rows: list[dict[str, object]]) -> None:
    named = " | ".join(str(row["what"]) for row in rows)
    for part in (
        "submission sealed and on disk",
        "home page",
        "partial",
        "combination, k = 4",
        "batch of 200 asked and answered",
        "range proof verified",
        "range proof made",
        "log checked",
        "segment",
        "journal folded",
        "screened",
        "key file",
    ):
        assert part in named
    submission = rows[0]
    assert "GlobaLeaks 48-79 ms" in str(submission["peer"])
    assert "SecureDrop 1,200-1,600 ms" in str(submission["peer"])


def test_a_ratio_is_what_ours_costs_beside_the_limit(rows: list[dict[str, object]]) -> None:
    for row in rows:
        ours, limit, ratio = (float(str(row[key])) for key in ("ours", "limit", "ratio"))
        assert ratio == pytest.approx(limit / ours if str(row["unit"]).endswith("/s") else ours / limit, rel=0.01)


def test_verifying_a_segment_costs_little_more_than_its_signature_and_hash(rows: list[dict[str, object]]) -> None:
    [segment] = [row for row in rows if str(row["what"]).startswith("segment")]
    assert float(str(segment["ratio"])) <= 1.6


def test_opening_a_batch_costs_little_more_than_its_proofs(rows: list[dict[str, object]]) -> None:
    [batch] = [row for row in rows if str(row["what"]).startswith("batch of 200")]
    assert float(str(batch["ratio"])) <= 1.5


def test_a_name_chooses_rows_and_the_table_shows_budgets() -> None:
    ran = bench("partial")
    assert ran.returncode == 0, ran.stderr
    head, row = ran.stdout.splitlines()
    assert head.split() == ["what", "ours", "limit", "ratio", "budget"]
    assert row.startswith("one partial ")
    assert row.endswith("<= 0.6 ms")


def test_an_unknown_name_is_refused_with_what_there_is() -> None:
    ran = bench("no such row", "--json")
    assert ran.returncode == 2
    assert ran.stdout == ""
    assert "one partial" in ran.stderr
