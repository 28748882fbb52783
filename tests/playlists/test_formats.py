"""Lists as people and programs write them are read; what is no track is named with its reason."""

from __future__ import annotations

import contextlib
import json
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playlists import formats, uploads
from playlists.formats import Line, NotAList, Unmatched, fields, freetext
from tests.playlists.cast import tracks

ID = "4iV5W9uYEdYUVa79Axb7Rh"
TRACK = f"spotify:track:{ID}"
LOCAL = "spotify:local:My+Band:Demos:First+Song:183"
ISRC = "GBUM71029604"


def only(text: str | bytes, name: str = "") -> Line:
    """Return the one line of a list."""
    read = formats.read(text, name=name)
    assert read.unmatched == ()
    (line,) = read.lines
    return line


def said(line: Line) -> tuple[str, str, str, int]:
    return line.artists, line.title, line.album, line.duration_ms


# Free text


@pytest.mark.parametrize(
    ("text", "artists", "title", "ms"),
    [
        ("Queen - One Vision", "Queen", "One Vision", 0),
        ("Queen \u2013 One Vision", "Queen", "One Vision", 0),
        ("Queen\u2014One Vision", "Queen", "One Vision", 0),
        ("Queen \u2212 One Vision", "Queen", "One Vision", 0),
        ("Queen -- One Vision", "Queen", "One Vision", 0),
        ("Queen -One Vision", "Queen", "One Vision", 0),
        ("Queen- One Vision", "Queen", "One Vision", 0),
        ("Queen | One Vision", "Queen", "One Vision", 0),
        ("Queen / One Vision", "Queen", "One Vision", 0),
        ("Queen\tOne Vision", "Queen", "One Vision", 0),
        ("1\tQueen\tOne Vision\tA Kind of Magic\t5:10", "Queen", "One Vision", 310_000),
        ("1. Queen - One Vision", "Queen", "One Vision", 0),
        ("01) Queen - One Vision", "Queen", "One Vision", 0),
        ("#7 Queen - One Vision", "Queen", "One Vision", 0),
        ("[07] Queen - One Vision", "Queen", "One Vision", 0),
        ("07 - Queen - One Vision", "Queen", "One Vision", 0),
        ("A2. Queen - One Vision", "Queen", "One Vision", 0),
        ("* Queen - One Vision", "Queen", "One Vision", 0),
        ("- Queen - One Vision", "Queen", "One Vision", 0),
        ("[1:02:03] Queen - One Vision", "Queen", "One Vision", 0),
        ("12:34 Queen - One Vision", "Queen", "One Vision", 0),
        ("Queen - One Vision (5:10)", "Queen", "One Vision", 310_000),
        ("Queen - One Vision [05:10]", "Queen", "One Vision", 310_000),
        ("Queen - One Vision 5:10", "Queen", "One Vision", 310_000),
        ("Queen - One Vision - 5:10", "Queen", "One Vision", 310_000),
        ("Queen - One Vision https://youtu.be/abc", "Queen", "One Vision", 0),
        ("Queen - One Vision - Live", "Queen", "One Vision - Live", 0),
        ("Jay-Z - 4:44", "Jay-Z", "4:44", 0),
        ("Jay-Z - 4:44 (4:44)", "Jay-Z", "4:44", 284_000),
        ("a-ha - Take On Me", "a-ha", "Take On Me", 0),
        ("7 - Prince", "7", "Prince", 0),
        ("99 Problems - Jay-Z", "99 Problems", "Jay-Z", 0),
        ("+44 - No, It Isn't", "+44", "No, It Isn't", 0),
        ("One Vision", "", "One Vision", 0),
        ("Stand by Me", "", "Stand by Me", 0),
    ],
)
def test_a_line_of_text_is_taken_apart(text: str, artists: str, title: str, ms: int) -> None:
    line = only(text)

    assert (line.artists, line.title, line.duration_ms) == (artists, title, ms)
    assert line.is_guessed
    assert line.text == text.strip()


@pytest.mark.parametrize(
    "text",
    [
        "“One Vision” by Queen",
        '"One Vision" - Queen',
        'Queen - "One Vision"',
        "«One Vision» by Queen",
    ],
)
def test_quotes_say_which_half_is_the_title(text: str) -> None:
    line = only(text)

    assert (line.artists, line.title, line.is_guessed) == ("Queen", "One Vision", False)


