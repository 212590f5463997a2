"""Nonces of signed requests where several workers stand before one database: a replay to another of them is refused.

A row names neither officer nor time: a hash over number and nonce, which nobody guesses, and a day. How often an
officer asked today is counted under a name that only the memory key makes.
"""

import datetime
import hashlib

from django.db import connection

from poruch.front.memory import MemoryKey
from poruch.front.nonces import ACTIVE_LIMIT, DAYS_KEPT

_TAKE = """
WITH fresh AS (INSERT INTO front_nonce (name, day) VALUES (%s, %s) ON CONFLICT DO NOTHING RETURNING day)
INSERT INTO front_asked AS known (name, day, asked) SELECT %s, day, 1 FROM fresh
ON CONFLICT (name) DO UPDATE SET asked = known.asked + 1 RETURNING asked
"""


class SharedNonces:
    """As `Nonces`, in the database that all workers share."""

    def __init__(self, key: MemoryKey) -> None:
        """`key` is the one that all workers share."""
        self._key = key
        self._swept: datetime.date | None = None

    def take(self, nonce: bytes, today: datetime.date, number: int = 0, most: int = ACTIVE_LIMIT) -> bool:
        """As `Nonces.take`; true for one worker only."""
        if self._swept != today:
            self._sweep(today)
        counter = self._key.draw(f"{today} {number} {most}".encode(), "asked")(16)
        with connection.cursor() as cursor:
            cursor.execute(_TAKE, (name_of(nonce, number), today, counter))
            row = cursor.fetchone()
        return row is not None and row[0] <= most

    def _sweep(self, today: datetime.date) -> None:
        oldest, newest = (today + datetime.timedelta(days) for days in (-DAYS_KEPT, DAYS_KEPT))
        with connection.cursor() as cursor:
            for table in ("front_nonce", "front_asked"):
                cursor.execute(f"DELETE FROM {table} WHERE day NOT BETWEEN %s AND %s", (oldest, newest))  # noqa: S608
        self._swept = today


def name_of(nonce: bytes, number: int) -> bytes:
    """What stands for a nonce of an officer, 32 bytes."""
    return hashlib.sha256(b"poruch/nonce/v1\n" + number.to_bytes(8, "big") + nonce).digest()
