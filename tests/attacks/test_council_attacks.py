"""What rogue officers can do to the council, the lives and the ceremonies. Each test says what should hold.

Those that do not hold yet are marked so, strictly: a mark that is no longer true fails.
"""

import os
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from msgspec import structs

from attacks.rogue import early, sign, strike
from front.fund import Fund, Officer, make_fund
from front.process import new_front, today
from journal.council_fund import CouncilFund, heard
from journal.little_fund import make_charter
from poruch.crypto.age import PqIdentity
from poruch.crypto.signatures import SigningKey
from poruch.desk import ceremony, council, presence, views_council
from poruch.desk.duties import do_duties
from poruch.desk.program import head_of
from poruch.errors import RelayUnreachable
from poruch.events.base import Event
from poruch.events.ceremony import CeremonyProposed, DealingDisputed, GroupCertified, ShareErased
from poruch.events.council import (
    LifeConfirmed,
    LifeOpened,
    NewOfficer,
    OfficerSuspended,
    Pin,
    RosterApproved,
    RosterProposed,
    Voted,
)
from poruch.events.heard import Heard
from poruch.events.kinds import CirclesAssigned, FundSecretsDrawn, NoticePublished, event_bytes
from poruch.journal.circles import hand_out, new_secret
from poruch.journal.council import Proposal, Said
from poruch.journal.journal import Journal
from poruch.journal.members import Members, assignment_hash
from poruch.journal.public import parsed
from poruch.journal.segments import Clear, SignedSegment, event_id, sign_segment
from story.village import Village

DAY = date(2026, 9, 1)
LAST_DAY = date(9999, 12, 31)


def not_yet(reason: str) -> pytest.MarkDecorator:
    """A finding that is not mended."""
    return pytest.mark.xfail(strict=True, reason=reason)


def said_by(village: Village, number: int, kind: type[Event]) -> SignedSegment:
    """The first segment in which an officer says something of this kind in clear."""
    return next(
        signed
        for signed in village.desks[1].held
        if signed.segment.author == number
        and any(isinstance(one, Clear) and isinstance(parsed(one.event), kind) for one in signed.segment.entries)
    )


def deliver(village: Village, signed: SignedSegment) -> None:
    """Everybody has it."""
    village.front.push([signed])
    for desk in village.desks.values():
        desk.take([signed], pushed=True)


def strike_on(village: Village, number: int, day: date, *said: Event) -> SignedSegment:
    """A rogue segment with a day of its author's choice."""
    today, village.clock.day = village.clock.day, day
    try:
        return strike(village, number, *said)
    finally:
        village.clock.day = today


def sync_only(village: Village, numbers: Iterable[int], rounds: int = 2) -> None:
    """These desks sync and do their duties; the others are silent."""
    for _ in range(rounds):
        for number in numbers:
            village.desks[number].sync()
            do_duties(village.desks[number])
            village.desks[number].push()


def remove(village: Village, number: int, *by: int) -> None:
    """k propose and approve a removal, by no word of anybody else."""
    council.propose(village.desks[by[0]], council.remove(village.desks[by[0]], number), "Because.")
    sync_only(village, by)
    for one in by[1:]:
        desk = village.desks[one]
        council.approve(desk, council.open_proposals(desk)[0])
        sync_only(village, by, 1)


# ---- lives ------------------------------------------------------------------------------------


def test_who_confirms_a_restored_desk_unsays_nothing_of_its_officer() -> None:
    fund = CouncilFund()
    word = fund.notice(5)
    fund.turn(30)
    first = fund.restore(5, 1, by=2)
    assert heard(fund.journal(), word)
    fund.say(4, LifeConfirmed(5, 1, first.id, fund.pin(5)), clock=fund.heads[4].segment.clock + 1)
    assert heard(fund.journal(), word)


