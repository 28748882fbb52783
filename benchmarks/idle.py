"""What the whole site costs while nobody uses it: memory (PSS) and CPU, simulator included.

Starts ``./dev up`` with a state folder of its own, as a newcomer does, lets it settle, and reads
/proc for a minute. Targets: 600 MB and 2 % of a core.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks import table
from runner import environment, leftovers
from runner.state import free_port

ROOT = Path(__file__).resolve().parent.parent
TARGET_MB = 600.0
TARGET_CORE_PERCENT = 2.0
START_SECONDS = 180.0
TICKS = os.sysconf("SC_CLK_TCK")
# The programs of the site, by what stands in their command line; the first that fits.
PROGRAMS = {
    "simulator": ("-m simulator",),
    "worker": ("celery", " worker"),
    "beat": ("celery", " beat"),
    "web": ("gunicorn",),
    "postgres": ("postgres",),
    "valkey": ("valkey-server",),
    "runner": ("dev",),
}
# What ./dev bench set for itself; ./dev up makes up its own.
NOT_PASSED_ON = {*environment.NAMES, leftovers.STATE_VARIABLE}


@dataclass(frozen=True, slots=True)
class Process:
    """One process at one moment."""

    pid: int
    parent: int
    program: str
    ticks: int  # its own and those of its children that have ended

    @property
    def pss_kb(self) -> int:
        """Return its share of memory: pages that several use count in parts."""
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{self.pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    return int(line.split()[1])
        return 0


def main() -> None:
    options = table.parser(__doc__ or "")
    options.add_argument("--seconds", type=float, default=60.0, help="how long to measure (60)")
    options.add_argument("--settle", type=float, default=30.0, help="how long to wait first (30)")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="spotsite-idle-") as folder:
        Path(folder).chmod(0o711)  # Postgres of root runs as nobody
        with site(Path(folder)) as runner:
            time.sleep(given.settle)
            before, began = family(runner), time.monotonic()
            time.sleep(given.seconds)
            after, seconds = family(runner), time.monotonic() - began
            memory = {process.pid: process.pss_kb for process in after.values()}
    report(before, after, memory, seconds=seconds, as_json=given.json)


def report(
    before: dict[int, Process],
    after: dict[int, Process],
    memory: dict[int, int],
    *,
    seconds: float,
    as_json: bool,
) -> None:
    mb: dict[str, float] = defaultdict(float)
    core: dict[str, float] = defaultdict(float)
    count: dict[str, int] = defaultdict(int)
    for pid, process in after.items():
        began = before[pid].ticks if pid in before else 0
        mb[process.program] += memory[pid] / 1024
        core[process.program] += (process.ticks - began) / TICKS / seconds * 100
        count[process.program] += 1
    rows: list[table.Row] = [
        {"program": name, "processes": count[name], "PSS MB": mb[name], "% of a core": core[name]}
        for name in sorted(mb, key=lambda name: -mb[name])
    ]
    totals = {
        "memory_mb": round(sum(mb.values()), 1),
        "memory_target_mb": TARGET_MB,
        "cpu_percent_of_a_core": round(sum(core.values()), 2),
        "cpu_target_percent_of_a_core": TARGET_CORE_PERCENT,
        "measured_seconds": round(seconds, 1),
    }
    table.show("The site at rest", rows, totals=totals, as_json=as_json)


@contextlib.contextmanager
def site(folder: Path) -> Iterator[int]:
    """Run ``./dev up`` in ``folder``; yield its process id once the site is served."""
    port = free_port()
    log = (folder / "up.log").open("wb")
    runner = subprocess.Popen(
        [
            sys.executable,
            str(ROOT / "dev"),
            "up",
            "--port",
            str(port),
            "--state",
            str(folder / "state"),
        ],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name not in NOT_PASSED_ON},
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    try:
        _wait_until_served(runner, port, folder / "up.log")
        yield runner.pid
    finally:
        runner.send_signal(signal.SIGINT)
        runner.wait(timeout=120)
        log.close()


def family(root: int) -> dict[int, Process]:
    """Return ``root`` and all that descend from it, by process id."""
    everybody = {process.pid: process for process in _processes()}
    members = {root: everybody[root]}
    grew = True
    while grew:
        children = {
            pid: process
            for pid, process in everybody.items()
            if process.parent in members and pid not in members
        }
        members |= children
        grew = bool(children)
    return members


def _processes() -> Iterator[Process]:
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        with contextlib.suppress(OSError):  # it ended meanwhile
            # The name in brackets may hold anything; the numbers follow it (man 5 proc_pid_stat).
            numbers = (entry / "stat").read_text().rpartition(")")[2].split()
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            utime, stime, cutime, cstime = map(int, numbers[11:15])
            yield Process(
                pid=int(entry.name),
                parent=int(numbers[1]),
                program=_program(command),
                ticks=utime + stime + cutime + cstime,
            )


def _program(command: str) -> str:
    return next(
        (name for name, words in PROGRAMS.items() if all(word in command for word in words)),
        "other",
    )


def _wait_until_served(runner: subprocess.Popen[bytes], port: int, log: Path) -> None:
    ends = time.monotonic() + START_SECONDS
    while not _is_served(port):
        if runner.poll() is not None:
            sys.exit(f"./dev up ended:\n{log.read_text(errors='replace')}")
        if time.monotonic() > ends:
            sys.exit(f"./dev up did not serve within {START_SECONDS:.0f} s:\n{log.read_text()}")
        time.sleep(0.2)


def _is_served(port: int) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # no proxy of ours
    try:
        with opener.open(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


if __name__ == "__main__":
    main()
