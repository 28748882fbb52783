"""A recipe reads itself back as an English sentence, in which names are set off."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from playlists.recipes import wording
from playlists.recipes.definition import Definition
from playlists.recipes.entries import describe
from playlists.recipes.rules import Drop, DropBlocked, Duplicates, Keep, Limit, Rule, Sort
from playlists.recipes.sources import (
    FromPlaylist,
    LikedSongs,
    OldVersion,
    RecentlyPlayed,
    SavedAlbums,
    Source,
    StoredList,
    TopTracks,
    Uris,
)
from playlists.recipes.target import (
    AddMissing,
    Append,
    Bound,
    Mirror,
    Prepend,
    Replace,
    Rolling,
    Target,
)
from playlists.recipes.timetable import Hourly, Schedule
from playlists.recipes.wording import END, START, Names, counted, joined, name, quoted

__all__ = ["Names", "Segment", "rule", "segments", "sentence"]

_FILTERS = Keep | Drop | DropBlocked | Duplicates
_MARKED = re.compile(f"{START}([^{END}]*){END}")
_BEST = {
    ("added", "descending"): "newest",
    ("added", "ascending"): "oldest",
    ("released", "descending"): "latest released",
    ("released", "ascending"): "earliest released",
    ("duration", "descending"): "longest",
    ("duration", "ascending"): "shortest",
}


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of the sentence; a name is to be set off."""

    text: str
    is_name: bool


def sentence(recipe: Definition, names: Names) -> str:
    """Return what the recipe does, as in "Keep *Gym* as the newest 100 of *Liked songs*."."""
    return _starred(_marked(recipe, names))


def segments(recipe: Definition, names: Names) -> list[Segment]:
    """Return the same in pieces, for a page that sets names off in its own way."""
    pieces = _MARKED.split(_marked(recipe, names))
    return [Segment(text, bool(at % 2)) for at, text in enumerate(pieces) if text]


def rule(place: int, recipe: Definition, names: Names) -> str:
    """Return what one rule does, for a line of a preview."""
    return _starred(wording.rule(recipe.rules[place], recipe, names))


def _starred(text: str) -> str:
    return _MARKED.sub(r"*\1*", text)


def _marked(recipe: Definition, names: Names) -> str:
    parts = [_does(recipe, names), *_window(recipe.target), _when(recipe.schedule, names)]
    return " ".join([f"{', '.join(parts)}.", *_besides(recipe, names)])


def _does(recipe: Definition, names: Names) -> str:
    playlist = _playlist(recipe.target, names)
    tracks = _tracks(recipe, names)
    match recipe.target.mode:
        case Mirror():
            return f"Keep {playlist} as {tracks}"
        case Replace():
            return f"Replace {playlist} with {tracks}"
        case AddMissing():
            return f"Add to {playlist}, once each, what it lacks of {tracks}"
        case Append():
            return f"Add to the end of {playlist} what it lacks of {tracks}"
        case Prepend():
            return f"Add to the top of {playlist} what it lacks of {tracks}"
        case Rolling():
            return f"In {playlist}, collect {tracks}"


def _playlist(target: Target, names: Names) -> str:
    if isinstance(target.playlist, Bound):
        return names.playlist(target.playlist.id)
    return f"{name(target.playlist.name)} (new)"


def _window(target: Target) -> list[str]:
    if not isinstance(target.mode, Rolling):
        return []
    words = ["new ones on top"] if target.mode.at == "start" else []
    if target.mode.days:
        words.append(f"each track for {counted(target.mode.days, 'day')}")
    if target.mode.count:
        words.append(f"at most {target.mode.count:,} in all")
    return words


def _tracks(recipe: Definition, names: Names) -> str:
    """Return the sources and the rules; "then" says where the order of rules matters."""
    sources = joined(_source(one, recipe, names) for one in recipe.sources)
    head, rest = _head(recipe.rules)
    words = [f"{head} of {sources}" if head else sources]
    for place, one in enumerate(rest):
        is_after = place > 0 and not isinstance(rest[place - 1], _FILTERS)
        words.append(f"{'then ' if is_after else ''}{wording.rule(one, recipe, names)}")
    return ", ".join(words)


