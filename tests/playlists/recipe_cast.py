"""Recipes for tests: written down, saved and run."""

from __future__ import annotations

from typing import Any

from playlists import dispatch, recipe_rows
from playlists.models import Recipe, Run
from playlists.recipes import definition
from playlists.recipes.templates import BY_SLUG
from tests.playlists.cast import Member, worked


def saved(ada: Member, data: dict[str, Any], *, name: str = "Mine") -> Recipe:
    known = definition.check(data)
    return recipe_rows.save(Recipe(user=ada.user, name=name), known)


def of(ada: Member, *sources: dict[str, Any], target: str = "", **more: Any) -> dict[str, Any]:
    """Return a definition with these sources; the rest as it is most simply."""
    playlist = {"kind": "bound", "id": target} if target else {"kind": "new", "name": "Mine"}
    mode = {"kind": more.pop("mode", "mirror"), **more.pop("window", {})}
    return {
        "version": 1,
        "sources": list(sources),
        "rules": more.pop("rules", []),
        "target": {
            "account": ada.account.uid,
            "playlist": playlist,
            "mode": mode,
            **more.pop("target_more", {}),
        },
        **more,
    }


def playlist(id_: str, **more: Any) -> dict[str, Any]:
    return {"kind": "playlist", "playlist": id_, **more}


def from_template(ada: Member, slug: str, **values: Any) -> Recipe:
    known = BY_SLUG[slug].make(values, account=ada.account.uid)
    return recipe_rows.save(Recipe(user=ada.user, name="Mine"), known)


def ran(recipe: Recipe) -> Run:
    recipe.refresh_from_db()
    return worked(dispatch.start(recipe))


def approved(run: Run) -> Run:
    assert run.state == Run.State.HELD, run.sentence
    assert run.approve()
    return worked(run)


def reads(ada: Member) -> list[str]:
    return [row["path"] for row in ada.spotify.log() if row["method"] == "GET"]
