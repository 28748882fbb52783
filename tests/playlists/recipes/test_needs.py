"""What has to be read before a recipe can be evaluated."""

from __future__ import annotations

from typing import Any

import pytest

from playlists.recipes.needs import Needs, needs
from tests.playlists.recipes.inventing import BLOCK_LIST, MORNINGS, recipe, uri

SONG = {"title", "artist", "duration", "isrc"}


def keep(kind: str, **rest: Any) -> dict[str, Any]:
    return {"kind": "keep", "when": {"kind": kind, **rest}}


def test_a_plain_mirror_needs_nothing() -> None:
    assert needs(recipe()) == Needs(
        facts=frozenset(),
        playlists=frozenset(),
        mine=frozenset(),
        liked=frozenset(),
        blocked=False,
        bare=(),
    )


@pytest.mark.parametrize(
    ("rule", "facts"),
    [
        (keep("contains", field="album", text="a"), {"album"}),
        (keep("matches", field="artist", pattern="a"), {"artist"}),
        (keep("date", field="released", since="2020-01-01"), {"released"}),
        (keep("age", field="added", at_most_days=3), {"added"}),
        (keep("duration", at_most=3), {"duration"}),
        (keep("explicit"), {"explicit"}),
        (keep("liked"), set()),
        (keep("liked", same="song"), SONG),
        (keep("in_playlist", playlists=[BLOCK_LIST]), set()),
        (keep("in_my_playlists", same="song"), SONG),
        (keep("not", of={"kind": "any", "of": [{"kind": "explicit"}]}), {"explicit"}),
        ({"kind": "block"}, SONG),
        ({"kind": "duplicates"}, set()),
        ({"kind": "duplicates", "keep": "oldest"}, {"added"}),
        ({"kind": "duplicates", "same": "song", "keep": "newest"}, {*SONG, "added"}),
        ({"kind": "duplicates", "keep": "longest"}, {"duration"}),
        ({"kind": "sort", "by": [{"field": "released"}, {"field": "source"}]}, {"released"}),
        ({"kind": "shuffle", "seed": "x"}, set()),
        ({"kind": "space", "apart": 2}, {"artist"}),
        ({"kind": "interleave"}, set()),
        ({"kind": "limit", "most": 5}, set()),
        ({"kind": "limit", "most": 5, "unit": "minutes"}, {"duration"}),
        ({"kind": "limit", "most": 5, "per": "artist"}, {"artist"}),
    ],
)
def test_facts_are_those_that_a_rule_looks_at(rule: dict[str, Any], facts: set[str]) -> None:
    assert needs(recipe(rule)).facts == facts


def test_lists_are_named_with_the_account_that_reads_them() -> None:
    found = needs(
        recipe(
            keep("in_playlist", playlists=[BLOCK_LIST, MORNINGS], account="bob"),
            keep("all", of=[{"kind": "liked"}, {"kind": "in_my_playlists", "account": "cleo"}]),
            keep("blocked"),
        )
    )

    assert found.playlists == {("bob", BLOCK_LIST), ("bob", MORNINGS)}
    assert found.liked == {"ada"}
    assert found.mine == {"cleo"}
    assert found.blocked


def test_sources_that_tell_only_uris_are_named_where_that_is_too_little() -> None:
    sources = [
        {"kind": "liked"},
        {"kind": "uris", "uris": [uri("a")]},
        {"kind": "list", "list": "7"},
        {"kind": "version", "version": "8"},
    ]

    assert needs(recipe(sources=sources)).bare == ()
    assert needs(recipe(keep("explicit"), sources=sources)).bare == (1, 2, 3)
    added = keep("age", field="added", at_most_days=3)
    assert needs(recipe(added, sources=sources)).bare == (1, 2)
