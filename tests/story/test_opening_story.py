"""Openings told from several desks: objected to and upheld, answered falsely, expired, frozen; payees of a batch."""

import os
from collections.abc import Callable

import pytest

from poruch.cases.openings import Opening
from poruch.crypto import age
from poruch.desk import openings, partials, screening, treasury, waiting
from poruch.desk.program import Desk, Mailing
from poruch.errors import (
    AlreadyDone,
    BadRequest,
    Expired,
    FundFrozenNow,
    NotAllowed,
    OpeningStopped,
    OpeningWithdrawn,
    TooFew,
    UnreadObjection,
)
from poruch.events.council import FundFrozen
from poruch.events.drops import Person
from poruch.events.kinds import PartialRefuted
from poruch.ledger.state import Batch
from story.test_way import IBANS, LIST, grant
from story.village import Applicant, Village

NAME = "Alena Persona"


def newest(desk: Desk) -> Opening:
    return list(desk.openings.openings.values())[-1]


@pytest.fixture
def asked(village: Village) -> Village:
    """Officer 2 asks for one name."""
    person = village.apply(NAME)
    village.sync(2)
    openings.ask(village.desks[2], "Screen a case.", [person.drop])
    village.sync(2)
    return village


def agree(village: Village, *numbers: int) -> None:
    for number in numbers:
        openings.agree(village.desks[number], newest(village.desks[number]))
    village.sync(2)


def uphold(village: Village, *numbers: int) -> None:
    for number in numbers:
        opening = newest(village.desks[number])
        openings.uphold(village.desks[number], opening, opening.objections)
    village.sync(2)


def opened(village: Village) -> tuple[list[object], list[int]]:
    people, blamed = openings.open_all(village.desks[2], newest(village.desks[2]))
    return list(people), blamed


# ---- objections -------------------------------------------------------------------------------


def test_an_objection_stops_it_until_k_have_read_it_and_uphold_it(asked: Village) -> None:
    agree(asked, 3, 4)
    openings.object_to(asked.desks[5], newest(asked.desks[5]), "He is known to us.")
    asked.sync(2)
    with pytest.raises(OpeningStopped):
        opened(asked)
    with pytest.raises(OpeningStopped):
        openings.agree(asked.desks[1], newest(asked.desks[1]))
    with pytest.raises(AlreadyDone):
        openings.object_to(asked.desks[5], newest(asked.desks[5]), "Once more.")
    with pytest.raises(UnreadObjection):
        openings.uphold(asked.desks[1], newest(asked.desks[1]), [])
    uphold(asked, 1, 5)
    with pytest.raises(AlreadyDone):
        uphold(asked, 5)
    with pytest.raises(OpeningStopped):
        opened(asked)
    uphold(asked, 2)
    assert opened(asked) == ([Person(NAME, "")], [])
    with pytest.raises(AlreadyDone):
        uphold(asked, 3)


def test_a_later_objection_must_be_read_too(asked: Village) -> None:
    openings.object_to(asked.desks[5], newest(asked.desks[5]), "First.")
    asked.sync(2)
    seen = list(newest(asked.desks[1]).objections)
    uphold(asked, 2, 3, 4)
    assert openings.live(asked.desks[1], newest(asked.desks[1]))
    openings.object_to(asked.desks[4], newest(asked.desks[4]), "Second.")
    asked.sync(2)
    with pytest.raises(UnreadObjection):
        openings.uphold(asked.desks[1], newest(asked.desks[1]), seen)
    with pytest.raises(OpeningStopped):
        agree(asked, 1)
    uphold(asked, 1, 2, 3)
    agree(asked, 1, 3)
    assert opened(asked)[0] == [Person(NAME, "")]


def test_one_withdraws_ones_own_request_and_its_key_is_destroyed(asked: Village) -> None:
    agree(asked, 3, 4)
    two = asked.desks[2]
    name = openings._name(newest(two).requests[0])
    assert two.store.secret(name)
    openings.object_to(two, newest(two), "I asked for the wrong case.")
    asked.sync(2)
    assert two.store.secret(name) is None
    for act in (opened, lambda village: agree(village, 1), lambda village: uphold(village, 1)):
        with pytest.raises(OpeningWithdrawn):
            act(asked)
    with pytest.raises(OpeningWithdrawn):
        openings.object_to(asked.desks[1], newest(asked.desks[1]), "me too")
    assert [waiting.counts(asked.desks[n])["openings"] for n in (1, 2, 3, 4, 5)] == [0] * 5


