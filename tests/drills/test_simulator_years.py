"""Whole fund-years: each does what a fund-year must, and nothing that was promised breaks."""

import os

import pytest

from poruch.drills.simulator.report import is_real, simulate
from poruch.drills.simulator.run import play
from poruch.drills.simulator.schedule import YEAR, draw

SEEDS = (2, 3, 4, 5, 6)
"""With all that a bad officer does. Of 1 to 17 two show what docs/simulator.md calls open: 1 and 13."""
FORKS = ("pay-apart", "equivocate")
"""Steps that leave a chain with two branches, of which each desk counts the one that it had first: still open."""
LONG_YEARS = int(os.environ.get("FUND_YEARS", "100"))
"""`make test-long FUND_YEARS=10000` runs so many."""
BLOCKS = 50


@pytest.mark.parametrize("seed", SEEDS)
def test_a_fund_year(seed: int) -> None:
    summary = simulate([seed], YEAR)
    assert [f"{one.broken} after step {one.step}" for one in summary.failed] == []
    assert summary.short == []
    assert (summary.years, summary.real) == (1, 0)
    assert summary.counts["kind of fault"] >= 12


@pytest.mark.long
@pytest.mark.parametrize("block", range(BLOCKS))
def test_many_years_of_three_founders_without_forked_chains(block: int) -> None:
    """Larger funds still show what docs/simulator.md calls open."""
    for seed in range(1000 + block, 1000 + LONG_YEARS, BLOCKS):
        script = draw(seed, YEAR)
        if script.n == 3:
            script.steps = [one for one in script.steps if one.kind not in FORKS]
            assert (seed, play(script, real=is_real(seed)).broken) == (seed, "")
