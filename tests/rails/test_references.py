import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poruch.errors import BadReference
from poruch.rails import references


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("RF18539007547034", "RF18539007547034"),  # the example everybody quotes from ISO 11649
        ("rf18 5390 0754 7034", "RF18539007547034"),
        ("RF712348231", "RF712348231"),
        ("RF45G72UUR", "RF45G72UUR"),
    ],
)
def test_references_of_the_standard_are_read(text: str, normal: str) -> None:
    assert references.parse(text) == normal


@pytest.mark.parametrize(
    "text",
    [
        "",
        "RF",
        "RF18",
        "RF19539007547034",
        "18539007547034",
        "RF18539007547035",
        "RF1853900754703\0",
        "РФ18539007547034",
        "RF18" + "5" * 22,
        "RF18-5390-0754-7034",
        "RF٤٥G72UUR",
        pytest.param("R" * 1_000_000, id="a million letters"),
    ],
)
def test_a_wrong_reference_is_refused(text: str) -> None:
    with pytest.raises(BadReference):
        references.parse(text)


@given(st.randoms(use_true_random=False))
def test_new_references_are_read_back_and_found_in_text(source: random.Random) -> None:
    made = references.make(source.randbytes)
    assert len(made) == 16
    assert references.parse(references.spaced(made)) == made
    assert references.find(f"gift {references.spaced(made).lower()}, with love") == (made,)
    assert references.find(f"{made[:5]}\n{made[5:]}") == (made,)


@given(st.randoms(use_true_random=False), st.integers(2, 15), st.sampled_from("0123456789ABCDEFGHJKMNPQRSTVWXYZ"))
def test_one_mistyped_sign_is_noticed(source: random.Random, at: int, sign: str) -> None:
    made = references.make(source.randbytes)
    mistyped = made[:at] + sign + made[at + 1 :]
    # mod 97-10 promises this for a digit in place of a digit and a letter in place of a letter
    if mistyped != made and sign.isdigit() == made[at].isdigit():
        with pytest.raises(BadReference):
            references.parse(mistyped)


def test_text_without_a_reference_has_none_and_a_repeated_one_counts_once() -> None:
    assert references.find("for the fund, RF is not enough") == ()
    made = references.make(lambda n: bytes(range(n)))
    assert references.find(f"{made} {made}") == (made,)
