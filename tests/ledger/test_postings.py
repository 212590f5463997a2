"""Double entry: every set sums to zero, and so do all of them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poruch.ledger.postings import Posting, PostingSet, transfer, trial_balance

DAY = date(2026, 9, 1)
ACCOUNTS = st.sampled_from(["bank", "gifts", "costs", "grants/first"])
TRANSFERS = st.lists(
    st.tuples(ACCOUNTS, ACCOUNTS, st.integers(0, 2**40), st.sampled_from(["EUR", "PLN", "BYN"])), max_size=40
)


@given(TRANSFERS)
def test_whatever_is_transferred_the_books_sum_to_zero(made: list[tuple[str, str, int, str]]) -> None:
    sets = [transfer(DAY, currency, "k", "s", debit, credit, amount) for debit, credit, amount, currency in made]
    balance = trial_balance(sets)
    for currency in ("EUR", "PLN", "BYN"):
        assert sum(amount for (_, one), amount in balance.items() if one == currency) == 0
    for account in ("bank", "gifts", "costs", "grants/first"):
        moved = sum(a * ((d == account) - (c == account)) for d, c, a, currency in made if currency == "EUR")
        assert balance.get((account, "EUR"), 0) == moved


@given(st.lists(st.integers(-1000, 1000), max_size=5))
def test_a_set_that_does_not_sum_to_zero_cannot_be_made(amounts: list[int]) -> None:
    lines = tuple(Posting("bank", amount) for amount in amounts)
    if sum(amounts) == 0:
        PostingSet(DAY, "EUR", "k", "s", lines)
    else:
        with pytest.raises(AssertionError):
            PostingSet(DAY, "EUR", "k", "s", lines)


def test_a_transfer_has_two_sides() -> None:
    made = transfer(DAY, "EUR", "gift", "source", "bank", "gifts", 500)
    assert made.postings == (Posting("bank", 500), Posting("gifts", -500))
    assert trial_balance([made, made]) == {("bank", "EUR"): 1000, ("gifts", "EUR"): -1000}
    assert trial_balance([]) == {}
