"""Range proofs: vectors, round trips, forgeries (docs/spec/amounts.md sections 2 and 3)."""

import json
import os
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poruch.crypto import commitments, group, rangeproof, rangeproof_proof, rangeproof_prover, rangeproof_sum
from poruch.errors import BadAmount, BadPoint, BadRangeProof, BadScalar

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "amounts.json").read_text())
VALID = VECTORS["proofs"]["valid"]
ORDER_TWO = (group.P - 1).to_bytes(32, "little")
HIGHEST = 2**32 - 1


def statement(case):
    made = [bytes.fromhex(text) for text in case["commitments"]]
    return made, bytes.fromhex(case["proof"]), bytes.fromhex(case["context"])


def scalar_hex(number):
    return number.to_bytes(32, "little").hex()


def proven(amounts, context=b"here"):
    blinds = [commitments.fresh_blind() for _ in amounts]
    made = [commitments.commit(amount, blind) for amount, blind in zip(amounts, blinds, strict=True)]
    return made, rangeproof.prove(amounts, blinds, context), context


@cache
def example(count):
    """One proof for each size, shared by the tests that only damage it."""
    return proven([HIGHEST, 0, 1, 5000, 2**31, 77, 1_000_000, HIGHEST - 1][:count])


# ---- vectors ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", VECTORS["generators"])
def test_a_generator_is_the_one_of_the_page(name):
    found = group.H2 if name == "second_generator" else rangeproof_sum.generators(name[0])[int(name[1:])]
    assert found.hex() == VECTORS["generators"][name]


def test_all_generators_differ():
    points = {*rangeproof_sum.generators("G"), *rangeproof_sum.generators("H"), group.B, group.H2}
    assert len(points) == 514


@pytest.mark.parametrize("case", VALID)
def test_the_challenges_of_a_vector(case):
    made, proof, context = statement(case)
    drawn = rangeproof_proof.challenges(rangeproof_proof.RangeProof.parse(proof, len(made)), made, context)
    assert rangeproof_proof.Transcript(context, made).state.hex() == case["challenges"]["start"]
    assert {name: scalar_hex(getattr(drawn, name)) for name in "yzxw"} == {
        name: case["challenges"][name] for name in "yzxw"
    }
    assert [scalar_hex(u) for u in drawn.u] == case["challenges"]["u"]


@pytest.mark.parametrize("case", VALID)
def test_a_valid_vector_verifies(case):
    rangeproof.verify(*statement(case))


def test_all_valid_vectors_verify_together():
    assert {len(case["commitments"]) for case in VALID} == {1, 2, 4, 8}
    rangeproof.verify_batch([statement(case) for case in VALID])


@pytest.mark.parametrize("case", VECTORS["proofs"]["invalid"], ids=lambda case: case["reason"])
def test_an_invalid_vector_is_refused_alone_and_in_a_batch(case):
    with pytest.raises(BadRangeProof):
        rangeproof.verify(*statement(case))
    with pytest.raises(BadRangeProof) as refusal:
        rangeproof.verify_batch([statement(VALID[0]), statement(case)])
    assert refusal.value.detail.startswith("1: ")


@pytest.mark.parametrize("case", VALID)
def test_a_proof_is_written_as_it_was_read(case):
    made, proof, _ = statement(case)
    assert rangeproof_proof.RangeProof.parse(proof, len(made)).encode() == proof


# ---- prover and verifier ----------------------------------------------------------------------


@settings(max_examples=12, deadline=None)
@given(st.data())
def test_what_is_proven_verifies(data):
    count = data.draw(st.sampled_from([1, 1, 2, 2, 4, 8]))
    edge = st.sampled_from([0, 1, HIGHEST]) | st.integers(0, HIGHEST)
    amounts = data.draw(st.lists(edge, min_size=count, max_size=count))
    context = data.draw(st.binary(max_size=100))
    made, proof, context = proven(amounts, context)
    assert len(proof) == {1: 608, 2: 672, 4: 736, 8: 800}[count]
    rangeproof.verify(made, proof, context)


@pytest.mark.parametrize("amount", [0, HIGHEST])
@pytest.mark.parametrize("count", [1, 2, 4, 8])
def test_the_lowest_and_the_highest_amount_verify(count, amount):
    rangeproof.verify(*proven([amount] * count))


