"""Recipes to start from: at most four things to say, and a definition is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from playlists.recipes import definition
from playlists.recipes.definition import Definition
from playlists.recipes.parts import MOST_ITEMS

Values = Mapping[str, Any]
Json = dict[str, Any]

STORED = "list:"  # before the name of a stored list, where a field takes a playlist
_TIME = "05:00"


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that a person says, for a form."""

    name: str
    label: str
    kind: Literal["text", "number", "choice", "playlist", "playlists"]
    help: str = ""
    initial: str | int | None = None
    choices: tuple[tuple[str, str], ...] = ()
    least: int = 0
    most: int = 0


@dataclass(frozen=True, slots=True)
class Template:
    """A kind of recipe; ``make`` turns what a person says into a definition."""

    slug: str
    title: str
    says: str
    fields: tuple[Field, ...]
    build: Callable[[Values], Json]

    def make(self, values: Values, *, account: str, time_zone: str = "UTC") -> Definition:
        """Return the definition; fields that are left out have their first values.

        Raise ``NotADefinition`` where a value is not allowed.
        """
        said = {field.name: values.get(field.name, field.initial) for field in self.fields}
        built = self.build(said)
        return definition.check(
            {
                "version": definition.VERSION,
                "sources": built["sources"],
                "rules": built.get("rules", []),
                "target": {
                    "account": account,
                    "playlist": {"kind": "new", "name": said["name"]},
                    "mode": built.get("mode", {"kind": "mirror"}),
                },
                "schedule": {"entries": _entries(said["often"]), "time_zone": time_zone},
            }
        )


def _entries(often: str) -> list[Json]:
    match often:
        case "hour":
            return [{"kind": "hourly", "every_hours": 1}]
        case "day":
            return [{"kind": "daily", "at": _TIME}]
        case "week":
            return [{"kind": "weekly", "days": ["monday"], "at": _TIME}]
        case "month":
            return [{"kind": "monthly", "day": 1, "at": _TIME}]
        case "never":
            return []
    return [{"kind": often}]  # which the schema refuses in its own words


def _name(initial: str) -> Field:
    return Field("name", "Name of the new playlist", "text", initial=initial, least=1, most=100)


def _often(initial: str, *, periods: Sequence[str] = ("hour", "day", "week", "month")) -> Field:
    labels = {"hour": "Every hour", "day": "Every day", "week": "Every Monday"}
    labels |= {"month": "On the first of each month", "never": "Only when I start it"}
    choices = tuple((period, labels[period]) for period in (*periods, "never"))
    return Field("often", "How often", "choice", initial=initial, choices=choices)


def _count(initial: int) -> Field:
    return Field("count", "How many tracks", "number", initial=initial, least=1, most=MOST_ITEMS)


_SOURCE = Field("source", "Which playlist", "playlist", "One that you own or work on with others.")
_LIKED: Json = {"kind": "liked"}
_NEWEST_FIRST: Json = {"kind": "sort", "by": [{"field": "added", "order": "descending"}]}
_EACH_SONG: Json = {"kind": "duplicates", "same": "song", "keep": "first"}


def _playlist(chosen: str | None) -> Json:
    """Return the source that a field for playlists stands for: a playlist, or a stored list."""
    if chosen and chosen.startswith(STORED):
        return {"kind": "list", "list": chosen.removeprefix(STORED)}
    return {"kind": "playlist", "playlist": chosen}


def _limit(most: int) -> Json:
    return {"kind": "limit", "most": most}


def _mirror_likes(said: Values) -> Json:
    return {"sources": [_LIKED], "rules": [_NEWEST_FIRST]}


def _newest(said: Values) -> Json:
    source = _playlist(said["source"]) if said["source"] else _LIKED
    return {"sources": [source], "rules": [_NEWEST_FIRST, _limit(said["count"])]}


def _merge(said: Values) -> Json:
    order = [{"kind": "interleave"}] if said["order"] == "turns" else []
    return {
        "sources": [_playlist(one) for one in said["sources"] or ()],
        "rules": [*order, _EACH_SONG],
    }


def _archive(said: Values) -> Json:
    weeks = said["weeks"]
    mode = {"kind": "rolling", "days": weeks * 7} if weeks else {"kind": "add_missing"}
    return {"sources": [_playlist(said["source"])], "mode": mode}