@pytest.mark.parametrize(
    "text", [ISRC, "gbum71029604", "GB-UM7-10-29604", f"isrc:{ISRC}", f" ISRC: {ISRC} "]
)
def test_an_isrc_is_known(text: str) -> None:
    line = only(text)

    assert (line.isrc, line.title) == (ISRC, "")


def test_an_isrc_may_stand_beside_the_names() -> None:
    line = only(f"Queen - Bohemian Rhapsody [{ISRC}]")

    assert (line.isrc, line.artists, line.title) == (ISRC, "Queen", "Bohemian Rhapsody")


def test_links_stand_for_themselves_and_several_may_share_a_line() -> None:
    read = formats.read(f"Song: https://open.spotify.com/track/{ID}?si=1 and {TRACK}\n\n{TRACK}")

    assert [(line.number, line.uri) for line in read.lines] == [(1, TRACK), (1, TRACK), (3, TRACK)]
    assert not any(line.needs_search for line in read.lines)


def test_a_local_file_is_kept_and_can_be_searched_for() -> None:
    line = only(LOCAL)

    assert (line.uri, line.is_local, line.needs_search) == (LOCAL, True, True)
    assert said(line) == ("My Band", "First Song", "Demos", 183_000)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"https://open.spotify.com/album/{ID}", "a link to an album, not to a track"),
        ("https://youtu.be/abc", "a link, but not to Spotify"),
        ('=HYPERLINK("https://example.org")', "a formula, not a track"),
        ("@SUM(1+1)", "a formula, not a track"),
        ("=cmd|' /C calc'!A0", "a formula, not a track"),
        ("-----", "neither a link nor the name of a track"),
        ("x" * 1001, "longer than 1,000 letters"),
    ],
)
def test_what_names_no_track_is_named_with_its_reason(text: str, reason: str) -> None:
    read = formats.read(f"{TRACK}\n{text}\n")

    assert [line.uri for line in read.lines] == [TRACK]
    assert read.unmatched == (Unmatched(2, freetext.shown(text), reason),)


def test_a_head_over_lines_of_text_is_no_track() -> None:
    assert only("Artist - Title\nQueen - One Vision").title == "One Vision"


# Single fields


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        *[("3:45", 225_000), ("1:02:03", 3_723_000), ("03:45.5", 225_000), ("225", 225_000)],
        *[("225s", 225_000), ("225.5", 225_500), ("225000", 225_000), ("225000 ms", 225_000)],
        *[("", 0), ("-1", 0), ("3:99", 0), ("soon", 0), ("9" * 50, 0), ("٣:٤٥", 0)],
    ],
)
def test_lengths_are_read(text: str, ms: int) -> None:
    assert fields.duration(text) == ms


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1, True, None, [], 10**400, "1e9"])
def test_an_odd_length_is_none(value: object) -> None:
    assert fields.milliseconds(value) == 0


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2024-01-02T03:04:05Z", "2024-01-02T03:04:05Z"),
        ("2024-01-02T03:04:05.678+01:00", "2024-01-02T02:04:05Z"),
        ("2024-01-02 03:04:05 UTC", "2024-01-02T03:04:05Z"),
        ("2024-01-02", "2024-01-02T00:00:00Z"),
        ("2024-02-30T00:00:00Z", ""),
        ("0001-01-01T00:00:00+23:00", ""),
        ("yesterday", ""),
    ],
)
def test_dates_are_read(text: str, date: str) -> None:
    assert fields.date(text) == date


# Files in the forms that real programs write; the facts in them are of well known tracks.

