"""When a token is refreshed next: ahead of use, once a day where idle, later where it failed."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from random import SystemRandom

USED_WITHIN = timedelta(days=7)  # such accounts are refreshed ahead of the token's end
AHEAD = timedelta(minutes=10)
SPREAD = timedelta(minutes=10)
SHORTEST_BACKOFF = timedelta(seconds=30)
LONGEST_BACKOFF = timedelta(hours=1)
DAY = timedelta(days=1)

_random = SystemRandom()


def after_success(
    credential_id: int, *, claimed_at: datetime, life: timedelta, last_used_at: datetime | None
) -> datetime:
    """Return the next refresh of a token that was just given for ``life``."""
    if last_used_at is None or last_used_at < claimed_at - USED_WITHIN:
        return daily(credential_id, claimed_at)
    # A token of a few minutes would always be due: half of its life is the floor.
    return max(claimed_at + life - AHEAD - jitter(SPREAD), claimed_at + life / 2)


def daily(credential_id: int, now: datetime) -> datetime:
    """Return the credential's own second of the day, the next time that it comes."""
    digest = hashlib.sha256(str(credential_id).encode()).digest()
    offset = timedelta(seconds=int.from_bytes(digest[:8], "big") % int(DAY.total_seconds()))
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    today = midnight + offset
    return today if today > now else today + DAY


def backoff(failures: int, *, asked: float | None = None) -> timedelta:
    """Return a wait with full jitter, its ceiling doubled by each failure, or what was asked."""
    ceiling = min(SHORTEST_BACKOFF * 2 ** min(failures - 1, 10), LONGEST_BACKOFF)
    wait = jitter(ceiling)
    if asked is None:
        return wait
    return timedelta(seconds=asked) + jitter(SHORTEST_BACKOFF / 3)


def jitter(most: timedelta) -> timedelta:
    """Return a random time between nothing and ``most``."""
    return most * _random.random()
