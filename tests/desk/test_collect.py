"""A drop that no key at hand opens is asked for again once there is another key, and holds up nothing meanwhile."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from poruch.desk.duties import collect, do_duties
from poruch.journal.dropbox import SealedDrop
from poruch.journal.sync import WaitingDrop
from story.village import Village, found_village


@pytest.fixture
def village(tmp_path: Path) -> Iterator[Village]:
    made = found_village(tmp_path)
    yield made
    made.close()


def look(village: Village) -> list[WaitingDrop]:
    """What the next sync of desk 1 fetches; then its duties."""
    desk = village.desks[1]
    desk.sync()
    found = list(desk.waiting_drops)
    do_duties(desk)
    return found


def test_a_drop_for_a_key_that_is_not_here_yet_is_asked_for_again(
    village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = village.desks[1]
    keys, mine = desk.keys_of("officers"), type(desk).keys_of
    other = desk.keys_of("casework")
    first = village.apply("Alena Persona")
    monkeypatch.setattr(desk, "keys_of", lambda name: other if name == "officers" else mine(desk, name))
    assert [drop.drop for drop in look(village)] == [first.drop]
    assert first.drop not in desk.cases.drops
    assert desk.faults == ["A drop on the front is not sealed to this fund."]
    second = village.apply("Bahdan Persona")
    assert [drop.drop for drop in look(village)] == [second.drop]  # nothing is held up, or fetched again and again
    assert look(village) == []
    assert len(desk.faults) == 1
    monkeypatch.setattr(desk, "keys_of", lambda name: other + keys if name == "officers" else mine(desk, name))
    collect(desk)  # the key came
    assert [drop.drop for drop in look(village)] == [first.drop, second.drop]
    assert {first.drop, second.drop} <= set(desk.cases.drops)
    assert look(village) == []


def test_rubbish_and_old_drops_are_passed_for_good(village: Village, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = village.desks[1]
    keys, mine = desk.keys_of("officers"), type(desk).keys_of
    village.front.receive(SealedDrop("0" * 32, "gift", b"", b"rubbish"))
    assert len(look(village)) == 1
    old = village.apply("Alena Persona")
    village.clock.turn(31)
    other = desk.keys_of("casework")
    monkeypatch.setattr(desk, "keys_of", lambda name: other if name == "officers" else mine(desk, name))
    assert [drop.drop for drop in look(village)] == [old.drop]
    monkeypatch.setattr(desk, "keys_of", lambda name: other + keys if name == "officers" else mine(desk, name))
    collect(desk)
    assert look(village) == []
