"""Run the simulator: `python -m simulator --port 8100`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import Generator
from pathlib import Path

import uvicorn

from simulator import demo, storage
from simulator.app import Protocol, make_app
from simulator.engine import Engine

SAVE_AFTER_S = 1.0


class Saver:
    """Writes the world to its file soon after a change, and at the end."""

    def __init__(self, engine: Engine, path: Path | None) -> None:
        self.engine = engine
        self.path = path
        self._waiting: asyncio.TimerHandle | None = None

    def changed(self) -> None:
        if self.path and self._waiting is None:
            loop = asyncio.get_running_loop()
            self._waiting = loop.call_later(SAVE_AFTER_S, self.save)

    def save(self) -> None:
        self._waiting = None
        if self.path:
            storage.write(self.path, self.engine.world)


class Server(uvicorn.Server):
    """uvicorn without its ten ticks a second: an idle simulator sleeps."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._stop = asyncio.Event()

    async def main_loop(self) -> None:
        await self._stop.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # A pretended hang would hold up the end, so nobody is waited for.
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """End on SIGINT and SIGTERM with status 0, and not by the signal as uvicorn does."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop.set)
        yield


def main() -> None:
    options = _options()
    try:
        listener = _listen(options.host, options.port)
    except OSError as exc:
        where = f"{options.host}:{options.port}"
        sys.exit(f"The simulator cannot use {where}: {exc.strerror}.")
    try:
        world = storage.read(options.state) if options.state else None
    except storage.DamagedState as exc:
        sys.exit(f"The simulator did not start: {exc}.")
    if world:
        demo.register_site(world, options.public_url)
    engine = Engine(world or demo.fill(demo.empty(options.public_url)))
    saver = Saver(engine, options.state)
    try:
        saver.save()
    except OSError as exc:
        sys.exit(f"The simulator cannot write {options.state}: {exc.strerror}.")
    _serve(engine, options.public_url, saver, listener)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="simulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--state", type=Path, help="keep the world in this file")
    parser.add_argument("--public-url", default="http://127.0.0.1:8000", help="the site's address")
    options = parser.parse_args()
    options.public_url = options.public_url.rstrip("/")
    return options


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio switches Nagle's delay off only where TCP is named: 45 ms a call without it.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(512)
    return listener


def _serve(engine: Engine, public_url: str, saver: Saver, listener: socket.socket) -> None:
    config = uvicorn.Config(
        make_app(engine, public_url, saver.changed),
        http=Protocol,
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,  # the server's tick would have to keep it right
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
    )
    host, port = listener.getsockname()[:2]
    sys.stdout.write(f"The simulator listens on http://{host}:{port}/_sim/\n")
    sys.stdout.flush()
    Server(config).run(sockets=[listener])
    saver.save()


if __name__ == "__main__":
    main()
