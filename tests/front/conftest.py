"""A founded front for each test file, and a stranger's browser; some files are run on SQLite and on PostgreSQL."""

from collections.abc import Iterator

import pytest

from front.browser import Browser
from front.fund import make_fund
from front.process import SERVERS, Front, new_front
from poruch.drills.postgresql import Server, standing_server

SQLITE, POSTGRESQL = "sqlite", "postgresql"
ON_BOTH = {
    "front.test_ask",
    "front.test_dropstore",
    "front.test_mailbox",
    "front.test_publishing",
    "front.test_relay",
    "front.test_rendezvous",
    "front.test_seizure",
}
"""Files of tests about what a front keeps."""
ON_SQLITE = {"test_the_search_finds_a_debug_line"}
"""Of these the tests that show the same, only slower."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each test of these files once for each database."""
    if metafunc.module.__name__ in ON_BOTH:
        kinds = [SQLITE] if metafunc.function.__name__ in ON_SQLITE else [SQLITE, POSTGRESQL]
        metafunc.parametrize("rows_in", kinds, indirect=True, scope="module")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A real PostgreSQL, one for all tests of this process."""
    with standing_server() as server:
        yield server


@pytest.fixture(scope="module", autouse=True)
def rows_in(request: pytest.FixtureRequest) -> Iterator[str]:
    """Which database new fronts keep their rows in."""
    kind: str = getattr(request, "param", SQLITE)
    if kind == POSTGRESQL:
        SERVERS.append(request.getfixturevalue("postgresql"))
    yield kind
    SERVERS.clear()


@pytest.fixture(scope="module")
def front(rows_in: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """A founded front, one for each test file."""
    found = new_front(tmp_path_factory.mktemp("front"), make_fund())
    yield found
    found.stop()


@pytest.fixture
def browser(front: Front) -> Browser:
    """A stranger's browser."""
    return front.browser
