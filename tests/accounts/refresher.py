"""A process of the site that asks for tokens: the races need real ones, and some are killed.

``python -m tests.accounts.refresher ACTION CREDENTIAL_ID THREADS`` prints "ready", starts on a line
of input, and prints one JSON line for each thread: the generation it got, or the error.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tests.processes import ROOT, environment


class Refresher:
    """Starts the process, lets it go, and reads what it got."""

    def __init__(self, action: str, credential_id: int, *, threads: int = 1, **extra: str) -> None:
        arguments = ["-m", "tests.accounts.refresher", action, str(credential_id), str(threads)]
        self._process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env={**environment(), **extra},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"

    def go(self) -> Refresher:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self

    def results(self) -> list[dict[str, Any]]:
        output, _ = self._process.communicate(timeout=60)
        return [json.loads(line) for line in output.splitlines()]

    def first_result(self) -> dict[str, Any]:
        """Return the first thread's result, and leave the process running."""
        assert self._process.stdout is not None
        result: dict[str, Any] = json.loads(self._process.stdout.readline())
        return result

    def kill(self) -> None:
        self._process.kill()
        if self._process.stdout is not None and not self._process.stdout.closed:
            self._process.communicate()


Start = Callable[..., Refresher]


def main(action: str, credential_id: int, threads: int) -> None:
    # A machine whose clock is wrong.
    skew, real_time = float(os.environ.get("TEST_CLOCK_SKEW", "0")), time.time
    time.time = lambda: real_time() + skew
    import django

    django.setup()
    from django.db import connection

    from accounts import tokens
    from accounts.errors import AccountError

    barrier, printing = threading.Barrier(threads), threading.Lock()

    def ask() -> None:
        connection.ensure_connection()
        barrier.wait()
        try:
            if action == "refresh":
                token = tokens.refresh(credential_id)
            else:
                token = tokens.access_token_for(credential_id, spare=timedelta(seconds=60))
            digest = hashlib.sha256(token.secret.reveal().encode()).hexdigest()
            result = {"generation": token.generation, "token": digest}
        except AccountError as exc:
            result = {"error": type(exc).__name__, "code": exc.code}
        finally:
            connection.close()
        with printing:
            sys.stdout.write(json.dumps(result) + "\n")
            sys.stdout.flush()

    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    asking = [threading.Thread(target=ask) for _ in range(threads)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    if action == "linger":
        threading.Event().wait()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
