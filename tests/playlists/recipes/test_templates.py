"""Each template, from what a person says to the list that comes of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from playlists.recipes import definition, sentence
from playlists.recipes.definition import Definition, NotADefinition
from playlists.recipes.evaluate import evaluate
from playlists.recipes.judging import Surroundings
from playlists.recipes.sentence import Names
from playlists.recipes.songs import Songs
from playlists.recipes.targets import wanted
from playlists.recipes.templates import BY_SLUG, TEMPLATES
from playlists.spotify import Item
from tests.playlists.recipes.inventing import GYM, MORNINGS, NOW, track, uri

NAMES = Names(playlists={GYM: "Gym", MORNINGS: "Mornings"}, zone="UTC")
TRACKS = [
    track(name, title=title, artists=("Ada",), duration_ms=200_000, source=source, added_at=added)
    for name, title, source, added in [
        ("a", "One", 0, NOW - timedelta(days=3)),
        ("b", "Two", 0, NOW - timedelta(days=1)),
        ("c", "two", 1, NOW - timedelta(days=2)),
        ("b", "Two", 1, NOW),
        ("d", "Three", 1, None),
    ]
]


def make(slug: str, **values: Any) -> Definition:
    return BY_SLUG[slug].make(values, account="ada", time_zone="UTC")


def says(slug: str, **values: Any) -> str:
    return sentence.sentence(make(slug, **values), NAMES)


def lists(slug: str, **values: Any) -> str:
    """Return the letters of the tracks that the template's recipe wants."""
    made = make(slug, **values)
    tracks = [one for one in TRACKS if one.source < len(made.sources)]
    around = Surroundings(
        now=NOW,
        mine={"ada": [GYM, MORNINGS]},
        playlists={GYM: Songs.of([track("a")]), MORNINGS: Songs()},
    )
    return "".join(one.uri[-1] for one in evaluate(made, tracks, around).tracks)


def test_there_is_a_template_for_each_story() -> None:
    assert list(BY_SLUG) == [
        "mirror-likes",
        "newest",
        "merge",
        "archive",
        "clean-copy",
        "rotate",
        "liked-only",
        "weekly-top",
    ]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda one: one.slug)
def test_four_things_to_say_are_enough(template: Any) -> None:
    names = [field.name for field in template.fields]

    assert len(names) <= 4
    assert len(set(names)) == len(names)
    for field in template.fields:
        assert field.label
        assert field.kind != "choice" or field.initial in dict(field.choices)
        assert field.kind != "number" or field.least <= field.initial <= field.most


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda one: one.slug)
def test_every_choice_makes_a_definition_that_says_what_it_does(template: Any) -> None:
    values: dict[str, Any] = {"source": GYM, "sources": [GYM, MORNINGS]}
    for field in template.fields:
        for choice, _ in field.choices:
            made = template.make({**values, field.name: choice}, account="ada")
            assert definition.read(definition.text(made)) == made
            assert sentence.sentence(made, NAMES).endswith(".")


def test_mirror_my_likes() -> None:
    assert says("mirror-likes") == (
        "Keep *My likes* (new) as *Liked songs*, newest first, every day at 05:00."
    )
    assert lists("mirror-likes") == "ba"


def test_newest() -> None:
    assert says("newest", count=2, often="hour") == (
        "Keep *Newest* (new) as the newest 2 of *Liked songs*, every hour."
    )
    assert lists("newest", count=1) == "b"
    assert make("newest", source=GYM).sources[0].kind == "playlist"


def test_merge() -> None:
    said = {"sources": [GYM, MORNINGS]}

    assert says("merge", **said, often="never") == (
        "Keep *Merged* (new) as *Gym* and *Mornings*, each song once, whenever I start it."
    )
    assert lists("merge", **said) == "abd"
    assert lists("merge", **said, order="turns") == "acd"


def test_archive_keeps_everything_or_some_weeks() -> None:
    assert says("archive", source=GYM) == (
        "Add to *Archive* (new), once each, what it lacks of *Gym*, every day at 05:00."
    )
    assert says("archive", source=GYM, weeks=4, often="week") == (
        "In *Archive* (new), collect *Gym*, each track for 28 days, every Monday at 05:00."
    )


@pytest.mark.parametrize(("weeks", "expected"), [(0, "oab"), (4, "ab")])
def test_an_archive_lets_go_of_what_is_too_old(weeks: int, expected: str) -> None:
    made = make("archive", source=GYM, weeks=weeks)
    old = (NOW - timedelta(weeks=5)).isoformat()

    found = wanted(
        made.target,
        [uri("b")],
        [Item(uri("o"), old), Item(uri("a"), NOW.isoformat())],
        ours=None,
        at=NOW,
    )

    assert "".join(one[-1] for one in found.uris) == expected


def test_clean_copy() -> None:
    assert says("clean-copy", source=GYM, same="track") == (
        "Keep *Clean copy* (new) as *Gym*, each track once, every day at 05:00."
    )
    assert lists("clean-copy", source=GYM) == "ab"


def test_rotate() -> None:
    assert says("rotate", count=1, often="month") == (
        "Replace *Rotation* (new) with *Liked songs*, shuffled anew every month, "
        "then the first 1, on the 1st of each month at 05:00."
    )
    assert len(lists("rotate", count=1)) == 1


def test_liked_but_in_no_playlist() -> None:
    assert says("liked-only") == (
        "Keep *Not sorted yet* (new) as *Liked songs*, without songs that are in any of my "
        "other playlists, newest first, every day at 05:00."
    )
    assert lists("liked-only") == "b"


def test_weekly_top_tracks() -> None:
    assert says("weekly-top") == (
        "Replace *My top tracks* (new) with my top tracks of the last 4 weeks, "
        "every Monday at 05:00."
    )
    assert says("weekly-top", keep="all", range="year") == (
        "Add to *My top tracks* (new), once each, what it lacks of my top tracks of the last year, "
        "every Monday at 05:00."
    )
    assert lists("weekly-top") == "ab"


@pytest.mark.parametrize(
    ("slug", "values", "path"),
    [
        ("newest", {"count": 0}, "rules[1].most"),
        ("newest", {"count": "ten"}, "rules[1].most"),
        ("newest", {"source": "gym"}, "sources[0].playlist"),
        ("merge", {}, "sources"),
        ("archive", {}, "sources[0].playlist"),
        ("mirror-likes", {"name": " "}, "target.playlist.name"),
        ("mirror-likes", {"often": "sometimes"}, "schedule.entries[0].kind"),
    ],
)
def test_what_is_not_allowed_is_refused_by_the_one_schema(
    slug: str, values: dict[str, Any], path: str
) -> None:
    with pytest.raises(NotADefinition) as caught:
        make(slug, **values)

    assert [one.path for one in caught.value.problems] == [path]


def test_a_stored_list_can_stand_where_a_playlist_does() -> None:
    tapes = {"kind": "list", "list": "tapes"}

    for slug in ("newest", "archive", "clean-copy", "rotate"):
        (source,) = definition.data(make(slug, source="list:tapes"))["sources"]
        assert source | tapes == source
    merged = definition.data(make("merge", sources=[GYM, "list:tapes"]))["sources"]
    assert [one["kind"] for one in merged] == ["playlist", "list"]
