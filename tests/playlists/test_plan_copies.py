"""Lists full of copies: a removal takes all copies of a track, and still no list is emptied."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.follower import check, full_of_copies, is_out_of_reach
from playlists import plan as planner
from playlists.models import Run
from playlists.plan import Add, Budget, Cheapest, Policy, Remove, Strict, Why, plan
from tests.playlists.cast import Member, tracks, worked, writes

POLICIES: list[Policy] = [Strict(), Budget(0), Budget(5), Cheapest()]
A, B, C = (f"spotify:track:{name}" for name in "abc")
Counts = tuple[int, ...]


def reached(current: Sequence[str], wanted: Sequence[str], policy: Policy, batch: int) -> bool:
    try:
        found = plan(current, wanted, policy, batch=batch)
    except planner.Unreachable:
        return False
    check(current, wanted, found, batch=batch)
    return True


@settings(max_examples=400, deadline=None)
@given(
    st.lists(st.sampled_from("aaabbc"), max_size=30),
    st.lists(st.sampled_from("abccc"), max_size=30),
    st.sampled_from(["", "x", "xy", "xyzxyz"]),
    st.sampled_from(POLICIES),
    st.integers(1, 4),
)
def test_small_lists_of_copies_are_reached_unless_nothing_can_go_last(
    current: list[str], wanted: list[str], more: str, policy: Policy, batch: int
) -> None:
    for lists in ((current, [*wanted, *more]), ([*more, *current], wanted)):
        out_of_reach = is_out_of_reach(*lists, batch)

        assert reached(*lists, policy, batch) is not out_of_reach


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from("abc"), max_size=20),
    st.lists(st.sampled_from("abc"), max_size=20),
    st.lists(st.sampled_from(["", "spotify:local:one"]), max_size=3),
    st.sampled_from(POLICIES),
    st.randoms(use_true_random=False),
)
def test_local_files_stay_among_copies(
    current: list[str],
    wanted: list[str],
    fixed: list[str],
    policy: Policy,
    rng: random.Random,
) -> None:
    lists = [rng.sample([*uris, *fixed], len(uris) + len(fixed)) for uris in (current, wanted)]

    assert reached(*lists, policy, 2) is not is_out_of_reach(*lists, 2)


@pytest.mark.parametrize("batch", [1, 2])
def test_what_is_called_out_of_reach_is_so_for_any_calls_and_strict_plans_keep_the_most(
    batch: int,
) -> None:
    rng = random.Random(batch)
    out_of_reach = 0
    for _ in range(80):
        now, then = (tuple(rng.choices((0, 1, 3, 4, 5), (1, 1, 3, 3, 3), k=3)) for _ in range(2))
        current, wanted = (
            rng.sample("abc", counts=counts, k=sum(counts)) if any(counts) else []
            for counts in (now, then)
        )
        most = most_dates(now, then, batch)
        assert reached(current, wanted, Cheapest(), batch) is (most is not None)
        if most is None:
            out_of_reach += 1
        else:
            assert len(plan(current, wanted, Strict(), batch=batch).kept) == most

    assert 3 <= out_of_reach <= 60


def most_dates(now: Counts, then: Counts, batch: int) -> int | None:
    """Search all calls for the most dates with which the counts can change; None: they cannot.

    Only tracks of the two lists come, and the list becomes no longer than could ever help. Where
    copies stand does not matter here, for moves are free.
    """
    floor = min(sum(now), sum(then)) - batch
    known = [number for number in range(len(now)) if now[number] or then[number]]
    longest = max(sum(now), sum(then), floor + max(*now, *then)) + 2
    start = (now, frozenset(known))  # how many there are, and which were never taken out
    seen = {start}
    open_ones = [start]
    best: int | None = None
    while open_ones:
        here, dated = open_ones.pop()
        if here == then:
            kept = sum(now[number] for number in dated)
            best = kept if best is None else max(best, kept)
        for after in all_calls(here, dated, known, batch, floor, longest):
            if after not in seen:
                seen.add(after)
                open_ones.append(after)
    return best


def all_calls(
    here: Counts, dated: frozenset[int], known: list[int], batch: int, floor: int, longest: int
) -> Iterator[tuple[Counts, frozenset[int]]]:
    """Yield what removals make of the counts, and what it makes to add one item."""
    for count in range(1, batch + 1):
        for gone in combinations(known, count):
            left = tuple(0 if number in gone else size for number, size in enumerate(here))
            if sum(left) >= floor:
                yield left, dated.difference(gone)
    if sum(here) < longest:
        for number in known:
            yield (*here[:number], here[number] + 1, *here[number + 1 :]), dated


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("seed", range(40))
def test_lists_of_few_tracks_with_many_copies_are_reached(seed: int, policy: Policy) -> None:
    rng = random.Random(seed)
    current, wanted = full_of_copies(rng, rng.choice([200, 300, 500]))

    assert reached(current, wanted, policy, 100) is not is_out_of_reach(current, wanted, 100)


def test_a_track_that_comes_anyway_pads_while_all_copies_of_another_are_away() -> None:
    current = [*[A] * 150, *[B] * 150]
    wanted = [*[A] * 149, *[B] * 150, C]
    found = plan(current, wanted, Strict())

    check(current, wanted, found)
    assert found.edits[0] == Add(300, (C,) * 50)
    assert found.edits[1] == Remove((A,))
    assert found.edits[-2:] == (Remove((C,)), Add(299, (C,)))
    assert {was for was, _ in found.kept} == set(range(150, 300))


def test_new_tracks_make_room_before_copies_are_taken_out() -> None:
    current = [*[A] * 300, *[f"spotify:track:{n}" for n in range(300)]]
    wanted = [*current[1:], *[f"spotify:track:new{n}" for n in range(250)]]
    found = plan(current, wanted, Strict())

    check(current, wanted, found)
    assert len(found.kept) == found.keepable == 300
    assert found.calls == 3 + 1 + 3


def test_a_date_is_lost_for_room_only_where_no_other_track_can_pad_and_the_plan_says_so() -> None:
    current = [*[A] * 200, *[B] * 200, *[C] * 50]
    wanted = [*[A] * 199, *[B] * 200, *[C] * 50]
    found = plan(current, wanted, Strict())

    check(current, wanted, found)
    assert {was for was, _ in found.kept} == set(range(200, 400))
    assert Counter(lost.why for lost in found.lost) == {Why.COPIES: 199, Why.ROOM: 50}


@pytest.mark.parametrize("policy", POLICIES)
def test_three_tracks_that_are_wanted_too_often_can_be_moved_but_not_lose_a_copy(
    policy: Policy,
) -> None:
    current = [*[A] * 120, *[B] * 120, *[C] * 120]
    moved = [*[C] * 120, *[A] * 120, *[B] * 120]

    assert reached(current, moved, policy, 100)
    with pytest.raises(planner.Unreachable):
        plan(current, [*moved[1:], A], policy)


def test_the_list_grows_past_what_a_list_may_hold_only_by_the_copies_of_one_track() -> None:
    rng = random.Random(3)
    few = [f"spotify:track:{number}" for number in range(40)]
    current = [*rng.choices(few, k=9_999), C]
    wanted = [*rng.choices(few, k=9_999), C]
    found = plan(current, wanted)
    check(current, wanted, found)
    sizes = [len(current)]
    for edit in found.edits:
        if isinstance(edit, Add):
            sizes.append(sizes[-1] + len(edit.uris))
        if isinstance(edit, Remove):
            break

    assert max(sizes) <= 9_900 + max(Counter(current).values())


def confirmed(ada: Member, run: Run) -> Run:
    """Have the run done; copies of one date could be a list that changed while it was read."""
    run = worked(run)
    assert (run.state, run.code) == (Run.State.WAITING, "changing")
    return ada.later(run, seconds=40)


def test_a_run_that_is_out_of_reach_says_so_and_writes_nothing(ada: Member) -> None:
    now = [uri for uri in tracks(3) for _ in range(120)]
    playlist_id = ada.has(now)

    run = confirmed(ada, ada.wants(now[::-1][1:], playlist_id))

    assert run.state == Run.State.FAILED
    assert "more than 100 times" in run.sentence
    assert writes(ada) == []
    assert ada.spotify.uris(playlist_id) == now


def test_a_run_takes_one_of_many_copies_out_with_the_help_of_another_track(ada: Member) -> None:
    one, other, third = tracks(3)
    playlist_id = ada.has([*[one] * 150, *[other] * 150])
    wanted = [*[one] * 149, third, *[other] * 150]

    run = confirmed(ada, ada.wants(wanted, playlist_id))

    assert run.state == Run.State.DONE, run.sentence
    assert ada.spotify.uris(playlist_id) == wanted
