"""When a recipe runs: the schedule of its definition in the words of the calendar."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from playlists.recipes import definition, schedule
from playlists.recipes.definition import Definition, Schedule
from playlists.recipes.schedule import Entry, Quiet

_WEEKS = timedelta(weeks=4)


def next_run(recipe: Definition, *, after: datetime, key: str) -> datetime | None:
    """Return when the recipe runs next, None where nothing is scheduled."""
    plan = recipe.schedule
    if plan.paused:
        return None
    quiet = Quiet(_time(plan.quiet.start), _time(plan.quiet.end)) if plan.quiet else None
    return schedule.next_run(
        entries_of(plan), after=after, zone=plan.time_zone, quiet=quiet, key=key
    )


def runs_a_day(recipe: Definition, *, after: datetime) -> float:
    """Return how many runs a day the schedule comes to, over the four weeks to come."""
    ends, count = after + _WEEKS, 0
    due = next_run(recipe, after=after, key="")
    while due is not None and due <= ends:
        count += 1
        due = next_run(recipe, after=due, key="")
    return count / (_WEEKS / timedelta(days=1))


def entries_of(plan: Schedule) -> list[Entry]:
    """Return the times of a schedule; raise ``NotASchedule`` where they cannot stand together."""
    entries = [_entry(entry) for entry in plan.entries]
    schedule.check(entries)
    return entries


def _entry(entry: definition.Entry) -> Entry:
    match entry:
        case definition.Hourly(every_hours=hours):
            return schedule.EveryHours(hours)
        case definition.Daily(at=at):
            return schedule.Daily(_time(at))
        case definition.Weekly(days=days, at=at):
            numbers = sorted(definition.WEEKDAYS.index(day) for day in days)
            return schedule.Weekly(tuple(numbers), _time(at))
        case definition.Monthly(day=day, at=at):
            return schedule.Monthly(day, _time(at))
        case definition.Cron(text=text):
            return schedule.Cron(text)


def _time(text: str) -> time:
    return time.fromisoformat(text)
