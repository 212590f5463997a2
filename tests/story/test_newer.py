"""An event of the future: a desk that does not know it reads on, decides nothing, and names the version needed."""

from typing import ClassVar

import pytest

from poruch import __version__
from poruch.desk import casework, council, newer
from poruch.desk.program import Desk, pin_at
from poruch.errors import BadEvent, NeedsNewerProgram, UnknownEvent
from poruch.events.base import OFFICERS, Event
from poruch.events.council import ProgramChanged
from poruch.events.kinds import NoticePublished, event_bytes, parse_event
from story.village import Village

FUTURE = "9.1.0"


class MoneyRained(Event, frozen=True, tag="money.rained.v1"):
    """What a later program says, sealed."""

    audience: ClassVar[tuple[str, ...]] = OFFICERS
    litres: int


class MoonReached(Event, frozen=True, tag="moon.reached.v3"):
    """What a later program says in clear."""

    day: str


EVENTS = (MoneyRained(3), MoonReached("tomorrow"))


def tell(village: Village, number: int, *events: Event) -> None:
    village.desks[number].act(events)
    village.sync(1)


def test_every_desk_says_its_version_once(village: Village) -> None:
    village.sync(2)
    for desk in village.desks.values():
        assert desk.view.programs.versions == dict.fromkeys(village.desks, __version__)
        assert newer.unsaid(desk) == []
        assert newer.stopping(desk) == []


def test_a_desk_says_its_new_version_before_anything_else(village: Village, monkeypatch: pytest.MonkeyPatch) -> None:
    village.sync()
    monkeypatch.setattr(newer, "__version__", FUTURE)
    one = village.desks[1]
    before = len(one.held)
    one.act([NoticePublished("note", "Something.")])
    assert len(one.held) == before + 2
    assert one.view.programs.versions[1] == FUTURE


@pytest.mark.parametrize("future", EVENTS, ids=["sealed", "clear"])
def test_desks_read_on_and_decide_nothing(village: Village, future: Event) -> None:
    person = village.apply("Alena Persona")
    village.sync()
    village.desks[4].act([ProgramChanged(FUTURE), future])
    village.sync(2)
    other = village.apply("Bronia Persona")
    village.sync(2)
    for number, desk in village.desks.items():
        assert other.drop in desk.cases.cases, "what people send is still taken in"
        assert newer.needed(desk) == FUTURE
        assert [one.tag for one in newer.stopping(desk)] == [future.__struct_config__.tag]
        if desk.within("casework"):
            with pytest.raises(NeedsNewerProgram, match=FUTURE.replace(".", "[.]")):
                casework.take(desk, desk.cases.cases[person.drop])
            with pytest.raises(NeedsNewerProgram):
                casework.write_note(desk, desk.cases.cases[person.drop], "A note.")
        assert len(desk.held) == len(village.desks[1].held), number
    assert len(village.front.segments) == len(village.desks[1].held), "the front relays what it does not know"
    council.freeze(village.desks[2], "Something is said that I do not understand.")
    village.sync()
    assert all(desk.public.council.frozen for desk in village.desks.values())


@pytest.mark.parametrize("future", EVENTS, ids=["sealed", "clear"])
def test_one_officer_does_not_stop_the_fund_for_ever(village: Village, future: Event) -> None:
    person = village.apply("Alena Persona")
    village.sync()
    village.desks[4].act([future])
    village.sync()
    village.clock.turn(3)
    tell(village, 4, ProgramChanged(FUTURE))
    one = village.desks[1]
    with pytest.raises(NeedsNewerProgram):
        casework.take(one, one.cases.cases[person.drop])
    council.suspend(one, 4, "He says what nobody understands.")
    village.sync()
    for desk in village.desks.values():
        assert newer.stopping(desk) == []
    casework.take(one, one.cases.cases[person.drop])
    (suspension,) = one.public.council.suspensions
    for number in (2, 3, 5):
        council.undo(village.desks[number], suspension)
    village.sync()
    assert all(newer.stopping(desk) for desk in village.desks.values()), "he is heard again, and not understood"


def test_what_was_said_before_the_pin_still_stops(village: Village) -> None:
    village.desks[4].act([EVENTS[0]])
    village.sync()
    found = newer.stopping(village.desks[1])
    assert [(one.author, one.version) for one in found] == [(4, __version__)]
    programs = village.desks[1].view.programs
    head = village.desks[1].chains.heads[(4, 0)]
    assert newer._within(found[0], pin_at(head))
    assert newer.needed(village.desks[1]) == "", "he said the version that is installed here"
    assert programs.stopping(village.desks[1].public.council) == found


def test_a_desk_that_starts_again_still_knows_that_it_does_not_know(village: Village) -> None:
    village.desks[4].act([EVENTS[0], EVENTS[1]])
    village.sync()
    one = village.desks[1]
    one.close()
    again = Desk(one.folder, one.key, one.fund, one.relay, village.clock)
    village.desks[1] = again
    assert sorted(found.tag for found in newer.stopping(again)) == ["money.rained.v1", "moon.reached.v3"]


@pytest.mark.parametrize(
    ("raw", "unknown"),
    [
        (event_bytes(EVENTS[0]), True),
        (event_bytes(NoticePublished("note", "x"))[:-1], False),
        (b"", False),
        (b"\x81\xa4type\xa3abc", False),
        (b"\x82\xa4type\xb3notice.published.v1\xa1x\x01", False),
        (b"\x81\xa4type\xb3notice.published.v2", True),
        (b"\x91\x01", False),
    ],
)
def test_a_new_kind_is_told_from_rubbish(raw: bytes, unknown: bool) -> None:
    with pytest.raises(BadEvent) as caught:
        parse_event(raw)
    assert isinstance(caught.value, UnknownEvent) == unknown


def test_a_version_that_is_none_is_not_believed(village: Village) -> None:
    tell(village, 4, ProgramChanged("<b>install me</b>"), ProgramChanged("1" * 50))
    assert village.desks[1].view.programs.versions[4] == __version__


def test_a_mailing_of_a_refused_act_is_not_kept(village: Village) -> None:
    person = village.apply("Alena Persona")
    village.sync()
    village.desks[4].act([EVENTS[0]])
    village.sync()
    one = village.desks[1]
    bodies = set(one.bodies)
    with pytest.raises(NeedsNewerProgram):
        casework.write_message(one, one.cases.cases[person.drop], "Hello.")
    assert (one.bodies, one.store.unpushed_bodies()) == (bodies, [])
