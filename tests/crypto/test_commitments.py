"""Hidden amounts: vectors and properties of docs/spec/amounts.md section 1."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poruch.crypto import commitments, group
from poruch.errors import BadAmount, BadPoint, BadScalar, WrongOpening

VECTORS_FOLDER = Path(__file__).parents[1] / "vectors"
VECTORS = json.loads((VECTORS_FOLDER / "amounts.json").read_text())
ORDER_TWO = (group.P - 1).to_bytes(32, "little")

amounts = st.integers(0, 2**32 - 1) | st.sampled_from([0, 1, 2**32 - 1])
blinds = st.integers(1, group.L - 1)


def number(text: str) -> int:
    return int.from_bytes(bytes.fromhex(text), "little")


def points(case: dict[str, object]) -> list[bytes]:
    return [bytes.fromhex(text) for text in case["commitments"]]


@pytest.mark.parametrize("case", VECTORS["commitments"], ids=lambda case: str(case["amount_minor"]))
def test_a_vector_is_reproduced_and_opens(case):
    commitment = commitments.commit(case["amount_minor"], number(case["blind"]))
    assert commitment.hex() == case["commitment"]
    commitments.check_opening(commitment, case["amount_minor"], number(case["blind"]))


@pytest.mark.parametrize("case", VECTORS["sums"]["valid"])
def test_a_valid_sum_opens(case):
    commitments.check_sum(points(case), case["total_minor"], number(case["blind"]))


@pytest.mark.parametrize("case", VECTORS["sums"]["invalid"], ids=lambda case: case["reason"])
def test_an_invalid_sum_is_refused(case):
    about_a_point = "order" in case["reason"]
    with pytest.raises(BadPoint if about_a_point else WrongOpening):
        commitments.check_sum(points(case), case["total_minor"], number(case["blind"]))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(amounts, blinds), min_size=1, max_size=8))
def test_the_sum_of_amounts_opens_the_sum_of_commitments(pairs):
    made = [commitments.commit(amount, blind) for amount, blind in pairs]
    total = sum(amount for amount, _ in pairs)
    together = commitments.add_blinds(blind for _, blind in pairs)
    commitments.check_sum(made, total, together)
    for wrong in [(total + 1, together), (total, together + 1), (total - 1, together)]:
        with pytest.raises(WrongOpening):
            commitments.check_sum(made, *wrong)
    if len(made) > 1:
        with pytest.raises(WrongOpening):
            commitments.check_sum(made[1:], total, together)


@settings(max_examples=20, deadline=None)
@given(amounts, amounts, blinds, blinds)
def test_one_commitment_opens_to_one_amount_only(amount, other, blind, other_blind):
    commitment = commitments.commit(amount, blind)
    commitments.check_opening(commitment, amount, blind)
    for pair in {(other, blind), (amount, other_blind), (other, other_blind)} - {(amount, blind)}:
        with pytest.raises(WrongOpening):
            commitments.check_opening(commitment, *pair)


def test_small_parts_that_cancel_in_a_sum_are_seen():
    pairs = [(5, 7), (6, 8)]
    twisted = [group.add(commitments.commit(*pair), ORDER_TWO) for pair in pairs]
    assert commitments.add_up(twisted) == commitments.add_up([commitments.commit(*pair) for pair in pairs])
    with pytest.raises(BadPoint):
        commitments.check_sum(twisted, 11, 15)


@pytest.mark.parametrize("amount", [-1, 2**32, 2**53, group.L])
def test_no_commitment_to_an_amount_out_of_range(amount):
    with pytest.raises(BadAmount) as refusal:
        commitments.commit(amount, 1)
    assert str(amount) not in str(refusal.value)


@pytest.mark.parametrize("blind", [-1, 0, group.L, group.L + 1])
def test_no_commitment_with_a_blinding_factor_out_of_range(blind):
    with pytest.raises(BadScalar):
        commitments.commit(5, blind)


@pytest.mark.parametrize(
    ("amount", "blind"), [(2**32, 3), (-1, 3), (5 + group.L, 3), (5, 3 + group.L), (5, 0), (5, 3 - group.L)]
)
def test_an_opening_out_of_range_is_refused_even_if_the_points_agree(amount, blind):
    agreeing = group.add(group.multiply_base(amount), group.multiply(blind, group.H2))
    with pytest.raises(WrongOpening):
        commitments.check_opening(agreeing, amount, blind)


@pytest.mark.parametrize(("total", "blind"), [(2**53, 3), (-1, 3), (5, 3 + group.L), (5, 0)])
def test_a_sum_out_of_range_is_refused_even_if_the_points_agree(total, blind):
    agreeing = group.add(group.multiply_base(total), group.multiply(blind, group.H2))
    with pytest.raises(WrongOpening):
        commitments.check_sum([agreeing], total, blind)


def test_the_largest_total_opens():
    limit = 2**53 - 1
    agreeing = group.add(group.multiply_base(limit), group.multiply(9, group.H2))
    commitments.check_sum([agreeing], limit, 9)


def test_no_commitment_at_all_has_no_sum():
    with pytest.raises(WrongOpening):
        commitments.check_sum([], 0, 1)


@pytest.mark.parametrize(
    "commitment", [b"", bytes(32), commitments.commit(5, 3) + b"\0", commitments.commit(5, 3)[:31]]
)
def test_what_is_no_commitment_does_not_open(commitment):
    with pytest.raises(WrongOpening):
        commitments.check_opening(commitment, 5, 3)
    with pytest.raises(BadPoint):
        commitments.check_sum([commitment], 5, 3)


def test_blinding_factors_depend_on_key_and_nonce():
    keys = [bytes([i]) * 32 for i in range(3)]
    made = {commitments.blind_for(key, nonce) for key in keys for nonce in keys}
    assert len(made) == 9
    assert all(0 < blind < group.L for blind in made)


def test_a_code_holders_blinding_factor_is_the_one_of_the_log_page():
    slips = json.loads((VECTORS_FOLDER / "log.json").read_text())["slips"]
    made = commitments.blind_for(bytes.fromhex(slips["blind_key"]), bytes.fromhex(slips["nonce"]))
    assert made == number(slips["blind"])


def test_a_fresh_blinding_factor_comes_from_the_random_numbers_given():
    assert (
        commitments.fresh_blind(lambda size: bytes([7]) * size) == int.from_bytes(bytes([7]) * 64, "little") % group.L
    )
    assert commitments.fresh_blind() != commitments.fresh_blind()
