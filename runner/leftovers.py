"""Folders of tests and benchmarks whose `./dev` was killed: the next one takes them away.

A folder is named for the process that owns it, and locked by it as long as it or its guard lives.
What a test started in a session of its own, no guard knows of; it carries the folder's name in its
environment.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# In the environment of everything that a test starts: whose it is.
STATE_VARIABLE = "SPOTSITE_TEST_STATE"
_NAME = re.compile(r"spotsite-run-(\d+)-\w+")


@contextmanager
def private_folder() -> Iterator[Path]:
    """Make a folder for the length of one command, after sweeping what killed ones left."""
    parent = Path(tempfile.gettempdir())
    sweep(parent)
    folder = Path(tempfile.mkdtemp(prefix=f"spotsite-run-{os.getpid()}-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep(parent: Path) -> None:
    """Remove our folders of runs that are dead, and end what still belongs to them."""
    for folder in parent.glob("spotsite-run-*"):
        with _locked(folder) as is_ours:
            if is_ours:
                _end_processes(folder)
                shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _locked(folder: Path) -> Iterator[bool]:
    """Hold the lock of a dead run's folder; False where the run may live or is not ours."""
    if not _is_of_a_dead_process(folder):
        yield False
        return
    try:
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        yield True  # killed before it took the lock
        return
    except OSError:
        yield False
        return
    try:
        yield _takes(lock)
    finally:
        os.close(lock)


def _is_of_a_dead_process(folder: Path) -> bool:
    named = _NAME.fullmatch(folder.name)
    if named is None or folder.is_symlink() or not folder.is_dir():
        return False
    return folder.stat().st_uid == os.geteuid() and not Path("/proc", named[1]).exists()


def _takes(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _end_processes(folder: Path) -> None:
    marker = f"{STATE_VARIABLE}={folder}/".encode()
    for entry in Path("/proc").glob("[0-9]*"):
        # A descriptor means this very process, even if its number is given away meanwhile.
        with contextlib.suppress(OSError), _process(int(entry.name)) as process:
            names = (entry / "environ").read_bytes().split(b"\0")
            if any(name.startswith(marker) for name in names):
                signal.pidfd_send_signal(process, signal.SIGKILL)


@contextmanager
def _process(pid: int) -> Iterator[int]:
    process = os.pidfd_open(pid)
    try:
        yield process
    finally:
        os.close(process)
