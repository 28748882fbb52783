"""A diff says exactly how one list became another, and no more than it must."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlists.diff import Diff, diff
from playlists.spotify import Item
from tests.playlists.cast import tracks

DATES = ("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z")
items = st.builds(Item, st.sampled_from(["", "a", "b", "c", "d", "e"]), st.sampled_from(DATES))
lists = st.lists(items, max_size=9)


def follow(old: list[Item], told: Diff) -> list[Item]:
    """Do to the old list what the diff says, and nothing else."""
    gone = {place.position for place in told.removed}
    lifted = {pair.before.position for pair in told.moved}
    dates = {pair.before.position: pair.after.item.added_at for pair in told.redated}
    stays = [
        Item(item.uri, dates.get(at, item.added_at))
        for at, item in enumerate(old)
        if at not in gone | lifted
    ]
    put = [(place.position, place.item) for place in told.added]
    put += [(pair.after.position, pair.after.item) for pair in told.moved]
    for position, item in sorted(put, key=lambda one: one[0]):
        stays.insert(position, item)
    return stays


def uris(*names: str) -> list[Item]:
    return [Item(name, DATES[0]) for name in names]


@given(lists, lists)
def test_what_it_says_turns_the_old_list_into_the_new(old: list[Item], new: list[Item]) -> None:
    told = diff(old, new)

    assert follow(old, told) == new
    assert len(told.kept) + len(told.removed) == len(old)
    assert len(told.kept) + len(told.added) == len(new)
    assert all(pair.before.item.uri == pair.after.item.uri for pair in told.kept)
    for place in (*told.removed, *(pair.before for pair in told.kept)):
        assert old[place.position] == place.item


@given(lists, lists)
def test_nothing_is_both_added_and_removed(old: list[Item], new: list[Item]) -> None:
    told = diff(old, new)

    added, removed = ({place.item.uri for place in places} for places in (told.added, told.removed))
    assert added & removed <= {""}


@given(st.permutations(range(7)))
def test_as_few_as_possible_count_as_moved(order: list[int]) -> None:
    old = [Item(str(number)) for number in range(7)]
    new = [old[number] for number in order]

    most = max(
        size
        for size in range(8)
        for kept in combinations(order, size)
        if list(kept) == sorted(kept)
    )

    assert len(diff(old, new).moved) == 7 - most


def test_a_list_is_no_different_from_itself() -> None:
    same = uris("a", "b", "", "a")

    assert diff(same, same).is_empty
    assert not diff(same, same[::-1]).is_empty


def test_copies_are_told_apart_by_their_dates() -> None:
    first, second = Item("a", DATES[0]), Item("a", DATES[1])

    told = diff([first, Item("b"), second], [Item("b"), second])

    assert [place.position for place in told.removed] == [0]
    assert not told.moved
    assert not told.redated


def test_an_item_that_was_put_in_again_has_another_date() -> None:
    told = diff([Item("a", DATES[0]), *uris("b")], [*uris("b"), Item("a", DATES[1])])

    (pair,) = told.redated
    assert (pair.before.position, pair.after.position) == (0, 1)
    assert [one.after.item.uri for one in told.moved] in (["a"], ["b"])
    assert not told.added


def test_a_slot_that_became_a_track_is_not_the_same_item() -> None:
    told = diff([Item("", DATES[0])], [Item("", DATES[1])])

    assert (len(told.removed), len(told.added)) == (1, 1)


@pytest.mark.parametrize("step", [1, -1])
def test_ten_thousand_items_of_one_track_are_compared(step: int) -> None:
    old = [Item(uri, DATES[0]) for uri in tracks(5_000)] + [Item("x", DATES[0])] * 5_000
    new = old[::step]

    told = diff(old, new)

    assert len(told.kept) == 10_000
    assert len(told.moved) == (0 if step == 1 else 5_000)