def test_proofs_of_all_sizes_verify_together():
    rangeproof.verify_batch([example(count) for count in (8, 1, 4, 2, 1)])


def test_an_empty_batch_holds():
    rangeproof.verify_batch([])


@pytest.mark.parametrize("bad", [0, 2, 4])
def test_a_batch_names_its_bad_proof(bad):
    batch = [example(count) for count in (1, 2, 1, 2, 1)]
    made, proof, _ = batch[bad]
    batch[bad] = (made, proof, b"elsewhere")
    with pytest.raises(BadRangeProof) as refusal:
        rangeproof.verify_batch(batch)
    assert refusal.value.detail.startswith(f"{bad}: ")


class OneOff(rangeproof_proof.Transcript):
    """The transcript of a prover who moves tau by `step`, before w is drawn: only the equation of step 5 fails."""

    step = 1

    def after_numbers(self, t, tau, mu):
        return super().after_numbers(t, (tau + self.step) % group.L, mu)


def off_by(step):
    transcript = OneOff(b"here", [commitments.commit(5, 3)])
    transcript.step = step
    proof = rangeproof_prover._prove_once([5], [3], transcript, os.urandom)
    return [commitments.commit(5, 3)], replace(proof, tau=(proof.tau + step) % group.L).encode(), b"here"


def test_two_errors_do_not_cancel_in_a_batch():
    batch = [off_by(1), off_by(-1)]
    with pytest.raises(BadRangeProof, match="0: the equations"):
        rangeproof.verify_batch(batch)
    # the errors are opposite: whoever could make all weights equal would get both through
    rangeproof.verify_batch(batch, random=lambda size: bytes([7]) * size)


def test_two_proofs_of_one_statement_differ():
    blind = commitments.fresh_blind()
    assert rangeproof.prove([5], [blind], b"") != rangeproof.prove([5], [blind], b"")


def test_the_prover_starts_again_after_a_zero_challenge(monkeypatch):
    drawn = []
    honest = rangeproof_proof.Transcript.challenge

    def zero_once(transcript, data):
        drawn.append(data)
        if len(drawn) == 3:
            raise BadRangeProof("a challenge is zero")
        return honest(transcript, data)

    monkeypatch.setattr(rangeproof_proof.Transcript, "challenge", zero_once)
    made, proof, context = proven([5])
    assert len(drawn) == 3 + 4 + 5
    monkeypatch.undo()
    rangeproof.verify(made, proof, context)


