"""Which recipes run now: the rows say what is due, and each is started once.

Two dispatchers at once share the work: each passes over the rows that the other has locked. A
dispatcher that is killed has started nothing that it did not write down.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from accounts.models import Credential
from playlists import halts, times
from playlists.models import Recipe, Run
from playlists.recipes import definition
from playlists.recipes.definition import Definition, NotADefinition
from spotsite import clock

MOST = 200

log = logging.getLogger(__name__)
_BUSY_AGAIN = timedelta(minutes=2)  # the target is at work for another run


class Busy(Exception):
    """The recipe or its target has a run that is not over."""


@dataclass(frozen=True, slots=True)
class Tick:
    """What one look at the recipes has come to."""

    started: list[Run]
    is_full: bool  # it looked at as many as it may: there may be more


def start_due(*, most: int = MOST) -> Tick:
    """Start a run for each recipe whose time has come, and say when the next one is due.

    ``most`` are looked at, whether they are started or not.
    """
    now = clock.now()
    with transaction.atomic():
        rows = Recipe.objects.due().select_for_update(skip_locked=True, of=("self",))
        due = list(rows[:most])
        able = _able(due)
        started = [run for recipe in due if (run := _start(recipe, able=able, now=now))]
        Recipe.objects.bulk_update(due, ["next_run_at", "missed", "is_paused"])
    return Tick(started, is_full=len(due) == most)


def start(recipe: Recipe, *, dry: bool = False) -> Run:
    """Queue a run of a recipe now; ``dry`` ends as a draft. Raise ``Busy``, but for no dry one.

    A dry run that is under way already is the one, unless the recipe was changed since.
    """
    known = definition.check(recipe.definition)
    if dry:
        return _look_under_way(recipe) or _run(recipe, known, dry=True)
    try:
        with transaction.atomic():
            return _run(recipe, known)
    except IntegrityError:
        raise Busy from None


def _look_under_way(recipe: Recipe) -> Run | None:
    """Return the dry run that is under way; end those of what the recipe said before."""
    looks = list(recipe.runs.active().filter(is_dry=True, cancel_asked=False).order_by("-pk"))
    fresh = [run for run in looks if run.created_at >= recipe.changed_at]
    for run in looks:
        if run not in fresh:
            run.ask_to_cancel()
    return fresh[0] if fresh else None


def catch_up(account_id: int) -> list[Run]:
    """Start once what was missed while an account could not be used."""
    started = []
    with transaction.atomic():
        missed = Recipe.objects.filter(account=account_id, missed=True, is_paused=False)
        rows = missed.filter(user__is_active=True)
        for recipe in rows.select_for_update(skip_locked=True, of=("self",)):
            recipe.missed = False
            recipe.save(update_fields=["missed"])
            try:
                started.append(start(recipe))
            except (Busy, NotADefinition):
                continue  # what is at work brings the same; what is not valid waits to be edited
    return started


def _start(recipe: Recipe, *, able: set[int], now: datetime) -> Run | None:
    try:
        known = definition.check(recipe.definition)
    except NotADefinition:  # of an older site: it must not keep all others from starting
        log.warning("recipe %s is paused: its definition is not valid any more", recipe.pk)
        halts.invalid(recipe)
        return None
    recipe.next_run_at = times.next_run(known, after=now, key=str(recipe.uuid))
    if recipe.account_id not in able:
        recipe.missed = True  # it runs once when the account is back
        return None
    recipe.missed = False
    try:
        with transaction.atomic():
            return _run(recipe, known)
    except IntegrityError:
        again = now + _BUSY_AGAIN
        recipe.next_run_at = min(again, recipe.next_run_at or again)
        return None


def _run(recipe: Recipe, known: Definition, *, dry: bool = False) -> Run:
    target = known.target
    return Run.objects.create(
        user_id=recipe.user_id,
        account_id=recipe.account_id,
        recipe=recipe,
        kind=Run.Kind.RECIPE,
        mode=Run.Mode.REPLACE,
        target=target.model_dump(mode="json", exclude_none=True),
        by_hand=Run.ByHand.OVERWRITE if target.overwrites else Run.ByHand.KEEP,
        dates=target.dates,
        name=recipe.name,
        playlist_id=recipe.playlist_id,
        is_gathered=False,
        is_dry=dry,
        state=Run.State.QUEUED,
    )


def _able(recipes: Iterable[Recipe]) -> set[int]:
    """Return the linked accounts that can be used now."""
    ids = {recipe.account_id for recipe in recipes}
    usable = Credential.objects.usable().filter(account__in=ids, account__user__is_active=True)
    return set(usable.values_list("account", flat=True))
