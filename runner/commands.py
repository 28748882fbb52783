"""The commands that run for the length of one program: test, manage, shell, bench, check."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

from runner import installation, lanes, places, roles
from runner.environment import Given
from runner.errors import Refusal
from runner.leftovers import private_folder
from runner.state import State

MOST_LANES = 4  # each has a Postgres, a Valkey and a simulator of its own, and browsers
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def test(arguments: list[str]) -> int:
    """Run the tests against servers of their own."""
    chromium = find_chromium()
    installation.ensure(with_apt=True)
    count, arguments = _lanes_for(arguments)
    with lanes.side_by_side(count) as given:
        environment = {**lanes.environment(given), "CHROMIUM": chromium}
        return given[0].supervisor.run_in_front(
            [roles.PYTHON, "-m", "pytest", *lanes.options(given), *arguments], environment
        )


def _lanes_for(arguments: list[str]) -> tuple[int, list[str]]:
    """How many lanes, and what is pytest's: all tests take a lane for each processor."""
    match arguments:
        case ["--lanes", count, *rest] if count.isdecimal() and int(count) > 0:
            return int(count), rest
        case ["--lanes", *_]:
            raise Refusal("--lanes takes a number from 1 on: ./dev test --lanes 2")
        case []:
            return min(len(os.sched_getaffinity(0)), MOST_LANES), []
    return 1, arguments  # who names tests wants to see them soon


def bench(arguments: list[str]) -> int:
    """Run a benchmark against servers of its own."""
    known = sorted(
        file.stem
        for file in (places.ROOT / "benchmarks").glob("*.py")
        if "__main__" in file.read_text(encoding="utf-8")
    )
    if not arguments or arguments[0] not in known:
        raise Refusal(f"Name a benchmark: ./dev bench {'|'.join(known)}")
    installation.ensure()
    name, *rest = arguments
    with lanes.private_services() as services:
        return services.supervisor.run_in_front(
            [roles.PYTHON, "-m", f"benchmarks.{name}", *rest], services.settings
        )


def manage(arguments: list[str], *, folder: Path) -> int:
    """Run a management command against the services of this state folder."""
    installation.ensure()
    argv = [roles.PYTHON, "manage.py", *arguments]
    state = State(folder)
    state.prepare()
    if (settings := state.running()) is not None:
        # The site runs: its settings, and its servers.
        environment = {**os.environ, **settings}
        return subprocess.run(argv, check=False, env=environment, cwd=places.ROOT).returncode
    given = Given.read()
    with lanes.services_of(state, given, command="manage", public_url=None) as services:
        services.start_all(but=(roles.SIMULATOR,))
        return services.supervisor.run_in_front(argv, services.settings)


def check() -> int:
    """Run every static check; say how long each took and whether it passed."""
    installation.ensure(with_apt=True)
    tools = places.VENV / "bin"
    with private_folder() as folder:
        state = State(folder)
        state.prepare()
        ports = dict.fromkeys(("postgres", "valkey", "simulator"), 9)
        settings = Given({}).settings(
            state, state.secrets(), ports, public_url="http://127.0.0.1:8000"
        )
        environment = {**os.environ, **settings}
        checks = {
            "format": (tools / "ruff", "format", "--check", ".", "dev"),
            "lint": (tools / "ruff", "check", ".", "dev"),
            "types": (tools / "mypy",),
            "imports": (tools / "lint-imports",),
            "django": (roles.PYTHON, "manage.py", "check", "--fail-level", "WARNING"),
            "migrations": (roles.PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"),
        }
        failed = [name for name, argv in checks.items() if not _passes(name, argv, environment)]
    print(f"FAIL: {', '.join(failed)}" if failed else "PASS: all checks")
    return 1 if failed else 0


def _passes(name: str, argv: tuple[str | Path, ...], environment: dict[str, str]) -> bool:
    started = time.monotonic()
    done = subprocess.run(
        list(map(str, argv)),
        check=False,
        env=environment,
        cwd=places.ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    verdict = "ok" if done.returncode == 0 else "FAILED"
    print(f"{name:<11} {verdict:<6} {time.monotonic() - started:5.1f} s", flush=True)
    if done.returncode != 0:
        print(done.stdout, flush=True)
    return done.returncode == 0


def compile_requirements() -> int:
    """Resolve requirements*.in anew and write the lock files, without registry addresses."""
    installation.ensure()
    for name in ("requirements", "requirements-dev"):
        argv = (
            *(str(installation.UV), "pip", "compile", "--quiet", "--universal"),
            *("--python-version", "3.11", "--generate-hashes"),
            *("--no-emit-index-url", "--no-header", f"{name}.in", "-o", f"{name}.txt"),
        )
        if not installation.runs(*argv):
            raise Refusal(f"{name}.in could not be resolved (see above): correct it.")
    return 0


def find_chromium() -> str:
    """The path of a Chromium, installed by apt where that is possible."""
    if given := os.environ.get("CHROMIUM"):
        found = shutil.which(given)
        if found is None:
            raise Refusal(f"CHROMIUM={given} is not a program: correct the path or unset it.")
        return found
    if _installed_chromium() is None and installation.can_use_apt():
        installation.apt_install("chromium")
    found = _installed_chromium()
    if found is None:
        raise Refusal(
            "The tests need Chromium: apt-get install chromium (as root), or set CHROMIUM to "
            "the path of a Chromium or Chrome."
        )
    return found


def _installed_chromium() -> str | None:
    return next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
