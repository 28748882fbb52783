"""Two limits that know nothing of each other: calls in 30 seconds, and a quota in 24 hours."""

from __future__ import annotations

import math
from collections import deque

from simulator.messages import Answer, text_answer, web_error
from simulator.state import World

RATE_WINDOW_S = 30.0
QUOTA_WINDOW_S = 86_400.0


def refuse(world: World, client_id: str, bucket: str) -> Answer | None:
    """Count a call; return the 429 that it gets, or None when there is room."""
    return _rate(world, client_id) or _quota(world, bucket)


def _rate(world: World, client_id: str) -> Answer | None:
    limit = world.switches.rate_limit
    if limit is None:
        return None
    wait_s = _wait(world, f"rate {client_id}", limit, RATE_WINDOW_S)
    if wait_s is None:
        return None
    return _too_many(world, min(max(wait_s, 1), 30), "API rate limit exceeded", reason="")


def _quota(world: World, bucket: str) -> Answer | None:
    """All apps of one developer share a bucket; only development mode has them."""
    limits = world.switches.quota
    if world.switches.mode != "development" or not limits:
        return None
    for name in (bucket, "all"):
        if name not in limits:
            continue
        wait_s = _wait(world, f"quota {name}", limits[name], QUOTA_WINDOW_S)
        if wait_s is not None:
            return _too_many(world, max(wait_s, 1), "Too many requests", reason="QUOTA_EXCEEDED")
    return None


def _wait(world: World, name: str, limit: int, window_s: float) -> int | None:
    """Return the seconds until a call fits into the rolling window, None if it fits now."""
    now = world.clock()
    times = world.spent.setdefault(name, deque())
    while times and times[0] <= now - window_s:
        times.popleft()
    full = len(times) >= limit
    if not full or world.switches.limited_calls_count:
        times.append(now)
    if not full:
        return None
    # Room is made when all but limit - 1 of the calls have left the window.
    oldest = times[len(times) - limit] if limit else now
    return math.ceil(oldest + window_s - now)


def _too_many(world: World, wait_s: int, message: str, *, reason: str) -> Answer:
    style = world.switches.limited_body
    if style == "mixed":
        style = world.random.choice(("json", "text"))
    if style == "text":
        answer = text_answer("Too many requests", 429)
    else:
        answer = web_error(429, message, reason=reason)
    if not world.chance(world.switches.retry_after_missing_share):
        answer.headers["retry-after"] = str(wait_s)
    return answer
