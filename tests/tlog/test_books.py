"""Books: what the vectors leave open. Edge cases of the steps, and the state that is kept between checkpoints."""

import os

import pytest
from log_fund import ORIGIN, epoch_entries, group, notice
from log_vectors import ENTRIES, VECTORS
from log_vectors import POLICY as VECTOR_POLICY

from poruch.crypto.group import L, encode_scalar, scalar
from poruch.errors import (
    AfterBalance,
    AmountsAfterTotal,
    BadCount,
    BadEpoch,
    BadRangeProof,
    BrokenChain,
    MissingBalance,
    MissingTotal,
    PoruchError,
    RepeatedCommitment,
    SecondBalance,
    SecondTotal,
    StoreBroken,
    WrongBalance,
    WrongTotal,
)
from poruch.tlog.books import Books, decode_books, follow
from poruch.tlog.leaves import Amounts, Balance, Leaf, Total, encode_leaf, parse_leaf

GIFTS = group(1, ("in", "general", "EUR"), (500, 700, 900, 20, 3))
GRANTS = group(1, ("out", "grants", "EUR"), (400, 300, 200, 10, 1))
BALANCE = encode_leaf(Balance(1, "EUR", 1000, GIFTS.total_minor, GRANTS.total_minor, 2212))
EPOCH_1 = [*GIFTS.amounts, GIFTS.total, *GRANTS.amounts, GRANTS.total, BALANCE]


def checked(entries: list[bytes], books: Books | None = None) -> Books:
    return follow(books or Books(ORIGIN), entries, os.urandom)


def balance(epoch: int, opening: int, came: int, went: int, closing: int, currency: str = "EUR") -> bytes:
    return encode_leaf(Balance(epoch, currency, opening, came, went, closing))


def test_one_epoch() -> None:
    heard: list[Leaf] = []
    books = follow(Books(ORIGIN), EPOCH_1, os.urandom, heard=heard.append)
    assert [type(leaf).__name__ for leaf in heard] == ["Amounts", "Total", "Amounts", "Total", "Balance"]
    assert (books.size, books.epoch, len(books.seen)) == (5, 1, 16)
    assert books.balances["EUR"].closing_minor == 2212
    assert [encode_leaf(leaf) for leaf in heard] == EPOCH_1


def test_nothing_at_all() -> None:
    assert checked([]).size == 0


def test_only_notices() -> None:
    """An epoch of notices needs no balance as long as it is the last."""
    books = checked([notice(1)])
    assert checked([notice(1, "again")], books).size == 2
    late = checked([*EPOCH_1, notice(2)])
    assert late.epoch == 2
    with pytest.raises(MissingBalance):
        checked([notice(3)], late)
    assert checked([balance(2, 2212, 0, 0, 2212), notice(3)], late).epoch == 3


def test_the_state_kept_is_enough() -> None:
    """Followed in pieces, through the store, the log gives the same books as at once."""
    at_once = follow(Books(VECTOR_POLICY.origin), ENTRIES, os.urandom)
    books, done = Books(VECTOR_POLICY.origin), 0
    for epoch in VECTORS["epochs"]:
        books = decode_books(follow(books, ENTRIES[done : epoch["size"]], os.urandom).encode())
        done = epoch["size"]
    assert books.encode() == at_once.encode()
    assert vars(books) == vars(at_once)


def test_a_failure_leaves_the_books_as_they_were() -> None:
    books = checked(EPOCH_1)
    before = books.encode()
    with pytest.raises(MissingTotal):
        checked(list(group(2, ("in", "general", "EUR"), ()).amounts), books)
    with pytest.raises(AmountsAfterTotal):
        checked(list(GIFTS.amounts), books)
    assert books.encode() == before
    more, _ = epoch_entries(2, 2212)
    assert checked(more, books).epoch == 2


NEW_IN = group(1, ("in", "late", "EUR"), ())
DOLLARS = group(1, ("in", "general", "USD"), (9, 9, 9, 9, 9))


