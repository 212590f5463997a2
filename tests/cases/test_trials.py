"""Trials of the quorum key: what counts as one, whose answers count, and that nothing else can be opened with them."""

import os
from dataclasses import replace
from datetime import date, timedelta

import pytest

from crypto.quorum_fund import Fund, hold_ceremony, seeded
from poruch.cases import trials
from poruch.cases.trials import FILE_SIZE, KNOWN, OF_A_KEY, REHEARSAL, Trial, Trials
from poruch.crypto.age import X25519Identity, header_hash
from poruch.crypto.group import multiply, multiply_base, random_scalar
from poruch.crypto.opening import OpeningRequest, give_partial, sort_answers
from poruch.crypto.padding import pad
from poruch.crypto.quorum_file import check_file, seal_to_quorum
from poruch.errors import BadPartial, BadProof, WrongFile, WrongGroup, WrongPlace
from poruch.events.base import Event
from poruch.events.ceremony import TrialAnswered, TrialBegun
from poruch.events.heard import Heard

DAY = date(2026, 9, 1)
LAST = DAY + timedelta(days=30)
ID, SESSION = b"t" * 32, b"s" * 32
FUND = hold_ceremony(3, (1, 2, 3, 4, 5), seeded(7))
NOBODY = X25519Identity(bytes(range(32))).recipient.text
PLACE = "trial/" + "0123456789abcdef" * 2


def begun(
    *,
    author: int = 1,
    place: str = PLACE,
    content: bytes = KNOWN,
    purpose: str = REHEARSAL,
    session: bytes = b"",
    until: date = LAST,
    fund: Fund = FUND,
    file: bytes | None = None,
) -> TrialBegun:
    made = seal_to_quorum(content, fund.group.Y, place) if file is None else file
    request = OpeningRequest(fund.group.id, header_hash(made), place, author, NOBODY, until, purpose)
    return TrialBegun(session, request.encode(), made)


def tell(heard: Trials, author: int, event: Event, at: bytes = ID, day: date = DAY) -> None:
    heard.apply(Heard(at, author, day, event))  # type: ignore[arg-type]


def with_trial(event: TrialBegun | None = None, author: int = 1) -> tuple[Trials, Trial]:
    heard = Trials()
    tell(heard, author, event or begun(author=author))
    assert heard.faults == []
    return heard, heard.trials[ID]


def answer(trial: Trial, officer: int, fund: Fund = FUND) -> TrialAnswered:
    place = trial.request.place
    share = fund.shares[officer]
    return TrialAnswered(ID, give_partial(trial.file, trial.request, fund.group, officer, share, DAY, place=place))


# ---- what counts as a trial -------------------------------------------------------------------


def test_a_file_of_nothing_has_its_length() -> None:
    assert len(seal_to_quorum(KNOWN, FUND.group.Y, PLACE)) == FILE_SIZE == 646


def test_a_rehearsal_and_the_trial_of_a_new_key_are_told_apart() -> None:
    _, rehearsal = with_trial()
    _, of_a_key = with_trial(begun(session=SESSION, purpose=OF_A_KEY))
    assert (rehearsal.is_rehearsal, of_a_key.is_rehearsal) == (True, False)
    assert (rehearsal.author, rehearsal.day, rehearsal.until) == (1, DAY, LAST)


DROP = "drop/" + "0123456789abcdef" * 2 + "/payee"
NOT_TRIALS = {
    "a request in the name of another": begun(author=2),
    "another purpose": begun(purpose="Open it."),
    "the purpose of a new key": begun(purpose=OF_A_KEY),
    "no session": begun(session=SESSION[1:]),
    "a rehearsal with a session": begun(session=SESSION),
    "the place of a payee": begun(place=DROP),
    "a place beside the places": begun(place="trial/" + "0123456789abcdef"),
    "a place below the places": begun(place=PLACE + "/person"),
    "capital letters": begun(place=PLACE.upper().replace("TRIAL", "trial")),
    "a longer file": begun(content=pad(bytes(300))),
    "a shorter file": begun(content=KNOWN[:-1]),
    "a file that the request does not name": TrialBegun(b"", begun().text, seal_to_quorum(KNOWN, FUND.group.Y, PLACE)),
    "no file": TrialBegun(b"", begun().text, bytes(FILE_SIZE)),
    "no request": TrialBegun(b"", b"open", begun().file),
    "a last day that is over": begun(until=DAY - timedelta(days=1)),
    "a last day too far": begun(until=LAST + timedelta(days=1)),
}


