"""A desk's store: SQLCipher with a raw key. Segments and bodies as received; projections can be folded again.

At every start the cipher is proved: SQLCipher answers with its version, every page authenticates, and the first bytes
of the file are not those of a plain database.
"""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import sqlcipher3

from poruch.crypto.hidden import forgets
from poruch.errors import DiskFull, StoreBroken
from poruch.journal.segments import SignedSegment, parse_segment
from poruch.journal.segments import segment_id as segment_id_of

_SCHEMA = """
CREATE TABLE IF NOT EXISTS segment (
  place INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, clock INTEGER NOT NULL, author INTEGER NOT NULL,
  life INTEGER NOT NULL, seq INTEGER NOT NULL, day TEXT NOT NULL, in_clear INTEGER NOT NULL, pushed INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS raw (place INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS snapshot (part INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS fault (id BLOB PRIMARY KEY, outcome TEXT NOT NULL, raw BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS body (sha256 BLOB PRIMARY KEY, bytes BLOB NOT NULL, pushed INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS segment_unpushed ON segment (author) WHERE pushed = 0;
CREATE INDEX IF NOT EXISTS body_unpushed ON body (pushed) WHERE pushed = 0;
CREATE TABLE IF NOT EXISTS heard (segment BLOB NOT NULL, place INTEGER NOT NULL, key BLOB,
  PRIMARY KEY (segment, place)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS erased (sha256 BLOB PRIMARY KEY);
CREATE TABLE IF NOT EXISTS secret (name TEXT PRIMARY KEY, value BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value BLOB NOT NULL);
"""


_PAGE_BYTES = 32768
"""Segments are a few thousand bytes long: in short pages much of the last one would be empty."""
_CHECKED_BYTES = 64 * 1024 * 1024
_PART_BYTES = 4 * 1024 * 1024
_KEEP = "INSERT OR IGNORE INTO segment VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)"
_KEEP_RAW = "INSERT OR IGNORE INTO raw SELECT place, ? FROM segment WHERE id = ?"
_RAW = "SELECT bytes FROM segment JOIN raw USING (place)"


