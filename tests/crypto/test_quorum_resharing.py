"""Dealing anew, from every group a charter allows to every other: what stays, what opens, what mixes of shares give."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import combinations, product

import pytest

from crypto.quorum_fund import PLACE, Fund, answers_of, hold_ceremony, request_for, seeded, thresholds
from poruch.crypto.group import L, lagrange
from poruch.crypto.opening import combine
from poruch.crypto.quorum_file import seal_to_quorum
from poruch.errors import TooFew

OLD_FILE = b"sealed before the resharing"
SIZES = thresholds()
SMALL = [(3, 2), (4, 3), (5, 3)]
# In every run each old size meets three new ones, in turn, so that each new size is met too; all pairs run in `long`.
SOME_PAIRS = [(old, SIZES[(5 * at + step) % len(SIZES)]) for at, old in enumerate(SIZES) for step in (0, 1, 7)]
ALL_PAIRS = list(product(SIZES, SIZES))
Size = tuple[int, int]


@cache
def first_fund(n: int, k: int) -> tuple[Fund, bytes]:
    """Officers 1 to n, and a file of the old days."""
    random = seeded(100 * n + k)
    fund = hold_ceremony(k, range(1, n + 1), random)
    return fund, seal_to_quorum(OLD_FILE, fund.group.Y, PLACE, random)


@cache
def reshared(old: Size, new: Size, leaving: int) -> Fund:
    """The next epoch, dealt by the `k` last of the old group; the `leaving` first officers go, newcomers come."""
    before, _ = first_fund(*old)
    officers = range(1 + leaving, 1 + leaving + new[0])
    return hold_ceremony(
        new[1],
        officers,
        seeded(int("".join(map(str, (*old, *new, leaving))))),
        before,
        before.group.officers[-old[1] :],
    )


def constant(shares: Mapping[int, int]) -> int:
    """The value at 0 of the lowest polynomial through these shares."""
    weights = lagrange(shares)
    return sum(weights[i] * share for i, share in shares.items()) % L


def secret_of(fund: Fund) -> int:
    """What nobody ever computes: the key."""
    return constant({i: fund.shares[i] for i in fund.group.officers[: fund.group.k]})


# ---- what stays, what opens -------------------------------------------------------------------


def check_pair(old: Size, new: Size) -> None:
    before, file = first_fund(*old)
    after = reshared(old, new, leaving=1)
    assert (after.group.Y, after.group.recipient) == (before.group.Y, before.group.recipient)
    assert (after.group.epoch, after.group.n, after.group.k) == (1, *new)
    assert after.group.id != before.group.id
    assert not set(after.shares.values()) & set(before.shares.values())
    request, given = request_for(after, file), answers_of(after, after.group.officers, file)
    for some in (given[: new[1]], given[-new[1] :], given):
        assert combine(file, request, after.group, some) == OLD_FILE
    for fewer in (given[: new[1] - 1], given[-new[1] + 1 :]):
        with pytest.raises(TooFew):
            combine(file, request, after.group, fewer)
    new_file = seal_to_quorum(b"sealed after", after.group.Y, PLACE)
    answers = answers_of(after, after.group.officers[: new[1]], new_file)
    assert combine(new_file, request_for(after, new_file), after.group, answers) == b"sealed after"


@pytest.mark.parametrize(("old", "new"), SOME_PAIRS, ids=str)
def test_the_key_stays_and_old_files_open_with_new_shares(old: Size, new: Size) -> None:
    check_pair(old, new)


@pytest.mark.long
@pytest.mark.parametrize(("old", "new"), ALL_PAIRS, ids=str)
def test_the_same_from_every_size_to_every_other(old: Size, new: Size) -> None:
    check_pair(old, new)


def test_some_pairs_meet_every_size_on_both_sides() -> None:
    assert {old for old, _ in SOME_PAIRS} == {new for _, new in SOME_PAIRS} == set(SIZES)


@pytest.mark.parametrize("old", SMALL, ids=str)
def test_any_k_or_more_of_the_old_group_may_deal(old: Size) -> None:
    before, file = first_fund(*old)
    for count in range(old[1], old[0] + 1):
        for dealers in combinations(before.group.officers, count):
            after = hold_ceremony(3, (2, 3, 7, 8), seeded(count), before, dealers)
            assert after.group.Y == before.group.Y
            assert constant({i: after.shares[i] for i in (2, 7, 8)}) == secret_of(before)
            answers = answers_of(after, (3, 7, 8), file)
            assert combine(file, request_for(after, file), after.group, answers) == OLD_FILE


def test_many_epochs_in_a_row() -> None:
    """Every size once, one after the other: the first file still opens in the last epoch."""
    first, file = first_fund(3, 2)
    fund = first
    for epoch, (n, k) in enumerate(SIZES, 1):
        start = 1 + epoch % 3
        fund = hold_ceremony(k, range(start, start + n), seeded(epoch), fund, fund.group.officers[: fund.group.k])
        assert (fund.group.epoch, fund.group.recipient) == (epoch, first.group.recipient)
    answers = answers_of(fund, fund.group.officers[-8:], file)
    assert combine(file, request_for(fund, file), fund.group, answers) == OLD_FILE


# ---- mixes of old and new shares: all of them, by brute force ---------------------------------


def mixes(before: Fund, after: Fund) -> Iterator[tuple[list[int], list[int]]]:
    """Every choice, for each officer, of his old share, his new share or none; but not none of all."""
    people = sorted({*before.shares, *after.shares})
    held = [["none", *(["old"] if i in before.shares else []), *(["new"] if i in after.shares else [])] for i in people]
    for choice in product(*held):
        olds = [i for i, which in zip(people, choice, strict=True) if which == "old"]
        news = [i for i, which in zip(people, choice, strict=True) if which == "new"]
        if olds or news:
            yield olds, news


@pytest.mark.parametrize("leaving", [0, 1])
@pytest.mark.parametrize("new", SMALL, ids=str)
@pytest.mark.parametrize("old", SMALL, ids=str)
def test_a_mix_gives_the_key_only_if_it_is_no_mix(old: Size, new: Size, leaving: int) -> None:
    """All mixes: so a set of shares opens only if it holds k old ones or k' new ones among it."""
    before, after = first_fund(*old)[0], reshared(old, new, leaving)
    secret, opened = secret_of(before), 0
    for olds, news in mixes(before, after):
        found = constant({**{i: before.shares[i] for i in olds}, **{i: after.shares[i] for i in news}})
        enough = (not news and len(olds) >= old[1]) or (not olds and len(news) >= new[1])
        assert (found == secret) == enough, (olds, news)
        opened += enough
    assert opened >= 2