EXPORTIFY = (
    '"Track URI","Track Name","Artist URI(s)","Artist Name(s)","Album URI","Album Name",'
    '"Album Artist URI(s)","Album Artist Name(s)","Album Release Date","Album Image URL",'
    '"Disc Number","Track Number","Track Duration (ms)","Track Preview URL","Explicit",'
    '"Popularity","ISRC","Added By","Added At"\n'
    f'"{TRACK}","Hello, Goodbye ""Live""","spotify:artist:{ID}","Earth\\, Wind & Fire, Queen",'
    f'"spotify:album:{ID}","Hits","spotify:artist:{ID}","Queen","1985","","1","3","310000","",'
    f'"false","50","{ISRC}","spotify:user:me","2024-01-02T03:04:05Z"\n'
)
EXPORTIFY_NET = (  # exportify.net: other columns, several artists by semicolons
    '\ufeff"Track URI","Track Name","Album Name","Artist Name(s)","Release Date","Duration (ms)",'
    '"Popularity","Explicit","Added By","Added At","Genres","Record Label","Danceability"\n'
    f'"{TRACK}","One Vision","Hits","Queen;Bowie","1985","310000","5","false","me",'
    '"2024-01-02T03:04:05Z","rock,pop","EMI","0.5"\n'
)
EXPORTIFY_DE = (
    '"Track-URI","Track-Name","Künstler-URI(s)","Künstlername(n)","Album-URI","Album-Name",'
    '"Track-Dauer (ms)","ISRC","Hinzugefügt am"\n'
    f'"{TRACK}","One Vision","","Queen","","Hits","310000","{ISRC}","2024-01-02T03:04:05Z"\n'
)
TUNEMYMUSIC = (
    "\ufeffTrack name,Artist name,Album,Playlist name,Type,ISRC,Spotify - id\r\n"
    f'"One Vision","Queen","Hits","Rock","Playlist","{ISRC}","{ID}"\r\n'
    '"Vogue","Madonna","I\'m Breathless","Pop","Playlist","",""\r\n'
)
SOUNDIIZ = (
    "title;artist;album;isrc;addedDate;addedBy;duration;url\n"
    f'"One Vision";Queen;Hits;{ISRC};2024-01-02T03:04:05Z;me;310s;https://open.spotify.com/track/{ID}\n'
    "Vogue;Madonna;;;;;;https://www.deezer.com/track/1\n"
)
APPLE_MUSIC = (
    "Name\tArtist\tComposer\tAlbum\tGrouping\tTime\tDate Added\r\n"
    "One Vision\tQueen\t\tHits\t\t310\t2024-01-02\r\n"
)


def test_exportifys_table() -> None:
    assert only(EXPORTIFY, "my_list.csv") == Line(
        number=2,
        text='Earth, Wind & Fire, Queen - Hello, Goodbye "Live"',
        uri=TRACK,
        isrc=ISRC,
        title='Hello, Goodbye "Live"',
        artists="Earth, Wind & Fire, Queen",
        album="Hits",
        duration_ms=310_000,
        added_at="2024-01-02T03:04:05Z",
    )