def _head(rules: Sequence[Rule]) -> tuple[str, Sequence[Rule]]:
    """Return "the newest 100" where that is what a sort and a last limit come to; and the rest."""
    if not rules:
        return "", rules
    *others, last = rules
    if not isinstance(last, Limit) or last.per != "list":
        return "", rules
    if not others:
        return wording.limit(last), []
    sorts = [place for place, one in enumerate(others) if isinstance(one, Sort)]
    if len(sorts) != 1 or last.which == "last":
        return "", rules
    before, after = others[: sorts[0]], others[sorts[0] + 1 :]
    best = _best(others[sorts[0]])
    if best and all(isinstance(one, _FILTERS) for one in before) and all(map(_only_drops, after)):
        return f"the {best} {wording.amount(last)}", [*before, *after]
    return "", rules


def _best(rule: Rule) -> str:
    """Return what the first tracks are after the sort, as in "newest"; empty where it is long."""
    if not isinstance(rule, Sort) or len(rule.by) != 1:
        return ""
    return _BEST.get((rule.by[0].field, rule.by[0].order), "")


def _only_drops(rule: Rule) -> bool:
    """Say whether the rule leaves the order as it is, and is no limit of the whole list."""
    return isinstance(rule, _FILTERS) or (isinstance(rule, Limit) and rule.per != "list")


def _source(source: Source, recipe: Definition, names: Names) -> str:
    account = recipe.account_of(source)
    is_mine = account == recipe.target.account
    of = "" if is_mine else f" of {names.account(account)}"
    my = "my" if is_mine else "the"
    match source:
        case FromPlaylist():
            return names.playlist(source.playlist)
        case LikedSongs():
            return f"{name('Liked songs')}{of}"
        case SavedAlbums():
            return f"{my} saved albums{of}"
        case TopTracks():
            return f"{my} top tracks{of} of the last {source.range}"
        case RecentlyPlayed():
            return f"{my} recently played tracks{of}"
        case Uris():
            return f"a list of {counted(len(source.uris), 'track')}"
        case StoredList():
            return f"the list {name(names.lists.get(source.list) or source.list)}"
        case OldVersion():
            return f"the version {name(names.versions.get(source.version) or source.version)}"


def _when(schedule: Schedule, names: Names) -> str:
    if not schedule.entries:
        return "whenever I start it"
    words = joined(map(describe, schedule.timed()))
    if schedule.time_zone != names.zone and any(
        not isinstance(entry, Hourly) for entry in schedule.entries
    ):
        words += f" ({schedule.time_zone})"
    if schedule.quiet:
        words += f", but not between {schedule.quiet.start} and {schedule.quiet.end}"
    return words


def _besides(recipe: Definition, names: Names) -> list[str]:
    """Return what differs from what a reader would take for granted, a sentence each."""
    target = recipe.target
    skipped = [_source(one, recipe, names) for one in recipe.sources if one.if_unreadable == "skip"]
    return [
        *([f"Go on without {joined(skipped, by='or')} if unreadable."] if skipped else []),
        *(["Overwrite changes made by hand."] if target.by_hand == "overwrite" else []),
        *(["Keep every date that can be kept."] if target.dates == "strict" else []),
        *(["Make as few calls as possible."] if target.dates == "cheapest" else []),
        *_guards(target),
        *([f"Name it {name(target.name)}."] if target.name else []),
        *([f"Describe it as {quoted(target.description)}."] if target.description else []),
        *(["Leave its description empty."] if target.description == "" else []),
        *(["Paused."] if recipe.schedule.paused else []),
    ]


def _guards(target: Target) -> list[str]:
    bounds = []
    if target.guards.share is not None:
        bounds.append(f"taking out more than {target.guards.share} % of it")
    if target.guards.calls is not None:
        bounds.append(f"making more than {counted(target.guards.calls, 'change')}")
    return [f"Ask before {joined(bounds, by='or')}."] if bounds else []
