"""Making groups: the step, the mixing, the total, and that the leaves satisfy the books."""

import hashlib
import itertools
import os
from collections.abc import Callable

import pytest
from log_fund import ORIGIN

from poruch.crypto.commitments import check_opening, fresh_blind
from poruch.errors import BadAmount
from poruch.tlog.books import Books, follow
from poruch.tlog.grouping import HiddenAmount, make_group, may_be_totalled, step_for
from poruch.tlog.leaves import Amounts, Balance, GroupKey, encode_leaf, parse_leaf


@pytest.mark.parametrize(
    ("count", "step"), [(0, 8), (1, 8), (8, 8), (9, 16), (16, 16), (17, 32), (64, 64), (65, 128), (1000, 1024)]
)
def test_steps(count: int, step: int) -> None:
    assert step_for(count) == step


def test_the_rule_of_five() -> None:
    assert [may_be_totalled("grants", people) for people in (0, 1, 4, 5, 6)] == [True, False, False, True, True]
    assert may_be_totalled("cost-rent", 1)
    assert not may_be_totalled("costs", 1)


def test_places() -> None:
    given = [HiddenAmount(100 + number, fresh_blind()) for number in range(11)]
    made = make_group(ORIGIN, 1, ("out", "grants", "EUR"), given, os.urandom)
    assert len(made.amounts) == 2
    assert made.total_minor == sum(range(100, 111))
    assert len(set(made.places)) == 11
    for one, (number, position) in zip(given, made.places, strict=True):
        leaf = parse_leaf(made.amounts[number])
        assert isinstance(leaf, Amounts)
        check_opening(leaf.commitments[position], one.amount_minor, one.blind)
    closing = encode_leaf(Balance(1, "EUR", 2000, 0, made.total_minor, 2000 - made.total_minor))
    assert follow(Books(ORIGIN), [*made.amounts, made.total, closing], os.urandom).size == 4
    assert "100" not in repr(given[0])


def drawn_from(seed: bytes) -> Callable[[int], bytes]:
    counter = itertools.count()
    return lambda count: hashlib.shake_256(seed + next(counter).to_bytes(8, "big")).digest(count)


def test_padding_is_mixed_in() -> None:
    """One amount among seven zeros stands where the draw puts it; the same draw puts it there again."""
    given = [HiddenAmount(1, 7)]
    key: GroupKey = ("in", "a", "EUR")
    places = [make_group(ORIGIN, 1, key, given, drawn_from(seed)).places[0] for seed in (b"a", b"b", b"a")]
    assert places[0] != places[1]
    assert places[0] == places[2]


def test_too_large() -> None:
    with pytest.raises(BadAmount):
        make_group(ORIGIN, 1, ("in", "a", "EUR"), [HiddenAmount(2**32, 5)], os.urandom)
