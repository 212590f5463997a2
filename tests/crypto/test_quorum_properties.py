"""Any k officers open and no k - 1 do: every group a charter allows, every choice of officers, no sampling."""

from collections.abc import Callable
from functools import cache
from itertools import combinations

import pytest

from crypto.quorum_fund import PLACE, Fund, answers_of, hold_ceremony, request_for, seeded, thresholds
from poruch.crypto.age import unwrap_file_key
from poruch.crypto.dleq import prove
from poruch.crypto.group import B, L, add, lagrange, montgomery, multiply, multiply_base, random_scalar
from poruch.crypto.opening import OpeningRequest, combine, sort_answers
from poruch.crypto.quorum_file import check_file, seal_to_quorum
from poruch.errors import BadAnswer, BadPartial, NotForThisKey, TooFew

PLAINTEXT = b"the payee of case 118"
HEAD = 52  # of an answer: domain, request hash, officer, number of stanzas


@cache
def made(n: int, k: int) -> tuple[Fund, bytes]:
    """A fund of officers 3, 4, 5, ..., and a file sealed to it."""
    random = seeded(1000 * n + k)
    fund = hold_ceremony(k, range(3, 3 + n), random)
    return fund, seal_to_quorum(PLAINTEXT, fund.group.Y, PLACE, random)


@cache
def answers(n: int, k: int) -> dict[int, bytes]:
    fund, file = made(n, k)
    return dict(zip(fund.group.officers, answers_of(fund, fund.group.officers, file), strict=True))


def constant(shares: dict[int, int]) -> int:
    """The value at 0 of the lowest polynomial through these shares."""
    weights = lagrange(shares)
    return sum(weights[i] * share for i, share in shares.items()) % L


def test_the_sizes_are_all_that_a_charter_allows() -> None:
    assert thresholds() == [
        *[(3, 2), (4, 3), (5, 3), (5, 4), (6, 4), (6, 5), (7, 4), (7, 5), (7, 6)],
        *[(8, 5), (8, 6), (8, 7), (9, 5), (9, 6), (9, 7), (9, 8)],
    ]


@pytest.mark.parametrize(("n", "k"), thresholds())
def test_any_k_officers_open(n: int, k: int) -> None:
    (fund, file), given = made(n, k), answers(n, k)
    request = request_for(fund, file)
    for some in combinations(fund.group.officers, k):
        assert combine(file, request, fund.group, [given[i] for i in some]) == PLAINTEXT
    everybody = [given[i] for i in fund.group.officers]
    assert combine(file, request, fund.group, everybody) == PLAINTEXT
    assert combine(file, request, fund.group, everybody[::-1]) == PLAINTEXT


@pytest.mark.parametrize(("n", "k"), thresholds())
def test_no_k_minus_1_officers_open(n: int, k: int) -> None:
    """Not by the program, and not by hand from their partials or their shares, for every choice of them."""
    (fund, file), given = made(n, k), answers(n, k)
    request, lock = request_for(fund, file), check_file(file, fund.group.Y, PLACE).locks[0]
    for some in combinations(fund.group.officers, k - 1):
        with pytest.raises(TooFew):
            combine(file, request, fund.group, [given[i] for i in some])
        with pytest.raises(TooFew):
            combine(file, request, fund.group, [*(given[i] for i in some), given[some[0]]])
        key = constant({i: fund.shares[i] for i in some})
        assert multiply_base(key) != fund.group.Y
        with pytest.raises(NotForThisKey):
            unwrap_file_key(lock.body, montgomery(multiply(key, lock.E)), lock.u, fund.group.u)


@pytest.mark.parametrize(("n", "k"), thresholds())
def test_fewer_shares_fit_every_key(n: int, k: int) -> None:
    """Why k - 1 shares tell nothing: to any key at all there is exactly one share more that makes it of them."""
    fund, _ = made(n, k)
    some, other = fund.group.officers[: k - 1], fund.group.officers[k - 1]
    for wanted in (0, 1, 2, L - 1, random_scalar(seeded(n))):
        weights = lagrange((*some, other))
        rest = wanted - sum(weights[i] * fund.shares[i] for i in some)
        share = rest * pow(weights[other], -1, L) % L
        assert constant({**{i: fund.shares[i] for i in some}, other: share}) == wanted


# ---- a forged k-th partial --------------------------------------------------------------------

