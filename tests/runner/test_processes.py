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
if "broken" in sys.argv:
    sys.exit(7)
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
            restarts=tuple(float(one) for one in options if one[0].isdigit()),
        ))
    supervisor.stay()
except Interrupted:
    pass
except Fallen as exc:
    print("fallen", exc.name, exc.status, exc.last_lines, flush=True)
    print(exc, flush=True)
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
        self.named: dict[str, set[int]] = {}
        self.passed_over: list[str] = []  # said while something else was waited for

    def wait_for_children(self, number: int) -> None:
        for _ in range(number):
            name, pids = self.wait_for_line("pids").split("| pids")
            self.named[name.strip()] = {int(word) for word in pids.split()}
            self.pids |= self.named[name.strip()]

    def wait_for_line(self, words: str) -> str:
        for line in self.output:
            if words in line:
                return line
            self.passed_over.append(line.strip())
        raise AssertionError(f"The runner ended and did not say {words!r}.")

    def fall(self, name: str) -> None:
        """Have a child end by itself."""
        (leader,) = (pid for pid in self.named[name] if os.getpgid(pid) == pid)
        os.kill(leader, signal.SIGUSR1)

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

    def start_one(*children: str, ready: int | None = None) -> Scenario:
        started.append(Scenario(tmp_path, *children))
        started[-1].wait_for_children(len(children) if ready is None else ready)
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
    scenario.fall("frail")

    lines = scenario.finish()

    assert [line for line in lines if line.startswith("fallen frail 7 [")]
    assert "'last words']" in "".join(lines)
    assert "frail ended unexpectedly with status 7" in lines
    assert lines[-2:] == ["steady: asked to stop", "end"]
    assert scenario.all_are_gone()


def test_child_that_may_come_back_is_started_again_in_its_place(
    start: Callable[..., Scenario],
) -> None:
    scenario = start("first", "second:0.1", "third")
    scenario.fall("second")

    scenario.wait_for_children(1)
    scenario.runner.send_signal(signal.SIGINT)

    assert scenario.finish()[-4:] == [
        "third: asked to stop",
        "second: asked to stop",
        "first: asked to stop",
        "end",
    ]
    assert scenario.all_are_gone()


def test_child_that_falls_too_often_ends_the_run(start: Callable[..., Scenario]) -> None:
    broken = start("steady", "frail:broken:0.5:1", ready=1)

    lines = broken.passed_over + broken.finish()
    assert [line for line in lines if "started again" in line] == [
        "frail ended unexpectedly with status 7: it is started again in 0.5 s.",
        "frail ended unexpectedly with status 7: it is started again in 1 s.",
    ]
    assert "frail ended unexpectedly 3 times within a minute, at last with status 7" in lines
    assert lines[-2:] == ["steady: asked to stop", "end"]
    assert broken.all_are_gone()


def test_nothing_is_started_any_more_once_somebody_asked_to_stop(
    start: Callable[..., Scenario],
) -> None:
    scenario = start("first", "second:600")
    scenario.fall("second")
    scenario.wait_for_line("started again in 600 s")

    scenario.runner.send_signal(signal.SIGINT)

    assert scenario.finish() == ["first: asked to stop", "end"]
    assert scenario.all_are_gone()


def test_sigkill_leaves_no_child_that_was_started_again(start: Callable[..., Scenario]) -> None:
    scenario = start("first", "second:0.1")
    scenario.fall("second")
    scenario.wait_for_children(1)

    scenario.runner.kill()

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
