"""What a playlist is to hold in the end, for all kinds of changes by hand."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from playlists import aims
from playlists.aims import Changes
from playlists.spotify import Item

LETTERS = st.lists(st.sampled_from("abcdefg"), max_size=12)
LOCAL = "spotify:local:a:b:c:1"


def items(uris: list[str]) -> list[Item]:
    return [Item(uri, is_local=uri.startswith("spotify:local:")) for uri in uris]


def replaced(wanted: str, now: str, *, ours: str | None = None, out: str = "") -> str:
    aim = aims.replacing(
        list(wanted),
        items(list(now)),
        ours=None if ours is None else Counter(ours),
        taken_out=Counter(out),
    )
    return "".join(aim.goal)


def test_without_a_ledger_all_that_is_there_is_ours() -> None:
    assert replaced("xyz", "abc") == "xyz"


def test_what_was_added_by_hand_follows_what_it_followed() -> None:
    assert replaced("abcd", "aXbYc", ours="abc") == "aXbYcd"


def test_what_followed_something_that_goes_follows_what_came_before_it() -> None:
    assert replaced("ac", "abXc", ours="abc") == "aXc"


def test_what_followed_nothing_that_stays_comes_first() -> None:
    assert replaced("cd", "XabY", ours="ab") == "XYcd"


def test_neighbours_added_by_hand_stay_neighbours() -> None:
    assert replaced("ba", "aXYb", ours="ab") == "baXY"


def test_what_was_taken_out_stays_out() -> None:
    assert replaced("abcd", "abd", ours="abcd", out="c") == "abd"


def test_what_is_wanted_too_is_there_once() -> None:
    assert replaced("aXb", "abX", ours="ab") == "aXb"


def test_the_newest_of_equal_copies_is_the_one_added_by_hand() -> None:
    now = [Item("a", "2026-02-01"), Item("b", "2026-01-01"), Item("a", "2026-01-01")]

    aim = aims.replacing(["b", "a", "c"], now, ours=Counter("ba"), taken_out=Counter())

    assert aim.goal == ["a", "b", "a", "c"]
    assert aim.by_hand == 1


def test_local_files_stay_though_nobody_wants_them_and_go_where_they_are_wanted() -> None:
    now = items(["a", LOCAL, "b"])

    stays = aims.replacing(["c", "a"], now, ours=None, taken_out=Counter())
    moves = aims.replacing([LOCAL, "c", LOCAL], now, ours=None, taken_out=Counter())

    assert stays.goal == ["c", "a", LOCAL]
    assert stays.ours == ["c", "a"]
    assert moves.goal == [LOCAL, "c"]
    assert moves.missing == [LOCAL]


def test_what_is_put_back_stands_where_it_stood() -> None:
    aim = aims.inserting(["c", "a"], items(list("bXd")), list("abcd"))

    assert "".join(aim.goal) == "abcXd"


def test_what_is_put_back_without_a_context_comes_last() -> None:
    assert aims.inserting(["z"], items(list("ab")), []).goal == ["a", "b", "z"]


def test_a_change_is_undone_where_half_of_it_is() -> None:
    start, end = list("abcdefgh"), list("efghijkl")

    assert aims.undoing(start, end, end) is None
    assert aims.undoing(start, end, start) == Changes(Counter("abcd"), Counter("ijkl"))
    assert aims.undoing(start, end, [*end, "X", "a"]) is None


def test_an_order_that_is_changed_back_is_undone() -> None:
    assert aims.undoing(list("abc"), list("cab"), list("abc")) is not None
    assert aims.undoing(list("abc"), list("cab"), list("bac")) is None


@given(LETTERS, LETTERS, LETTERS)
def test_by_hand_nothing_is_lost_and_nothing_doubled(
    wanted: list[str], ours: list[str], now: list[str]
) -> None:
    mine = [f"mine:{uri}" for uri in now[:4]]
    there = [*now[:2], *mine, *now[2:]]

    aim = aims.replacing(wanted, items(there), ours=Counter(ours), taken_out=Counter())

    added = Counter(there) - Counter(ours)
    expected = Counter(wanted) + (added - (Counter(wanted) - (Counter(there) - added)))
    assert Counter(aim.goal) == expected
    assert [uri for uri in aim.goal if uri in mine] == mine
    assert Counter(aim.goal) - Counter(aim.ours) == expected - Counter(wanted)


@given(LETTERS, LETTERS)
def test_the_order_of_what_is_wanted_is_kept(wanted: list[str], now: list[str]) -> None:
    mine = [f"mine:{uri}" for uri in now]

    aim = aims.replacing(wanted, items(mine), ours=Counter(), taken_out=Counter())

    assert [uri for uri in aim.goal if uri not in mine] == wanted


@given(LETTERS, LETTERS)
def test_a_change_in_the_middle_reaches_the_goal(goal: list[str], now: list[str]) -> None:
    hand = aims.changes(goal, now)

    assert Counter(aims.regained(goal, items(now), hand)) == Counter(now)


@given(LETTERS, LETTERS, LETTERS)
def test_what_somebody_brings_before_us_is_not_brought_again(
    goal: list[str], before: list[str], added: list[str]
) -> None:
    now = [*before, *added]
    hand = aims.unforeseen(aims.changes(before, now), goal, now)

    stayed = Counter(goal) & Counter(before)
    assert Counter(aims.regained(goal, items(now), hand)) == Counter(goal) | stayed + Counter(added)


@given(LETTERS, st.data())
def test_all_that_was_taken_out_can_be_put_back(context: list[str], data: st.DataObject) -> None:
    out = data.draw(st.sets(st.sampled_from("abcdefg")))
    now = [uri for uri in context if uri not in out]
    chosen = [uri for uri in context if uri in out]

    assert aims.inserting(chosen, items(now), context).goal == context
