"""Several workers before one PostgreSQL, a server that is set wrongly, moving to it, and erasing from its files."""

import hashlib
import os
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psycopg
import pytest

from command import run
from front.books import Log
from front.browser import ANSWERS, open_mailbox, retyped, to_check
from front.conftest import POSTGRESQL
from front.fund import make_fund
from front.process import SERVERS, Front, free_port, make_folder, name_database, new_front, today
from front.test_publishing import publish, read_from
from front.test_relay_erased import erase as erase_by_two
from poruch.crypto import codes
from poruch.drills.postgresql import Server
from poruch.events.kinds import MailboxReplied
from poruch.front.place import FILE, place_of
from poruch.front.postgres.base import SCRUBBING
from poruch.front.postgres.fitness import RULES, faults, role_faults
from poruch.front.postgres.scrubbing import scrub_server
from poruch.journal.requests import sign_request
from poruch.tlog.check import check_log

KEY = "5a" * 32
TABLES = ("front_body", "front_drop", "front_part")


@pytest.fixture(scope="module", autouse=True)
def rows_in(postgresql: Server) -> Iterator[str]:
    """New fronts keep their rows there."""
    SERVERS.append(postgresql)
    yield POSTGRESQL
    SERVERS.clear()


@pytest.fixture(scope="module")
def pair(rows_in: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Front, Front]]:
    """Two fronts in folders of their own, before one database, with one memory key from the environment."""
    folder = tmp_path_factory.mktemp("pair")
    os.environ["PORUCH_FRONT_KEY"] = KEY
    try:
        one = new_front(folder / "one", make_fund())
        two = beside(one, folder / "two")
    finally:
        del os.environ["PORUCH_FRONT_KEY"]
    yield one, two
    one.stop()
    two.stop()


def beside(front: Front, folder: Path) -> Front:
    """Another worker: a folder with nothing but the line."""
    home, port = folder / "front", free_port()
    home.mkdir(parents=True)
    (home / FILE).touch(0o600)
    (home / FILE).write_text((front.folder / FILE).read_text())
    command = [sys.executable, "-m", "poruch.front.server", "serve", str(home), "127.0.0.1", str(port)]
    other = Front(home, folder / "output.txt", folder / "temp", front.fund, port, command)
    other.start()
    return other


# ---- several workers --------------------------------------------------------------------------


def test_a_replay_to_another_worker_is_refused(pair: tuple[Front, Front]) -> None:
    one, two = pair
    path, officer = "/relay/heads", one.fund.officers[1]
    headers = sign_request("POST", path, b"", 1, officer.signing, today(), os.urandom(16))
    assert one.browser.ask("POST", path, b"", headers).status != 401
    assert two.browser.ask("POST", path, b"", headers).status == 401
    assert one.browser.ask("POST", path, b"", headers).status == 401


def test_the_same_nonce_of_another_officer_counts(pair: tuple[Front, Front]) -> None:
    one, two = pair
    path, nonce = "/relay/heads", os.urandom(16)
    for front, number in ((one, 1), (two, 2)):
        headers = sign_request("POST", path, b"", number, one.fund.officers[number].signing, today(), nonce)
        assert front.browser.ask("POST", path, b"", headers).status != 401


def test_the_rows_of_nonces_name_no_officer(pair: tuple[Front, Front]) -> None:
    pair[0].relay(3).heads()
    columns = pair[0].rows(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_name = 'front_asked'"
    )
    assert {name for _, name in columns} == {"name", "day", "asked"}
    names = [bytes(name) for (name,) in pair[0].rows("SELECT name FROM front_nonce")]
    assert names
    assert all(len(name) == 32 for name in names)


def test_the_tables_of_nonces_are_in_no_write_ahead_log(pair: tuple[Front, Front]) -> None:
    kinds = pair[0].rows("SELECT relpersistence FROM pg_class WHERE relname IN ('front_nonce', 'front_asked')")
    assert [str(kind) for (kind,) in kinds] == ["u", "u"]


def test_a_form_of_one_worker_is_taken_by_the_other(pair: tuple[Front, Front]) -> None:
    one, two = pair
    check = to_check(one.browser, "en", ANSWERS)
    done = two.browser.send(check, "/ask/check/", **retyped(check), go="send")
    assert done.status == 200
    assert not done.mistakes
    again = one.browser.send(check, "/ask/check/", **retyped(check), go="send")
    assert not again.mistakes
    assert one.rows("SELECT count(*) FROM front_drop") == [(1,)]
    box = open_mailbox(two.browser, codes.parse(check.code))
    letter = one.browser.send(box, "/mailbox/write/", text="through the other worker")
    assert not letter.mistakes
    assert one.rows("SELECT count(*) FROM front_drop") == [(2,)]


