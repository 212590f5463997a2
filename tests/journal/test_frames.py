"""Frames: what was joined splits to the same parts, and no other body splits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poruch.errors import BadSegment
from poruch.journal import frames
from poruch.journal.frames import join, split


@given(st.lists(st.binary(max_size=300), max_size=12))
def test_what_was_joined_splits_to_the_same_parts(parts: list[bytes]) -> None:
    assert split(join(parts)) == parts


@given(st.binary(max_size=200))
def test_any_body_has_one_reading_or_none(body: bytes) -> None:
    try:
        parts = split(body)
    except BadSegment:
        return
    assert join(parts) == body


@given(st.lists(st.binary(min_size=1, max_size=50), min_size=1, max_size=4), st.integers(1, 40))
def test_a_body_cut_inside_a_part_is_refused(parts: list[bytes], cut: int) -> None:
    whole = join(parts)
    cut = min(cut, len(parts[-1]) + 3)
    with pytest.raises(BadSegment):
        split(whole[:-cut])


@pytest.mark.parametrize("body", [b"\0", b"\0\0\0", b"\0\0\0\1", b"\xff\xff\xff\xff", b"\0\0\0\2a"])
def test_cut_frames(body: bytes) -> None:
    with pytest.raises(BadSegment, match="cut off"):
        split(body)


def test_too_long_is_refused_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "LIMIT_BYTES", 8)
    assert split(join([b"1234"])) == [b"1234"]
    with pytest.raises(BadSegment, match="too long"):
        split(join([b"12345"]))
