"""Time that stands still until it is moved, for the site's rows and for the simulator alike."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

START = 1_767_600_000.0  # a Monday in January 2026

# The sessions that look here first have a clock of their own; the site's function stays as it is.
_SCHEMA = """
CREATE SCHEMA IF NOT EXISTS storm;
CREATE OR REPLACE FUNCTION storm.spotsite_now() RETURNS timestamptz LANGUAGE sql STABLE
AS $$ SELECT to_timestamp(current_setting('storm.now')::float8) $$;
"""


def prepare() -> None:
    """Make the clock that ``sessions`` use; once for each database."""
    with connection.cursor() as cursor:
        cursor.execute(_SCHEMA)


@contextmanager
def session() -> Iterator[None]:
    """Let the site's clock in this process stand still, and show what a ``Time`` says."""
    with connection.cursor() as cursor:
        cursor.execute("SET search_path = storm, public")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET search_path")


class Time:
    """Seconds since 1970."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.move(START)

    def __call__(self) -> float:
        return self.seconds

    def move(self, seconds: float) -> None:
        if not seconds:
            return
        self.seconds += seconds
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('storm.now', %s, false)", [f"{self.seconds:.6f}"])