def test_what_one_worker_took_the_other_shows_at_once(pair: tuple[Front, Front]) -> None:
    one, two = pair
    before = two.browser.get("/en/accounts/").raw  # kept in its memory now
    assert two.browser.get("/log/checkpoint").status == 404
    body, _ = Log(one.fund).next_epoch((500000, 120000), {"first-months": (60000,) * 5})
    assert publish(one, body) == (200, b"published\n")
    report = check_log(partial(read_from, two.browser), os.urandom)
    assert report.holds
    assert read_from(one.browser, "checkpoint") == read_from(two.browser, "checkpoint")
    assert two.browser.get("/en/accounts/").raw != before


def test_a_segment_that_one_worker_took_the_other_knows(pair: tuple[Front, Front]) -> None:
    one, two = pair
    new = one.fund.act(1, MailboxReplied(os.urandom(32), os.urandom(32)))
    assert set(one.relay().push([new])) == {"accepted"}
    assert set(two.relay().push([new])) == {"known"}


# ---- a server that is set wrongly ---------------------------------------------------------------

WRONG = {
    "server_version_num": "140012",
    "server_encoding": "SQL_ASCII",
    "fsync": "off",
    "full_page_writes": "off",
    "log_statement": "mod",
    "log_duration": "on",
    "log_min_duration_statement": "1000",
    "log_min_duration_sample": "0",
    "log_transaction_sample_rate": "0.01",
    "log_error_verbosity": "default",
    "track_commit_timestamp": "on",
    "archive_mode": "always",
    "wal_recycle": "on",
    "shared_preload_libraries": "pg_stat_statements,auto_explain",
    "session_preload_libraries": "auto_explain",
    "local_preload_libraries": "pg_qualstats",
}


def test_every_rule_is_tried() -> None:
    assert {rule.setting for rule in RULES} == set(WRONG)


@pytest.mark.parametrize("setting", WRONG)
def test_each_wrong_setting_is_named(postgresql: Server, setting: str) -> None:
    found = {str(name): str(value) for name, value in postgresql.run("SELECT name, setting FROM pg_settings")}
    assert faults(found) == []
    [said] = faults({**found, setting: WRONG[setting]})
    assert setting in said or said == "PostgreSQL 15 or newer"


@pytest.mark.parametrize("at", range(5))
def test_each_missing_right_is_named(at: int) -> None:
    right = (False, True, True, True, False)
    assert role_faults(right) == []
    wrong = list(right)
    wrong[at] = not wrong[at]
    assert len(role_faults(tuple(wrong))) == 1


def refusal(front: Front) -> str:
    """What the front says that will not start."""
    done = run("front", front.folder, "--port", str(free_port()))
    assert done.returncode == 2
    return done.stderr


def test_a_server_that_logs_statements_is_refused(postgresql: Server, pair: tuple[Front, Front]) -> None:
    name = pair[0].rows("SELECT current_database()")[0][0]
    postgresql.run(f"ALTER DATABASE {name} SET log_statement = 'all'")
    try:
        assert "log_statement = none" in refusal(pair[0])
    finally:
        postgresql.run(f"ALTER DATABASE {name} RESET log_statement")


def test_a_superuser_is_refused(postgresql: Server, pair: tuple[Front, Front], tmp_path: Path) -> None:
    name = pair[0].rows("SELECT current_database()")[0][0]
    (tmp_path / FILE).touch(0o600)
    (tmp_path / FILE).write_text(postgresql.line(str(name)))
    said = refusal(Front(tmp_path, tmp_path, tmp_path, pair[0].fund, 0, []))
    assert "a role that is no superuser" in said


def test_another_machine_without_tls_is_refused(postgresql: Server, tmp_path: Path) -> None:
    (tmp_path / FILE).touch(0o600)
    line = postgresql.new_database().replace("host=", "hostaddr=127.0.0.2 host=elsewhere,")
    (tmp_path / FILE).write_text(line)
    done = run("front", tmp_path, "--port", str(free_port()))
    assert done.returncode == 2