@pytest.mark.parametrize(
    ("text", "artists", "uri", "isrc", "ms", "added_at"),
    [
        (EXPORTIFY_NET, "Queen;Bowie", TRACK, "", 310_000, "2024-01-02T03:04:05Z"),
        (EXPORTIFY_DE, "Queen", TRACK, ISRC, 310_000, "2024-01-02T03:04:05Z"),
        (TUNEMYMUSIC, "Queen", TRACK, ISRC, 0, ""),
        (SOUNDIIZ, "Queen", TRACK, ISRC, 310_000, "2024-01-02T03:04:05Z"),
        (APPLE_MUSIC, "Queen", "", "", 310_000, "2024-01-02T00:00:00Z"),
    ],
    ids=["exportify.net", "exportify in German", "TuneMyMusic", "Soundiiz", "Apple Music"],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_other_programs_tables(
    text: str, artists: str, uri: str, isrc: str, ms: int, added_at: str, encoding: str
) -> None:
    read = formats.read(text.removeprefix("\ufeff").encode(encoding))

    line = read.lines[0]
    assert read.format == "csv"
    assert read.unmatched == ()
    assert (line.number, line.title, line.album) == (2, "One Vision", "Hits")
    assert (line.artists, line.uri, line.isrc) == (artists, uri, isrc)
    assert (line.duration_ms, line.added_at) == (ms, added_at)
    assert [one.title for one in read.lines[1:]] in ([], ["Vogue"])
    assert all(one.needs_search for one in read.lines[1:])


def test_a_table_under_a_head_in_an_unknown_language_is_read_by_its_links() -> None:
    assert only(f"\u03a7,\u03a8,\u03a9\na,{TRACK},b\n").uri == TRACK


def test_a_table_without_a_head_is_read_as_lines() -> None:
    line = only("Queen;One Vision;5:10\n", "list.csv")

    assert said(line) == ("Queen", "One Vision", "", 310_000)


def test_a_column_of_isrcs_is_a_table() -> None:
    assert only(f"ISRC\n{ISRC}\n").isrc == ISRC


def test_cells_that_are_formulas_are_no_links() -> None:
    read = formats.read(
        'Track URI,Track Name\n=HYPERLINK("x"),\n+1,One Vision\n,"=SUM(1)"\n,\n,\n', name="x.csv"
    )

    assert [(line.number, line.uri, line.title) for line in read.lines] == [
        (3, "", "One Vision"),
        (4, "", "=SUM(1)"),
    ]
    assert read.unmatched == (Unmatched(2, '=HYPERLINK("x")', "a formula, not a link"),)


def test_a_row_without_anything_is_named() -> None:
    read = formats.read(
        f"Track URI,Track Name,Added At\n,,2024-01-01\nspotify:album:{ID},,\nhm,,\n"
    )

    assert [(one.number, one.reason) for one in read.unmatched] == [
        (2, "no link, title or ISRC in this row"),
        (3, "a link to an album, not to a track"),
        (4, "not a Spotify link"),
    ]


VLC_M3U = (
    "#EXTM3U\r\n"
    "#EXTINF:310,Queen - One Vision\r\n"
    "#EXTVLCOPT:network-caching=1000\r\n"
    "file:///music/Queen/01%20-%20One%20Vision.mp3\r\n"
    '#EXTINF:-1 tvg-id="a",Radio Ga Ga\r\n'
    "#EXTART:Queen\r\n#EXTALB:The Works\r\n"
    "Radio Ga Ga.flac\r\n"
    "D:\\Music\\Queen\\03. Queen - Innuendo.mp3\r\n"
    "http://example.org/stream\r\n"
    f"https://open.spotify.com/track/{ID}\r\n"
)


def test_m3u8_as_players_write_it() -> None:
    read = formats.read(VLC_M3U.encode())

    assert read.format == "m3u8"
    assert [said(line) for line in read.lines] == [
        ("Queen", "One Vision", "", 310_000),
        ("Queen", "Radio Ga Ga", "The Works", 0),
        ("Queen", "Innuendo", "", 0),
        ("", "", "", 0),
    ]
    assert read.lines[3].uri == TRACK
    assert read.unmatched == (
        Unmatched(10, "http://example.org/stream", "a link, but not to Spotify"),
    )


def test_a_name_makes_an_m3u_of_a_list_of_files() -> None:
    line = only("music/Queen - One_Vision.mp3\n", "party.m3u")

    assert (line.artists, line.title) == ("Queen", "One Vision")


VLC_XSPF = """<?xml version="1.0" encoding="UTF-8"?>
<playlist xmlns="http://xspf.org/ns/0/"
    xmlns:vlc="http://www.videolan.org/vlc/playlist/ns/0/" version="1">
	<title>Party</title>
	<trackList>
		<track>
			<location>file:///music/01%20One%20Vision.mp3</location>
			<title>One Vision</title>
			<creator>Queen</creator>
			<album>Hits &amp; more</album>
			<trackNum>1</trackNum>
			<duration>310000</duration>
			<extension application="http://www.videolan.org/vlc/playlist/0">
				<vlc:id>0</vlc:id>
				<vlc:option>file-caching=1000</vlc:option>
			</extension>
		</track>
	</trackList>
	<extension application="http://www.videolan.org/vlc/playlist/0">
		<vlc:item tid="0"/>
	</extension>
</playlist>
"""
SOUNDIIZ_XSPF = f"""<?xml version="1.0" encoding="UTF-8"?>
<playlist version="1" xmlns="http://xspf.org/ns/0/"><title>Mine</title><trackList>
<track><title>I Can&lt;#039;t &lt;amp; Won&lt;#039;t</title><creator>Queen</creator>
<isrc>{ISRC}</isrc></track></trackList></playlist>"""
LISTENBRAINZ_XSPF = """<?xml version="1.0" encoding="UTF-8"?>
<playlist version="1" xmlns="http://xspf.org/ns/0/"><title>Jams</title>
<extension application="https://musicbrainz.org/doc/jspf#playlist"><creator>me</creator></extension>
<trackList><track>
<identifier>https://musicbrainz.org/recording/00000000-0000-4000-8000-000000000000</identifier>
<creator>Queen</creator><album>Hits</album><title>One Vision</title>
<extension application="https://musicbrainz.org/doc/jspf#track">
<added_at>2024-01-02T03:04:05+00:00</added_at>
<artist_identifiers><identifier>https://musicbrainz.org/artist/0</identifier></artist_identifiers>
</extension></track></trackList></playlist>"""


def test_xspf_as_vlc_soundiiz_and_listenbrainz_write_it() -> None:
    assert said(only(VLC_XSPF)) == ("Queen", "One Vision", "Hits & more", 310_000)
    assert formats.read(VLC_XSPF).name == "Party"
    assert (only(SOUNDIIZ_XSPF).title, only(SOUNDIIZ_XSPF).isrc) == ("I Can't & Won't", ISRC)
    line = only(LISTENBRAINZ_XSPF)
    assert said(line) == ("Queen", "One Vision", "Hits", 0)
    assert line.added_at == "2024-01-02T03:04:05Z"


def test_xml_in_an_old_encoding_is_read_as_it_says() -> None:
    text = VLC_XSPF.replace("UTF-8", "windows-1251").replace("Queen", "Кино")

    assert only(text.encode("windows-1251")).artists == "Кино"


LISTENBRAINZ = {
    "playlist": {
        "title": "Jams",
        "creator": "listenbrainz",
        "identifier": "https://listenbrainz.org/playlist/0",
        "extension": {"https://musicbrainz.org/doc/jspf#playlist": {"public": True}},
        "track": [
            {
                "identifier": ["https://musicbrainz.org/recording/0"],
                "title": "One Vision",
                "creator": "Queen",
                "album": "Hits",
                "duration": 310_000,
                "extension": {
                    "https://musicbrainz.org/doc/jspf#track": {
                        "added_at": "2024-01-02T03:04:05.000000+00:00",
                        "additional_metadata": {"artists": [{"artist_credit_name": "Queen"}]},
                    }
                },
            }
        ],
    }
}


@pytest.mark.parametrize("wrapped", [LISTENBRAINZ, {"payload": {"jspf": LISTENBRAINZ}}])
def test_jspf_as_listenbrainz_writes_it(wrapped: object) -> None:
    text = json.dumps(wrapped)

    line = only(text, "jams.jspf")
    assert formats.read(text).name == "Jams"
    assert said(line) == ("Queen", "One Vision", "Hits", 310_000)
    assert line.added_at == "2024-01-02T03:04:05Z"


@pytest.mark.parametrize(
    "document",
    [
        [TRACK],
        [{"uri": TRACK}],
        {"name": "Mine", "items": [{"uri": TRACK}]},
        [{"Track URI": TRACK, "artists": ["A", "B"], "duration_ms": 1000}],
    ],
)
def test_json_of_ours_or_like_it(document: object) -> None:
    assert only(json.dumps(document)).uri == TRACK


# What is no list, or more than one should read


def bomb(depth: int) -> str:
    entities = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(depth))
    return (
        f'<?xml version="1.0"?><!DOCTYPE p [<!ENTITY e0 "lol">{entities}]>'
        f"<playlist><title>&e{depth};</title></playlist>"
    )


