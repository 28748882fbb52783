"""Files as real programs write them come in, go out in each format, and come in as the same list.

They are written by hand, after what is documented of each: watsonbox/exportify (README), the
columns of exportify.net, TuneMyMusic and Soundiiz, Spotify's "Understanding my data", VLC's XSPF
and M3U, and ListenBrainz' JSPF.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from playlists import formats
from playlists.formats import FORMATS, Line, NotAList, Row

ONE, TWO = "spotify:track:" + "1" * 22, "spotify:track:" + "2" * 22
TALK = "spotify:episode:" + "3" * 22
ISRC = "GBUM71029604"

EXPORTIFY = (
    '"Track URI","Track Name","Artist URI(s)","Artist Name(s)","Album URI","Album Name",'
    '"Album Artist URI(s)","Album Artist Name(s)","Album Release Date","Album Image URL",'
    '"Disc Number","Track Number","Track Duration (ms)","Track Preview URL","Explicit",'
    '"Popularity","ISRC","Is Playable","Added By","Added At"\n'
    f'"{ONE}","One, ""Two""","","Earth\\, Wind & Fire, Queen","","Hits","","Queen","1985","","1",'
    f'"1","310000","","false","50","{ISRC}","true","spotify:user:me","2024-01-02T03:04:05Z"\n'
    f'"{TWO}","=SUM(1)","","Ünïcødé 音楽","","-Minus","","","2001-02-03","","1","2","61000","",'
    '"true","0","","true","spotify:user:me","2024-01-03T00:00:00Z"\n'
)
EXPORTIFY_NET = (
    '\ufeff"Track URI","Track Name","Album Name","Artist Name(s)","Release Date","Duration (ms)",'
    '"Popularity","Explicit","Added By","Added At","Genres","Record Label","Danceability",'
    '"Energy","Key","Loudness","Mode","Tempo","Time Signature"\n'
    f'"{ONE}","One","Hits","Queen;Bowie","1985-01-01","310000","5","false","me",'
    '"2024-01-02T03:04:05Z","rock,pop","EMI","0.5","0.7","1","-8.5","1","120.1","4"\n'
    f'"{TWO}","Two","","Madonna","1990","61000","5","true","me","2024-01-03T00:00:00Z","","","",'
    '"","","","","",""\n'
)
TUNEMYMUSIC = (
    "Track name,Artist name,Album,Playlist name,Type,ISRC,Spotify - id\r\n"
    f'"One","Queen","Hits","Rock","Playlist","{ISRC}","{ONE[14:]}"\r\n'
    f'"Two","Madonna","","Rock","Playlist","","{TWO[14:]}"\r\n'
)
SOUNDIIZ = (
    "title;artist;album;isrc;addedDate;addedBy;duration;url\n"
    f'"One";Queen;Hits;{ISRC};2024-01-02T03:04:05Z;me;310;https://open.spotify.com/track/{ONE[14:]}\n'
    f'"Two";Madonna;;;;me;61;https://open.spotify.com/track/{TWO[14:]}?si=abc\n'
)
PLAYLIST1 = {
    "playlists": [
        {
            "name": "Rock",
            "lastModifiedDate": "2024-01-03",
            "description": None,
            "numberOfFollowers": 0,
            "items": [
                {
                    "track": {
                        "trackName": "One",
                        "artistName": "Queen",
                        "albumName": "Hits",
                        "trackUri": ONE,
                    },
                    "episode": None,
                    "audiobook": None,
                    "localTrack": None,
                    "addedDate": "2024-01-02",
                },
                {
                    "track": None,
                    "episode": {"episodeName": "Talk", "showName": "Radio", "episodeUri": TALK},
                    "localTrack": None,
                    "addedDate": "2024-01-03",
                },
                {
                    "track": None,
                    "episode": None,
                    "localTrack": {"uri": "spotify:local:Queen:Hits:My+Tape:61"},
                    "addedDate": "2024-01-03",
                },
            ],
        }
    ]
}
LIBRARY = {
    "tracks": [
        {"artist": "Queen", "album": "Hits", "track": "One", "uri": ONE},
        {"artist": "Madonna", "album": "", "track": "Two", "uri": TWO},
    ],
    "albums": [{"artist": "Queen", "album": "Hits", "uri": "spotify:album:" + "4" * 22}],
    "shows": [],
    "episodes": [],
    "bannedTracks": [],
    "artists": [],
    "bannedArtists": [],
    "other": [],
}
VLC_XSPF = """<?xml version="1.0" encoding="UTF-8"?>
<playlist xmlns="http://xspf.org/ns/0/"
    xmlns:vlc="http://www.videolan.org/vlc/playlist/ns/0/" version="1">
  <title>Party</title>
  <trackList>
    <track><location>file:///music/01%20One.mp3</location><title>One &amp; more</title>
      <creator>Queen</creator><album>Hits</album><trackNum>1</trackNum><duration>310000</duration>
      <extension application="http://www.videolan.org/vlc/playlist/0"><vlc:id>0</vlc:id></extension>
    </track>
    <track><location>file:///music/02.mp3</location><title>Two</title><creator>Madonna</creator>
      <duration>61000</duration></track>
  </trackList>
</playlist>
"""
M3U8 = (
    "#EXTM3U\n#PLAYLIST:Party\n"
    "#EXTINF:310,Queen - One\nMusic/Queen/One.mp3\n"
    f"#EXTINF:61,Madonna - Two\nhttps://open.spotify.com/track/{TWO[14:]}\n"
)
LISTENBRAINZ = {
    "playlist": {
        "title": "Jams",
        "creator": "me",
        "identifier": "https://listenbrainz.org/playlist/00000000-0000-4000-8000-000000000000",
        "date": "2024-01-02T03:04:05+00:00",
        "extension": {"https://musicbrainz.org/doc/jspf#playlist": {"public": True}},
        "track": [
            {
                "identifier": [
                    "https://musicbrainz.org/recording/00000000-0000-4000-8000-000000000001"
                ],
                "title": "One",
                "creator": "Queen",
                "album": "Hits",
                "duration": 310_000,
                "extension": {
                    "https://musicbrainz.org/doc/jspf#track": {
                        "added_by": "me",
                        "added_at": "2024-01-02T03:04:05.000000+00:00",
                        "artist_identifiers": ["https://musicbrainz.org/artist/0"],
                        "additional_metadata": {"artists": [{"artist_credit_name": "Queen"}]},
                    }
                },
            },
            {"identifier": [], "title": "Two", "creator": "Madonna"},
        ],
    }
}

