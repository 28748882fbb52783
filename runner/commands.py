"""The commands that run for the length of one program: test, manage, shell, bench, check."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from runner import installation, places, roles
from runner.control import Control
from runner.environment import Given, without_site_settings
from runner.errors import Refusal
from runner.leftovers import STATE_VARIABLE, private_folder
from runner.processes import Supervisor
from runner.services import Services
from runner.state import State, free_port

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def test(arguments: list[str]) -> int:
    """Run the tests against servers of their own."""
    chromium = find_chromium()
    installation.ensure(with_apt=True)
    with private_services() as services:
        # The live server stands where the simulator sends people back to.
        options = ("--liveserver", urlsplit(services.settings["PUBLIC_URL"]).netloc)
        environment = {**services.settings, "CHROMIUM": chromium}
        return services.supervisor.run_in_front(
            [roles.PYTHON, "-m", "pytest", *options, *arguments], environment
        )


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
    with private_services() as services:
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
    with services_of(state, given, command="manage", public_url=None) as services:
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


@contextmanager
def services_of(
    state: State,
    given: Given,
    *,
    command: str,
    public_url: str | None,
    durable: bool = True,
) -> Iterator[Services]:
    """Own the state folder for the length of a command, and stop everything at its end."""
    state.acquire(command=command)
    supervisor = Supervisor(state, talkative=False)
    try:
        supervisor.expected_to_stay = durable
        yield Services(
            supervisor,
            state,
            given,
            public_url=public_url or "http://127.0.0.1:8000",
            durable=durable,
        )
    finally:
        supervisor.stop_all()
        state.release()


@contextmanager
def private_services() -> Iterator[Services]:
    """All services on free ports with temporary data; nothing of the person's settings."""
    with private_folder() as folder:
        folder.chmod(0o711)  # Postgres of root runs as nobody
        state = State(folder)
        state.prepare()
        public_url = f"http://127.0.0.1:{free_port()}"
        given = Given(without_site_settings(os.environ))
        with services_of(
            state, given, command="test", public_url=public_url, durable=False
        ) as services:
            services.settings[STATE_VARIABLE] = str(folder)
            services.start_all()
            Control(services)
            yield services


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
