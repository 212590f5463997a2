"""Moving a front from SQLite to PostgreSQL: every row, with the number it had, and the log's files as rows.

Desks go on from the number of the last drop they have; so numbers of arrival stay, and new ones begin behind the old.
"""

from pathlib import Path

from django.apps import apps
from django.core.management import call_command
from django.db import connections, models, transaction

from poruch.errors import RowsElsewhere
from poruch.front.models import Fact, LogFile
from poruch.front.place import Place

OLD = "old"
ROWS_AT_ONCE = 200
LEFT = ("", "-wal", "-shm")
"""What follows the name of the SQLite file."""


def move(place: Place) -> int:
    """Copy all rows from `OLD` to the default database, all or none, and delete the old ones; how many there were.

    Raises `RowsElsewhere` if there is nothing to move, or the new database holds a front.
    """
    if not place.postgres or not place.sqlite.exists():
        raise RowsElsewhere("nothing to move: the folder has no front.sqlite3, or no line in the file `database`")
    call_command("migrate", database=OLD, verbosity=0, interactive=False)
    with transaction.atomic(), transaction.atomic(using=OLD):  # nobody writes here or there meanwhile
        if Fact.objects.exists():
            raise RowsElsewhere("the new database holds a front already; name an empty one")
        kinds = apps.get_app_config("front").get_models()
        count = sum(_copy(kind) for kind in kinds)
        count += _copy_files(place.folder / "log")
    for database in connections.all():
        database.close()
    for end in LEFT:
        place.sqlite.with_name(place.sqlite.name + end).unlink(missing_ok=True)
    return count


def _copy(kind: type[models.Model]) -> int:
    rows = kind._default_manager.using(OLD).order_by("pk").iterator(chunk_size=ROWS_AT_ONCE)
    count, some = 0, list[models.Model]()
    for row in rows:
        some.append(row)
        count += 1
        if len(some) == ROWS_AT_ONCE:
            kind._default_manager.using("default").bulk_create(some)
            some.clear()
    kind._default_manager.using("default").bulk_create(some)
    if isinstance(kind._meta.pk, models.AutoField | models.BigAutoField):
        _count_on(kind._meta.db_table)
    return count


def _count_on(table: str) -> None:
    """The next number is behind every number that was ever given, deleted rows' too."""
    with connections[OLD].cursor() as old, connections["default"].cursor() as new:
        old.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", (table,))
        row = old.fetchone()
        if row is not None and row[0] > 0:
            new.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", (table, row[0]))


def _copy_files(folder: Path) -> int:
    """Tiles and bundles; the checkpoint and the policy are in other rows (publishing.py)."""
    files = [path for path in sorted((folder / "tile").rglob("*")) if path.is_file() and not path.name.startswith(".")]
    rows = [LogFile(path=path.relative_to(folder).as_posix(), content=path.read_bytes()) for path in files]
    LogFile.objects.bulk_create(rows, batch_size=ROWS_AT_ONCE)
    return len(rows)
