"""After a change of the roster the quorum key is dealt anew: to whom, by whom, and what each can still read."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from poruch.cases.openings import Opening
from poruch.desk import ceremony, council, duties, founding, openings, words_heard
from poruch.desk.ceremony import MOST_SESSIONS, own_share
from poruch.desk.duties import do_duties
from poruch.desk.program import RESTORED, Desk
from poruch.errors import AlreadyDone, NotAllowed
from poruch.events.ceremony import CeremonyProposed, DealingAnnounced, DealingPublished
from poruch.events.kinds import NoticePublished
from poruch.journal.ceremonies import Ceremonies, Ceremony
from poruch.journal.segments import GENESIS, Clear, Sealed, Segment, sign_segment
from story.canaries import nest_of
from story.village import PASSPHRASE, Relay, Village, found_village

NAME = "Alena Persona"


@pytest.fixture
def village(tmp_path: Path) -> Iterator[Village]:
    """Five desks, three open."""
    with nest_of() as nest:
        made = found_village(tmp_path)
        yield made
        assert nest.leaks(made, tmp_path) == []


def decide(village: Village, change: council.Change, *by: int) -> None:
    """k propose and approve."""
    council.propose(village.desks[by[0]], change, "Because.")
    village.sync(1)
    for number in by[1:]:
        desk = village.desks[number]
        council.approve(desk, council.open_proposals(desk)[0])
    village.sync(1)


def newcomer(village: Village, folder: Path, number: int) -> council.NewOfficer:
    """His keys, and his desk, which knows nothing yet."""
    key = founding.make_key(folder / str(number), number, f"Officer {number}", PASSPHRASE.format(number),
                            memory_kib=8192)  # fmt: skip
    desk = Desk(folder / str(number), key, village.front.fund, Relay(village.front), village.clock)  # type: ignore[arg-type]
    words_heard.at_one_table(desk)
    village.desks[number] = desk
    return council.new_officer(number, key.signing.public, key.log.public, key.identity.recipient.text)


def admit(village: Village, folder: Path, number: int, *, history: bool = False, k: int = 4) -> None:
    """Admit an officer with a share to casework."""
    new = newcomer(village, folder, number)
    desk = village.desks[1]
    decide(village, council.admit(desk, new, ["casework"], in_quorum=True, k=k, history=history), 1, 2, 3)


def groups(village: Village) -> Ceremonies:
    return village.desks[1].public.ceremonies


def opens(village: Village, drop: str, *by: int) -> list[str]:
    """The first asks, the others agree; the names that come out."""
    first = village.desks[by[0]]
    openings.ask(first, "Screen a case.", [drop])
    village.sync(2)
    for number in by[1:]:
        openings.agree(village.desks[number], newest(village.desks[number]))
    village.sync(2)
    people, blamed = openings.open_all(first, newest(first))
    assert blamed == []
    return [person.name for person in people]  # type: ignore[union-attr]


def newest(desk: Desk) -> Opening:
    return list(desk.openings.openings.values())[-1]


def test_after_a_removal_the_key_is_the_same_and_the_shares_are_not(village: Village) -> None:
    person = village.apply(NAME)
    village.sync(2)
    before = groups(village).group
    assert before is not None
    decide(village, council.remove(village.desks[1], 5), 1, 2, 3)
    village.sync(8)
    after = groups(village).group
    assert after is not None
    assert after.Y == before.Y
    assert (after.k, after.officers, after.epoch) == (3, (1, 2, 3, 4), 1)
    assert opens(village, person.drop, 2, 3, 4) == [NAME]
    for number in (1, 2, 3, 4):
        assert own_share(village.desks[number], after) != own_share(village.desks[number], before)


def test_a_removed_officer_reads_nothing_new(village: Village) -> None:
    gone = village.desks.pop(5)
    decide(village, council.remove(village.desks[1], 5), 1, 2, 3)
    village.sync(8)
    person = village.apply(NAME)
    village.sync(2)
    gone.sync()
    epochs = {key.epoch for key in village.desks[1].keys.values() if key.circle == "officers"}
    assert epochs - {key.epoch for key in gone.keys.values() if key.circle == "officers"} == {max(epochs)}
    assert person.drop in village.desks[1].cases.cases
    assert person.drop not in gone.cases.cases
    assert gone.members.circles_of(5) == ()
    with pytest.raises(NotAllowed):
        council.freeze(gone, "I am still here.")


def test_a_newcomer_reads_from_his_day_on_and_opens_what_was_before(village: Village, tmp_path: Path) -> None:
    person = village.apply(NAME)
    village.sync(2)
    admit(village, tmp_path, 6)
    village.sync(10)
    new = village.desks[6]
    group = groups(village).group
    assert group is not None
    assert (group.k, group.officers) == (4, (1, 2, 3, 4, 5, 6))
    assert own_share(new, group) is not None
    assert person.drop not in new.cases.cases
    later = village.apply("Barys Persona")
    village.sync(2)
    assert later.drop in new.cases.cases
    assert new.members.name(3) == "Officer 3"
    assert new.members.circles_of(6) == ("officers", "casework")
    assert opens(village, later.drop, 1, 2, 3, 6) == ["Barys Persona"]


def test_with_history_he_reads_what_was_before_him(village: Village, tmp_path: Path) -> None:
    person = village.apply(NAME)
    village.sync(2)
    admit(village, tmp_path, 6, history=True)
    village.sync(12)
    new = village.desks[6]
    assert person.drop in new.cases.cases
    assert opens(village, person.drop, 6, 1, 2, 3) == [NAME]


def test_history_granted_later(village: Village, tmp_path: Path) -> None:
    person = village.apply(NAME)
    village.sync(2)
    admit(village, tmp_path, 6)
    village.sync(10)
    assert person.drop not in village.desks[6].cases.cases
    decide(village, council.let_read(village.desks[1], 6), 1, 2, 3, 4)
    village.sync(4)
    assert person.drop in village.desks[6].cases.cases


def test_a_change_of_k_alone(village: Village) -> None:
    person = village.apply(NAME)
    village.sync(2)
    decide(village, council.change_quorum(village.desks[1], (1, 2, 3, 4, 5), 4), 1, 2, 3)
    village.sync(10)
    group = groups(village).group
    assert group is not None
    assert group.k == 4
    assert opens(village, person.drop, 1, 2, 3, 5) == [NAME]


def test_the_old_group_opens_while_the_new_one_waits_for_a_desk_that_is_away(village: Village) -> None:
    person = village.apply(NAME)
    village.sync(2)
    away = village.desks.pop(4)
    decide(village, council.remove(village.desks[1], 5), 1, 2, 3)
    village.sync(6)
    running = groups(village).running
    assert running is not None
    assert running.awaited == (4,)
    group = groups(village).group
    assert group is not None
    assert group.epoch == 0
    assert opens(village, person.drop, 1, 2, 3) == [NAME]
    village.desks[4] = away
    village.sync(10)
    group = groups(village).group
    assert group is not None
    assert group.epoch == 1


def test_a_silent_dealer_of_the_old_group_is_gone_on_without(village: Village) -> None:
    village.desks.pop(5)
    decide(village, council.leave_out(village.desks[1], (5,)), 1, 2, 3)
    village.sync(3)
    assert groups(village).group.epoch == 0  # type: ignore[union-attr]
    village.clock.turn(village.charter.silent_days)
    village.sync(10)
    group = groups(village).group
    assert group is not None
    assert group.officers == (1, 2, 3, 4)
    assert 5 in village.desks[1].public.council.roster


def until(village: Village, waits: Callable[[Ceremony], bool]) -> Ceremony:
    """Desks sync one after the other until the session under way has come so far."""
    for _ in range(8):
        for desk in list(village.desks.values()):
            desk.sync()
            do_duties(desk)
            desk.push()
            running = groups(village).running
            if running is not None and waits(running):
                village.desks[1].sync()
                return running
    raise AssertionError("the session never came so far")


def restore(village: Village, folder: Path, number: int) -> Desk:
    """His desk is lost; the new one has his key and shares from paper, and 1 confirms it."""
    lost = village.desks[number]
    made = Desk(folder, lost.key, lost.fund, lost.relay, village.clock)
    for one in groups(village).made:
        share = lost.store.secret(f"share/{one.group.id.hex()}")
        if share is not None:
            made.store.keep_secret(f"share/{one.group.id.hex()}", share)
    made.store.keep_fact(RESTORED, b"1")
    lost.close()
    village.desks[number] = made
    made.sync()
    made.push()
    village.desks[1].sync()
    council.confirm_life(village.desks[1], number, 1)
    village.desks[1].push()
    return made


@pytest.mark.parametrize("step", ["joined", "digests", "dealings"])
def test_a_desk_that_was_lost_within_a_session_ends_it_and_another_makes_the_key(
    village: Village, tmp_path: Path, step: str
) -> None:
    decide(village, council.remove(village.desks[1], 5), 1, 2, 3)
    begun = until(village, lambda one: 3 in getattr(one, step))
    (tmp_path / "anew").mkdir()
    made = restore(village, tmp_path / "anew", 3)
    village.sync(12)
    again = groups(village).sessions[begun.session]
    assert (again.stopped, again.blamed) == ("a sub-share was disputed", (3, 3))
    group = groups(village).group
    assert group is not None
    assert (group.epoch, group.officers) == (1, (1, 2, 3, 4))
    assert own_share(made, group) is not None
    disputes = [
        (signed.author, signed.life)
        for signed in made.held
        if any(isinstance(entry, Clear) and b"dealing.disputed" in entry.event for entry in signed.entries)
    ]
    assert disputes == [(3, 1)]


def test_a_desk_says_in_one_go_but_once_what_changes_nothing(village: Village, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = village.desks[2]
    monkeypatch.setattr(duties, "_ceremony", lambda desk: [NoticePublished("notice", "again")])
    before = len(desk.held)
    assert do_duties(desk) == 1
    assert len(desk.held) == before + 1


def test_a_dealer_outside_the_new_quorum_who_lost_his_part_ends_the_session(village: Village, tmp_path: Path) -> None:
    decide(village, council.leave_out(village.desks[1], (5,)), 1, 2, 3)
    begun = until(village, lambda one: 5 in one.digests and 5 not in one.dealings)
    (tmp_path / "anew").mkdir()
    restore(village, tmp_path / "anew", 5)
    village.sync(12)
    assert groups(village).sessions[begun.session].stopped == "a sub-share was disputed"
    group = groups(village).group
    assert group is not None
    assert (group.epoch, group.officers) == (1, (1, 2, 3, 4))


def test_a_dealer_who_deals_wrongly_is_named_and_gone_on_without(
    village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = ceremony._publish

    def spoiled(desk: Desk, one: ceremony.Ceremony) -> object:
        event = honest(desk, one)
        if desk.number != 2 or not isinstance(event, DealingPublished):
            return event
        raw = event.dealing[:-1] + bytes([event.dealing[-1] ^ 1])
        return DealingPublished(event.session, raw, event.sealed)

    monkeypatch.setattr(ceremony, "_publish", spoiled)
    decide(village, council.remove(village.desks[1], 5), 1, 3, 4)
    village.sync(12)
    sessions = list(groups(village).sessions.values())[1:]
    assert sessions[0].blamed == (2,)
    assert 2 not in sessions[1].proposal.dealers
    group = groups(village).group
    assert group is not None
    assert group.officers == (1, 2, 3, 4)


def test_after_a_few_sessions_programs_give_up_and_people_begin_again(
    village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = ceremony._announce

    def never_twice(desk: Desk, one: ceremony.Ceremony) -> list[object]:
        return [DealingAnnounced(one.session, bytes(32))] if desk.number in (1, 2, 3) else honest(desk, one)  # type: ignore[return-value]

    monkeypatch.setattr(ceremony, "_announce", never_twice)
    decide(village, council.remove(village.desks[1], 5), 1, 2, 3)
    for _ in range(MOST_SESSIONS + 3):
        for desk in village.desks.values():
            for name in ("polynomial", "dealing"):
                for one in list(desk.public.ceremonies.sessions.values()):
                    if one.old is not None and not one.stopped:
                        desk.store.destroy_secret(f"ceremony/{one.session.hex()}/{name}")
        village.sync(2)
        village.clock.turn(1)
    tried = ceremony.sessions_for_now(village.desks[1])
    assert len(tried) == MOST_SESSIONS
    assert all(one.stopped for one in tried)
    monkeypatch.setattr(ceremony, "_announce", honest)
    ceremony.begin_again(village.desks[1])
    with pytest.raises(AlreadyDone):
        ceremony.begin_again(village.desks[1])
    village.sync(10)
    assert groups(village).group.epoch == 1  # type: ignore[union-attr]


def test_old_shares_are_erased_after_a_trial_and_not_before(village: Village) -> None:
    desk = village.desks[1]
    with pytest.raises(NotAllowed):
        ceremony.erase_old(desk)
    decide(village, council.remove(desk, 5), 1, 2, 3)
    for _ in range(12):
        village.sync(1)
        if groups(village).group.epoch == 1:  # type: ignore[union-attr]
            break
    old = groups(village).made[0].group
    village.sync(4)
    assert ceremony.tried(desk)
    assert ceremony.together(desk)[0][:2] == (old, (1, 2, 3, 4, 5))
    for number in (1, 2, 3):
        ceremony.erase_old(village.desks[number])
        assert own_share(village.desks[number], old) is None
        with pytest.raises(AlreadyDone):
            ceremony.erase_old(village.desks[number])
    village.sync(2)
    assert ceremony.together(desk) == []
    assert groups(village).alive(old) == (4, 5)
    person = village.apply(NAME)
    village.sync(2)
    assert opens(village, person.drop, 4, 1, 2) == [NAME]


def test_the_removed_record_what_they_erased(village: Village) -> None:
    decide(village, council.remove(village.desks[1], 5), 1, 2, 3)
    village.sync(12)
    old = groups(village).made[0].group
    assert not ceremony.tried(village.desks[5])  # the trial is sealed to those who stay
    ceremony.erase_old(village.desks[5])
    village.sync(2)
    assert 5 not in groups(village).alive(old)


def test_nobody_deals_a_key_to_another_quorum_than_was_decided(village: Village) -> None:
    group = groups(village).group
    assert group is not None
    desk = village.desks[1]
    desk.act([CeremonyProposed(2, (1, 2, 3), group.id, (1, 2, 3), desk.random(16))])
    village.sync(4)
    assert len(groups(village).sessions) == 1
    assert groups(village).group == group


def test_every_event_after_a_rotation_is_sealed_to_the_new_keys(village: Village) -> None:
    village.desks.pop(5)
    decide(village, council.remove(village.desks[1], 5), 1, 2, 3)
    village.sync(6)
    desk = village.desks[1]
    assert desk.public.due == {}
    assert {recipients.epoch for recipients in desk.public.circles.values()} == {2}
    village.apply(NAME)
    village.sync(2)
    last = [signed for signed in desk.held if any(isinstance(entry, Sealed) for entry in signed.segment.entries)][-1]
    assert last.segment.prev != GENESIS
    assert desk.journal.counts(last)


def test_a_founder_who_signs_twice_is_suspended_by_desks_and_removed_and_nothing_of_the_fund_is_lost(
    village: Village,
) -> None:
    person = village.apply(NAME)
    village.sync(2)
    first = village.desks[1].held[0]
    assert first.segment.author == 1
    fields = {name: getattr(first.segment, name) for name in first.segment.__struct_fields__}
    twin = sign_segment(Segment(**fields | {"entries": ()}), village.desks[1].key.signing)
    village.front.push([twin])
    del village.desks[1]
    village.sync(2)
    for desk in village.desks.values():
        assert set(desk.public.council.suspended) == {1}
        assert desk.public.ready
        assert len(desk.public.council.suspensions) == 1
    decide(village, council.remove(village.desks[2], 1), 2, 3, 4)
    village.sync(10)
    group = village.desks[2].public.ceremonies.group
    assert group is not None
    assert group.officers == (2, 3, 4, 5)
    assert village.desks[2].public.due == {}  # the circles have new keys, whoever was removed
    assert opens(village, person.drop, 2, 3, 4) == [NAME]
