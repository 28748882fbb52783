"""The simulator as a program: its state file, its signals, its weight."""

from __future__ import annotations

import json
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import requests

from simulator.control_client import Control

ROOT = Path(__file__).parents[2]


def run(*options):
    command = [sys.executable, "-m", "simulator", *map(str, options)]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=20, check=False
    )


@pytest.fixture
def state(tmp_path):
    return tmp_path / "simulator.json"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_world_survives_a_restart(start_simulator, state, number):
    first = start_simulator("--state", str(state))
    with Control(first.base) as control:
        control.reset("demo")
        control.switch(rotate=True, quota={"me": 4})
        control.advance(days=10)
        control.fault(kind="hang", path="x")
        tokens = control.tokens("ada", ["user-top-read"])
        uris = control.catalogue(3)
        made = control.add_playlist("ada", name="Mine", uris=uris)
        control.change_catalogue(dead=[uris[2]])
        before = [control.clock()["now"], control.users(), control.playlists(), control.grants()]
        faults, truth = control.faults(), control.playlist(made)
    first.popen.send_signal(number)
    assert first.popen.wait(10) == 0

    second = start_simulator("--state", str(state))

    with Control(second.base) as control:
        after = [control.clock()["now"], control.users(), control.playlists(), control.grants()]
        assert after[0] == pytest.approx(before[0], abs=20)
        assert after[1:] == before[1:]
        assert control.playlist(made) == truth
        assert control.faults() == faults
        assert control.switches()["rotate"] is True
        assert control.grants()[0]["refresh_tokens"] == [tokens["refresh_token"]]


def test_site_that_has_moved_is_known_by_its_new_address(start_simulator, state):
    start_simulator("--state", str(state)).stop()

    moved = start_simulator("--state", str(state), "--public-url", "http://127.0.0.1:9000")

    query = {
        "client_id": "spotsite-demo",
        "response_type": "code",
        "redirect_uri": "http://127.0.0.1:9000/accounts/spotify/login/callback/",
        "state": "a state",
    }
    answer = requests.get(f"{moved.base}/authorize", params=query, timeout=10)
    assert "INVALID_CLIENT" not in answer.text
    assert answer.status_code == 200


def test_change_reaches_the_file_soon_even_if_the_program_is_killed(start_simulator, state):
    process = start_simulator("--state", str(state))
    with Control(process.base) as control:
        control.add_user("somebody")
    end = time.monotonic() + 5
    while "somebody" not in state.read_text():
        assert time.monotonic() < end
        time.sleep(0.05)
    process.popen.kill()
    process.popen.wait(10)

    again = start_simulator("--state", str(state))

    with Control(again.base) as control:
        assert "somebody" in [one["id"] for one in control.users()]


def test_state_file_is_for_its_owner_only(start_simulator, state):
    start_simulator("--state", str(state))

    assert stat.S_IMODE(state.stat().st_mode) == 0o600


def test_late_effect_survives_a_restart(start_simulator, state):
    first = start_simulator("--state", str(state))
    with Control(first.base) as control:
        control.stop_clock()
        token = control.tokens("ada", ["playlist-modify-public"])["access_token"]
        control.fault(path="/me/playlists", when="late", late_s=60)
        before = len(control.playlists("ada"))
        control._session.post(
            f"{first.base}/v1/me/playlists",
            json={"name": "Late"},
            headers={"Authorization": f"Bearer {token}"},
            timeout=10,
        )
    first.stop()

    second = start_simulator("--state", str(state))

    with Control(second.base) as control:
        assert len(control.playlists("ada")) == before
        control.advance(seconds=60)
        assert control.playlists("ada")[0]["name"] == "Late"


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"form": 1}', "\x00\x01"])
def test_damaged_state_is_one_clear_sentence(state, text):
    state.write_text(text)

    done = run("--port", 0, "--state", state)

    assert done.returncode == 1
    assert done.stderr.startswith(f"The simulator did not start: the state file {state} is damaged")
    assert done.stderr.count("\n") == 1
    assert state.read_text() == text


def test_state_of_an_unknown_switch_is_damaged_too(start_simulator, state):
    start_simulator("--state", str(state)).stop()
    data = json.loads(state.read_text())
    data["switches"]["colour"] = "red"
    state.write_text(json.dumps(data))

    done = run("--port", 0, "--state", state)

    assert "there is no switch 'colour'" in done.stderr
    assert done.returncode == 1


def test_unwritable_state_is_one_clear_sentence(tmp_path):
    done = run("--port", 0, "--state", tmp_path / "no" / "such" / "place.json")

    assert done.returncode == 1
    assert "cannot write" in done.stderr
    assert done.stderr.count("\n") == 1


def test_port_in_use_is_one_clear_sentence():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        done = run("--port", port)

    assert done.returncode == 1
    assert done.stderr == f"The simulator cannot use 127.0.0.1:{port}: Address already in use.\n"


def test_a_hanging_call_does_not_hold_up_the_end(start_simulator):
    process = start_simulator()
    with Control(process.base) as control:
        control.fault(kind="hang")
        host, port = process.base.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as raw:
            raw.sendall(b"GET /v1/me HTTP/1.1\r\nHost: x\r\n\r\n")
            while control.faults()[0]["hit"] == 0:
                time.sleep(0.01)

            assert process.stop() == 0


def test_public_url_makes_the_redirect_addresses(start_simulator):
    process = start_simulator("--public-url", "http://127.0.0.1:9999/")
    with Control(process.base) as control:
        query = (
            "client_id=spotsite-demo&response_type=code"
            "&redirect_uri=http://127.0.0.1:9999/accounts/spotify/login/callback/"
        )

        assert control.consent(query, "ada").startswith("http://127.0.0.1:9999/accounts/spotify/")


def test_idle_simulator_is_small_and_asleep(start_simulator):
    process = start_simulator()
    with Control(process.base) as control:
        control.wait_until_up()
    idle = psutil.Process(process.popen.pid)
    before = idle.num_ctx_switches().voluntary
    time.sleep(1)

    assert idle.memory_full_info().pss < 60_000_000
    assert idle.num_ctx_switches().voluntary - before <= 2
