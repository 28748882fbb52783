"""Recipes read themselves back: as a person would say it, for whatever they hold."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from playlists.recipes import definition, sentence
from playlists.recipes.sentence import Names, Segment
from playlists.recipes.wording import END, START
from tests.playlists.recipes import inventing
from tests.playlists.recipes.inventing import BLOCK_LIST, GYM, MORNINGS, Json, plain, uri

NAMES = Names(
    playlists={GYM: "Gym", BLOCK_LIST: "Block list", MORNINGS: "Mornings"},
    accounts={"bob": "Bob"},
    lists={"7": "Set list"},
    versions={"8": "Gym on 3 May"},
    zone="UTC",
)
DAILY = {"kind": "daily", "at": "05:00"}
WITHOUT_BLOCKED = {"kind": "drop", "when": {"kind": "in_playlist", "playlists": [BLOCK_LIST]}}
NEWEST = {"kind": "sort", "by": [{"field": "added", "order": "descending"}]}
EXPLICIT = {"kind": "explicit"}
LIVE = {"kind": "contains", "field": "title", "text": "live"}


def limit(most: int, **rest: Any) -> Json:
    return {"kind": "limit", "most": most, **rest}


def says(data: Json) -> str:
    return sentence.sentence(definition.check(data), NAMES)


def of_rules(*rules: Json) -> str:
    """Return what is said between the playlist and the schedule."""
    said = says(plain(*rules))
    return said.removeprefix("Keep *Gym* as ").removesuffix(", whenever I start it.")


def when(*entries: Json, **rest: Any) -> str:
    """Return what is said of the schedule."""
    said = says({**plain(), "schedule": {"entries": list(entries), **rest}})
    return said.removeprefix("Keep *Gym* as *Liked songs*, ")


def test_the_sentence_of_the_product_page() -> None:
    rules = [WITHOUT_BLOCKED, NEWEST, limit(2, per="artist"), limit(100)]

    assert says({**plain(*rules), "schedule": {"entries": [DAILY]}}) == (
        "Keep *Gym* as the newest 100 of *Liked songs*, without *Block list*, "
        "at most 2 per artist, every day at 05:00."
    )


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ({"kind": "mirror"}, "Keep *Gym* as *Liked songs*"),
        ({"kind": "replace"}, "Replace *Gym* with *Liked songs*"),
        ({"kind": "add_missing"}, "Add to *Gym*, once each, what it lacks of *Liked songs*"),
        ({"kind": "append"}, "Add to the end of *Gym* what it lacks of *Liked songs*"),
        ({"kind": "prepend"}, "Add to the top of *Gym* what it lacks of *Liked songs*"),
        (
            {"kind": "rolling", "count": 100},
            "In *Gym*, collect *Liked songs*, at most 100 in all",
        ),
        (
            {"kind": "rolling", "days": 28, "count": 1000, "at": "start"},
            (
                "In *Gym*, collect *Liked songs*, new ones on top, each track for 28 days, "
                "at most 1,000 in all"
            ),
        ),
    ],
)
def test_each_mode_has_its_verb(mode: Json, said: str) -> None:
    assert says(plain(mode=mode)) == f"{said}, whenever I start it."


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ({"kind": "playlist", "playlist": MORNINGS}, "*Mornings*"),
        ({"kind": "playlist", "playlist": "4" * 22}, f"*{'4' * 22}*"),
        ({"kind": "liked"}, "*Liked songs*"),
        ({"kind": "liked", "account": "bob"}, "*Liked songs* of *Bob*"),
        ({"kind": "albums"}, "my saved albums"),
        ({"kind": "albums", "account": "bob"}, "the saved albums of *Bob*"),
        ({"kind": "top", "range": "6 months"}, "my top tracks of the last 6 months"),
        (
            {"kind": "top", "range": "year", "account": "bob"},
            "the top tracks of *Bob* of the last year",
        ),
        ({"kind": "recent"}, "my recently played tracks"),
        ({"kind": "uris", "uris": [uri("a")]}, "a list of 1 track"),
        ({"kind": "list", "list": "7"}, "the list *Set list*"),
        ({"kind": "version", "version": "8"}, "the version *Gym on 3 May*"),
    ],
)
def test_each_source_is_called_what_people_call_it(source: Json, said: str) -> None:
    assert says(plain(sources=[source])) == f"Keep *Gym* as {said}, whenever I start it."


def test_several_sources_are_joined_and_those_to_skip_named() -> None:
    sources = [
        {"kind": "playlist", "playlist": MORNINGS, "if_unreadable": "skip"},
        {"kind": "liked"},
        {"kind": "recent", "if_unreadable": "skip"},
    ]

    assert says(plain(sources=sources)) == (
        "Keep *Gym* as *Mornings*, *Liked songs* and my recently played tracks, "
        "whenever I start it. "
        "Go on without *Mornings* or my recently played tracks if unreadable."
    )


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ([limit(100)], "the first 100 of *Liked songs*"),
        ([limit(1_000, which="last")], "the last 1,000 of *Liked songs*"),
        ([limit(1, unit="minutes")], "the first 1 minute of *Liked songs*"),
        ([NEWEST], "*Liked songs*, newest first"),
        ([NEWEST, limit(60, unit="minutes")], "the newest 60 minutes of *Liked songs*"),
        ([NEWEST, limit(9, which="last")], "*Liked songs*, newest first, then the last 9"),
        (
            [NEWEST, {"kind": "shuffle", "seed": "x"}, limit(9)],
            "*Liked songs*, newest first, then shuffled, then the first 9",
        ),
        ([limit(9), NEWEST], "*Liked songs*, the first 9, then newest first"),
        (
            [limit(9), NEWEST, limit(3)],
            ("*Liked songs*, the first 9, then newest first, then the first 3"),
        ),
        ([limit(9), WITHOUT_BLOCKED], "*Liked songs*, the first 9, then without *Block list*"),
        ([WITHOUT_BLOCKED, limit(9)], "*Liked songs*, without *Block list*, the first 9"),
        (
            [{"kind": "duplicates"}, {"kind": "duplicates", "same": "song", "keep": "longest"}],
            "*Liked songs*, each track once, each song once (the longest of each)",
        ),
        ([{"kind": "block"}], "*Liked songs*, without what is on my block list"),
        (
            [
                {
                    "kind": "sort",
                    "by": [{"field": "artist"}, {"field": "released", "order": "descending"}],
                }
            ],
            "*Liked songs*, sorted by artist and release date (newest first)",
        ),
        ([{"kind": "shuffle", "seed": "x"}], "*Liked songs*, shuffled"),
        (
            [{"kind": "shuffle", "seed": "x", "again": "week"}, limit(5)],
            "*Liked songs*, shuffled anew every week, then the first 5",
        ),
        (
            [{"kind": "space", "apart": 2}],
            "*Liked songs*, with 2 tracks of others between two of one artist",
        ),
        ([{"kind": "interleave"}], "*Liked songs*, taken from the sources in turn"),
        (
            [{"kind": "interleave", "weights": [2]}],
            "*Liked songs*, taken from the sources in turn (2)",
        ),
        (
            [limit(2, per="artist", which="last"), limit(30, unit="minutes", per="source")],
            "*Liked songs*, at most 2 per artist (the last), then at most 30 minutes per source",
        ),
    ],
)
def test_rules_are_said_in_their_order(rules: list[Json], said: str) -> None:
    assert of_rules(*rules) == said


def both(condition: Json) -> list[str]:
    """Return what is said of tracks that are kept, and of the others."""
    negated = {"kind": "not", "of": condition}
    return [
        of_rules({"kind": "keep", "when": one}).removeprefix("*Liked songs*, only tracks ")
        for one in (condition, negated)
    ]


@pytest.mark.parametrize(
    ("condition", "yes", "no"),
    [
        (LIVE, "whose title contains “live”", "whose title does not contain “live”"),
        (
            {"kind": "is", "field": "artist", "text": "Ada"},
            "whose artist is “Ada”",
            "whose artist is not “Ada”",
        ),
        (
            {"kind": "matches", "field": "album", "pattern": "^a|b$"},
            "whose album matches “^a|b$”",
            "whose album does not match “^a|b$”",
        ),
        (EXPLICIT, "that are explicit", "that are not explicit"),
        (
            {"kind": "duration", "at_most": 300},
            "that last at most 5 minutes",
            "that do not last at most 5 minutes",
        ),
        (
            {"kind": "duration", "at_least": 30, "at_most": 90},
            "that last between 30 seconds and 1:30 minutes",
            "that do not last between 30 seconds and 1:30 minutes",
        ),
        (
            {"kind": "age", "field": "added", "at_most_days": 30},
            "that were added in the last 30 days",
            "that were not added in the last 30 days",
        ),
        (
            {"kind": "age", "field": "released", "at_least_days": 1},
            "that were released at least 1 day ago",
            "that were not released at least 1 day ago",
        ),
        (
            {"kind": "age", "field": "added", "at_least_days": 7, "at_most_days": 14},
            "that were added between 7 and 14 days ago",
            "that were not added between 7 and 14 days ago",
        ),
        (
            {"kind": "date", "field": "released", "since": "2010-01-01", "until": "2019-12-31"},
            "that were released from 2010 to 2019",
            "that were not released from 2010 to 2019",
        ),
        (
            {"kind": "date", "field": "released", "since": "2020-01-01", "until": "2020-12-31"},
            "that were released in 2020",
            "that were not released in 2020",
        ),
        (
            {"kind": "date", "field": "released", "until": "1999-12-31"},
            "that were released in 1999 or earlier",
            "that were not released in 1999 or earlier",
        ),
        (
            {"kind": "date", "field": "added", "since": "2026-03-02"},
            "that were added on 2 March 2026 or later",
            "that were not added on 2 March 2026 or later",
        ),
        (
            {"kind": "in_playlist", "playlists": [MORNINGS, BLOCK_LIST], "same": "song"},
            "whose song is in *Mornings* or *Block list*",
            "whose song is not in *Mornings* or *Block list*",
        ),
        (
            {"kind": "in_my_playlists"},
            "that are in one of my other playlists",
            "that are in none of my other playlists",
        ),
        (
            {"kind": "in_my_playlists", "account": "bob"},
            "that are in one of the playlists of *Bob*",
            "that are in none of the playlists of *Bob*",
        ),
        ({"kind": "liked"}, "that are liked", "that are not liked"),
        (
            {"kind": "liked", "account": "bob"},
            "that are liked by *Bob*",
            "that are not liked by *Bob*",
        ),
        ({"kind": "blocked"}, "that are on my block list", "that are not on my block list"),
        (
            {"kind": "all", "of": [EXPLICIT, LIVE, {"kind": "liked"}]},
            "that are explicit, whose title contains “live” and that are liked",
            "that are not explicit, whose title does not contain “live” or that are not liked",
        ),
        (
            {"kind": "any", "of": [EXPLICIT, {"kind": "all", "of": [LIVE, {"kind": "liked"}]}]},
            "that are explicit or (whose title contains “live” and that are liked)",
            "that are not explicit and (whose title does not contain “live” or that are not liked)",
        ),
        (
            {"kind": "all", "of": [{"kind": "any", "of": [LIVE]}]},
            "whose title contains “live”",
            "whose title does not contain “live”",
        ),
    ],
)
def test_a_condition_and_its_negation_are_said_plainly(condition: Json, yes: str, no: str) -> None:
    assert both(condition) == [yes, no]


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (EXPLICIT, "without explicit tracks"),
        ({"kind": "blocked"}, "without what is on my block list"),
        ({"kind": "in_my_playlists"}, "without what is in any of my other playlists"),
        (
            {"kind": "in_my_playlists", "same": "song"},
            "without songs that are in any of my other playlists",
        ),
        (LIVE, "without tracks whose title contains “live”"),
    ],
)
def test_what_is_taken_out_is_said_in_short(condition: Json, said: str) -> None:
    assert of_rules({"kind": "drop", "when": condition}) == f"*Liked songs*, {said}"


@pytest.mark.parametrize(
    ("entries", "rest", "said"),
    [
        ([], {}, "whenever I start it."),
        ([DAILY], {}, "every day at 05:00."),
        ([{"kind": "hourly", "every_hours": 1}], {}, "every hour."),
        ([{"kind": "hourly", "every_hours": 6}], {"time_zone": "Asia/Tokyo"}, "every 6 hours."),
        (
            [{"kind": "weekly", "days": ["monday", "friday"], "at": "17:30"}],
            {"time_zone": "Europe/Berlin"},
            "every Monday and Friday at 17:30 (Europe/Berlin).",
        ),
        (
            [{"kind": "monthly", "day": day, "at": "00:00"} for day in (1, 12, 22, 31)],
            {},
            (
                "on the 1st of each month at 00:00, on the 12th of each month at 00:00, "
                "on the 22nd of each month at 00:00 and on the last day of each month at 00:00."
            ),
        ),
        ([{"kind": "cron", "text": "0 5 * * 1"}], {}, 'by cron "0 5 * * 1" (at 05:00 on Monday).'),
        (
            [DAILY],
            {"quiet": {"start": "22:00", "end": "07:00"}, "paused": True},
            "every day at 05:00, but not between 22:00 and 07:00. Paused.",
        ),
    ],
)
def test_times_are_said_as_people_say_them(entries: list[Json], rest: Json, said: str) -> None:
    assert when(*entries, **rest) == said


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ({"by_hand": "overwrite"}, "Overwrite changes made by hand."),
        ({"dates": "strict"}, "Keep every date that can be kept."),
        ({"dates": "cheapest"}, "Make as few calls as possible."),
        (
            {"guards": {"share": 30, "calls": 1}},
            "Ask before taking out more than 30 % of it or making more than 1 change.",
        ),
        ({"name": "Gym 2"}, "Name it *Gym 2*."),
        ({"description": "For <b>"}, "Describe it as “For <b>”."),
        ({"description": ""}, "Leave its description empty."),
    ],
)
def test_what_a_reader_would_not_take_for_granted_is_said_besides(target: Json, said: str) -> None:
    assert says(plain(**target)) == f"Keep *Gym* as *Liked songs*, whenever I start it. {said}"


def test_a_page_can_set_names_off_in_its_own_way() -> None:
    found = definition.check(plain(playlist={"kind": "new", "name": "Öl & <b>"}))

    assert sentence.segments(found, NAMES) == [
        Segment("Keep ", is_name=False),
        Segment("Öl & <b>", is_name=True),
        Segment(" (new) as ", is_name=False),
        Segment("Liked songs", is_name=True),
        Segment(", whenever I start it.", is_name=False),
    ]


def test_nobody_can_set_off_what_is_no_name() -> None:
    pattern = {"kind": "matches", "field": "title", "pattern": f"{START}a{END}"}
    names = Names(playlists={GYM: f"G{END}ym"})
    found = definition.check(plain({"kind": "keep", "when": pattern}))

    said = sentence.sentence(found, names)

    assert said.startswith("Keep *Gym* as")
    assert "“a”" in said


def test_a_preview_names_one_rule() -> None:
    found = definition.check(plain(NEWEST, WITHOUT_BLOCKED))

    assert sentence.rule(1, found, NAMES) == "without *Block list*"


@settings(deadline=None)
@given(inventing.definitions)
def test_every_recipe_can_be_read_back(data: Json) -> None:
    found = definition.check(data)

    said = sentence.sentence(found, NAMES)

    assert said[0].isupper()
    assert said.endswith(".")
    assert "None" not in said
    assert "  " not in said
    assert START not in said
    assert END not in said
    starred = ("*" if one.is_name else "" for one in sentence.segments(found, NAMES))
    assert "".join(starred).count("*") * 2 == said.count("*") - cron_stars(data)


def cron_stars(data: Json) -> int:
    return sum(one.get("text", "").count("*") for one in data["schedule"]["entries"])
