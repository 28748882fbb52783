"""Orders keep every track, are the same each time, and are what they say."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playlists.recipes.candidates import Candidate
from playlists.recipes.judging import Surroundings
from tests.playlists.recipes import inventing
from tests.playlists.recipes.inventing import NOW, evaluated, names, track


def sort(field: str, order: str = "ascending", *more: dict[str, str]) -> dict[str, Any]:
    return {"kind": "sort", "by": [{"field": field, "order": order}, *more]}


def shuffle(seed: str = "x", again: str = "never") -> dict[str, Any]:
    return {"kind": "shuffle", "seed": seed, "again": again}


def by(*artists: str) -> list[Candidate]:
    """Return a track of each artist, named a, b, c and so on."""
    return [
        track(chr(ord("a") + at), artists=(one,) if one else ()) for at, one in enumerate(artists)
    ]


def all_different(count: int) -> list[Candidate]:
    return [track(chr(ord("a") + at)) for at in range(count)]


@settings(deadline=None)
@given(inventing.tracks, inventing.orders)
def test_an_order_keeps_every_track_and_is_the_same_each_time(
    tracks: list[Candidate], rule: dict[str, Any]
) -> None:
    if rule.get("weights"):
        tracks = [*tracks, track("z", source=inventing.SOURCES - 1)]
    found = evaluated(rule, tracks=tracks).tracks

    assert sorted(map(repr, found)) == sorted(repr(one) for one in tracks if one.can_be_put)
    assert evaluated(rule, tracks=tracks).tracks == found


FACTS: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "title": ({}, {"title": "ärger"}, {"title": "Bach"}),
    "artist": ({}, {"artists": ("ada",)}, {"artists": ("Bob",)}),
    "album": ({}, {"album": "eins"}, {"album": "Zwei"}),
    "added": ({}, {"added_at": NOW - timedelta(days=1)}, {"added_at": NOW}),
    "released": ({"released": "0000"}, {"released": "2020"}, {"released": "2020-02"}),
    "duration": ({}, {"duration_ms": 1}, {"duration_ms": 2}),
    "explicit": ({}, {"explicit": False}, {"explicit": True}),
    "isrc": ({}, {"isrc": "us-a"}, {"isrc": "USB"}),
}


@pytest.mark.parametrize("field", FACTS)
def test_what_is_not_known_comes_last_in_both_directions(field: str) -> None:
    unknown, low, high = FACTS[field]
    tracks = [track("u", **unknown), track("h", **high), track("l", **low)]

    assert names(evaluated(sort(field), tracks=tracks)) == "lhu"
    assert names(evaluated(sort(field, "descending"), tracks=tracks)) == "hlu"


def test_sources_and_places_are_fields_like_others() -> None:
    tracks = [track("a", source=1, position=0), track("b", source=0, position=1)]

    assert names(evaluated(sort("source"), tracks=tracks)) == "ba"
    assert names(evaluated(sort("position", "descending"), tracks=tracks)) == "ba"


def test_equal_ones_go_by_the_next_field_and_then_stay_as_they_were() -> None:
    tracks = [
        track("a", title="x", duration_ms=2),
        track("b", title="x", duration_ms=1),
        track("c", title="w", duration_ms=2),
        track("d", title="x", duration_ms=1),
    ]
    then = {"field": "duration", "order": "ascending"}

    assert names(evaluated(sort("title", "ascending", then), tracks=tracks)) == "cbda"
    assert names(evaluated(sort("title", "descending"), tracks=tracks)) == "abdc"


def test_a_seed_decides_the_order() -> None:
    tracks = all_different(20)

    one, other = (names(evaluated(shuffle(seed), tracks=tracks)) for seed in "xy")

    assert one != other
    assert one != "abcdefghijklmnopqrst"


def test_copies_of_one_track_do_not_stick_together() -> None:
    tracks = [track("a", position=at) for at in range(5)] + all_different(20)[1:]

    found = names(evaluated(shuffle(), tracks=tracks))

    assert found.count("a") == 5
    assert "aaaaa" not in found


@settings(deadline=None)
@given(st.permutations("abcdefgh"), st.integers(0, 7))
def test_a_shuffle_does_not_depend_on_the_order_before_and_a_new_track_moves_no_other(
    order: list[str], left_out: int
) -> None:
    whole = names(evaluated(shuffle(), tracks=[track(name) for name in order]))
    gone = order[left_out]
    rest = names(evaluated(shuffle(), tracks=[track(name) for name in order if name != gone]))

    assert whole == names(evaluated(shuffle(), tracks=all_different(8)))
    assert rest == whole.replace(gone, "")


@pytest.mark.parametrize(
    ("again", "same", "other"),
    [("day", 0, 1), ("week", 4, 5), ("month", 5, 6), ("never", 400, None)],
)
def test_a_shuffle_is_the_same_through_its_period(again: str, same: int, other: int | None) -> None:
    # NOW is a Wednesday, the 25th of November.
    def drawn(days: int) -> str:
        around = Surroundings(now=NOW + timedelta(days=days))
        return names(evaluated(shuffle(again=again), tracks=all_different(20), around=around))

    assert drawn(0) == drawn(same)
    assert other is None or drawn(0) != drawn(other)


def test_sources_come_in_turn_until_all_are_taken() -> None:
    tracks = [
        track(name, source=source)
        for name, source in zip("abcdef", [0, 0, 0, 1, 1, 2], strict=True)
    ]

    assert names(evaluated({"kind": "interleave"}, tracks=tracks)) == "adfbec"
    weighted = {"kind": "interleave", "weights": [2, 1, 1]}
    assert names(evaluated(weighted, tracks=tracks)) == "abdfce"


def spaced(apart: int, tracks: list[Candidate]) -> str:
    return names(evaluated({"kind": "space", "apart": apart}, tracks=tracks))


def test_a_track_waits_until_its_artist_may_come_again() -> None:
    assert spaced(1, by("Ada", "Ada", "Bob", "Cleo")) == "acbd"
    assert spaced(2, by("Ada", "Bob", "Ada", "Cleo")) == "abdc"


def test_whoever_has_most_comes_in_time() -> None:
    assert spaced(1, by("Bob", "Cleo", "Ada", "Ada", "Ada")) == "cadbe"


def test_tracks_without_an_artist_may_stand_anywhere() -> None:
    assert spaced(3, by("", "", "", "")) == "abcd"
    assert spaced(1, by("Ada", "Ada", "")) == "acb"


def is_spaced(artists: Any, apart: int) -> bool:
    return all(
        not one or one not in artists[max(0, at - apart) : at] for at, one in enumerate(artists)
    )


@settings(deadline=None)
@given(st.lists(st.sampled_from(["Ada", "Bob", "Cleo", ""]), max_size=7), st.integers(1, 3))
def test_tracks_are_spaced_where_that_can_be_and_stay_where_they_are_already(
    artists: list[str], apart: int
) -> None:
    order = spaced(apart, by(*artists))
    found = [artists[ord(name) - ord("a")] for name in order]

    assert is_spaced(found, apart) == any(is_spaced(one, apart) for one in permutations(artists))
    assert not is_spaced(artists, apart) or found == artists
    for artist in set(artists):  # the tracks of one artist keep their order
        own = [name for name in order if artists[ord(name) - ord("a")] == artist]
        assert own == sorted(own)


@settings(deadline=None)
@given(st.lists(st.sampled_from(["Ada", "Bob", "Cleo", "Dora"]), max_size=24), st.integers(1, 3))
def test_a_spaced_list_is_left_alone(artists: list[str], apart: int) -> None:
    once = spaced(apart, by(*artists))
    found = [artists[ord(name) - ord("a")] for name in once]

    if is_spaced(found, apart):
        assert spaced(apart, by(*found)) == "".join(sorted(once))
