"""Which segments count: suspensions and their pins, lives, removals, second segments at one place."""

import os
import random
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from journal.council_fund import CouncilFund, heard
from poruch.events.council import (
    FundFrozen,
    LifeConfirmed,
    LifeOpened,
    NewOfficer,
    OfficerSuspended,
    Pin,
    RosterApproved,
    RosterProposed,
    Voted,
)
from poruch.events.kinds import NoticePublished
from poruch.journal.journal import Journal
from poruch.journal.standing import DURESS_LIFE, WHOLE, Standing


@pytest.fixture
def fund() -> CouncilFund:
    """Five officers who have announced their keys."""
    return CouncilFund()


def remove(fund: CouncilFund, number: int, *by: int, pin: Pin | None = None) -> None:
    """k remove an officer."""
    quorum = tuple(n for n in sorted(fund.journal().public.council.quorum) if n != number)
    pins = (pin or fund.pin(number),)
    change = RosterProposed(0, (), (number,), quorum, 3, b"", (), pins, os.urandom(16))
    proposal = fund.named(by[0], change)
    for author in by[1:]:
        fund.say(author, RosterApproved(proposal, pins))


# ---- suspensions ------------------------------------------------------------------------------


def test_while_nothing_happens_everybody_speaks(fund: CouncilFund) -> None:
    fund.notice(5)
    assert fund.journal().standing == Standing()


def test_what_he_says_after_his_suspension_does_not_count(fund: CouncilFund) -> None:
    before = fund.notice(5)
    fund.suspend(1, 5)
    after = fund.notice(5)
    journal = fund.journal()
    assert (heard(journal, before), heard(journal, after)) == (True, False)
    assert not journal.standing.allows(5, 0, after.segment.seq + 1)
    assert journal.standing.allows(4, 0, fund.heads[4].segment.seq + 1)


def test_it_holds_from_its_place_whatever_pin_its_author_names() -> None:
    for pin in (Pin(5, 0, -1, b""), Pin(5, 0, 2**39, b"x" * 32), Pin(5, 65000, 0, b"x" * 32)):
        other = CouncilFund()
        said = [other.notice(5) for _ in range(3)]
        other.suspend(1, 5, pin)
        after = other.notice(5)
        journal = other.journal()
        assert all(heard(journal, one) for one in said)
        assert not heard(journal, after)


def test_the_word_of_k_reaches_back_in_its_day_to_its_pin(fund: CouncilFund) -> None:
    yesterday = fund.notice(5)
    fund.turn(1)
    morning = fund.notice(5)
    pin = fund.pin(5)
    noon = fund.notice(5)
    suspension = fund.suspend(1, 5, pin)
    assert heard(fund.journal(), noon)
    fund.vote(suspension, "confirm", 1, 2, 3)
    journal = fund.journal()
    assert [heard(journal, one) for one in (yesterday, morning, noon)] == [True, True, False]


def test_and_not_into_earlier_days(fund: CouncilFund) -> None:
    yesterday = fund.notice(5)
    fund.turn(1)
    suspension = fund.suspend(1, 5, Pin(5, 0, -1, b""))
    fund.vote(suspension, "confirm", 1, 2, 3)
    assert heard(fund.journal(), yesterday)


def test_a_pin_to_a_life_that_does_not_count_keeps_nothing_of_that_day(fund: CouncilFund) -> None:
    said = fund.notice(5)
    suspension = fund.suspend(1, 5, Pin(5, 65000, 0, b"x" * 32))
    fund.vote(suspension, "confirm", 1, 2, 3)
    assert not heard(fund.journal(), said)


def test_what_k_lift_is_as_if_never_said(fund: CouncilFund) -> None:
    suspension = fund.suspend(1, 5)
    between = fund.notice(5)
    fund.vote(suspension, "undo", 2, 3, 5)
    after = fund.notice(5)
    journal = fund.journal()
    assert [heard(journal, one) for one in (between, after)] == [True, True]


