"""Days are what officers say they are: nobody alone makes a month pass, and nobody's word unsays a day that was."""

import os
from datetime import date, timedelta

from journal.little_fund import DAY, LittleFund
from poruch.events.base import Event
from poruch.events.council import FundFrozen, OfficerSuspended, Pin, RosterApproved, RosterProposed, Voted
from poruch.events.kinds import NoticePublished, event_bytes
from poruch.journal.council import REST_DAYS
from poruch.journal.journal import Journal
from poruch.journal.segments import SignedSegment, event_id


def founded() -> tuple[LittleFund, Journal]:
    fund = LittleFund()
    journal = Journal(fund.id)
    journal.add(fund.found())
    return fund, journal


def said(fund: LittleFund, journal: Journal, author: int, event: Event, day: date = DAY) -> SignedSegment:
    signed = fund.act(author, event, day=day)
    journal.add([signed])
    return signed


def freeze() -> FundFrozen:
    return FundFrozen(os.urandom(16))


def test_a_right_that_rests_does_not_come_back_by_its_owners_calendar() -> None:
    fund, journal = founded()
    said(fund, journal, 3, freeze())
    [first] = journal.public.council.freezes
    for voter in (1, 2):
        said(fund, journal, voter, Voted(first, "undo", rest=True))
    assert not journal.public.council.frozen
    later = DAY + timedelta(days=REST_DAYS + 10)
    said(fund, journal, 3, freeze(), later)
    assert not journal.public.council.frozen
    assert journal.public.faults == ["right-resting in a segment of officer 3"]
    said(fund, journal, 1, NoticePublished("note", "A month went by."), later)
    said(fund, journal, 3, freeze(), later)
    assert journal.public.council.frozen


def test_a_change_is_taken_on_a_day_that_k_have_come_to() -> None:
    fund, journal = founded()
    proposed = RosterProposed(0, (), (), (1, 2, 3), 2, bytes(32), (), (), os.urandom(16))
    proposal = said(fund, journal, 1, proposed)
    said(fund, journal, 3, RosterApproved(event_id(proposal, 0, event_bytes(proposed)), ()), date.max)
    [change] = journal.public.council.history
    assert change.taken == DAY


def test_a_rest_runs_from_a_day_that_k_have_come_to() -> None:
    for day in (date.min, date.max):
        fund, journal = founded()
        said(fund, journal, 3, freeze())
        [first] = journal.public.council.freezes
        said(fund, journal, 1, Voted(first, "undo", rest=True))
        said(fund, journal, 2, Voted(first, "undo", rest=True), day)
        assert journal.public.council.rests == {3: DAY + timedelta(days=REST_DAYS)}


def test_no_pin_of_one_officer_takes_the_charter_out_of_the_fund() -> None:
    fund, journal = founded()
    early = said(fund, journal, 1, NoticePublished("note", "Said before."))
    said(fund, journal, 3, OfficerSuspended(Pin(1, 0, -1, b""), absent=False, nonce=os.urandom(16)))
    late = said(fund, journal, 1, NoticePublished("note", "Said after."))
    assert journal.public.charter == fund.charter
    assert journal.public.council.suspended.keys() == {1}
    assert journal.counts(early)
    assert not journal.counts(late)


def test_what_k_confirm_reaches_back_within_its_day_and_no_further() -> None:
    fund, journal = founded()
    yesterday = said(fund, journal, 1, NoticePublished("note", "Said the day before."))
    today = DAY + timedelta(days=1)
    same_day = said(fund, journal, 1, NoticePublished("note", "Said by whoever held the desk."), today)
    said(fund, journal, 3, OfficerSuspended(Pin(1, 0, -1, b""), absent=False, nonce=os.urandom(16)), today)
    assert journal.counts(same_day)
    [suspension] = journal.public.council.suspensions
    for voter in (2, 3):
        said(fund, journal, voter, Voted(suspension, "confirm", rest=False), today)
    assert journal.counts(yesterday)
    assert not journal.counts(same_day)
    assert journal.public.charter == fund.charter
    for voter in (2, 3):
        said(fund, journal, voter, Voted(suspension, "undo", rest=False), today)
    assert journal.counts(same_day)
