"""The weekly digest: on Monday morning, by the person's own clock, what their recipes did."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.db.models import Exists, OuterRef, QuerySet, Subquery, TextField, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce
from django.urls import reverse

from accounts import inbox
from accounts.inbox import News
from accounts.models import Notice, User
from playlists.models import Recipe, Run
from playlists.news import DIGEST
from spotsite import clock

MOST = 500
_FROM = timedelta(hours=8)  # after Monday begins
_UNTIL = timedelta(hours=32)  # a site that slept through Monday is not late yet

_TOLD = (Run.State.DONE, Run.State.HELD, Run.State.FAILED)
# A person's runs are found by when they began: what was held for longer is not looked for.
_BEGAN = timedelta(days=60)


@dataclass(slots=True)
class _Deeds:
    """What one recipe did in a week."""

    name: str
    runs: int = 0
    added: int = 0
    removed: int = 0
    held: int = 0
    failed: int = 0

    def note(self, run: dict[str, Any]) -> None:
        match run["state"]:
            case Run.State.HELD:
                self.held += 1
            case Run.State.FAILED:
                self.failed += 1
            case _:
                self.runs += 1
                self.added += run["report__added"] or 0
                self.removed += run["report__removed"] or 0

    @property
    def line(self) -> str:
        facts = [f"{self.runs:,} run{'' if self.runs == 1 else 's'}"]
        facts += [f"{self.added:,} added", f"{self.removed:,} removed"]
        facts += [f"{self.held:,} waiting for you"] if self.held else []
        facts += [f"{self.failed:,} failed"] if self.failed else []
        return f"{self.name}: {', '.join(facts)}"


def tell_due(*, after: int = 0, most: int = MOST) -> int | None:
    """Tell some of the people whose Monday morning it is; return whom to go on after, if any."""
    now = clock.now()
    zones = _mornings(now)
    if not zones:
        return None
    people = list(_people(zones, _week(now, next(iter(zones))), after=after)[:most])
    for zone in zones & {person.zone for person in people}:
        ids = [person.pk for person in people if person.zone == zone]
        inbox.tell_all(DIGEST, list(_news(ids, zone, now)))
    return people[-1].pk if len(people) == most else None


def _people(zones: set[str], key: str, *, after: int) -> QuerySet[Any]:
    """Return those in these zones who have recipes and were not told of the week yet."""
    recipes = Recipe.objects.filter(user=OuterRef("pk"))
    newest = recipes.order_by("-created_at").annotate(zone=KT("definition__schedule__time_zone"))
    told = Notice.objects.filter(user=OuterRef("pk"), kind=DIGEST.name, key=key)
    people = User.objects.filter(Exists(recipes), ~Exists(told), is_active=True, pk__gt=after)
    zoned = people.annotate(
        zone=Coalesce(
            Subquery(newest.values("zone")[:1], output_field=TextField()),
            Value("UTC", output_field=TextField()),
        )
    )
    return zoned.filter(zone__in=zones).order_by("pk")


def _news(ids: list[int], zone: str, now: datetime) -> Iterator[News]:
    """Say what the recipes of each did in the week that has ended; nothing of who has none."""
    deeds: dict[int, dict[int, _Deeds]] = {}
    for run in _ended(ids, *_last_week(now, zone)):
        mine = deeds.setdefault(run["user"], {})
        mine.setdefault(run["recipe"], _Deeds(run["recipe__name"])).note(run)
    for user_id, mine in deeds.items():
        yield News(
            user_id,
            _week(now, zone),
            title="What your recipes did last week",
            sentence="\n".join(one.line for one in mine.values()),
            link=reverse("runs"),
        )


def _ended(ids: list[int], begin: datetime, end: datetime) -> QuerySet[Any, dict[str, Any]]:
    rows: QuerySet[Any, Any] = Run.objects.filter(
        user__in=ids,
        recipe__isnull=False,
        is_dry=False,
        state__in=_TOLD,
        ended_at__gte=begin,
        ended_at__lt=end,
        created_at__gte=begin - _BEGAN,
    )
    facts = ("user", "recipe", "recipe__name", "state", "report__added", "report__removed")
    return rows.order_by("user", "recipe__name", "recipe").values(*facts)


def _mornings(now: datetime) -> set[str]:
    """Return the zones in which it is Monday, 8:00, or not much later."""
    return {zone for zone in _zones() if _FROM <= _since_monday(now, zone) < _UNTIL}


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _since_monday(now: datetime, zone: str) -> timedelta:
    """Return how long ago the week began, as the clock on the wall says."""
    wall = now.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    return timedelta(days=wall.weekday(), hours=wall.hour, minutes=wall.minute)


def _last_week(now: datetime, zone: str) -> tuple[datetime, datetime]:
    local = now.astimezone(ZoneInfo(zone))
    monday = (local - timedelta(days=local.weekday())).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    return (monday - timedelta(days=7)).astimezone(UTC), monday.astimezone(UTC)


def _week(now: datetime, zone: str) -> str:
    """Name the week that has ended; all zones in which it is Monday morning agree on it."""
    year, week, _ = (now.astimezone(ZoneInfo(zone)) - timedelta(days=7)).isocalendar()
    return f"{year}-W{week:02d}"
