"""The entries of a schedule: when each is due next, and how it reads in a sentence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from playlists.recipes import crontext, walltime
from playlists.recipes.errors import NotASchedule

LEAST_GAP = timedelta(hours=1)  # between two runs of one entry
MOST_HOURS = 31 * 24
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
LONGEST_MONTH = 31
SHORTEST_MONTH = 28

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


def part(span: timedelta, share: float) -> timedelta:
    """Return a share (0 <= share < 1) of a span, in whole seconds and less than the span."""
    return int(span / _SECOND * share) * _SECOND


def check_time(field: str, at: time) -> None:
    if at.second or at.microsecond or at.tzinfo:
        raise NotASchedule(field, f"{at} is not a time in hours and minutes, such as 05:00.")


@dataclass(frozen=True, slots=True)
class EveryHours:
    """Every so many hours of real time; the recipe's share says at which minute."""

    hours: int

    def __post_init__(self) -> None:
        least = -(-LEAST_GAP // _HOUR)
        if not least <= self.hours <= MOST_HOURS:
            raise NotASchedule("hours", f"{self.hours} is not one of {least} to {MOST_HOURS}.")

    def due_after(self, moment: datetime, zone: ZoneInfo, share: float) -> datetime:
        period = self.hours * _HOUR
        start = _EPOCH + part(period, share)
        return start + ((moment - start) // period + 1) * period


class _ByClock:
    """An entry that names times of the clock."""

    __slots__ = ()

    def times_after(self, shown: datetime) -> Iterator[datetime]:
        raise NotImplementedError

    def due_after(self, moment: datetime, zone: ZoneInfo, share: float) -> datetime:
        # A clock that was turned back shows times again that are over: these are passed by.
        times = self.times_after(walltime.wall(moment, zone))
        return next(due for shown in times if (due := walltime.first(shown, zone)) > moment)


@dataclass(frozen=True, slots=True)
class Daily(_ByClock):
    at: time

    def __post_init__(self) -> None:
        check_time("at", self.at)

    def times_after(self, shown: datetime) -> Iterator[datetime]:
        one = datetime.combine(shown, self.at)
        while True:
            if one > shown:
                yield one
            one += _DAY


@dataclass(frozen=True, slots=True)
class Weekly(_ByClock):
    days: tuple[int, ...]  # Monday is 0, as in date.weekday()
    at: time

    def __post_init__(self) -> None:
        check_time("at", self.at)
        if not self.days or len(set(self.days)) < len(self.days):
            raise NotASchedule("days", "at least one day is needed, and each one once.")
        if not set(self.days) <= set(range(len(WEEKDAYS))):
            raise NotASchedule("days", "allowed are 0 (Monday) to 6 (Sunday).")

    def times_after(self, shown: datetime) -> Iterator[datetime]:
        return (one for one in Daily(self.at).times_after(shown) if one.weekday() in self.days)


@dataclass(frozen=True, slots=True)
class Monthly(_ByClock):
    """On a day of each month, or on the last day of a month that is shorter."""

    day: int
    at: time

    def __post_init__(self) -> None:
        check_time("at", self.at)
        if not 1 <= self.day <= LONGEST_MONTH:
            raise NotASchedule("day", f"{self.day} is not one of 1 to {LONGEST_MONTH}.")

    def times_after(self, shown: datetime) -> Iterator[datetime]:
        return (one for one in Daily(self.at).times_after(shown) if self._is_on(one))

    def _is_on(self, one: datetime) -> bool:
        return one.day == self.day or (one.day < self.day and (one + _DAY).day == 1)


@dataclass(frozen=True, slots=True)
class Cron(_ByClock):
    """Cron text of five fields; the module crontext says what they may hold."""

    text: str

    def __post_init__(self) -> None:
        crontext.check(self.text, least_gap=LEAST_GAP)

    def times_after(self, shown: datetime) -> Iterator[datetime]:
        while True:
            shown = crontext.following(self.text, shown)
            yield shown

    def due_after(self, moment: datetime, zone: ZoneInfo, share: float) -> datetime:
        if crontext.has_star(self.text):
            return walltime.next_shown(
                moment, zone, lambda shown: crontext.following(self.text, shown)
            )
        return _ByClock.due_after(self, moment, zone, share)


Entry = EveryHours | Daily | Weekly | Monthly | Cron


def describe(entry: Entry) -> str:
    """Return the entry as a part of a sentence, such as "every day at 05:00"."""
    match entry:
        case EveryHours(hours=1):
            return "every hour"
        case EveryHours(hours=hours):
            return f"every {hours} hours"
        case Daily(at=at):
            return f"every day at {at:%H:%M}"
        case Weekly(days=days, at=at):
            return f"every {listed([WEEKDAYS[day] for day in sorted(days)])} at {at:%H:%M}"
        case Monthly(day=day, at=at):
            return f"on {_day_of_month(day)} at {at:%H:%M}"
        case Cron(text=text):
            return f'by cron "{" ".join(text.split())}" ({_lower_first(crontext.explain(text))})'


def listed(words: Sequence[str]) -> str:
    """Return "a, b and c"."""
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last


def _day_of_month(day: int) -> str:
    if day == LONGEST_MONTH:
        return "the last day of each month"
    shorter = ", or the last day where it is shorter," if day > SHORTEST_MONTH else ""
    return f"the {day}{_ending(day)} of each month{shorter}"


def _ending(day: int) -> str:
    if day in {11, 12, 13}:
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]
