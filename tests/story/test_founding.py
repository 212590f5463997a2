"""Founding by five desks: nobody deals for another, and all end with the same key."""

from story.village import Village


def test_all_desks_and_the_front_hold_the_same_key(village: Village) -> None:
    points = {desk.public.quorum_point for desk in village.desks.values()}
    assert len(points) == 1
    assert points == {village.front.public.quorum_point}
    assert village.front.public.ready
    assert not village.front.public.faults


def test_every_officer_has_a_name_and_his_circles(village: Village) -> None:
    for number, desk in village.desks.items():
        assert desk.members.names == {n: f"Officer {n}" for n in range(1, 6)}
        held = {circle for circle, _epoch, _recipient in desk.keys}
        assert held == set(desk.members.circles_of(number))


def test_a_second_start_folds_the_same_state(village: Village) -> None:
    desk = village.desks[2]
    before = desk.public.fingerprint
    desk.refold()
    assert desk.public.fingerprint == before
    assert not desk.chains.faults
