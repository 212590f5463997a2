"""Nonces of signed requests, so that a request counts once. In memory: what a replay could do, it does once anyway."""

import datetime
import threading

LIMIT = 200_000


class Nonces:
    """The nonces seen on the days whose signatures still hold."""

    def __init__(self) -> None:
        """Knows none."""
        self._lock = threading.Lock()
        self._seen: dict[datetime.date, set[bytes]] = {}

    def take(self, nonce: bytes, today: datetime.date) -> bool:
        """True if the nonce is new."""
        with self._lock:
            for day in [day for day in self._seen if abs((today - day).days) > 3]:
                del self._seen[day]
            if any(nonce in seen for seen in self._seen.values()):
                return False
            seen = self._seen.setdefault(today, set())
            if len(seen) >= LIMIT:
                return False
            seen.add(nonce)
            return True