Forger = Callable[[Fund, bytes, OpeningRequest, int, dict[int, bytes]], bytes]


def another_scalar(fund: Fund, file: bytes, request: OpeningRequest, officer: int, given: dict[int, bytes]) -> bytes:
    """A true proof, for another share than the published one."""
    lock, wrong = check_file(file, fund.group.Y, PLACE).locks[0], fund.shares[officer] + 1
    D, context = multiply(wrong, lock.E), b"poruch/partial/v1" + request.group + request.file + lock.u + request.hash
    return given[officer][:HEAD] + D + prove(wrong, B, multiply_base(wrong), lock.E, D, context)


def claimed_share(fund: Fund, file: bytes, request: OpeningRequest, officer: int, given: dict[int, bytes]) -> bytes:
    """The same, over the published verification share."""
    lock, wrong = check_file(file, fund.group.Y, PLACE).locks[0], fund.shares[officer] + 1
    D, context = multiply(wrong, lock.E), b"poruch/partial/v1" + request.group + request.file + lock.u + request.hash
    return given[officer][:HEAD] + D + prove(wrong, B, fund.group.verification_share(officer), lock.E, D, context)


def moved_point(fund: Fund, file: bytes, request: OpeningRequest, officer: int, given: dict[int, bytes]) -> bytes:
    """The honest answer with another point: it would change the sum."""
    honest = given[officer]
    return honest[:HEAD] + add(honest[HEAD : HEAD + 32], B) + honest[HEAD + 32 :]


def colleagues(fund: Fund, file: bytes, request: OpeningRequest, officer: int, given: dict[int, bytes]) -> bytes:
    """A colleague's partial under one's own number."""
    other = next(i for i in given if i != officer)
    return given[other][:48] + officer.to_bytes(2, "big") + given[other][50:]


def no_proof(fund: Fund, file: bytes, request: OpeningRequest, officer: int, given: dict[int, bytes]) -> bytes:
    return given[officer][: HEAD + 32] + bytes(64)


FORGERS: list[Forger] = [another_scalar, claimed_share, moved_point, colleagues, no_proof]


@pytest.mark.parametrize("forge", FORGERS)
@pytest.mark.parametrize(("n", "k"), thresholds())
def test_a_forged_kth_partial_is_refused_and_blamed(n: int, k: int, forge: Forger) -> None:
    (fund, file), given = made(n, k), answers(n, k)
    request = request_for(fund, file)
    for forger in fund.group.officers[:: n - 1]:  # the first and the last
        forged = forge(fund, file, request, forger, given)
        honest = [given[i] for i in fund.group.officers if i != forger][: k - 1]
        with pytest.raises(TooFew) as caught:
            combine(file, request, fund.group, [*honest, forged])
        assert isinstance(caught.value.__cause__, BadPartial)
        partials, faults = sort_answers([forged, *honest], request, fund.group, file)
        assert [fault.blame for fault in faults] == [forger]
        assert len(partials) == k - 1
        # With one more honest officer the forger hinders nobody.
        enough = [given[i] for i in fund.group.officers if i != forger][:k]
        assert combine(file, request, fund.group, [forged, *enough]) == PLAINTEXT


@pytest.mark.parametrize("stranger", [0, 1, 2, 12, 65535])
def test_a_partial_of_nobody_of_the_group(stranger: int) -> None:
    (fund, file), given = made(9, 5), answers(9, 5)
    answer = given[3][:48] + stranger.to_bytes(2, "big") + given[3][50:]
    partials, [fault] = sort_answers([answer], request_for(fund, file), fund.group, file)
    assert (partials, type(fault), fault.blame) == ((), BadPartial, stranger)


def test_a_good_answer_does_not_lose_to_a_forged_one_of_the_same_officer() -> None:
    """Whoever adds rubbish under somebody's number does not take his honest partial away, in either order."""
    (fund, file), given = made(3, 2), answers(3, 2)
    request = request_for(fund, file)
    for forged in (moved_point(fund, file, request, 3, given), given[3][:-1]):
        for order in ([forged, given[3], given[4]], [given[3], forged, given[4]]):
            assert combine(file, request, fund.group, order) == PLAINTEXT
            _, [fault] = sort_answers(order, request, fund.group, file)
            assert isinstance(fault, BadPartial | BadAnswer)
