"""What is taken out comes in again as the same list, whatever its titles are."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from urllib.parse import quote_plus

import pytest
from defusedxml import ElementTree
from hypothesis import example, given, settings
from hypothesis import strategies as st

from playlists import formats
from playlists.formats import FORMATS, Line, Row
from tests.playlists.cast import tracks

TRACK = tracks(1)[0]
LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
NASTY = [
    *('=HYPERLINK("http://example.org","x")', "=1+1", "+1", "-1", "@SUM(1)", "'=1", "''=1", " =1"),
    *("\t=1", "\r\n=1", "=cmd|' /C calc'!A0", "\uff1d1", "'Till I Collapse", "'", "''", "#1 Crush"),
    *(
        '"',
        '""',
        '","',
        "a,b;c\td|e",
        "a\nb",
        "a\r\nb",
        "a\rb",
        "\u2028",
        "</title>",
        "]]>",
        "&amp;",
    ),
    *(
        "<!-- -->",
        "\U0001f3b5 caf\u00e9 e\u0301",
        "\u202eright to left",
        "\u05e9\u05dc\u05d5\u05dd",
    ),
    *(
        "A, B",
        "A\\, B",
        "A\\\\, B",
        "\\",
        ",",
        "#EXTINF:1,x",
        "C:\\x",
        "http://example.org",
        "null",
    ),
    *("{}", "[]", "0", " padded ", "GBUM71029604", "spotify:track:x", "<#039;>", "a'b", "%41", "~"),
]
letters = st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t\r")
nasty = st.one_of(st.text(letters, max_size=30), st.sampled_from(NASTY))
ids = st.text(LETTERS, min_size=22, max_size=22)
local = st.lists(nasty.map(quote_plus), min_size=3, max_size=3).map(
    lambda parts: f"spotify:local:{':'.join(parts)}:180"
)
uris = st.one_of(ids.map("spotify:track:{}".format), ids.map("spotify:episode:{}".format), local)
dates = st.one_of(
    st.just(""), st.datetimes().map(lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%SZ"))
).filter(lambda date: not date or len(date) == 20)
isrcs = st.one_of(st.just(""), st.from_regex(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}", fullmatch=True))
rows = st.builds(
    Row,
    uri=uris,
    title=nasty,
    artists=nasty,
    album=nasty,
    duration_ms=st.integers(0, 24 * 3600 * 1000),
    isrc=isrcs,
    added_at=dates,
)
whole_rows = rows.filter(lambda row: bool(row.title))  # a local file may have its title in its URI


def taken_out(format_: str, written: list[Row], name: str = "Mine") -> str:
    return "".join(formats.write(format_, written, name=name))


def taken_in(text: str, format_: str = "") -> tuple[Line, ...]:
    read = formats.read(text.encode(), name=f"list.{format_}")
    assert read.unmatched == ()
    return read.lines


def row_of(line: Line) -> Row:
    return Row(
        uri=line.uri,
        title=line.title,
        artists=line.artists,
        album=line.album,
        duration_ms=line.duration_ms,
        isrc=line.isrc,
        added_at=line.added_at,
    )


@pytest.mark.parametrize("format_", ["csv", "json", "jspf", "xspf"])
@settings(max_examples=200, deadline=None)
@given(st.lists(whole_rows, max_size=6))
@example([Row(TRACK, title, title, title) for title in NASTY])
def test_every_field_comes_in_again_as_it_was(format_: str, written: list[Row]) -> None:
    read = taken_in(taken_out(format_, written), format_)

    assert [row_of(line) for line in read] == written
    assert not any(line.is_guessed for line in read)


@pytest.mark.parametrize("format_", list(FORMATS))
@settings(max_examples=200, deadline=None)
@given(st.lists(rows, max_size=6), nasty)
@example([Row(TRACK, title, title, title) for title in NASTY], "#EXTM3U\n")
def test_the_list_comes_in_again_in_every_format(
    format_: str, written: list[Row], name: str
) -> None:
    text = taken_out(format_, written, name)
    read = formats.read(text.encode(), name="list")  # known by content alone

    assert read.format == format_
    assert [line.uri for line in read.lines] == [row.uri for row in written]
    assert read.unmatched == ()
    if format_ in {"json", "jspf", "xspf"}:
        assert read.name == name.strip()


@pytest.mark.parametrize("format_", list(FORMATS))
def test_what_spotify_does_not_have_any_more_keeps_its_place_by_its_title(format_: str) -> None:
    written = [Row("", "One Vision", "Queen", duration_ms=310_000), Row(TRACK), Row("", "B", "C")]

    read = taken_in(taken_out(format_, written))

    assert [(line.uri, line.artists, line.title) for line in read] == [
        ("", "Queen", "One Vision"),
        (TRACK, "", ""),
        ("", "C", "B"),
    ]
    assert read[0].duration_ms == 310_000


@pytest.mark.parametrize("format_", list(FORMATS))
def test_an_empty_list_is_one_in_every_format(format_: str) -> None:
    read = formats.read(taken_out(format_, []), name="x")

    assert (read.format, read.lines, read.unmatched) == (format_, (), ())


@pytest.mark.parametrize("format_", ["xspf", "json", "jspf", "csv", "m3u8"])
def test_characters_that_a_format_cannot_hold_lose_no_track(format_: str) -> None:
    written = [Row(TRACK, "a\x0b\x1f\ud800\uffffb", "c\x00d"), Row(TRACK, "next")]

    text = "".join(formats.write(format_, written, name="\x01"))
    read = formats.read(text.replace("\0", "").encode("utf-8", "replace"))

    assert [line.uri for line in read.lines] == [TRACK, TRACK]


def test_the_table_has_exportifys_columns_and_one_row_for_each_item() -> None:
    written = [
        Row(TRACK, "One Vision", "Queen", "Hits", 310_000, "GBUM71029604", "2024-01-02T03:04:05Z")
    ]

    head, row = csv.reader(io.StringIO(taken_out("csv", written), newline=""))

    assert head == [
        *("Track URI", "Track Name", "Artist URI(s)", "Artist Name(s)", "Album URI", "Album Name"),
        *("Album Artist URI(s)", "Album Artist Name(s)", "Album Release Date", "Album Image URL"),
        *("Disc Number", "Track Number", "Track Duration (ms)", "Track Preview URL", "Explicit"),
        *("Popularity", "ISRC", "Is Playable", "Added By", "Added At"),
    ]
    assert {name: cell for name, cell in zip(head, row, strict=True) if cell} == {
        "Track URI": TRACK,
        "Track Name": "One Vision",
        "Artist Name(s)": "Queen",
        "Album Name": "Hits",
        "Track Duration (ms)": "310000",
        "ISRC": "GBUM71029604",
        "Added At": "2024-01-02T03:04:05Z",
    }


@given(nasty)
@example("=1")
def test_no_cell_is_a_formula(title: str) -> None:
    written = [Row(TRACK, title, title, title, isrc=title, added_at=title)]

    _, row = csv.reader(io.StringIO(taken_out("csv", written), newline=""))

    assert not any(cell.lstrip().startswith(tuple("=+-@\uff1d\uff0b\uff0d\uff20")) for cell in row)


def test_xspf_and_jspf_are_what_their_readers_elsewhere_expect() -> None:
    written = [Row(TRACK, "One Vision", "Queen", "Hits", 310_000, "GBUM71029604")]
    link = f"https://open.spotify.com/track/{TRACK.rpartition(':')[2]}"
    space = "{http://xspf.org/ns/0/}"

    xspf = ElementTree.fromstring(taken_out("xspf", written))
    (track,) = xspf.iterfind(f"{space}trackList/{space}track")
    jspf = json.loads(taken_out("jspf", written))

    assert {one.tag.removeprefix(space): one.text for one in track} == {
        "location": link,
        "identifier": "isrc:GBUM71029604",
        "title": "One Vision",
        "creator": "Queen",
        "album": "Hits",
        "duration": "310000",
    }
    assert jspf == {
        "playlist": {
            "title": "Mine",
            "track": [
                {
                    "location": [link],
                    "identifier": ["isrc:GBUM71029604"],
                    "title": "One Vision",
                    "creator": "Queen",
                    "album": "Hits",
                    "duration": 310_000,
                }
            ],
        }
    }


def test_m3u8_is_what_players_expect() -> None:
    written = [Row(TRACK, "One\nVision", "Queen", "Hits", 310_400), Row(TRACK)]
    link = f"https://open.spotify.com/track/{TRACK.rpartition(':')[2]}"

    assert taken_out("m3u8", written, "A\nB").splitlines() == [
        *("#EXTM3U", "#PLAYLIST:A B", "#EXTINF:310,Queen - One Vision", "#EXTALB:Hits", link),
        *("#EXTINF:-1,", link),
    ]


@pytest.mark.parametrize("format_", list(FORMATS))
def test_a_list_is_written_while_its_rows_come(format_: str) -> None:
    taken = 0

    def coming() -> Iterator[Row]:
        nonlocal taken
        for uri in tracks(5_000):
            taken += 1
            yield Row(uri, "A title", "An artist")

    blocks = formats.write(format_, coming(), name="Mine")
    next(blocks)

    assert 0 < taken < 500
    assert max(map(len, blocks)) < 20_000
    assert taken == 5_000


def test_a_whole_playlist_comes_in_again() -> None:
    written = [Row(uri, f"Title {uri[-5:]}", "A, B", "C", 1000) for uri in tracks(10_000)]

    for format_ in FORMATS:
        read = taken_in(taken_out(format_, written))
        assert [line.uri for line in read] == [row.uri for row in written]