def test_a_suspended_officer_votes(fund: CouncilFund) -> None:
    freeze = fund.freeze(2)
    suspension = fund.suspend(1, 5)
    fund.vote(freeze, "undo", 5, 3, 4)
    journal = fund.journal()
    assert not journal.public.council.frozen
    assert 5 in journal.public.council.suspended
    fund.vote(suspension, "undo", 5, 3, 4)
    assert fund.journal().public.council.suspended == {}


def test_two_who_suspend_each_other_at_once(fund: CouncilFund) -> None:
    """The one whose word stands first in the order; the other's says nothing. k lift either."""
    clock = fund.clock + 1
    first = fund.suspend(4, 5, clock=clock)
    fund.suspend(5, 4, clock=clock)
    for order in (fund.all, fund.all[::-1]):
        council = fund.journal(order).public.council
        assert set(council.suspended) == {5}
    fund.vote(first, "undo", 1, 2, 3)
    assert fund.journal().public.council.suspended.keys() == {4}


def test_the_fund_stands_whoever_of_the_founders_is_suspended_and_however_early() -> None:
    """A rogue who was silent puts his word before everything: the charter and the keys stay."""
    for victim in (1, 2):
        other = CouncilFund()
        for number in (1, 2, 3):
            other.notice(number)
        other.suspend(5, victim, Pin(victim, 0, -1, b""), clock=other.heads[5].segment.clock + 1)
        public = other.journal().public
        assert public.charter == other.charter
        assert set(public.officers) == {1, 2, 3, 4, 5}


# ---- what k undo was never said ---------------------------------------------------------------


@pytest.mark.parametrize("measure", ["freeze", "suspend"])
def test_a_word_dated_back_unmakes_no_change_of_the_roster_that_k_stand_by(fund: CouncilFund, measure: str) -> None:
    early = fund.clock + 1
    fund.notice(3)
    remove(fund, 5, 1, 2, 3)
    assert fund.journal().public.council.epoch == 1
    said = fund.freeze(4, clock=early) if measure == "freeze" else fund.suspend(4, 3, clock=early)
    fund.vote(said, "undo", 1, 2, 3)
    council = fund.journal().public.council
    assert council.epoch == 1
    assert council.roster == {1, 2, 3, 4}
    assert not council.frozen


def test_but_while_it_is_in_force_a_freeze_stops_a_change(fund: CouncilFund) -> None:
    fund.freeze(4)
    remove(fund, 5, 1, 2, 3)
    assert fund.journal().public.council.epoch == 0


def test_nobody_alone_makes_a_month_pass(fund: CouncilFund) -> None:
    freeze = fund.freeze(5)
    for author in (1, 2, 3):
        fund.say(author, Voted(freeze, "undo", True))
    fund.named(5, FundFrozen(os.urandom(16)), day=fund.day + timedelta(days=400))
    assert not fund.journal().public.council.frozen
    fund.turn(30)
    for number in (1, 2):
        fund.notice(number)
    fund.freeze(5)
    assert fund.journal().public.council.frozen


# ---- removed ----------------------------------------------------------------------------------


def test_a_removed_officer_says_nothing_more(fund: CouncilFund) -> None:
    before = fund.notice(5)
    remove(fund, 5, 1, 2, 3)
    after = fund.notice(5)
    freeze = fund.freeze(5)
    journal = fund.journal()
    assert (heard(journal, before), heard(journal, after)) == (True, False)
    assert freeze not in journal.public.council.freezes


def test_nor_of_that_day_after_what_the_approvers_had_seen(fund: CouncilFund) -> None:
    pin = fund.pin(5)
    late = fund.notice(5)
    remove(fund, 5, 1, 2, 3, pin=pin)
    assert not heard(fund.journal(), late)


# ---- lives ------------------------------------------------------------------------------------


