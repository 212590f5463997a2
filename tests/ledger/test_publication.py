"""What becomes public: nothing of few, nothing uncovered, nothing twice."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.books import DAY, RELATED_IBAN, Books, bank_entry, item
from poruch.events.kinds import EpochPrepared, InstalmentReturned, LogAmount, LogGroup
from poruch.ledger.publication import LARGEST_AMOUNT, Amount, Selection, select, step

ACCOUNTS = ("grants", "lawyers")
FAR = DAY + timedelta(days=400)


def paid(books: Books, amounts: list[int], account: str = "grants", cases: list[str] | None = None) -> list[str]:
    """Instalments that the bank confirmed; the end-to-end id of each."""
    name = f"b{books.told}"
    items = [
        item(f"{name}g{at}", 0, amount, account=account, case=cases[at] if cases else "")
        for at, amount in enumerate(amounts)
    ]
    batch = books.propose(name, items)
    assert batch is not None
    books.export(batch)
    for one in items:
        books.pay(one.end_to_end, one.amount_minor)
    return [one.end_to_end for one in items]


def chosen(books: Books, opening_minor: int = 0) -> Selection:
    return select(books.ledger, ACCOUNTS, FAR, "EUR", opening_minor)


def sources(selection: Selection, side: str, account: str) -> set[str]:
    return {amount.source for amount in selection.groups[(side, account)]}  # type: ignore[index]


def prepare(selection: Selection, epoch: int) -> EpochPrepared:
    """The hidden side of a selection, without commitments."""
    groups = tuple(
        LogGroup(
            side, account, selection.currency, tuple(LogAmount(a.source, a.amount_minor, b"", b"") for a in amounts)
        )
        for (side, account), amounts in selection.groups.items()
    )
    return EpochPrepared(epoch, groups, selection.waiting)


@pytest.mark.parametrize("count", range(8))
def test_gifts_below_five_wait(count: int) -> None:
    books = Books()
    given_ = {books.gift(1000 + at) for at in range(count)}
    selection = chosen(books)
    assert sources(selection, "in", "general") == (given_ if count >= 5 else set())
    assert set(selection.waiting) == (given_ if count < 5 else set())


@pytest.mark.parametrize(
    ("cases", "told"), [("abcde", True), ("abcda", False), ("aaaaaaaa", False), ("aabbccddee", True)]
)
def test_five_payments_are_not_five_people(cases: str, told: bool) -> None:
    books = Books()
    names = paid(books, [100] * len(cases), cases=list(cases))
    selection = chosen(books, 10_000)
    assert sources(selection, "out", "grants") == (set(names) if told else set())
    assert set(selection.waiting) == (set() if told else set(names))


def test_costs_hold_nobodys_amount_and_do_not_wait() -> None:
    books = Books()
    cost = books.cost(290)
    selection = chosen(books, 1000)
    assert sources(selection, "out", "cost-bank") == {cost}
    assert selection.waiting == ()


def test_every_group_is_shown_even_an_empty_one() -> None:
    assert set(chosen(Books()).groups) == {
        ("in", "general"),
        ("in", "returned"),
        ("out", "cost-bank"),
        ("out", "grants"),
        ("out", "lawyers"),
    }


def test_another_currency_another_day_and_what_is_no_gift_stay_out() -> None:
    books = Books()
    inside = {books.gift(1000) for _ in range(5)}
    books.gift(1000, currency="PLN")
    books.gift(1000, day=FAR + timedelta(days=1))
    books.read(bank_entry("related", 5000, iban=RELATED_IBAN))
    books.read(bank_entry("unmatched", 5000))
    selection = chosen(books)
    assert sources(selection, "in", "general") == inside
    assert selection.sum_minor("in") == 5000
    assert selection.waiting == ()


def test_payouts_wait_for_the_gifts_that_cover_them_largest_group_first() -> None:
    books = Books()
    small, large = paid(books, [100] * 5), paid(books, [300] * 5, "lawyers")
    for opening, waiting in ((2000, set()), (1999, set(large)), (500, set(large)), (499, {*large, *small})):
        selection = chosen(books, opening)
        assert set(selection.waiting) == waiting
        assert opening + selection.sum_minor("in") - selection.sum_minor("out") >= 0


def test_a_huge_sum_is_split_into_amounts_that_have_a_proof() -> None:
    books = Books()
    total = 3 * LARGEST_AMOUNT + 7
    huge = books.gift(total)
    for _ in range(4):
        books.gift(1)
    parts = [a for a in chosen(books).groups[("in", "general")] if a.source == huge]
    assert [part.amount_minor for part in parts] == [LARGEST_AMOUNT] * 3 + [7]
    assert all(0 < part.amount_minor < 2**32 for part in parts)
    assert {part.person for part in parts} == {huge}  # several amounts of one giver are one giver


def test_a_huge_sum_does_not_stand_for_five_people() -> None:
    books = Books()
    huge = books.gift(6 * LARGEST_AMOUNT)
    assert chosen(books).waiting == (huge,)


def test_what_came_back_after_it_was_published_is_told_as_returned() -> None:
    books = Books()
    names = paid(books, [100] * 6)
    books.send_epoch(prepare(chosen(books, 1000), 1))
    for name in names[:5]:
        books.tell(5, InstalmentReturned(name, name.encode().ljust(32), DAY, "AC04"))
    selection = chosen(books, 400)
    assert sources(selection, "in", "returned") == set(names[:5])
    assert sources(selection, "out", "grants") == set()
    assert all(amount.amount_minor > 0 for amounts in selection.groups.values() for amount in amounts)
    books.send_epoch(prepare(selection, 2))
    assert sources(chosen(books, 900), "in", "returned") == set()


def test_what_came_back_before_it_was_published_was_never_there() -> None:
    books = Books()
    names = paid(books, [100] * 6)
    books.tell(5, InstalmentReturned(names[0], bytes(32), DAY, "AC04"))
    selection = chosen(books, 1000)
    assert sources(selection, "out", "grants") == set(names[1:])
    assert sources(selection, "in", "returned") == set()
    assert selection.waiting == ()


def test_payments_on_their_way_are_not_told() -> None:
    books = Books()
    batch = books.propose("b", [item(f"g{at}") for at in range(6)])
    assert batch is not None
    assert chosen(books, 10**9).sum_minor("out") == 0
    books.export(batch)
    assert chosen(books, 10**9).sum_minor("out") == 0


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_epoch_after_epoch_nothing_is_lost_told_twice_or_uncovered(data: st.DataObject) -> None:
    books = Books()
    expected: dict[str, int] = {}
    told: dict[str, int] = {}
    balance = data.draw(st.sampled_from([0, 5000]))
    for epoch in range(1, data.draw(st.integers(1, 4)) + 1):
        for amount in data.draw(st.lists(st.integers(1, 2000), max_size=9)):
            expected["in/" + books.gift(amount)] = amount
        for account in ACCOUNTS:
            amounts = data.draw(st.lists(st.integers(1, 1500), max_size=8))
            if amounts:
                cases = [data.draw(st.sampled_from("abcdefg")) for _ in amounts]
                names = paid(books, amounts, account, cases)
                expected |= {"out/" + name: amount for name, amount in zip(names, amounts, strict=True)}
        for amount in data.draw(st.lists(st.integers(1, 300), max_size=2)):
            expected["out/" + books.cost(amount)] = amount
        selection = chosen(books, balance)
        balance += selection.sum_minor("in") - selection.sum_minor("out")
        assert balance >= 0
        for (side, account), amounts_ in selection.groups.items():
            if not account.startswith("cost-"):
                assert len({a.person for a in amounts_}) not in (1, 2, 3, 4)
            for one in amounts_:
                key = f"{side}/{one.source}"
                assert key not in told
                told[key] = one.amount_minor
        waiting = {key for key in expected if key.split("/")[1] in selection.waiting}
        assert waiting.isdisjoint(told)
        assert waiting | set(told) == set(expected)
        books.send_epoch(prepare(selection, epoch))
    assert told.items() <= expected.items()


@given(st.integers(0, 5000))
def test_steps_are_eight_times_a_power_of_two(count: int) -> None:
    size = step(count)
    assert size >= max(count, 8)
    assert size % 8 == 0
    assert (size // 8).bit_count() == 1
    assert size == 8 or size // 2 < count  # the smallest that holds them


def test_an_amount_names_its_person_only_here() -> None:
    assert Amount("source", "person", 1) != Amount("source", "other", 1)
