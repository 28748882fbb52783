"""A recipe that a person made is saved, and a worker looks what it would do: the preview."""

from __future__ import annotations

from collections.abc import Sequence

from playlists import dispatch, recipe_rows, tasks
from playlists.forms import NOT_YOURS
from playlists.library import Target
from playlists.models import Recipe, Run, TargetTaken
from playlists.recipes.definition import Definition
from playlists.recipes.problems import Path

BUSY = "This recipe, or its playlist, has a run that is not over. It has to end first."
_TAKEN = "Another recipe keeps this playlist already. Two would undo each other's work."
_TARGET = ("target", "playlist", "id")


class Refused(Exception):
    """It cannot be saved or looked at, for a reason outside the definition; ``at`` says where."""

    def __init__(self, reason: str, *, at: Path = ()) -> None:
        super().__init__(reason)
        self.at = at


def save(recipe: Recipe, known: Definition, *, targets: Sequence[Target]) -> Run:
    """Save the recipe and have a worker look; raise ``NotADefinition`` and ``Refused``."""
    names = {target.playlist_id: target.name for target in targets}
    if known.target.playlist_id not in {"", recipe.playlist_id, *names}:
        # Or anybody could keep others from their own playlist.
        raise Refused(NOT_YOURS, at=_TARGET)
    try:
        recipe_rows.save(recipe, known, names=names)
    except TargetTaken:
        raise Refused(_TAKEN, at=_TARGET) from None
    run = dispatch.start(recipe, dry=True)
    tasks.nudge_on_commit(run)
    return run
