"""A free officer whom the enemy suspended gets from a front the measures alone, and votes: the fund thaws.

Five officers, three of whom must agree. The enemy holds two: one is suspended, the other freezes the fund and suspends
a free officer in one go. Three are free, and every one of their votes is needed.
"""

from collections.abc import Callable

import pytest

from poruch.desk import council, views_council
from poruch.desk.program import head_of
from poruch.errors import RelayUnreachable
from poruch.events.council import Explained, FundFrozen, OfficerSuspended
from poruch.journal.council import Freeze
from poruch.journal.journal import measures_in
from poruch.journal.members import explained_hash
from poruch.journal.segments import SignedSegment
from poruch.journal.sync import WaitingDrop
from story.village import Front, Village


class Fenced:
    """The front as it answers a suspended officer."""

    def __init__(self, front: Front) -> None:
        self.front = front

    def segments_beyond(self, positions: dict[tuple[int, int], int]) -> list[SignedSegment]:
        return [signed for signed in self.front.segments if measures_in(signed)]

    def drops_after(self, after: int) -> list[WaitingDrop]:
        return []

    def body(self, sha256: bytes) -> bytes | None:
        return None

    def push(self, segments: list[SignedSegment]) -> list[str]:
        return self.front.push(segments)

    def __getattr__(self, name: str) -> Callable[..., object]:
        raise RelayUnreachable(name)


@pytest.fixture
def besieged(village: Village) -> Village:
    """Officers 4 and 5 are the enemy's; 3 is suspended by 5 and hears only what a front tells the suspended."""
    council.suspend(village.desks[1], 4, "His desk was taken.")
    village.sync(2)
    enemy = village.desks[5]
    frozen = FundFrozen(bytes(16))
    suspended = OfficerSuspended(head_of(enemy, 3), absent=False, nonce=bytes(16))
    enemy.act([frozen, suspended, Explained(explained_hash(frozen), "They froze.")])
    enemy.push()
    village.desks[3].relay = Fenced(village.front)  # type: ignore[assignment]
    village.desks[2].act([])  # what others say meanwhile never reaches him, so the enemy's segment has no place
    for number in (1, 2):
        village.desks[number].sync()
        village.desks[number].push()
    return village


def test_he_sees_what_was_done_to_him_and_his_vote_is_the_third(besieged: Village) -> None:
    one, two, three = (besieged.desks[number] for number in (1, 2, 3))
    assert one.public.council.frozen
    assert set(one.public.council.suspended) == {3, 4}
    three.sync()
    kinds = [kind for kind, _ in views_council.banners(three)]
    assert set(kinds) == {"frozen", "suspended"}
    freeze = next(one for one in views_council.measures(three) if isinstance(one, Freeze))
    assert views_council.measure_with(three, freeze.said.id) is not None
    for desk in (one, two):
        council.undo(desk, freeze.said.id)
        desk.push()
    besieged.desks[1].sync()
    assert one.public.council.frozen  # two votes of three
    council.undo(three, freeze.said.id)
    suspension = next(m for m in views_council.measures(three) if not isinstance(m, Freeze) and m.pin.number == 3)
    council.undo(three, suspension.said.id)
    three.push()
    for desk in (one, two):
        desk.sync()
        council.undo(desk, suspension.said.id)
        desk.push()
    for desk in (one, two):
        desk.sync()
        assert not desk.public.council.frozen
        assert set(desk.public.council.suspended) == {4}
