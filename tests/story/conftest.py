"""A founded village, made once a session and copied by nobody: stories that change it make their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from story.canaries import Nest, nest_of, watched_temporary_folder
from story.village import Village, found_village


@pytest.fixture
def nest(tmp_path: Path) -> Iterator[Nest]:
    """What the story of this test keeps secret; no temporary file is made while it is told."""
    with watched_temporary_folder(tmp_path / "temporary") as made, nest_of() as laid:
        yield laid
        assert list(made()) == []


@pytest.fixture
def village(tmp_path: Path, nest: Nest) -> Iterator[Village]:
    """A founded fund with five desks; after the story nothing secret stands in what desks and front keep."""
    made = found_village(tmp_path / "desks")
    yield made
    assert nest.leaks(made, tmp_path) == []
