"""Lets a test stop, kill and start a server of the running `./dev test`, by asking the runner."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from runner.errors import Fallen, Refusal
from runner.leftovers import STATE_VARIABLE
from runner.services import NAMES, Services
from runner.state import write_private

SOCKET = "control"
ACTIONS = ("stop", "kill", "start")


def ask(action: str, name: str, *, timeout: float = 60.0) -> None:
    """From a test: stop, kill or start "postgres", "valkey" or "simulator"; return when done."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(timeout)
        with _address(_folder()) as address:
            connection.connect(address)
        connection.sendall(f"{action} {name}\n".encode())
        answer = connection.makefile().readline().strip()
    if answer != "done":
        raise RuntimeError(f"{action} {name}: {answer or 'no answer'}")


def running() -> dict[str, Any]:
    """From a test: the servers that run, as {name: {"pid": ..., "port": ...}}."""
    return dict(json.loads((_folder() / "services.json").read_text()))


@contextmanager
def _address(folder: Path) -> Iterator[str]:
    """The socket's path, however deep the folder lies: a socket's own path has 107 bytes."""
    descriptor = os.open(folder, os.O_DIRECTORY | os.O_PATH)
    try:
        yield f"/proc/self/fd/{descriptor}/{SOCKET}"
    finally:
        os.close(descriptor)


def _folder() -> Path:
    return Path(os.environ[STATE_VARIABLE])


class Control:
    """The runner's end: one request at a time, answered when it is done."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.socket = socket.socket(socket.AF_UNIX)
        with _address(services.state.folder) as address:
            self.socket.bind(address)
        self.socket.listen()
        self.socket.settimeout(0)
        services.supervisor.listen(self.socket, self._serve)
        self._write_down()

    def _serve(self) -> None:
        try:
            connection, _ = self.socket.accept()
        except BlockingIOError:
            return  # served while another lane waited for its server
        with connection:
            connection.settimeout(5)
            try:
                answer = self._do(*connection.makefile().readline().split())
            except (OSError, TypeError, KeyError, Refusal, Fallen) as exc:
                answer = f"{type(exc).__name__} {exc}"
            self._write_down()
            try:
                connection.sendall(answer.replace("\n", " ").encode() + b"\n")
            except OSError:
                return  # the test has gone away

    def _do(self, action: str, name: str) -> str:
        if action not in ACTIONS or name not in NAMES:
            return "unknown request"
        {
            "stop": self.services.stop,
            "kill": self.services.kill,
            "start": self.services.start,
        }[action](name)
        return "done"

    def _write_down(self) -> None:
        running = {
            name: {"pid": child.popen.pid, "port": self.services.ports[name]}
            for name, child in self.services.children.items()
        }
        write_private(self.services.state.folder / "services.json", json.dumps(running) + "\n")
