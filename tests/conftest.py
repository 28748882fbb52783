"""What every test may use: the simulator, a worker process, a clock that moves; all real parts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from simulator.control_client import Control
    from tests.processes import Worker

NEEDED = ("DATABASE_URL", "REDIS_URL", "SPOTIFY_ACCOUNTS_URL", "TOKEN_KEYS")


def pytest_configure(config: pytest.Config) -> None:
    # Playwright's sync API keeps a loop in the test's thread, which Django would take for async.
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    missing = [name for name in NEEDED if not os.environ.get(name)]
    if missing:
        pytest.exit(f"Run the tests with ./dev test: {', '.join(missing)} not set.", returncode=3)


@pytest.fixture
def sim() -> Control:
    """The simulator, in its demo world as it was in the beginning."""
    from simulator.control_client import Control

    control = Control(os.environ["SPOTIFY_ACCOUNTS_URL"])
    control.reset("demo")
    return control


@pytest.fixture
def valkey() -> None:
    """An empty Valkey: no task, cache entry or rate limit of another test."""
    from django.core.cache import caches

    from spotsite.valkey import silence

    silence.end()
    caches["default"]._cache.get_client(write=True).flushdb()  # type: ignore[attr-defined]


@pytest.fixture
def worker(transactional_db: None, valkey: None) -> Iterator[Worker]:
    """A real Celery worker on the test's database, already started."""
    from tests.processes import Worker

    process = Worker().start()
    yield process
    process.stop()


@pytest.fixture(autouse=True)
def _clear_valkey(request: pytest.FixtureRequest) -> None:
    """Rate limits and cached lists do not travel from one database test to the next."""
    marked = request.node.get_closest_marker("django_db") is not None
    if marked or {"db", "transactional_db", "client"} & set(request.fixturenames):
        request.getfixturevalue("valkey")