def test_a_database_that_never_was_a_fronts_is_refused(postgresql: Server, tmp_path: Path) -> None:
    name_database(tmp_path / "front")
    said = refusal(Front(tmp_path / "front", tmp_path, tmp_path, make_fund(), 0, []))
    assert "nowhere" in said


# ---- moving -------------------------------------------------------------------------------------


def test_a_front_moves_with_all_it_has(postgresql: Server, tmp_path: Path) -> None:
    SERVERS.clear()
    try:
        front = new_front(tmp_path, make_fund())
    finally:
        SERVERS.append(postgresql)
    code = ask(front)
    front.stop()
    front.change("UPDATE sqlite_sequence SET seq = 41 WHERE name = 'front_drop'")
    tile = front.folder / "log" / "tile" / "0" / "x001" / "234"
    tile.parent.mkdir(parents=True)
    tile.write_bytes(b"32 bytes a hash")
    counts = {table: front.rows(f"SELECT count(*) FROM {table}") for table in ("front_drop", "front_segment")}  # noqa: S608
    (front.folder / FILE).touch(0o600)
    (front.folder / FILE).write_text(postgresql.new_database())
    assert "in SQLite" in refusal(front)
    moved = run("front", front.folder, "--move")
    assert moved.returncode == 0, moved.stderr
    assert [path.name for path in front.folder.glob("front.sqlite3*")] == []
    front.start()
    try:
        assert {table: front.rows(f"SELECT count(*) FROM {table}") for table in counts} == counts  # noqa: S608
        assert not open_mailbox(front.browser, code).mistakes
        assert front.browser.ask("GET", "/log/tile/0/x001/234").raw == b"32 bytes a hash"
        ask(front)
        assert front.rows("SELECT id FROM front_drop ORDER BY id") == [(1,), (42,)]
        assert [drop.arrival for drop in front.relay().drops_after(1)] == [42]
    finally:
        front.stop()
    assert run("front", front.folder, "--move").returncode == 2


def ask(front: Front) -> int:
    """Send a submission; its code."""
    check = to_check(front.browser, "en", ANSWERS)
    done = front.browser.send(check, "/ask/check/", **retyped(check), go="send")
    assert not done.mistakes
    return codes.parse(check.code)


# ---- erasing ------------------------------------------------------------------------------------


@pytest.fixture
def erasable(rows_in: str, tmp_path: Path) -> tuple[Front, bytes]:
    """A database with bytes in it that nobody would find by chance, some long, some short."""
    home, fund = tmp_path / "front", make_fund()
    make_folder(home, fund)
    front = Front(home, home, home, fund, 0, [])
    body = os.urandom(200_000)
    with psycopg.connect(place_of(home).line) as database:
        for name, content in (("long", body), ("short", body[:400]), ("kept", os.urandom(400))):
            database.execute("INSERT INTO front_body VALUES (%s, %s)", (name, content))
        database.execute(
            "INSERT INTO front_drop VALUES (DEFAULT, 'd', 'o', 'm', 'gift', '2026-11-22', '00', %s)", (body[:400],)
        )
        database.commit()
        database.execute("ANALYZE")
    return front, body


def lies_in(server: Server, body: bytes) -> set[str]:
    """The kinds of the server's files that hold any piece of the bytes."""
    pieces = [body[at : at + 48] for at in (0, 300, 1000, 100_000, 199_000)]
    found = set()
    for path in server.folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            if any(piece in content for piece in pieces):
                found.add("log" if "pg_wal" in path.parts else "tables")
    return found


def erase(front: Front) -> None:
    front.change("DELETE FROM front_body WHERE sha256 IN ('long', 'short')")
    front.change("UPDATE front_drop SET body = ''")


def test_what_is_deleted_and_scrubbed_is_in_no_file(postgresql: Server, erasable: tuple[Front, bytes]) -> None:
    front, body = erasable
    postgresql.run("CHECKPOINT")
    assert "tables" in lies_in(postgresql, body)
    erase(front)
    postgresql.run("CHECKPOINT")
    assert "tables" in lies_in(postgresql, body)  # deleting is not enough
    assert scrub_server(place_of(front.folder).line, TABLES) == ""
    assert lies_in(postgresql, body) == set()
    assert front.rows("SELECT sha256 FROM front_body") == [("kept",)]
    assert scrub_server(place_of(front.folder).line, TABLES) == ""


