"""One limit for the app across all workers: while Spotify asks for a pause, nobody calls.

A pause lives in Valkey, where every call looks, and in Postgres, which survives a wiped Valkey.
Nothing sleeps: who meets a pause puts its row off until the pause ends.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from enum import Enum

import redis
from django.core.cache import cache
from django.db.models.functions import Greatest

from playlists.models import Pause
from spotsite import clock

ALL = "all"  # the rate limit: every call of the app
_KEEP = timedelta(minutes=1)  # a key outlives its pause, so that a moved clock matters to none

log = logging.getLogger(__name__)


class Purpose(Enum):
    """For whom a call is made: who waits is served first, and background work leaves a reserve."""

    INTERACTIVE = "interactive"
    PUSH = "push"
    REFRESH = "refresh"
    MAINT = "maint"


class Paused(Exception):
    """No call may be made before ``until``.

    ``reason``: "quota" and "rate_limit" are Spotify's, "pace" (too many calls just now) and
    "allowance" (one person's share of the day) are our own.
    """

    def __init__(self, until: datetime, reason: str) -> None:
        super().__init__(f"{reason} until {until:%Y-%m-%d %H:%M:%S}")
        self.until = until
        self.reason = reason


def bucket_of(method: str, path: str) -> str:
    """Return the group of calls that a quota closes together (Spotify's own are not public)."""
    if path.startswith("/playlists/"):
        return "playlist-read" if method == "GET" else "playlist-write"
    return "me"


def check(bucket: str) -> None:
    """Raise ``Paused`` while this group of calls, or the whole app, has to wait."""
    pauses = [pause for name in (ALL, bucket) if (pause := _known(name))]
    if not pauses:
        return
    until, reason = max(pauses)
    if until > clock.now():
        raise Paused(until, reason)


def pause(bucket: str, *, seconds: float, reason: str) -> datetime:
    """Close a group of calls for all workers; a longer pause that stands already stays."""
    until = clock.now() + timedelta(seconds=seconds)
    row, made = Pause.objects.get_or_create(
        bucket=bucket, defaults={"until": until, "reason": reason}
    )
    if not made:
        Pause.objects.filter(pk=bucket).update(until=Greatest("until", until), reason=reason)
        row.refresh_from_db()
    _publish(row, seconds=seconds)
    log.warning("calls paused: %s until %s (%s)", bucket, row.until, reason)
    return row.until


def recall() -> None:
    """Put the pauses of Postgres back into Valkey, where they are missing after it was wiped."""
    now = clock.now()
    for row in Pause.objects.filter(until__gt=now):
        _publish(row, seconds=(row.until - now).total_seconds())


def resumes_at() -> datetime | None:
    """Return when the last of the pauses ends, None where there is none: for pages."""
    row = Pause.objects.filter(until__gt=clock.now()).order_by("-until").first()
    return row.until if row else None


def _known(bucket: str) -> tuple[datetime, str] | None:
    try:
        value = cache.get(_key(bucket))
    except redis.RedisError:
        row = Pause.objects.filter(pk=bucket).first()
        return (row.until, row.reason) if row else None
    if not value:
        return None
    seconds, reason = value
    return datetime.fromtimestamp(seconds, UTC), reason


def _publish(row: Pause, *, seconds: float) -> None:
    try:
        cache.set(
            _key(row.bucket),
            (row.until.timestamp(), row.reason),
            timeout=int(seconds + _KEEP.total_seconds()) + 1,
        )
    except redis.RedisError:
        log.warning("Valkey does not answer: the pause is in Postgres only")


def _key(bucket: str) -> str:
    return f"pause:{bucket}"
