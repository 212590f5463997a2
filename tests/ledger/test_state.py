"""The books: whatever the bank and the desks tell, they sum to zero, equal the bank, and pay nothing twice."""

from collections import Counter

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from journal.little_fund import LittleFund
from ledger.books import DAY, REFERENCE, RELATED_IBAN, TREASURY, Books, bank_entry, entry_id, item
from poruch.events.base import Event
from poruch.events.kinds import (
    BatchApproved,
    BatchExported,
    BatchProposed,
    CheckpointSigned,
    CostCharged,
    CreditUnmatched,
    DonationReceived,
    EpochPrepared,
    InstalmentReturned,
    InstalmentSettled,
    LogAmount,
    LogGroup,
    PartiesDeclared,
    PublicationProposed,
    PublicationSent,
    QuarantineReturned,
    SlipsLeft,
    StatementImported,
)
from poruch.ledger.postings import BANK, trial_balance
from poruch.ledger.statements import return_id

AMOUNTS = st.integers(1, 10**7)
GRANTS = st.sampled_from(["g1", "g2", "g3"])


class BooksStory(RuleBasedStateMachine):
    """Desks that do not hear each other in time, and a bank that books, returns and repeats as it likes."""

    def __init__(self) -> None:
        super().__init__()
        self.books = Books()
        self.at_bank: Counter[str] = Counter()
        self.entries: list[object] = []
        self.credits: list[bytes] = []
        self.orders: list[tuple[str, str, int]] = []  # instalments that stand in a bank file: end-to-end id, key, sum
        self.number = 0

    def book(self, amount_minor: int, **changes: object) -> None:
        self.number += 1
        entry = bank_entry(self.number, amount_minor, **changes)
        self.entries.append(entry)
        self.at_bank[entry.currency] += amount_minor
        self.books.read(entry)

    @rule(
        amount=AMOUNTS,
        reference=st.sampled_from(["", REFERENCE, "RF712348231"]),
        currency=st.sampled_from(["EUR", "PLN"]),
    )
    def money_comes(self, amount: int, reference: str, currency: str) -> None:
        self.book(amount, reference=reference, currency=currency)

    @rule(amount=AMOUNTS, reference=st.sampled_from(["", REFERENCE]))
    def money_comes_from_a_related_party(self, amount: int, reference: str) -> None:
        self.book(amount, reference=reference, iban=RELATED_IBAN)
        self.credits.append(entry_id(self.number))

    @precondition(lambda self: self.credits)
    @rule(data=st.data())
    def it_is_sent_back(self, data: st.DataObject) -> None:
        credit = self.books.ledger.quarantined[data.draw(st.sampled_from(self.credits))]
        self.book(-credit.amount_minor, end_to_end=return_id(credit.entry))

    @rule(amount=AMOUNTS, charge=st.booleans(), currency=st.sampled_from(["EUR", "PLN"]))
    def money_goes(self, amount: int, charge: bool, currency: str) -> None:
        self.book(-amount, charge=charge, currency=currency)

    @rule(
        keys=st.lists(st.tuples(GRANTS, st.integers(0, 2), AMOUNTS), min_size=1, max_size=3),
        author=st.sampled_from((2, 5)),
        exporter=st.sampled_from((4, 5)),
    )
    def a_batch_is_proposed(self, keys: list[tuple[str, int, int]], author: int, exporter: int) -> None:
        """With instalments that may stand in another batch, or twice in this one, or by an officer who may not."""
        self.number += 1
        named = [item(grant, index, amount, f"e{self.number}-{at}") for at, (grant, index, amount) in enumerate(keys)]
        self.books.propose(f"b{self.number}", named, author=author, exporter=exporter)

    @precondition(lambda self: self.books.ledger.batches)
    @rule(data=st.data(), exporter=st.sampled_from((3, 4, 5)))
    def a_batch_is_exported(self, data: st.DataObject, exporter: int) -> None:
        batch = data.draw(st.sampled_from(list(self.books.ledger.batches.values())))
        new = batch.exported is None and exporter == batch.proposal.exporter
        left_out = data.draw(st.sets(st.sampled_from([one.end_to_end for one in batch.proposal.items])))
        self.books.export(batch, tuple(sorted(left_out)), author=exporter)
        if new:
            self.orders += [
                (one.end_to_end, f"{one.grant}/{one.index}", one.amount_minor)
                for one in batch.proposal.items
                if one.end_to_end not in left_out
            ]

    @precondition(lambda self: self.orders)
    @rule(data=st.data())
    def the_bank_pays(self, data: st.DataObject) -> None:
        end_to_end, _, amount = data.draw(st.sampled_from(self.orders))
        self.book(-amount, end_to_end=end_to_end)

    @precondition(lambda self: self.orders)
    @rule(data=st.data(), short=st.integers(0, 1))
    def the_bank_returns(self, data: st.DataObject, short: int) -> None:
        """Before or after it was seen to pay, and sometimes less a fee."""
        end_to_end, _, amount = data.draw(st.sampled_from(self.orders))
        if amount > short:
            self.book(amount - short, end_to_end=end_to_end, returned=True, reason="AC04")

    @precondition(lambda self: self.entries)
    @rule(data=st.data())
    def a_statement_is_read_again(self, data: st.DataObject) -> None:
        self.books.read(data.draw(st.sampled_from(self.entries)))

    @invariant()
    def every_set_and_all_together_sum_to_zero(self) -> None:
        for made in self.books.ledger.posted:
            assert sum(posting.amount_minor for posting in made.postings) == 0
        sums: Counter[str] = Counter()
        for (_, currency), amount in trial_balance(self.books.ledger.posted).items():
            sums[currency] += amount
        assert not any(sums.values())

    @invariant()
    def the_books_are_those_of_the_bank(self) -> None:
        balance = trial_balance(self.books.ledger.posted)
        for currency in ("EUR", "PLN"):
            assert balance.get((BANK, currency), 0) == self.at_bank[currency]

    @invariant()
    def no_instalment_stands_in_two_orders(self) -> None:
        payments = self.books.ledger.payments.values()
        back = Counter(f"{one.item.grant}/{one.item.index}" for one in payments if one.state == "returned")
        keys = Counter(key for _, key, _ in self.orders)
        assert all(count <= 1 + back[key] for key, count in keys.items())
        live = Counter(
            (one.item.grant, one.item.index) for one in payments if one.state not in ("left out", "returned")
        )
        assert all(count == 1 for count in live.values())
        assert set(live) == set(self.books.ledger.taken)


