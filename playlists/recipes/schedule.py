"""When a recipe runs: by the person's own clock, out of quiet hours, spread, once each time.

Days on which clocks are turned, as Debian's cron(8), Paul Vixie's, has it:

- A time that does not exist comes once, right after the gap: 02:30 at 03:00.
- A time that exists twice comes once, the first time.
- ``EveryHours`` is real time and knows no clock. Cron text whose minute or hour begins with a star
  follows the clock's face: it comes both times, and what a gap swallows is not made up for.

Turns of more than three hours are corrections to cron; here they are like the others: the run of
a day that a zone leaves out (Apia, 30 December 2011) comes as the next day begins.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from playlists.recipes import walltime
from playlists.recipes.entries import (
    LEAST_GAP,
    Cron,
    Daily,
    Entry,
    EveryHours,
    Monthly,
    Weekly,
    check_time,
    describe,
    listed,
    part,
)
from playlists.recipes.errors import NotASchedule
from playlists.recipes.walltime import zone_called

__all__ = [
    "LEAST_GAP",
    "MOST_ENTRIES",
    "SPREAD",
    "Cron",
    "Daily",
    "Entry",
    "EveryHours",
    "Monthly",
    "NotASchedule",
    "Pause",
    "Quiet",
    "Weekly",
    "check",
    "describe",
    "describe_all",
    "due",
    "next_run",
    "zone_called",
]

SPREAD = timedelta(minutes=10)  # a run comes at the time that was said, or less than this later
MOST_ENTRIES = 10

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
_TICK = timedelta(microseconds=1)
_SHARES = 2**48  # as many as a float tells apart from 1

_Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours of each day in which nothing runs, over midnight too.

    They last from the first time that the clock shows their start to the last time that it shows
    their end.
    """

    start: time
    end: time

    def __post_init__(self) -> None:
        check_time("quiet start", self.start)
        check_time("quiet end", self.end)
        if self.start == self.end:
            raise NotASchedule("quiet end", "it must not be the start: nothing would ever run.")

    def spans(self, moment: datetime, zone: ZoneInfo) -> tuple[_Span, ...]:
        """Return the quiet hours of the days around a moment, joined where they touch."""
        return _spans(self, walltime.wall(moment, zone).date(), zone)


@lru_cache(maxsize=4096)
def _spans(quiet: Quiet, today: date, zone: ZoneInfo) -> tuple[_Span, ...]:
    spans: list[_Span] = []
    for day in (today + days * _DAY for days in range(-2, 3)):
        end_day = day if quiet.start < quiet.end else day + _DAY
        begins = walltime.first(datetime.combine(day, quiet.start), zone)
        ends = walltime.last(datetime.combine(end_day, quiet.end), zone)
        if spans and begins <= spans[-1][1]:
            begins, ends = spans[-1][0], max(ends, spans.pop()[1])
        spans.append((begins, ends))
    return tuple(spans)


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing runs until then, or until the person says so. What was due meanwhile is left out."""

    until: datetime | None = None


def check(entries: Sequence[Entry]) -> None:
    """Raise NotASchedule where the entries cannot stand together."""
    if len(entries) > MOST_ENTRIES:
        raise NotASchedule("schedule", f"{len(entries)} entries are too many: {MOST_ENTRIES} go.")
    if len(set(entries)) < len(entries):
        raise NotASchedule("schedule", "an entry is there twice: each one is needed once.")


def next_run(
    entries: Sequence[Entry],
    *,
    after: datetime,
    zone: str,
    quiet: Quiet | None = None,
    key: str = "",
    pause: Pause | None = None,
) -> datetime | None:
    """Return the first run later than ``after``; None without one, or past the year 9999."""
    placing = _Placing(zone_called(zone), quiet, _share(key))
    since = max(after, _EPOCH)
    if pause is not None:
        if pause.until is None:
            return None
        since = max(since, pause.until - _TICK)
    runs = (placing.run_after(entry, since.astimezone(UTC)) for entry in entries)
    return min((run for run in runs if run is not None), default=None)


def due(
    entries: Sequence[Entry],
    *,
    last: datetime,
    now: datetime,
    zone: str,
    quiet: Quiet | None = None,
    key: str = "",
    pause: Pause | None = None,
) -> datetime | None:
    """Return when to make up for what came due since ``last``: one run, however many were missed.

    That is ``now``, or the end of the quiet hours that it is in. None where nothing came due.
    """
    planned = next_run(entries, after=last, zone=zone, quiet=quiet, key=key, pause=pause)
    if planned is None or planned > now:
        return None
    return _Placing(zone_called(zone), quiet, _share(key)).put_off(now)


def describe_all(entries: Sequence[Entry], *, quiet: Quiet | None = None) -> str:
    """Return the whole schedule as a part of a sentence."""
    if not entries:
        return "only when you start it"
    words = listed([describe(entry) for entry in entries])
    if quiet is None:
        return words
    return f"{words}, but not between {quiet.start:%H:%M} and {quiet.end:%H:%M}"


def _share(key: str) -> float:
    """Return which part of the spread is this recipe's: always the same, none without a key."""
    if not key:
        return 0.0
    digest = hashlib.sha256(key.encode()).digest()
    return int.from_bytes(digest[:6]) / _SHARES


@dataclass(frozen=True, slots=True)
class _Placing:
    """Where the time of an entry comes to lie: spread, and out of quiet hours.

    Whatever is due in the same quiet hours comes to lie at one time, and is one run.
    """

    zone: ZoneInfo
    quiet: Quiet | None
    share: float

    def run_after(self, entry: Entry, after: datetime) -> datetime | None:
        try:
            due = entry.due_after(self._from(after), self.zone, self.share)
            while (run := self._place(due, entry)) <= after:
                due = entry.due_after(due, self.zone, self.share)
        except OverflowError:  # the calendar ends with the year 9999
            return None
        return run

    def put_off(self, moment: datetime) -> datetime:
        held = self._held(moment)
        return moment if held is None else held[1]

    def _from(self, after: datetime) -> datetime:
        """Return a moment up to which whatever is due has run by ``after``."""
        moment = after - SPREAD
        held = self._held(moment)
        return moment if held is None else held[0] - _TICK

    def _place(self, due: datetime, entry: Entry) -> datetime:
        held = self._held(due)
        if held is not None:
            return held[1]
        if isinstance(entry, EveryHours):
            return due
        begins = (start for start, _ in self._spans(due) if start > due)
        return due + self._offset(next(begins, due + SPREAD) - due)

    def _held(self, moment: datetime) -> _Span | None:
        """Return when the quiet hours around a moment began, and when what they put off comes."""
        for (start, end), (next_start, _) in pairwise(self._spans(moment)):
            if start <= moment < end:
                return start, end + self._offset(next_start - end)
        return None

    def _spans(self, moment: datetime) -> tuple[_Span, ...]:
        return () if self.quiet is None else self.quiet.spans(moment, self.zone)

    def _offset(self, room: timedelta) -> timedelta:
        return part(min(SPREAD, room), self.share)
