"""Streets of running desks: a fresh one for what changes it, a busy one for looking around."""

from collections.abc import Iterator

import pytest

from desk.busy import Busy, busy_village
from desk.street import Street, open_street
from story.village import found_village


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
