"""What happens to linked accounts and people, as far as it concerns runs and versions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.dispatch import receiver

from accounts import export
from accounts.models import Credential, User
from accounts.signals import (
    account_moved,
    credential_lost,
    credential_stored,
    person_leaving,
    person_shut_out,
)
from playlists import dispatch, outcomes, tasks
from playlists.models import Ledger, Matching, Recipe, Run, StoredList, Version
from spotsite import clock

# A run that stopped because consent had ended goes on by itself when it comes back soon.
_RESUMED = timedelta(days=7)


@receiver(credential_lost)
def on_credential_lost(sender: object, credential_id: int, reason: str, **kwargs: Any) -> None:
    credential = Credential.objects.filter(pk=credential_id).first()
    if credential is None:
        return
    active = Run.objects.active().filter(account=credential.account_id)
    if credential.status == Credential.Status.DISCONNECTED:
        sentence = "The Spotify account was disconnected."
        state, code = Run.State.CANCELLED, "disconnected"
    else:
        state, (code, sentence) = Run.State.FAILED, outcomes.NEEDS_RECONNECT
    end = {"state": state, "code": code, "sentence": sentence, "ended_at": clock.now()}
    active.update(**end, lease_until=None)
    matchings = Matching.objects.active().filter(account=credential.account_id)
    matchings.update(**end, lease_until=None)


@receiver(credential_stored)
def on_credential_stored(sender: object, credential_id: int, **kwargs: Any) -> None:
    """Consent is back: what stopped for want of it goes on."""
    credential = Credential.objects.filter(pk=credential_id).first()
    if credential is None:
        return
    code, _ = outcomes.NEEDS_RECONNECT
    stopped = Run.objects.filter(
        account=credential.account_id,
        state=Run.State.FAILED,
        code__in=[code, "missing_scope"],
        ended_at__gt=clock.now() - _RESUMED,
    )
    for run in stopped.order_by("created_at"):
        try:
            with transaction.atomic():
                resumed = run.retry()
        except IntegrityError:
            continue  # a newer run is at work on the same playlist
        if resumed:
            tasks.nudge_on_commit(run)
    _resume_matchings(credential.account_id, code)
    for run in dispatch.catch_up(credential.account_id):
        tasks.nudge_on_commit(run)


def _resume_matchings(account_id: int, code: str) -> None:
    stopped = Matching.objects.filter(
        account=account_id,
        state=Matching.State.FAILED,
        code=code,
        ended_at__gt=clock.now() - _RESUMED,
    )
    for matching in stopped.order_by("created_at"):
        if matching.retry():
            tasks.nudge_matching_on_commit(matching)


@receiver(account_moved)
def on_account_moved(sender: object, account_id: int, to_user_id: int, **kwargs: Any) -> None:
    """A link went to another person, and what was done by it goes along."""
    Run.objects.filter(account=account_id).update(user=to_user_id)
    Recipe.objects.filter(account=account_id).update(user=to_user_id)
    # What was stored for recipes stays with the recipes of whoever stored it.
    Matching.objects.filter(account=account_id).update(user=to_user_id, stored=None)


@receiver(person_leaving)
def on_person_leaving(sender: object, user_id: int, **kwargs: Any) -> None:
    """No worker goes on for somebody who leaves; versions go with the linked accounts."""
    Run.objects.filter(user=user_id).delete()
    Matching.objects.filter(user=user_id).delete()
    Version.objects.filter(account__user=user_id).only("pk").delete()


@receiver(person_shut_out)
def on_person_shut_out(sender: object, user_id: int, **kwargs: Any) -> None:
    """No worker goes on for somebody who may not come in."""
    for run in Run.objects.active().filter(user=user_id).only("pk"):
        run.ask_to_cancel()
    for matching in Matching.objects.active().filter(user=user_id):
        matching.cancel()


@export.section("runs")
def runs(user: User) -> list[dict[str, Any]]:
    facts = ("uuid", "kind", "mode", "name", "playlist_id", "state", "code", "sentence", "wanted")
    course = ("done", "total", "calls_used", "created_at", "started_at", "ended_at")
    rows = Run.objects.filter(user=user).order_by("pk").values(*facts, *course)
    return [dict(row) for row in rows]


@export.section("recipes")
def recipes(user: User) -> list[dict[str, Any]]:
    facts = ("uuid", "name", "definition", "playlist_id", "is_paused", "next_run_at", "created_at")
    return [dict(row) for row in Recipe.objects.filter(user=user).order_by("pk").values(*facts)]


@export.section("stored_lists")
def stored_lists(user: User) -> list[dict[str, Any]]:
    rows = StoredList.objects.filter(user=user).order_by("pk")
    return [dict(row) for row in rows.values("uuid", "name", "uris", "created_at")]


@export.section("lists_from_elsewhere")
def lists_from_elsewhere(user: User) -> list[dict[str, Any]]:
    rows = Matching.objects.filter(user=user).order_by("pk")
    return [
        {
            "uuid": row.uuid,
            "name": row.name,
            "created_at": row.created_at,
            "unread": row.unread,
            "lines": list(row.lines.order_by("position").values("text", "state", "uri")),
        }
        for row in rows.iterator(chunk_size=50)
    ]


@export.section("choices")
def choices(user: User) -> list[dict[str, Any]]:
    rows = user.choices.order_by("pk").values("words", "uri", "chosen_at")
    return [dict(row) for row in rows]


@export.section("block_list")
def block_list(user: User) -> list[dict[str, Any]]:
    return [dict(row) for row in user.blocks.order_by("pk").values("uri", "artist", "created_at")]


@export.section("managed_playlists")
def managed(user: User) -> list[dict[str, Any]]:
    rows = Ledger.objects.filter(account__user=user).order_by("pk")
    return [dict(row) for row in rows.values("playlist_id", "ours", "taken_out")]


@export.section("versions")
def versions(user: User) -> list[dict[str, Any]]:
    rows = Version.objects.filter(account__user=user).order_by("pk")
    return [
        {
            "playlist_id": version.playlist_id,
            "cause": version.cause,
            "taken_at": version.taken_at,
            "is_pinned": version.is_pinned,
            "items": [[item.uri, item.added_at] for item in version.items],
        }
        for version in rows.iterator(chunk_size=50)
    ]
