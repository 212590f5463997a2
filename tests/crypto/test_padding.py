"""Padding: the steps of the paper, round trips, and every filling that is refused."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poruch.crypto.padding import LEAST, pad, padme, unpad
from poruch.errors import BadPayload


def padme_of_the_paper(length: int) -> int:
    """Algorithm 1 of Nikitin et al. 2019, with floating logarithms as printed there."""
    exponent = math.floor(math.log2(length))
    last_bits = exponent - (math.floor(math.log2(exponent)) + 1)
    mask = 2**last_bits - 1
    return (length + mask) & ~mask


def test_steps_are_those_of_the_paper() -> None:
    for length in [*range(2, 5000), 65535, 65536, 65537, 10**6, 10**9, 2**31 + 1]:
        assert padme(length) == padme_of_the_paper(length), length


@given(st.integers(0, 2**40))
def test_steps_grow_little_and_are_their_own(length: int) -> None:
    step = padme(length)
    assert length <= step <= length * 1.12 + 1
    assert padme(step) == step


@given(data=st.binary(max_size=3000), least=st.integers(0, 4000))
def test_round_trip(data: bytes, least: int) -> None:
    padded = pad(data, least)
    assert unpad(padded) == data
    assert len(padded) == padme(max(least, len(data) + 4))


@pytest.mark.parametrize("size", [0, 1, 100, LEAST - 4])
def test_short_texts_look_alike(size: int) -> None:
    assert len(pad(bytes(size))) == LEAST


@pytest.mark.parametrize(
    "padded",
    [
        pytest.param(b"", id="empty"),
        pytest.param(bytes(3), id="no length"),
        pytest.param(b"\0\0\0\1", id="length beyond the end"),
        pytest.param(b"\xff" * 256, id="length of 4 GiB"),
        pytest.param(b"\0\0\0\1a" + bytes(250) + b"\1", id="last byte not zero"),
        pytest.param(b"\0\0\0\1a\1" + bytes(250), id="first filling byte not zero"),
        pytest.param(b"\0\0\0\1a " + bytes(250), id="space"),
        pytest.param(pad(b"a") + b"\0", id="257 bytes are no step"),
        pytest.param(pad(b"a")[:-1], id="255 bytes are no step"),
        pytest.param(b"\0\0\0\1a" + bytes(4095), id="4100 bytes are no step"),
    ],
)
def test_refused(padded: bytes) -> None:
    with pytest.raises(BadPayload):
        unpad(padded)


@given(data=st.binary(max_size=200), place=st.integers(0, 255), value=st.integers(1, 255))
def test_a_changed_filling_is_refused(data: bytes, place: int, value: int) -> None:
    padded = bytearray(pad(data))
    place = 4 + len(data) + place % (len(padded) - 4 - len(data)) if len(padded) > 4 + len(data) else 0
    padded[place] ^= value
    with pytest.raises(BadPayload):
        unpad(bytes(padded))
