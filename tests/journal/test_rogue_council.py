"""Rogues against the council: whatever n-k of them say, k honest officers thaw the fund and decide again."""

import os

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from journal.assembly import Assembly
from poruch.events.council import FundFrozen, OfficerSuspended, Pin, RosterApproved, RosterProposed, Voted

FUNDS = [(n, k) for n in range(3, 10) for k in range(n // 2 + 1, n)]


@st.composite
def schedules(draw: st.DrawFn) -> tuple[Assembly, list[int], list[int]]:
    """A fund after any schedule of its rogues: they are the last n-k, and some of them proved to have equivocated."""
    n, k = draw(st.sampled_from(FUNDS))
    honest, rogues = list(range(1, k + 1)), list(range(k + 1, n + 1))
    liars = frozenset(draw(st.sets(st.sampled_from(rogues))))
    assembly = Assembly(n, k, liars)
    measures, proposals = [bytes(32)], [bytes(32)]
    council = assembly.council
    for _ in range(draw(st.integers(0, 25))):
        rogue, other = draw(st.sampled_from(rogues)), draw(st.integers(1, n + 1))
        pins = (Pin(other, 0, 3, bytes(32)),)
        event = draw(
            st.sampled_from(
                [
                    FundFrozen(os.urandom(16)),
                    OfficerSuspended(pins[0], draw(st.booleans()), os.urandom(16)),
                    Voted(draw(st.sampled_from(measures)), draw(st.sampled_from(["undo", "confirm"])), True),
                    RosterProposed(council.epoch, (), (other,), tuple(m for m in council.quorum if m != other),
                                   k, b"", (), pins, os.urandom(16)),
                    RosterApproved(draw(st.sampled_from(proposals)), pins),
                ]
            )
        )  # fmt: skip
        if assembly.tries(rogue, event) == "":
            measures = [bytes(32), *council.freezes, *council.suspensions]
            proposals = [bytes(32), *council.proposals]
        check_measure(assembly, n, k)
    return assembly, honest, rogues


def check_measure(assembly: Assembly, n: int, k: int) -> None:
    """What holds after every word."""
    council = assembly.council
    open_freezes = [f.said.author for f in council.freezes.values() if f.over is None and not council.confirmed(f)]
    assert len(open_freezes) == len(set(open_freezes))
    doubtful = [s for s in council.suspensions.values() if s.pin.number not in council.liars]
    open_ones = [s.said.author for s in doubtful if s.over is None and not council.confirmed(s)]
    assert len(open_ones) == len(set(open_ones))
    assert len(council.active_quorum) >= k
    assert (council.epoch, council.k, len(council.quorum)) == (0, k, n)


@settings(max_examples=400, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(schedules())
def test_k_honest_officers_thaw_and_decide_again(found: tuple[Assembly, list[int], list[int]]) -> None:
    assembly, honest, rogues = found
    council = assembly.council
    for id, measure in [*council.freezes.items(), *council.suspensions.items()]:
        mine = getattr(measure, "pin", Pin(0, 0, -1, b"")).number
        if measure.over is None and mine not in rogues:
            for officer in honest:
                if measure.over is None:
                    assembly.say(officer, Voted(id, "undo", True))
    assert not council.frozen
    assert set(honest) <= set(council.active_quorum)
    assembly.change(*honest, quorum=council.quorum, admit=(50,))
    assert council.epoch == 1
    assert 50 in council.roster


@settings(max_examples=100, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(schedules())
def test_whose_freeze_was_thawed_so_rests(found: tuple[Assembly, list[int], list[int]]) -> None:
    assembly, honest, _ = found
    council = assembly.council
    mine = [(id, f) for id, f in council.freezes.items() if f.over is None]
    for id, freeze in mine:
        for officer in honest:
            if freeze.over is None:
                assembly.say(officer, Voted(id, "undo", True))
    for _, freeze in mine:
        assert assembly.tries(freeze.said.author, FundFrozen(os.urandom(16))) in ("RightResting", "Suspended")
        assembly.turn(30)
        assert assembly.tries(freeze.said.author, FundFrozen(os.urandom(16))) in ("", "Suspended")
        assembly.turn(-30)
        for id, again in list(council.freezes.items()):
            for officer in honest:
                if again.over is None:
                    assembly.say(officer, Voted(id, "undo", True))


def test_each_rogue_has_one_freeze_and_one_suspension_and_no_more() -> None:
    assembly = Assembly(9, 5)
    for rogue in (6, 7, 8, 9):
        assembly.freeze(rogue)
        assembly.suspend(rogue, rogue - 5)
        assert assembly.tries(rogue, FundFrozen(os.urandom(16))) == "RightUsed"
        again = OfficerSuspended(Pin(5, 0, 3, bytes(32)), False, os.urandom(16))
        assert assembly.tries(rogue, again) == "RightUsed"
    assert set(assembly.council.active_quorum) == {5, 6, 7, 8, 9}
    assert assembly.tries(5, OfficerSuspended(Pin(9, 0, 3, bytes(32)), False, os.urandom(16))) == ""
    assert set(assembly.council.active_quorum) == {5, 6, 7, 8, 9}  # it became a freeze
    for id in list(assembly.council.suspensions):
        assembly.vote(id, "undo", 1, 2, 3, 4, 5)
    assert set(assembly.council.active_quorum) == set(range(1, 10))


def test_k_rogue_votes_less_one_lift_nothing() -> None:
    for n, k in FUNDS:
        assembly = Assembly(n, k)
        freeze = assembly.freeze(1)
        suspension = assembly.suspend(1, n)
        rogues = list(range(k + 1, n + 1))
        for rogue in rogues:
            assembly.tries(rogue, Voted(freeze, "undo", False))
            assembly.tries(rogue, Voted(suspension, "undo", False))
        assert assembly.council.frozen
        assert n in assembly.council.suspended
