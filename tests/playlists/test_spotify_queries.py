"""Search queries: what stands in them, and what may not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlists.spotify import queries


@pytest.mark.parametrize("text", ["USRC17607839", "us-rc1-76-07839", " US RC1 76 07839 "])
def test_a_recording_is_asked_for_by_its_isrc(text: str) -> None:
    assert queries.by_isrc(text) == "isrc:USRC17607839"


@pytest.mark.parametrize("text", ["", "USRC1760783", "USRC17607839X", "1SRC17607839", "isrc:*"])
def test_what_is_no_isrc_is_not_asked_for(text: str) -> None:
    with pytest.raises(ValueError, match="is no ISRC"):
        queries.by_isrc(text)


def test_a_track_is_asked_for_by_its_names() -> None:
    assert queries.by_names("Doxy", artist="Miles Davis") == "track:Doxy artist:Miles Davis"
    assert queries.by_names('12" Mix: "Live"', album=" A * B ") == "track:12 Mix Live album:A B"
    assert queries.by_text(" Miles  Davis - Doxy ") == "Miles Davis - Doxy"


def test_a_long_name_loses_words_at_its_end() -> None:
    query = queries.by_names("word " * 60, artist="Miles Davis")

    assert query.startswith("track:word word word")
    assert query.endswith("word artist:Miles Davis")
    assert 90 < len(query) <= queries.MOST_CHARACTERS


@pytest.mark.parametrize("text", ["", "  ", '":*'])
def test_no_words_are_no_query(text: str) -> None:
    with pytest.raises(ValueError, match="needs words"):
        queries.by_names(text)
    with pytest.raises(ValueError, match="needs words"):
        queries.by_text(text)


@given(title=st.text(), artist=st.text(), album=st.text())
def test_whatever_the_names_are_a_query_fits_and_has_only_our_filters(
    title: str, artist: str, album: str
) -> None:
    try:
        query = queries.by_names(title, artist=artist, album=album)
    except ValueError:
        return

    assert 0 < len(query) <= queries.MOST_CHARACTERS
    filters = [query.count(f"{name}:") for name in ("track", "artist", "album")]
    assert query.count(":") == sum(filters)
