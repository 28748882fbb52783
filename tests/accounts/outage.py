"""A road to Postgres that a test can close: what does a process do when the database is gone?"""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from urllib.parse import urlsplit, urlunsplit

from tests.processes import environment


class Road:
    """A TCP relay to the test's Postgres; ``url`` goes over it."""

    def __init__(self) -> None:
        target = urlsplit(environment()["DATABASE_URL"])
        self._target = (target.hostname or "127.0.0.1", target.port or 5432)
        self._listener = socket.create_server(("127.0.0.1", 0))
        port = self._listener.getsockname()[1]
        login = target.netloc.rpartition("@")[0]
        self.url = urlunsplit(target._replace(netloc=f"{login}@127.0.0.1:{port}"))
        self._open = threading.Event()
        self._open.set()
        self._swallow_answer_to = b""
        self.swallowed = threading.Event()
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._ended = False
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Cut all connections, and refuse new ones."""
        self._open.clear()
        for pair in self._pairs:
            for one in pair:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def open(self) -> None:
        self._open.set()

    def swallow_answer_to(self, statement: bytes) -> None:
        """Carry the next such statement out, and cut the connection before its answer is back."""
        self._swallow_answer_to = statement

    def end(self) -> None:
        self._ended = True
        self.close()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _accept(self) -> None:
        relays: list[threading.Thread] = []
        while not self._ended:
            try:
                near, _ = self._listener.accept()
            except OSError:
                break
            if not self._open.is_set():
                near.close()
                continue
            far = socket.create_connection(self._target)
            self._pairs.append((near, far))
            relays.append(threading.Thread(target=self._relay, args=(near, far), daemon=True))
            relays[-1].start()
        for relay in relays:
            relay.join()

    def _relay(self, near: socket.socket, far: socket.socket) -> None:
        swallowing = False
        with near, far, contextlib.suppress(OSError):
            while True:
                for source in select.select([near, far], [], [])[0]:
                    data = source.recv(65_536)
                    if not data:
                        return
                    if (
                        source is near
                        and self._swallow_answer_to
                        and self._swallow_answer_to in data
                    ):
                        self._swallow_answer_to, swallowing = b"", True
                    if source is far and swallowing:
                        self.swallowed.set()
                        return
                    (far if source is near else near).sendall(data)


def port_that_refuses() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
