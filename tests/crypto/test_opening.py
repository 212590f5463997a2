"""Opening together: every vector of section 7, any k of n, and nothing less."""

import dataclasses
import subprocess
from datetime import date, timedelta
from itertools import combinations
from random import Random as Dice
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.quorum_fund import (
    PLACE,
    REQUESTER,
    TODAY,
    Fund,
    answers_of,
    choose,
    hold_ceremony,
    request_for,
    seeded,
    thresholds,
)
from crypto.quorum_vectors import RESHARED, VECTORS, cases, group, shares, unbase64, unhex
from poruch.crypto.age import PqIdentity, X25519Identity, open_file, seal, unwrap_file_key
from poruch.crypto.ceremony import Group
from poruch.crypto.group import IDENTITY, add, check_point, encode_scalar, lagrange, montgomery, multiply
from poruch.crypto.opening import (
    ANSWER_SIZE,
    OpeningRequest,
    check_answer,
    combine,
    combine_partials,
    give_partial,
    parse_request,
    sort_answers,
)
from poruch.crypto.quorum_file import check_file, seal_to_quorum
from poruch.errors import (
    BadAnswer,
    BadOfficers,
    BadPartial,
    BadShare,
    Expired,
    NoProof,
    NotForThisGroup,
    NotForThisKey,
    PoruchError,
    TooFew,
    WrongFile,
    WrongGroup,
    WrongPlace,
)

FILES = VECTORS["files"]
PARTIALS = VECTORS["partials"]
THREE = [(1, 2, 3), (1, 3, 5), (2, 4, 5)]


def fund(name: str) -> Fund:
    return Fund(group(name), shares(name))


def open_with(who: Fund, officers: tuple[int, ...], case: dict[str, Any], **options: bool) -> bytes:
    file = unbase64(case["file"])
    answers = answers_of(who, officers, file, case["place"], **options)
    return combine(file, request_for(who, file, case["place"]), who.group, answers)


# ---- files of the vectors ---------------------------------------------------------------------


@pytest.mark.parametrize("case", cases(FILES["valid"], "name"))
def test_valid_files_open_with_any_k(case: dict[str, Any]) -> None:
    who = fund(case["group"])
    for officers in combinations(who.group.officers, who.group.k):
        assert open_with(who, officers, case) == unhex(case["plaintext"])
    with pytest.raises(TooFew):
        open_with(who, who.group.officers[1 : who.group.k], case)


@pytest.mark.parametrize("case", cases([case for case in FILES["valid"] if case["group"] == "3-of-5"], "name"))
def test_old_files_open_after_the_resharing(case: dict[str, Any]) -> None:
    for officers in combinations(group(RESHARED).officers, 4):
        assert open_with(fund(RESHARED), officers, case) == unhex(case["plaintext"])
    with pytest.raises(TooFew):
        open_with(fund(RESHARED), (1, 2, 6), case)


@pytest.mark.parametrize("case", cases(FILES["unproven"], "name"))
def test_unproven_files_open_only_by_an_explicit_act(case: dict[str, Any]) -> None:
    who = fund(case["group"])
    with pytest.raises(PoruchError) as caught:
        open_with(who, (1, 2, 3), case)
    assert caught.value.name == case["error_when_proof_is_demanded"]
    for officers in THREE:
        assert open_with(who, officers, case, allow_unproven=True) == unhex(case["plaintext"])


@pytest.mark.parametrize("case", cases([case for case in FILES["invalid"] if case["stage"] == "open"], "name"))
@pytest.mark.parametrize("officers", THREE, ids=str)
def test_files_that_do_not_open(case: dict[str, Any], officers: tuple[int, ...]) -> None:
    with pytest.raises(PoruchError) as caught:
        open_with(fund(case["group"]), officers, case)
    assert caught.value.name == case["error"]


@pytest.mark.parametrize("case", cases([case for case in FILES["invalid"] if case["stage"] == "officer"], "name"))
def test_no_officer_answers_an_invalid_file(case: dict[str, Any]) -> None:
    """Before the request can be made the header must parse; then the officer's check refuses."""
    with pytest.raises(PoruchError) as caught:
        open_with(fund(case["group"]), (1, 2, 3), case)
    assert caught.value.name == case["error"]


