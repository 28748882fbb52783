"""The site's processes and the simulator: how each is started and stopped."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from pathlib import Path

from runner import places
from runner.processes import Program

PYTHON = str(places.VENV_PYTHON)
SIMULATOR = "simulator"
# Longer than the hard limit of a run's slice (180 s), so that a warm shutdown always finishes.
WORKER_GRACE = 200.0
UNUSABLE = 3  # of runner/prepare.py: a setting cannot be used
WAITING_FOR_TASK = "Waiting for the task under way to finish, press Ctrl-C again to stop at once."
# Pauses before a process that fell is started again; the fifth fall within a minute is the end.
RESTARTS = (1.0, 2.0, 4.0, 8.0)
# Celery warns root because of pickle; this site takes JSON only.
ROOT_WARNING = "ignore:You're running the worker with superuser privileges"
# Memory, not disk: gunicorn touches a file there every few seconds to show that it lives.
HEARTBEATS = "/dev/shm"  # noqa: S108


def simulator(
    environment: Mapping[str, str], *, port: int, public_url: str, state: Path | None
) -> Program:
    kept = () if state is None else ("--state", str(state))
    return Program(
        name=SIMULATOR,
        argv=(
            *(PYTHON, "-m", "simulator", "--host", "127.0.0.1", "--port", str(port)),
            *("--public-url", public_url, *kept),
        ),
        environment=environment,
        quiet=True,
    )


def prepare(environment: Mapping[str, str], *, demo: bool) -> Program:
    return Program(
        name="prepare",
        argv=(PYTHON, "-m", "runner.prepare", *(("demo",) if demo else ())),
        environment=environment,
    )


def worker(environment: Mapping[str, str]) -> Program:
    return Program(
        name="worker",
        argv=(
            *(PYTHON, "-W", ROOT_WARNING, "-m", "celery", "-A", "spotsite", "worker"),
            *("--pool", "prefork", "--concurrency", "3", "-O", "fair"),
            *("--without-gossip", "--without-mingle", "--without-heartbeat"),
            *("-Q", "interactive,push,refresh,maint", "-l", "INFO"),
        ),
        environment=environment,
        grace=WORKER_GRACE,
        restarts=RESTARTS,
        patience_note=WAITING_FOR_TASK,
    )


def beat(environment: Mapping[str, str]) -> Program:
    return Program(
        name="beat",
        argv=(
            *(PYTHON, "-m", "celery", "-A", "spotsite", "beat"),
            *("-l", "INFO", "--pidfile="),
        ),
        environment=environment,
        restarts=RESTARTS,
    )


def web(environment: Mapping[str, str], *, port: int) -> Program:
    heartbeats = ("--worker-tmp-dir", HEARTBEATS) if Path(HEARTBEATS).is_dir() else ()
    return Program(
        name="web",
        argv=(
            *(PYTHON, "-m", "gunicorn", "spotsite.wsgi:application"),
            *("--bind", f"127.0.0.1:{port}", "--workers", "1"),
            *("--worker-class", "gthread", "--threads", "8", "--no-control-socket"),
            *("--timeout", "60", "--graceful-timeout", "25", *heartbeats),
            # Without query strings: the providers put one-time codes into them.
            *("--access-logfile", "-", "--access-logformat", "%(m)s %(U)s %(s)s %(M)sms"),
        ),
        environment=environment,
        grace=30.0,
        restarts=RESTARTS,
    )


def listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