BooksStory.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)


class TestBooksStory(BooksStory.TestCase):
    """Run the story."""


# ---- batches ----------------------------------------------------------------------------------


def test_a_batch_from_proposal_to_settlement() -> None:
    books = Books()
    batch = books.propose("b1", [item("g1"), item("g1", 1), item("g2")])
    assert batch is not None
    assert batch.total_minor == 180_000
    assert books.ledger.next_batch_number == 2
    books.export(batch, left_out=("e-g1-1",))
    states = {name: payment.state for name, payment in books.ledger.payments.items()}
    assert states == {"e-g1-0": "exported", "e-g1-1": "left out", "e-g2-0": "exported"}
    books.pay("e-g1-0", 60000)
    assert books.ledger.payments["e-g1-0"].state == "settled"
    assert trial_balance(books.ledger.posted) == {("bank", "EUR"): -60000, ("grants/grants", "EUR"): 60000}
    again = books.propose("b2", [item("g1", 1, end_to_end="second")])  # what was left out may be paid later
    assert again is not None
    assert books.propose("b3", [item("g1", 1, end_to_end="third")]) is None


REFUSED_BATCHES = [
    ("the same instalment twice", [item("g9"), item("g9", end_to_end="other")]),
    ("the same id twice", [item("g9", end_to_end="same"), item("g8", end_to_end="same")]),
    ("nothing", []),
    ("an instalment of another batch", [item("g9"), item("g1", end_to_end="other")]),
    ("an id of another batch", [item("g9", end_to_end="e-g1-0")]),
]


@pytest.mark.parametrize(("why", "items"), REFUSED_BATCHES, ids=[row[0] for row in REFUSED_BATCHES])
def test_a_batch_that_names_something_twice_is_not_counted(why: str, items: list) -> None:  # type: ignore[type-arg]
    books = Books()
    books.propose("b1", [item("g1")])
    taken, payments = dict(books.ledger.taken), set(books.ledger.payments)
    assert books.propose("b2", items) is None
    assert (books.ledger.taken, set(books.ledger.payments)) == (taken, payments)
    assert len(books.ledger.faults) == 1