@pytest.mark.parametrize("event", NOT_TRIALS.values(), ids=list(NOT_TRIALS))
def test_what_is_no_trial_is_a_sentence_and_nothing_more(event: TrialBegun) -> None:
    heard = Trials()
    tell(heard, 1, event)
    assert heard.trials == {}
    assert len(heard.faults) == 1
    assert heard.faults[0].startswith("What officer 1 began is not a trial of the key: ")


def test_no_two_trials_have_one_place() -> None:
    heard, _ = with_trial()
    tell(heard, 1, begun(), b"u" * 32)
    assert list(heard.trials) == [ID]
    assert len(heard.faults) == 1


# ---- answers ----------------------------------------------------------------------------------


def test_k_answers_open_it_and_the_day_is_that_of_the_last_one_needed() -> None:
    heard, trial = with_trial()
    for at, officer in enumerate((5, 2)):
        tell(heard, officer, answer(trial, officer), day=DAY + timedelta(days=at))
    assert trial.result(FUND.group) == trials.Result((2, 5), (), None, True)
    assert trial.state(FUND.group, DAY) == "waiting"
    assert trial.state(FUND.group, LAST) == "waiting"
    assert trial.state(FUND.group, LAST + timedelta(days=1)) == "expired"
    tell(heard, 3, answer(trial, 3), day=DAY + timedelta(days=9))
    tell(heard, 1, answer(trial, 1), day=DAY + timedelta(days=20))
    assert trial.result(FUND.group) == trials.Result((1, 2, 3, 5), (), DAY + timedelta(days=9), True)
    assert trial.state(FUND.group, LAST + timedelta(days=400)) == "succeeded"


def test_the_first_answer_counts_until_the_last_day() -> None:
    heard, trial = with_trial()
    first = answer(trial, 2)
    tell(heard, 2, first)
    tell(heard, 2, answer(trial, 2))
    tell(heard, 3, answer(trial, 3), day=LAST + timedelta(days=1))
    tell(heard, 4, TrialAnswered(b"x" * 32, answer(trial, 4).answer))
    assert {officer: one.answer for officer, one in trial.answers.items()} == {2: first.answer}
    assert heard.faults == []


@pytest.mark.parametrize("damage", [lambda raw: raw[:-1], lambda raw: raw + b"\0", lambda raw: b""])
def test_an_answer_of_another_length_is_not_taken(damage) -> None:  # type: ignore[no-untyped-def]
    heard, trial = with_trial()
    tell(heard, 2, TrialAnswered(ID, damage(answer(trial, 2).answer)))
    assert trial.answers == {}
    assert heard.faults == ["An answer to a trial by officer 2 is damaged, or in the name of another."]


def test_nobody_answers_with_the_partial_of_a_colleague() -> None:
    heard, trial = with_trial()
    tell(heard, 3, answer(trial, 2))
    assert trial.answers == {}
    assert len(heard.faults) == 1


def test_a_bad_answer_is_blamed_and_does_not_stop_the_others() -> None:
    heard, trial = with_trial()
    wrong = bytearray(answer(trial, 4).answer)
    wrong[-1] ^= 1
    tell(heard, 4, TrialAnswered(ID, bytes(wrong)))
    other = Trial(b"o" * 32, 1, DAY, b"", replace(trial.request, until=DAY), trial.file)
    tell(heard, 2, TrialAnswered(ID, answer(other, 2).answer))  # for another request about the same file
    for officer in (1, 3):
        tell(heard, officer, answer(trial, officer))
    assert trial.result(FUND.group) == trials.Result((1, 3), (2, 4), None, True)
    tell(heard, 5, answer(trial, 5))
    assert trial.result(FUND.group).succeeded == DAY
    assert trial.result(FUND.group).blamed == (2, 4)


