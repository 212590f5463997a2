"""A founded village; the attacks change it, so each has its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from story.village import Village, found_village


@pytest.fixture
def village(tmp_path: Path) -> Iterator[Village]:
    """A founded fund with five desks."""
    made = found_village(tmp_path)
    yield made
    made.close()
