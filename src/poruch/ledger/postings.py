"""Double entry: posting sets that sum to zero.

Amounts are integer minor units; plus is a debit, minus a credit. A *pending* set is a promise that a statement will
post or void (TigerBeetle's two phases); only posted sets are in the trial balance.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import date

import msgspec

BANK = "bank"
GIFTS = "gifts"
UNMATCHED = "unmatched"
QUARANTINE = "quarantine"
COSTS = "costs"
GRANTS = "grants/"

LARGEST_MINOR = 10**13
"""More than any fund has; a number without bounds would make an epoch of thousands of millions of leaves."""


class Posting(msgspec.Struct, frozen=True, gc=False):
    """One line: an account and its minor units."""

    account: str
    amount_minor: int


class PostingSet(msgspec.Struct, frozen=True, gc=False):
    """Lines that belong together. `source` is the entry or end-to-end id that they rest on."""

    day: date
    currency: str
    kind: str
    source: str
    postings: tuple[Posting, ...]

    def __post_init__(self) -> None:
        total = 0
        for posting in self.postings:
            total += posting.amount_minor
        assert total == 0, "postings must sum to zero"


def transfer(
    day: date, currency: str, kind: str, source: str, debit: str, credit: str, amount_minor: int
) -> PostingSet:
    """`amount_minor` to the debit of one account and the credit of another."""
    return PostingSet(day, currency, kind, source, (Posting(debit, amount_minor), Posting(credit, -amount_minor)))


def trial_balance(sets: Iterable[PostingSet]) -> dict[tuple[str, str], int]:
    """The sum of each (account, currency); all of one currency together are zero."""
    sums: Counter[tuple[str, str]] = Counter()
    for posting_set in sets:
        for posting in posting_set.postings:
            sums[(posting.account, posting_set.currency)] += posting.amount_minor
    return dict(sorted(sums.items()))
