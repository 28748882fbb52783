"""Services for the length of one command; tests may run in several lanes, each with its own.

A lane is a Postgres, a Valkey and a simulator, so that a test which stops its database, or moves
its simulator's clock, disturbs nobody else. pytest-xdist gives each of its processes one lane.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from runner.control import Control
from runner.environment import Given, without_site_settings
from runner.leftovers import STATE_VARIABLE, private_folder
from runner.processes import Supervisor
from runner.services import Services
from runner.state import State, free_port, write_private

# In the environment of pytest: the file with the settings of each lane.
LANES_VARIABLE = "SPOTSITE_TEST_LANES"
PLUGIN = "tests.lanes"


@contextmanager
def services_of(
    state: State, given: Given, *, command: str, public_url: str | None
) -> Iterator[Services]:
    """Own the state folder for the length of a command, and stop everything at its end."""
    with _supervised(state, command=command) as supervisor:
        yield Services(supervisor, state, given, public_url=public_url or "http://127.0.0.1:8000")


@contextmanager
def private_services() -> Iterator[Services]:
    """All services on free ports with temporary data; nothing of the person's settings."""
    with side_by_side(1) as lanes:
        yield lanes[0]


@contextmanager
def side_by_side(count: int) -> Iterator[list[Services]]:
    """So many lanes of services, all under one supervisor."""
    with private_folder() as folder:
        folder.chmod(0o711)  # Postgres of root runs as nobody
        state = State(folder)
        state.prepare()
        with _supervised(state, command="test") as supervisor:
            supervisor.expected_to_stay = False  # a test may stop a server
            yield [_lane(supervisor, folder / f"lane-{number}") for number in range(count)]


def _lane(supervisor: Supervisor, folder: Path) -> Services:
    state = State(folder)
    state.prepare()
    services = Services(
        supervisor,
        state,
        Given(without_site_settings(os.environ)),
        public_url=f"http://127.0.0.1:{free_port()}",
        durable=False,
    )
    services.settings[STATE_VARIABLE] = str(folder)
    # The live server stands where the simulator sends people back to.
    services.settings["DJANGO_LIVE_TEST_SERVER_ADDRESS"] = urlsplit(services.address).netloc
    services.start_all()
    Control(services)
    return services


def environment(lanes: list[Services]) -> dict[str, str]:
    """What pytest is started with: the first lane's settings, and where those of all stand."""
    first = lanes[0]
    file = first.state.folder.parent / "lanes.json"
    write_private(file, json.dumps([lane.settings for lane in lanes]))
    # A test that runs tests is in a lane itself, of which these know nothing.
    outer = [name for name in first.settings if name.startswith("PYTEST_XDIST_")]
    settings = {name: value for name, value in first.settings.items() if name not in outer}
    return {**settings, LANES_VARIABLE: str(file), "PYTEST_PLUGINS": PLUGIN}


def options(lanes: list[Services]) -> list[str]:
    """A process of pytest for each lane; one alone runs the tests itself.

    Tests of a file stay together as long as there is work for all, since they share what is slow
    to start. A process that falls is not replaced: its lane may be in any state.
    """
    if len(lanes) == 1:
        return []
    return ["-n", str(len(lanes)), "--dist", "worksteal", "--max-worker-restart", "0"]


@contextmanager
def _supervised(state: State, *, command: str) -> Iterator[Supervisor]:
    state.acquire(command=command)
    supervisor = Supervisor(state, talkative=False)
    try:
        yield supervisor
    finally:
        supervisor.stop_all()
        state.release()
