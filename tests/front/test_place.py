"""Where a front keeps its rows: the line in its folder, and what is refused. SQLite's own faults stand here too."""

import os
import sqlite3
from datetime import date
from pathlib import Path

import pytest

from poruch.errors import BadDatabaseLine, BadFrontKey, DatabaseFileOpen, PoruchError, StoreBroken
from poruch.front.dropstore import DropStore, NewDrop
from poruch.front.place import parse_line, place_of
from poruch.front.postgres.line import django_database, parameters
from poruch.front.server import key_given

LINE = "postgresql://poruch:v%40rna@db.example:5433/fund?sslmode=verify-full"
SECRET = "v@rna"  # noqa: S105
TABLES = """
PRAGMA journal_mode = WAL;
CREATE TABLE front_drop (id INTEGER PRIMARY KEY AUTOINCREMENT, "drop" TEXT UNIQUE, once TEXT UNIQUE, mailbox TEXT,
  kind TEXT, day TEXT, sha256 TEXT, body BLOB NOT NULL);
CREATE TABLE front_mailbox (mailbox TEXT PRIMARY KEY, verify_key TEXT NOT NULL);
"""


def named(folder: Path, content: bytes, rights: int = 0o600) -> Path:
    file = folder / "database"
    file.write_bytes(content)
    file.chmod(rights)
    return folder


def test_a_folder_without_the_file_is_sqlite(tmp_path: Path) -> None:
    place = place_of(tmp_path)
    assert not place.postgres
    assert place.sqlite == tmp_path / "front.sqlite3"


def test_one_line_names_a_postgresql(tmp_path: Path) -> None:
    place = place_of(named(tmp_path, b"# ours\n\n" + LINE.encode() + b"\n"))
    assert place.postgres
    assert place.line == LINE
    assert "rna" not in repr(place)


@pytest.mark.parametrize("content", [b"", b"# only words\n", b"a=1\nb=2\n", b"\xff", b"dbname=x\0", b"x" * 3000])
def test_a_file_that_is_not_one_line(content: bytes) -> None:
    with pytest.raises(BadDatabaseLine):
        parse_line(content)


@pytest.mark.parametrize("rights", [0o640, 0o604, 0o660])
def test_a_file_that_others_may_read(tmp_path: Path, rights: int) -> None:
    with pytest.raises(DatabaseFileOpen):
        place_of(named(tmp_path, LINE.encode(), rights))


def test_the_line_reaches_django_with_what_a_front_needs() -> None:
    made = django_database(LINE)
    assert (made["NAME"], made["USER"], made["PASSWORD"]) == ("fund", "poruch", SECRET)
    assert (made["HOST"], made["PORT"]) == ("db.example", "5433")
    assert made["OPTIONS"]["sslmode"] == "verify-full"
    assert made["OPTIONS"]["server_side_binding"] is True
    assert "-c synchronous_commit=on" in made["OPTIONS"]["options"]


def test_options_of_the_operator_stand_before_ours() -> None:
    given = parameters("dbname=x options='-c synchronous_commit=off'")
    assert given["options"].startswith("-c synchronous_commit=off -c synchronous_commit=on")


def test_a_line_without_a_database() -> None:
    with pytest.raises(BadDatabaseLine, match="no name"):
        parameters("host=db.example")


@pytest.mark.parametrize(
    "line", ["postgresql://poruch:v@rna@db/fund?x", "dbname=x nonsense=v@rna", "dbname=x password='v@rna", "v@rna"]
)
def test_a_line_that_libpq_cannot_read_is_not_repeated(line: str) -> None:
    with pytest.raises(BadDatabaseLine) as raised:
        parameters(line)
    error: BaseException | None = raised.value
    assert isinstance(error, PoruchError)
    assert "rna" not in str(error) + error.detail
    assert error.__cause__ is None
    assert error.__suppress_context__


@pytest.mark.parametrize("text", ["", "00", "x" * 64, "00" * 33])
def test_a_key_that_is_none(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("PORUCH_FRONT_KEY", text)
    with pytest.raises(BadFrontKey) as raised:
        key_given()
    assert text not in raised.value.detail or not text


def test_a_key_that_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORUCH_FRONT_KEY", "ab" * 32)
    assert key_given() == b"\xab" * 32
    monkeypatch.delenv("PORUCH_FRONT_KEY")
    assert key_given() is None


def test_a_broken_disk_is_said_and_a_mended_one_is_used(tmp_path: Path) -> None:
    database = sqlite3.connect(tmp_path / "front.sqlite3")
    database.executescript(TABLES)
    database.close()
    store = DropStore(tmp_path)
    os.rename(tmp_path / "front.sqlite3", tmp_path / "hidden")
    with pytest.raises(StoreBroken):
        store.put(NewDrop("a", "a", "m", "gift", date(2026, 11, 22), "00", b"sealed"))
    (tmp_path / "front.sqlite3").unlink(missing_ok=True)
    os.rename(tmp_path / "hidden", tmp_path / "front.sqlite3")
    assert store.put(NewDrop("b", "b", "m", "gift", date(2026, 11, 22), "00", b"sealed"))
    database = sqlite3.connect(tmp_path / "front.sqlite3")
    assert database.execute('SELECT "drop" FROM front_drop').fetchall() == [("b",)]
    database.close()
