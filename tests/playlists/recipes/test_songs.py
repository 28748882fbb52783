"""When two tracks are the same song."""

from __future__ import annotations

from typing import Any

import pytest

from playlists.recipes.songs import Songs, normal
from tests.playlists.recipes.inventing import track

SONG: dict[str, Any] = {"title": "Öl", "artists": ("Ada", "Bob"), "duration_ms": 200_000}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Song", "SONG"),
        ("Café del Mar", "Cafe Del Mar"),
        ("Song (feat. Bob)", "Song"),
        ("Song [ft. Bob & Cleo]", "Song"),
        ("Song featuring Bob", "Song"),
        ("Song - Remastered 2011", "Song"),
        ("Song - 2011 Remaster", "Song"),
        ("Song (Digitally Remastered)", "Song"),
        ("Don't Stop", "Don\N{RIGHT SINGLE QUOTATION MARK}t Stop"),
        ("Don't Stop", "Dont Stop!"),
        ("Song - Live", "Song (Live)"),
        ("Song feat. Bob - Live", "Song (Live)"),
        ("Лето", "ЛЕТО"),
    ],
)
def test_two_spellings_are_one_title(one: str, other: str) -> None:
    assert normal(one) == normal(other)


@pytest.mark.parametrize(
    "other",
    [
        "Song - Live",
        "Song (Acoustic)",
        "Song - Bob Remix",
        "Song 2",
        "Song (Instrumental)",
        "Songs",
    ],
)
def test_another_recording_is_another_title(other: str) -> None:
    assert normal("Song") != normal(other)


@pytest.mark.parametrize("title", ["!!!", "...", "feat. Bob", "☃"])
def test_a_title_without_letters_is_still_one(title: str) -> None:
    assert normal(title)


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"title": "ol", "artists": ("ADA",), "duration_ms": 202_000}, "same title and artist"),
        ({"title": "ol", "artists": ("ADA",), "duration_ms": 198_000}, "same title and artist"),
        ({"title": "ol", "artists": ("ADA",), "duration_ms": 202_001}, ""),
        ({"title": "ol", "artists": ("ADA",), "duration_ms": 0}, ""),
        ({"title": "ol", "artists": ("Bob", "Ada"), "duration_ms": 200_000}, ""),
        ({"title": "", "artists": ("Ada",), "duration_ms": 200_000}, ""),
        ({"isrc": "us-a00-00-00001"}, "same ISRC"),
        ({"isrc": "USA000000002"}, ""),
        ({}, ""),
    ],
)
def test_a_song_is_found_by_what_is_the_same(facts: dict[str, Any], why: str) -> None:
    songs = Songs.of([track("a", isrc="USA000000001", **SONG)])

    assert songs.why(track("b", **facts)) == why
    assert not songs.has_track(track("b", **facts))


def test_the_same_track_needs_no_facts() -> None:
    songs = Songs.of([track("a")])

    assert songs.why(track("a")) == "same track"
    assert songs.has_track(track("a"))


def test_what_is_not_known_is_the_same_as_nothing() -> None:
    assert not Songs.of([track("a")]).has_song(track("b"))
