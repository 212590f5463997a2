"""Deleted rows out of PostgreSQL's files: out of the tables, and out of the write-ahead log.

1. Wait until no other session, standby or slot can still see the rows: VACUUM keeps what somebody may ask for.
2. VACUUM FULL writes each table anew without them, with its indexes and its long values.
3. Begin a new segment of the write-ahead log, and checkpoint before and after: now no segment before it is needed, and
   with `wal_recycle = off` the server deletes them. They also held the time of day of each commit.
4. Look whether it did. A slot, `wal_keep_size` or an archive keeps them: that is said, not hidden.
"""

import time

import psycopg
from psycopg import sql

from poruch.front.postgres.base import SCRUBBING
from poruch.front.postgres.line import parameters

WAIT_SECONDS, PAUSE_SECONDS = 5.0, 0.1

_HORIZON = """
SELECT count(*) FROM (
  SELECT backend_xmin AS xid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
  UNION ALL SELECT backend_xid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
  UNION ALL SELECT backend_xmin FROM pg_stat_replication
  UNION ALL SELECT xmin FROM pg_replication_slots
  UNION ALL SELECT transaction FROM pg_prepared_xacts
) AS seen WHERE xid IS NOT NULL AND age(xid) >= age(%s::text::xid)
"""
_OLD_LOG = "SELECT count(*) FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{24}$' AND name <= pg_walfile_name(%s)"


def scrub_server(line: str, tables: tuple[str, ...]) -> str:
    """Empty when it is done; else what still holds the rows, in words. One worker at a time, the others do not wait."""
    given = parameters(line, statement_timeout="0", lock_timeout="60s")
    try:
        with psycopg.connect(**given, autocommit=True) as database:  # type: ignore[arg-type]  # libpq's are texts
            if _one(database, f"SELECT pg_try_advisory_lock({SCRUBBING})") != "True":
                return "another worker is at it"
            if not _nobody_sees(database):
                return "a session, a standby or a replication slot still sees the deleted rows"
            for table in tables:
                database.execute(sql.SQL("VACUUM (FULL) {}").format(sql.Identifier(table)))
            return "" if _log_begun_anew(database) else "a slot, wal_keep_size or an archive keeps the write-ahead log"
    except psycopg.Error:
        return "the database did not let its tables be written anew"


def _one(database: psycopg.Connection, text: str, *given: object) -> str:
    row = database.execute(text.encode(), given or None).fetchone()
    return str(row[0]) if row else ""


def _nobody_sees(database: psycopg.Connection) -> bool:
    """Whether within a while every transaction is over that began before now."""
    now = _one(database, "SELECT pg_current_xact_id()::xid")
    until = time.monotonic() + WAIT_SECONDS
    while _one(database, _HORIZON, now) != "0":
        if time.monotonic() > until:
            return False
        time.sleep(PAUSE_SECONDS)
    return True


def _log_begun_anew(database: psycopg.Connection) -> bool:
    database.execute("CHECKPOINT")
    before = _one(database, "SELECT pg_current_wal_lsn()")
    database.execute("SELECT pg_switch_wal()")
    database.execute("CHECKPOINT")
    return _one(database, _OLD_LOG, before) == "0"
