"""The calls that turn one list into another: exact, small, and never emptying the list."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playlists import steps
from playlists.steps import Add, Overwrite, Remove, Step
from tests.playlists.cast import tracks

BATCH = 3
LISTS = st.lists(st.sampled_from("abcdefghij"), max_size=14)


def fits(uris: Sequence[str]) -> bool:
    """Say whether no track is there more often than one batch: else there may be no way."""
    return all(count <= BATCH for count in Counter(uris).values())


def states(current: Sequence[str], plan: Sequence[Step]) -> list[list[str]]:
    seen = [list(current)]
    for step in plan:
        seen.append(step.apply(seen[-1]))
    return seen


@settings(max_examples=600, deadline=None)
@given(LISTS.filter(fits), LISTS)
def test_replace_ends_at_what_is_wanted_and_empties_nothing(
    current: list[str], wanted: list[str]
) -> None:
    plan = steps.replace(current, wanted, batch=BATCH)

    seen = states(current, plan)
    assert seen[-1] == wanted
    assert min(len(state) for state in seen) >= min(len(current), len(wanted)) - BATCH
    assert all(0 < len(step.uris) <= BATCH for step in plan)


@settings(max_examples=300, deadline=None)
@given(st.permutations(tracks(12)), st.integers(0, 12), st.integers(0, 12), st.data())
def test_a_list_without_copies_can_be_planned_again_from_any_state(
    order: list[str], now: int, then: int, data: st.DataObject
) -> None:
    current, wanted = order[:now], order[12 - then :]
    floor = min(now, then) - BATCH
    seen = states(current, steps.replace(current, wanted, batch=BATCH))
    state = seen[data.draw(st.integers(0, len(seen) - 1))]

    again = states(state, steps.replace(state, wanted, floor=floor, batch=BATCH))

    assert again[-1] == wanted
    assert min(len(one) for one in again) >= floor
    assert max(len(one) for one in again) <= max(now, then)


@settings(max_examples=200, deadline=None)
@given(LISTS, LISTS)
def test_append_adds_and_touches_nothing(current: list[str], new: list[str]) -> None:
    plan = steps.append(current, new, batch=BATCH)

    assert states(current, plan)[-1] == current + new
    assert all(isinstance(step, Add) and 0 < len(step.uris) <= BATCH for step in plan)


@pytest.mark.parametrize("different", [20, 60, 300])
def test_lists_full_of_copies_come_through(different: int) -> None:
    chance = random.Random(different)
    pool = tracks(different)
    current, wanted = chance.choices(pool, k=300), chance.choices(pool, k=300)

    seen = states(current, steps.replace(current, wanted))

    assert seen[-1] == wanted
    assert min(len(state) for state in seen) >= 200


def test_equal_lists_need_no_call() -> None:
    assert steps.replace(tracks(300), tracks(300)) == []


def test_what_is_common_at_start_and_end_stays() -> None:
    current = tracks(1000)
    wanted = [*current[:400], *tracks(2, start=5000), *current[401:]]

    assert steps.replace(current, wanted) == [
        Remove((current[400],)),
        Add(400, tuple(tracks(2, start=5000))),
    ]


def test_a_short_list_of_which_nothing_stays_is_overwritten() -> None:
    wanted = tracks(150, start=500)

    plan = steps.replace(tracks(100), wanted)

    assert plan == [Overwrite(tuple(wanted[:100])), Add(100, tuple(wanted[100:]))]


def test_a_longer_list_is_never_overwritten() -> None:
    plan = steps.replace(tracks(101), tracks(50, start=500))

    assert not any(isinstance(step, Overwrite) for step in plan)


@pytest.mark.parametrize("odd", ["", "spotify:local:a:b:c:1"])
def test_what_no_call_can_take_out_safely_is_refused(odd: str) -> None:
    with pytest.raises(steps.Unwritable):
        steps.replace([*tracks(3), odd], tracks(5, start=10))

    assert states([*tracks(3), odd], steps.append([*tracks(3), odd], tracks(1)))


def test_a_track_with_too_many_copies_is_refused_before_any_step() -> None:
    one, other = tracks(2)

    with pytest.raises(steps.Unreachable):
        steps.replace([one] * 150, [other, *[one] * 149])


def test_ten_thousand_items_take_two_hundred_calls() -> None:
    current, wanted = tracks(10_000), tracks(10_000, start=20_000)

    plan = steps.replace(current, wanted)

    assert len(plan) == 200
    assert states(current, plan)[-1] == wanted
