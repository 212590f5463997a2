"""Requests to open: one text a file, all of one purpose; one objection stops it, k who have read it uphold it."""

import os
from datetime import date, timedelta

import pytest
from msgspec import structs

from cases.casebook import DAY, drop_id
from poruch.cases.openings import Objection, Opening, Openings
from poruch.crypto.age import PqIdentity
from poruch.crypto.opening import OpeningRequest
from poruch.events.base import Event
from poruch.events.heard import Heard
from poruch.events.kinds import (
    BatchItem,
    BatchProposed,
    OpeningDone,
    OpeningObjected,
    OpeningRequested,
    OpeningUpheld,
    PartialGiven,
    PartialRefuted,
)

RECIPIENTS = [PqIdentity.generate().recipient.text for _ in range(2)]
PURPOSE = "Pay batch 1, and nothing else."
ID = b"o" * 32
QUORUM, K = (1, 2, 3, 4, 5), 3


def request(
    name: str = "alena", officer: int = 2, recipient: int = 0, purpose: str = PURPOSE, until: date = DAY
) -> OpeningRequest:
    place = f"drop/{drop_id(name)}/payee"
    return OpeningRequest(b"g" * 32, os.urandom(32), place, officer, RECIPIENTS[recipient], until, purpose)


def asked(*requests: OpeningRequest, drops: tuple[str, ...] = (), batch: str = "b1") -> OpeningRequested:
    names = drops or tuple(one.place.split("/")[1] for one in requests)
    return OpeningRequested(PURPOSE, names, tuple(one.encode() for one in requests), batch)


def tell(openings: Openings, author: int, event: Event, at: bytes = ID) -> None:
    openings.apply(Heard(at, author, DAY, event))  # type: ignore[arg-type]


def live(opening: Opening, today: date = DAY) -> bool:
    return opening.live(today, QUORUM, K)


REQUESTS = (request("alena", until=DAY + timedelta(days=7)), request("bahdan", until=DAY + timedelta(days=5)))


@pytest.fixture
def openings() -> Openings:
    made = Openings()
    tell(made, 2, asked(*REQUESTS))
    return made


def one(openings: Openings) -> Opening:
    return openings.openings[ID]


def hashes() -> tuple[bytes, ...]:
    return tuple(made.hash for made in REQUESTS)


def test_a_request_stands_until_its_first_last_day(openings: Openings) -> None:
    opening = one(openings)
    assert (opening.requester, opening.purpose, opening.requests) == (2, PURPOSE, REQUESTS)
    assert opening.until == DAY + timedelta(days=5)
    assert live(opening, DAY + timedelta(days=5))
    assert not live(opening, DAY + timedelta(days=6))
    item = BatchItem("g", 0, "c", "", "e", "grants", "EUR", 60000)
    paid = tuple(structs.replace(item, payee=drop) for drop in opening.drops)
    proposal = BatchProposed("b1", 1, paid, "sepa", 2, DAY, 0, ())
    assert openings.for_batch(proposal) is opening
    assert openings.for_batch(structs.replace(proposal, batch="b2")) is None
    assert openings.for_batch(structs.replace(proposal, exporter=3)) is None
    assert openings.for_batch(structs.replace(proposal, items=paid[:1])) is None


CONTRADICTIONS = [
    ("no file", asked()),
    ("more drops than texts", asked(request(), drops=(drop_id("a"), drop_id("b")))),
    ("fewer drops than texts", asked(request("a"), request("b"), drops=(drop_id("a"),))),
    ("the text names another officer", asked(request(officer=3))),
    ("two officers", asked(request("a"), request("b", officer=3))),
    ("the text says another purpose", asked(request(purpose="Something else."))),
    ("two purposes", asked(request("a"), request("b", purpose="Something else."))),
    ("two recipients", asked(request("a"), request("b", recipient=1))),
]


@pytest.mark.parametrize(("why", "event"), CONTRADICTIONS)
def test_a_request_that_contradicts_itself_is_not_shown(why: str, event: OpeningRequested) -> None:
    openings = Openings()
    tell(openings, 2, event)
    assert openings.openings == {}
    assert openings.faults == ["A request to open by officer 2 contradicts itself."]


@pytest.mark.parametrize("text", [b"", b"rubbish", b"\xff", REQUESTS[0].encode()[:-1], REQUESTS[0].encode() + b"\n"])
def test_a_text_of_another_form_is_a_fault_and_no_more(text: bytes) -> None:
    openings = Openings()
    tell(openings, 2, OpeningRequested(PURPOSE, (drop_id("alena"),), (text,), ""))
    assert openings.openings == {}
    assert len(openings.faults) == 1


def test_nobody_asks_in_anothers_name() -> None:
    openings = Openings()
    tell(openings, 3, asked(*REQUESTS))
    assert openings.openings == {}


def test_answers_count_once_and_for_exactly_these_requests(openings: Openings) -> None:
    tell(openings, 3, PartialGiven(ID, hashes(), b"1" * 32))
    tell(openings, 3, PartialGiven(ID, hashes(), b"2" * 32))
    tell(openings, 4, PartialGiven(ID, hashes()[:1], b"3" * 32))
    tell(openings, 4, PartialGiven(ID, hashes()[::-1], b"4" * 32))
    tell(openings, 5, PartialGiven(b"x" * 32, hashes(), b"5" * 32))
    assert one(openings).answers == {3: b"1" * 32}
    assert not openings.faults


