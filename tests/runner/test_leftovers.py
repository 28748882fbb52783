"""What a killed `./dev test` leaves, the next one takes away, and nothing else."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.leftovers import STATE_VARIABLE, sweep
from runner.places import ROOT
from tests.processes import wait_for
from tests.runner.test_up import DEV, environment, is_running

# A test that starts something in a session of its own, as tests start Celery, and never ends.
ENDLESS = """
import subprocess, sys, time
from pathlib import Path

def test_endless():
    child = subprocess.Popen(["sleep", "600"], start_new_session=True)
    Path(sys.argv[-1]).with_name("pid").write_text(str(child.pid))
    time.sleep(600)
"""


@pytest.fixture
def dead() -> int:
    """The number of a process that has ended."""
    ended = subprocess.Popen([sys.executable, "-S", "-c", ""])
    ended.wait()
    return ended.pid


@pytest.fixture
def sleepers() -> Iterator[list[subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for one in started:
        one.kill()
        one.wait()


def sleeper(**extra: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(["sleep", "600"], env={**os.environ, **extra}, start_new_session=True)


def folder_of(pid: int, parent: Path) -> Path:
    folder = parent / f"spotsite-run-{pid}-abc123"
    (folder / "logs").mkdir(parents=True)
    (folder / "lock").touch()
    return folder


def test_what_a_killed_run_left_is_gone_after_the_next(tmp_path: Path) -> None:
    settings = {**environment(), "TMPDIR": str(tmp_path)}
    settings.pop(STATE_VARIABLE, None)
    test = tmp_path / "test_endless.py"
    test.write_text(ENDLESS)
    pytest_options = ("-c", str(ROOT / "pyproject.toml"), "-p", "no:cacheprovider")
    first = subprocess.Popen(
        [DEV, "test", *pytest_options, str(test)], cwd=ROOT, env=settings, stdout=subprocess.DEVNULL
    )
    wait_for((tmp_path / "pid").exists, seconds=60, what="the test to run")
    (folder,) = tmp_path.glob("spotsite-*")
    first.kill()
    first.wait()
    child = int((tmp_path / "pid").read_text())
    assert folder.exists()
    assert is_running(child)

    def swept() -> bool:
        # The guard holds the lock until the servers are gone.
        subprocess.run([DEV, "test", "--version"], cwd=ROOT, env=settings, check=True, timeout=60)
        return not folder.exists()

    wait_for(swept, seconds=60, what="the folder to go")
    assert not is_running(child)
    assert list(tmp_path.glob("spotsite-*")) == []


def test_a_folder_of_a_dead_run_goes_with_what_it_started(
    tmp_path: Path, dead: int, sleepers: list[subprocess.Popen[bytes]]
) -> None:
    folder = folder_of(dead, tmp_path)
    own = sleeper(**{STATE_VARIABLE: str(folder / "lane-0")})
    others = sleeper(**{STATE_VARIABLE: f"{folder}0/lane-0"})
    sleepers += [own, others]

    sweep(tmp_path)

    assert own.wait(timeout=10) == -signal.SIGKILL
    assert others.poll() is None
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_a_run_that_lives_stays(tmp_path: Path) -> None:
    folder = folder_of(os.getpid(), tmp_path)

    sweep(tmp_path)

    assert folder.exists()


def test_a_folder_stays_while_a_guard_holds_its_lock(tmp_path: Path, dead: int) -> None:
    folder = folder_of(dead, tmp_path)
    with (folder / "lock").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        sweep(tmp_path)
        assert folder.exists()

    sweep(tmp_path)

    assert not folder.exists()


def test_a_folder_of_a_run_that_was_killed_at_once_goes_too(tmp_path: Path, dead: int) -> None:
    folder = folder_of(dead, tmp_path)
    (folder / "lock").unlink()

    sweep(tmp_path)

    assert not folder.exists()


@pytest.mark.parametrize(
    "name", ["spotsite-run-{dead}", "spotsite-{dead}-a", "spotsite-run-{dead}-a b", "run-{dead}-a"]
)
def test_a_folder_of_another_name_stays(tmp_path: Path, dead: int, name: str) -> None:
    folder = tmp_path / name.format(dead=dead)
    folder.mkdir()

    sweep(tmp_path)

    assert folder.exists()


def test_a_link_is_neither_followed_nor_removed(tmp_path: Path, dead: int) -> None:
    target = tmp_path / "elsewhere"
    (target / "kept").mkdir(parents=True)
    link = tmp_path / f"spotsite-run-{dead}-abc123"
    link.symlink_to(target)

    sweep(tmp_path)

    assert link.is_symlink()
    assert (target / "kept").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_somebody_else_stays(tmp_path: Path, dead: int) -> None:
    folder = folder_of(dead, tmp_path)
    os.chown(folder, 65534, 65534)

    sweep(tmp_path)

    assert folder.exists()
