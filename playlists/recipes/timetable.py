"""When runs start by themselves, as a definition says it; ``schedule`` knows what it comes to."""

from __future__ import annotations

from datetime import datetime, time
from typing import Annotated, Literal, get_args

from pydantic import Field, field_validator, model_validator

from playlists.recipes import crontext, entries, schedule, walltime
from playlists.recipes.entries import Entry as TimedEntry
from playlists.recipes.errors import NotASchedule
from playlists.recipes.parts import Part, refuse

Time = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)


class Hourly(Part):
    kind: Literal["hourly"]
    every_hours: Annotated[int, Field(ge=1, le=entries.MOST_HOURS)]

    def timed(self) -> entries.EveryHours:
        return entries.EveryHours(self.every_hours)


class Daily(Part):
    kind: Literal["daily"]
    at: Time

    def timed(self) -> entries.Daily:
        return entries.Daily(_time(self.at))


class Weekly(Part):
    kind: Literal["weekly"]
    days: Annotated[tuple[Weekday, ...], Field(min_length=1, max_length=7)]
    at: Time

    @field_validator("days")
    @classmethod
    def _are_different(cls, days: tuple[Weekday, ...]) -> tuple[Weekday, ...]:
        if len(set(days)) < len(days):
            raise refuse("name a day twice")
        return days

    def timed(self) -> entries.Weekly:
        return entries.Weekly(tuple(sorted(map(WEEKDAYS.index, self.days))), _time(self.at))


class Monthly(Part):
    kind: Literal["monthly"]
    day: Annotated[int, Field(ge=1, le=entries.LONGEST_MONTH)]
    """A month that is too short for it has it on its last day, so 31 is always the last."""
    at: Time

    def timed(self) -> entries.Monthly:
        return entries.Monthly(self.day, _time(self.at))


class Cron(Part):
    kind: Literal["cron"]
    text: Annotated[str, Field(min_length=1, max_length=crontext.LONGEST)]
    """Five fields: minute, hour, day of the month, month, day of the week."""

    @field_validator("text")
    @classmethod
    def _can_be_followed(cls, text: str) -> str:
        try:
            entries.Cron(text)
        except NotASchedule as exc:
            raise refuse(f"cannot be used: {exc.reason.removesuffix('.')}") from None
        return text

    def timed(self) -> entries.Cron:
        return entries.Cron(self.text)


Entry = Annotated[Hourly | Daily | Weekly | Monthly | Cron, Field(discriminator="kind")]


class Quiet(Part):
    """Hours in which no run starts; they may go past midnight."""

    start: Time
    end: Time

    @model_validator(mode="after")
    def _is_not_all_day(self) -> Quiet:
        if self.start == self.end:
            raise refuse("starts when it ends")
        return self


class Schedule(Part):
    """When runs start by themselves."""

    entries: Annotated[tuple[Entry, ...], Field(max_length=schedule.MOST_ENTRIES)] = ()
    """None: only when somebody says so."""
    time_zone: Annotated[str, Field(min_length=1, max_length=64)] = "UTC"
    quiet: Quiet | None = None
    paused: bool = False

    @field_validator("entries")
    @classmethod
    def _are_different(cls, found: tuple[Entry, ...]) -> tuple[Entry, ...]:
        if len(set(found)) < len(found):
            raise refuse("name the same times twice")
        return found

    @field_validator("time_zone")
    @classmethod
    def _is_known(cls, name: str) -> str:
        try:
            walltime.zone_called(name)
        except NotASchedule:
            raise refuse('is not a time zone such as "Europe/Berlin"') from None
        return name

    def timed(self) -> tuple[TimedEntry, ...]:
        """Return the entries as ``schedule`` takes them."""
        return tuple(entry.timed() for entry in self.entries)

    def next_run(self, *, after: datetime, key: str) -> datetime | None:
        """Return the first run later than ``after``; ``key`` decides its part of the spread."""
        return schedule.next_run(
            self.timed(),
            after=after,
            zone=self.time_zone,
            quiet=self._quiet(),
            key=key,
            pause=self._pause(),
        )

    def due(self, *, last: datetime, now: datetime, key: str) -> datetime | None:
        """Return when to make up for what came due since ``last``, None where nothing did."""
        return schedule.due(
            self.timed(),
            last=last,
            now=now,
            zone=self.time_zone,
            quiet=self._quiet(),
            key=key,
            pause=self._pause(),
        )

    def _quiet(self) -> schedule.Quiet | None:
        if self.quiet is None:
            return None
        return schedule.Quiet(_time(self.quiet.start), _time(self.quiet.end))

    def _pause(self) -> schedule.Pause | None:
        return schedule.Pause() if self.paused else None


def _time(text: str) -> time:
    return time.fromisoformat(text)