def test_when_it_is_done_nothing_opens_by_it_any_more(asked: Village) -> None:
    agree(asked, 3, 4)
    two = asked.desks[2]
    assert opened(asked) == opened(asked) == ([Person(NAME, "")], [])  # each look combines anew
    name = openings._name(newest(two).requests[0])
    two.act(openings.finish(two, newest(two)))
    assert two.store.secret(name) is None
    asked.sync(2)
    for act in (opened, lambda village: agree(village, 1), lambda village: uphold(village, 1)):
        with pytest.raises(AlreadyDone):
            act(asked)
    with pytest.raises(AlreadyDone):
        openings.object_to(asked.desks[1], newest(asked.desks[1]), "too late")


# ---- answers that do not verify ---------------------------------------------------------------


def answer_falsely(village: Village, number: int, spoil: Callable[[bytes], bytes]) -> None:
    """Officer `number` seals something else to the requester than his partial."""
    desk = village.desks[number]
    opening = newest(desk)
    events, [honest] = openings.answer_events(desk, opening)
    identity = openings._identity(village.desks[2], newest(village.desks[2]))
    sent = Mailing.of(spoil(age.open_file(honest.body, [identity])))
    desk.act([event.__class__(opening.id, event.requests, sent.sha256) for event in events], [sent])  # type: ignore[attr-defined]
    village.sync(2)


def sealed(village: Village, raw: bytes) -> bytes:
    recipient = age.PqRecipient.parse(newest(village.desks[2]).requests[0].recipient)
    return age.seal(raw, [recipient])


def everywhere(village: Village, officer: int) -> set[partials.Verdict]:
    return {partials.verdict(desk, newest(desk), officer) for desk in village.desks.values()}


SPOILED: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("the proof", lambda raw: raw[:-1] + bytes([raw[-1] ^ 1])),
    ("the point", lambda raw: raw[: 4 + 52] + bytes([raw[4 + 52] ^ 1]) + raw[4 + 53 :]),
    ("the number", lambda raw: raw[: 4 + 48] + bytes([0, 1]) + raw[4 + 50 :]),
    ("cut", lambda raw: raw[:-9]),
    ("nothing", lambda raw: b""),
    ("twice", lambda raw: raw + raw),
]


@pytest.mark.parametrize(("what", "spoil"), SPOILED, ids=[row[0] for row in SPOILED])
def test_a_partial_that_does_not_verify_names_its_officer_on_every_desk(
    asked: Village, what: str, spoil: Callable[[bytes], bytes]
) -> None:
    answer_falsely(asked, 3, lambda raw: sealed(asked, spoil(raw)))
    agree(asked, 4)
    with pytest.raises(TooFew):
        opened(asked)
    asked.sync(2)
    assert everywhere(asked, 3) == {partials.Verdict.OFFICER}
    for desk in asked.desks.values():
        assert "Officer 3 gave officer 2 a partial that does not verify." in waiting.faults(desk)
        assert partials.counted(desk, newest(desk)) == [2, 4]
    assert waiting.counts(asked.desks[1])["openings"] == 1  # his answer does not count: another one is needed
    agree(asked, 5)
    assert opened(asked) == ([Person(NAME, "")], [3])
    assert len([one for one in newest(asked.desks[2]).history if isinstance(one.event, PartialRefuted)]) == 1


def test_an_answer_that_is_no_age_file_needs_no_key_to_be_judged(asked: Village) -> None:
    answer_falsely(asked, 3, lambda raw: b"not a file")
    agree(asked, 4, 5)
    assert opened(asked) == ([Person(NAME, "")], [3])
    asked.sync(2)
    assert newest(asked.desks[1]).refutations == {3: b""}
    assert everywhere(asked, 3) == {partials.Verdict.OFFICER}