# ---- refused ----------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 608 * 8 - 1))
def test_a_flipped_bit_is_refused(position):
    made, proof, context = example(1)
    damaged = bytearray(proof)
    damaged[position // 8] ^= 1 << position % 8
    with pytest.raises(BadRangeProof):
        rangeproof.verify(made, bytes(damaged), context)


@pytest.mark.parametrize("count", [2, 4, 8])
def test_every_flipped_word_of_a_longer_proof_is_refused(count):
    made, proof, context = example(count)
    for start in range(0, len(proof), 32):
        damaged = bytearray(proof)
        damaged[start] ^= 1
        with pytest.raises(BadRangeProof):
            rangeproof.verify(made, bytes(damaged), context)


@pytest.mark.parametrize("context", [b"", b"her", b"here\0", b"Here"])
def test_a_proof_moved_to_another_context_is_refused(context):
    made, proof, _ = example(2)
    with pytest.raises(BadRangeProof):
        rangeproof.verify(made, proof, context)


@pytest.mark.parametrize("change", [lambda made: made[::-1], lambda made: [made[0], made[0]], lambda made: made[:1]])
def test_other_commitments_are_refused(change):
    made, proof, context = example(2)
    with pytest.raises(BadRangeProof):
        rangeproof.verify(change(made), proof, context)


outside_the_group = pytest.mark.parametrize(
    "spoil",
    [lambda point: group.add(point, ORDER_TWO), lambda _: group.IDENTITY, lambda _: ORDER_TWO, lambda _: b"\xff" * 32],
    ids=["mixed order", "identity", "order two", "not canonical"],
)


@outside_the_group
@pytest.mark.parametrize("word", [0, 1, 2, 3, 7, 16], ids=["A", "S", "T1", "T2", "L0", "R4"])
def test_a_point_outside_the_group_is_refused_wherever_it_stands(word, spoil):
    made, proof, context = example(1)
    point = proof[32 * word : 32 * word + 32]
    with pytest.raises(BadRangeProof, match="point"):
        rangeproof.verify(made, proof[: 32 * word] + spoil(point) + proof[32 * word + 32 :], context)


@outside_the_group
def test_a_commitment_outside_the_group_is_refused(spoil):
    made, proof, context = example(2)
    with pytest.raises(BadRangeProof, match="point"):
        rangeproof.verify([made[0], spoil(made[1])], proof, context)


@pytest.mark.parametrize("word", [4, 5, 6, 17, 18], ids=["t", "tau", "mu", "a", "b"])
def test_a_number_that_is_not_reduced_is_refused(word):
    made, proof, context = example(1)
    number = int.from_bytes(proof[32 * word : 32 * word + 32], "little") + group.L
    with pytest.raises(BadRangeProof, match="not reduced"):
        rangeproof.verify(made, proof[: 32 * word] + number.to_bytes(32, "little") + proof[32 * word + 32 :], context)


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_commitment_of_another_length_is_refused(size):
    _, proof, context = example(1)
    with pytest.raises(BadRangeProof):
        rangeproof.verify([bytes(size)], proof, context)


@pytest.mark.parametrize("point", [group.add(group.B, ORDER_TWO), group.IDENTITY, ORDER_TWO, b"\xff" * 32, b""])
@pytest.mark.parametrize("library_checks", [True, False])
def test_no_foreign_point_outside_the_group_is_multiplied(monkeypatch, point, library_checks):
    monkeypatch.setattr(rangeproof_sum, "_MULTIPLICATION_CHECKS", library_checks)
    with pytest.raises(BadPoint):
        rangeproof_sum.multiply_foreign(2, point)


# ---- amounts out of range ---------------------------------------------------------------------


@pytest.mark.parametrize("amount", [-1, -5, 2**32, 2**33 + 1, group.L - 5])
def test_the_prover_refuses_an_amount_out_of_range(amount):
    with pytest.raises(BadAmount) as refusal:
        rangeproof.prove([5, amount], [3, 4], b"here")
    assert str(amount) not in str(refusal.value)


@pytest.mark.parametrize("count", [0, 3, 5, 16])
def test_the_prover_refuses_another_number_of_amounts(count):
    with pytest.raises(BadAmount):
        rangeproof.prove([5] * count, [3] * count, b"here")


def test_the_prover_wants_a_blinding_factor_for_each_amount():
    with pytest.raises(BadAmount):
        rangeproof.prove([5, 6], [3], b"here")
    with pytest.raises(BadScalar):
        rangeproof.prove([5, 6], [3, 0], b"here")


@pytest.mark.parametrize("amount", [-1, -5, 2**32, 2**32 + 5, 2**33 + 1])
@pytest.mark.parametrize("beside", [[], [HIGHEST]])
def test_no_dishonest_prover_proves_an_amount_out_of_range(amount, beside):
    """The prover's own steps without its checks, on the true commitment: the low 32 bits are not the amount."""
    amounts, blinds = [amount, *beside], [3, 4][: 1 + len(beside)]
    made = [
        group.add(group.multiply_base(value), group.multiply(blind, group.H2))
        for value, blind in zip(amounts, blinds, strict=True)
    ]
    transcript = rangeproof_proof.Transcript(b"here", made)
    forged = rangeproof_prover._prove_once(amounts, blinds, transcript, os.urandom).encode()
    with pytest.raises(BadRangeProof, match="equations"):
        rangeproof.verify(made, forged, b"here")


def test_the_forging_steps_prove_an_honest_amount():
    """What the test above relies on: the same steps do prove what is in range."""
    made = [commitments.commit(5, 3)]
    transcript = rangeproof_proof.Transcript(b"here", made)
    rangeproof.verify(made, rangeproof_prover._prove_once([5], [3], transcript, os.urandom).encode(), b"here")