# ---- answers of the vectors -------------------------------------------------------------------


def vector_answer(request: OpeningRequest, case: dict[str, Any]) -> bytes:
    head = b"poruch/answer/v1" + request.hash + case["officer"].to_bytes(2, "big") + b"\0\1"
    return head + unhex(case["D"]) + unhex(case["proof"])


VECTOR_FILE = unbase64(PARTIALS["file"])
VECTOR_REQUEST = parse_request(PARTIALS["request"].encode())


@pytest.mark.parametrize("case", PARTIALS["valid"], ids=lambda case: f"officer {case['officer']}")
def test_valid_partials(case: dict[str, Any]) -> None:
    officer, share = case["officer"], shares(PARTIALS["group"])[case["officer"]]
    answer = unhex(case["answer"])
    assert answer == vector_answer(VECTOR_REQUEST, case)
    partial = check_answer(answer, VECTOR_REQUEST, group(PARTIALS["group"]), VECTOR_FILE)
    assert (partial.officer, partial.points) == (officer, (unhex(case["D"]),))
    lock = check_file(VECTOR_FILE, group(PARTIALS["group"]).Y, PARTIALS["place"])
    assert multiply(share, lock.E) == unhex(case["D"])
    ours = give_partial(
        VECTOR_FILE, VECTOR_REQUEST, group(PARTIALS["group"]), officer, share, TODAY, place=PARTIALS["place"]
    )
    # All but the 64 bytes of the proof, which is random.
    assert ours[:-64] == answer[:-64]
    assert len(ours) == ANSWER_SIZE == 148


def test_the_sealed_answer() -> None:
    case = PARTIALS["valid"][0]
    identity = PqIdentity.parse(VECTORS["requests"]["valid"][0]["requester_identity"])
    assert open_file(unbase64(case["sealed"]), [identity]) == unhex(case["answer"])


@pytest.mark.parametrize("case", cases(PARTIALS["invalid"]))
def test_invalid_partials(case: dict[str, Any]) -> None:
    request = parse_request(case["request"].encode())
    answer = vector_answer(request, case)
    with pytest.raises(PoruchError) as caught:
        check_answer(answer, request, group(case["group"]), VECTOR_FILE)
    assert (caught.value.name, caught.value.blame) == (case["error"], case["officer"])


@pytest.mark.parametrize("case", cases(VECTORS["bad_answers"]))
def test_bad_answers(case: dict[str, Any]) -> None:
    request = parse_request(case["request"].encode())
    with pytest.raises(PoruchError) as caught:
        check_answer(unhex(case["answer"]), request, group(PARTIALS["group"]), VECTOR_FILE)
    assert caught.value.name == case["error"]


@pytest.mark.parametrize("case", PARTIALS["combining"], ids=lambda case: str(case["officers"]))
def test_combining(case: dict[str, Any]) -> None:
    answers = [unhex(row["answer"]) for row in PARTIALS["valid"] if row["officer"] in case["officers"]]
    if "error" in case:
        with pytest.raises(PoruchError) as caught:
            combine(VECTOR_FILE, VECTOR_REQUEST, group(PARTIALS["group"]), answers)
        assert caught.value.name == case["error"]
    else:
        plaintext = combine(VECTOR_FILE, VECTOR_REQUEST, group(PARTIALS["group"]), answers)
        assert plaintext == unhex(PARTIALS["plaintext"])


@pytest.mark.parametrize("case", cases(PARTIALS["refused_requests"]))
def test_refused_requests(case: dict[str, Any]) -> None:
    request = parse_request(case["request"].encode())
    today = date.fromisoformat(case.get("today", "2026-12-01"))
    with pytest.raises(PoruchError) as caught:
        give_partial(VECTOR_FILE, request, group("3-of-5"), 1, shares("3-of-5")[1], today, place=PARTIALS["place"])
    assert caught.value.name == case["error"]


# ---- any k, no k - 1 --------------------------------------------------------------------------


