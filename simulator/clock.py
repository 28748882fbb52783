"""The simulator's own time: it runs like a real clock, and can be moved or stopped."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime


class Clock:
    """Seconds since 1970, as the pretend providers see them."""

    def __init__(self, read: Callable[[], float] = time.time) -> None:
        self._read = read
        self.offset = 0.0
        self.stopped_at: float | None = None

    def __call__(self) -> float:
        if self.stopped_at is not None:
            return self.stopped_at
        return self._read() + self.offset

    def advance(self, seconds: float) -> None:
        if self.stopped_at is not None:
            self.stopped_at += seconds
        self.offset += seconds

    def set(self, moment: float) -> None:
        self.advance(moment - self())

    def stop(self) -> None:
        self.stopped_at = self()

    def go(self) -> None:
        """Go on from the moment at which the clock was stopped."""
        if self.stopped_at is not None:
            self.offset = self.stopped_at - self._read()
            self.stopped_at = None

    def reset(self) -> None:
        self.offset = 0.0
        self.stopped_at = None


def iso(moment: float) -> str:
    """Write a moment as Spotify does: whole seconds, UTC, a Z at the end."""
    return datetime.fromtimestamp(int(moment), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def from_iso(text: str) -> float:
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
