"""Outlives the runner by a moment: when it was killed, nothing that it started stays behind.

Started by processes.py with a pipe on its standard input. The runner writes a line for each
child that it starts ("<pid> <signal>") and for each that has ended ("-<pid>"). The pipe's end
means that the runner is gone: the guard asks what is left to stop, and soon insists. It holds
the lock of the state folder meanwhile, so that the next start waits.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import time

PATIENCE = 5.0  # seconds between asking and insisting


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    children: dict[int, tuple[int, int]] = {}
    for line in sys.stdin:
        if line.startswith("-"):
            _, descriptor = children.pop(int(line[1:]), (0, -1))
            if descriptor >= 0:
                os.close(descriptor)
            continue
        pid, stop_signal = map(int, line.split())
        # A descriptor means this very process, even if its number is given away later.
        with contextlib.suppress(ProcessLookupError):
            children[pid] = (stop_signal, os.pidfd_open(pid))
    for stop_signal, descriptor in children.values():
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(descriptor, stop_signal)
    left = {descriptor: pid for pid, (_, descriptor) in children.items()}
    deadline = time.monotonic() + PATIENCE
    while left and time.monotonic() < deadline:
        for descriptor in select.select(list(left), [], [], 0.2)[0]:
            kill_group(left.pop(descriptor))
    for descriptor, pid in left.items():
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        kill_group(pid)
    # Until they are really gone, their ports and files are not free for the next start.
    while left and time.monotonic() < deadline + PATIENCE:
        for descriptor in select.select(list(left), [], [], 0.2)[0]:
            left.pop(descriptor)


def kill_group(pid: int) -> None:
    """Every child leads its own group, so this ends what it has started in its turn."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