def test_nobody_is_judged_by_an_answer_sealed_to_somebody_else(asked: Village) -> None:
    stranger = age.PqIdentity.generate().recipient
    answer_falsely(asked, 3, lambda raw: age.seal(raw, [stranger]))
    agree(asked, 4, 5)
    assert opened(asked) == ([Person(NAME, "")], [3])
    asked.sync(2)
    assert newest(asked.desks[1]).refutations == {3: b""}
    assert everywhere(asked, 3) == {partials.Verdict.NOBODY}
    said = "Officer 2 says that the answer of officer 3 does not open; nobody can tell why."
    assert said in waiting.faults(asked.desks[4])


@pytest.mark.parametrize("true_key", [True, False], ids=["the key of a good answer", "another key"])
def test_a_false_accusation_falls_back_on_the_requester(asked: Village, true_key: bool) -> None:
    agree(asked, 3, 4)
    two = asked.desks[2]
    body = two.store.body(newest(two).answers[3])
    assert body is not None
    key = age.file_key_of(body, openings._identity(two, newest(two))) if true_key else os.urandom(16)
    two.act([PartialRefuted(newest(two).id, 3, key)])
    asked.sync(2)
    assert everywhere(asked, 3) == {partials.Verdict.REQUESTER}
    said = "Officer 2 accused officer 3 falsely of a partial that does not verify."
    for desk in asked.desks.values():
        assert said in waiting.faults(desk)
        assert partials.counted(desk, newest(desk)) == [2, 3, 4]


def test_a_refuted_answer_that_is_not_here_yet_is_not_judged_and_not_counted(asked: Village) -> None:
    answer_falsely(asked, 3, lambda raw: sealed(asked, b""))
    with pytest.raises(TooFew):
        opened(asked)
    body = newest(asked.desks[2]).answers[3]
    kept = asked.front.bodies.pop(body)
    asked.sync(2)
    assert partials.verdict(asked.desks[1], newest(asked.desks[1]), 3) is partials.Verdict.WAITS
    assert partials.counted(asked.desks[1], newest(asked.desks[1])) == [2]
    asked.front.bodies[body] = kept
    asked.sync(2)
    assert everywhere(asked, 3) == {partials.Verdict.OFFICER}


# ---- expiry, freeze ---------------------------------------------------------------------------


@pytest.mark.parametrize(("days", "possible"), [(0, False), (1, True), (60, True), (61, False), (-3, False)])
def test_the_requester_chooses_the_last_day(asked: Village, days: int, possible: bool) -> None:
    one, drop = asked.desks[1], newest(asked.desks[1]).drops[0]
    if not possible:
        with pytest.raises(BadRequest):
            openings.ask(one, "Screen a case.", [drop], days)
        return
    openings.ask(one, "Screen a case.", [drop], days)
    asked.sync(2)
    assert (newest(asked.desks[4]).until - asked.clock()).days == days
    asked.clock.turn(days)
    agree(asked, 4)
    asked.clock.turn(1)
    with pytest.raises(Expired):
        agree(asked, 5)
    with pytest.raises(Expired):
        openings.open_all(one, newest(one))
    openings.ask(one, "Screen it now.", [drop])
    assert one.store.secret(openings._name(list(one.openings.openings.values())[-2].requests[0])) is None


def test_nothing_is_asked_given_or_opened_while_the_fund_is_frozen(asked: Village) -> None:
    agree(asked, 3, 4)
    drop = newest(asked.desks[1]).drops[0]
    asked.desks[5].act([FundFrozen(bytes(16))])
    asked.sync(2)
    for act in (
        lambda: openings.ask(asked.desks[1], "Screen it.", [drop]),
        lambda: agree(asked, 1),
        lambda: opened(asked),
        lambda: uphold(asked, 1),
        lambda: treasury.propose_batch(asked.desks[5], [], asked.clock()),
    ):
        with pytest.raises(FundFrozenNow):
            act()
    openings.object_to(asked.desks[1], newest(asked.desks[1]), "One may always object.")


# ---- batches ----------------------------------------------------------------------------------


@pytest.fixture
def batched(village: Village) -> tuple[Village, list[Applicant]]:
    """Two payees in a batch of officer 5."""
    for desk in village.desks.values():
        screening.keep_list(desk, LIST)
    people = [village.apply(f"Alena Persona{'ab'[at]}") for at in range(2)]
    village.sync(2)
    for person, iban in zip(people, IBANS, strict=False):
        grant(village, person)
        village.give_payee(person, iban)
    village.sync(2)
    five = village.desks[5]
    treasury.propose_batch(five, treasury.payable(five), village.clock())
    village.sync(2)
    return village, people


