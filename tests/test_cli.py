"""The program as a whole: its verbs, its help, and how it speaks of mistakes."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from command import ENVIRONMENT, PROGRAM, ROOT, run

VERBS = ("demo", "check", "found", "front", "desk", "desk wipe", "waiting", "drill", "bench")


def test_help_names_every_verb() -> None:
    done = run("--help")
    assert done.returncode == 0
    for verb in VERBS:
        assert re.search(rf"\n    {verb}\s", done.stdout), verb


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(verb: str) -> None:
    done = run(verb, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"usage: poruch {verb}" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["dance"],
        ["check"],
        ["check", "log", "--cod"],
        ["check", "log", "--unknown"],
        ["found"],
        ["join"],
        ["desk", "folder"],
        ["front"],
        ["front", "folder", "--port", "many"],
    ],
)
def test_bad_arguments_are_refused(arguments: list[str]) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("usage: poruch")


def test_help_asks_for_no_library(tmp_path: Path) -> None:
    """A verb loads what it needs when it runs: help is there in a moment, and where a library is missing."""
    said = subprocess.run(
        [sys.executable, "-P", "-c", "import sys, poruch.cli; print(sorted(m.partition('.')[0] for m in sys.modules))"],
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        check=True,
    ).stdout
    for library in ("django", "nacl", "lxml", "msgspec", "waitress", "cryptography"):
        assert f"'{library}'" not in said


def test_it_runs_in_any_folder_and_takes_nothing_from_it(tmp_path: Path) -> None:
    """A file that lies in the folder where somebody stands is not run."""
    (tmp_path / "argparse.py").write_text("raise SystemExit('a stranger was run')")
    (tmp_path / "poruch.py").write_text("raise SystemExit('a stranger was run')")
    done = subprocess.run(
        [*PROGRAM, "check", "nowhere"], cwd=tmp_path, capture_output=True, text=True, env=ENVIRONMENT, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith("No log was found here.")


def test_the_script_runs_this_checkout() -> None:
    script = ROOT / "bin" / "poruch"
    assert os.access(script, os.X_OK)
    assert "-P -m poruch.cli" in script.read_text()


def test_a_mistake_is_one_sentence_and_no_trace(tmp_path: Path) -> None:
    for arguments in (
        ["check", str(tmp_path)],
        ["check", str(tmp_path), "--code", "one two three"],
        ["found", str(tmp_path / "fund"), "--plan", str(tmp_path)],
        ["found", str(tmp_path / "fund"), "--plan", str(tmp_path / "nothing")],
    ):
        done = run(*arguments)
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1, done.stderr
        assert "Traceback" not in done.stderr
