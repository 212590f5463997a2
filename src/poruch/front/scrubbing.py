"""After an erasure: see that the bytes are in no file of the database any more.

SQLite overwrites what it deletes (`secure_delete`); its log of recent writes is emptied here. PostgreSQL keeps dead
rows and a write-ahead log; its tables are written anew and its log is begun anew (postgres/scrubbing.py).
"""

import sys
import time

from django.db import connection

from poruch.errors import StoreBroken

TABLES = ("front_body", "front_drop", "front_part")
"""Those that an erasure deletes from."""
TRIES, PAUSE_SECONDS = 20, 0.25
REST_SECONDS = 600.0
"""Between two tries on PostgreSQL: each writes whole tables anew, and every desk's question asks for it."""

_rests_until = [0.0]


def scrub(tables: tuple[str, ...] = TABLES) -> str:
    """Empty; or, in words for an operator, what still holds deleted bytes: then try again later. Outside a transaction.

    `tables` are those that rows were deleted from. Raises `StoreBroken` if SQLite cannot do it at all.
    """
    if connection.in_atomic_block:
        raise RuntimeError("what a transaction has deleted is gone only after its commit")
    if connection.vendor == "postgresql":
        return _scrub_postgresql(tables)
    return _scrub_sqlite()


def _scrub_sqlite() -> str:
    for _ in range(TRIES):
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA secure_delete")
            if cursor.fetchone() != (1,):
                raise StoreBroken("the database library does not overwrite what it deletes")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            busy, _, _ = cursor.fetchone()
        if not busy:
            return ""
        time.sleep(PAUSE_SECONDS)
    return "another process reads the database all the time"


def _scrub_postgresql(tables: tuple[str, ...]) -> str:
    from poruch.front.postgres.scrubbing import scrub_server
    from poruch.front.site import current

    if time.monotonic() < _rests_until[0]:
        return "tried a short while ago"
    left = scrub_server(current().place.line, tables)
    if left:
        _rests_until[0] = time.monotonic() + REST_SECONDS
        sys.stderr.write(f"front: erased bytes are still in files: {left}\n")
    return left