@pytest.mark.parametrize("new", [(3, 2), (4, 3)], ids=str)
@pytest.mark.parametrize("old", [(3, 2), (4, 3)], ids=str)
def test_answers_of_two_epochs_are_not_counted_together(old: Size, new: Size) -> None:
    """All mixes again, through requests, partials and combining, under the request of either epoch."""
    before, file = first_fund(*old)
    after = reshared(old, new, leaving=1)
    old_answers = dict(zip(before.shares, answers_of(before, before.shares, file), strict=True))
    new_answers = dict(zip(after.shares, answers_of(after, after.shares, file), strict=True))
    for olds, news in mixes(before, after):
        answers = [*(old_answers[i] for i in olds), *(new_answers[i] for i in news)]
        for fund, own in ((before, olds), (after, news)):
            if len(own) >= fund.group.k:
                assert combine(file, request_for(fund, file), fund.group, answers) == OLD_FILE
            else:
                with pytest.raises(TooFew):
                    combine(file, request_for(fund, file), fund.group, answers)


# ---- and what a coalition could compute in any way at all: algebra ----------------------------


def determined(rows: Sequence[Sequence[int]], wanted: Sequence[int]) -> bool:
    """Whether the equations `rows` fix the value of `wanted`: whether it is a sum of multiples of them, modulo L."""
    basis: dict[int, list[int]] = {}

    def reduce(row: Sequence[int]) -> list[int]:
        rest = [value % L for value in row]
        for column, known in basis.items():
            if factor := rest[column]:
                rest = [(value - factor * other) % L for value, other in zip(rest, known, strict=True)]
        return rest

    for row in rows:
        rest = reduce(row)
        column = next((at for at, value in enumerate(rest) if value), None)
        if column is None:
            continue
        inverse = pow(rest[column], -1, L)
        rest = [value * inverse % L for value in rest]
        for at, known in basis.items():
            if factor := known[column]:
                basis[at] = [(value - factor * other) % L for value, other in zip(known, rest, strict=True)]
        basis[column] = rest
    return not any(reduce(wanted))


