"""Plans are exact, keep what they promise and never make a list too short on the way."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import combinations, permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.follower import check, random_pair
from playlists import plan as planner
from playlists.plan import Add, Budget, Cheapest, Move, Policy, Remove, Replace, Strict, Why, plan

SMALL = 3  # a small batch, so that short lists meet what long ones do
POLICIES: list[Policy] = [Strict(), Budget(0), Budget(2), Budget(5), Cheapest()]


@st.composite
def pairs(draw: st.DrawFn, *, unique: bool = False) -> tuple[list[str], list[str]]:
    """Draw a list and a second one, often made of the first; what only moves is in both."""
    current = draw(st.lists(st.sampled_from("abcdefghijkl"), max_size=14, unique=unique))
    wanted = draw(
        st.one_of(
            st.lists(st.sampled_from("abcdefghijkl"), max_size=14, unique=unique),
            st.permutations(current),
            st.permutations(current).map(lambda order: list(order)[2:]),
        )
    )
    current, wanted = list(current), list(wanted)
    for fixed in draw(st.lists(st.sampled_from(["", "spotify:local:one"]), max_size=2)):
        for uris in (current, wanted):
            uris.insert(draw(st.integers(0, len(uris))), fixed)
    return current, wanted


@settings(max_examples=400, deadline=None)
@given(pairs(), st.sampled_from(POLICIES))
def test_a_plan_ends_at_the_wanted_list_and_says_what_becomes_of_each_item(
    lists: tuple[list[str], list[str]], policy: Policy
) -> None:
    current, wanted = lists

    check(current, wanted, plan(current, wanted, policy))


@settings(max_examples=200, deadline=None)
@given(pairs(), st.sampled_from(POLICIES), st.sets(st.integers(0, 15)))
def test_dates_that_count_are_kept_before_those_that_do_not(
    lists: tuple[list[str], list[str]], policy: Policy, chosen: set[int]
) -> None:
    current, wanted = lists
    dated = {place for place in chosen if place < len(current)}
    found = plan(current, wanted, policy, dated=dated)

    check(current, wanted, found)
    every = plan(current, wanted, policy)
    assert _of(found, dated) >= _of(every, dated)
    if len(dated) == len(current):
        assert found == every


def _of(found: planner.Plan, dated: set[int]) -> int:
    return sum(was in dated for was, _ in found.kept)


def test_a_budget_is_spent_on_the_dates_that_count() -> None:
    dice = random.Random(1)
    with_dates = without = 0
    for _ in range(30):
        wanted = [f"u{number}" for number in range(60)]
        current = dice.sample(wanted, 60)
        dated = set(dice.sample(range(60), 20))
        with_dates += _of(plan(current, wanted, dated=dated), dated)
        without += _of(plan(current, wanted), dated)

    assert with_dates > 1.2 * without, (with_dates, without)


@settings(max_examples=400, deadline=None)
@given(pairs(unique=True), st.sampled_from(POLICIES))
def test_a_plan_of_many_small_calls_never_makes_the_list_too_short(
    lists: tuple[list[str], list[str]], policy: Policy
) -> None:
    current, wanted = lists
    found = plan(current, wanted, policy, batch=SMALL)

    check(current, wanted, found, batch=SMALL)


@settings(max_examples=300, deadline=None)
@given(pairs())
def test_a_strict_plan_keeps_every_keepable_date(lists: tuple[list[str], list[str]]) -> None:
    current, wanted = lists
    found = plan(current, wanted, Strict())

    assert len(found.kept) == found.keepable == planner.keepable(current, wanted)
    assert {lost.why for lost in found.lost} <= {Why.COPIES}


@settings(max_examples=300, deadline=None)
@given(pairs(unique=True))
def test_no_strict_plan_has_fewer_calls_than_the_lower_bound(
    lists: tuple[list[str], list[str]],
) -> None:
    current, wanted = lists

    assert plan(current, wanted, Strict()).calls >= planner.least_calls(current, wanted)


@settings(max_examples=300, deadline=None)
@given(pairs(unique=True), st.integers(0, 6))
def test_a_budget_is_not_overdrawn(lists: tuple[list[str], list[str]], extra: int) -> None:
    current, wanted = ([uri for uri in uris if len(uri) == 1] for uris in lists)
    calls = planner.allowance(current, wanted, extra, batch=SMALL)
    found = plan(current, wanted, Budget(extra), batch=SMALL)

    assert found.calls <= calls


@settings(max_examples=400, deadline=None)
@given(pairs(unique=True), st.integers(0, 6))
def test_no_plan_keeps_more_dates_than_the_upper_bound_of_its_calls(
    lists: tuple[list[str], list[str]], extra: int
) -> None:
    current, wanted = lists
    for policy in (Budget(extra), Strict()):
        found = plan(current, wanted, policy)

        assert len(found.kept) <= planner.most_kept(current, wanted, found.calls)


@settings(max_examples=200, deadline=None)
@given(pairs(unique=True))
def test_the_cheapest_plan_has_no_more_calls_than_any_other(
    lists: tuple[list[str], list[str]],
) -> None:
    current, wanted = lists
    least = plan(current, wanted, Cheapest()).calls

    assert least <= plan(current, wanted, Strict()).calls
    assert least <= plan(current, wanted, Budget(0)).calls


@pytest.mark.parametrize("seed", range(300))
def test_random_lists_of_some_hundred_items_are_reached(seed: int) -> None:
    rng = random.Random(seed)
    current, wanted = random_pair(rng)
    for policy in (Strict(), Budget(rng.randrange(8)), Cheapest()):
        check(current, wanted, plan(current, wanted, policy))


@pytest.mark.parametrize("size", range(1, 8))
def test_strict_plans_of_all_permutations_are_nearly_optimal(size: int) -> None:
    wanted = [chr(ord("a") + number) for number in range(size)]
    fewest = distances(size)
    beyond = [
        plan([wanted[i] for i in order], wanted, Strict()).calls - fewest[order]
        for order in permutations(range(size))
    ]

    assert min(beyond) == 0
    assert max(beyond) <= 2
    assert beyond.count(0) >= 0.93 * len(beyond)


def distances(size: int) -> dict[tuple[int, ...], int]:
    """Search the fewest block moves from each permutation to the sorted one, breadth first."""
    sorted_one = tuple(range(size))
    found = {sorted_one: 0}
    layer = [sorted_one]
    while layer:
        following = []
        for one in layer:
            for i in range(size):
                for j in range(i + 1, size):
                    for k in range(j + 1, size + 1):
                        other = one[:i] + one[j:k] + one[i:j] + one[k:]
                        if other not in found:
                            found[other] = found[one] + 1
                            following.append(other)
        layer = following
    return found


@pytest.mark.parametrize("calls", range(1, 4))
def test_no_search_of_all_calls_keeps_more_dates_than_the_upper_bound(calls: int) -> None:
    current = list("abcd")
    reached = most_dates(current, "abcdx", calls)
    beyond = [
        planner.most_kept(current, wanted, calls, batch=SMALL) - reached.get(wanted, 0)
        for size in range(2, 6)
        for wanted in permutations("abcdx", size)
    ]

    assert min(beyond) == 0
    assert sum(beyond) < 0.5 * len(beyond)


def most_dates(
    current: Sequence[str], catalogue: Sequence[str], calls: int
) -> dict[tuple[str, ...], int]:
    """Search the most dates that each list reached by so many calls can have, breadth first."""
    layer = {tuple((uri, True) for uri in current)}
    seen = set(layer)
    for _ in range(calls):
        layer = {after for one in layer for after in all_calls(one, catalogue)} - seen
        seen |= layer
    best: dict[tuple[str, ...], int] = {}
    for one in seen:
        wanted = tuple(uri for uri, _ in one)
        best[wanted] = max(best.get(wanted, 0), sum(dated for _, dated in one))
    return best


def all_calls(items: tuple[tuple[str, bool], ...], catalogue: Sequence[str]) -> Iterator[Any]:
    """Yield what each removal, each addition and each move makes of ``items``."""
    here = [uri for uri, _ in items]
    for count in range(1, SMALL + 1):
        for gone in combinations(here, count):
            yield tuple(item for item in items if item[0] not in gone)
        for new in permutations([uri for uri in catalogue if uri not in here], count):
            for place in range(len(items) + 1):
                yield (*items[:place], *((uri, False) for uri in new), *items[place:])
    for i, j, k in combinations(range(len(items) + 1), 3):
        yield (*items[:i], *items[j:k], *items[i:j], *items[k:])


def uris(count: int, name: str = "track") -> list[str]:
    return [f"spotify:{name}:{number}" for number in range(count)]


def test_nothing_to_do_is_no_call() -> None:
    for policy in POLICIES:
        assert plan(uris(250), uris(250), policy).edits == ()


def test_thirty_more_tracks_are_one_addition() -> None:
    found = plan(uris(10_000 - 30), uris(10_000))

    assert found.edits == (Add(9_970, tuple(uris(10_000)[9_970:])),)


def test_one_block_that_moves_is_one_call_and_keeps_its_dates() -> None:
    current = uris(500)
    wanted = current[20:400] + current[:20] + current[400:]
    found = plan(current, wanted, Strict())

    assert found.edits == (Move(0, 20, 400),)
    assert found.moved == tuple(range(20))
    assert len(found.kept) == 500


def test_one_copy_too_many_costs_the_dates_of_all_copies_and_says_why() -> None:
    current = [*uris(5), "spotify:track:2"]
    found = plan(current, uris(5), Strict())

    assert found.edits == (Remove(("spotify:track:2",)), Add(2, ("spotify:track:2",)))
    assert [(lost.was, lost.why) for lost in found.lost] == [(2, Why.COPIES)]
    assert found.removed == (5,)


def test_a_short_list_of_which_nothing_stays_is_overwritten() -> None:
    wanted = uris(150, "episode")
    found = plan(uris(100), wanted, Cheapest())

    assert found.edits == (Replace(tuple(wanted[:100])), Add(100, tuple(wanted[100:])))


def test_a_long_list_is_exchanged_without_being_emptied() -> None:
    current, wanted = uris(10_000), uris(10_000, "episode")
    found = plan(current, wanted)

    check(current, wanted, found)
    assert found.calls == planner.rewrite_price(current, wanted) == 200


def test_local_files_can_only_be_moved() -> None:
    local = "spotify:local:artist:album:title:1"
    current = [*uris(3), local, ""]
    wanted = ["", *uris(3, "episode"), local]
    for policy in POLICIES:
        found = plan(current, wanted, policy)
        check(current, wanted, found)
        assert {(3, 4), (4, 0)} <= set(found.kept)


def test_local_files_are_moved_in_long_lists_full_of_copies_too() -> None:
    rng = random.Random(5)
    for _ in range(2):
        tracks = [rng.choice(uris(120)) for _ in range(230)]
        current, wanted = [*tracks, ""], ["", *rng.sample(tracks, 215)]
        check(current, wanted, plan(current, wanted, Cheapest()))


@pytest.mark.parametrize("special", ["spotify:local:artist:album:title:1", ""])
def test_a_local_file_or_an_empty_place_cannot_come_or_go(special: str) -> None:
    for current, wanted in (([special], []), ([], [special]), ([special] * 2, [special])):
        with pytest.raises(planner.Unwritable):
            plan(current, wanted)


def test_a_single_track_with_hundreds_of_copies_cannot_become_fewer() -> None:
    with pytest.raises(planner.Unreachable):
        plan(["spotify:track:a"] * 300, ["spotify:track:a"] * 250)


@pytest.mark.parametrize("policy", POLICIES)
def test_what_is_added_once_more_leaves_the_first_one_where_it_is(policy: Policy) -> None:
    current = [f"uri:{number}" for number in range(70)]
    wanted = current + [f"uri:{number}" for number in range(60, 310)]

    made = plan(current, wanted, policy)

    assert [type(edit) for edit in made.edits] == [Add, Add, Add]
    assert all(isinstance(edit, Add) and edit.position >= 70 for edit in made.edits)
