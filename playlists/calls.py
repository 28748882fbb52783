"""The ledger of calls: counted in Valkey by every call, moved to Postgres each minute.

What is moved gets a name first, and the name is stored with its rows in one transaction: whoever is
killed between two steps, the next one neither loses nor doubles a count.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import Sum

from accounts.models import User
from playlists import limiter
from playlists.models import CallBatch, Calls
from spotsite import clock
from spotsite.clock import Now

DAY_HOURS = 24
KEPT = timedelta(days=90)
_BATCHES_KEPT = timedelta(days=7)

_ADD = """
INSERT INTO playlists_calls ("hour", "group", person_id, recipe, "count")
SELECT * FROM unnest(%s::timestamptz[], %s::text[], %s::bigint[], %s::int[], %s::int[])
ON CONFLICT ("hour", "group", person_id, recipe)
DO UPDATE SET "count" = playlists_calls."count" + EXCLUDED."count"
"""


class _Row(NamedTuple):
    hour: datetime
    group: str
    person: int | None
    recipe: int | None


def store() -> None:
    """Move what was counted since the last time, and what a killed worker left halfway."""
    limiter.set_aside(uuid.uuid4().hex)
    for name in limiter.batches():
        _store(name, limiter.batch(name))
        limiter.drop(name)


def purge() -> None:
    """Forget what is older than a quarter, and the names of batches that nobody can have left."""
    Calls.objects.filter(hour__lt=Now() - KEPT).delete()
    CallBatch.objects.filter(stored_at__lt=Now() - _BATCHES_KEPT).delete()


def of_the_last_day(person: int | None = None) -> dict[int, dict[int, int]]:
    """Return the calls of the last 24 hours by person and by the hour since 1970."""
    since = clock.now() - timedelta(hours=DAY_HOURS)
    rows = Calls.objects.filter(hour__gt=since).exclude(person=None)
    if person is not None:
        rows = rows.filter(person=person)
    found: dict[int, dict[int, int]] = defaultdict(dict)
    for who, hour, count in rows.values_list("person", "hour").annotate(calls=Sum("count")):
        found[who][hour_of(hour)] = count
    return found


def hour_of(moment: datetime) -> int:
    """Return the hour since 1970, as Valkey counts."""
    return int(moment.timestamp() // 3600)


@transaction.atomic
def _store(name: str, counts: dict[str, int]) -> None:
    """Add a batch to the rows, unless that was done and only Valkey was not told."""
    _, is_new = CallBatch.objects.get_or_create(id=uuid.UUID(name))
    if not is_new or not counts:
        return
    rows: dict[_Row, int] = defaultdict(int)
    known = _known_people(counts)
    for field, count in counts.items():
        rows[_row(field, known)] += count
    columns = [list(column) for column in zip(*rows, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(_ADD, [*columns, list(rows.values())])


def _row(field: str, known: set[int]) -> _Row:
    hour, group, person, recipe = field.split("|")
    return _Row(
        datetime.fromtimestamp(int(hour) * 3600, UTC),
        group,
        int(person) if person and int(person) in known else None,
        int(recipe) if recipe else None,
    )


def _known_people(counts: dict[str, int]) -> set[int]:
    """Return who is still there: the calls of somebody who has left belong to nobody."""
    named = {int(person) for field in counts if (person := field.split("|")[2])}
    return set(User.objects.filter(pk__in=named).values_list("pk", flat=True))
