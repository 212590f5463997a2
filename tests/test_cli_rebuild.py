"""`poruch front rebuild`: from any one desk a front that is the old one, byte for byte where the public looks."""

import fcntl
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote

import pytest

from command import ENVIRONMENT, PROGRAM, files_in, run
from desk.memory import found_in, spellings
from poruch.desk.founding import unlock
from poruch.desk.program import Desk
from poruch.desk.rebuilding import pieces_of
from poruch.drills.fund import passphrase_of
from poruch.front.server import real_day
from poruch.journal.rebuild import DropPiece, SegmentPiece, TagPiece

NAMES = ("Ruta", "Klon", "Kalina", "Busel", "Verba")
ROWS = (
    "SELECT segment, author, life, seq, raw FROM front_segment",
    "SELECT segment, raw FROM front_fork",
    "SELECT mailbox, verify_key FROM front_mailbox",
    'SELECT "drop", mailbox, kind, day, sha256, body FROM front_drop',
    "SELECT tag, batch FROM front_tag",
    "SELECT lookup, sha256, slip FROM front_slip",
    'SELECT "index", leaf FROM front_leaf',
    "SELECT state, size, checkpoint, officers, witnesses, day FROM front_logstate",
)
BODIES = "SELECT sha256, body FROM front_body"
STORY = "I was told to"


def desk_of(once: Path, name: str, folder: Path) -> Path:
    """A copy of one desk, for the run belongs to many tests."""
    shutil.copytree(once / "desks" / name.lower(), folder)
    return folder


def rebuilt(desk: Path, folder: Path, passphrase: str) -> subprocess.CompletedProcess[str]:
    return run("front", "rebuild", "--from", desk, folder, typed=f"{passphrase}\n")


def rows(front: Path, question: str) -> set[tuple[object, ...]]:
    with sqlite3.connect(f"file:{quote(str(front / 'front.sqlite3'))}?mode=ro", uri=True) as database:
        return set(database.execute(question))


def log_files(front: Path) -> dict[str, bytes]:
    return {str(path.relative_to(front)): path.read_bytes() for path in files_in(front / "log")}


@pytest.mark.parametrize("name", NAMES)
def test_any_desk_gives_the_whole_front(once: Path, tmp_path: Path, name: str) -> None:
    desk = desk_of(once, name, tmp_path / "desk")
    done = rebuilt(desk, tmp_path / "new front", passphrase_of(name))
    assert (done.returncode, done.stderr) == (0, "")
    assert "did not hold" not in done.stdout
    assert f"bin/poruch front '{tmp_path / 'new front'}'\n" in done.stdout
    old, new = once / "front", tmp_path / "new front"
    for question in ROWS:
        assert rows(new, question) == rows(old, question), question
    assert log_files(new) == log_files(old)
    assert len(log_files(new)) == 4  # checkpoint, policy, a tile of hashes and one of entries
    letters = rows(old, BODIES)
    missing = letters - rows(new, BODIES)
    assert len(letters) > 12
    assert len(missing) <= 8  # answers to a colleague's request, which only his key opens and only he fetches
    assert sorted(path.name for path in tmp_path.iterdir()) == ["desk", "new front"]
    assert new.stat().st_mode & 0o777 == 0o700


def test_drops_to_come_have_numbers_that_no_desk_has_seen(once: Path, tmp_path: Path) -> None:
    done = rebuilt(desk_of(once, "Ruta", tmp_path / "desk"), tmp_path / "new", passphrase_of("Ruta"))
    assert done.returncode == 0
    with sqlite3.connect(tmp_path / "new" / "front.sqlite3") as database:
        [(last,)] = database.execute("SELECT seq FROM sqlite_sequence WHERE name = 'front_drop'").fetchall()
    [(known,)] = rows(once / "front", "SELECT max(id) FROM front_drop")
    [(highest,)] = rows(tmp_path / "new", "SELECT max(id) FROM front_drop")
    assert isinstance(known, int)
    assert isinstance(highest, int)
    assert known < last == highest < known + 2**24


def test_what_is_given_names_nobody_and_opens_nothing(once: Path, tmp_path: Path) -> None:
    """Whatever the writer gets stands in the new front: so the pieces are searched, all of them."""
    folder = desk_of(once, "Klon", tmp_path / "desk")
    key = unlock(folder, passphrase_of("Klon"))
    desk = Desk(folder, key, bytes.fromhex((folder / "fund.id").read_text().strip()), None, real_day)
    from poruch.events.codec import encode

    pieces = list(pieces_of(desk))
    given = b"".join(encode(piece) for piece in pieces)
    names = [
        bytes([0xA0 + len(name)]) + name.encode() for name in NAMES
    ]  # as it is spelled: four letters come by chance
    secrets = [key.root, key.store_key, desk.members.tag_key, *names, STORY.encode()]
    assert [len(secret) for secret in secrets if secret in given] == []
    kinds = {type(piece) for piece in pieces}
    assert {SegmentPiece, DropPiece, TagPiece} <= kinds
    desk.close()


