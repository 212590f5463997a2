"""A founded front for each test file, and a stranger's browser."""

from collections.abc import Iterator

import pytest

from front.browser import Browser
from front.fund import make_fund
from front.process import Front, new_front


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """A founded front, one for each test file."""
    found = new_front(tmp_path_factory.mktemp("front"), make_fund())
    yield found
    found.stop()


@pytest.fixture
def browser(front: Front) -> Browser:
    """A stranger's browser."""
    return front.browser