def test_a_request_has_an_end_that_is_near(openings: Openings) -> None:
    tell(openings, 2, asked(request(until=DAY + timedelta(days=60))), b"1" * 32)
    tell(openings, 2, asked(request(until=DAY + timedelta(days=61))), b"2" * 32)
    assert list(openings.openings) == [ID, b"1" * 32]
    assert openings.faults == ["A request to open by officer 2 has no end that is near enough."]


def test_the_newest_request_of_the_exporter_is_that_of_the_batch(openings: Openings) -> None:
    tell(openings, 2, asked(*REQUESTS), b"1" * 32)
    tell(openings, 3, asked(*(request(name, officer=3) for name in ("alena", "bahdan"))), b"2" * 32)
    items = tuple(BatchItem("g", 0, "c", drop, "e", "grants", "EUR", 60000) for drop in one(openings).drops)
    found = openings.for_batch(BatchProposed("b1", 1, items, "sepa", 2, DAY, 0, ()))
    assert found is openings.openings[b"1" * 32]


OBJECTIONS = {name: name.encode() * 32 for name in "ABC"}
STOPS = [
    # (what is told, whether the request is stopped after it)
    ("nobody objects", [], False),
    ("one objects", ["4 objects A"], True),
    ("two uphold it", ["4 objects A", "1 upholds A", "2 upholds A"], True),
    ("three uphold it", ["4 objects A", "1 upholds A", "2 upholds A", "3 upholds A"], False),
    ("the objector changed his mind", ["4 objects A", "1 upholds A", "2 upholds A", "4 upholds A"], False),
    ("one votes thrice", ["4 objects A", "1 upholds A", "1 upholds A", "1 upholds A"], True),
    ("votes name nothing", ["4 objects A", "1 upholds", "2 upholds", "3 upholds"], True),
    ("votes name another objection", ["4 objects A", "1 upholds B", "2 upholds B", "3 upholds B"], True),
    ("votes come first", ["1 upholds", "2 upholds", "3 upholds", "4 objects A"], True),
    ("an objection dated before the votes", ["1 upholds A", "2 upholds A", "3 upholds A", "4 objects A"], False),
    (
        "a later objection stops it again",
        ["4 objects A", "1 upholds A", "2 upholds A", "3 upholds A", "5 objects B"],
        True,
    ),
    (
        "and k who have read that too let it go on",
        ["4 objects A", "1 upholds A", "2 upholds A", "5 objects B", "1 upholds AB", "2 upholds B", "3 upholds AB"],
        False,
    ),
    ("an officer has one objection", ["4 objects A", *(f"{n} upholds A" for n in (1, 2, 3)), "4 objects C"], False),
    ("strangers do not count", ["4 objects A", "7 upholds A", "8 upholds A", "9 upholds A"], True),
    ("its author withdraws it", ["2 objects A"], True),
    ("nobody brings it back", ["2 objects A", *(f"{n} upholds A" for n in QUORUM)], True),
    ("nor when he was not alone", ["4 objects A", "2 objects B", *(f"{n} upholds AB" for n in QUORUM)], True),
]


@pytest.mark.parametrize(("why", "told", "stopped"), STOPS, ids=[row[0] for row in STOPS])
def test_what_stops_an_opening_and_what_lets_it_go_on(
    openings: Openings, why: str, told: list[str], stopped: bool
) -> None:
    for times, line in enumerate([*told, *told]):  # whatever is repeated changes nothing
        author, verb, *names = line.split()
        ids = tuple(OBJECTIONS[name] for name in "".join(names))
        if verb == "objects":
            tell(openings, int(author), OpeningObjected(ID, "No."), ids[0])
        else:
            tell(openings, int(author), OpeningUpheld(ID, ids), bytes([times]) * 32)
        if times + 1 >= len(told):
            assert one(openings).stopped(QUORUM, K) is stopped
    assert one(openings).stopped(QUORUM, K) is stopped
    assert live(one(openings)) is not stopped


def test_an_objection_keeps_who_why_and_when(openings: Openings) -> None:
    tell(openings, 4, OpeningObjected(ID, "He is my brother."), b"A" * 32)
    tell(openings, 4, OpeningObjected(ID, "Second thoughts."), b"B" * 32)
    assert one(openings).objections == {b"A" * 32: Objection(b"A" * 32, 4, "He is my brother.", DAY)}
    assert not one(openings).withdrawn
    tell(openings, 5, OpeningObjected(b"x" * 32, "Of another opening."), b"C" * 32)
    assert list(one(openings).objections) == [b"A" * 32]


def test_a_refutation_is_the_requesters_and_of_an_answer_that_was_given(openings: Openings) -> None:
    tell(openings, 2, PartialRefuted(ID, 3, b"k" * 16))
    assert one(openings).refutations == {}  # nothing was given yet
    tell(openings, 3, PartialGiven(ID, hashes(), b"1" * 32))
    tell(openings, 4, PartialRefuted(ID, 3, b"k" * 16))
    assert one(openings).refutations == {}
    tell(openings, 2, PartialRefuted(ID, 3, b"k" * 16))
    tell(openings, 2, PartialRefuted(ID, 3, b"l" * 16))
    assert one(openings).refutations == {3: b"k" * 16}


def test_only_the_requester_says_that_it_is_done(openings: Openings) -> None:
    tell(openings, 3, OpeningDone(ID))
    assert live(one(openings))
    tell(openings, 2, OpeningDone(ID))
    tell(openings, 2, OpeningDone(ID))
    assert one(openings).done
    assert not live(one(openings))
    assert [(heard.author, type(heard.event)) for heard in one(openings).history] == [
        (2, OpeningRequested),
        (2, OpeningDone),
    ]
