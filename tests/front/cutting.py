"""A line that dies: a proxy on loopback that cuts each connection after so many bytes, both ways together."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class Proxy:
    """`after` bytes and a connection is cut; `down` and `up` count what came from the front and went to it."""

    front: int
    after: int = 10**9
    up: int = 0
    down: int = 0
    cuts: int = 0
    listening: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.listening.getsockname()[1]}"

    def begin(self, after: int) -> None:
        """Count from nothing, with another length."""
        self.after, self.up, self.down, self.cuts = after, 0, 0, 0

    def run(self) -> None:
        while True:
            try:
                here, _ = self.listening.accept()
            except OSError:
                return
            there = socket.create_connection(("127.0.0.1", self.front))
            for end in (here, there):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            left = [self.after]
            for pair, way in (((here, there), "up"), ((there, here), "down")):
                threading.Thread(target=self._carry, args=(*pair, left, way), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket, left: list[int], way: str) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(16384):
                with self._lock:
                    data = data[: left[0]]
                    left[0] -= len(data)
                    setattr(self, way, getattr(self, way) + len(data))
                    cut = left[0] == 0
                    self.cuts += cut and bool(data)
                sink.sendall(data)
                if cut:
                    break
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        sink.close()


@contextlib.contextmanager
def cutting(front_port: int) -> Iterator[Proxy]:
    """A proxy before the front at this port."""
    proxy = Proxy(front_port)
    thread = threading.Thread(target=proxy.run, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        with contextlib.suppress(OSError):
            proxy.listening.shutdown(socket.SHUT_RDWR)
        proxy.listening.close()
        thread.join(5)
