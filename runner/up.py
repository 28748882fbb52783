"""`./dev up`: the whole site from an empty checkout to a served page, until Ctrl-C."""

from __future__ import annotations

import argparse
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from runner import installation, places, roles
from runner.environment import Given, settings_of_the_site, text
from runner.errors import Fallen, Interrupted, Refusal
from runner.processes import Supervisor
from runner.services import Services
from runner.state import STAFF_EMAIL, State, is_free, write_private

# Whom the simulator plays (simulator/demo.py); each may sign in with either provider.
DEMO_PEOPLE = ("Ada", "Grace", "Linus", "Margaret", "Edsger")
STRANGER = "Zoe"
NO_DEMO = (
    "Staff        nobody yet: ./dev manage createsuperuser makes the first",
    "Mail         goes where EMAIL_URL says; without one, to files beside the data",
)


def run(arguments: list[str]) -> int:
    options = _options(arguments)
    started = time.monotonic()
    port: int = options.port
    state = State(options.state.absolute())
    _refuse_taken_port(port, state)
    installation.ensure()
    given = Given.read()
    state.prepare()
    state.acquire(command="up")
    supervisor = Supervisor(state, talkative=True)
    try:
        services = Services(supervisor, state, given, public_url=f"http://127.0.0.1:{port}")
        _start(services, port=port)
        supervisor.say(_summary(services, seconds=time.monotonic() - started))
        supervisor.stay()
    except Interrupted:
        supervisor.say("Stopping...")
    finally:
        supervisor.stop_all()
        state.release()
    supervisor.say("Stopped; the data stays.")
    return 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./dev up", description="Set everything up and run the site until Ctrl-C."
    )
    parser.add_argument("--port", type=_port, default=8000, help="of the site (8000)")
    parser.add_argument(
        "--state", type=Path, default=places.DEFAULT_STATE, help="folder of the data (.local)"
    )
    return parser.parse_args(arguments)


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError("a port is a number from 1 to 65535")
    return int(text)


def _refuse_taken_port(port: int, state: State) -> None:
    if is_free(port):
        return
    if port < 1024 and not is_free(port):
        raise Refusal(f"Port {port} is in use or needs root: choose another one with --port N.")
    if state.running() is not None:
        raise Refusal(
            f"./dev up is already running on {state.folder}: stop it with Ctrl-C, or start a "
            "second one with --port N --state DIR."
        )
    raise Refusal(
        f"Port {port} is in use by another program: stop that, or choose another port with "
        "--port N."
    )


def _start(services: Services, *, port: int) -> None:
    supervisor, settings = services.supervisor, services.settings
    if services.is_demo:
        staff = f"{STAFF_EMAIL}\n{text(settings, 'DEMO_STAFF_PASSWORD')}\n"
        write_private(services.state.folder / "staff-password", staff)
    services.start_all(wait=False)
    services.state.remember_running(settings_of_the_site(settings))
    _prepare(services)
    supervisor.start(roles.worker(settings))
    supervisor.start(roles.beat(settings))
    web = supervisor.start(roles.web(settings, port=port))
    supervisor.wait_until(lambda: _is_healthy(port), child=web, seconds=120)
    services.wait_for_simulator()


def _prepare(services: Services) -> None:
    try:
        services.supervisor.run(roles.prepare(services.settings, demo=services.is_demo))
    except Fallen as exc:
        if exc.status != roles.UNUSABLE:
            raise
        raise Refusal(
            "A setting cannot be used (see above): correct it in the environment or in .env."
        ) from exc


def _is_healthy(port: int) -> bool:
    # Not through a proxy that the environment may name.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://127.0.0.1:{port}/healthz", timeout=10) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _summary(services: Services, *, seconds: float) -> str:
    lines = [
        f"spotsite is ready after {seconds:.1f} s: {services.address}",
        "",
        *_ways_in(services),
        *(_demo(services) if services.is_demo else NO_DEMO),
        f"Data, logs   {services.state.folder}",
        "Stop         Ctrl-C",
    ]
    rule = "-" * max(map(len, lines))
    return "\n".join(("", rule, *lines, rule, ""))


def _ways_in(services: Services) -> Iterator[str]:
    played = services.given.simulated
    if real := [one for one in ("Spotify", "Facebook") if one not in played]:
        yield f"Sign in      with {' or '.join(real)}, with your own account there"
    if played:
        people = f"{', '.join(DEMO_PEOPLE[:-1])} or {DEMO_PEOPLE[-1]}"
        yield f"Sign in      with {' or '.join(played)} as {people}: no password,"
        yield "             the simulator asks who you are"
        if "Spotify" in played:
            yield f"             ({STRANGER} is not on Spotify's allow list, and is turned away)"
        port = services.ports[roles.SIMULATOR]
        yield f"Simulator    http://127.0.0.1:{port} plays {' and '.join(played)}"
        if not services.is_demo:
            yield "             for browsers on this machine only: give real client ids"


def _demo(services: Services) -> Iterator[str]:
    password = text(services.settings, "DEMO_STAFF_PASSWORD")
    yield f"Staff        {services.address}/admin/  {STAFF_EMAIL}  {password}"
    yield f"             (kept in {services.state.folder / 'staff-password'})"
    yield f"Mail         {services.address}/dev/mail/"
