"""Desks try the quorum key: rehearsals from paper, the trial of a new group, and those who spoil them."""

from dataclasses import replace
from datetime import timedelta

import pytest
from msgspec import structs

from poruch.cases.trials import PLACES, Trial
from poruch.crypto.age import header_hash
from poruch.crypto.opening_request import parse_request
from poruch.crypto.quorum_file import seal_to_quorum
from poruch.desk import trials
from poruch.desk.ceremony import own_share
from poruch.desk.program import Desk
from poruch.errors import AlreadyDone, BadProof, BadShare, WrongFile, WrongGroup, WrongPlace
from poruch.events.ceremony import TrialAnswered, TrialBegun
from poruch.journal.dropbox import PLACES as DROP_PARTS
from poruch.journal.dropbox import place_of
from poruch.journal.segments import Clear
from story.village import Village


def share_of(desk: Desk) -> int:
    share = own_share(desk, desk.public.ceremonies.group)  # type: ignore[arg-type]
    assert share is not None
    return share


def begin(village: Village, number: int, session: bytes = b"") -> Trial:
    desk = village.desks[number]
    desk.act([trials.begin(desk, desk.public.ceremonies.group, session)])  # type: ignore[arg-type]
    village.sync(2)
    return list(desk.trials.trials.values())[-1]


def give(village: Village, trial: Trial, *numbers: int) -> None:
    for number in numbers:
        desk = village.desks[number]
        desk.act([trials.answer(desk, desk.trials.trials[trial.id], share_of(desk))])
    village.sync(2)


def session_of(village: Village) -> bytes:
    return village.desks[1].public.ceremonies.made[-1].session


# ---- rehearsals -------------------------------------------------------------------------------


def test_k_papers_make_a_rehearsal_and_every_desk_sees_it(village: Village) -> None:
    trial = begin(village, 2)
    for desk in village.desks.values():
        assert trials.running_rehearsal(desk).id == trial.id  # type: ignore[union-attr]
        assert trials.rehearsal_due(desk)
    give(village, trial, 2, 4)
    assert [trials.rehearsal_due(village.desks[n]) for n in range(1, 6)] == [True, False, True, False, True]
    assert not any(trials.succeeded(desk, trial) for desk in village.desks.values())
    village.clock.turn(3)
    give(village, trial, 5)
    for desk in village.desks.values():
        assert trials.succeeded(desk, desk.trials.trials[trial.id])
        assert trials.last_success(desk) == village.clock()
        assert not trials.rehearsal_due(desk)
        assert trials.faults(desk) == []


def test_who_is_late_may_still_show_his_paper(village: Village) -> None:
    trial = begin(village, 2)
    give(village, trial, 2, 4, 5)
    village.clock.turn(20)
    late = village.desks[1]
    assert trials.running_rehearsal(late).id == trial.id  # type: ignore[union-attr]
    give(village, trial, 1)
    group = late.public.ceremonies.group
    assert late.trials.trials[trial.id].result(group).gave == (1, 2, 4, 5)  # type: ignore[arg-type]


def test_a_year_after_the_key_or_the_last_rehearsal_the_desk_reminds(village: Village) -> None:
    desk = village.desks[1]
    made = desk.public.ceremonies.made[-1].day
    village.clock.day = made + timedelta(days=364)
    assert not trials.rehearsal_due(desk)
    village.clock.turn(1)
    assert trials.rehearsal_due(desk)
    trial = begin(village, 3)
    give(village, trial, 1, 2, 3)
    assert not trials.rehearsal_due(desk)
    village.clock.turn(364)
    assert not trials.rehearsal_due(desk)
    village.clock.turn(1)
    assert trials.rehearsal_due(desk)


def test_a_rehearsal_that_too_few_answered_ends_and_another_begins(village: Village) -> None:
    village.clock.turn(400)
    first = begin(village, 2)
    give(village, first, 2, 3)
    village.clock.turn(31)
    desk = village.desks[1]
    assert trials.running_rehearsal(desk) is None
    assert trials.rehearsal_due(desk)
    second = begin(village, 1)
    assert trials.running_rehearsal(desk).id == second.id  # type: ignore[union-attr]
    assert trials.last_success(desk) is None


def test_two_that_begin_at_once_agree_on_one(village: Village) -> None:
    for number in (4, 5):
        desk = village.desks[number]
        desk.act([trials.begin(desk, desk.public.ceremonies.group, b"")])  # type: ignore[arg-type]
    village.sync(2)
    chosen = {trials.running_rehearsal(desk).id for desk in village.desks.values()}  # type: ignore[union-attr]
    assert len(chosen) == 1
    assert len(village.desks[1].trials.trials) == 2


def test_both_events_are_sealed_and_travel(village: Village) -> None:
    trial = begin(village, 2)
    give(village, trial, 2)
    two = village.desks[2]
    written = [two.held[at] for at in range(len(two.held)) if two.held[at].segment.author == 2][-2:]
    assert all(not isinstance(entry, Clear) for signed in written for entry in signed.segment.entries)
    assert all(trial.file[:300] not in signed.raw for signed in village.front.segments)
    given = two.trials.trials[trial.id].answers[2].answer
    assert all(given[48:] not in signed.raw for signed in village.front.segments)


# ---- what is refused --------------------------------------------------------------------------


