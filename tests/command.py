"""Running the program as people run it: a process of its own, what it said, and how it ended."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
PROGRAM = [sys.executable, "-P", "-m", "poruch.cli"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "no_proxy": "127.0.0.1", "COLUMNS": "120"}
DEMO_SECONDS = 240


def run(*arguments: str | Path, typed: str = "", seconds: float = 60) -> subprocess.CompletedProcess[str]:
    """`poruch ARGUMENTS` with `typed` on its standard input."""
    command = [*PROGRAM, *map(str, arguments)]
    return subprocess.run(
        command, input=typed, capture_output=True, text=True, timeout=seconds, env=ENVIRONMENT, check=False
    )


def some_submissions(folder: Path, count: int) -> Path:
    """A folder with the first `count` of the example submissions."""
    folder.mkdir()
    for file in sorted((EXAMPLES / "submissions").glob("*.toml"))[:count]:
        shutil.copy(file, folder)
    return folder


def demo_once(folder: Path, count: int, *more: str | Path) -> Path:
    """`poruch demo --once` with the first `count` example submissions; returns OUT."""
    submissions = some_submissions(folder / "submissions", count)
    done = run("demo", "--once", folder / "out", "--submissions", submissions, *more, seconds=DEMO_SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "out"


def files_in(folder: Path) -> list[Path]:
    """Every file under `folder`."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def flip(file: Path, place: int) -> None:
    """Change one bit of a file."""
    data = bytearray(file.read_bytes())
    data[place] ^= 1
    file.write_bytes(data)


def lines(parts: Iterable[str]) -> str:
    """Each part on a line of its own."""
    return "".join(f"{part}\n" for part in parts)
