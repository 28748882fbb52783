"""What each mode makes of a playlist, and that doing it twice changes nothing."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from playlists import aims
from playlists.recipes.definition import Target
from playlists.recipes.targets import Wanted, wanted
from playlists.spotify import Item
from tests.playlists.recipes import inventing
from tests.playlists.recipes.inventing import NOW, recipe

LOCAL = "spotify:local:a:b:c:1"


def dated(days_ago: float) -> str:
    return (NOW - timedelta(days=days_ago)).isoformat().replace("+00:00", "Z")


def items(letters: str, *, days_ago: float = 0) -> list[Item]:
    return [Item(letter, dated(days_ago)) for letter in letters]


def target(kind: str, *, by_hand: str | None = None, **mode: Any) -> Target:
    hand = {"by_hand": by_hand} if by_hand else {}
    return recipe(mode={"kind": kind, **mode}, **hand).target


def made(
    aimed: Target, evaluated: str, now: str | list[Item], *, ours: str | None = None
) -> tuple[str, str, str]:
    there = items(now) if isinstance(now, str) else now
    managed = None if ours is None else Counter(ours)
    found = wanted(aimed, list(evaluated), there, ours=managed, at=NOW)
    return "".join(found.uris), "".join(found.added), "".join(found.let_go)


@pytest.mark.parametrize(
    ("kind", "evaluated", "now", "ours", "expected"),
    [
        ("mirror", "cab", "abd", None, ("cab", "c", "d")),
        ("mirror", "aab", "Xab", "ab", ("aab", "a", "")),
        ("replace", "cab", "Xab", "ab", ("cab", "c", "X")),
        ("add_missing", "cbca", "ab", None, ("abc", "c", "")),
        ("add_missing", "cX", "aXY", "a", ("aXc", "c", "")),
        ("append", "cbca", "ab", None, ("abcc", "cc", "")),
        ("append", "aab", "ab", None, ("aba", "a", "")),
        ("prepend", "cda", "ab", None, ("cdab", "cd", "")),
        ("prepend", "cX", "XaY", "a", ("cXa", "c", "")),
    ],
)
def test_a_mode_decides_what_is_wanted(
    kind: str, evaluated: str, now: str, ours: str | None, expected: tuple[str, str, str]
) -> None:
    assert made(target(kind), evaluated, now, ours=ours) == expected


def test_what_was_added_by_hand_is_ours_where_changes_by_hand_are_overwritten() -> None:
    rolling = {"count": 2}

    assert made(target("rolling", **rolling), "c", "aXb", ours="ab")[2] == "a"
    overwriting = target("rolling", by_hand="overwrite", **rolling)
    assert made(overwriting, "c", "aXb", ours="ab")[2] == "aX"


def test_of_equal_copies_those_added_first_are_ours() -> None:
    now = [Item("a", dated(1)), Item("b", dated(5)), Item("a", dated(9))]

    assert made(target("append"), "", now, ours="ab")[0] == "ba"


def test_local_files_are_left_to_whoever_put_them_there() -> None:
    now = [*items("a"), Item(LOCAL, is_local=True), Item("")]

    assert made(target("append"), "b", now)[0] == "ab"


def test_a_window_lets_go_of_the_oldest_that_the_recipe_no_longer_brings() -> None:
    now = [*items("a", days_ago=3), *items("b", days_ago=9), *items("c", days_ago=1)]

    assert made(target("rolling", count=3), "d", now) == ("acd", "d", "b")
    assert made(target("rolling", count=3, at="start"), "d", now) == ("dac", "d", "b")
    assert made(target("rolling", count=3), "bd", now) == ("bcd", "d", "a")


def test_a_window_of_days_lets_go_of_what_is_older() -> None:
    now = [*items("a", days_ago=7.1), *items("b", days_ago=7), Item("c"), *items("d", days_ago=9)]

    assert made(target("rolling", days=7), "de", now) == ("bcde", "e", "a")


def test_of_more_tracks_than_a_window_holds_the_first_ones_count() -> None:
    assert made(target("rolling", count=2), "abc", "z") == ("ab", "ab", "z")
    assert made(target("rolling", count=2), "abc", "ab") == ("ab", "", "")


def test_a_window_of_both_keeps_to_both() -> None:
    now = [*items("ab", days_ago=9), *items("cde", days_ago=1)]

    assert made(target("rolling", days=7, count=2), "", now) == ("de", "", "abc")


def run(aimed: Target, evaluated: list[str], now: list[Item], ours: Counter[str] | None) -> Any:
    """Return the list and what is ours after a run, as push, aims and the ledger make it."""
    hand = Counter[str]()
    found = wanted(aimed, evaluated, now, ours=ours, at=NOW)
    aim = aims.replacing(found.uris, now, ours=None if aimed.overwrites else ours, taken_out=hand)
    return redated(now, aim.goal), Counter(aim.ours), found


def redated(now: list[Item], goal: list[str]) -> list[Item]:
    """Return the goal with its dates: taking one copy out takes all, and the others come anew."""
    dates: dict[str, list[str]] = {}
    for item in now:
        dates.setdefault(item.uri, []).append(item.added_at)
    for uri, count in Counter(goal).items():
        if len(dates.get(uri, [])) > count:
            del dates[uri]
    return [Item(uri, dates[uri].pop(0) if dates.get(uri) else dated(0)) for uri in goal]


@settings(deadline=None)
@given(
    inventing.modes,
    st.booleans(),
    st.lists(st.sampled_from("abcdef"), max_size=8),
    st.lists(st.tuples(st.sampled_from("abcdefXY"), st.integers(0, 80)), max_size=8),
    st.none() | st.lists(st.sampled_from("abcdef"), max_size=6),
)
def test_doing_it_again_changes_nothing(
    mode: Any,
    overwrites: bool,
    evaluated: list[str],
    there: list[tuple[str, int]],
    ours: list[str] | None,
) -> None:
    aimed = target(**mode, by_hand="overwrite" if overwrites else None)
    now = [Item(uri, dated(days)) for uri, days in there]
    managed = None if ours is None else Counter(ours) & Counter(item.uri for item in now)

    # Of copies that differ in nothing aims cannot know which one somebody added.
    doubled = Counter(item.uri for item in now) & Counter([*evaluated, *(ours or ())])
    assume(managed is None or max(doubled.values(), default=0) < 2)

    first, mine, found = run(aimed, evaluated, now, managed)
    again, still_mine, second = run(aimed, evaluated, first, mine)

    assert [item.uri for item in again] == [item.uri for item in first]
    assert still_mine == mine
    if not aimed.overwrites and managed is not None:
        by_hand = Counter(item.uri for item in now) - managed
        assert by_hand - Counter(item.uri for item in first) - Counter(found.uris) == Counter()
    assert second == Wanted(uris=second.uris, added=[], let_go=[])


@settings(deadline=None)
@given(
    st.sampled_from(["add_missing", "append", "prepend"]),
    st.lists(st.sampled_from("abcdef"), max_size=8),
    st.lists(st.sampled_from("abcdefXY"), max_size=8),
)
def test_what_is_there_stays_in_its_order(
    kind: str, evaluated: list[str], there: list[str]
) -> None:
    found = wanted(target(kind), evaluated, items("".join(there)), ours=None, at=NOW)

    start = len(found.added) if kind == "prepend" else 0
    assert found.uris[start : start + len(there)] == there
    assert set(evaluated) <= set(found.uris)
