"""Limits hold, and of what is the same one is kept: the one that was asked for."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playlists.recipes.candidates import Candidate
from playlists.recipes.songs import Songs, normal
from tests.playlists.recipes import inventing
from tests.playlists.recipes.inventing import NOW, evaluated, names, track

MINUTE = 60_000


def limit(most: int, **rest: Any) -> dict[str, Any]:
    return {"kind": "limit", "most": most, **rest}


def duplicates(**rest: Any) -> dict[str, Any]:
    return {"kind": "duplicates", **rest}


def test_the_first_or_the_last_are_kept() -> None:
    tracks = [track(name) for name in "abcd"]

    assert names(evaluated(limit(2), tracks=tracks)) == "ab"
    assert names(evaluated(limit(2, which="last"), tracks=tracks)) == "cd"


def test_minutes_end_with_the_first_track_that_does_not_fit() -> None:
    tracks = [
        track(name, duration_ms=length)
        for name, length in zip("abc", [40_000, 90_000, 9], strict=True)
    ]

    assert names(evaluated(limit(1, unit="minutes"), tracks=tracks)) == "a"


def test_a_length_that_is_not_known_counts_as_none() -> None:
    tracks = [track("a"), track("b", duration_ms=MINUTE), track("c"), track("d", duration_ms=1)]

    assert names(evaluated(limit(1, unit="minutes"), tracks=tracks)) == "abc"


def test_an_artist_is_the_first_one_named_however_it_is_spelled() -> None:
    tracks = [
        track("a", artists=("Ada",)),
        track("b", artists=("ADA", "Bob")),
        track("c", artists=("Bob", "Ada")),
        track("d"),
        track("e"),
    ]

    assert names(evaluated(limit(1, per="artist"), tracks=tracks)) == "acde"
    assert names(evaluated(limit(1, per="artist", which="last"), tracks=tracks)) == "bcde"


def test_each_source_has_its_own_limit() -> None:
    tracks = [track(name, source=source) for name, source in zip("abcd", [0, 0, 1, 1], strict=True)]

    assert names(evaluated(limit(1, per="source"), tracks=tracks)) == "ac"


def group(one: Candidate, per: str) -> Any:
    """Return what a limit counts apart, None for what it does not count."""
    if per == "artist":
        return normal(one.artist) or None
    return one.source if per == "source" else per


@settings(deadline=None)
@given(
    inventing.tracks,
    st.integers(1, 5),
    st.sampled_from(["list", "artist", "source"]),
    st.sampled_from(["first", "last"]),
)
def test_limits_hold_and_keep_the_order(
    tracks: list[Candidate], most: int, per: str, which: str
) -> None:
    found = evaluated(limit(most, per=per, which=which), tracks=tracks).tracks
    minutes = evaluated(limit(most, unit="minutes", per=per, which=which), tracks=tracks).tracks

    counts, lengths = Counter[Any](), Counter[Any]()
    for one in found:
        counts[group(one, per)] += 1
    for one in minutes:
        lengths[group(one, per)] += one.duration_ms
    del counts[None], lengths[None]
    assert all(count <= most for count in counts.values())
    assert all(length <= most * MINUTE for length in lengths.values())
    assert is_part(found, tracks)
    assert is_part(minutes, tracks)


def is_part(part: Any, whole: list[Candidate]) -> bool:
    left = iter(whole)
    return all(any(one is other for other in left) for one in part)


COPIES = [
    track("a", added_at=NOW - timedelta(days=2), duration_ms=200, position=0),
    track("b", added_at=NOW, position=1),
    track("a", added_at=NOW - timedelta(days=3), duration_ms=300, position=2),
    track("a", added_at=NOW - timedelta(days=1), duration_ms=100, position=3),
    track("a", position=4),
]


@pytest.mark.parametrize(
    ("keep", "position"),
    [("first", 0), ("last", 4), ("oldest", 2), ("newest", 3), ("longest", 2), ("shortest", 3)],
)
def test_the_copy_that_was_asked_for_is_kept_where_it_stands(keep: str, position: int) -> None:
    found = evaluated(duplicates(keep=keep), tracks=COPIES).tracks

    assert [one.position for one in found] == sorted([1, position])


def test_the_same_song_is_found_by_isrc_or_by_title_and_artist() -> None:
    tracks = [
        track("a", title="Öl", artists=("Ada",), duration_ms=200_000, isrc="USA1"),
        track("b", isrc="usa1"),
        track("c", title="OL - Remastered", artists=("ada",), duration_ms=201_000),
        track("d", title="Öl (Live)", artists=("Ada",), duration_ms=200_000),
    ]

    found = evaluated(duplicates(same="song"), tracks=tracks)

    assert names(found) == "ad"
    assert [one.reason for one in found.steps[0].examples] == ["same ISRC", "same title and artist"]
    assert names(evaluated(duplicates(), tracks=tracks)) == "abcd"


@settings(deadline=None)
@given(inventing.tracks, st.sampled_from(["track", "song"]), st.sampled_from(inventing.KEPT))
def test_no_two_are_the_same_and_all_others_are_the_same_as_one_that_is_kept(
    tracks: list[Candidate], same: str, keep: str
) -> None:
    found = evaluated(duplicates(same=same, keep=keep), tracks=tracks).tracks
    kept = Songs.of(found)

    assert is_part(found, tracks)
    assert all(kept.has_song(one) for one in tracks if one.can_be_put)
    for at, one in enumerate(found):
        others = Songs.of([*found[:at], *found[at + 1 :]])
        assert not (others.has_song(one) if same == "song" else others.has_track(one))
