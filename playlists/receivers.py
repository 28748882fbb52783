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
from playlists import outcomes, tasks
from playlists.models import Ledger, Run, Version
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
    active.update(state=state, code=code, sentence=sentence, ended_at=clock.now(), lease_until=None)


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


@receiver(account_moved)
def on_account_moved(sender: object, account_id: int, to_user_id: int, **kwargs: Any) -> None:
    """A link went to another person, and what was done by it goes along."""
    Run.objects.filter(account=account_id).update(user=to_user_id)


@receiver(person_leaving)
def on_person_leaving(sender: object, user_id: int, **kwargs: Any) -> None:
    """No worker goes on for somebody who leaves; versions go with the linked accounts."""
    Run.objects.filter(user=user_id).delete()
    Version.objects.filter(account__user=user_id).only("pk").delete()


@receiver(person_shut_out)
def on_person_shut_out(sender: object, user_id: int, **kwargs: Any) -> None:
    """No worker goes on for somebody who may not come in."""
    for run in Run.objects.active().filter(user=user_id).only("pk"):
        run.ask_to_cancel()


@export.section("runs")
def runs(user: User) -> list[dict[str, Any]]:
    facts = ("uuid", "kind", "mode", "name", "playlist_id", "state", "code", "sentence", "wanted")
    course = ("done", "total", "calls_used", "created_at", "started_at", "ended_at")
    rows = Run.objects.filter(user=user).order_by("pk").values(*facts, *course)
    return [dict(row) for row in rows]


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
