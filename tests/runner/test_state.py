"""The state folder: secrets made once, ports kept, one owner at a time."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from runner.errors import Refusal
from runner.places import ROOT
from runner.state import State, free_port

HOLD = """
import sys, time
from pathlib import Path
from runner.state import State
state = State(Path(sys.argv[1]))
state.acquire(command="up")
state.remember_running({"SECRET_KEY": "of the running site"})
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def state(tmp_path: Path) -> State:
    state = State(tmp_path / "state")
    state.prepare()
    return state


def hold(state: State) -> subprocess.Popen[str]:
    """Another process that has the folder, as a running `./dev up` has it."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(state.folder)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    return holder


def end(holder: subprocess.Popen[str]) -> None:
    holder.send_signal(signal.SIGKILL)
    holder.communicate()


def test_secrets_are_made_once(state: State) -> None:
    made = state.secrets()

    assert State(state.folder).secrets() == made
    assert json.loads(made.token_keys)["primary"] == json.loads(made.token_keys)["keys"][0]["id"]


def test_secrets_are_readable_by_the_owner_only(state: State) -> None:
    before = os.umask(0)
    try:
        state.secrets()
    finally:
        os.umask(before)

    mode = (state.folder / "secrets.json").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_secrets_do_not_show_in_a_repr(state: State) -> None:
    made = state.secrets()

    assert made.postgres_password not in repr(made)


@pytest.mark.parametrize(
    "damage",
    [
        "",
        "{",
        "[]",
        '{"version": 1}',
        '{"version": 2, "secret_key": "x"}',
        b"\xff\xfe",
    ],
)
def test_damaged_secrets_are_refused_and_left_alone(state: State, damage: str | bytes) -> None:
    state.secrets()
    path = state.folder / "secrets.json"
    damaged = damage.encode() if isinstance(damage, str) else damage
    path.write_bytes(damaged)

    with pytest.raises(Refusal, match=r"secrets\.json is damaged"):
        state.secrets()

    assert path.read_bytes() == damaged


def test_secrets_with_one_missing_are_refused(state: State) -> None:
    state.secrets()
    path = state.folder / "secrets.json"
    kept = json.loads(path.read_text())
    del kept["token_keys"]
    path.write_text(json.dumps(kept))

    with pytest.raises(Refusal, match=r"secrets\.json is damaged"):
        state.secrets()


def test_missing_secrets_beside_a_database_are_not_made_anew(state: State) -> None:
    (state.folder / "pg18").mkdir()
    (state.folder / "pg18" / "PG_VERSION").write_text("18\n")

    with pytest.raises(Refusal, match=r"secrets\.json is missing although there is a database"):
        state.secrets()

    assert not (state.folder / "secrets.json").exists()


def test_ports_stay_the_same_while_they_are_free(state: State) -> None:
    first = state.ports("postgres", "valkey")

    assert state.ports("postgres", "valkey") == first
    assert len(set(first.values())) == 2


def test_port_that_is_taken_by_now_is_replaced_alone(state: State) -> None:
    first = state.ports("postgres", "valkey")
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", first["postgres"]))
        squatter.listen()

        second = state.ports("postgres", "valkey")

    assert second["postgres"] != first["postgres"]
    assert second["valkey"] == first["valkey"]


@pytest.mark.parametrize("damage", ["", "[]", '{"postgres": "x"}', '{"postgres": 70000}'])
def test_damaged_ports_are_chosen_anew(state: State, damage: str) -> None:
    (state.folder / "ports.json").write_text(damage)

    assert 0 < state.ports("postgres")["postgres"] < 65536


def test_free_port_is_not_one_that_is_spoken_for() -> None:
    port = free_port()

    assert free_port(besides={port}) != port


def test_folder_has_one_owner_at_a_time(state: State) -> None:
    holder = hold(state)
    try:
        with pytest.raises(Refusal, match=rf"already running on .* \(process {holder.pid}\)"):
            state.acquire(command="up")
        assert state.running() == {"SECRET_KEY": "of the running site"}
    finally:
        end(holder)


def test_folder_is_free_again_when_its_owner_was_killed(state: State) -> None:
    end(hold(state))

    assert state.running() is None
    state.acquire(command="up")
    state.release()


def test_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(Refusal, match="choose another one with --state DIR"):
        State(tmp_path / "file" / "state").prepare()