class Store:
    """One desk's store in one file. All methods raise `StoreBroken` when the disk does.

    `lasts`: what is kept is still there after a start.
    """

    lasts = True

    @forgets
    def __init__(self, path: Path, key: bytes, *, durable: bool = True) -> None:
        """Open or make the store at `path` with a 32-byte raw key. Not `durable` is for what a crash may undo whole."""
        try:
            self._db = sqlcipher3.connect(str(path), isolation_level=None, check_same_thread=False)
            self._db.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
            if not self._db.execute("PRAGMA cipher_version").fetchone():
                raise StoreBroken("the database library does not encrypt")
            self._db.execute(f"PRAGMA cipher_page_size = {_PAGE_BYTES}")
            self._db.execute("PRAGMA cipher_memory_security = ON")
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute(f"PRAGMA synchronous = {'FULL' if durable else 'OFF'}")
            self._db.execute("PRAGMA temp_store = MEMORY")
            self._db.execute("PRAGMA secure_delete = ON")
            self._db.executescript(_SCHEMA)
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            # A page that does not authenticate would be read as zeros at the end of a long value, without an error.
            # A long file takes seconds; there the long values are compared with their hashes when they are read.
            short = path.stat().st_size <= _CHECKED_BYTES
            if short and self._db.execute("PRAGMA cipher_integrity_check").fetchone():
                raise StoreBroken("the file is damaged; restore it from a copy or from your colleagues' desks")
            with path.open("rb") as file:
                if file.read(15) == b"SQLite format 3":
                    raise StoreBroken("the file is not encrypted")
            path.chmod(0o600)
        except sqlcipher3.Error as error:
            raise _broken(error, "cannot be opened with this key") from None
        except OSError as error:
            raise StoreBroken(error.strerror or "") from None

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _write(self, sql: str, rows: list[tuple[object, ...]]) -> None:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany(sql, rows)
            self._db.execute("COMMIT")
        except sqlcipher3.Error as error:
            self._undo()
            raise _broken(error) from None

    def _undo(self) -> None:
        with suppress(sqlcipher3.Error):  # a disk that fails may fail here, too; what is not committed is not there
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")

    def _read(self, sql: str, *values: object) -> list[Any]:
        try:
            rows: list[Any] = self._db.execute(sql, values).fetchall()
        except sqlcipher3.Error as error:
            raise _broken(error) from None
        return rows

    def _one(self, sql: str, name: object) -> bytes | None:
        rows = self._read(sql, name)
        return bytes(rows[0][0]) if rows else None

    # ---- segments -----------------------------------------------------------------------------

    def keep_segments(self, segments: list[SignedSegment], *, pushed: bool) -> None:
        """Keep segments that count; known ones stay as they are."""
        rows = [(s.id, *s.order, s.day.isoformat(), s.in_clear, pushed) for s in segments]
        raws = [(s.raw, s.id) for s in segments]
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany(_KEEP, rows)
            self._db.executemany(_KEEP_RAW, raws)
            self._db.execute("COMMIT")
        except sqlcipher3.Error as error:
            self._undo()
            raise _broken(error) from None

    def segments(self) -> Iterator[SignedSegment]:
        """All segments, chain by chain."""
        try:
            for (raw,) in self._db.execute(f"{_RAW} ORDER BY author, life, seq"):
                yield parse_segment(bytes(raw))
        except sqlcipher3.Error as error:
            raise _broken(error) from None

    def light_segments(self) -> list[SignedSegment]:
        """All segments in the one order, without their bytes: those are read when somebody asks for them."""
        rows = self._read("SELECT id, clock, author, life, seq, day, in_clear FROM segment")
        days = {text: date.fromisoformat(text) for text in {row[5] for row in rows}}
        light, fetch = SignedSegment.light, self.raw
        made = [light(bytes(r[0]), (r[1], r[2], r[3], r[4]), days[r[5]], bool(r[6]), fetch) for r in rows]
        return sorted(made, key=lambda one: one.order)

    def raw(self, segment_id: bytes) -> bytes:
        """The bytes of a segment that is here, as received."""
        raw = self._one(f"{_RAW} WHERE id = ?", segment_id)
        if raw is None or segment_id_of(raw[64:]) != segment_id:
            raise StoreBroken("a segment is damaged; restore the desk from a copy or from your colleagues' desks")
        return raw

    def unpushed_segments(self) -> list[SignedSegment]:
        """Own segments that the relay has not taken yet."""
        rows = self._read(f"{_RAW} WHERE pushed = 0 ORDER BY author, life, seq")
        return [parse_segment(bytes(raw)) for (raw,) in rows]

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
        """The body with this hash, if it is here. Raises `StoreBroken` for one that is other than it was."""
        body = self._one("SELECT bytes FROM body WHERE sha256 = ?", sha256)
        if body is not None and hashlib.sha256(body).digest() != sha256:
            raise StoreBroken("a body is damaged; restore the desk from a copy or from your colleagues' desks")
        return body

    def body_hashes(self) -> set[bytes]:
        """The hashes of all bodies that are here."""
        return {bytes(sha256) for (sha256,) in self._read("SELECT sha256 FROM body")}

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
            self._db.execute("DELETE FROM snapshot")
            self._db.execute("COMMIT")
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except sqlcipher3.Error as error:
            self._undo()
            raise _broken(error) from None

    def erased(self) -> set[bytes]:
        """The hashes of bodies that are erased for ever."""
        return {bytes(sha256) for (sha256,) in self._read("SELECT sha256 FROM erased")}

    # ---- opened entries, facts and secrets -----------------------------------------------------

    def heard(self) -> dict[tuple[bytes, int], bytes | None]:
        """The file keys of entries that were opened before, by (segment id, entry); None where they are for others."""
        rows = self._read("SELECT segment, place, key FROM heard")
        return {(bytes(segment), place): (None if key is None else bytes(key)) for segment, place, key in rows}

    def heard_of(self, segment: bytes) -> dict[int, bytes | None]:
        """The same of one segment, by entry."""
        rows = self._read("SELECT place, key FROM heard WHERE segment = ?", segment)
        return {place: (None if key is None else bytes(key)) for place, key in rows}

    def keep_heard(self, rows: list[tuple[bytes, int, bytes | None]]) -> None:
        """Keep file keys of opened entries, so that the next start opens them for less."""
        self._write("INSERT OR REPLACE INTO heard VALUES (?, ?, ?)", list(rows))

    def forget_sealed(self) -> bool:
        """Forget which entries were for others: a new key may open them. Whether there were any."""
        any_sealed = bool(self._read("SELECT 1 FROM heard WHERE key IS NULL LIMIT 1"))
        if any_sealed:
            self._write("DELETE FROM heard WHERE key IS ?", [(None,)])
        return any_sealed

    def snapshot(self) -> bytes | None:
        """The folded state as it was kept, or None."""
        parts = self._read("SELECT bytes FROM snapshot ORDER BY part")
        return b"".join(part for (part,) in parts) if parts else None

    def keep_snapshot(self, state: bytes) -> None:
        """Keep a folded state in place of the one before: the whole of it, or nothing."""
        parts = [(at, state[at : at + _PART_BYTES]) for at in range(0, len(state), _PART_BYTES)]
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.execute("DELETE FROM snapshot")
            self._db.executemany("INSERT INTO snapshot VALUES (?, ?)", parts)
            self._db.execute("COMMIT")
        except sqlcipher3.Error as error:
            self._undo()
            raise _broken(error) from None

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


def _broken(error: sqlcipher3.Error, otherwise: str = "a read or a write failed") -> StoreBroken:
    """What is the matter: a full disk is the officer's to mend, so it has a sentence of its own."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest says only where it happened
    if code == sqlcipher3.SQLITE_FULL:
        return DiskFull()
    return StoreBroken("the disk failed" if code == sqlcipher3.SQLITE_IOERR else otherwise)


class MemoryStore(Store):
    """A store that touches no disk and is gone when it is closed."""

    lasts = False

    def __init__(self) -> None:
        """An empty one; nothing is kept, so nothing is encrypted."""
        self._db = sqlcipher3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA temp_store = MEMORY")
        self._db.executescript(_SCHEMA)
