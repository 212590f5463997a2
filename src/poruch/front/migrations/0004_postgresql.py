"""Files of the log as rows, and what PostgreSQL needs besides."""

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

SEALED = (
    ("front_body", "body"),
    ("front_drop", "body"),
    ("front_segment", "raw"),
    ("front_fork", "raw"),
    ("front_part", "part"),
    ("front_slip", "slip"),
    ("front_slot", "hello"),
    ("front_slot", "answer"),
    ("front_logfile", "content"),
)
"""Bytes of which the planner must keep no samples: they would outlive an erasure. They are never searched by."""

NONCES = (
    "CREATE UNLOGGED TABLE front_nonce (name bytea PRIMARY KEY, day date NOT NULL)",
    "CREATE UNLOGGED TABLE front_asked (name bytea PRIMARY KEY, day date NOT NULL, asked integer NOT NULL)",
)
"""Unlogged: in no write-ahead log and on no standby, empty after a crash (postgres/nonces.py)."""


def prepare_postgresql(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """SQLite needs none of it."""
    if editor.connection.vendor == "postgresql":
        for table, column in SEALED:
            change = f"ALTER {column} SET STATISTICS 0, ALTER {column} SET STORAGE EXTERNAL"  # it does not shrink
            editor.execute(f"ALTER TABLE {table} {change}")
        for statement in NONCES:
            editor.execute(statement)


class Migration(migrations.Migration):
    """A front made before keeps what it has."""

    dependencies = (("front", "0003_parts_and_erased"),)

    operations = (
        migrations.CreateModel(
            name="LogFile",
            fields=[
                ("path", models.CharField(max_length=100, primary_key=True, serialize=False)),
                ("content", models.BinaryField()),
            ],
        ),
        migrations.RunPython(prepare_postgresql, migrations.RunPython.noop),
    )
