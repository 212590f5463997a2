"""Django's backend for PostgreSQL with the one thing that SQLite gives for nothing: one writing transaction at a time.

Numbers of rows are drawn before a commit. Who asks for "all after N" would for ever miss a row that was drawn earlier
and committed later; and "nobody has it, so take it" is true for two at once. Behind one lock, which a transaction takes
first and which is released after its commit can be seen, rows become visible in the order of their numbers.
"""

from typing import Any

from django.db.backends.postgresql import base, operations
from django.db.models import Field

ROWS, DROPS, TABLES, SCRUBBING = 0x706F7275, 0x706F7276, 0x706F7277, 0x706F7278
"""Advisory locks: transactions of the pages and the relay, writers of drops, changes of the tables, scrubbing."""

MOST_PARAMETERS = 65_535
"""Of one statement, when the server binds them."""


class DatabaseOperations(operations.DatabaseOperations):
    """Rows in pieces that one statement may carry."""

    def bulk_batch_size(self, fields: "list[Field[Any, Any]]", objs: Any) -> int:
        """How many of `objs` go into one statement."""
        return min(len(objs), MOST_PARAMETERS // max(1, len(fields)))


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection whose every transaction waits for the lock first."""

    ops_class = DatabaseOperations

    def _set_autocommit(self, autocommit: bool) -> None:
        super()._set_autocommit(autocommit)  # type: ignore[misc]  # the stubs leave it out
        if autocommit:
            return
        try:
            with self.wrap_database_errors, self.connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", (ROWS,))
        except BaseException:
            if not self.connection.closed:
                self.connection.rollback()
                self.connection.autocommit = True
            raise
