"""Save, pause and resume recipes: what is stored is always a definition that could run."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from allauth.socialaccount.models import SocialAccount
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q

from accounts import scopes
from accounts.models import Credential, User
from playlists import gather, restore, stored_lists, times, versions
from playlists.models import Recipe, Run, StoredList, TargetTaken, Track, Version
from playlists.recipes import definition, sentence, sources
from playlists.recipes.definition import Definition, NotADefinition, Problem
from playlists.recipes.errors import NotASchedule
from playlists.recipes.sentence import Names, Segment
from playlists.recipes.templates import Template
from spotsite import clock

_INVALID = Segment("This site cannot read this recipe any more. Edit it, or delete it.", False)  # noqa: FBT003
_CLOSED = (
    "cannot be read: it is not one of yours, and Spotify opens only playlists that you own or work "
    "on with others"
)
# The rights that templates need besides the ones that every connection gives.
_EXTRAS = {
    "library": {"mirror-likes", "liked-only"},
    "listening": {"weekly-top"},
}


def save(recipe: Recipe, known: Definition, *, names: Mapping[str, str] | None = None) -> Recipe:
    """Store a recipe with this definition, and say when it runs next.

    ``names`` are those of the person's playlists by id, as far as they are known.
    Raise ``NotADefinition`` where it names what is not the person's own, and ``TargetTaken``.
    """
    accounts = _accounts(recipe.user)
    problems = [
        Problem.at(("target", "account"), "is not one of your linked accounts")
        for uid in sorted(known.accounts - set(accounts))
    ] + list(_foreign(recipe, known, names))
    if problems:
        raise NotADefinition(problems)
    recipe.account = accounts[known.target.account]
    recipe.definition = definition.data(known)
    recipe.playlist_id = known.target.playlist_id
    recipe.changed_at = clock.now()
    named = _playlists_in(known)
    recipe.names |= {id_: name for id_, name in (names or {}).items() if id_ in named}
    _schedule(recipe, known)
    try:
        with transaction.atomic():
            _forget_failed_start(recipe)
            recipe.save()
            stored_lists.name(recipe, _lists_in(known))
    except IntegrityError:
        raise TargetTaken from None
    return recipe


def _forget_failed_start(recipe: Recipe) -> None:
    """Let go of a recipe of the same playlist that never got beyond a first look that failed.

    Whoever goes back from there and tries again is not to be stopped by it.
    """
    rivals = Recipe.objects.filter(
        user=recipe.user, playlist_id=recipe.playlist_id, is_paused=True
    ).exclude(pk=recipe.pk)
    looks = Run.objects.filter(recipe=OuterRef("pk"))
    failed = Q(is_dry=True, state__in=Run.RETRYABLE)
    if recipe.playlist_id:
        rivals.filter(Exists(looks.filter(failed)), ~Exists(looks.exclude(failed))).delete()


def read(recipe: Recipe | None) -> Definition | None:
    """Return what a recipe says, None where a newer site cannot read it any more."""
    try:
        return None if recipe is None else definition.check(recipe.definition)
    except NotADefinition:
        return None


def text_of(recipe: Recipe) -> str:
    """Return the definition as text, as it is where it cannot be read any more."""
    known = read(recipe)
    if known is not None:
        return definition.text(known)
    return json.dumps(recipe.definition, ensure_ascii=False, indent=2)


def pause(recipe: Recipe) -> None:
    """Have nothing more start by itself."""
    Recipe.objects.filter(pk=recipe.pk).update(is_paused=True, next_run_at=None, missed=False)


def resume(recipe: Recipe) -> None:
    """Have it run by its schedule again, from the next time on."""
    known = definition.check(recipe.definition)
    recipe.is_paused = False
    _schedule(recipe, known)
    recipe.save(update_fields=["is_paused", "next_run_at"])


def delete(recipe: Recipe) -> None:
    """Forget a recipe; a run that is under way or held is cancelled, and the playlist stays."""
    for run in recipe.runs.unfinished().only("pk"):
        if not run.dismiss():
            run.ask_to_cancel()
    stored_lists.release(recipe)
    recipe.delete()


@dataclass(frozen=True, slots=True)
class Described:
    """A recipe as a page shows it."""

    recipe: Recipe
    segments: list[Segment]  # its sentence
    last_run: Run | None
    is_connected: bool
    zone: str  # by whose clock the schedule goes


def sentence_of(run: Run) -> list[Segment]:
    """Return what the run's recipe says, nothing where it has none."""
    known = read(run.recipe)
    if run.recipe is None or known is None:
        return []
    return sentence.segments(known, names_of(run.recipe, known))


def described(user: User, recipes: Sequence[Recipe]) -> list[Described]:
    """Return a person's recipes as a page shows them, by as many queries as for one."""
    usable = Credential.objects.usable().filter(account__in=[one.account_id for one in recipes])
    able = set(usable.values_list("account", flat=True))
    runs = Run.objects.light().exclude(state=Run.State.DRAFT).filter(recipe__in=recipes)
    last = {run.recipe_id: run for run in runs.order_by("recipe", "-pk").distinct("recipe")}
    known = {one.pk: read(one) for one in recipes}
    ids = {id_ for one in known.values() if one for id_ in _playlists_in(one)}
    newer = restore.names_of(user, ids)
    lists = _list_names(user, {id_ for one in known.values() if one for id_ in _lists_in(one)})
    return [
        Described(
            recipe=recipe,
            segments=_segments(known[recipe.pk], _names(recipe, newer, lists)),
            last_run=last.get(recipe.pk),
            is_connected=recipe.account_id in able,
            zone=_zone(known[recipe.pk]),
        )
        for recipe in recipes
    ]


