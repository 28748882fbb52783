"""When a recipe runs, and how often that is."""

from __future__ import annotations

from datetime import datetime, timedelta

from playlists.recipes.definition import Definition

_WEEKS = timedelta(weeks=4)


def next_run(recipe: Definition, *, after: datetime, key: str) -> datetime | None:
    """Return when the recipe runs next, None where nothing is scheduled."""
    return recipe.schedule.next_run(after=after, key=key)


def runs_a_day(recipe: Definition, *, after: datetime) -> float:
    """Return how many runs a day the schedule comes to, over the four weeks to come."""
    ends, count = after + _WEEKS, 0
    due = next_run(recipe, after=after, key="")
    while due is not None and due <= ends:
        count += 1
        due = next_run(recipe, after=due, key="")
    return count / (_WEEKS / timedelta(days=1))
