"""The way to Valkey for pages: nobody waits for one that was silent a moment ago.

A page asks Valkey several times, for limits, lists, the budget and nudges. Where it hangs, the
first who asks waits out the timeout, and the whole process leaves it alone for a few seconds. One
that refuses connections costs no time and is simply asked again (docs/decisions/valkey-away.md).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import redis
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from kombu.exceptions import OperationalError

QUIET_SECONDS = 3.0

log = logging.getLogger(__name__)


class NotAsked(redis.TimeoutError):
    """Valkey did not answer a moment ago, so it was not asked now."""


class Silence:
    """What this process remembers of a Valkey that hangs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until = 0.0

    def respect(self) -> None:
        """Raise ``NotAsked`` while Valkey is left alone; afterwards one caller is let through."""
        with self._lock:
            now = time.monotonic()
            if now < self._until:
                raise NotAsked("Valkey was silent a moment ago")
            if self._until:
                self._until = now + QUIET_SECONDS

    def begin(self) -> None:
        with self._lock:
            self._until = time.monotonic() + QUIET_SECONDS
        log.warning("Valkey does not answer: it is left alone for %g s", QUIET_SECONDS)

    def end(self) -> None:
        with self._lock:
            self._until = 0.0


silence = Silence()


@contextmanager
def asking() -> Iterator[None]:
    """Have what is asked inside refused at once, or take note of whether it was answered."""
    silence.respect()
    try:
        yield
    except (redis.RedisError, OperationalError) as exc:
        if _is_timeout(exc):
            silence.begin()
        else:
            silence.end()
        raise
    silence.end()


class Client(redis.Redis):
    """redis-py's client under that rule: commands and scripts, but no pipelines."""

    def execute_command(self, *args: Any, **options: Any) -> Any:
        with asking():
            return super().execute_command(*args, **options)  # type: ignore[no-untyped-call]


class CacheClient(RedisCacheClient):
    """Django's own, which names the class of its client in this attribute."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._client = Client


class Cache(RedisCache):
    """Django's cache in Valkey under that rule (``CACHES``)."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = CacheClient


def _is_timeout(exception: BaseException | None) -> bool:
    """Say whether a timeout is at the bottom of it: kombu wraps what redis-py raises."""
    while exception is not None:
        if isinstance(exception, TimeoutError | redis.TimeoutError):
            return True
        exception = exception.__cause__
    return False