def test_who_still_sees_the_rows_is_waited_for_and_said(
    erasable: tuple[Front, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    from poruch.front.postgres import scrubbing

    front, _ = erasable
    monkeypatch.setattr(scrubbing, "WAIT_SECONDS", 0.3)
    with psycopg.connect(place_of(front.folder).line) as reader:
        reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        reader.execute("SELECT count(*) FROM front_fact")
        erase(front)
        assert "still sees" in scrub_server(place_of(front.folder).line, TABLES)
    assert scrub_server(place_of(front.folder).line, TABLES) == ""


def test_a_slot_that_keeps_the_log_is_said(postgresql: Server, erasable: tuple[Front, bytes]) -> None:
    front, _ = erasable
    postgresql.run("SELECT pg_create_physical_replication_slot('standby', true)")
    body = os.urandom(200_000)
    try:
        front.change(f"INSERT INTO front_body VALUES ('long2', '\\x{body.hex()}')")  # noqa: S608
        front.change("DELETE FROM front_body WHERE sha256 = 'long2'")
        assert "keeps the write-ahead log" in scrub_server(place_of(front.folder).line, TABLES)
        assert lies_in(postgresql, body) == {"log"}
    finally:
        postgresql.run("SELECT pg_drop_replication_slot('standby')")
    assert scrub_server(place_of(front.folder).line, TABLES) == ""
    assert lies_in(postgresql, body) == set()


def test_one_worker_scrubs_and_the_others_go_on(erasable: tuple[Front, bytes]) -> None:
    front, _ = erasable
    with psycopg.connect(place_of(front.folder).line, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", (SCRUBBING,))
        assert scrub_server(place_of(front.folder).line, TABLES) == "another worker is at it"


def test_what_the_officers_erase_is_in_no_file(postgresql: Server, tmp_path: Path) -> None:
    front = new_front(tmp_path, make_fund())
    try:
        body, stays = os.urandom(200_000), os.urandom(5000)
        for one in (body, stays):
            front.relay().put_body(one)
        postgresql.run("CHECKPOINT")
        assert lies_in(postgresql, body)
        assert front.relay().push(erase_by_two(front, body)) == ["accepted"] * 2
        assert lies_in(postgresql, body) == set()
        assert front.relay(2).body(hashlib.sha256(stays).digest()) == stays
        assert front.relay(2).body(hashlib.sha256(body).digest()) is None
    finally:
        front.stop()


def test_the_planner_keeps_no_samples_of_sealed_bytes(erasable: tuple[Front, bytes]) -> None:
    front, _ = erasable
    sampled = front.rows("SELECT tablename, attname FROM pg_stats WHERE schemaname = 'public'")
    assert ("front_drop", "drop") in sampled
    assert not {("front_body", "body"), ("front_drop", "body")} & set(sampled)


# ---- what the server writes about us --------------------------------------------------------------


def test_the_servers_log_and_its_list_of_queries_have_no_values(
    postgresql: Server, pair: tuple[Front, Front], tmp_path: Path
) -> None:
    one, _ = pair
    code = ask(one)
    from poruch.crypto.codes import CodeKeys

    mailbox = CodeKeys.from_code(code, one.fund.charter.code_salt).mailbox_id.hex()
    assert one.rows(f"SELECT count(*) FROM front_drop WHERE mailbox = '{mailbox}'") == [(1,)]  # noqa: S608
    queries = [
        str(query) for (query,) in postgresql.run("SELECT query FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
    ]
    assert any("front_" in query for query in queries)
    assert not any(mailbox in query for query in queries)
    with pytest.raises(psycopg.errors.UniqueViolation), psycopg.connect(place_of(one.folder).line) as database:
        database.execute("INSERT INTO front_mailbox VALUES (%s, 'key')", (mailbox,))
    log = postgresql.log.read_text()
    assert "duplicate key" in log
    assert mailbox not in log


def test_the_password_is_in_no_process_listing_and_no_error(postgresql: Server, tmp_path: Path) -> None:
    home = tmp_path / "front"
    name_database(home)
    file = home / FILE
    file.write_text(file.read_text().replace("host=", "password=verySecret9 connect_timeout=2 host=/nowhere"))
    done = run("front", home, "--port", str(free_port()))
    assert done.returncode == 2
    assert "does not answer" in done.stderr
    assert "verySecret9" not in done.stderr + done.stdout
