"""Requests to open: one text a file, all of one purpose; answers count once, objections end it."""

import os
from datetime import date, timedelta

import pytest
from msgspec import structs

from cases.casebook import DAY, drop_id
from poruch.cases.openings import Opening, Openings
from poruch.crypto.age import PqIdentity
from poruch.crypto.opening import OpeningRequest
from poruch.events.base import Event
from poruch.events.heard import Heard
from poruch.events.kinds import BatchItem, BatchProposed, OpeningDone, OpeningObjected, OpeningRequested, PartialGiven

RECIPIENTS = [PqIdentity.generate().recipient.text for _ in range(2)]
PURPOSE = "Pay batch 1, and nothing else."
ID = b"o" * 32


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
    assert opening.live(DAY + timedelta(days=5))
    assert not opening.live(DAY + timedelta(days=6))
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


def test_one_objection_ends_it(openings: Openings) -> None:
    tell(openings, 4, OpeningObjected(ID, "He is my brother."))
    tell(openings, 4, OpeningObjected(ID, "Second thoughts."))
    assert one(openings).objections == {4: "He is my brother."}
    assert not one(openings).live(DAY)


def test_only_the_requester_says_that_it_is_done(openings: Openings) -> None:
    tell(openings, 3, OpeningDone(ID))
    assert one(openings).live(DAY)
    tell(openings, 2, OpeningDone(ID))
    assert one(openings).done
    assert not one(openings).live(DAY)