def test_who_confirms_a_restored_desk_takes_no_key_away(village: Village) -> None:
    first = sign(village, 5, [LifeOpened(Pin(5, 0, -1, b""))], life=1)
    deliver(village, first)
    assert village.front.public.ready
    pin = head_of(village.desks[2], 5)
    strike(village, 2, LifeConfirmed(5, 1, first.id, pin))
    assert village.front.public.ready
    strike(village, 3, LifeConfirmed(5, 1, first.id, pin), clock=early(village, 3))
    assert village.front.public.ready
    assert all(desk.public.quorum_point is not None for desk in village.desks.values())


def test_two_rogues_open_a_life_that_speaks_before_the_key_was_made(village: Village) -> None:
    session = next(iter(village.desks[1].public.ceremonies.sessions))
    before = said_by(village, 4, GroupCertified).segment.clock - 1
    word = sign(village, 4, [DealingDisputed(session, 2, b"")], clock=before, life=1)
    deliver(village, word)
    assert village.front.public.ready
    strike(village, 3, LifeConfirmed(4, 1, word.id, Pin(4, 0, -1, b"")))
    assert village.front.public.ready


# ---- freezing and suspending ------------------------------------------------------------------


def test_who_freezes_cannot_keep_his_right_by_voting_himself() -> None:
    fund = CouncilFund()
    freeze = fund.freeze(5)
    fund.say(5, Voted(freeze, "undo", False))
    for honest in (1, 2, 3):
        fund.say(honest, Voted(freeze, "undo", True))
    fund.freeze(5)
    assert not fund.journal().public.council.frozen


def test_who_freezes_cannot_date_his_rest_into_the_past() -> None:
    fund = CouncilFund()
    freeze = fund.freeze(5)
    for honest in (1, 2):
        fund.say(honest, Voted(freeze, "undo", True))
    fund.say(5, Voted(freeze, "undo", True), day=date.min)
    fund.freeze(5)
    assert not fund.journal().public.council.frozen


def test_who_suspends_the_same_officer_again_after_k_lifted_it() -> None:
    fund = CouncilFund()
    for _ in range(3):
        fund.vote(fund.suspend(5, 1), "undo", 1, 2, 3)
    fund.suspend(5, 1)
    assert 1 not in fund.journal().public.council.suspended


def test_absence_is_no_shield(village: Village) -> None:
    strike(village, 4, OfficerSuspended(head_of(village.desks[4], 5), True, bytes(16)))
    council.suspend(village.desks[1], 5, "He is the enemy's, and officer 4 could lift the other one alone.")


def test_the_word_of_k_reaches_into_no_earlier_day_whatever_day_its_author_writes() -> None:
    fund = CouncilFund()
    word = fund.notice(5)
    fund.turn(10)
    suspension = fund.named(4, OfficerSuspended(Pin(5, 0, -1, b""), False, os.urandom(16)), day=date.min)
    fund.vote(suspension, "confirm", 1, 2, 3)
    assert heard(fund.journal(), word)


def test_a_removed_officer_does_not_come_back_by_one_word_dated_back(village: Village) -> None:
    remove(village, 4, 1, 2, 3)
    sync_only(village, (1, 2, 3))
    assert village.front.public.circles["casework"].epoch == 2
    strike(village, 5, OfficerSuspended(Pin(1, 0, -1, b""), False, bytes(16)), clock=early(village, 5))
    assert not village.front.public.serves(4)  # whom the relay answers
    assert village.front.public.circles["casework"].epoch == 2  # what new people are sealed for


def test_nobody_ends_a_colleagues_check_in(village: Village) -> None:
    for desk in village.desks.values():
        desk.now = lambda: datetime(2026, 9, 1, tzinfo=UTC)
    presence.set_hours(village.desks[5], 12)
    village.sync()
    pin = head_of(village.desks[4], 5)
    suspension = OfficerSuspended(pin, True, bytes(16))
    signed = strike(village, 4, suspension)
    undo = Voted(event_id(signed, 0, event_bytes(suspension)), "undo", False)
    strike_on(village, 4, LAST_DAY, undo)
    one = village.desks[1]
    assert 5 in one.public.council.suspended  # another must have spoken with him than who suspended him
    strike_on(village, 3, LAST_DAY, undo)
    assert 5 not in one.public.council.suspended
    one.now = lambda: datetime(2026, 10, 1, tzinfo=UTC)
    assert presence.row(one, 5).state == "overdue"