def knows_the_key(old: Size, new: Size, dealers: Sequence[int], olds: Sequence[int], news: Sequence[int]) -> bool:
    """Whether those who kept the old shares `olds` and *everything* that came to `news` could compute the key.

    Unknown are the `k` coefficients of the old polynomial and, for each dealer who is not among `olds`, the upper
    coefficients of what he dealt; his constant is his old share.
    """
    k, new_k = old[1], new[1]
    honest = [dealer for dealer in dealers if dealer not in olds]
    width = k + len(honest) * (new_k - 1)

    def old_share(i: int) -> list[int]:
        return [i**power for power in range(k)] + [0] * (width - k)

    def subshare(at: int, dealer: int, officer: int) -> list[int]:
        row = old_share(dealer)
        begin = k + at * (new_k - 1)
        row[begin : begin + new_k - 1] = [officer**power for power in range(1, new_k)]
        return row

    rows = [old_share(i) for i in olds]
    rows += [subshare(at, dealer, j) for at, dealer in enumerate(honest) for j in news]
    return determined(rows, [1] + [0] * (width - 1))


@pytest.mark.parametrize("new", SIZES, ids=str)
@pytest.mark.parametrize("old", SIZES, ids=str)
def test_k_minus_1_old_and_k_minus_1_new_know_nothing_together(old: Size, new: Size) -> None:
    """For every pair of sizes, and with all that was ever sent to them; one old or one new share more is the key."""
    (n, k), (new_n, new_k) = old, new
    everybody, dealers = range(1, n + 1), range(n - k + 1, n + 1)
    for olds in (everybody[: k - 1], everybody[-k + 1 :]):
        for newcomers in (range(1, new_n + 1), range(2, new_n + 2), range(n + 1, n + new_n + 1)):
            for news in (newcomers[: new_k - 1], newcomers[-new_k + 1 :]):
                assert not knows_the_key(old, new, dealers, olds, news)
        assert knows_the_key(old, new, dealers, olds, newcomers[:new_k])
    assert knows_the_key(old, new, dealers, everybody[:k], [])


@pytest.mark.parametrize("new", SMALL, ids=str)
@pytest.mark.parametrize("old", SMALL, ids=str)
def test_every_coalition_of_small_groups(old: Size, new: Size) -> None:
    everybody, newcomers, dealers = range(1, old[0] + 1), range(2, new[0] + 2), range(1, old[1] + 1)
    for a, b in product(range(old[0] + 1), range(new[0] + 1)):
        for olds, news in product(combinations(everybody, a), combinations(newcomers, b)):
            assert knows_the_key(old, new, dealers, olds, news) == (a >= old[1] or b >= new[1]), (olds, news)


# ---- erasing ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "k"), SIZES)
def test_n_minus_k_plus_1_erasures_are_needed(n: int, k: int) -> None:
    """Up to n - k old shares erased, the rest is the key, whoever erased; from n - k + 1 on it never is.

    What is left after more erasures are the parts of what is left after fewer: so no part is forgotten.
    """
    before, _ = first_fund(n, k)
    secret = secret_of(before)
    for erased in range(n + 1):
        for left in combinations(before.group.officers, n - erased):
            found = constant({i: before.shares[i] for i in left})
            assert (found == secret) == (erased <= n - k), left


@pytest.mark.parametrize(("n", "k"), SIZES)
def test_old_shares_open_old_and_new_files_until_they_are_erased(n: int, k: int) -> None:
    """Why erasing matters: the old group's partials still combine, even for a file of the new days."""
    before, _ = first_fund(n, k)
    after = reshared((n, k), (n, k), leaving=1)
    new_file = seal_to_quorum(b"sealed after", after.group.Y, PLACE)
    kept = before.group.officers[n - k :]  # n - k have erased
    request = request_for(before, new_file)
    assert combine(new_file, request, before.group, answers_of(before, kept, new_file)) == b"sealed after"
    with pytest.raises(TooFew):
        combine(new_file, request, before.group, answers_of(before, kept[1:], new_file))
