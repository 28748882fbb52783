"""The playlist that a recipe or a run makes: made once, and found again where an answer was lost.

Making is no call that one may repeat. So who may have made it before looks first: at what the
recipe is bound to by now, at what its earlier runs have made, and at the mark that each made
playlist carries in its description until the recipe gives it another one.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import IntegrityError, transaction

from playlists.models import Recipe, Run, TargetTaken
from playlists.spotify import Playlist


class TargetBusy(Exception):
    """Another run is at work on the playlist."""


def bound(run: Run) -> str:
    """Return the playlist that the run's recipe keeps by now, empty where it has none."""
    rows = Recipe.objects.filter(runs=run.pk).values_list("playlist_id", flat=True)
    return rows.first() or ""


def made_before(run: Run, mine: Iterable[Playlist], *, person: str) -> str:
    """Return which of a person's playlists was made for the run or its recipe, if any was."""
    earlier = Run.objects.filter(
        recipe=run.recipe_id, recipe__isnull=False, target__playlist__kind="new"
    )
    known = set(earlier.exclude(playlist_id="").values_list("playlist_id", flat=True))
    ours = (one for one in mine if one.owner_id == person)
    return next((one.id for one in ours if one.id in known or run.mark in one.description), "")


def take(run: Run, playlist_id: str, *, calls: int) -> None:
    """Write down which playlist it is, in the run and in its recipe.

    Raise ``TargetTaken`` where another recipe keeps it, and ``TargetBusy`` where another run is at
    work on it.
    """
    with transaction.atomic():
        if run.recipe_id is not None:
            _bind(run.recipe_id, playlist_id)
        try:
            with transaction.atomic():
                run.keep(
                    playlist_id=playlist_id,
                    unknown_since=None,
                    calls_used=calls,
                    attempts=0,
                    doubt="",
                )
        except IntegrityError:
            raise TargetBusy from None


def _bind(recipe_id: int, playlist_id: str) -> None:
    try:
        with transaction.atomic():
            Recipe.objects.bind(recipe_id, playlist_id)
    except IntegrityError:
        raise TargetTaken from None
