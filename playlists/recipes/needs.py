"""What has to be read before a recipe can be evaluated: lists, and facts of tracks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from playlists.recipes import conditions
from playlists.recipes.definition import Definition
from playlists.recipes.rules import DropBlocked, Duplicates, Limit, Rule, Sort, Space
from playlists.recipes.sources import OldVersion, StoredList, Uris

_SONG = ("title", "artist", "duration", "isrc")
# What a sort key is called where it is no fact of a track.
_PLACES = {"source", "position"}


@dataclass(frozen=True, slots=True)
class Needs:
    """Facts are named as fields of conditions and sort keys are; accounts are resolved."""

    facts: frozenset[str]
    playlists: frozenset[tuple[str, str]]  # account and id
    mine: frozenset[str]  # accounts whose own playlists are all needed
    liked: frozenset[str]  # accounts whose liked songs are needed, besides those of sources
    blocked: bool  # the person's block list
    bare: tuple[int, ...]  # sources that tell only URIs while facts are needed


def needs(recipe: Definition) -> Needs:
    asked = list(recipe.conditions)
    facts = frozenset(
        [fact for condition in asked for fact in _of_condition(condition)]
        + [fact for rule in recipe.rules for fact in _of_rule(rule)]
    )
    return Needs(
        facts=facts,
        playlists=frozenset(
            (recipe.account_of(one), id_)
            for one in asked
            if isinstance(one, conditions.InPlaylist)
            for id_ in one.playlists
        ),
        mine=frozenset(
            recipe.account_of(one) for one in asked if isinstance(one, conditions.InMyPlaylists)
        ),
        liked=frozenset(
            recipe.account_of(one) for one in asked if isinstance(one, conditions.IsLiked)
        ),
        blocked=any(isinstance(one, conditions.Blocked) for one in asked)
        or any(isinstance(rule, DropBlocked) for rule in recipe.rules),
        bare=_bare(recipe, facts),
    )


def _bare(recipe: Definition, facts: frozenset[str]) -> tuple[int, ...]:
    return tuple(
        place
        for place, source in enumerate(recipe.sources)
        if (isinstance(source, Uris | StoredList) and facts)
        or (isinstance(source, OldVersion) and facts - {"added"})
    )


def _of_condition(condition: conditions.Condition) -> Iterator[str]:
    match condition:
        case conditions.Contains() | conditions.Is() | conditions.Matches():
            yield condition.field
        case conditions.On() | conditions.Age():
            yield condition.field
        case conditions.Duration():
            yield "duration"
        case conditions.Explicit():
            yield "explicit"
        case conditions.Blocked():
            yield from _SONG
        case conditions.InPlaylist(same=same) | conditions.InMyPlaylists(same=same):
            yield from _SONG if same == "song" else ()
        case conditions.IsLiked(same=same):
            yield from _SONG if same == "song" else ()


def _of_rule(rule: Rule) -> Iterator[str]:
    match rule:
        case DropBlocked() | Duplicates(same="song"):
            yield from _SONG
        case Sort():
            yield from (key.field for key in rule.by if key.field not in _PLACES)
        case Space():
            yield "artist"
        case Limit():
            if rule.unit == "minutes":
                yield "duration"
            if rule.per == "artist":
                yield "artist"
    if isinstance(rule, Duplicates):
        yield from _of_choice(rule)


def _of_choice(rule: Duplicates) -> Iterator[str]:
    match rule.keep:
        case "oldest" | "newest":
            yield "added"
        case "longest" | "shortest":
            yield "duration"
