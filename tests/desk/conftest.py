"""Streets of running desks: a fresh one for what changes it, a busy one for looking around."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from desk.busy import Busy, busy_village
from desk.street import Street, open_street
from story.village import Village, found_village


@pytest.fixture
def village(tmp_path: Path) -> Iterator[Village]:
    """A founded fund whose desks run in this process."""
    made = found_village(tmp_path)
    yield made
    made.close()


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    """A founded fund with one submission; what desks write on standard error is an error."""
    village = found_village(tmp_path_factory.mktemp("street"))
    village.apply("Alena Persona", "Мяне звольнілі за адмову.")
    made = open_street(village)
    yield made
    assert "".join(made.close()) == ""


@pytest.fixture(scope="session")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Busy, Street]]:
    """A fund in the middle of its work."""
    busy = busy_village(tmp_path_factory.mktemp("busy"))
    made = open_street(busy.village)
    yield busy, made
    assert "".join(made.close()) == ""