def test_the_name_of_a_batch_is_taken_once() -> None:
    books = Books()
    first = books.propose("b1", [item("g1")])
    assert books.propose("b1", [item("g2")]) is first
    assert ("g2", 0) not in books.ledger.taken


def test_a_batch_may_hold_returns_only() -> None:
    books = Books()
    assert books.propose("b1", [], returns=(bytes(32),)) is not None


def test_approvals_are_of_one_proposal_and_not_of_its_proposer() -> None:
    books = Books()
    batch = books.propose("b1", [item("g1")])
    assert batch is not None
    for author, proposal in ((5, batch.proposal_id), (3, bytes(32)), (1, batch.proposal_id), (1, batch.proposal_id)):
        books.tell(author, BatchApproved("b1", proposal))
    books.tell(4, BatchApproved("b9", batch.proposal_id))
    assert list(batch.approvals) == [1]


def test_only_the_named_desk_exports_and_once() -> None:
    books = Books()
    batch = books.propose("b1", [item("g1")], exporter=4)
    assert batch is not None
    books.tell(5, BatchExported("b1", b"f" * 32, (), ()))
    assert batch.exported is None
    books.tell(4, BatchExported("b1", b"f" * 32, (), ()))
    books.tell(4, BatchExported("b1", b"g" * 32, (), ("e-g1-0",)))
    assert batch.exported is not None
    assert batch.exported.file_sha256 == b"f" * 32
    assert books.ledger.payments["e-g1-0"].state == "exported"
    assert len(books.ledger.faults) == 2


# ---- settlement -------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [("paid", "back"), ("back", "paid")])
def test_a_payment_that_came_back_in_either_order_of_the_statement(order: tuple[str, str]) -> None:
    """Some banks list the newest entry first."""
    books = Books()
    batch = books.propose("b1", [item("g1")])
    assert batch is not None
    books.export(batch)
    for name in order:
        if name == "paid":
            assert type(books.pay("e-g1-0", 60000)) is InstalmentSettled
        else:
            came = bank_entry("back", 60000, end_to_end="e-g1-0", returned=True, reason="AC04")
            assert type(books.read(came)) is InstalmentReturned
    payment = books.ledger.payments["e-g1-0"]
    assert (payment.state, payment.reason) == ("returned", "AC04")
    assert set(trial_balance(books.ledger.posted).values()) == {0}
    assert not books.ledger.faults


def test_a_payment_that_the_bank_made_twice_is_a_fault_and_on_the_books() -> None:
    books = Books()
    batch = books.propose("b1", [item("g1")])
    assert batch is not None
    books.export(batch)
    books.pay("e-g1-0", 60000)
    books.read(bank_entry("again", -60000, end_to_end="e-g1-0"))
    assert books.ledger.faults == ["The bank settled one instalment twice."]
    assert trial_balance(books.ledger.posted)[("bank", "EUR")] == -120_000


def test_settlements_of_unknown_payments_are_passed_over() -> None:
    books = Books()
    books.tell(5, InstalmentSettled("unknown", bytes(32), DAY))
    assert not books.ledger.posted
    assert not books.ledger.seen


TREASURY_SAYS: list[Event] = [
    DonationReceived(bytes(32), DAY, 500, "EUR", REFERENCE),
    CreditUnmatched(bytes(32), DAY, 500, "EUR"),
    CostCharged(bytes(32), DAY, 500, "EUR"),
    QuarantineReturned(bytes(32), b"c" * 32, DAY, 500),
    StatementImported(bytes(32), "EUR", 500, 1, ()),
    InstalmentSettled("e-g1-0", bytes(32), DAY),
    InstalmentReturned("e-g1-0", bytes(32), DAY, ""),
    BatchProposed("b9", 9, (item("g9"),), "sepa", 1, DAY, 0, ()),
    EpochPrepared(1, (), ()),
    PublicationProposed(1, 0, (), ""),
]