def test_a_life_counts_when_another_has_confirmed_it(fund: CouncilFund) -> None:
    first = fund.live(5, 1, 0, LifeOpened(fund.pin(5)))
    said = fund.live(5, 1, 1, NoticePublished("notice", "restored"), prev=first.id)
    assert not heard(fund.journal(), said)
    fund.say(1, LifeConfirmed(5, 1, first.id, fund.pin(5)))
    after = fund.live(5, 1, 2, NoticePublished("notice", "confirmed"), prev=said.id)
    journal = fund.journal()
    assert (heard(journal, said), heard(journal, after)) == (False, True)
    assert journal.standing.allows(5, 1, 3)
    assert not journal.standing.allows(5, 0, fund.heads[5].segment.seq + 1)


def test_not_by_himself(fund: CouncilFund) -> None:
    first = fund.restore(5, 1, by=5)
    said = fund.live(5, 1, 1, NoticePublished("notice", "restored"), prev=first.id)
    assert not heard(fund.journal(), said)


def test_the_old_desk_says_nothing_from_the_confirmation_on(fund: CouncilFund) -> None:
    before = fund.notice(5)
    fund.restore(5, 1, by=1)
    stolen = fund.notice(5)
    journal = fund.journal()
    assert (heard(journal, before), heard(journal, stolen)) == (True, False)


@pytest.mark.parametrize("pin", [Pin(5, 0, 2**39, b"x" * 32), Pin(5, 0, -1, b"")], ids=["late", "none"])
def test_whatever_pin_the_confirmer_names(fund: CouncilFund, pin: Pin) -> None:
    before = fund.notice(5)
    fund.restore(5, 1, 1, pin)
    stolen = fund.notice(5)
    journal = fund.journal()
    assert (heard(journal, before), heard(journal, stolen)) == (True, False)


def test_a_confirmation_of_nothing_stands_in_nobodys_way(fund: CouncilFund) -> None:
    """One rogue colleague cannot keep an officer from coming back after a seizure."""
    fund.say(4, LifeConfirmed(5, 1, b"x" * 32, fund.pin(5)))
    fund.say(4, LifeConfirmed(5, 65534, b"x" * 32, fund.pin(5)))
    before = fund.notice(5)
    assert heard(fund.journal(), before)
    first = fund.restore(5, 1, by=1)
    said = fund.live(5, 1, 1, NoticePublished("notice", "restored"), prev=first.id)
    assert heard(fund.journal(), said)


def test_a_new_life_does_not_begin_before_what_he_is_known_to_have_said(fund: CouncilFund) -> None:
    early = fund.heads[5].segment.clock
    fund.notice(5)
    late, fund.clock = fund.clock, early - 1
    first = fund.live(5, 1, 0, LifeOpened(fund.pin(5)))
    said = fund.live(5, 1, 1, NoticePublished("notice", "before"), prev=first.id)
    fund.clock = late
    fund.say(4, LifeConfirmed(5, 1, first.id, fund.pin(5)))
    assert not heard(fund.journal(), said)


def test_a_third_life_after_a_second(fund: CouncilFund) -> None:
    one = fund.restore(5, 1, by=1)
    spoken = fund.live(5, 1, 1, NoticePublished("notice", "second"), prev=one.id)
    two = fund.restore(5, 2, 2, Pin(5, 1, 1, spoken.id))
    said = fund.live(5, 2, 1, NoticePublished("notice", "third"), prev=two.id)
    late = fund.live(5, 1, 2, NoticePublished("notice", "too late"), prev=spoken.id)
    journal = fund.journal()
    assert [heard(journal, one) for one in (spoken, said, late)] == [True, True, False]


# ---- the duress life --------------------------------------------------------------------------


def test_in_the_duress_life_an_officer_freezes_without_being_confirmed(fund: CouncilFund) -> None:
    fund.live(5, DURESS_LIFE, 0, FundFrozen(os.urandom(16)))
    assert fund.journal().public.council.frozen


