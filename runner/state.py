"""The state folder: one owner at a time, its ports, its secrets and its logs."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import secrets
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from runner.errors import Refusal

SECRETS_VERSION = 1
STAFF_EMAIL = "staff@example.org"
LOG_LIMIT = 5 * 1024 * 1024  # bytes; a longer log is put aside at the next start
OWN_PORTS = range(20_000, 32_000)
WAIT_FOR_OTHERS = 30.0  # seconds that a command waits for another one on the same state


@dataclass(frozen=True, slots=True, repr=False)
class Secrets:
    """Made once for a state folder and never replaced: the token keys open what is stored."""

    secret_key: str
    token_keys: str
    postgres_password: str
    valkey_password: str
    staff_password: str

    @classmethod
    def made(cls) -> Self:
        key_id = str(secrets.randbelow(2**32 - 1) + 1)
        key = base64.b64encode(secrets.token_bytes(32)).decode()
        keyset = {"primary": key_id, "keys": [{"id": key_id, "status": "ENABLED", "key": key}]}
        return cls(
            secret_key=secrets.token_urlsafe(50),
            token_keys=json.dumps(keyset),
            postgres_password=secrets.token_urlsafe(24),
            valkey_password=secrets.token_urlsafe(24),
            staff_password=secrets.token_urlsafe(15),
        )

    @classmethod
    def parsed(cls, text: str) -> Self:
        """Raise ValueError unless the text holds every secret, whole."""
        raw = json.loads(text)
        if not isinstance(raw, dict) or raw.pop("version", None) != SECRETS_VERSION:
            raise ValueError("unknown version")
        names = set(cls.__slots__)
        if set(raw) != names or not all(isinstance(v, str) and v for v in raw.values()):
            raise ValueError("wrong set of secrets")
        keyset = json.loads(raw["token_keys"])
        if not isinstance(keyset, dict) or not keyset.get("primary") or not keyset.get("keys"):
            raise ValueError("no token keys")
        return cls(**raw)

    def dumped(self) -> str:
        values = {name: getattr(self, name) for name in self.__slots__}
        return json.dumps({"version": SECRETS_VERSION, **values}, indent=1) + "\n"


class State:
    """A folder that belongs to one running `./dev` command at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lock: int | None = None

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def mail(self) -> Path:
        return self.folder / "mail"

    def prepare(self) -> None:
        """Make the folder; others may pass through (Postgres of root runs as nobody), not look."""
        try:
            self.folder.mkdir(mode=0o711, parents=True, exist_ok=True)
            self.logs.mkdir(mode=0o700, exist_ok=True)
            self.mail.mkdir(mode=0o700, exist_ok=True)
        except (PermissionError, FileExistsError, NotADirectoryError) as exc:
            raise Refusal(
                f"The state folder {self.folder} cannot be made or written: "
                "choose another one with --state DIR."
            ) from exc
        if not os.access(self.folder, os.W_OK | os.X_OK):
            raise Refusal(
                f"The state folder {self.folder} belongs to someone else: "
                "choose another one with --state DIR."
            )

    def acquire(self, *, command: str) -> None:
        """Take the folder, or refuse with the name of the command that has it.

        The lock is the kernel's, so it ends with its holders whatever happens to them. After a
        SIGKILL the guard holds it a moment longer, until the last child is gone.
        """
        # Opened for appending: the holder's text must survive a look by somebody else.
        lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        deadline = time.monotonic() + WAIT_FOR_OTHERS
        told = False
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                holder = self.holder()
                if holder is not None and holder["command"] == "up":
                    os.close(lock)
                    raise Refusal(
                        f"./dev up is already running on {self.folder} (process {holder['pid']}): "
                        "stop it with Ctrl-C, or use another folder with --state DIR."
                    ) from None
                if time.monotonic() > deadline:
                    os.close(lock)
                    raise Refusal(
                        f"Another ./dev command still uses {self.folder}: wait for it to end, "
                        "or use another folder with --state DIR."
                    ) from None
                if not told:
                    print("Waiting for another ./dev command to end...", file=sys.stderr)
                    told = True
                time.sleep(0.05)
        os.ftruncate(lock, 0)
        os.pwrite(lock, json.dumps({"pid": os.getpid(), "command": command}).encode(), 0)
        self.lock = lock

    def holder(self) -> dict[str, Any] | None:
        """The running command that has taken the folder, as far as it can be known."""
        try:
            held = json.loads((self.folder / "lock").read_text())
            os.kill(held["pid"], 0)
        except PermissionError:  # alive, and somebody else's
            return dict(held)
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return dict(held)

    def _is_taken(self) -> bool:
        try:
            lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(lock)
        return False

    def release(self) -> None:
        self.forget_running()
        if self.lock is not None:
            os.close(self.lock)
            self.lock = None

    def secrets(self) -> Secrets:
        """The secrets of this folder, made at the first call; a damaged file is left alone."""
        path = self.folder / "secrets.json"
        if not path.exists():
            if any(self.folder.glob("pg*/PG_VERSION")):
                raise Refusal(
                    f"{path} is missing although there is a database beside it: put the file "
                    f"back, or remove the whole folder {self.folder} to start afresh."
                )
            write_private(path, Secrets.made().dumped())
        try:
            return Secrets.parsed(path.read_text())
        except (OSError, ValueError) as exc:
            raise Refusal(
                f"{path} is damaged, and it holds the only keys to the stored tokens: restore it "
                f"from a copy, or remove the whole folder {self.folder} to start afresh."
            ) from exc

    def ports(self, *names: str) -> dict[str, int]:
        """A free port for each name, the one of the last start where it is still free."""
        path = self.folder / "ports.json"
        try:
            kept = json.loads(path.read_text())
        except (OSError, ValueError):
            kept = {}
        if not isinstance(kept, dict):
            kept = {}
        for name in names:
            if not isinstance(kept.get(name), int) or not is_free(kept[name]):
                kept[name] = free_port(besides=set(kept.values()))
        write_private(path, json.dumps(kept) + "\n")
        return {name: kept[name] for name in names}

    def remember_running(self, settings: dict[str, str]) -> None:
        """Keep the settings of the running site, for `./dev manage` beside it."""
        record = {"pid": os.getpid(), "settings": settings}
        write_private(self.folder / "running.json", json.dumps(record) + "\n")

    def running(self) -> dict[str, str] | None:
        """The settings of the site that `./dev up` runs on this folder right now."""
        holder = self.holder() if self._is_taken() else None
        if holder is None or holder["command"] != "up":
            return None
        try:
            record = json.loads((self.folder / "running.json").read_text())
        except (OSError, ValueError):
            return None
        return dict(record["settings"]) if record["pid"] == holder["pid"] else None

    def forget_running(self) -> None:
        if self.lock is not None:
            (self.folder / "running.json").unlink(missing_ok=True)

    def log_of(self, name: str) -> Path:
        """The log file of a process; a long one is put aside first."""
        path = self.logs / f"{name}.log"
        if path.exists() and path.stat().st_size > LOG_LIMIT:
            path.replace(path.with_suffix(".log.1"))
        return path


def write_private(path: Path, text: str) -> None:
    """Write a file whole or not at all, readable by its owner only from the first moment."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        os.fchmod(descriptor, 0o600)
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    beside.replace(path)


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
        except (OSError, OverflowError):
            return False
    return True


def free_port(*, besides: set[int] | None = None) -> int:
    """A port below the range from which the kernel takes those of outgoing connections."""
    while True:
        port = OWN_PORTS.start + secrets.randbelow(len(OWN_PORTS))
        if port not in (besides or ()) and is_free(port):
            return port
