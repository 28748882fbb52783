"""Lists that people bring as sources of recipes: how many, how long, and which may go."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from accounts.models import User
from playlists.models import Recipe, StoredList
from spotsite.clock import Now

MOST_LETTERS = 200
_AT_ONCE = 200


class TooManyLists(Exception):
    """The person has as many lists as the site keeps for one: one has to go first."""

    def __str__(self) -> str:
        most = settings.LIST_COUNT
        lists = "list" if most == 1 else "lists"
        return (
            f"You have {most:,} stored {lists}, which is the most. "
            "Delete one that no recipe needs any more."
        )


class InUse(Exception):
    """Recipes name this list, and could not run without it."""


def uuid_called(name: str) -> UUID | None:
    """Return which list a definition means by this name, None where it cannot be one."""
    try:
        return UUID(name)
    except ValueError:
        return None


def store(user: User, uris: Sequence[str], *, name: str) -> StoredList:
    """Keep a list as a source of recipes; raise ``TooManyLists``."""
    with transaction.atomic():
        # One at a time, or two at the same moment would both be the last one.
        User.objects.select_for_update(no_key=True).only("pk").get(pk=user.pk)
        if user.stored_lists.count() >= settings.LIST_COUNT:
            raise TooManyLists
        return user.stored_lists.create(name=name[:MOST_LETTERS], uris=list(uris))


def change(stored: StoredList, uris: Sequence[str]) -> None:
    """Give a list other tracks: the recipes that name it have them from the next run on."""
    stored.uris = list(uris)
    stored.used_at = Now()
    stored.save(update_fields=["uris", "used_at"])


def name(recipe: Recipe, uuids: Iterable[UUID]) -> None:
    """Write down which lists a recipe names, so that none of them goes. Within a transaction."""
    before = set(recipe.lists.values_list("pk", flat=True))
    mine = StoredList.objects.filter(user=recipe.user_id, uuid__in=list(uuids))
    # Locked, so that none is deleted at the same moment.
    now = set(mine.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))
    recipe.lists.set(now)
    StoredList.objects.filter(pk__in=before ^ now).update(used_at=Now())


def release(recipe: Recipe) -> None:
    """Let go of the lists of a recipe that is deleted: they count as used until now."""
    StoredList.objects.filter(recipes=recipe).update(used_at=Now())


def delete(stored: StoredList) -> None:
    """Forget a list; raise ``InUse`` while a recipe names it."""
    with transaction.atomic():
        row = StoredList.objects.light().select_for_update(of=("self",)).filter(pk=stored.pk)
        if row.first() is not None and stored.recipes.exists():
            raise InUse
        StoredList.objects.filter(pk=stored.pk).delete()


def drop_idle(*, most: int = _AT_ONCE) -> int:
    """Delete lists that no recipe names and nobody used for long; return how many."""
    with transaction.atomic():
        old = StoredList.objects.idle().filter(
            used_at__lt=Now() - timedelta(days=settings.LIST_DAYS)
        )
        locked = old.select_for_update(skip_locked=True, of=("self",))
        found = list(locked.values_list("pk", flat=True)[:most])
        # Asked again: one may have been named before its row was locked.
        gone = StoredList.objects.idle().filter(pk__in=found).values_list("pk", flat=True)
        pks = list(gone)
        StoredList.objects.filter(pk__in=pks).only("pk").delete()
    return len(pks)