@pytest.mark.parametrize("what", ["notice", "two", "vote", "suspended", "removed", "old desk"])
def test_and_does_nothing_else(fund: CouncilFund, what: str) -> None:
    freeze = FundFrozen(os.urandom(16))
    if what == "notice":
        fund.live(5, DURESS_LIFE, 0, NoticePublished("notice", "x"))
    elif what == "two":
        fund.live(5, DURESS_LIFE, 0, freeze, NoticePublished("notice", "x"))
    elif what == "vote":
        fund.live(5, DURESS_LIFE, 0, Voted(fund.freeze(4), "undo", False))
    elif what == "suspended":
        fund.suspend(1, 5)
        fund.live(5, DURESS_LIFE, 0, freeze)
    elif what == "removed":
        remove(fund, 5, 1, 2, 3)
        fund.live(5, DURESS_LIFE, 0, freeze)
    else:
        fund.restore(5, 1, by=1)
        fund.say(5, freeze)
    public = fund.journal().public
    assert public.notices == {}
    assert [f for f in public.council.freezes.values() if f.said.author == 5 or f.votes] == []


def test_it_is_never_confirmed_as_a_life(fund: CouncilFund) -> None:
    first = fund.live(5, DURESS_LIFE, 0, FundFrozen(os.urandom(16)))
    fund.say(4, LifeConfirmed(5, DURESS_LIFE, first.id, fund.pin(5)))
    said = fund.notice(5)
    journal = fund.journal()
    assert heard(journal, said)
    assert journal.standing.limits.get(5, {0: WHOLE}) == {0: WHOLE}


# ---- two segments at one place ----------------------------------------------------------------


def test_two_segments_at_one_place_convict_and_unmake_nothing(fund: CouncilFund) -> None:
    """One signature must not take back all that its author ever said: the charter stands in the first one of 1."""
    first = fund.all[0]
    said = fund.notice(1)
    fund.twin(first, NoticePublished("notice", "twin"))
    journal = fund.journal()
    assert journal.public.charter == fund.charter
    assert set(journal.public.officers) == {1, 2, 3, 4, 5}
    assert heard(journal, said)
    assert journal.public.council.liars == {1}
    assert not journal.public.council.active(1)


def test_from_his_suspension_on_he_says_and_votes_nothing(fund: CouncilFund) -> None:
    said = fund.notice(5)
    fund.twin(said, NoticePublished("notice", "twin"))
    freeze = fund.freeze(4)
    fund.suspend(1, 5)
    fund.vote(freeze, "undo", 5, 2, 3)
    later = fund.notice(5)
    journal = fund.journal()
    assert journal.public.council.frozen
    assert not heard(journal, later)
    fund.vote(freeze, "undo", 1)
    assert not fund.journal().public.council.frozen


def test_a_suspension_with_the_proof_uses_up_nobodys_right(fund: CouncilFund) -> None:
    fund.twin(fund.notice(5), NoticePublished("notice", "twin"))
    fund.suspend(1, 5)
    fund.suspend(1, 4)
    assert set(fund.journal().public.council.suspended) == {4, 5}


# ---- any order of arrival ---------------------------------------------------------------------


def play(fund: CouncilFund, rng: random.Random) -> None:
    """Twenty words of anybody about anything, some dated back."""
    measures = [bytes(32)]
    proposals: list[bytes] = []
    for _ in range(20):
        author, other = rng.sample((1, 2, 3, 4, 5), 2)
        early = fund.heads[author].segment.clock + 1
        clock = rng.choice([None, None, None, early])
        fund.turn(rng.choice([0, 0, 1]))
        match rng.randrange(8):
            case 0:
                measures.append(fund.freeze(author, clock=clock))
            case 1:
                pin = rng.choice([fund.pin(other), Pin(other, 0, -1, b""), Pin(other, 1, 0, b"x" * 32)])
                measures.append(fund.suspend(author, other, pin, absent=rng.random() < 0.3, clock=clock))
            case 2 | 3 | 4:
                fund.say(author, Voted(rng.choice(measures), rng.choice(["undo", "undo", "confirm"]), False),
                         clock=clock)  # fmt: skip
            case 5:
                gone = rng.choice([(), (other,)])
                left = tuple(n for n in (1, 2, 3, 4, 5) if n not in gone)
                pins = tuple(fund.pin(n) for n in gone)
                change = RosterProposed(rng.choice([0, 0, 1]), (), gone, left, 3, b"", (), pins, os.urandom(16))
                proposals.append(fund.named(author, change, clock=clock))
            case 6:
                if proposals:
                    proposal = rng.choice(proposals)
                    fund.say(author, RosterApproved(proposal, ()), clock=clock)
                    fund.say(author, RosterApproved(proposal, (fund.pin(5),)))
            case 7:
                if other in {s.segment.author for s in fund.all if s.segment.life}:
                    fund.notice(other)
                else:
                    fund.restore(other, rng.choice([1, 1, 2]), author)