# ---- the roster and the circles ---------------------------------------------------------------


def test_who_is_no_member_keys_no_circle(village: Village) -> None:
    remove(village, 4, 1, 2, 3)
    sync_only(village, (1, 2, 3))
    taken = village.front.public.council.history[-1].taken_at[0]
    mine = PqIdentity.generate().recipient
    strike(village, 5, hand_out(new_secret("casework", 2, os.urandom), [mine], 5, os.urandom), clock=taken)
    in_force = village.front.public.circles["casework"].pq.text
    assert in_force in {key.pq.recipient.text for key in village.desks[1].keys_of("casework")}


@not_yet("journal/journal.py _learn: a number that is admitted anew with another key stays with the key known first")
def test_two_readers_know_one_key_of_a_newcomer() -> None:
    fund, keys = CouncilFund(), [SigningKey(os.urandom(32)) for _ in range(2)]

    def admit(key: SigningKey, *by: int) -> None:
        new = NewOfficer(6, key.public, bytes(32), fund.identities[1].recipient.text)
        event = RosterProposed(0, (new,), (), (1, 2, 3, 4, 5), 3, bytes(32), (), (), os.urandom(16))
        proposal = fund.named(by[0], event)
        for one in by[1:]:
            fund.say(one, RosterApproved(proposal, ()))

    pin = fund.pin(2)
    admit(keys[0], 1, 2, 3)
    fund.vote(fund.suspend(4, 2, pin), "confirm", 1, 3, 5)  # what he approved that day counts no more
    admit(keys[1], 1, 3, 5)
    fund.keys[6] = keys[1]
    word = fund.notice(6)
    whole = Journal(fund.id)
    whole.add(fund.all)
    assert heard(whole, word)
    assert heard(fund.journal(), word)


def test_a_newcomer_has_the_same_key_for_instalments() -> None:
    charter = make_charter({n: SigningKey(os.urandom(32)) for n in (1, 2, 3)})
    assigned = CirclesAssigned((), bytes(16), b"t" * 32)
    event = RosterProposed(0, (), (), (1, 2, 3), 2, assignment_hash(assigned), (), (), bytes(16))
    change = Proposal(Said(b"p", 1, DAY, (5, 1, 0, 5)), event, {}, DAY, (5, 1, 0, 5))
    members = Members()
    members.found(charter)
    members.follow([change], (6, 1, 0, 6))
    members.apply(Heard(b"a", 1, DAY, FundSecretsDrawn(b"x" * 32)))
    members.apply(Heard(b"b", 1, DAY, assigned))
    assert members.tag_key == b"t" * 32


def test_a_removed_officer_fills_no_journal(tmp_path: Path) -> None:
    """At the front, for desks have what it has. That he erased his share he may still say."""
    fund = CouncilFund()
    pins = (fund.pin(5),)
    proposal = fund.named(1, RosterProposed(0, (), (5,), (1, 2, 3, 4), 3, b"", (), pins, os.urandom(16)))
    for one in (2, 3):
        fund.say(one, RosterApproved(proposal, pins))
    assert 5 in fund.journal().public.council.removed
    officers = {n: Officer(n, key, SigningKey(os.urandom(32)), fund.identities[n]) for n, key in fund.keys.items()}
    front = new_front(tmp_path, Fund(officers, fund.charter, list(fund.all)))
    relay = front.relay(5)
    try:
        last = fund.say(5, ShareErased(bytes(32), 0, False))
        assert relay.push([last]) == ["accepted"]
        with pytest.raises(RelayUnreachable):
            relay.push([fund.say(5, NoticePublished("notice", "x" * 2**16))])
        fund.heads[5] = last
        short = [fund.say(5, NoticePublished("notice", "x")) for _ in range(256)]
        assert set(relay.push(short[:200])) == {"accepted"}
        front.restart()
        with pytest.raises(RelayUnreachable):
            relay.push(short[200:])
        assert set(relay.push(short[200:-1])) == {"accepted"}
        with pytest.raises(RelayUnreachable):
            relay.push(short[-1:])
        held = front.relay(1).segments_beyond({})
        assert sum(len(one.raw) for one in held if one.segment.author == 5) < 2**20
    finally:
        front.stop()


