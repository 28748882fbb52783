"""From the tracks of all sources to the list that is wanted, and what each rule left out."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from playlists.recipes.candidates import Candidate, from_items
from playlists.recipes.evaluate import EXAMPLES, Example, Step, evaluate
from playlists.recipes.judging import BlockList, Surroundings
from playlists.recipes.songs import Songs
from playlists.spotify import Item
from tests.playlists.recipes import inventing
from tests.playlists.recipes.inventing import (
    BLOCK_LIST,
    GYM,
    NOW,
    evaluated,
    names,
    recipe,
    track,
    uri,
)

EXPLICIT = {"kind": "explicit"}


def test_without_rules_all_that_can_be_put_is_wanted_in_its_order() -> None:
    found = evaluated(tracks=[track("b"), track("a"), track("b")])

    assert found.uris == [uri("b"), uri("a"), uri("b")]
    assert found.steps == ()


def test_local_files_and_what_is_not_available_are_named_and_take_no_place() -> None:
    items = [Item("spotify:local:a:b:c:1", title="Tape"), Item(""), Item(uri("a")), Item(uri("b"))]

    found = evaluated({"kind": "limit", "most": 2}, tracks=from_items(items))

    assert names(found) == "ab"
    assert (found.local, found.unavailable) == (1, 1)
    assert [(one.track.title, one.reason) for one in found.unputtable] == [
        ("Tape", "a local file"),
        ("", "not available"),
    ]


def test_rules_apply_in_their_order() -> None:
    tracks = [track("a", explicit=True), track("b", explicit=False), track("c", explicit=False)]
    clean = {"kind": "drop", "when": EXPLICIT}
    two = {"kind": "limit", "most": 2}

    assert names(evaluated(clean, two, tracks=tracks)) == "bc"
    assert names(evaluated(two, clean, tracks=tracks)) == "b"


def test_each_rule_says_what_it_left_out_and_why() -> None:
    tracks = [
        track("a", explicit=True),
        track("b", explicit=False),
        track("c"),
        track("b", explicit=False, position=3),
    ]

    keep = {"kind": "keep", "when": {"kind": "not", "of": EXPLICIT}}
    found = evaluated(keep, {"kind": "duplicates"}, {"kind": "block"}, tracks=tracks)

    assert found.steps == (
        Step(
            rule=0,
            before=4,
            after=2,
            unknown=1,
            examples=(Example(tracks[0], "does not fit"), Example(tracks[2], "not known")),
        ),
        Step(rule=1, before=2, after=1, examples=(Example(tracks[3], "same track"),)),
        Step(rule=2, before=1, after=1, unknown=1),
    )
    assert [step.dropped for step in found.steps] == [2, 1, 0]


def test_nobody_loses_a_track_over_a_fact_that_is_not_known_by_a_rule_that_drops() -> None:
    drop = {"kind": "drop", "when": EXPLICIT}
    drop_others = {"kind": "drop", "when": {"kind": "not", "of": EXPLICIT}}

    assert names(evaluated(drop, drop_others, tracks=[track("a")])) == "a"


def test_a_few_examples_are_enough() -> None:
    found = evaluated({"kind": "limit", "most": 1}, tracks=[track("a")] * 100)

    assert found.steps[0].dropped == 99
    assert len(found.steps[0].examples) == EXAMPLES


def test_what_is_liked_blocked_or_elsewhere_comes_from_around() -> None:
    tracks = [track(name) for name in "abcd"]
    around = Surroundings(
        now=NOW,
        liked={"ada": Songs.of([track("b")])},
        playlists={BLOCK_LIST: Songs.of([track("c")])},
        blocked=BlockList(songs=Songs.of([track("d")])),
    )
    liked = {"kind": "drop", "when": {"kind": "liked"}}
    listed = {"kind": "drop", "when": {"kind": "in_playlist", "playlists": [BLOCK_LIST]}}

    assert names(evaluated(liked, listed, {"kind": "block"}, tracks=tracks, around=around)) == "a"


def test_items_become_candidates_with_the_facts_that_are_there() -> None:
    items = [
        Item(
            uri("a"),
            "2026-01-02T03:04:05Z",
            artist_names=("Tyler, The Creator", "Bob"),
            released="2020",
            explicit=True,
        ),
        Item(uri("b"), "1970-01-01T00:00:00Z", duration_ms=5),
    ]

    first, second = from_items(items, source=2)

    assert (first.artists, first.released, first.explicit) == (
        ("Tyler, The Creator", "Bob"),
        "2020",
        True,
    )
    assert first.added_at is not None
    assert first.added_at.isoformat() == "2026-01-02T03:04:05+00:00"
    assert (second.artists, second.added_at, second.duration_ms) == ((), None, 5)
    assert (second.source, second.position) == (2, 1)


AROUND = Surroundings(
    now=NOW,
    playlists={
        GYM: Songs.of([track("a")]),
        BLOCK_LIST: Songs.of([track("b", isrc="USA000000001")]),
    },
    mine={"ada": [GYM, BLOCK_LIST]},
    liked={"ada": Songs.of([track("c")])},
    blocked=BlockList(artists=frozenset({"cleo"})),
)


def of_rules(rules: list[dict[str, Any]], tracks: list[Candidate]) -> Any:
    sources = [{"kind": "liked"}] * inventing.SOURCES
    return evaluate(recipe(*rules, sources=sources), tracks, AROUND)


@settings(deadline=None)
@given(inventing.rules, inventing.tracks)
def test_the_same_sources_give_the_same_list_made_of_nothing_but_them(
    rules: list[dict[str, Any]], tracks: list[Candidate]
) -> None:
    found = of_rules(rules, tracks)

    assert of_rules(rules, tracks) == found
    assert {id(one) for one in found.tracks} <= {id(one) for one in tracks}
    assert len({id(one) for one in found.tracks}) == len(found.tracks)
    assert all(one.can_be_put for one in found.tracks)
    counts = [len(tracks) - found.local - found.unavailable]
    for step in found.steps:
        assert step.before == counts[-1]
        counts.append(step.after)
    assert counts[-1] == len(found.tracks)


@settings(deadline=None)
@given(st.lists(inventing.filters, max_size=5), inventing.tracks)
def test_filters_keep_the_order(rules: list[dict[str, Any]], tracks: list[Candidate]) -> None:
    places = {id(one): place for place, one in enumerate(tracks)}

    found = [places[id(one)] for one in of_rules(rules, tracks).tracks]

    assert found == sorted(found)


@settings(deadline=None)
@given(inventing.filters, inventing.tracks)
def test_a_filter_finds_nothing_more_to_do_the_second_time(
    rule: dict[str, Any], tracks: list[Candidate]
) -> None:
    once = of_rules([rule], tracks).tracks

    assert of_rules([rule], list(once)).tracks == once


def test_ten_thousand_tracks_and_fifty_rules() -> None:
    tracks = [
        track(
            str(number),
            title=f"Song {number % 9_000}",
            artists=(f"Artist {number % 700}",),
            duration_ms=200_000 + number,
            position=number,
        )
        for number in range(10_000)
    ]
    rules = [
        *(
            {"kind": "drop", "when": {"kind": "matches", "field": "title", "pattern": f"^{n}.*x$"}}
            for n in range(40)
        ),
        {"kind": "duplicates", "same": "song"},
        *({"kind": "limit", "most": 1_000 - n, "per": "artist"} for n in range(5)),
        {"kind": "sort", "by": [{"field": "title"}]},
        {"kind": "shuffle", "seed": "x"},
        {"kind": "space", "apart": 5},
        {"kind": "interleave"},
    ]

    assert len(evaluated(*rules, tracks=tracks).tracks) == 10_000