def raw_key(weights: dict[int, int], points: dict[int, bytes]) -> bytes:
    """What anybody could compute from points, proofs aside: u of their weighted sum."""
    shared = IDENTITY
    for officer, weight in weights.items():
        shared = add(shared, multiply(weight, points[officer]))
    return montgomery(shared)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(thresholds()), st.randoms(use_true_random=False), st.binary(max_size=200))
def test_any_k_open_and_no_k_minus_1(size: tuple[int, int], dice: Dice, plaintext: bytes) -> None:
    (n, k), random = size, seeded(dice.getrandbits(32))
    who = hold_ceremony(k, sorted(dice.sample(range(1, 65536), n)), random)
    file = seal_to_quorum(plaintext, who.group.Y, PLACE, random)
    request = request_for(who, file)
    answers = answers_of(who, choose(dice, who, k), file)
    assert combine(file, request, who.group, answers) == plaintext
    fewer = answers[1:]
    with pytest.raises(TooFew):
        combine(file, request, who.group, fewer)
    with pytest.raises(TooFew):
        combine(file, request, who.group, [*fewer, fewer[0]])
    # Nor by hand, without asking how many there must be.
    lock = check_file(file, who.group.Y, PLACE).locks[0]
    points = {p.officer: p.points[0] for p in (check_answer(a, request, who.group, file) for a in fewer)}
    with pytest.raises(NotForThisKey):
        unwrap_file_key(lock.body, raw_key(lagrange(points), points), lock.u, who.group.u)


@settings(max_examples=15, deadline=None)
@given(st.sampled_from(thresholds()), st.randoms(use_true_random=False))
def test_old_and_new_shares_do_not_mix(size: tuple[int, int], dice: Dice) -> None:
    (n, k), random = size, seeded(dice.getrandbits(32))
    old = hold_ceremony(k, range(1, n + 1), random)
    new = hold_ceremony(k, range(1, n + 1), random, old, choose(dice, old, k))
    file = seal_to_quorum(b"of the old days", old.group.Y, PLACE, random)
    officers = choose(dice, new, k)
    cut = dice.randrange(1, k)
    stale = Fund(new.group, {i: (old if i in officers[:cut] else new).shares[i] for i in officers})
    # An officer with a stale share is told so by his own desk.
    with pytest.raises(BadShare):
        answers_of(stale, officers[:1], file)
    # Answers under the old group are for another request.
    mixed = [*answers_of(old, officers[:cut], file), *answers_of(new, officers[cut:], file)]
    with pytest.raises(TooFew):
        combine(file, request_for(new, file), new.group, mixed)
    with pytest.raises(TooFew):
        combine(file, request_for(old, file), old.group, mixed)
    # Nor by hand.
    lock = check_file(file, old.group.Y, PLACE).locks[0]
    points = {i: multiply(stale.shares[i], lock.E) for i in officers}
    with pytest.raises(NotForThisKey):
        unwrap_file_key(lock.body, raw_key(lagrange(officers), points), lock.u, old.group.u)
    # Both sets, each for itself, open the file.
    for who in (old, new):
        assert combine(file, request_for(who, file), who.group, answers_of(who, officers, file)) == b"of the old days"


def test_two_groups_have_two_keys() -> None:
    file = seal_to_quorum(b"", group("3-of-5").Y, PLACE)
    other = fund("2-of-3")
    lock = check_file(file, group("3-of-5").Y, PLACE).locks[0]
    points = {i: multiply(other.shares[i], lock.E) for i in (1, 2)}
    with pytest.raises(NotForThisKey):
        unwrap_file_key(lock.body, raw_key(lagrange((1, 2)), points), lock.u, other.group.u)
    with pytest.raises(PoruchError):
        answers_of(other, (1, 2), file)


def test_a_file_of_another_tool_to_another_key() -> None:
    """Unproven, answered by all, and still not for this group."""
    who = fund("3-of-5")
    file = seal(b"", [X25519Identity(bytes(range(32))).recipient])
    answers = answers_of(who, (1, 2, 3), file, allow_unproven=True)
    with pytest.raises(NotForThisGroup):
        combine(file, request_for(who, file), who.group, answers)


