"""A founded village; the attacks change it, so each has its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from story.canaries import nest_of
from story.village import Village, found_village


@pytest.fixture
def village(tmp_path: Path) -> Iterator[Village]:
    """A founded fund with five desks; an attack leaves nothing secret in what desks and front keep."""
    with nest_of() as nest:
        made = found_village(tmp_path)
        yield made
        assert nest.leaks(made, tmp_path) == []
