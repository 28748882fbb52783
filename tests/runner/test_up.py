"""`./dev up` for real: from nothing to a served page, and back to nothing."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
import requests

from runner import up
from runner.environment import NAMES, without_site_settings
from runner.places import ROOT
from runner.state import State, free_port
from simulator import demo
from tests.processes import wait_for

pytestmark = pytest.mark.waits

DEV = str(ROOT / "dev")


class Site:
    """A running `./dev up`."""

    def __init__(self, folder: Path, port: int, **given: str) -> None:
        self.address = f"http://127.0.0.1:{port}"
        self.state = State(folder)
        self.process = subprocess.Popen(
            [DEV, "up", "--state", str(folder), "--port", str(port)],
            cwd=ROOT,
            env={**environment(), **given},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self.process.stdout is not None
        self.output = self.process.stdout
        self.said = ""

    def wait_until_ready(self) -> None:
        for line in self.output:
            self.said += line
            if line.startswith("Stop "):
                return
        pytest.fail(f"./dev up ended:\n{self.said}")

    def settings(self) -> dict[str, str]:
        settings = self.state.running()
        assert settings is not None
        return settings

    def end(self, request: signal.Signals) -> int:
        """Ask it to stop; return its status once it and all that it started have ended."""
        started = descendants(self.process.pid)
        assert len(started) > 5
        self.process.send_signal(request)
        self.said += self.output.read()
        status = self.process.wait(timeout=60)
        deadline = time.monotonic() + 30
        while left := [pid for pid in started if is_running(pid)]:
            assert time.monotonic() < deadline, f"still there: {left}"
            time.sleep(0.05)
        return status


@pytest.fixture
def sites(tmp_path: Path) -> Iterator[list[Site]]:
    started: list[Site] = []
    yield started
    for site in started:
        if site.process.poll() is None:
            site.process.terminate()
        site.output.close()
        site.process.wait(timeout=120)


def environment() -> dict[str, str]:
    """As in a fresh terminal: nothing of the tests' own servers, and no `.env`."""
    return {**without_site_settings(os.environ), "SPOTSITE_ENV_FILE": os.devnull}


def dev(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [DEV, *arguments],
        check=False,
        cwd=ROOT,
        env={**environment(), **settings},
        capture_output=True,
        text=True,
        timeout=120,
    )


def refused(*arguments: str, **settings: str) -> str:
    """Run a command that must fail with one sentence; return the sentence."""
    answer = dev(*arguments, **settings)
    assert answer.returncode == 2
    assert answer.stdout == ""
    assert answer.stderr.count("\n") == 1
    return answer.stderr


