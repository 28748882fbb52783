"""A recipe that pauses itself: why it does, and the word to its person, once for each time.

It goes on when its person says so. What time puts right pauses none.
"""

from __future__ import annotations

from django.urls import reverse

from accounts import inbox
from playlists.models import Recipe, Run
from playlists.models.runs import RunQuerySet

FAILURES = 5  # in a row: what ended that many ends the next one too
# What ends a run and is no fault of its recipe: told otherwise, or over some day.
_BLAMELESS = ("needs_reconnect", "gave_up")


def invalid(recipe: Recipe) -> None:
    """Pause a recipe that this site cannot read any more; the caller saves it."""
    recipe.is_paused, recipe.next_run_at = True, None
    inbox.tell(
        recipe.user_id,
        PAUSED,
        f"{recipe.uuid}:{recipe.changed_at:%Y%m%d%H%M%S%f}",
        title=f"{recipe.name}: paused, because it cannot be read",
        sentence="This site cannot read the recipe any more, so nothing starts by itself. Edit and "
        "save it, and it goes on. Its playlist stays as it is.",
        link=reverse("recipe_edit", args=[recipe.uuid]),
    )


def failing(run: Run, failures: RunQuerySet) -> None:
    """Pause the run's recipe where it has failed once too often since it last ran well."""
    recipe = run.recipe
    if recipe is None or run.code in _BLAMELESS:
        return
    count = failures.exclude(code__in=_BLAMELESS).count()
    if count % FAILURES:  # who goes on in spite of it has as many tries again
        return
    scheduled = Recipe.objects.filter(pk=recipe.pk, is_paused=False, next_run_at__isnull=False)
    if not scheduled.update(is_paused=True, next_run_at=None, missed=False):
        return
    inbox.tell(
        recipe.user_id,
        PAUSED,
        f"{recipe.uuid}:{run.pk}",
        title=f"{recipe.name}: paused after {count} runs that failed",
        sentence=f"{run.sentence} Nothing starts by itself until you say so: put it right, then "
        "press “Go on” on the recipe's page.",
        link=recipe.get_absolute_url(),
    )


PAUSED = inbox.register(
    inbox.Kind("paused", "A recipe paused itself", about="recipes that paused themselves")
)
