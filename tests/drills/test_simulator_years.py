"""Whole fund-years: each does what a fund-year must, and nothing that was promised breaks."""

import os
from collections.abc import Iterable

import pytest

from poruch.drills.simulator.report import Summary, simulate
from poruch.drills.simulator.schedule import YEAR

FIRST = 1
"""A seed that is no multiple of 20: those run the real cryptography, and take longer."""
LONG_YEARS = int(os.environ.get("FUND_YEARS", "100"))
"""`make test-long FUND_YEARS=10000` runs so many."""
BLOCKS = 50


def lived(seeds: Iterable[int]) -> Summary:
    """All that was found, in words that name the seed."""
    summary = simulate(seeds, YEAR)
    assert [f"seed {one.script.seed}: {one.broken} after step {one.step}" for one in summary.failed] == []
    assert summary.short == []
    return summary


@pytest.mark.parametrize("seed", range(FIRST, FIRST + 6))
def test_a_fund_year(seed: int) -> None:
    summary = lived([seed])
    assert (summary.years, summary.real) == (1, 0)
    assert summary.counts["kind of fault"] >= 12


@pytest.mark.long
@pytest.mark.parametrize("block", range(BLOCKS))
def test_many_fund_years(block: int) -> None:
    seeds = range(1000 + block, 1000 + LONG_YEARS, BLOCKS)
    assert lived(seeds).years == len(seeds)
