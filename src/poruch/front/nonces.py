"""Nonces of signed requests, so that a request counts once. In memory: what a replay could do, it does once anyway.

Where several workers share a PostgreSQL, they share the nonces too (postgres/nonces.py).
"""

import datetime
import threading

DAYS_KEPT = 3
ACTIVE_LIMIT = 20_000
OUTSIDE_LIMIT = 5_000
"""Requests a day of one officer, and of one who was suspended or removed: a desk asks a few times a minute."""


class Nonces:
    """The nonces seen on the days whose signatures still hold, each officer's by themselves: none locks others out."""

    def __init__(self) -> None:
        """Knows none."""
        self._lock = threading.Lock()
        self._seen: dict[datetime.date, dict[tuple[int, int], set[bytes]]] = {}

    def take(self, nonce: bytes, today: datetime.date, number: int = 0, most: int = ACTIVE_LIMIT) -> bool:
        """True if the nonce is new for officer `number`, and he has asked fewer than `most` times today.

        What he asked under another `most` is counted apart: who is suspended at noon still votes that day.
        """
        with self._lock:
            for day in [day for day in self._seen if abs((today - day).days) > DAYS_KEPT]:
                del self._seen[day]
            if any(nonce in used for seen in self._seen.values() for (who, _), used in seen.items() if who == number):
                return False
            used = self._seen.setdefault(today, {}).setdefault((number, most), set())
            if len(used) >= most:
                return False
            used.add(nonce)
            return True