def test_circles_get_new_keys_whatever_day_the_last_approver_writes(village: Village) -> None:
    two, three = village.desks[2], village.desks[3]
    council.propose(two, council.remove(two, 4), "Because.")
    sync_only(village, (2, 3))
    council.approve(three, council.open_proposals(three)[0])
    sync_only(village, (2, 3))
    proposal = council.open_proposals(two)[0]
    village.desks[1].sync()
    strike_on(village, 1, LAST_DAY, RosterApproved(proposal.said.id, proposal.event.pins))
    assert 4 in two.public.council.removed
    village.clock.turn(3)
    sync_only(village, (2, 3, 5))  # officer 1, the first of casework, makes no key
    assert village.front.public.circles["casework"].epoch == 2


# ---- the relay --------------------------------------------------------------------------------


def equivocate(fund: Fund, number: int, size: int) -> tuple[SignedSegment, SignedSegment]:
    """Two segments at one place, the second of about `size` bytes."""
    first = fund.act(number, NoticePublished("notice", "one"), day=today())
    entries = (Clear(event_bytes(NoticePublished("notice", "x" * size))),)
    return first, sign_segment(structs.replace(first.segment, entries=entries), fund.officers[number].signing)


def test_one_equivocator_does_not_hide_the_next(tmp_path: Path) -> None:
    fund = make_fund()
    front = new_front(tmp_path, fund)
    try:
        proofs = []
        for number, size in ((3, 7 * 2**20), (2, 10)):
            first, second = equivocate(fund, number, size)
            relay = front.relay(number)
            relay.push([first])
            relay.push([second])
            proofs.append(second.id)
        assert proofs[1] in {one.id for one in front.relay(1).segments_beyond({})}
    finally:
        front.stop()


# ---- ceremonies -------------------------------------------------------------------------------


def proposed(village: Village) -> CeremonyProposed:
    """A session that nobody needs: the same quorum, the same k."""
    public = village.front.public
    group = public.ceremonies.group
    assert group is not None
    return CeremonyProposed(public.council.k, public.council.quorum, group.id, group.officers, os.urandom(16))


def test_a_session_dated_far_ahead_does_not_wait_for_ever(village: Village) -> None:
    strike_on(village, 4, LAST_DAY, proposed(village))
    for number in (1, 2, 3, 5):
        ceremony.agree_to_session(village.desks[number])
    sync_only(village, (1, 2, 3, 5))
    village.clock.turn(30)
    assert views_council.silent(village.desks[1]) == (4,)


def test_one_officer_alone_has_no_key_dealt_anew(village: Village) -> None:
    strike(village, 4, proposed(village))
    village.sync(8)
    made = village.desks[1].public.ceremonies.group
    assert made is not None
    assert made.epoch == 0


def test_a_trial_begins_whoever_is_first(village: Village, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = ceremony._try_new
    monkeypatch.setattr(ceremony, "_try_new", lambda desk: [] if desk.number == 1 else honest(desk))
    remove(village, 5, 1, 2, 3)
    village.sync(8)
    assert len(village.desks[2].public.ceremonies.made) == 2
    village.clock.turn(40)
    village.sync(3)
    assert ceremony.tried(village.desks[2])
