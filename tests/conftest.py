"""What several test files share: one run of the demo without hands, which all of them only read."""

import fcntl
import os
from pathlib import Path

import pytest

from command import demo_once


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """OUT of `poruch demo --once` with six of the example submissions. Copy it before you change it."""
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent  # one run for all workers: whoever comes first makes it, the others wait
    with (base / "once.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder = base / "once"
        if not (folder / "done").exists():
            folder.mkdir()
            demo_once(folder, 6)
            (folder / "done").touch()
    return folder / "out"
