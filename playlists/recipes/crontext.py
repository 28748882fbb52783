"""Cron text: read, refused with a reason, and followed from one time of the clock to the next.

Five fields: minute, hour, day of month, month, day of week, as Debian's cron and Healthchecks
read them: ``*``, numbers, names (``MON``, ``JAN``), ``a-b``, ``a,b``, ``*/n``, ``a-b/n``, and
``L``, ``LW``, ``5L`` and ``MON#2`` for last days and n-th weekdays. No seconds, no ``@daily``.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise

from cronsim import CronSim, CronSimError

from playlists.recipes.errors import NotASchedule

LONGEST = 100  # characters
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_ANY_DAY = datetime(2000, 1, 1)  # noqa: DTZ001 -- the clock's face, in no zone
_ALLOWED = {
    "minute": "0 to 59",
    "hour": "0 to 23",
    "day of month": "1 to 31, L for the last day, LW for the last working day",
    "month": "1 to 12, JAN to DEC",
    "day of week": "0 to 7, SUN to SAT, 5L for the last Friday, MON#2 for the second Monday",
}


def following(text: str, shown: datetime) -> datetime:
    """Return the next time of the clock that the text means."""
    return next(CronSim(text, shown))


def explain(text: str) -> str:
    return CronSim(text, _ANY_DAY).explain()


def has_star(text: str) -> bool:
    """Say whether minute or hour begin with a star: cron calls that a wildcard job."""
    minute, hour, *_ = text.split()
    return minute.startswith("*") or hour.startswith("*")


@lru_cache(maxsize=4096)
def check(text: str, *, least_gap: timedelta) -> None:
    """Raise NotASchedule for what cannot be read, never comes, or comes too often."""
    cron = _read(text)
    if _smallest_gap(cron) < least_gap:
        raise NotASchedule(
            "cron",
            f"minute and hour of {text!r} come more often than once in {least_gap / _HOUR:g} h, "
            "which is the most: give one minute, such as 0.",
        )
    if next(cron, None) is None:
        raise _never(text)


def _read(text: str) -> CronSim:
    if len(text) > LONGEST:
        raise NotASchedule("cron", f"{len(text)} characters are too many: {LONGEST} are allowed.")
    fields = text.split()
    if len(fields) != len(_ALLOWED):
        raise NotASchedule(
            "cron", f"{text!r} has {len(fields)} fields: five are needed, {', '.join(_ALLOWED)}."
        )
    for (name, allowed), given in zip(_ALLOWED.items(), fields, strict=True):
        _check_field(name, allowed, given)
    try:
        return CronSim(text, _ANY_DAY)
    except CronSimError as error:  # each field is right: it is a day that its months lack
        raise _never(text) from error


def _check_field(name: str, allowed: str, given: str) -> None:
    alone = " ".join(given if one == name else "*" for one in _ALLOWED)
    try:
        CronSim(alone, _ANY_DAY)
    except CronSimError as error:
        raise NotASchedule(
            "cron",
            f"{name} {given!r} is not understood: *, {allowed}, lists, ranges and steps are.",
        ) from error


def _never(text: str) -> NotASchedule:
    return NotASchedule("cron", f"day of month, month and day of week of {text!r} never meet.")


def _smallest_gap(cron: CronSim) -> timedelta:
    """Return the smallest span between two times of day, from one day to the next as well."""
    times = [
        timedelta(hours=hour, minutes=minute)
        for hour in sorted(cron.hours)
        for minute in sorted(cron.minutes)
    ]
    return min(later - one for one, later in pairwise([*times, times[0] + _DAY]))