@pytest.mark.parametrize("event", TREASURY_SAYS, ids=[type(event).__name__ for event in TREASURY_SAYS])
@pytest.mark.parametrize("author", [1, 2, 9])
def test_what_treasury_says_counts_from_treasury_only(event: Event, author: int) -> None:
    books, same = Books(), Books()
    for made in (books, same):
        made.propose("b1", [item("g1")])
    books.tell(author, event)
    assert len(books.ledger.faults) == 1
    books.ledger.faults.clear()
    assert books.ledger == same.ledger
    assert author not in TREASURY
    books.tell(TREASURY[0], event)
    assert books.ledger != same.ledger


def test_related_parties_are_declared_once() -> None:
    books = Books()
    first = PartiesDeclared((), b"s" * 32)
    for author, event in ((1, first), (5, PartiesDeclared((), b"t" * 32))):
        books.tell(author, event)
    assert books.ledger.parties == first


# ---- publications -----------------------------------------------------------------------------


def prepared(epoch: int, *amounts: tuple[str, int], side: str = "in") -> EpochPrepared:
    hidden = tuple(LogAmount(source, amount, bytes(32), bytes(32)) for source, amount in amounts)
    return EpochPrepared(epoch, (LogGroup(side, "general", "EUR", hidden),), ())  # type: ignore[arg-type]


def test_what_was_published_is_known_once_it_was_sent() -> None:
    books = Books()
    books.tell(5, prepared(1, ("gift", 5000), ("", 0), ("gift", 2000)))
    heard = books.tell(5, PublicationProposed(1, 0, (), "body"))
    assert books.ledger.published == {}
    for author in (3, 3, 1):
        books.tell(author, CheckpointSigned(heard.id, f"line {author}"))
    books.tell(4, CheckpointSigned(bytes(32), "line of nothing"))
    books.tell(5, PublicationSent(heard.id))
    assert books.ledger.publications[heard.id].lines == {3: "line 3", 1: "line 1"}
    assert books.ledger.published == {"in/gift": (7000, "in")}  # a sum that was split is one source


@pytest.mark.parametrize("now", [1, 3], ids=["fewer open now", "more open now"])
def test_a_publication_is_sent_with_the_signatures_that_the_front_asks_for_whoever_opens_now(now: int) -> None:
    """The policy of the log is the founders', two of three: else the front would show what no desk calls sent."""
    books = Books()
    books.ledger.members.found(LittleFund().charter)
    books.ledger.members.threshold, books.ledger.members.quorum = now, (1, 2, 3, 4)
    heard = books.tell(5, PublicationProposed(1, 0, (), "body"))
    publication = books.ledger.publications[heard.id]
    for author in (1, 4):
        books.tell(author, CheckpointSigned(heard.id, f"line {author}"))
    books.tell(5, PublicationSent(heard.id))
    assert not publication.sent
    books.tell(3, CheckpointSigned(heard.id, "line 3"))
    books.tell(5, PublicationSent(heard.id))
    assert publication.sent


def test_slips_are_left_when_treasury_says_so_of_what_was_sent() -> None:
    books = Books()
    books.tell(5, prepared(1, ("gift", 5000)))
    heard = books.tell(5, PublicationProposed(1, 0, (), "body"))
    publication = books.ledger.publications[heard.id]
    for author in (3, 1):
        books.tell(author, CheckpointSigned(heard.id, f"line {author}"))
    books.tell(4, SlipsLeft(heard.id))
    assert not publication.slips_left  # nothing was sent, so there is no entry to show
    books.tell(5, PublicationSent(heard.id))
    books.tell(1, SlipsLeft(heard.id))
    books.tell(4, SlipsLeft(bytes(32)))
    assert publication.sent
    assert not publication.slips_left
    assert "Officer 1 is not of treasury" in books.ledger.faults[-1]
    books.tell(4, SlipsLeft(heard.id))
    assert publication.slips_left


def test_the_hidden_side_may_arrive_after_the_proposal() -> None:
    books = Books()
    heard = books.tell(5, PublicationProposed(1, 0, (), "body"))
    books.tell(5, PublicationSent(heard.id))
    books.tell(5, prepared(1, ("gift", 5000)))
    assert books.ledger.published == {"in/gift": (5000, "in")}
