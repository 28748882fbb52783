"""Which moment a clock on the wall means, on the days when it is turned as well."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from playlists.recipes.errors import NotASchedule

_SECOND = timedelta(seconds=1)
_LONGEST_TURN = timedelta(hours=26)  # from UTC-12 to UTC+14: a zone that changes sides


@cache
def _names() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def zone_called(name: str) -> ZoneInfo:
    if name not in _names():
        raise NotASchedule("zone", f"{name[:60]!r} is none: give one such as Europe/Berlin or UTC.")
    return ZoneInfo(name)


def wall(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return what the clock shows, as a naive datetime."""
    return moment.astimezone(zone).replace(tzinfo=None)


def first(shown: datetime, zone: ZoneInfo) -> datetime:
    """Return the first moment at which the clock shows ``shown``, or has gone past it."""
    moment = shown.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if wall(moment, zone) == shown:
        return moment
    # PEP 495: in a gap, fold=1 reads the time by the new offset, which is before the turn.
    return _turn(shown.replace(tzinfo=zone, fold=1).astimezone(UTC), moment, zone)


def last(shown: datetime, zone: ZoneInfo) -> datetime:
    """Return the last moment at which the clock shows ``shown``, or has gone past it."""
    moment = shown.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return moment if wall(moment, zone) == shown else first(shown, zone)


def next_shown(
    moment: datetime, zone: ZoneInfo, following: Callable[[datetime], datetime]
) -> datetime:
    """Return the next moment at which the clock really shows one of certain times.

    ``following`` gives the one after a time of the clock.
    """
    moment -= timedelta(microseconds=moment.microsecond)
    shown = wall(moment, zone)
    while True:
        offset = _offset(moment, zone)
        found = (following(shown) - offset).replace(tzinfo=UTC)
        # Only a turn this near can show again a time that was passed already.
        near = min(found, moment + _LONGEST_TURN)
        changed = next((end for end in (near, found) if _offset(end, zone) != offset), None)
        if changed is None:
            return found
        moment = _turn(moment, changed, zone)
        shown = wall(moment, zone) - _SECOND


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    return moment.astimezone(zone).replace(tzinfo=UTC) - moment


def _turn(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """Return when, of two moments with a turn between them, the clock was turned."""
    offset = _offset(before, zone)
    while after - before > _SECOND:
        middle = before + (after - before) // (2 * _SECOND) * _SECOND
        if _offset(middle, zone) == offset:
            before = middle
        else:
            after = middle
    return after