FILES = {
    "Exportify": ("a.csv", EXPORTIFY),
    "exportify.net": ("a.csv", EXPORTIFY_NET),
    "TuneMyMusic": ("a.csv", TUNEMYMUSIC),
    "Soundiiz": ("a.csv", SOUNDIIZ),
    "Spotify's playlists": ("Playlist1.json", json.dumps(PLAYLIST1)),
    "Spotify's library": ("YourLibrary.json", json.dumps(LIBRARY)),
    "VLC": ("a.xspf", VLC_XSPF),
    "M3U8": ("a.m3u8", M3U8),
    "ListenBrainz": ("a.jspf", json.dumps(LISTENBRAINZ)),
}
# By URI where there is one, else by artists and title.
HELD = {
    "Spotify's playlists": [ONE, TALK, "spotify:local:Queen:Hits:My+Tape:61"],
    "VLC": ["Queen - One & more", "Madonna - Two"],
    "M3U8": ["Queen - One", TWO],
    "ListenBrainz": ["Queen - One", "Madonna - Two"],
}


def names(lines: Sequence[Line]) -> list[str]:
    return [line.uri or f"{line.artists} - {line.title}" for line in lines]


def row(line: Line) -> Row:
    return Row(
        uri=line.uri,
        title=line.title,
        artists=line.artists,
        album=line.album,
        duration_ms=line.duration_ms,
        isrc=line.isrc,
        added_at=line.added_at,
    )


@pytest.mark.parametrize("program", FILES)
def test_a_file_of_a_real_program_is_read_whole(program: str) -> None:
    name, text = FILES[program]

    read = formats.read(text.encode(), name=name)

    assert names(read.lines) == HELD.get(program, [ONE, TWO])
    assert read.unmatched == ()


@pytest.mark.parametrize("format_", list(FORMATS))
@pytest.mark.parametrize("program", FILES)
def test_what_came_in_goes_out_and_comes_in_as_the_same_list(program: str, format_: str) -> None:
    name, text = FILES[program]
    first = formats.read(text.encode(), name=name)
    out = "".join(formats.write(format_, map(row, first.lines), name="Mine"))

    second = formats.read(out.encode(), name=f"x.{FORMATS[format_].extension}")

    assert names(second.lines) == names(first.lines)
    if format_ != "m3u8":  # which has no place for all of it
        assert [row(line) for line in second.lines] == [row(line) for line in first.lines]


def test_spotifys_own_files_bring_names_dates_and_episodes() -> None:
    read = formats.read(json.dumps(PLAYLIST1))
    first, talk, tape = read.lines

    assert read.name == "Rock"
    assert (first.title, first.artists, first.album) == ("One", "Queen", "Hits")
    assert first.added_at == "2024-01-02T00:00:00Z"
    assert (talk.title, talk.artists) == ("Talk", "Radio")
    assert (tape.title, tape.is_local) == ("My Tape", True)


def test_several_playlists_in_one_file_are_read_one_after_the_other() -> None:
    (rock,) = PLAYLIST1["playlists"]
    twice = {"playlists": [rock, {**rock, "name": "Again"}]}

    read = formats.read(json.dumps(twice))

    assert (len(read.lines), read.name) == (6, "")


@pytest.mark.parametrize(
    "document",
    [
        {"playlists": [1]},
        {"playlists": [{"items": 1}]},
        {"playlists": []},
        {"playlists": {"items": []}},
    ],
)
def test_what_only_looks_like_spotifys_file_is_refused(document: object) -> None:
    with pytest.raises(NotAList, match="no list of tracks"):
        formats.read(json.dumps(document))


def test_odd_items_in_spotifys_file_are_named() -> None:
    odd = {"playlists": [{"name": 5, "items": [None, 1, {}, {"track": 3}, {"track": {"x": 1}}]}]}

    read = formats.read(json.dumps(odd))

    assert read.lines == ()
    assert [one.number for one in read.unmatched] == [1, 2, 3, 4, 5]
