"""What conditions answer: yes, no, or that nobody knows."""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings

from playlists.recipes.candidates import moment
from playlists.recipes.judging import NO, UNKNOWN, YES, BlockList, Surroundings, judge
from playlists.recipes.songs import Songs
from tests.playlists.recipes import inventing
from tests.playlists.recipes.inventing import BLOCK_LIST, GYM, MORNINGS, NOW, Json, recipe, track

EXPLICIT = {"kind": "explicit"}


def answer(condition: Json, *, around: Surroundings | None = None, **facts: Any) -> int:
    asked = recipe({"kind": "keep", "when": condition})
    rule = asked.rules[0]
    found = judge(
        rule.when, [track("a", **facts)], recipe=asked, around=around or Surroundings(now=NOW)
    )
    return found[0]


def of(kind: str, *parts: Json) -> Json:
    return {"kind": kind, "of": parts[0] if kind == "not" else list(parts)}


LIVE = {"kind": "contains", "field": "title", "text": "live"}


@pytest.mark.parametrize(
    ("group", "facts", "expected"),
    [
        (of("not", EXPLICIT), {"explicit": True}, NO),
        (of("not", EXPLICIT), {"explicit": False}, YES),
        (of("not", EXPLICIT), {}, UNKNOWN),
        (of("all", EXPLICIT, LIVE), {"explicit": True, "title": "Live"}, YES),
        (of("all", EXPLICIT, LIVE), {"explicit": True}, UNKNOWN),
        (of("all", EXPLICIT, LIVE), {"explicit": False}, NO),
        (of("any", EXPLICIT, LIVE), {"explicit": True}, YES),
        (of("any", EXPLICIT, LIVE), {"explicit": False}, UNKNOWN),
        (of("any", EXPLICIT, LIVE), {"explicit": False, "title": "a"}, NO),
    ],
)
def test_groups_follow_the_logic_of_kleene(group: Json, facts: Any, expected: int) -> None:
    assert answer(group, **facts) == expected


@settings(deadline=None)
@given(inventing.conditions, inventing.conditions, inventing.tracks)
def test_a_negation_can_be_drawn_into_a_group(one: Json, other: Json, tracks: list[Any]) -> None:
    asked = recipe(
        {"kind": "keep", "when": of("not", of("all", one, other))},
        {"kind": "keep", "when": of("any", of("not", one), of("not", other))},
    )
    around = Surroundings(now=NOW, playlists={BLOCK_LIST: Songs.of(tracks[:3])})
    first, second = (judge(rule.when, tracks, recipe=asked, around=around) for rule in asked.rules)

    assert first == second


@pytest.mark.parametrize(
    ("condition", "facts", "expected"),
    [
        ({"kind": "contains", "field": "title", "text": "ÖL"}, {"title": "Erdöl"}, YES),
        ({"kind": "contains", "field": "title", "text": "ss"}, {"title": "Straße"}, YES),
        ({"kind": "contains", "field": "title", "text": "a.c"}, {"title": "abc"}, NO),
        ({"kind": "contains", "field": "album", "text": "a"}, {"title": "abc"}, UNKNOWN),
        ({"kind": "is", "field": "artist", "text": "ADA"}, {"artists": ("Bob", "Ada")}, YES),
        ({"kind": "is", "field": "artist", "text": "Ada"}, {"artists": ("Adam",)}, NO),
        ({"kind": "is", "field": "artist", "text": "Ada"}, {}, UNKNOWN),
        (
            {"kind": "matches", "field": "artist", "pattern": "^b.b$"},
            {"artists": ("A", "Bob")},
            YES,
        ),
        (
            {"kind": "matches", "field": "title", "pattern": "US", "exact_case": True},
            {"title": "Focus"},
            NO,
        ),
        ({"kind": "duration", "at_most": 60}, {"duration_ms": 60_000}, YES),
        ({"kind": "duration", "at_most": 60}, {"duration_ms": 60_001}, NO),
        ({"kind": "duration", "at_least": 60, "at_most": 61}, {"duration_ms": 60_500}, YES),
        ({"kind": "duration", "at_least": 61}, {}, UNKNOWN),
    ],
)
def test_texts_and_lengths(condition: Json, facts: Any, expected: int) -> None:
    assert answer(condition, **facts) == expected


@pytest.mark.parametrize(
    ("released", "bounds", "expected"),
    [
        ("2020-05-17", {"since": "2020-05-17"}, YES),
        ("2020-05-17", {"until": "2020-05-17"}, YES),
        ("2020-05-17", {"since": "2020-05-18"}, NO),
        ("2020", {"since": "2020-01-01", "until": "2020-12-31"}, YES),
        ("2020", {"since": "2020-05-01"}, UNKNOWN),
        ("2020-05", {"since": "2020-05-01"}, YES),
        ("2020-05", {"until": "2020-05-30"}, UNKNOWN),
        ("2019", {"since": "2020-05-01"}, NO),
        ("0000", {"since": "2020-05-01"}, UNKNOWN),
        ("2020-02-31", {"since": "2020-05-01"}, UNKNOWN),
        ("", {"since": "2020-05-01"}, UNKNOWN),
    ],
)
def test_a_release_date_is_as_exact_as_spotify_knows_it(
    released: str, bounds: Json, expected: int
) -> None:
    assert answer({"kind": "date", "field": "released", **bounds}, released=released) == expected


