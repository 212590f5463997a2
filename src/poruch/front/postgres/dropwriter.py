"""Drops into PostgreSQL: all who wait in one statement and one commit, which is answered when it is on the disk.

Numbers of arrival are drawn under a lock that is released after the commit can be seen, so a desk that asks for drops
after N misses none (postgres/base.py). A batch that fails for one row is written again row by row.
"""

import psycopg
from psycopg import errors, sql

from poruch.errors import BadDatabaseLine, StoreBroken
from poruch.front.dropstore import NewDrop
from poruch.front.postgres.base import DROPS
from poruch.front.postgres.line import parameters

_LOCK = sql.SQL("SELECT pg_advisory_xact_lock({})").format(DROPS)
_MAILBOXES = """
INSERT INTO front_mailbox (mailbox, verify_key) SELECT * FROM unnest(%b::text[], %b::text[])
ON CONFLICT (mailbox) DO NOTHING
"""
_DROPS = """
INSERT INTO front_drop ("drop", once, mailbox, kind, day, sha256, body)
SELECT * FROM unnest(%b::text[], %b::text[], %b::text[], %b::text[], %b::date[], %b::text[], %b::bytea[])
ON CONFLICT (once) DO NOTHING RETURNING once
"""
_OF_ONE_ROW = (errors.IntegrityError, errors.DataError)

_SAID = (
    (errors.DiskFull, "the database's disk is full; make room there"),
    (errors.ReadOnlySqlTransaction, "the database takes no rows, it is a standby; name the one that writes"),
    (errors.LockNotAvailable, "another worker holds the database up; look which"),
    (errors.InsufficientPrivilege, "the database does not let this role write; give it its tables"),
    (errors.UndefinedTable, "the database has no tables; start the front once more"),
)


class PostgresWriter:
    """Rows into the database of the line."""

    def __init__(self, line: str) -> None:
        """Connects to nothing; the first `write` does."""
        self._line = line
        self._database: psycopg.Connection | None = None

    def __repr__(self) -> str:
        return "PostgresWriter()"

    def write(self, drops: list[NewDrop]) -> list[bool | None]:
        """As `Writer` says. A connection that broke since the last drop is made anew once; no drop is written twice."""
        stale = self._database is not None
        try:
            try:
                return self._write(drops)
            except (psycopg.OperationalError, errors.ReadOnlySqlTransaction) as error:
                if not stale or not (self._broken() or isinstance(error, errors.ReadOnlySqlTransaction)):
                    raise
                self._close()
                return self._write(drops)
        except (psycopg.Error, BadDatabaseLine) as error:
            self._close()
            said = (words for kind, words in _SAID if isinstance(error, kind))
            raise StoreBroken(next(said, "the database does not answer; look whether it runs")) from None

    def _broken(self) -> bool:
        return self._database is None or self._database.broken or self._database.closed

    def _close(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None

    def _write(self, drops: list[NewDrop]) -> list[bool | None]:
        if self._database is None:
            given = parameters(self._line, idle_in_transaction_session_timeout="30s")
            self._database = psycopg.connect(**given)  # type: ignore[arg-type]  # all of libpq's are texts
        try:
            return _write_together(self._database, drops)
        except _OF_ONE_ROW:
            self._database.rollback()
            return _write_one_by_one(self._database, drops)


def _write_together(database: psycopg.Connection, drops: list[NewDrop]) -> list[bool | None]:
    with database.pipeline():  # one way there and back for the lock and the rows
        database.execute(_LOCK)
        cursor = _insert(database, drops)
    new = {once for (once,) in cursor.fetchall()}
    database.commit()
    answers: list[bool | None] = []
    for drop in drops:
        answers.append(drop.once in new)
        new.discard(drop.once)  # the same twice in one batch: the first was new
    return answers


def _write_one_by_one(database: psycopg.Connection, drops: list[NewDrop]) -> list[bool | None]:
    answers: list[bool | None] = []
    database.execute(_LOCK)
    for drop in drops:
        try:
            with database.transaction():  # a savepoint: the lock has begun a transaction already
                answers.append(bool(_insert(database, [drop]).fetchall()))
        except _OF_ONE_ROW:
            answers.append(None)
    database.commit()
    return answers


def _insert(database: psycopg.Connection, drops: list[NewDrop]) -> psycopg.Cursor[tuple[str]]:
    boxes = {drop.mailbox: drop.verify_key for drop in reversed(drops) if drop.verify_key}
    if boxes:
        database.execute(_MAILBOXES, (list(boxes), list(boxes.values())))
    rows = [(d.drop, d.once, d.mailbox, d.kind, d.day, d.sha256, d.body) for d in drops]
    return database.execute(_DROPS, [list(column) for column in zip(*rows, strict=True)])
