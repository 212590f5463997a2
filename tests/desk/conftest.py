"""Streets of running desks: a fresh one for what changes it, a busy one for looking around."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from desk.busy import Busy, busy_village
from desk.street import Street, open_street
from story.canaries import files_under, kept_by, nest_of
from story.village import Village, found_village


@pytest.fixture
def village(tmp_path: Path) -> Iterator[Village]:
    """A founded fund whose desks run in this process, and leave nothing secret in what they and the front keep."""
    with nest_of() as nest:
        made = found_village(tmp_path)
        yield made
        assert nest.leaks(made, tmp_path) == []


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    """A founded fund with one submission; what desks write on standard error is an error, as is a secret they leave."""
    folder = tmp_path_factory.mktemp("street")
    with nest_of() as nest:
        village = found_village(folder)
        village.apply("Alena Persona", "Мяне звольнілі за адмову.")
        for desk in village.desks.values():
            nest.lay_paper(desk)
        made = open_street(village)
    yield made
    assert "".join(made.close()) == ""
    assert nest.look({**files_under(folder), **kept_by(village.front)}) == []


@pytest.fixture(scope="session")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Busy, Street]]:
    """A fund in the middle of its work."""
    busy = busy_village(tmp_path_factory.mktemp("busy"))
    made = open_street(busy.village)
    yield busy, made
    assert "".join(made.close()) == ""
