"""A desk's store: SQLCipher with a raw key. Segments and bodies as received; projections can be folded again.

At every start the cipher is proved: SQLCipher answers with its version, every page authenticates, and the first bytes
of the file are not those of a plain database.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import sqlcipher3

from poruch.crypto.hidden import forgets
from poruch.errors import StoreBroken
from poruch.journal.segments import SignedSegment, parse_segment

_SCHEMA = """
CREATE TABLE IF NOT EXISTS segment (
  author INTEGER NOT NULL, life INTEGER NOT NULL, seq INTEGER NOT NULL, id BLOB PRIMARY KEY, raw BLOB NOT NULL,
  pushed INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS fault (id BLOB PRIMARY KEY, outcome TEXT NOT NULL, raw BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS body (sha256 BLOB PRIMARY KEY, bytes BLOB NOT NULL, pushed INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS segment_unpushed ON segment (author) WHERE pushed = 0;
CREATE INDEX IF NOT EXISTS body_unpushed ON body (pushed) WHERE pushed = 0;
CREATE TABLE IF NOT EXISTS heard (segment BLOB NOT NULL, place INTEGER NOT NULL, event BLOB,
  PRIMARY KEY (segment, place));
CREATE TABLE IF NOT EXISTS erased (sha256 BLOB PRIMARY KEY);
CREATE TABLE IF NOT EXISTS secret (name TEXT PRIMARY KEY, value BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value BLOB NOT NULL);
"""


class Store:
    """One desk's store in one file. All methods raise `StoreBroken` when the disk does."""

    @forgets
    def __init__(self, path: Path, key: bytes, *, durable: bool = True) -> None:
        """Open or make the store at `path` with a 32-byte raw key. Not `durable` is for what a crash may undo whole."""
        try:
            self._db = sqlcipher3.connect(str(path), isolation_level=None, check_same_thread=False)
            self._db.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
            if not self._db.execute("PRAGMA cipher_version").fetchone():
                raise StoreBroken("the database library does not encrypt")
            self._db.execute("PRAGMA cipher_memory_security = ON")
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute(f"PRAGMA synchronous = {'FULL' if durable else 'OFF'}")
            self._db.execute("PRAGMA temp_store = MEMORY")
            self._db.execute("PRAGMA secure_delete = ON")
            self._db.executescript(_SCHEMA)
            # A page that does not authenticate would be read as zeros at the end of a long value, without an error.
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            if self._db.execute("PRAGMA cipher_integrity_check").fetchone():
                raise StoreBroken("the file is damaged; restore it from a copy or from your colleagues' desks")
        except sqlcipher3.Error:
            raise StoreBroken("cannot be opened with this key") from None
        with path.open("rb") as file:
            if file.read(15) == b"SQLite format 3":
                raise StoreBroken("the file is not encrypted")
        path.chmod(0o600)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _write(self, sql: str, rows: list[tuple[object, ...]]) -> None:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany(sql, rows)
            self._db.execute("COMMIT")
        except sqlcipher3.Error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise StoreBroken("a write failed") from None

    def _read(self, sql: str, *values: object) -> list[Any]:
        try:
            rows: list[Any] = self._db.execute(sql, values).fetchall()
        except sqlcipher3.Error:
            raise StoreBroken("a read failed") from None
        return rows

    def _one(self, sql: str, name: object) -> bytes | None:
        rows = self._read(sql, name)
        return bytes(rows[0][0]) if rows else None

    # ---- segments -----------------------------------------------------------------------------

    def keep_segments(self, segments: list[SignedSegment], *, pushed: bool) -> None:
        """Keep segments that count; known ones stay as they are."""
        rows = [(s.segment.author, s.segment.life, s.segment.seq, s.id, s.raw, pushed) for s in segments]
        self._write("INSERT OR IGNORE INTO segment VALUES (?, ?, ?, ?, ?, ?)", list(rows))

    def segments(self) -> Iterator[SignedSegment]:
        """All segments, chain by chain."""
        try:
            for (raw,) in self._db.execute("SELECT raw FROM segment ORDER BY author, life, seq"):
                yield parse_segment(raw)
        except sqlcipher3.Error:
            raise StoreBroken("a read failed") from None

    def unpushed_segments(self) -> list[SignedSegment]:
        """Own segments that the relay has not taken yet."""
        rows = self._read("SELECT raw FROM segment WHERE pushed = 0 ORDER BY author, life, seq")
        return [parse_segment(raw) for (raw,) in rows]

    def mark_pushed(self, segments: list[SignedSegment]) -> None:
        """The relay took these."""
        self._write("UPDATE segment SET pushed = 1 WHERE id = ?", [(segment.id,) for segment in segments])

    def keep_fault(self, segment_id: bytes, outcome: str, raw: bytes) -> None:
        """Keep the proof of a segment that was put aside."""
        self._write("INSERT OR IGNORE INTO fault VALUES (?, ?, ?)", [(segment_id, outcome, raw)])

    def faults(self) -> list[SignedSegment]:
        """Segments that were put aside as proof against their authors."""
        return [parse_segment(bytes(raw)) for (raw,) in self._read("SELECT raw FROM fault ORDER BY rowid")]

    # ---- bodies -------------------------------------------------------------------------------

    def keep_body(self, sha256: bytes, body: bytes, *, pushed: bool) -> None:
        """Keep a body under its hash, unless it is erased."""
        unless = "SELECT 1 FROM erased WHERE sha256 = ?"
        self._write(
            f"INSERT OR IGNORE INTO body SELECT ?, ?, ? WHERE NOT EXISTS ({unless})",
            [(sha256, body, pushed, sha256)],
        )

    def body(self, sha256: bytes) -> bytes | None:
        """The body with this hash, if it is here."""
        return self._one("SELECT bytes FROM body WHERE sha256 = ?", sha256)

    def body_hashes(self) -> set[bytes]:
        """The hashes of all bodies that are here."""
        return {bytes(sha256) for (sha256,) in self._db.execute("SELECT sha256 FROM body")}

    def unpushed_bodies(self) -> list[bytes]:
        """Own bodies that the relay has not taken yet."""
        return [bytes(body) for (body,) in self._read("SELECT bytes FROM body WHERE pushed = 0")]

    def mark_bodies_pushed(self, hashes: list[bytes]) -> None:
        """The relay took these."""
        self._write("UPDATE body SET pushed = 1 WHERE sha256 = ?", [(sha256,) for sha256 in hashes])

    def erase(self, hashes: Iterable[bytes]) -> None:
        """Delete bodies, and refuse them from now on; no page of the file keeps them, nor one of its log."""
        rows: list[tuple[object, ...]] = [(sha256,) for sha256 in hashes]
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany("INSERT OR IGNORE INTO erased VALUES (?)", rows)
            self._db.executemany("DELETE FROM body WHERE sha256 = ?", rows)
            self._db.execute("COMMIT")
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except sqlcipher3.Error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise StoreBroken("a write failed") from None

    def erased(self) -> set[bytes]:
        """The hashes of bodies that are erased for ever."""
        return {bytes(sha256) for (sha256,) in self._read("SELECT sha256 FROM erased")}

    # ---- opened events, facts and secrets -----------------------------------------------------

    def heard(self) -> dict[tuple[bytes, int], bytes | None]:
        """Events that were opened before, by (segment id, index); None where they are for others."""
        rows = self._read("SELECT segment, place, event FROM heard")
        return {(bytes(segment), place): (None if event is None else bytes(event)) for segment, place, event in rows}

    def keep_heard(self, rows: list[tuple[bytes, int, bytes | None]]) -> None:
        """Keep opened events, so that the next start need not open them again."""
        self._write("INSERT OR REPLACE INTO heard VALUES (?, ?, ?)", list(rows))

    def forget_sealed(self) -> None:
        """Forget which events were for others: a new key may open them."""
        self._write("DELETE FROM heard WHERE event IS ?", [(None,)])

    def fact(self, name: str) -> bytes | None:
        """A fact that this desk keeps for itself."""
        return self._one("SELECT value FROM fact WHERE name = ?", name)

    def keep_fact(self, name: str, value: bytes) -> None:
        """Keep a fact."""
        self._write("INSERT OR REPLACE INTO fact VALUES (?, ?)", [(name, value)])

    def secret(self, name: str) -> bytes | None:
        """A secret of this desk: its share, a one-time identity, a polynomial."""
        return self._one("SELECT value FROM secret WHERE name = ?", name)

    def secrets(self, prefix: str) -> list[bytes]:
        """The secrets whose names begin with `prefix`."""
        rows = self._read("SELECT value FROM secret WHERE name >= ? AND name < ?", prefix, prefix + "\x7f")
        return [bytes(value) for (value,) in rows]

    def keep_secret(self, name: str, value: bytes) -> None:
        """Keep a secret."""
        self._write("INSERT OR REPLACE INTO secret VALUES (?, ?)", [(name, value)])

    def destroy_secret(self, name: str) -> None:
        """Destroy a secret; deleted pages are overwritten."""
        self._write("DELETE FROM secret WHERE name = ?", [(name,)])


class MemoryStore(Store):
    """A store that touches no disk and is gone when it is closed."""

    def __init__(self) -> None:
        """An empty one; nothing is kept, so nothing is encrypted."""
        self._db = sqlcipher3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA temp_store = MEMORY")
        self._db.executescript(_SCHEMA)