def test_the_day_on_which_a_track_was_added_is_a_day_in_the_persons_zone() -> None:
    around = Surroundings(now=NOW, zone=timezone(timedelta(hours=2)))
    first = {"kind": "date", "field": "added", "since": "2026-11-01", "until": "2026-11-01"}

    late, next_day = moment("2026-10-31T22:30:00Z"), moment("2026-11-01T22:30:00Z")

    assert answer(first, around=around, added_at=late) == YES
    assert answer(first, around=around, added_at=next_day) == NO
    assert answer(first, around=around, added_at=None) == UNKNOWN


@pytest.mark.parametrize(
    ("ago", "bounds", "expected"),
    [
        (timedelta(days=30), {"at_most_days": 30}, YES),
        (timedelta(days=30, seconds=1), {"at_most_days": 30}, NO),
        (timedelta(days=30), {"at_least_days": 30}, YES),
        (timedelta(days=29), {"at_least_days": 30}, NO),
        (timedelta(days=40), {"at_least_days": 30, "at_most_days": 50}, YES),
        (timedelta(days=60), {"at_least_days": 30, "at_most_days": 50}, NO),
    ],
)
def test_an_age_is_counted_from_the_run(ago: timedelta, bounds: Json, expected: int) -> None:
    assert answer({"kind": "age", "field": "added", **bounds}, added_at=NOW - ago) == expected


def test_the_age_of_a_release_is_counted_in_days() -> None:
    lately = {"kind": "age", "field": "released", "at_most_days": 30}

    assert answer(lately, released="2026-10-26") == YES
    assert answer(lately, released="2026-10-25") == NO
    assert answer(lately, released="2026-10") == UNKNOWN


@pytest.mark.parametrize("text", ["", "yesterday", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_what_is_no_date_is_not_known(text: str) -> None:
    assert moment(text) is None


HERE = Songs.of([track("a", isrc="USA000000001")])
IN = {"kind": "in_playlist", "playlists": [BLOCK_LIST]}
IN_TWO = {"kind": "in_playlist", "playlists": [BLOCK_LIST, MORNINGS]}


def test_a_track_is_in_a_playlist_or_not_or_the_playlist_is_not_known() -> None:
    around = Surroundings(now=NOW, playlists={BLOCK_LIST: HERE})
    elsewhere = Surroundings(now=NOW, playlists={BLOCK_LIST: Songs()})

    assert answer(IN, around=around) == YES
    assert answer(IN, around=elsewhere) == NO
    assert answer(IN) == UNKNOWN
    assert answer(IN_TWO, around=around) == YES
    assert answer(IN_TWO, around=elsewhere) == UNKNOWN


def test_a_song_is_in_a_playlist_by_another_track() -> None:
    others = Songs.of([track("b", isrc="USA000000001")])
    around = Surroundings(now=NOW, playlists={BLOCK_LIST: others})

    assert answer(IN, around=around, isrc="USA000000001") == NO
    assert answer({**IN, "same": "song"}, around=around, isrc="USA000000001") == YES


def test_the_target_is_none_of_my_other_playlists() -> None:
    mine = {"kind": "in_my_playlists"}
    lists = {GYM: HERE, MORNINGS: Songs()}

    assert answer(mine) == UNKNOWN
    assert answer(mine, around=Surroundings(now=NOW, mine={"ada": [GYM]}, playlists=lists)) == NO
    both = Surroundings(now=NOW, mine={"ada": [GYM, BLOCK_LIST]}, playlists={BLOCK_LIST: HERE})
    assert answer(mine, around=both) == YES


def test_liked_songs_are_those_of_the_account() -> None:
    around = Surroundings(now=NOW, liked={"bob": HERE})

    assert answer({"kind": "liked", "account": "bob"}, around=around) == YES
    assert answer({"kind": "liked"}, around=around) == UNKNOWN


def test_the_block_list_has_songs_and_artists() -> None:
    blocked = {"kind": "blocked"}
    songs = Surroundings(now=NOW, blocked=BlockList(songs=HERE))
    artists = Surroundings(now=NOW, blocked=BlockList(artists=frozenset({"ada"})))

    assert answer(blocked) == UNKNOWN
    assert answer(blocked, around=songs) == YES
    assert answer(blocked, around=artists, artists=("Bob", "ADA")) == YES
    assert answer(blocked, around=artists, artists=("Bob",)) == NO
