"""The tables of a front, at every start: made if there are none, changed for a newer program, refused if elsewhere."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management import call_command
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor

from poruch.errors import RowsElsewhere
from poruch.front.models import Fact
from poruch.front.place import Place


def require_fit(place: Place) -> None:
    """Raises `UnfitDatabase` if a PostgreSQL is not set as a front needs it."""
    if place.postgres:
        from poruch.front.postgres import fitness

        fitness.require_fit(place.line)


def bring_up_to_date(place: Place) -> None:
    """Make or change the tables, one process at a time."""
    if _current():
        return
    with _alone(place):
        call_command("migrate", verbosity=0, interactive=False)


def require_rows(place: Place) -> None:
    """Raises `RowsElsewhere` if the database has never been a front's: an empty one would hide what came before."""
    if place.postgres and not Fact.objects.exists():
        where = "in SQLite" if place.sqlite.exists() else "nowhere; make a new front with --new"
        raise RowsElsewhere(where)


def _current() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


@contextmanager
def _alone(place: Place) -> Iterator[None]:
    if not place.postgres:
        with (place.folder / "tables.lock").open("wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
        return
    from poruch.front.postgres.base import TABLES

    keeper = connections.create_connection("default")  # of its own, since `migrate` ends transactions on the other
    try:
        with keeper.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", (TABLES,))
        yield
    finally:
        keeper.close()
