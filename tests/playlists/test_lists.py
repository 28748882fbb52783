"""Text and files become lists of URIs; whatever is no track is named with its line and reason."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playlists import lists
from playlists.lists import NotAList, Unmatched
from tests.playlists.cast import tracks

ID = "4iV5W9uYEdYUVa79Axb7Rh"
TRACK = f"spotify:track:{ID}"
IDS = st.text("0123456789ABCabc", min_size=22, max_size=22)


@pytest.mark.parametrize(
    "line",
    [
        TRACK,
        f"  {TRACK}\t",
        f"SPOTIFY:track:{ID}",
        f"https://open.spotify.com/track/{ID}",
        f"http://open.spotify.com/track/{ID}/",
        f"https://open.spotify.com/track/{ID}?si=abc&context=x#t",
        f"https://open.spotify.com/intl-pt-br/track/{ID}?si=abc",
        f"https://open.spotify.com/embed/track/{ID}",
        f"open.spotify.com/track/{ID}",
        f"https://play.spotify.com/track/{ID}",
        f"Some song - https://open.spotify.com/track/{ID}",
        f"<https://open.spotify.com/track/{ID}>",
        f'["{TRACK}"]',
    ],
)
def test_a_link_in_any_form_gives_its_track(line: str) -> None:
    parsed = lists.parse(line)

    assert parsed.uris == (TRACK,)
    assert parsed.unmatched == ()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("Yesterday by The Beatles", "not a Spotify link"),
        ("https://example.org/track/" + ID, "not a Spotify link"),
        (f"https://open.spotify.com/album/{ID}", "a link to an album, not to a track"),
        (f"https://open.spotify.com/playlist/{ID}", "a link to a playlist, not to a track"),
        (f"spotify:artist:{ID}", "a link to an artist, not to a track"),
        ("spotify:local:A:B:Some+Song:123", "a local file: Spotify's API cannot add those"),
        ("spotify:local:A band:B:Song:1", "a local file: Spotify's API cannot add those"),
        (
            "https://spotify.link/AbCdEf",
            "a short link: open it in a browser and copy the address that it leads to",
        ),
        (
            "https://open.spotify.com/track/tooshort",
            "not a whole link: the track's id has 22 letters and digits",
        ),
        ("https://open.spotify.com/", "a link to Spotify, but not to a track"),
        (f'=HYPERLINK("https://open.spotify.com/track/{ID}")', "a formula, not a link"),
        ("@SUM(1+1)", "a formula, not a link"),
    ],
)
def test_a_line_without_a_track_is_named_with_its_reason(line: str, reason: str) -> None:
    parsed = lists.parse(f"{TRACK}\n\n{line}\n")

    assert parsed.uris == (TRACK,)
    assert parsed.unmatched == (Unmatched(3, line, reason),)


def test_episodes_and_copies_are_kept_in_order() -> None:
    episode = "spotify:episode:" + "e" * 22
    parsed = lists.parse("\n".join([TRACK, episode, TRACK]))

    assert parsed.uris == (TRACK, episode, TRACK)
    assert parsed.duplicates == 1


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_a_table_is_read_from_its_uri_column(delimiter: str, encoding: str) -> None:
    rows = [
        ["Track URI", "Track Name", "Album URI", "Artist URI(s)"],
        *([uri, "Café “x”", f"spotify:album:{ID}", f"spotify:artist:{ID}"] for uri in tracks(3)),
        ["spotify:local:A:B:C:1", "mine", "", ""],
    ]
    text = "\r\n".join(delimiter.join(f'"{cell}"' for cell in row) for row in rows)

    parsed = lists.parse(lists.decode(text.encode(encoding)))

    assert parsed.uris == tuple(tracks(3))
    assert [one.number for one in parsed.unmatched] == [5]


def test_a_table_may_hold_bare_ids_and_cells_of_many_lines() -> None:
    text = f'Name,Spotify ID\n"two\nlines",{ID}\nx,\n'

    parsed = lists.parse(text)

    assert parsed.uris == (TRACK,)
    assert parsed.unmatched == (Unmatched(4, "", "no link in this line"),)


def test_a_table_without_a_head_gives_every_track_in_it() -> None:
    assert lists.parse(f"1,{TRACK},Song\n2,{TRACK},Song\n").uris == (TRACK, TRACK)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"PK\x03\x04 rest of a spreadsheet", "spreadsheet"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "not a text file"),
        (b"\xff\xfea", "characters"),
    ],
)
def test_a_file_that_is_no_text_is_refused_in_words(data: bytes, words: str) -> None:
    with pytest.raises(NotAList, match=words):
        lists.parse(lists.decode(data))


def test_ten_thousand_lines_are_taken_and_one_more_is_not() -> None:
    text = "\n".join(tracks(10_000))

    assert len(lists.parse(text).uris) == 10_000
    with pytest.raises(NotAList, match="11,000 lines"):
        lists.parse("\n".join(tracks(11_000)))
    with pytest.raises(NotAList, match="10,001 tracks"):
        lists.parse(text + " " + TRACK)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=400))
def test_no_text_breaks_the_parser(text: str) -> None:
    try:
        parsed = lists.parse(text)
    except NotAList:
        return
    assert all(one.reason and len(one.text) <= 120 for one in parsed.unmatched)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_break_the_parser(data: bytes) -> None:
    try:
        lists.parse(lists.decode(data))
    except NotAList:
        return


@settings(max_examples=200, deadline=None)
@given(st.lists(IDS, max_size=30), st.sampled_from(["utf-8", "utf-16", "utf-8-sig", "latin-1"]))
def test_what_is_written_as_links_is_read_back(ids: list[str], encoding: str) -> None:
    text = "\r\n".join(f"https://open.spotify.com/track/{one}?si=1" for one in ids)

    parsed = lists.parse(lists.decode(text.encode(encoding)))

    assert parsed.uris == tuple(f"spotify:track:{one}" for one in ids)
    assert parsed.unmatched == ()


def test_a_head_with_a_cell_that_no_table_has_is_read_as_lines() -> None:
    parsed = lists.parse("x," + "a" * 140_000 + f"\n{TRACK}")

    assert parsed.uris == (TRACK,)
    assert [one.reason for one in parsed.unmatched] == ["not a Spotify link"]