# ---- bad answers among good ones --------------------------------------------------------------


SEALED = seal_to_quorum(b"payee", group("3-of-5").Y, PLACE, seeded(9))


def test_bad_answers_are_named_and_do_not_stop_the_others() -> None:
    who, request = fund("3-of-5"), request_for(fund("3-of-5"), SEALED)
    good = answers_of(who, (5, 3, 1), SEALED)
    [true] = answers_of(who, (2,), SEALED)
    forged = true[:-1] + bytes([true[-1] ^ 1])
    partials, faults = sort_answers([forged, *good, b"", good[0]], request, who.group, SEALED)
    assert [partial.officer for partial in partials] == [1, 3, 5]
    assert [(type(fault), fault.blame) for fault in faults] == [(BadPartial, 2), (BadAnswer, None)]
    assert combine(SEALED, request, who.group, [forged, *good]) == b"payee"
    with pytest.raises(TooFew):
        combine(SEALED, request, who.group, [forged, *good[1:]])


def test_checked_partials_combine_without_being_checked_again() -> None:
    who, request = fund("3-of-5"), request_for(fund("3-of-5"), SEALED)
    partials, _ = sort_answers(answers_of(who, (5, 3, 1, 2), SEALED), request, who.group, SEALED)
    assert combine_partials(SEALED, request, who.group, partials) == b"payee"
    assert combine_partials(SEALED, request, who.group, partials[1:]) == b"payee"
    with pytest.raises(TooFew):
        combine_partials(SEALED, request, who.group, [partials[0], partials[1], partials[0]])
    other = seal_to_quorum(b"payee", who.group.Y, PLACE, seeded(10))
    with pytest.raises(WrongFile):
        combine_partials(other, request, who.group, partials)
    with pytest.raises(WrongGroup):
        combine_partials(SEALED, request, fund("2-of-3").group, partials)


@given(st.integers(0, ANSWER_SIZE * 8 - 1))
@settings(deadline=None)
def test_every_bit_of_an_answer_counts(bit: int) -> None:
    who = fund("3-of-5")
    answer = answers_of(who, (2,), SEALED)[0]
    changed = (int.from_bytes(answer, "big") ^ 1 << bit).to_bytes(ANSWER_SIZE, "big")
    with pytest.raises((BadAnswer, BadPartial)):
        check_answer(changed, request_for(who, SEALED), who.group, SEALED)


def test_a_partial_does_not_show_its_points() -> None:
    who = fund("3-of-5")
    partial = check_answer(answers_of(who, (2,), SEALED)[0], request_for(who, SEALED), who.group, SEALED)
    check_point(partial.points[0])
    assert repr(partial) == "Partial(officer=2)"


def test_a_partial_is_worth_nothing_under_another_request() -> None:
    """The same file, officers and group; another purpose, requester, place or day."""
    who, request = fund("3-of-5"), request_for(fund("3-of-5"), SEALED)
    answer = answers_of(who, (2,), SEALED)[0]
    changes: list[dict[str, Any]] = [
        {"purpose": "pay me"},
        {"officer": 2},
        {"place": "drop/1/payee"},
        {"until": TODAY + timedelta(days=1)},
        {"recipient": X25519Identity(bytes(32)).recipient.text},
    ]
    for change in changes:
        other = dataclasses.replace(request, **change)
        with pytest.raises(BadAnswer):
            check_answer(answer, other, who.group, SEALED)
        with pytest.raises(BadPartial):
            check_answer(answer[:16] + other.hash + answer[48:], other, who.group, SEALED)


# ---- when an officer does not answer ----------------------------------------------------------


def ask(request: OpeningRequest, **options: Any) -> bytes:
    who = fund("3-of-5")
    arguments = {"officer": 2, "share": who.shares[2], "today": TODAY, "place": PLACE, "group": who.group, **options}
    return give_partial(SEALED, request, **arguments)


def test_the_last_day_is_a_whole_day() -> None:
    request = request_for(fund("3-of-5"), SEALED)
    assert len(ask(request)) == ANSWER_SIZE
    with pytest.raises(Expired):
        ask(request, today=TODAY + timedelta(days=1))


