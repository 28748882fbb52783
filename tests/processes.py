"""Processes of the site for tests: Celery's worker and beat, against the test's own database."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit, urlunsplit

from django.db import connection

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 30.0


def wait_for(condition: Callable[[], object], *, seconds: float = 20.0, what: str = "it") -> None:
    """Return as soon as ``condition`` holds; fail with ``what`` where it does not in time."""
    ends = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > ends:
            raise AssertionError(f"Waited {seconds:g} s in vain for {what}.")
        time.sleep(0.05)


def environment() -> dict[str, str]:
    """Return this process's environment with the test database in ``DATABASE_URL``."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    name = str(connection.settings_dict["NAME"])
    return {**os.environ, "DATABASE_URL": urlunsplit(parts._replace(path=f"/{name}"))}


class Process:
    """A process of the site, with every line that it printed."""

    name: str
    ready: str  # what it says when it has started

    def __init__(self, **extra: str) -> None:
        self.extra = extra
        self.lines: list[str] = []
        self._process: subprocess.Popen[str] | None = None

    def arguments(self) -> list[str]:
        raise NotImplementedError

    def start(self) -> Self:
        self.lines.clear()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "spotsite", *self.arguments()],
            cwd=ROOT,
            env={**environment(), **self.extra},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        threading.Thread(target=self._read, args=[self._process], daemon=True).start()
        try:
            wait_for(self._ready, seconds=START_SECONDS, what=f"the {self.name} to be ready")
        except AssertionError:
            self.kill()
            raise
        return self

    @property
    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def said(self, words: str, *, times: int = 1) -> bool:
        """Say whether ``words`` stand in that many of its lines, in whatever case."""
        return sum(words in line.lower() for line in self.lines) >= times

    def stop(self) -> int | None:
        """Ask it to finish what it does, wait, and return its exit status."""
        return self._end(signal.SIGTERM, group=False)

    def kill(self) -> None:
        """Kill it and its children at once, as a power cut would."""
        self._end(signal.SIGKILL, group=True)

    def _end(self, number: signal.Signals, *, group: bool) -> int | None:
        process, self._process = self._process, None
        if process is None:
            return None
        if process.poll() is None:
            if group:
                os.killpg(process.pid, number)
            else:
                process.send_signal(number)
        try:
            return process.wait(timeout=70)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                self.lines.append(line)

    def _ready(self) -> bool:
        if self._process is not None and self._process.poll() is not None:
            raise AssertionError(f"The {self.name} ended:\n" + "".join(self.lines))
        return any(self.ready in line for line in self.lines)


class Worker(Process):
    """A Celery worker with its children."""

    name = "worker"
    ready = " ready."

    def __init__(self, *, concurrency: int = 3, queues: str = "", **extra: str) -> None:
        super().__init__(**extra)
        self.queues = queues or "interactive,push,refresh,maint"
        self.concurrency = concurrency

    def arguments(self) -> list[str]:
        return [
            *("worker", "--pool", "prefork", "-O", "fair", "-l", "INFO"),
            *("--concurrency", str(self.concurrency), "-Q", self.queues),
            *("--without-gossip", "--without-mingle", "--without-heartbeat"),
        ]


class Beat(Process):
    """Celery beat with the jobs that stand in the database."""

    name = "beat"
    ready = "beat: Starting"

    def arguments(self) -> list[str]:
        return ["beat", "--pidfile=", "-l", "INFO"]