@pytest.mark.parametrize(
    ("error", "more"),
    [
        (BadEpoch, [notice(3)]),
        (AmountsAfterTotal, list(GIFTS.amounts)),
        (AfterBalance, list(NEW_IN.amounts)),
        (AfterBalance, [NEW_IN.total]),
        (SecondTotal, [GIFTS.total]),
        (BadCount, [DOLLARS.total]),
        (MissingTotal, list(DOLLARS.amounts)),
        (MissingBalance, [*DOLLARS.amounts, DOLLARS.total]),
        (MissingTotal, [*DOLLARS.amounts, balance(1, 0, 0, 0, 0, "USD")]),
        (SecondBalance, [BALANCE]),
        (BrokenChain, [balance(2, 2211, 0, 0, 2211)]),
        (WrongBalance, [balance(2, 2212, 1, 0, 2213)]),
        (WrongBalance, [balance(2, 2212, 0, 0, 2213)]),
        (MissingBalance, [*group(2, ("in", "g", "USD"), ()).amounts, group(2, ("in", "g", "USD"), ()).total,
                          balance(2, 0, 0, 0, 0, "USD")]),
        (BadEpoch, [balance(2, 2212, 0, 0, 2212), notice(1)]),
    ],
)  # fmt: skip
def test_continuing_wrongly(error: type[PoruchError], more: list[bytes]) -> None:
    """What comes in a later publication of the same epoch is held against what came before."""
    with pytest.raises(error):
        checked(more, checked(EPOCH_1))


def test_a_second_currency_may_come_later_in_an_epoch() -> None:
    more = [*DOLLARS.amounts, DOLLARS.total, balance(1, 100, 45, 0, 145, "USD")]
    assert set(checked(more, checked(EPOCH_1)).balances) == {"EUR", "USD"}


def test_a_commitment_of_an_earlier_epoch_again() -> None:
    leaf = parse_leaf(GIFTS.amounts[0])
    assert isinstance(leaf, Amounts)
    again = encode_leaf(Amounts(2, "in", "other", "EUR", leaf.commitments, leaf.proof))
    with pytest.raises(RepeatedCommitment, match="leaf 5"):
        checked([again], decode_books(checked(EPOCH_1).encode()))


def test_a_total_of_a_part() -> None:
    """16 commitments, the total opening only the first eight."""
    first = group(1, ("in", "a", "EUR"), (1, 2, 3, 4, 5))
    other = group(1, ("in", "b", "EUR"), (7, 7, 7, 7, 7))
    second = parse_leaf(other.amounts[0])
    assert isinstance(second, Amounts)
    moved = encode_leaf(Amounts(1, "in", "a", "EUR", second.commitments, second.proof))
    with pytest.raises(WrongTotal):
        checked([*first.amounts, moved, first.total])
    # The sum of both openings is right, but the range proof was made for account b.
    parts = [parse_leaf(first.total), parse_leaf(other.total)]
    blind = sum(scalar(part.blind) for part in parts if isinstance(part, Total)) % L
    both = Total(1, "in", "a", "EUR", first.total_minor + other.total_minor, encode_scalar(blind))
    closing = balance(1, 0, both.total_minor, 0, both.total_minor)
    with pytest.raises(BadRangeProof, match="leaf 1"):
        checked([*first.amounts, moved, encode_leaf(both), closing])


def test_sixteen_amounts() -> None:
    many = group(1, ("in", "general", "EUR"), tuple(range(1, 12)))
    assert len(many.amounts) == 2
    closing = balance(1, 0, 66, 0, 66)
    assert checked([*many.amounts, many.total, closing]).balances["EUR"].in_minor == 66
    with pytest.raises(WrongTotal):
        checked([many.amounts[0], many.total])


def test_points_that_cancel() -> None:
    """A commitment and its negative: the sum on the way is the identity, which must not stop the reader."""
    leaf = parse_leaf(GIFTS.amounts[0])
    assert isinstance(leaf, Amounts)
    points = leaf.commitments[:4]
    negatives = tuple(point[:31] + bytes([point[31] ^ 0x80]) for point in points)
    spoilt = encode_leaf(Amounts(1, "in", "general", "EUR", points + negatives, leaf.proof))
    with pytest.raises(WrongTotal):
        checked([spoilt, GIFTS.total])


def test_a_store_that_is_broken() -> None:
    whole = checked(EPOCH_1).encode()
    for data in (b"", whole[:-1], b"\x90"):
        with pytest.raises(StoreBroken):
            decode_books(data)


def test_steps_are_said_before_they_are_done() -> None:
    said: list[int] = []
    follow(Books(ORIGIN), EPOCH_1, os.urandom, at=said.append)
    assert set(said) == set(range(1, 13))
    assert said[-2:] == [12, 5]
