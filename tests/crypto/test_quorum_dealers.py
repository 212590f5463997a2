"""Wrong dealers, as a table: who may deal, what he may deal, who is named for it (specification, section 3)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest

from crypto.quorum_fund import Fund, hold_ceremony, seeded
from poruch.crypto import ceremony
from poruch.crypto.ceremony import Group, PublishedDealing
from poruch.crypto.group import B, add
from poruch.errors import (
    BadDealing,
    BadDigest,
    BadOfficers,
    BadShare,
    BadSubshare,
    KeyChanged,
    NotOwnShare,
    PoruchError,
    TooFew,
    WrongDealers,
)

SESSION = bytes(range(32))
FUND = hold_ceremony(3, (1, 2, 3, 4, 5), seeded(1))
OTHER = hold_ceremony(3, (1, 2, 3, 4, 5), seeded(2))
K, OFFICERS = 4, (2, 3, 4, 5, 6, 7)


def dealing(dealer: int, *, share: int | None = None, k: int = K, named: int | None = None) -> PublishedDealing:
    """A dealing as `dealer` publishes it; by default an honest one of his old share."""
    constant = FUND.shares.get(dealer, 1) if share is None else share
    data = ceremony.make_dealing(SESSION, named or dealer, ceremony.new_polynomial(k, constant=constant))
    return PublishedDealing(dealer, ceremony.dealing_digest(SESSION, data), data)


def announced_otherwise(dealer: int) -> PublishedDealing:
    return PublishedDealing(dealer, dealing(dealer).digest, dealing(dealer).dealing)


@dataclass(frozen=True)
class Case:
    """What is published when the group 3-of-5 deals to OFFICERS, and what is said to it."""

    why: str
    published: Sequence[PublishedDealing]
    error: type[PoruchError]
    blame: int | None


CASES = [
    Case("nobody deals", [], TooFew, None),
    Case("two of the three needed", [dealing(1), dealing(2)], TooFew, None),
    Case("two, one of them twice", [dealing(1), dealing(2), dealing(2)], WrongDealers, None),
    Case("enough, and one twice", [dealing(1), dealing(2), dealing(3), dealing(3)], WrongDealers, None),
    Case("two and a newcomer", [dealing(1), dealing(2), dealing(6)], WrongDealers, None),
    Case("enough and a newcomer", [dealing(1), dealing(2), dealing(3), dealing(6)], WrongDealers, None),
    Case("only newcomers", [dealing(6), dealing(7), dealing(8)], WrongDealers, None),
    Case("another constant", [dealing(1), dealing(2, share=7), dealing(3)], NotOwnShare, 2),
    Case("a colleague's share", [dealing(1), dealing(2), dealing(3, share=FUND.shares[4])], NotOwnShare, 3),
    Case("his share in another fund", [dealing(1, share=OTHER.shares[1]), dealing(2), dealing(3)], NotOwnShare, 1),
    Case("his share, but one", [dealing(1), dealing(2), dealing(3, share=FUND.shares[3] + 1)], NotOwnShare, 3),
    Case("two wrong ones: the lower", [dealing(5, share=7), dealing(4, share=7), dealing(3)], NotOwnShare, 4),
    Case("another than he announced", [dealing(1), announced_otherwise(2), dealing(3)], BadDigest, 2),
    Case("for a lower threshold", [dealing(1), dealing(2, k=3), dealing(3)], BadDealing, 2),
    Case("for a higher threshold", [dealing(1), dealing(2, k=5), dealing(3)], BadDealing, 2),
    Case("in a colleague's name", [dealing(1), dealing(2, named=4), dealing(3)], BadDealing, 2),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.why)
def test_wrong_dealings_of_a_resharing(case: Case) -> None:
    for published in (case.published, case.published[::-1]):
        with pytest.raises(case.error) as caught:
            ceremony.check_dealings(SESSION, K, OFFICERS, published, FUND.group)
        assert type(caught.value) is case.error
        assert caught.value.blame == case.blame


@pytest.mark.parametrize("dealers", [(1, 2, 3), (5, 3, 1), (1, 2, 3, 4), (5, 4, 3, 2, 1)], ids=str)
def test_right_dealings_pass(dealers: tuple[int, ...]) -> None:
    published = [dealing(dealer) for dealer in dealers]
    checked = ceremony.check_dealings(SESSION, K, OFFICERS, published, FUND.group)
    assert [entry.number for entry in checked] == sorted(dealers)
    assert ceremony.form_group(OFFICERS, checked, FUND.group).Y == FUND.group.Y


@pytest.mark.parametrize(
    "dealers",
    [(), (1, 2), (1, 2, 3, 4), (1, 2, 4), (1, 2, 3, 3), (1, 1, 2)],
    ids=str,
)
def test_a_first_ceremony_is_dealt_by_exactly_its_officers(dealers: tuple[int, ...]) -> None:
    with pytest.raises(WrongDealers) as caught:
        ceremony.check_dealings(SESSION, 2, (1, 2, 3), [dealing(i, k=2) for i in dealers])
    assert caught.value.blame is None


@pytest.mark.parametrize(
    ("k", "officers"),
    [(1, (1, 2, 3)), (4, (1, 2, 3)), (2, (1,)), (2, (1, 1, 2)), (2, (0, 1, 2)), (2, (1, 65536)), (2, range(1, 66))],
    ids=str,
)
def test_impossible_new_groups(k: int, officers: Sequence[int]) -> None:
    with pytest.raises(BadOfficers):
        ceremony.check_dealings(SESSION, k, officers, [dealing(i, k=max(k, 1)) for i in (1, 2, 3)], FUND.group)


# ---- the key must stay ------------------------------------------------------------------------

Skipped = Callable[[], list[PublishedDealing]]
CHANGED: dict[str, Skipped] = {
    "one foreign constant": lambda: [dealing(1), dealing(2, share=7), dealing(3)],
    "shares of another fund": lambda: [dealing(i, share=OTHER.shares[i]) for i in (1, 2, 3)],
    "too few dealers": lambda: [dealing(1), dealing(2)],
}


@pytest.mark.parametrize("case", CHANGED.values(), ids=CHANGED.keys())
def test_a_changed_key_is_refused_even_past_the_checks_before(case: Skipped) -> None:
    """Step 5 stands alone: each dealing is well formed, steps 1 and 3 are left out here."""
    passed = [ceremony.check_dealing(SESSION, e.dealing, e.dealer, K, e.digest) for e in case()]
    with pytest.raises(KeyChanged):
        ceremony.form_group(OFFICERS, passed, FUND.group)


def test_old_verification_shares_that_are_not_of_the_key() -> None:
    """A desk whose copy of the old group has another Y than its shares make does not follow into the next epoch."""
    torn = Group(3, 0, add(FUND.group.Y, B), FUND.group.verification_shares)
    checked = ceremony.check_dealings(SESSION, K, OFFICERS, [dealing(i) for i in (1, 2, 3)], torn)
    with pytest.raises(KeyChanged):
        ceremony.form_group(OFFICERS, checked, torn)


# ---- wrong sub-shares in a resharing ----------------------------------------------------------


def resharing() -> tuple[Fund, dict[int, tuple[int, ...]], tuple[ceremony.ParsedDealing, ...]]:
    secret = {i: ceremony.new_polynomial(K, constant=FUND.shares[i]) for i in (1, 3, 5)}
    data = {i: ceremony.make_dealing(SESSION, i, secret[i]) for i in secret}
    published = [PublishedDealing(i, ceremony.dealing_digest(SESSION, data[i]), data[i]) for i in secret]
    checked = ceremony.check_dealings(SESSION, K, OFFICERS, published, FUND.group)
    return Fund(ceremony.form_group(OFFICERS, checked, FUND.group), {}), secret, checked


@pytest.mark.parametrize("liar", [1, 3, 5])
@pytest.mark.parametrize("lie", ["wrong", "missing", "colleague's", "for another officer", "of another session"])
def test_a_wrong_subshare_names_its_dealer(liar: int, lie: str) -> None:
    after, secret, checked = resharing()
    messages = {i: ceremony.subshare_message(SESSION, i, 6, ceremony.subshare(secret[i], 6)) for i in secret}
    assert ceremony.my_share(SESSION, 6, after.group, checked, messages, FUND.group) > 0
    other = next(i for i in secret if i != liar)
    messages[liar] = {
        "wrong": ceremony.subshare_message(SESSION, liar, 6, ceremony.subshare(secret[liar], 6) + 1),
        "missing": b"",
        "colleague's": messages[other],
        "for another officer": ceremony.subshare_message(SESSION, liar, 7, ceremony.subshare(secret[liar], 7)),
        "of another session": ceremony.subshare_message(bytes(32), liar, 6, ceremony.subshare(secret[liar], 6)),
    }[lie]
    with pytest.raises(BadSubshare) as caught:
        ceremony.my_share(SESSION, 6, after.group, checked, messages, FUND.group)
    assert caught.value.blame == liar


def test_a_share_weighed_as_in_a_first_ceremony_does_not_fit() -> None:
    after, secret, checked = resharing()
    messages = {i: ceremony.subshare_message(SESSION, i, 6, ceremony.subshare(secret[i], 6)) for i in secret}
    with pytest.raises(BadShare):
        ceremony.my_share(SESSION, 6, after.group, checked, messages)