def test_the_place_is_that_of_the_officers_own_journal() -> None:
    request = request_for(fund("3-of-5"), SEALED)
    with pytest.raises(WrongPlace):
        ask(request, place="drop/thief/payee")
    moved = dataclasses.replace(request, place="drop/thief/payee")
    with pytest.raises(WrongPlace):
        ask(moved)


def test_the_order_of_refusals() -> None:
    """Group, file, day, place, proof: the first that applies, as the specification orders them."""
    right = request_for(fund("3-of-5"), SEALED)
    everything = {"group": bytes(32), "file": bytes(32), "until": date(2026, 1, 1), "place": "elsewhere"}
    for error, fixed in ((WrongGroup, "group"), (WrongFile, "file"), (Expired, "until"), (WrongPlace, "place")):
        with pytest.raises(error):
            ask(dataclasses.replace(right, **everything))
        del everything[fixed]
    assert len(ask(dataclasses.replace(right, **everything))) == ANSWER_SIZE


def test_a_share_of_somebody_else() -> None:
    request = request_for(fund("3-of-5"), SEALED)
    with pytest.raises(BadShare):
        ask(request, share=shares("3-of-5")[3])
    with pytest.raises(BadOfficers):
        ask(request, officer=9)


def test_combining_looks_at_group_and_file_too() -> None:
    who, request = fund("3-of-5"), request_for(fund("3-of-5"), SEALED)
    answers = answers_of(who, (1, 2, 3), SEALED)
    lower = Group(2, 0, who.group.Y, who.group.verification_shares)
    with pytest.raises(WrongGroup):
        combine(SEALED, request, lower, answers)
    with pytest.raises(WrongFile):
        combine(seal_to_quorum(b"", who.group.Y, PLACE), request, who.group, answers)
    with pytest.raises(WrongFile):
        check_answer(answers[0], dataclasses.replace(request, file=bytes(32)), who.group, SEALED)


# ---- Debian's age -----------------------------------------------------------------------------


def sealed_by_age(plaintext: bytes, *recipients: str) -> bytes:
    arguments = [part for recipient in recipients for part in ("-r", recipient)]
    return subprocess.run(["age", *arguments], input=plaintext, capture_output=True, check=True).stdout


@pytest.mark.parametrize("others", [0, 1, 2])
def test_a_file_sealed_by_age(others: int) -> None:
    """It opens with k officers, only where each allows it; among other recipients, one partial for each stanza."""
    who = hold_ceremony(3, (1, 2, 3, 4, 5), seeded(others))
    strangers = [X25519Identity(bytes([number + 1] * 32)).recipient.text for number in range(others)]
    file = sealed_by_age("дапамажыце".encode(), *strangers, who.group.recipient)
    with pytest.raises(NoProof):
        answers_of(who, (1,), file)
    answers = answers_of(who, (5, 2, 4), file, allow_unproven=True)
    assert {len(answer) for answer in answers} == {ANSWER_SIZE + 96 * others}
    request = request_for(who, file)
    assert combine(file, request, who.group, answers).decode() == "дапамажыце"
    with pytest.raises(TooFew):
        combine(file, request, who.group, answers[:2])


def test_an_answer_for_fewer_stanzas() -> None:
    who = fund("3-of-5")
    file = sealed_by_age(b"", REQUESTER, who.group.recipient)
    answer = answers_of(who, (2,), file, allow_unproven=True)[0]
    for shorter in (answer[:-96], answer[:50] + b"\0\1" + answer[52:-96]):
        with pytest.raises(BadAnswer):
            check_answer(shorter, request_for(who, file), who.group, file)


def test_the_share_of_an_officer_is_not_the_key() -> None:
    """One share, taken as an age identity, opens nothing; nor does it stand in the answer."""
    who = fund("3-of-5")
    answer = answers_of(who, (2,), SEALED)[0]
    assert encode_scalar(who.shares[2]) not in answer
    with pytest.raises(NotForThisKey):
        open_file(SEALED, [X25519Identity(encode_scalar(who.shares[2]))])
