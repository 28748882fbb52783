"""The one clock: the database's time plus an offset that is kept in Postgres.

All that decides by time reads it, in Python through ``now()`` and in SQL through ``Now()``, so
that a demo or a test can move all processes at once. Only a demo may have an offset (check
``spotsite.E030``).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import DateTimeField, Func


class Now(Func):
    """The clock as an expression; within one statement it does not move."""

    function = "spotsite_now"
    output_field = DateTimeField()

    def __init__(self, **extra: Any) -> None:
        super().__init__(**extra)


def now() -> datetime:
    """Return the time of the clock, aware, in UTC."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT spotsite_now()")
        (value,) = cursor.fetchone()
    return _aware(value)


def offset() -> timedelta:
    """Return how far the clock is ahead of the database's own time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT ahead FROM spotsite_clock")
        (value,) = cursor.fetchone()
    return _span(value)


def move(step: timedelta) -> None:
    """Move the clock of all processes by ``step``; only a demo or a test may do that."""
    if not settings.DEMO:
        raise ClockIsFixed("The clock moves only where DEMO=True.")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE spotsite_clock SET ahead = ahead + make_interval(secs => %s)",
            [step.total_seconds()],
        )


class ClockIsFixed(RuntimeError):
    """Somebody tried to move the clock of a site that is not a demo."""


def _aware(value: object) -> datetime:
    assert isinstance(value, datetime)  # noqa: S101 -- narrows a driver's value
    return value


def _span(value: object) -> timedelta:
    assert isinstance(value, timedelta)  # noqa: S101 -- narrows a driver's value
    return value
