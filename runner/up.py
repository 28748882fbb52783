"""`./dev up`: the whole site from an empty checkout to a served page, until Ctrl-C."""

from __future__ import annotations

import argparse
import time
import urllib.error
import urllib.request
from pathlib import Path

from runner import installation, places, roles
from runner.environment import Given, settings_of_the_site, text
from runner.errors import Interrupted, Refusal
from runner.processes import Supervisor
from runner.services import Services
from runner.state import STAFF_EMAIL, State, is_free, write_private


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
    supervisor.run(roles.prepare(settings, demo=services.is_demo))
    supervisor.start(roles.worker(settings))
    supervisor.start(roles.beat(settings))
    web = supervisor.start(roles.web(settings, port=port))
    supervisor.wait_until(lambda: _is_healthy(port), child=web, seconds=120)
    services.wait_for_simulator()


def _is_healthy(port: int) -> bool:
    # Not through a proxy that the environment may name.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://127.0.0.1:{port}/healthz", timeout=10) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _summary(services: Services, *, seconds: float) -> str:
    settings, folder = services.settings, services.state.folder
    address = services.address
    lines = [f"spotsite is ready after {seconds:.1f} s: {address}", ""]
    if played := " and ".join(services.given.simulated):
        lines += [
            f"Sign in      with {played}, as one of the demo people",
            f"Simulator    http://127.0.0.1:{services.ports[roles.SIMULATOR]} plays {played}",
        ]
    else:
        lines.append("Sign in      with your own account at the providers whose ids you gave")
    if services.is_demo:
        password = text(settings, "DEMO_STAFF_PASSWORD")
        lines += [
            f"Staff        {address}/admin/  {STAFF_EMAIL}  {password}",
            f"             (kept in {folder / 'staff-password'})",
            f"Mail         {address}/dev/mail/",
        ]
    lines += [f"Data, logs   {folder}", "Stop         Ctrl-C"]
    rule = "-" * max(map(len, lines))
    return "\n".join(("", rule, *lines, rule, ""))
