"""One limit for the app across all workers and pages: who may call Spotify now, and who waits.

``take`` is asked before each call. Nothing sleeps: who may not call gets ``Paused`` and puts its
row off. Pauses that Spotify asks for and the rate that it bears are in Valkey, where every call
looks, and in Postgres, which survives a wiped Valkey. Reasons: docs/decisions/budget.md.
"""

from __future__ import annotations

import logging
import re
import time
from datetime import datetime, timedelta
from enum import Enum

import redis
from django.conf import settings
from django.db import transaction

from playlists import calls, limiter
from playlists.limiter import Call
from playlists.models import CallRate, Pause
from spotsite import clock

ALL = "all"  # the rate limit: every call of the app
AWAY = timedelta(seconds=5)  # background work asks again so long after Valkey did not answer
_ALONE_BURST = 5  # without Valkey: calls at once in one process, and then one a second

log = logging.getLogger(__name__)


class Purpose(Enum):
    """For whom a call is made, and the share of the burst that it leaves to those before it."""

    INTERACTIVE = "interactive"
    PUSH = "push"
    REFRESH = "refresh"
    MAINT = "maint"

    @property
    def reserve(self) -> float:
        return _RESERVES[self]


_RESERVES = {Purpose.INTERACTIVE: 0.0, Purpose.PUSH: 0.3, Purpose.REFRESH: 0.6, Purpose.MAINT: 0.6}


class Paused(Exception):
    """No call may be made before ``until``.

    ``reason``: "quota" and "rate_limit" are Spotify's, "pace" (too many calls just now) and
    "allowance" (one person's share of a day) are our own.
    """

    def __init__(self, until: datetime, reason: str) -> None:
        super().__init__(f"{reason} until {until:%Y-%m-%d %H:%M:%S}")
        self.until = until
        self.reason = reason


# Spotify's own groups are not public. Where ours are finer, a quota costs one call more.
_GROUPS = (
    ("playlist", re.compile(r"/playlists/")),
    ("library", re.compile(r"/me/(library|tracks|albums|shows|episodes|following)\b")),
    ("listening", re.compile(r"/me/(top|player)/")),
    ("search", re.compile(r"/search\b")),
    ("catalogue", re.compile(r"/(tracks|albums|artists|shows|episodes)\b")),
)


def bucket_of(method: str, path: str) -> str:
    """Return the group of calls that a quota closes together."""
    name = next((name for name, pattern in _GROUPS if pattern.match(path)), "me")
    if name in {"playlist", "library"}:
        return f"{name}-{'read' if method == 'GET' else 'write'}"
    return name


def take(
    bucket: str, purpose: Purpose, *, person: int | None = None, recipe: int | None = None
) -> bool:
    """Take one call and count it, or raise ``Paused``.

    True: a pause has just ended and this call asks whether it is over for good; nobody else calls
    until ``reopen`` says that it went well.
    """
    call = Call(bucket, person, recipe)
    try:
        verdict = _ask(call, purpose)
        if verdict.word == "unknown":
            log.warning("Valkey was emptied: pauses, rate and allowances come from Postgres")
            recall()
            verdict = _ask(call, purpose)
    except redis.RedisError:
        _take_alone(bucket, purpose)
        return False
    if not verdict.granted:
        raise Paused(clock.now() + verdict.wait, verdict.word)
    return verdict.word == "probe"


def reopen(bucket: str) -> None:
    """Let everybody call again: the call that asked after a pause was not refused."""
    try:
        limiter.reopen(ALL, bucket)
    except redis.RedisError:
        log.warning("Valkey does not answer: the next call asks again")