def _zone(known: Definition | None) -> str:
    return known.schedule.time_zone if known else "UTC"


def _segments(known: Definition | None, names: Names) -> list[Segment]:
    return sentence.segments(known, names) if known else [_INVALID]


@dataclass(frozen=True, slots=True)
class Cost:
    """What a recipe costs in calls where nothing has changed."""

    quiet: int  # calls of a run
    a_day: int


def cost(run: Run) -> Cost | None:
    """Return what the run's recipe costs by its schedule, None where it has none."""
    known = read(run.recipe)
    if known is None:
        return None
    quiet = gather.quiet_calls(known)
    return Cost(quiet, round(quiet * times.runs_a_day(known, after=clock.now())))


@dataclass(frozen=True, slots=True)
class Step:
    """What a rule left out, for a preview."""

    says: str
    dropped: int
    unknown: int
    examples: list[tuple[Track, str]]


def steps(run: Run) -> list[Step]:
    """Return what each rule left out in a run that has been looked at."""
    told = run.report.get("steps", ())
    known = read(run.recipe)
    if not told or run.recipe is None or known is None:
        return []
    names = names_of(run.recipe, known)
    uris = [uri for step in told for uri, _ in step["examples"]]
    tracks = dict(zip(uris, versions.titled(uris), strict=True))
    return [
        Step(
            says=sentence.rule(step["rule"], known, names),
            dropped=step["dropped"],
            unknown=step["unknown"],
            examples=[(tracks[uri], reason) for uri, reason in step["examples"]],
        )
        for step in told
        if step["rule"] < len(known.rules)
    ]


def lacking(template: Template, credentials: Iterable[Credential]) -> list[str]:
    """Return the names of rights that a template needs and no connection gives, ready to ask."""
    wanted = {
        name
        for name, slugs in _EXTRAS.items()
        if template.slug in slugs
        and not any(credential.covers(list(scopes.EXTRAS[name])) for credential in credentials)
    }
    return sorted(wanted)


def names_of(recipe: Recipe, known: Definition) -> Names:
    """Return what the playlists and accounts of a recipe are called, for its sentence."""
    newer = restore.names_of(recipe.user, _playlists_in(known))
    return _names(recipe, newer, _list_names(recipe.user, _lists_in(known)))


def _names(recipe: Recipe, newer: Mapping[str, str], lists: Mapping[str, str]) -> Names:
    playlists = {**recipe.names, **newer, recipe.playlist_id: recipe.name}
    return Names(playlists=playlists, lists=lists)


def _list_names(user: User, uuids: Iterable[UUID]) -> dict[str, str]:
    mine = user.stored_lists.filter(uuid__in=list(uuids))
    return {str(uuid): name for uuid, name in mine.values_list("uuid", "name")}


def _playlists_in(known: Definition) -> set[str]:
    ids = {one.playlist for one in known.sources if isinstance(one, sources.FromPlaylist)}
    return ids | {id_ for one in known.conditions for id_ in getattr(one, "playlists", ())}


def _lists_in(known: Definition) -> set[UUID]:
    named = (one.list for one in known.sources if isinstance(one, sources.StoredList))
    return {uuid for uuid in map(stored_lists.uuid_called, named) if uuid}


def _schedule(recipe: Recipe, known: Definition) -> None:
    try:
        due = times.next_run(known, after=clock.now(), key=str(recipe.uuid))
    except NotASchedule as exc:
        raise NotADefinition([Problem.at(("schedule", "entries"), str(exc))]) from None
    recipe.next_run_at = None if recipe.is_paused else due


def _accounts(user: User) -> dict[str, SocialAccount]:
    mine = SocialAccount.objects.filter(user=user, provider="spotify")
    return {account.uid: account for account in mine}


def _foreign(recipe: Recipe, known: Definition, names: Mapping[str, str] | None) -> list[Problem]:
    """Return a problem for each list, version and playlist that is not there for this person."""
    user, before = recipe.user, read(recipe)
    # What it names already stays: it may be back some day, and the rest is to be saved.
    playlists = {*names, *(_playlists_in(before) if before else ())} if names else set()
    found = []
    for place, source in enumerate(known.sources):
        at: tuple[Any, ...] = ("sources", place)
        if (
            isinstance(source, sources.FromPlaylist)
            and playlists
            and source.playlist not in playlists
            and source.if_unreadable == "fail"
        ):
            found.append(Problem.at((*at, "playlist"), _CLOSED))
        if (
            isinstance(source, sources.StoredList)
            and StoredList.called(source.list, user_id=user.pk) is None
        ):
            found.append(Problem.at((*at, "list"), "is not one of your stored lists"))
        if isinstance(source, sources.OldVersion):
            mine = Version.objects.filter(account__user=user)
            number = int(source.version) if source.version.isdecimal() else 0
            if not mine.filter(pk=number).exists():
                found.append(Problem.at((*at, "version"), "is not one of your versions"))
    return found