EXTERNAL = (
    '<?xml version="1.0"?><!DOCTYPE p [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    "<playlist><title>&x;</title></playlist>"
)


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (bomb(12), "", "declares a document type"),
        (EXTERNAL, "", "declares a document type"),
        ('<!DOCTYPE p SYSTEM "http://example.org/x.dtd"><playlist/>', "", "document type"),
        ("<?xml version='1.0'?><playlist><track>", "", "not valid XML: line 1"),
        ("<?xml version='1.0'?><rss/>", "", "not an XSPF playlist"),
        ("<?xml version='1.0'?><playlist>" + "<a>" * 60, "", "far more in this XML"),
        ("<!doctype html><html>", "", "a web page"),
        ("hello", "x.xspf", "not an XSPF playlist"),
        ("[" * 100_000, "", "nested too deep"),
        ('[{"a":' * 50_000, "", "nested too deep"),
        ("[[]," * 300_000, "", "far more in this JSON"),
        ("[" + "1," * 2_000_000, "x.json", "far more in this JSON"),
        ("[" + "9" * 10_000 + "]", "x.json", "a number that is too long"),
        ('{"a": }', "", "not valid JSON: line 1"),
        ("hello", "x.json", "not valid JSON"),
        ('{"a": 1}', "", "no list of tracks"),
        ('{"playlist": {"track": 1}}', "", "no list of tracks"),
        ('{"format": "spotsite playlist", "version": 2, "items": []}', "", "a newer spotsite"),
        ("#EXTM3U\n#EXT-X-TARGETDURATION:10\nx.ts", "", "one stream"),
        ("a\0b", "", "not a text file"),
        (b"PK\x03\x04 a spreadsheet", "x.csv", "spreadsheet"),
        (b"\xff\xfea", "", "characters"),
        ("x" * (formats.MOST_BYTES + 1), "", "10 MB"),
        (b"x" * (formats.MOST_BYTES + 1), "", "10 MB"),
        ("Queen - One Vision\n" * 11_000, "", "at most 10,000"),
        ("Track URI\n" + "\n".join(tracks(11_000)), "x.csv", "at most 10,000"),
        (json.dumps(tracks(11_000)), "x.json", "at most 10,000"),
        ("#EXTM3U\n" + "\n".join(tracks(11_000)), "", "at most 10,000"),
        ("Track Name,Artist\na," + "b" * 200_000, "", "Line 2 is too long"),
        ('Track Name,Artist\na,"' + "b\n" * 90_000, "", "cannot be read beyond line 2"),
        ("\n" * 600_000, "", "more than 500,000 lines"),
        ("Track URI\n" + "\n" * 600_000, "", "Line 500001"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_cannot_be_a_list_is_one_clear_error(data: str | bytes, name: str, words: str) -> None:
    with pytest.raises(NotAList, match=words):
        formats.read(data, name=name)


def long_xspf(entry: str) -> str:
    return f"<?xml version='1.0'?><playlist><trackList>{entry}</trackList></playlist>"


@pytest.mark.parametrize(
    "text",
    [
        "\n" * 10_000_000,
        "a - b " * 1_700_000,
        "a - " * 2_000_000,
        "Track Name,Artist\n" + '"' + "x" * 9_000_000,
        "Track URI,Track Name\n" + ",\n" * 4_900_000,
        "[" + '"",' * 1_400_000 + '""]',
        "[" + "{}," * 390_000 + "{}]",
        long_xspf("<track/>" * 9_900),
        long_xspf("<a/>" * 2_400_000),
        long_xspf("<track><title>" + "x" * 9_000_000 + "</title></track>"),
        long_xspf("<track><title>" + "<b/>x" * 100_000 + "</title></track>"),
        "#EXTM3U\n" + "#EXTINF:1,a\n" * 800_000,
        "Artist  -  " * 900_000,
        "{" * 9_000_000,
    ],
    ids=lambda text: text[:24],
)
def test_ten_megabytes_of_anything_are_read_in_bounded_memory(text: str) -> None:
    tracemalloc.start()
    with contextlib.suppress(NotAList):
        formats.read(text)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 250 * 1024 * 1024


def test_uploads_and_lists_have_one_limit() -> None:
    assert formats.MOST_BYTES == uploads.MOST_BYTES


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(st.binary(max_size=400), st.text(max_size=400)),
    st.sampled_from(["", "x.csv", "x.json", "x.jspf", "x.xspf", "x.m3u8", "x.txt"]),
)
def test_no_file_breaks_a_reader(data: bytes | str, name: str) -> None:
    try:
        read = formats.read(data, name=name)
    except NotAList:
        return
    assert all(one.reason and len(one.text) <= 120 for one in read.unmatched)
    for line in read.lines:
        assert line.uri or line.isrc or line.title or line.artists
        assert len(line.text) <= 120


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.floats(), st.integers(), st.text(max_size=20)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.sampled_from(
                [
                    "playlist",
                    "track",
                    "title",
                    "uri",
                    "items",
                    "location",
                    "identifier",
                    "duration",
                    "extension",
                    "isrc",
                    "payload",
                    "creator",
                    "name",
                    "https://musicbrainz.org/doc/jspf#track",
                    "added_at",
                ]
            ),
            inner,
            max_size=5,
        ),
    ),
    max_leaves=30,
)


@settings(max_examples=300, deadline=None)
@given(json_values)
def test_no_json_breaks_a_reader(value: object) -> None:
    try:
        read = formats.read(json.dumps(value), name="x.json")
    except NotAList:
        return
    assert all("\0" not in line.title and line.title.encode() is not None for line in read.lines)
