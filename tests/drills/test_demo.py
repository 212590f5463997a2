"""`poruch demo` on a folder that is in use, too old, or somebody's own: one sentence, and nothing is lost."""

import fcntl
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from command import run
from poruch.drills.demo import FORMAT, _held, _replace


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A demo's folder that another process uses."""
    made = tmp_path / "demo"
    made.mkdir()
    (made / "ready.json").write_text(json.dumps({"format": FORMAT, "desks": {"1": "Ruta"}}))
    (made / "front").mkdir()
    with (made / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield made


@pytest.mark.parametrize("more", [[], ["--fresh"]])
def test_a_folder_in_use_is_left_alone(folder: Path, more: list[str]) -> None:
    done = run("demo", "--folder", folder, *more)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "is already running" in done.stderr
    assert "--fresh" not in done.stderr
    assert {path.name for path in folder.iterdir()} == {"front", "lock", "ready.json"}


@pytest.mark.parametrize("table", [{"desks": {"1": "Ruta"}}, {"format": 1, "desks": {}}])
def test_a_folder_of_an_older_version_asks_for_a_fresh_one(tmp_path: Path, table: dict[str, object]) -> None:
    (tmp_path / "ready.json").write_text(json.dumps(table))
    done = run("demo", "--folder", tmp_path)
    assert done.returncode == 2
    assert "made by an older version; add --fresh" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("text", ["", "[]", f'{{"format": {FORMAT}}}', f'{{"format": "{FORMAT}", "desks": {{}}}}'])
def test_a_damaged_table_is_one_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "ready.json").write_text(text)
    done = run("demo", "--folder", tmp_path)
    assert done.returncode == 2
    assert done.stderr == "A part of the demo did not start. Try again with --fresh. (ready.json)\n"


@pytest.mark.parametrize("more", [[], ["--fresh"]])
def test_what_is_no_demo_is_not_thrown_away(tmp_path: Path, more: list[str]) -> None:
    (tmp_path / "letters.txt").write_text("mine")
    done = run("demo", "--folder", tmp_path, *more)
    assert done.returncode == 2
    assert "no demo" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["letters.txt"]


def test_a_fresh_fund_takes_the_place_of_the_old_one_while_the_folder_is_held(tmp_path: Path) -> None:
    folder, made = tmp_path / "demo", tmp_path / "demo.making"
    with _held(folder):
        (folder / "ready.json").write_text("old")
        (folder / "desks").mkdir()
        (folder / "desks" / "ruta").write_text("old")
        made.mkdir()
        (made / "front").mkdir()
        (made / "ready.json").write_text("new")
        _replace(folder, made)
        assert {path.name for path in folder.iterdir()} == {"front", "lock", "ready.json"}
        assert (folder / "ready.json").read_text() == "new"
        assert "is already running" in run("demo", "--folder", folder).stderr
    assert not made.exists()