def pause(bucket: str, *, seconds: float, reason: str) -> datetime:
    """Close a group of calls for all workers; a longer pause that stands already stays."""
    until = clock.now() + timedelta(seconds=seconds)
    with transaction.atomic():
        row, made = Pause.objects.select_for_update().get_or_create(
            bucket=bucket, defaults={"until": until, "reason": reason}
        )
        if not made and row.until < until:
            row.until, row.reason = until, reason
            row.save(update_fields=["until", "reason"])
        is_first = _publish(row, timedelta(seconds=seconds))
    log.warning("calls paused: %s until %s (%s)", bucket, row.until, row.reason)
    if reason == "rate_limit" and is_first:
        _slow_down()
    return row.until


def lift(bucket: str) -> None:
    """End a pause before its time, as staff may; the next call asks alone."""
    with transaction.atomic():
        Pause.objects.filter(pk=bucket).delete()
        limiter.lift(bucket)


def recall() -> None:
    """Put into Valkey what it lacks after it was wiped; calls start once all of it is there."""
    is_new = limiter.rate() is None
    if is_new:
        for person, counts in calls.of_the_last_day().items():
            limiter.remember(person, counts)
    now = clock.now()
    with transaction.atomic():  # a pause that staff lift meanwhile does not come back
        for row in Pause.objects.select_for_update().filter(until__gt=now):
            _publish(row, row.until - now)
    if is_new:
        last = CallRate.objects.first()
        limiter.start(last.per_second if last else limiter.start_rate())


def resumes_at() -> datetime | None:
    """Return when the last of the pauses ends, None where there is none: for pages."""
    row = longest_pause()
    return row.until if row else None


def longest_pause() -> Pause | None:
    return Pause.objects.filter(until__gt=clock.now()).order_by("-until").first()


def save_rate() -> None:
    """Keep the rate that Spotify bears where a wiped Valkey does not take it away."""
    rate = limiter.rate()
    if rate is not None:
        CallRate.objects.update_or_create(
            pk=1, defaults={"per_second": rate, "changed_at": clock.now()}
        )


def spent(person: int) -> int:
    """Return how many calls were made for a person within a day."""
    try:
        counts = limiter.spent(person)
    except redis.RedisError:
        counts = calls.of_the_last_day(person).get(person, {})
    hour = calls.hour_of(clock.now())
    return sum(count for at, count in counts.items() if at > hour - calls.DAY_HOURS)


def _ask(call: Call, purpose: Purpose) -> limiter.Verdict:
    if purpose is Purpose.INTERACTIVE:
        return limiter.take(call, reserve=0.0, slice_of=1)
    allowance = settings.SPOTIFY_CALLS_PER_PERSON if call.person else 0
    return limiter.take(call, reserve=purpose.reserve, allowance=allowance)


def _publish(row: Pause, span: timedelta) -> bool:
    try:
        return limiter.close(row.bucket, span=span, reason=row.reason)
    except redis.RedisError:
        log.warning("Valkey does not answer: the pause is in Postgres only")
        return False


def _slow_down() -> None:
    try:
        rate = limiter.slow_down()
    except redis.RedisError:
        return
    log.warning("calls a second are now at most %.2f", rate)
    save_rate()


# Without Valkey -----------------------------------------------------------------------------------


class _Alone:
    """What one process lets through while it cannot ask the others: five, then one a second."""

    def __init__(self) -> None:
        self._used_until = 0.0

    def wait(self) -> float:
        """Take a call and return 0, or return the seconds until there is one."""
        now = time.monotonic()
        used = max(0.0, self._used_until - now)
        if used + 1 > _ALONE_BURST:
            return used + 1 - _ALONE_BURST
        self._used_until = now + used + 1
        return 0.0


_alone = _Alone()


def _take_alone(bucket: str, purpose: Purpose) -> None:
    """Serve people slowly, by the pauses that Postgres knows; put all other work off."""
    now = clock.now()
    if purpose is not Purpose.INTERACTIVE:
        raise Paused(now + AWAY, "pace")
    standing = Pause.objects.filter(bucket__in=[ALL, bucket], until__gt=now)
    if row := standing.order_by("-until").first():
        raise Paused(row.until, row.reason)
    if wait := _alone.wait():
        raise Paused(now + timedelta(seconds=wait), "pace")
