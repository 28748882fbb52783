"""A packed list is small and loses nothing, whatever stands in it."""

from __future__ import annotations

import random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from playlists.packing import pack, unpack, unpack_uris
from playlists.spotify import Item
from tests.playlists.cast import tracks

LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
uris = st.one_of(
    st.sampled_from([*tracks(3), "", "spotify:local:Me:Demo:Song:180"]),
    st.text(LETTERS, min_size=22, max_size=22).map("spotify:track:{}".format),
    st.text(LETTERS, min_size=22, max_size=22).map("spotify:episode:{}".format),
    st.text(),
)
dates = st.one_of(
    st.datetimes().map(lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%SZ")),
    st.sampled_from(["", "1970-01-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-01-01"]),
    st.text(),
)


@given(st.lists(st.builds(Item, uris, dates, st.booleans())))
@example([Item("spotify:track:" + "a" * 22 + "\n", "2026-01-01T00:00:00Z\n")])
@example([Item("spotify:track:" + "a" * 22, "٢٠٢٦-01-01T00:00:00Z")])
def test_what_is_packed_comes_out_again(items: list[Item]) -> None:
    packed = pack(items)

    assert unpack(packed) == items
    assert unpack_uris(packed) == [item.uri for item in items]


def test_nothing_is_an_empty_list() -> None:
    assert unpack(b"") == unpack_uris(b"") == []
    assert unpack(memoryview(pack([]))) == []


def test_titles_are_not_packed() -> None:
    packed = pack([Item(tracks(1)[0], title="A title", artists="Somebody")])

    assert unpack(packed) == [Item(tracks(1)[0])]


@pytest.mark.parametrize("count", [3_000, 10_000])
def test_an_item_takes_about_as_many_bytes_as_its_id_is_long(count: int) -> None:
    dice = random.Random(count)
    items = [
        Item(
            "spotify:track:" + "".join(dice.choices(LETTERS, k=22)),
            f"2026-01-01T{index // 100 % 24:02}:00:00Z",  # added a hundred at a time
        )
        for index in range(count)
    ]

    assert len(pack(items)) < 18 * count