def test_neither_the_writer_nor_its_folder_holds_a_secret(once: Path, tmp_path: Path) -> None:
    """The process that writes is looked into when it is done, before it ends."""
    folder, passphrase = desk_of(once, "Verba", tmp_path / "desk"), passphrase_of("Verba")
    key = unlock(folder, passphrase)
    fund = (folder / "fund.id").read_text().strip()
    desk = Desk(folder, key, bytes.fromhex(fund), None, real_day)
    wanted = {
        "passphrase": spellings(passphrase),
        "root": (key.root, key.root.hex().encode()),
        "store": (key.store_key, key.store_key.hex().encode()),
        "tags": (desk.members.tag_key,),
        "names": spellings("Kalina"),
        "fund": (bytes.fromhex(fund),),
    }
    desk.close()
    program = (
        "import pathlib, sys, time; from poruch.drills.rebuilding import run_rebuild; "
        "run_rebuild(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])); print('done', flush=True); time.sleep(120)"
    )
    command = [sys.executable, "-P", "-c", program, str(folder), str(tmp_path / "new")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=ENVIRONMENT) as process:
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(f"{passphrase}\n".encode())
            process.stdin.flush()
            while (line := process.stdout.readline()) != b"done\n":
                assert line or process.poll() is None
            found = found_in(process.pid, wanted)
        finally:
            process.kill()
    assert found == {"fund"}  # which shows that the search finds
    content = b"".join(path.read_bytes() for path in files_in(tmp_path / "new"))
    assert [name for name, forms in wanted.items() if any(form in content for form in forms)] in ([], ["fund"])


# ---- refusals ---------------------------------------------------------------------------------


def test_a_used_folder_is_left_alone(once: Path, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "mine").write_text("mine")
    done = rebuilt(once / "desks" / "ruta", tmp_path / "new", passphrase_of("Ruta"))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("There is something in this folder already")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["mine"]


@pytest.mark.parametrize(
    ("desk", "passphrase", "sentence"),
    [
        ("ruta", "not her passphrase", "The passphrase does not open"),
        ("nobody", "whoever he is then", "There is no desk in this folder"),
    ],
)
def test_what_is_refused_leaves_nothing(once: Path, tmp_path: Path, desk: str, passphrase: str, sentence: str) -> None:
    done = rebuilt(once / "desks" / desk, tmp_path / "new", passphrase)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(sentence), done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_running_desk_is_not_read(once: Path, tmp_path: Path) -> None:
    desk = desk_of(once, "Ruta", tmp_path / "desk")
    with (desk / "desk.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = rebuilt(desk, tmp_path / "new", passphrase_of("Ruta"))
    assert done.returncode == 2
    assert done.stderr.startswith("Another process serves this desk")
    assert not (tmp_path / "new").exists()


def test_what_an_interrupted_rebuild_left_is_thrown_away(once: Path, tmp_path: Path) -> None:
    """It is killed while it waits for the passphrase; rubbish stands for what it might have written by then."""
    desk, half = desk_of(once, "Ruta", tmp_path / "desk"), tmp_path / ".new.half"
    command = [*PROGRAM, "front", "rebuild", "--from", str(desk), str(tmp_path / "new")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, env=ENVIRONMENT) as process:
        until = time.monotonic() + 30
        while not half.exists() and time.monotonic() < until:
            time.sleep(0.02)
        held = os.open(half, os.O_RDONLY)
        while time.monotonic() < until:  # until it holds the folder
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                fcntl.flock(held, fcntl.LOCK_UN)
                time.sleep(0.02)
            except OSError:
                break
        os.close(held)
        twice = rebuilt(desk, tmp_path / "new", passphrase_of("Ruta"))
        assert twice.returncode == 2
        assert "another rebuild of new is running" in twice.stderr
        process.kill()
    assert not (tmp_path / "new").exists()
    (half / "log").mkdir(parents=True)
    (half / "front.sqlite3").write_bytes(b"half a database")
    done = rebuilt(desk, tmp_path / "new", passphrase_of("Ruta"))
    assert (done.returncode, done.stderr) == (0, "")
    assert rows(tmp_path / "new", BODIES) <= rows(once / "front", BODIES)
    assert not half.exists()


def test_the_new_front_checks(once: Path, tmp_path: Path) -> None:
    done = rebuilt(desk_of(once, "Kalina", tmp_path / "desk"), tmp_path / "new", passphrase_of("Kalina"))
    assert done.returncode == 0
    checked = run("check", tmp_path / "new" / "log")
    assert checked.returncode == 0
    assert "Everything holds." in checked.stdout