def state(journal: Journal) -> tuple[object, ...]:
    """What must be the same on all desks."""
    public = journal.public
    return (journal.standing, public.council, public.roster, public.notices, [s.id for s in journal.held])


@settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32))
def test_any_order_of_arrival_of_any_words_gives_one_state(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311
    fund = CouncilFund()
    play(fund, rng)
    whole = Journal(fund.id)
    whole.add(fund.all)
    expected = state(whole)
    assert state(fund.journal()) == expected
    for _ in range(2):
        shuffled = list(fund.all)
        rng.shuffle(shuffled)
        assert state(fund.journal(shuffled)) == expected


def test_who_was_admitted_may_have_spoken_before_it_was_known(fund: CouncilFund) -> None:
    from poruch.crypto.signatures import SigningKey

    key = SigningKey(os.urandom(32))
    fund.keys[6], fund.identities[6] = key, fund.identities[1]
    new = NewOfficer(6, key.public, bytes(32), fund.identities[1].recipient.text)
    proposal = fund.named(1, RosterProposed(0, (new,), (), (1, 2, 3, 4, 5, 6), 4, b"c" * 32, (), (), os.urandom(16)))
    for author in (2, 3):
        fund.say(author, RosterApproved(proposal, ()))
    said = fund.notice(6)
    expected = state(fund.journal())
    assert heard(fund.journal(), said)
    for seed in range(5):
        shuffled = list(fund.all)
        random.Random(seed).shuffle(shuffled)  # noqa: S311
        assert state(fund.journal(shuffled)) == expected


def test_the_proof_is_a_proof_in_any_order(fund: CouncilFund) -> None:
    said = fund.notice(5)
    twin = fund.twin(said, NoticePublished("notice", "twin"))
    after = fund.notice(5)
    for order in ([said, twin, after], [said, after, twin], [twin, said, after], [after, twin, said]):
        journal = fund.journal([s for s in fund.all if s not in order] + order)
        assert journal.public.council.liars == {5}
        place = (5, said.segment.seq)
        assert sum((s.segment.author, s.segment.seq) == place for s in journal.held) == 1


def test_a_fold_that_contradicts_itself_ends(fund: CouncilFund) -> None:
    """Two dated back suspend each other through confirmations: no desk hangs, and all agree."""
    early = fund.clock + 1
    for number in (1, 2, 3):
        fund.notice(number)
    one = fund.suspend(4, 5, Pin(5, 0, -1, b""), clock=early)
    two = fund.suspend(5, 4, Pin(4, 0, -1, b""), clock=early)
    fund.vote(one, "confirm", 5, 1, 2)
    fund.vote(two, "confirm", 4, 1, 2)
    fund.vote(two, "undo", 3, 1, 2)
    assert state(fund.journal()) == state(fund.journal(fund.all[::-1]))


def test_absent_or_not_is_part_of_what_was_said(fund: CouncilFund) -> None:
    suspension = fund.named(1, OfficerSuspended(fund.pin(5), True, os.urandom(16)))
    assert fund.journal().public.council.suspensions[suspension].absent
    fund.vote(suspension, "undo", 2)
    assert fund.journal().public.council.suspended == {}