def descendants(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [found for child in map(int, children) for found in (child, *descendants(child))]


def is_running(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def test_site_starts_stops_and_starts_again_with_its_data(
    tmp_path: Path, sites: list[Site]
) -> None:
    port = free_port()
    first = Site(tmp_path, port)
    sites.append(first)
    first.wait_until_ready()

    assert requests.get(first.address, timeout=30).status_code == 200
    staff, password = (tmp_path / "staff-password").read_text().split()
    assert f"{staff}  {password}" in first.said
    assert f"(kept in {tmp_path / 'staff-password'})" in first.said
    assert (tmp_path / "staff-password").stat().st_mode & 0o777 == 0o600
    assert all(name in first.said for name in demo.NAMES)
    assert demo.STRANGER.startswith(up.STRANGER)
    assert "already running" in refused("up", "--state", str(tmp_path), "--port", str(port))
    make_a_person = "from accounts.models import User; User.objects.create(name='Kept')"
    managed = dev("manage", "--state", str(tmp_path), "shell", "-v0", "-c", make_a_person)
    assert managed.returncode == 0, managed.stderr
    settings = first.settings()
    assert first.end(signal.SIGINT) == 0
    assert first.state.running() is None

    second = Site(tmp_path, port)
    sites.append(second)
    second.wait_until_ready()

    assert second.settings() == settings  # ports and secrets among them
    with psycopg.connect(settings["DATABASE_URL"]) as connection:
        kept = connection.execute("SELECT name FROM accounts_user WHERE name = 'Kept'").fetchall()
    assert kept == [("Kept",)]
    assert second.end(signal.SIGKILL) == -signal.SIGKILL


def test_site_of_a_public_address_is_no_demo(tmp_path: Path, sites: list[Site]) -> None:
    site = Site(tmp_path, free_port(), PUBLIC_URL="https://lists.example")
    sites.append(site)
    site.wait_until_ready()

    def get(path: str) -> requests.Response:
        public = {"Host": "lists.example"}
        return requests.get(site.address + path, headers=public, timeout=30)

    page = get("/accounts/login/")
    assert page.status_code == 200
    assert page.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    assert "__Host-csrftoken=" in page.headers["Set-Cookie"]
    assert "; Secure" in page.headers["Set-Cookie"]
    style = re.search(r'href="(/static/site[^"]*\.css)"', page.text)
    assert style is not None
    assert get(style[1]).status_code == 200
    assert get("/dev/mail/").status_code == 404
    assert "./dev manage createsuperuser" in site.said
    assert "/dev/mail/" not in site.said
    assert not (tmp_path / "staff-password").exists()
    with psycopg.connect(site.settings()["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT count(*) FROM accounts_user").fetchone() == (0,)


def test_what_falls_while_the_site_runs_comes_back(tmp_path: Path, sites: list[Site]) -> None:
    site = Site(tmp_path, free_port())
    sites.append(site)
    site.wait_until_ready()
    fallen = {name: leader(site.process.pid, name) for name in ("gunicorn", "worker", "beat")}

    for pid in fallen.values():
        os.kill(pid, signal.SIGKILL)

    def is_back() -> bool:
        now = {name: leader(site.process.pid, name) for name in fallen}
        return 0 not in now.values() and not set(now.values()) & set(fallen.values())

    wait_for(is_back, seconds=60, what="all three to be started again")
    wait_for(lambda: answers(site.address), seconds=60, what="the site to answer")
    assert site.end(signal.SIGINT) == 0
    assert site.said.count("it is started again in 1 s") == 3


def leader(runner: int, word: str) -> int:
    """The runner's own child with this word in its command line; 0 where there is none."""
    for pid in Path(f"/proc/{runner}/task/{runner}/children").read_text().split():
        with suppress(FileNotFoundError, ProcessLookupError):  # it ended just now
            if word.encode() in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
                return int(pid)
    return 0


def answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=30).status_code == 200
    except requests.ConnectionError:
        return False


def test_port_in_use_is_said_before_anything_is_started(tmp_path: Path) -> None:
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", 0))
        squatter.listen()
        port = squatter.getsockname()[1]

        sentence = refused("up", "--state", str(tmp_path / "state"), "--port", str(port))

    assert f"Port {port} is in use by another program" in sentence
    assert not (tmp_path / "state").exists()


def test_damaged_secrets_stop_the_start(tmp_path: Path) -> None:
    (tmp_path / "secrets.json").write_text("{")

    sentence = refused("up", "--state", str(tmp_path), "--port", str(free_port()))

    assert "secrets.json is damaged" in sentence


def test_setting_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    answer = dev(
        *("up", "--state", str(tmp_path), "--port", str(free_port())),
        TRUSTED_PROXIES="-1",
        MAIL_FROM="nobody",
    )

    assert answer.returncode == 2
    assert answer.stderr == (
        "dev: A setting cannot be used (see above): correct it in the environment or in .env.\n"
    )
    assert "(spotsite.E005) TRUSTED_PROXIES is not a whole number." in answer.stdout
    assert "(spotsite.E022)" in answer.stdout
    assert "Traceback" not in answer.stdout


@pytest.mark.parametrize("setting", ["DATABASE_URL", "REDIS_URL"])
def test_server_of_ones_own_that_does_not_answer_is_named(tmp_path: Path, setting: str) -> None:
    addresses = {
        "DATABASE_URL": "postgres://user:geheim@127.0.0.1:{}/name",
        "REDIS_URL": "redis://:geheim@127.0.0.1:{}/0",
    }

    answer = dev(
        *("up", "--state", str(tmp_path), "--port", str(free_port())),
        **{setting: addresses[setting].format(free_port())},
    )

    assert answer.returncode == 2
    assert answer.stderr.startswith("dev: A setting cannot be used (see above)")
    assert f"{setting} names a server that cannot be used: " in answer.stdout
    assert "Traceback" not in answer.stdout
    assert "geheim" not in answer.stdout


def test_missing_library_is_named(tmp_path: Path) -> None:
    server = tmp_path / "bin" / "postgres"
    server.parent.mkdir()
    server.write_text(
        "#!/bin/sh\n"
        'echo "postgres: error while loading shared libraries: libfancy.so.7: cannot open" >&2\n'
        "exit 127\n"
    )
    server.chmod(0o755)

    sentence = refused(
        *("up", "--state", str(tmp_path / "state"), "--port", str(free_port())),
        SPOTSITE_PG_BIN=str(server.parent),
    )

    assert "postgres needs the shared library libfancy.so.7" in sentence


def test_folder_without_postgres_is_refused(tmp_path: Path) -> None:
    sentence = refused(
        *("up", "--state", str(tmp_path / "state"), "--port", str(free_port())),
        SPOTSITE_PG_BIN=str(tmp_path),
    )

    assert f"There is no postgres in {tmp_path}" in sentence


@pytest.mark.parametrize("port", ["0", "65536", "eighty", "-1"])
def test_port_that_is_none_is_refused(port: str) -> None:
    answer = dev("up", f"--port={port}")

    assert answer.returncode == 2
    assert "a port is a number from 1 to 65535" in answer.stderr


@pytest.mark.parametrize("arguments", [("nonsense",), ("check", "more"), ("compile", "more")])
def test_unknown_command_shows_the_help(arguments: tuple[str, ...]) -> None:
    answer = dev(*arguments)

    assert answer.returncode == 2
    assert answer.stderr.startswith("Usage: ./dev COMMAND")


def test_settings_of_the_tests_are_no_settings_of_the_site() -> None:
    assert not set(NAMES) & environment().keys()
