"""A crowd of people with linked accounts, recipes and runs, made by Postgres itself in bulk.

Django makes one row of each kind; the others are copies that differ in their keys and in when they
are due, so that every column and every constraint is the real one. Each crowd lives in a schema.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import connection, models
from psycopg import sql

from accounts import tokens
from accounts.models import Credential, User
from accounts.vault import Secret
from playlists.models import Recipe, Run
from playlists.recipes import definition
from spotsite import clock

KINDS: tuple[type[models.Model], ...] = (User, SocialAccount, Credential, Recipe, Run)
# Prime, and no factor of a size: those due together are strewn over the whole table.
_STRIDE = 7919
_PER_WAITING_RUN = 100  # one run in so many waits for tomorrow


@dataclass(frozen=True, slots=True)
class Crowd:
    """So many people, a hundred more of whom fall due each minute from ``begins`` on."""

    size: int
    begins: datetime
    fill_seconds: float

    def visit(self) -> None:
        _execute(f"SET search_path TO {_schema(self.size)}")

    def leave(self) -> None:
        _execute(f"SET search_path TO public; DROP SCHEMA {_schema(self.size)} CASCADE")

    def wait_for(self, minute: int) -> None:
        """Move the clock to where the rows of ``minute`` have just fallen due."""
        target = self.begins + timedelta(minutes=minute, seconds=30)
        clock.move(target - clock.now())


def gather(size: int, *, due: int, recipes_from: int) -> Crowd:
    """Fill a schema: ``due`` credentials a minute, and as many recipes from that minute on."""
    schema = _schema(size)
    _execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}")
    _execute(f"SET search_path TO {schema}")
    ContentType.objects.clear_cache()
    call_command("migrate", verbosity=0)
    began = time.monotonic()
    begins = clock.now() + timedelta(hours=1)  # nothing is due before all crowds are there
    _first_of_each(begins)
    rank = f"(n * {_STRIDE}::bigint %% %(size)s)"
    # All of a minute within its first ten seconds.
    due_at = (
        "%(begins)s::timestamptz + make_interval("
        f"mins => ({rank} / %(due)s)::int, secs => {rank} %% %(due)s * 10.0 / %(due)s)"
    )
    state = (
        f"CASE WHEN {rank} < %(due)s THEN 'queued' "
        f"WHEN {rank} < %(due)s + %(size)s / {_PER_WAITING_RUN} THEN 'waiting' ELSE 'done' END"
    )
    differing: dict[type[models.Model], dict[str, str]] = {
        User: {"email": "'person' || n || '@example.org'"},
        SocialAccount: {"uid": "'person' || n", "user_id": "n + 1"},
        Credential: {"account_id": "n + 1", "next_refresh_at": due_at},
        Recipe: {
            "user_id": "n + 1",
            "account_id": "n + 1",
            "playlist_id": "lpad(n::text, 22, '0')",
            "next_run_at": f"{due_at} + make_interval(mins => {recipes_from})",
        },
        Run: {
            "user_id": "n + 1",
            "account_id": "n + 1",
            "recipe_id": f"CASE WHEN {rank} > %(size)s / 10 THEN n + 1 END",
            "playlist_id": "'elsewhere' || n",
            "state": state,
            "not_before": (
                f"CASE WHEN {state} = 'waiting' THEN %(begins)s::timestamptz + interval '1 day' END"
            ),
        },
    }
    for model, expressions in differing.items():
        _multiply(model, expressions, {"size": size, "due": due, "begins": begins})
    for statement in connection.ops.sequence_reset_sql(no_style(), list(KINDS)):
        _execute(statement)
    _execute("VACUUM (ANALYZE)")
    return Crowd(size, begins, time.monotonic() - began)


def _first_of_each(begins: datetime) -> None:
    user = User.objects.create_user("first@example.org")
    account = SocialAccount.objects.create(user=user, provider="spotify", uid="first")
    grant = tokens.Grant(
        Secret("a" * 200), Secret("r" * 130), timedelta(hours=1), ("playlist-modify-private",)
    )
    tokens.absorb(account, grant, consent=True)
    Credential.objects.update(next_refresh_at=None)
    at = (begins + timedelta(hours=12)).strftime("%H:%M")  # not twice while it is measured
    target = {"playlist": {"kind": "new", "name": "Mine"}, "mode": {"kind": "mirror"}}
    known = definition.check(
        {
            "version": 1,
            "sources": [{"kind": "liked"}],
            "target": {"account": "first", **target},
            "schedule": {"entries": [{"kind": "daily", "at": at}], "time_zone": "Europe/Berlin"},
        }
    )
    recipe = Recipe.objects.create(
        user=user, account=account, name="Mine", definition=definition.data(known)
    )
    Run.objects.create(
        user=user,
        account=account,
        recipe=recipe,
        kind=Run.Kind.RECIPE,
        mode=Run.Mode.REPLACE,
        name="Mine",
        state=Run.State.DONE,
        ended_at=clock.now(),
    )


def _multiply(
    model: type[models.Model], differing: dict[str, str], parameters: dict[str, Any]
) -> None:
    """Copy the first row ``size`` times, with SQL in place of what differs (n counts from 1)."""
    columns = [field.column for field in model._meta.concrete_fields if field.column]
    different = {"id": "n + 1", "uuid": "gen_random_uuid()", **differing}
    values = [
        sql.SQL(different[column]) if column in different else sql.Identifier("first", column)
        for column in columns
    ]
    table = sql.Identifier(model._meta.db_table)
    statement = sql.SQL(
        "INSERT INTO {table} ({columns}) SELECT {values} FROM {table} AS first, "
        "generate_series(1, %(size)s::bigint) AS n WHERE first.id = 1"
    ).format(
        table=table,
        columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
        values=sql.SQL(", ").join(values),
    )
    # Foreign keys hold by the numbers; looking each of them up would take longer than all the rest.
    _execute("SET session_replication_role = replica")
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
    _execute("SET session_replication_role = DEFAULT")


def _schema(size: int) -> str:
    return f"crowd_{size}"


def _execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
