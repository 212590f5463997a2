"""What k resolve: bodies to erase and where the front is. The rules are those of docs/spec/council.md, section 9."""

import os
import random
from datetime import date

import pytest

from journal.council_fund import CouncilFund
from poruch.errors import BadEvent
from poruch.events.council import Pin, RosterApproved, RosterProposed
from poruch.events.resolutions import ErasureProposed, FrontMoved, Resolved
from poruch.journal.council import MOST_OPEN
from poruch.journal.resolutions import MOST_BODIES, WAITS_DAYS, check_address, check_bodies

BODY = bytes([7]) * 32


@pytest.fixture
def fund() -> CouncilFund:
    """Five officers, k = 3."""
    return CouncilFund()


def erasure(*bodies: bytes) -> ErasureProposed:
    return ErasureProposed(bodies or (BODY,), os.urandom(16))


def approve(fund: CouncilFund, id: bytes, *authors: int) -> None:
    for author in authors:
        fund.say(author, Resolved(id))


def erased(fund: CouncilFund) -> set[bytes]:
    return fund.journal().public.erased


def test_k_erase_and_fewer_do_not(fund: CouncilFund) -> None:
    id = fund.named(1, erasure())
    approve(fund, id, 2, 2)
    assert erased(fund) == set()
    approve(fund, id, 3)
    assert erased(fund) == {BODY}
    assert fund.journal().public.resolutions.all[id].day == fund.day


def test_any_order_of_arrival_gives_one_state(fund: CouncilFund) -> None:
    id = fund.named(1, erasure())
    approve(fund, id, 2, 3)
    fund.freeze(4)
    move = fund.named(5, FrontMoved("https://new.example", bytes(16)))
    approve(fund, move, 1, 2)
    whole = fund.journal().public.resolutions
    for seed in range(6):
        mixed = list(fund.all)
        random.Random(seed).shuffle(mixed)  # noqa: S311
        found = fund.journal(mixed).public.resolutions
        assert (found.erased, found.address, found.all) == (whole.erased, whole.address, whole.all)
    assert (whole.erased, whole.address) == ({BODY}, "https://new.example")


def test_suspended_backers_do_not_count_and_a_lifted_one_does(fund: CouncilFund) -> None:
    id = fund.named(1, erasure())
    approve(fund, id, 2)
    suspension = fund.suspend(4, 2)
    approve(fund, id, 3)
    assert erased(fund) == set()
    fund.vote(suspension, "undo", 1, 3, 5)
    assert erased(fund) == {BODY}, "what k undo was never said"


def test_a_suspension_dated_back_by_one_is_undone_by_k_and_the_erasure_stands_again(fund: CouncilFund) -> None:
    id = fund.named(1, erasure())
    approve(fund, id, 2, 3)
    pin = Pin(3, 0, 0, fund.all[2].id)
    suspension = fund.suspend(5, 3, pin, clock=6)
    assert erased(fund) == set()
    fund.vote(suspension, "undo", 1, 2, 3)
    assert erased(fund) == {BODY}


def test_an_approval_before_the_proposal_in_the_order_counts_for_nothing(fund: CouncilFund) -> None:
    early = fund.clock + 1
    fund.clock += 10
    id = fund.named(1, erasure())
    approve(fund, id, 2)
    fund.say(3, Resolved(id), clock=early)
    journal = fund.journal()
    assert journal.public.erased == set()
    assert any("officer 3" in fault for fault in journal.public.faults)
    approve(fund, id, 4)
    assert erased(fund) == {BODY}


def test_nothing_is_erased_while_the_fund_is_frozen_and_the_front_may_move(fund: CouncilFund) -> None:
    id = fund.named(1, erasure())
    approve(fund, id, 2)
    freeze = fund.freeze(5)
    approve(fund, id, 3)
    assert erased(fund) == set()
    move = fund.named(1, FrontMoved("https://new.example", bytes(16)))
    approve(fund, move, 2, 3)
    assert fund.journal().public.resolutions.address == "https://new.example"
    fund.vote(freeze, "undo", 1, 2, 3)
    assert erased(fund) == {BODY}


