import os
from collections.abc import Callable

import pytest


@pytest.fixture(scope="session")
def urandom() -> Callable[[int], bytes]:
    """The system's generator: what is random in these tests has no say in their outcome."""
    return os.urandom
