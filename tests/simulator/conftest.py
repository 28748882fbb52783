"""The simulator as a real process on a free port, and small clients for both providers."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from simulator.control_client import Control

ROOT = Path(__file__).parents[2]
SITE = "http://127.0.0.1:8000"
CLIENT = ("spotsite-demo", "spotsite-demo-secret")
ALL_SCOPES = [
    "playlist-read-private",
    "playlist-read-collaborative",
    "playlist-modify-private",
    "playlist-modify-public",
    "ugc-image-upload",
    "user-library-read",
    "user-library-modify",
    "user-top-read",
    "user-read-recently-played",
    "user-read-private",
    "user-read-email",
]


@dataclass
class Process:
    """A running simulator."""

    popen: subprocess.Popen[str]
    base: str

    def stop(self) -> int:
        self.popen.terminate()
        with self.popen:  # closes its pipe and waits
            return self.popen.wait(10)


@dataclass
class Spotify:
    """A client of the pretend Spotify that does nothing by itself."""

    base: str
    session: requests.Session = field(default_factory=requests.Session)
    token: str = ""

    def query(self, **values: str) -> str:
        usual = {
            "client_id": CLIENT[0],
            "response_type": "code",
            "redirect_uri": f"{SITE}/accounts/spotify/login/callback/",
            "scope": " ".join(ALL_SCOPES),
            "state": "a state",
        }
        return urlencode({key: value for key, value in (usual | values).items() if value})

    def authorize(self, **values: str) -> requests.Response:
        url = f"{self.base}/authorize?{self.query(**values)}"
        return self.session.get(url, allow_redirects=False, timeout=10)

    def trade(self, code: str, **values: str) -> requests.Response:
        data = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": f"{SITE}/accounts/spotify/login/callback/",
        }
        return self.token_call(data | values)

    def refresh(self, token: str, **values: str) -> requests.Response:
        return self.token_call({"grant_type": "refresh_token", "refresh_token": token} | values)

    def token_call(
        self, data: dict[str, str], auth: tuple[str, str] | None = CLIENT
    ) -> requests.Response:
        return requests.post(f"{self.base}/api/token", data=data, auth=auth, timeout=10)

    def call(self, method: str, path: str, timeout: float = 10, **values: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}"} | values.pop("headers", {})
        url = path if path.startswith("http") else f"{self.base}/v1{path}"
        return self.session.request(method, url, headers=headers, timeout=timeout, **values)

    def get(self, path: str, **params: Any) -> requests.Response:
        return self.call("GET", path, params=params)


def start(*options: str, port: int = 0) -> Process:
    command = [sys.executable, "-m", "simulator", "--port", str(port), *options]
    popen = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert popen.stdout
    words = popen.stdout.readline().split()
    return Process(popen, words[-1].removesuffix("/_sim/"))


@pytest.fixture(scope="session")
def process() -> Iterator[Process]:
    process = start("--public-url", SITE)
    yield process
    process.stop()


@pytest.fixture
def start_simulator() -> Iterator[Callable[..., Process]]:
    """Start simulators that are stopped at the end of the test."""
    started: list[Process] = []

    def start_one(*options: str) -> Process:
        started.append(start(*options))
        return started[-1]

    yield start_one
    for one in started:
        one.stop()


@pytest.fixture
def control(process: Process) -> Iterator[Control]:
    """An empty world with Ada and Grace on the allow list."""
    with Control(process.base) as control:
        control.reset("empty")
        control.add_user("ada", name="Ada", email="ada@example.org", allowed=True)
        control.add_user("grace", name="Grace", email="grace@example.org", allowed=True)
        yield control


@pytest.fixture
def spotify(process: Process, control: Control) -> Iterator[Spotify]:
    """A client with Ada's token for all scopes."""
    spotify = Spotify(process.base)
    spotify.session.trust_env = False
    spotify.token = control.tokens("ada", ALL_SCOPES)["access_token"]
    yield spotify
    spotify.session.close()


@pytest.fixture
def as_user(spotify: Spotify, control: Control) -> Callable[..., Spotify]:
    """Return a client of somebody else, or with fewer scopes."""

    def client(user: str, scopes: list[str] | None = None) -> Spotify:
        granted = ALL_SCOPES if scopes is None else scopes
        token = control.tokens(user, granted)["access_token"]
        return Spotify(spotify.base, spotify.session, token)

    return client


@pytest.fixture
def code_of() -> Callable[[str], str]:
    """Take the code out of the address to which a consent leads."""
    return lambda location: parse_qs(urlsplit(location).query)["code"][0]