def test_one_officer_has_three_that_wait_whatever_his_calendar_says(fund: CouncilFund) -> None:
    for _ in range(MOST_OPEN):
        fund.say(1, erasure(os.urandom(32)))
    fund.say(1, erasure(os.urandom(32)), day=date(2031, 1, 1))
    fund.say(1, erasure(os.urandom(32)), day=date.max)
    assert len(fund.journal().public.resolutions.all) == MOST_OPEN


def test_the_last_of_all_days_stops_nobody(fund: CouncilFund) -> None:
    id = fund.named(5, erasure(), day=date.max)
    fund.say(5, FrontMoved("https://other.example", bytes(16)), day=date.max)
    approve(fund, id, 1, 2)
    assert erased(fund) == {BODY}


@pytest.mark.parametrize("late", [None, date.min, date(2026, 9, 1)])
def test_what_waited_too_long_is_over_and_an_old_calendar_does_not_bring_it_back(
    fund: CouncilFund, late: date | None
) -> None:
    id = fund.named(1, erasure())
    approve(fund, id, 2)
    fund.turn(WAITS_DAYS + 1)
    for author in (1, 2, 4):
        fund.notice(author)
    fund.say(3, Resolved(id), day=late)
    assert erased(fund) == set()


def test_nobody_alone_ends_what_waits(fund: CouncilFund) -> None:
    id = fund.named(1, erasure())
    fund.notice(5, day=date.max)
    fund.notice(4, day=date.max)
    approve(fund, id, 2, 3)
    assert erased(fund) == {BODY}


def test_an_old_move_does_not_come_back_after_another(fund: CouncilFund) -> None:
    old = fund.named(5, FrontMoved("https://old.example", bytes(16)))
    approve(fund, old, 4)
    new = fund.named(1, FrontMoved("https://new.example", bytes(16)))
    approve(fund, new, 2, 3)
    approve(fund, old, 3)
    assert fund.journal().public.resolutions.address == "https://new.example"


def test_a_removal_later_does_not_bring_back_what_is_erased(fund: CouncilFund) -> None:
    id = fund.named(1, erasure())
    approve(fund, id, 2, 3)
    fund.turn(1)
    pins = (fund.pin(3),)
    change = RosterProposed(0, (), (3,), (1, 2, 4, 5), 3, b"", (), pins, os.urandom(16))
    proposal = fund.named(1, change)
    for author in (2, 4):
        fund.say(author, RosterApproved(proposal, pins))
    assert fund.journal().public.council.removed
    assert erased(fund) == {BODY}
    assert fund.named(3, erasure(bytes(32))) not in fund.journal().public.resolutions.all


@pytest.mark.parametrize(
    "address",
    [
        "http://[", "https://", "ftp://front.example", "https://front.example/", "https://Front.example",
        "https://front.example:70000", "https://front.example:0", "https://a@front.example", "https://front.example?x",
        "https://fr\u043ent.example", "https://" + "a" * 200, "", "javascript:alert(1)", "https://[::1",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused_and_stops_nobody(fund: CouncilFund, address: str) -> None:
    with pytest.raises(BadEvent):
        check_address(address)
    fund.say(1, FrontMoved(address, bytes(16)))
    fund.notice(2)
    assert fund.journal().public.resolutions.all == {}


@pytest.mark.parametrize("address", ["https://front.example", "http://127.0.0.1:8000", f"http://{'a' * 56}.onion"])
def test_an_address_is_taken(address: str) -> None:
    check_address(address)


@pytest.mark.parametrize(
    "bodies", [(), (b"short",), (BODY, BODY), tuple(i.to_bytes(32, "big") for i in range(MOST_BODIES + 1))]
)
def test_what_is_no_list_of_bodies_is_refused(bodies: tuple[bytes, ...]) -> None:
    with pytest.raises(BadEvent):
        check_bodies(bodies)


def test_a_fund_that_was_silent_for_months_resolves_all_the_same(fund: CouncilFund) -> None:
    fund.turn(5 * WAITS_DAYS)
    id = fund.named(1, erasure())
    approve(fund, id, 2, 3)
    assert erased(fund) == {BODY}