def _clean_copy(said: Values) -> Json:
    same = {"kind": "duplicates", "same": said["same"], "keep": "first"}
    return {"sources": [_playlist(said["source"])], "rules": [same]}


def _rotate(said: Values) -> Json:
    again = "day" if said["often"] in {"hour", "never"} else said["often"]
    shuffle = {"kind": "shuffle", "seed": said["name"], "again": again}
    source = _playlist(said["source"]) if said["source"] else _LIKED
    return {
        "sources": [source],
        "rules": [shuffle, _limit(said["count"])],
        "mode": {"kind": "replace"},
    }


def _liked_only(said: Values) -> Json:
    return {
        "sources": [_LIKED],
        "rules": [
            {"kind": "drop", "when": {"kind": "in_my_playlists", "same": said["same"]}},
            _NEWEST_FIRST,
        ],
    }


def _weekly_top(said: Values) -> Json:
    source = {"kind": "top", "range": said["range"]}
    mode = {"kind": "replace"} if said["keep"] == "fresh" else {"kind": "add_missing"}
    return {"sources": [source], "mode": mode}


_OR_LIKED = Field(
    "source", "Which playlist", "playlist", "Leave it empty for your liked songs.", initial=""
)
_SAME = Field(
    "same",
    "What counts as the same",
    "choice",
    initial="song",
    choices=(
        ("song", "The same song, on another album, too"),
        ("track", "Only the very same track"),
    ),
)

TEMPLATES = (
    Template(
        "mirror-likes",
        "Mirror my likes",
        "A playlist with all your liked songs, the newest first, to share.",
        (_name("My likes"), _often("day")),
        _mirror_likes,
    ),
    Template(
        "newest",
        "The newest",
        "The tracks that were added last to a playlist or to your liked songs.",
        (_OR_LIKED, _count(100), _name("Newest"), _often("day")),
        _newest,
    ),
    Template(
        "merge",
        "Merge playlists",
        "One playlist made of several, each song once.",
        (
            Field("sources", "Which playlists", "playlists", least=1, most=20),
            Field(
                "order",
                "In which order",
                "choice",
                initial="one after another",
                choices=(
                    ("one after another", "One playlist after another"),
                    ("turns", "From each in turn"),
                ),
            ),
            _name("Merged"),
            _often("day"),
        ),
        _merge,
    ),
    Template(
        "archive",
        "Archive",
        "What comes by in a playlist that changes, kept for as many weeks as you like.",
        (
            _SOURCE,
            Field(
                "weeks",
                "For how many weeks",
                "number",
                "0 keeps everything.",
                initial=0,
                most=520,
            ),
            _name("Archive"),
            _often("day"),
        ),
        _archive,
    ),
    Template(
        "clean-copy",
        "Clean copy",
        "A copy of a playlist without duplicates.",
        (_SOURCE, _SAME, _name("Clean copy"), _often("day")),
        _clean_copy,
    ),
    Template(
        "rotate",
        "Rotate",
        "A different handful of a large collection each day, week or month.",
        (
            _OR_LIKED,
            _count(50),
            _name("Rotation"),
            _often("week", periods=("day", "week", "month")),
        ),
        _rotate,
    ),
    Template(
        "liked-only",
        "Liked, but in no playlist",
        "Your liked songs that you have not put into any playlist of yours yet.",
        (_SAME, _name("Not sorted yet"), _often("day")),
        _liked_only,
    ),
    Template(
        "weekly-top",
        "Weekly top tracks",
        "What you hear most these days.",
        (
            Field(
                "range",
                "What you heard most in",
                "choice",
                initial="4 weeks",
                choices=(
                    ("4 weeks", "The last 4 weeks"),
                    ("6 months", "The last 6 months"),
                    ("year", "The last year"),
                ),
            ),
            Field(
                "keep",
                "What becomes of last week's",
                "choice",
                initial="fresh",
                choices=(("fresh", "It makes room"), ("all", "It stays")),
            ),
            _name("My top tracks"),
            _often("week", periods=("day", "week", "month")),
        ),
        _weekly_top,
    ),
)
BY_SLUG: Mapping[str, Template] = {template.slug: template for template in TEMPLATES}
