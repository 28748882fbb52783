"""What every test may use: the simulator, a worker process, a clock that moves; all real parts."""

from __future__ import annotations

import os

import pytest

NEEDED = ("DATABASE_URL", "REDIS_URL", "SPOTIFY_API_URL", "TOKEN_KEYS")


def pytest_configure(config: pytest.Config) -> None:
    # Playwright's sync API keeps a loop in the test's thread, which Django would take for async code.
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    missing = [name for name in NEEDED if not os.environ.get(name)]
    if missing:
        pytest.exit(f"Run the tests with ./dev test: {', '.join(missing)} not set.", returncode=3)
