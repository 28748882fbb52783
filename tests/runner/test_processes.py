"""The supervisor with small children: order, unexpected ends, and nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runner.places import ROOT

# Each child starts a grandchild, as the real ones do, and says when it is asked to stop.
SCENARIO = r"""
import sys
from pathlib import Path
from runner.errors import Fallen, Interrupted
from runner.processes import Program, Supervisor
from runner.state import State

CHILD = r'''
import os, signal, subprocess, sys, time
def bye(*_):
    os.write(1, b"asked to stop\n")
    if "stubborn" not in sys.argv:
        sys.exit(0)
def fall(*_):
    os.write(1, b"noise\n" * 40 + b"last words")
    sys.exit(7)
signal.signal(signal.SIGTERM, bye)
signal.signal(signal.SIGUSR1, fall)
grandchild = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(300)"])
print("pids", os.getpid(), grandchild.pid, flush=True)
while True:
    signal.pause()
'''

state = State(Path(sys.argv[1]))
state.prepare()
state.acquire(command="up")
supervisor = Supervisor(state, talkative=True)
try:
    for name, *options in (word.split(":") for word in sys.argv[2:]):
        supervisor.start(Program(
            name=name, argv=(sys.executable, "-S", "-c", CHILD, *options), environment={},
            grace=0.5 if "stubborn" in options else 20,
        ))
    supervisor.stay()
except Interrupted:
    pass
except Fallen as exc:
    print("fallen", exc.name, exc.status, exc.last_lines, flush=True)
finally:
    supervisor.stop_all()
    state.release()
print("end", flush=True)
"""


class Scenario:
    """A runner in a process of its own, and all the processes that it started."""

    def __init__(self, folder: Path, *children: str) -> None:
        self.runner = subprocess.Popen(
            [sys.executable, "-c", SCENARIO, str(folder), *children],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self.runner.stdout is not None
        self.output = self.runner.stdout
        self.pids: set[int] = set()

    def wait_for_children(self, number: int) -> None:
        for _ in range(number):
            line = self.output.readline()
            self.pids |= {int(word) for word in line.split("pids", 1)[1].split()}

    def finish(self) -> list[str]:
        """The rest of what was said, each line as "child: text"."""
        lines = [line.strip() for line in self.output.read().splitlines()]
        self.runner.wait(timeout=20)
        return [": ".join(map(str.strip, line.split("|", 1))) for line in lines]

    def guard(self) -> int:
        children = Path(f"/proc/{self.runner.pid}/task/{self.runner.pid}/children").read_text()
        return next(
            pid
            for pid in map(int, children.split())
            if b"guard.py" in Path(f"/proc/{pid}/cmdline").read_bytes()
        )

    def all_are_gone(self, pids: set[int] | None = None) -> bool:
        deadline = time.monotonic() + 15
        while any(map(is_running, pids or self.pids)):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    def clear(self) -> None:
        for pid in (self.runner.pid, *self.pids):
            if is_running(pid):
                os.kill(pid, signal.SIGKILL)
        self.runner.wait()
        self.output.close()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Scenario]]:
    started: list[Scenario] = []

    def start_one(*children: str) -> Scenario:
        started.append(Scenario(tmp_path, *children))
        started[-1].wait_for_children(len(children))
        return started[-1]

    yield start_one
    for scenario in started:
        scenario.clear()


def is_running(pid: int) -> bool:
    """A zombie has ended; that nobody has asked for its status yet is not its fault."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


@pytest.mark.parametrize("request_to_stop", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_children_stop_in_reverse_order(
    start: Callable[..., Scenario], request_to_stop: signal.Signals
) -> None:
    scenario = start("first", "second", "third")

    scenario.runner.send_signal(request_to_stop)

    assert scenario.finish() == [
        "third: asked to stop",
        "second: asked to stop",
        "first: asked to stop",
        "end",
    ]
    assert scenario.runner.returncode == 0
    assert scenario.all_are_gone()


def test_sigkill_of_the_runner_leaves_no_child(start: Callable[..., Scenario]) -> None:
    scenario = start("first", "second")

    scenario.runner.kill()

    assert scenario.all_are_gone()


def test_sigkill_leaves_not_even_a_child_that_will_not_stop(start: Callable[..., Scenario]) -> None:
    scenario = start("first", "deaf:stubborn")

    scenario.runner.kill()

    assert scenario.all_are_gone()


def test_sigkill_of_runner_and_guard_stops_the_children_too(start: Callable[..., Scenario]) -> None:
    scenario = start("first")
    leader = min(scenario.pids)

    os.kill(scenario.guard(), signal.SIGKILL)
    scenario.runner.kill()

    # What the child started in its turn is its own duty then.
    assert scenario.all_are_gone({leader})


def test_child_that_ends_by_itself_is_named_with_its_last_words(
    start: Callable[..., Scenario],
) -> None:
    scenario = start("steady", "frail")
    frail = max(pid for pid in scenario.pids if os.getpgid(pid) == pid)
    os.kill(frail, signal.SIGUSR1)

    lines = scenario.finish()

    assert [line for line in lines if line.startswith("fallen frail 7 [")]
    assert "'last words']" in "".join(lines)
    assert lines[-2:] == ["steady: asked to stop", "end"]
    assert scenario.all_are_gone()


def test_child_that_does_not_stop_is_killed_after_its_grace(start: Callable[..., Scenario]) -> None:
    scenario = start("first", "deaf:stubborn")

    scenario.runner.send_signal(signal.SIGINT)

    assert scenario.finish()[-2:] == ["first: asked to stop", "end"]
    assert scenario.all_are_gone()


def test_lines_of_children_are_kept_in_logs(tmp_path: Path, start: Callable[..., Scenario]) -> None:
    scenario = start("first")
    scenario.runner.send_signal(signal.SIGINT)
    scenario.finish()

    assert (tmp_path / "logs" / "first.log").read_text().endswith("asked to stop\n")