def test_shares_of_before_a_resharing_try_nothing() -> None:
    new = hold_ceremony(3, (1, 2, 3, 4, 5), seeded(8), FUND, (1, 2, 3))
    assert new.group.Y == FUND.group.Y
    heard, trial = with_trial(begun(session=SESSION, purpose=OF_A_KEY, fund=new))
    with pytest.raises(WrongGroup):
        trial.result(FUND.group)
    old = Trial(ID, 1, DAY, b"", replace(trial.request, group=FUND.group.id), trial.file)
    for officer in (1, 2, 3):
        raw = answer(old, officer).answer
        tell(heard, officer, TrialAnswered(ID, raw[:16] + trial.request.hash + raw[48:]))
    assert trial.result(new.group) == trials.Result((), (1, 2, 3), None, True)


def test_a_file_that_opens_to_something_else_is_its_authors_fault() -> None:
    heard, trial = with_trial(begun(content=KNOWN[:-1] + b"!"))
    for officer in (1, 2, 3):
        tell(heard, officer, answer(trial, officer))
    assert trial.result(FUND.group) == trials.Result((1, 2, 3), (1,), None, False)
    assert trial.state(FUND.group, DAY) == "failed"


# ---- nothing else is opened -------------------------------------------------------------------


def test_who_made_the_file_could_have_computed_every_partial() -> None:
    """So a partial for a proven file tells its author nothing: `s_i * E = e * P_i`, and he knows `e`."""
    e = random_scalar(seeded(9))
    for officer in FUND.group.officers:
        given = multiply(FUND.shares[officer], multiply_base(e))
        assert given == multiply(e, FUND.group.verification_share(officer))


def test_the_file_of_a_drop_does_not_pass_as_a_trial() -> None:
    """As long as nothing, and named as a trial: but its proof holds at its own place only."""
    real = seal_to_quorum(KNOWN, FUND.group.Y, DROP)
    _heard, trial = with_trial(begun(file=real))
    with pytest.raises(BadProof):
        answer(trial, 2)
    assert trial.state(FUND.group, DAY) == "failed"
    assert trial.result(FUND.group).blamed == (1,)


def test_answers_to_a_trial_are_void_for_a_real_request_and_at_a_drops_place() -> None:
    _heard, trial = with_trial()
    real = OpeningRequest(FUND.group.id, header_hash(trial.file), DROP, 1, NOBODY, LAST, "Pay.")
    with pytest.raises(WrongPlace):
        give_partial(trial.file, real, FUND.group, 2, FUND.shares[2], DAY, place=PLACE)
    with pytest.raises(BadProof):
        check_file(trial.file, FUND.group.Y, DROP)
    raw = answer(trial, 2).answer
    good, faults = sort_answers([raw[:16] + real.hash + raw[48:]], real, FUND.group, trial.file)
    assert good == ()
    assert [type(fault) for fault in faults] == [BadPartial]


def test_a_desk_looks_at_place_and_length_again() -> None:
    _, trial = with_trial()
    trials.check_shape(trial)
    with pytest.raises(WrongFile):
        trials.check_shape(replace(trial, file=os.urandom(FILE_SIZE + 1)))
    with pytest.raises(WrongPlace):
        trials.check_shape(replace(trial, request=replace(trial.request, place=DROP)))


def test_an_answer_is_not_shown() -> None:
    heard, trial = with_trial()
    given = answer(trial, 2)
    tell(heard, 2, given)
    assert repr(trial.answers[2]) == f"Given(day={DAY!r})"
    assert repr(given.answer)[2:-1] not in repr(trial)