def batch_on(desk: Desk) -> Batch:
    return list(desk.ledger.batches.values())[-1]


def approve(village: Village, *numbers: int) -> None:
    for number in numbers:
        treasury.approve_batch(village.desks[number], batch_on(village.desks[number]))
    village.sync(2)


def test_a_batch_that_was_objected_to_waits_for_k(batched: tuple[Village, list[Applicant]]) -> None:
    village, _ = batched
    approve(village, 3)
    openings.object_to(village.desks[1], newest(village.desks[1]), "One of them moved.")
    village.sync(2)
    with pytest.raises(OpeningStopped):
        approve(village, 2)
    assert [waiting.counts(village.desks[n])["batches"] for n in (1, 2, 3, 4, 5)] == [0, 0, 0, 0, 1]
    uphold(village, 1, 2, 3)
    approve(village, 2)
    assert treasury.export(village.desks[5], batch_on(village.desks[5])).left_out == ()


def test_who_withdraws_his_batch_frees_its_instalments(batched: tuple[Village, list[Applicant]]) -> None:
    village, _ = batched
    five = village.desks[5]
    approve(village, 3)
    assert treasury.payable(five) == []
    openings.object_to(five, newest(five), "The wrong day.")
    village.sync(2)
    for desk in village.desks.values():
        assert not desk.ledger.batches
        assert [batch.proposal.number for batch in desk.ledger.withdrawn.values()] == [1]
    assert len(treasury.payable(five)) == 2
    again = treasury.propose_batch(five, treasury.payable(five), village.clock())
    assert again.proposal.number == 2
    village.sync(2)
    approve(village, 3, 1)
    assert treasury.export(five, batch_on(five)).left_out == ()


def test_approvals_that_crossed_the_withdrawal_bring_a_batch_back(batched: tuple[Village, list[Applicant]]) -> None:
    village, _ = batched
    five = village.desks[5]
    approve(village, 3)
    treasury.approve_batch(village.desks[1], batch_on(village.desks[1]))  # it has not heard of what comes now
    openings.object_to(five, newest(five), "The wrong day.")
    village.sync(2)
    for desk in village.desks.values():
        assert sorted(batch_on(desk).approvals) == [1, 3]
        assert not desk.ledger.withdrawn
    treasury.ask_again(five, batch_on(five))
    village.sync(2)
    approve(village, 1, 3)
    assert treasury.export(five, batch_on(five)).left_out == ()


def test_k_who_object_free_the_instalments_of_an_exporter_who_is_gone(
    batched: tuple[Village, list[Applicant]],
) -> None:
    village, _ = batched
    village.clock.turn(15)
    for number, left in ((1, 1), (2, 1), (3, 0)):
        openings.object_to(village.desks[number], newest(village.desks[number]), "He was taken.")
        village.sync(2)
        assert len(village.desks[4].ledger.batches) == left
    assert len(treasury.payable(village.desks[4])) == 2


def test_an_approved_batch_whose_opening_expired_is_asked_for_again(batched: tuple[Village, list[Applicant]]) -> None:
    village, _ = batched
    five = village.desks[5]
    approve(village, 3, 1)
    with pytest.raises(AlreadyDone):
        treasury.ask_again(five, batch_on(five))
    village.clock.turn(15)
    with pytest.raises(Expired):
        treasury.export(five, batch_on(five))
    assert waiting.batch_waits(five, batch_on(five))
    with pytest.raises(NotAllowed):
        treasury.ask_again(village.desks[4], batch_on(village.desks[4]))
    openings.object_to(five, newest(five), "Too late.")  # enough stand behind it: its instalments stay where they are
    village.sync(2)
    assert treasury.payable(five) == []
    treasury.ask_again(five, batch_on(five))
    village.sync(2)
    assert [waiting.counts(village.desks[n])["batches"] for n in (1, 2, 3, 4, 5)] == [1, 1, 1, 1, 0]
    with pytest.raises(TooFew):
        treasury.export(five, batch_on(five))
    approve(village, 3, 1)
    assert treasury.export(five, batch_on(five)).left_out == ()
    with pytest.raises(AlreadyDone):
        treasury.ask_again(five, batch_on(five))
