"""From a selection to leaves: they always pass the log's own rules, and hide what they must."""

import os
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from poruch.crypto import commitments, group, rangeproof
from poruch.errors import BadRangeProof
from poruch.ledger import leaves as made_leaves
from poruch.ledger.leaves import Epoch, make_epoch
from poruch.ledger.publication import Amount, Selection, step
from poruch.tlog.books import Books, follow
from poruch.tlog.leaves import Amounts, Balance, Notice, Side, Total, parse_leaf

ORIGIN = "village.example/log"
BLIND_KEY = bytes(range(32))
NOTICES = {"policy": "ab" * 32, "related-parties": "cd" * 32}
Groups = dict[tuple[Side, str], tuple[Amount, ...]]


def amounts(prefix: str, *values: int) -> tuple[Amount, ...]:
    return tuple(Amount(f"{prefix}{at}", f"{prefix}{at}", value) for at, value in enumerate(values))


def epoch_of(groups: Groups, number: int = 1, opening_minor: int = 0, waiting: tuple[str, ...] = ()) -> Epoch:
    selection = Selection("EUR", groups, waiting)
    return make_epoch(ORIGIN, number, selection, opening_minor, {"gift0": BLIND_KEY}, NOTICES, os.urandom)


@cache
def one_epoch() -> Epoch:
    """Nine gifts, so that the group has two leaves; five payouts, and no costs."""
    groups: Groups = {
        ("in", "general"): amounts("gift", 5000, 1, 2**32 - 1, 700, 700, 42, 1000, 1000, 9),
        ("out", "grants"): amounts("paid", 600, 600, 600, 600, 600),
        ("out", "cost-bank"): (),
    }
    return epoch_of(groups, waiting=("w1", "w2"))


def test_the_leaves_are_those_of_the_spec_in_its_order() -> None:
    parsed = [parse_leaf(entry) for entry in one_epoch().leaves]
    assert [type(leaf) for leaf in parsed] == [Amounts] * 4 + [Total] * 3 + [Balance] + [Notice] * 2
    totals = {leaf.group: leaf.total_minor for leaf in parsed if isinstance(leaf, Total)}
    paid_in = 5000 + 1 + 2**32 - 1 + 700 + 700 + 42 + 1000 + 1000 + 9
    assert totals == {
        ("in", "general", "EUR"): paid_in,
        ("out", "grants", "EUR"): 3000,
        ("out", "cost-bank", "EUR"): 0,
    }
    [balance] = [leaf for leaf in parsed if isinstance(leaf, Balance)]
    assert balance == Balance(1, "EUR", 0, paid_in, 3000, paid_in - 3000)
    assert {leaf.kind: leaf.sha256 for leaf in parsed if isinstance(leaf, Notice)} == NOTICES


def test_the_log_takes_them() -> None:
    books = follow(Books(ORIGIN), one_epoch().leaves, os.urandom)
    assert books.size == len(one_epoch().leaves)


def test_what_treasury_keeps_opens_every_commitment() -> None:
    parsed = [leaf for leaf in map(parse_leaf, one_epoch().leaves) if isinstance(leaf, Amounts)]
    points = [point for leaf in parsed for point in leaf.commitments]
    kept = [(one, part) for part in one_epoch().prepared.groups for one in part.amounts]
    assert len(points) == len(kept) == 32
    for point, (one, _) in zip(points, kept, strict=True):
        commitments.check_opening(point, one.amount_minor, group.scalar(one.blind))
    assert one_epoch().prepared.waiting == ("w1", "w2")
    assert [(part.side, part.account, len(part.amounts)) for part in one_epoch().prepared.groups] == [
        ("in", "general", 16),
        ("out", "cost-bank", 8),
        ("out", "grants", 8),
    ]


def test_the_holder_of_a_code_can_derive_his_blind_and_nobody_elses_is_derived() -> None:
    [mine] = [one for part in one_epoch().prepared.groups for one in part.amounts if one.source == "gift0"]
    assert group.scalar(mine.blind) == commitments.blind_for(BLIND_KEY, mine.nonce)
    every = [one for part in one_epoch().prepared.groups for one in part.amounts]
    assert len({one.blind for one in every}) == len({one.nonce for one in every}) == len(every)
    derived = [one for one in every if group.scalar(one.blind) == commitments.blind_for(BLIND_KEY, one.nonce)]
    assert derived == [mine]


def test_zeros_are_mixed_among_the_amounts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The order of a group tells neither arrival nor which ones are zeros."""
    monkeypatch.setattr(made_leaves.rangeproof, "prove", lambda *_: bytes(800))  # the order needs no proofs
    orders, firsts = set(), set()
    for _ in range(30):
        [part] = epoch_of({("in", "general"): amounts("gift", 1, 2, 3, 4, 5)}).prepared.groups
        assert sorted(one.amount_minor for one in part.amounts) == [0, 0, 0, 1, 2, 3, 4, 5]
        orders.add(tuple(one.amount_minor for one in part.amounts))
        firsts.add(part.amounts[0].amount_minor)
    assert len(orders) > 25
    assert len(firsts) > 2


def test_a_proof_is_bound_to_its_epoch_group_and_log() -> None:
    leaf = parse_leaf(one_epoch().leaves[0])
    assert isinstance(leaf, Amounts)
    context = f"poruch/amounts/v1\n{ORIGIN}\n1\n{leaf.side}\n{leaf.account}\nEUR\n"
    rangeproof.verify(leaf.commitments, leaf.proof, context.encode())
    for other in (
        context.replace("\n1\n", "\n2\n"),
        context.replace("village", "other"),
        context.replace("EUR", "PLN"),
    ):
        assert other != context
        with pytest.raises(BadRangeProof):
            rangeproof.verify(leaf.commitments, leaf.proof, other.encode())


VALUES = st.lists(st.sampled_from([1, 500, 60_000, 2**32 - 1]), min_size=5, max_size=9)
MAYBE = st.one_of(st.just([]), VALUES)


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(gifts=MAYBE, paid=MAYBE, opening=st.sampled_from([0, 10**11]), again=st.booleans())
def test_whatever_is_selected_passes_the_rules_of_the_log(
    gifts: list[int], paid: list[int], opening: int, again: bool
) -> None:
    """Proofs included; an epoch after an epoch; even one of nothing but zeros."""
    opening += sum(paid)  # the selection sees to that
    first = epoch_of(
        {("in", "general"): amounts("gift", *gifts), ("out", "grants"): amounts("paid", *paid)}, 1, opening
    )
    books = follow(Books(ORIGIN), first.leaves, os.urandom)
    closing = opening + sum(gifts) - sum(paid)
    assert books.balances["EUR"].closing_minor == closing
    assert len(first.leaves) == (step(len(gifts)) + step(len(paid))) // 8 + 2 + 1 + len(NOTICES)
    if again:
        second = epoch_of({("in", "general"): ()}, 2, closing)
        assert follow(books, second.leaves, os.urandom).balances["EUR"].closing_minor == closing
