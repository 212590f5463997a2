"""Where a front keeps its rows: SQLite in its folder, or the PostgreSQL that one line in the file `database` names.

The line is what libpq takes: `postgresql://poruch@db.example/poruch?sslmode=verify-full`, or `host=... dbname=...`. It
stands in a file and not among the arguments, because everybody on a machine sees the arguments of a process.
"""

from dataclasses import dataclass, field
from pathlib import Path

from poruch.errors import BadDatabaseLine, DatabaseFileOpen

FILE, SQLITE = "database", "front.sqlite3"
LINE_BYTES = 2048


@dataclass(frozen=True)
class Place:
    """The folder of a front, and the line that names its PostgreSQL; empty for SQLite. The line may hold a password."""

    folder: Path
    line: str = field(default="", repr=False)

    @property
    def postgres(self) -> bool:
        """The rows are in PostgreSQL."""
        return bool(self.line)

    @property
    def sqlite(self) -> Path:
        """The file of the rows, if they are in SQLite."""
        return self.folder / SQLITE


def place_of(folder: Path) -> Place:
    """The place that `folder` names. Raises `BadDatabaseLine`, and `DatabaseFileOpen` if others may read the file."""
    file = folder / FILE
    if not file.exists():
        return Place(folder)
    if file.stat().st_mode & 0o077:
        raise DatabaseFileOpen(str(file))
    return Place(folder, parse_line(file.read_bytes()))


def parse_line(content: bytes) -> str:
    """The one line of the file; lines that begin with # say what they like. Raises `BadDatabaseLine`."""
    if len(content) > LINE_BYTES:
        raise BadDatabaseLine("longer than 2 KiB")
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise BadDatabaseLine("not UTF-8") from None
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    if len(lines) != 1 or "\0" in text:
        raise BadDatabaseLine("not one line")
    return lines[0]