def test_nobody_answers_twice_or_with_another_share(village: Village) -> None:
    trial = begin(village, 2)
    two, three = village.desks[2], village.desks[3]
    with pytest.raises(BadShare):
        trials.answer(three, three.trials.trials[trial.id], share_of(two))
    give(village, trial, 2)
    with pytest.raises(AlreadyDone):
        trials.answer(two, two.trials.trials[trial.id], share_of(two))


def test_a_desk_gives_nothing_for_what_is_as_long_or_placed_as_something_real(village: Village) -> None:
    trial = begin(village, 2)
    desk = village.desks[3]
    share = share_of(desk)
    longer = replace(trial, file=trial.file + b"\0")
    with pytest.raises(WrongFile):
        trials.answer(desk, longer, share)
    placed = replace(trial, request=replace(trial.request, place="drop/" + "0" * 32 + "/person"))
    with pytest.raises(WrongPlace):
        trials.answer(desk, placed, share)


def test_no_drop_has_the_place_of_a_trial() -> None:
    for kind in DROP_PARTS:
        assert not place_of("trial/" + "0" * 32, kind).startswith(PLACES)


def test_a_copied_header_is_answered_by_nobody_and_its_author_is_named(village: Village) -> None:
    """Officer 5 would like to read a payee: he gives its header out as a rehearsal."""
    five = village.desks[5]
    group = five.public.ceremonies.group
    assert group is not None
    event = trials.begin(five, group, b"")
    assert isinstance(event, TrialBegun)
    real = seal_to_quorum(bytes(256), group.Y, "drop/" + "0" * 32 + "/payee")
    text = replace(parse_request(event.text), file=header_hash(real)).encode()
    five.act([structs.replace(event, file=real, text=text)])
    village.sync(2)
    one = village.desks[1]
    (trial,) = one.trials.trials.values()
    with pytest.raises(BadProof):
        trials.answer(one, trial, share_of(one))
    assert trials.running_rehearsal(one) is None
    assert trials.faults(one) == ["Officer 5 began a trial with a false file."]


def test_a_false_partial_is_named_and_the_others_go_on(village: Village) -> None:
    trial = begin(village, 2)
    four = village.desks[4]
    event = trials.answer(four, four.trials.trials[trial.id], share_of(four))
    assert isinstance(event, TrialAnswered)
    four.act([structs.replace(event, answer=event.answer[:-32] + bytes(32))])
    give(village, trial, 1, 2, 3)
    one = village.desks[1]
    assert trials.succeeded(one, one.trials.trials[trial.id])
    assert trials.faults(one) == ["Officer 4 gave a partial in a trial that does not verify."]


# ---- the trial of a new group -----------------------------------------------------------------


def test_the_trial_of_a_session_is_found_answered_and_succeeds(village: Village) -> None:
    session = session_of(village)
    assert trials.of_session(village.desks[1], session) is None
    trial = begin(village, 1, session)
    for desk in village.desks.values():
        found = trials.of_session(desk, session)
        assert found is not None
        assert found.id == trial.id
        assert not trials.succeeded(desk, found)
        assert trials.running_rehearsal(desk) is None
        assert not trials.rehearsal_due(desk)
    give(village, trial, 3, 4, 5)
    village.clock.turn(300)
    for desk in village.desks.values():
        found = trials.of_session(desk, session)
        assert found is not None
        assert trials.succeeded(desk, found)
    assert trials.last_success(village.desks[1]) is None


def test_a_trial_that_expired_makes_room_for_another(village: Village) -> None:
    session = session_of(village)
    trial = begin(village, 1, session)
    give(village, trial, 1, 2)
    village.clock.turn(31)
    assert trials.of_session(village.desks[1], session) is None
    again = begin(village, 2, session)
    assert trials.of_session(village.desks[1], session).id == again.id  # type: ignore[union-attr]


def test_who_made_a_false_file_is_not_listened_to_again(village: Village) -> None:
    session = session_of(village)
    five = village.desks[5]
    group = five.public.ceremonies.group
    assert group is not None
    event = trials.begin(five, group, session)
    assert isinstance(event, TrialBegun)
    request = parse_request(event.text)
    false = seal_to_quorum(b"\1" + bytes(255), group.Y, request.place)
    five.act([structs.replace(event, file=false, text=replace(request, file=header_hash(false)).encode())])
    village.sync(2)
    trial = trials.of_session(village.desks[1], session)
    assert trial is not None  # its proof holds, so it looks good until k have answered
    give(village, trial, 1, 2, 3)
    one = village.desks[1]
    assert trials.of_session(one, session) is None
    assert trials.faults(one) == ["Officer 5 began a trial with a false file."]
    begin(village, 5, session)
    assert trials.of_session(one, session) is None
    mine = begin(village, 1, session)
    assert trials.of_session(one, session).id == mine.id  # type: ignore[union-attr]


def test_a_trial_of_no_known_session_is_answered_by_nobody(village: Village) -> None:
    trial = begin(village, 2, b"?" * 32)
    desk = village.desks[3]
    assert trials.group_of(desk, trial) is None
    assert trials.of_session(desk, trial.session) is None
    with pytest.raises(WrongGroup):
        trials.answer(desk, desk.trials.trials[trial.id], share_of(desk))
