"""What the client makes of Spotify's answers, the good ones and those that are odd anywhere."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import pytest
import requests

from playlists.spotify import EXTENDED, Album, Head, Item, SpotifyClient, TopRange, errors, values
from simulator.control_client import Control
from tests.playlists.cast import tracks
from tests.playlists.spotify_calls import (
    CALLS,
    EPISODE,
    Place,
    Wire,
    album_uri,
    client_for,
    exhaust,
)

JUNK: tuple[Any, ...] = (None, True, -1, 3, 2**70, 1.5, "\0odd", [], [None], {}, {"items": 1})
BODIES = (b"", b"null", b"3", b"[]", b"[1]", b"{}", b"<html>", b"\xff\xfe", b"[" * 100_000)


@dataclass
class Answered:
    """An answer as the transport hands it over."""

    content: bytes
    status_code: int = 200

    @property
    def headers(self) -> Mapping[str, str]:
        return {}


class Recorder(Wire):
    """A transport that keeps what was answered."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[Answered] = []

    def __call__(self, method: str, url: str, **request: Any) -> requests.Response:
        answer = super().__call__(method, url, **request)
        self.answers.append(Answered(answer.content, answer.status_code))
        return answer


class Replay:
    """A transport that answers from a tape."""

    def __init__(self, tape: list[Answered]) -> None:
        self._tape = iter(tape)

    def __call__(self, method: str, url: str, **request: Any) -> Answered:
        return next(self._tape, Answered(b"{}"))


@pytest.fixture
def place(spotify: Control) -> Place:
    """A small world: a page or less of everything."""
    spotify.add_user("ada", allowed=True)
    spotify.add_user("grace", allowed=True)
    row = {"artists": ["Tyler, The Creator", "Band"], "album": "Suite", "released": "2001-05"}
    parts = [row | {"title": f"Zyzzy {n}", "explicit": n == 7} for n in range(8)]
    spotify.change_catalogue(tracks=parts, episodes=[{"title": "Pilot", "id": "e" * 22}])
    album = album_uri(spotify)
    saved = [{"uri": album, "added_at": "2024-01-02T03:04:05Z"}]
    spotify.load_saved("ada", tracks=tracks(2), albums=saved)
    spotify.load_heard("ada", recent=tracks(2), top={"medium_term": tracks(2)})
    mine = spotify.add_playlist("ada", name="Mine", uris=[*tracks(2), EPISODE])
    return Place(mine, spotify.add_playlist("grace", name="Hers", uris=tracks(1)), album)


@pytest.fixture
def client(spotify: Control, place: Place) -> SpotifyClient:
    return client_for(spotify, Wire(), EXTENDED)


def test_an_item_has_all_that_rules_and_exports_ask_for(
    client: SpotifyClient, spotify: Control, place: Place
) -> None:
    part = client.search_tracks("track:Zyzzy 7")[0].uri
    row = {"uri": part, "added_at": "2020-02-03T04:05:06Z", "added_by": "grace"}
    playlist_id = spotify.add_playlist("ada", name="One", items=[row])

    (item,) = client.items(playlist_id)

    assert item == Item(
        uri=part,
        added_at="2020-02-03T04:05:06Z",
        title="Zyzzy 7",
        artists="Tyler, The Creator, Band",
        album="Suite",
        duration_ms=200_000,
        isrc=item.isrc,
        artist_names=("Tyler, The Creator", "Band"),
        album_uri=place.album,
        released="2001-05",
        explicit=True,
        disc_number=1,
        track_number=8,
        added_by="grace",
    )
    assert item.isrc


def test_likes_are_read_in_pages_newest_first_and_their_head_by_one_entry(
    client: SpotifyClient, spotify: Control
) -> None:
    uris = tracks(70)
    spotify.load_saved("ada", tracks=uris)
    spotify.clear_log()

    liked, head = client.liked(), client.liked_head()

    assert [item.uri for item in liked] == uris
    assert head == Head(70, liked[0].added_at)
    assert [row["query"]["limit"] for row in spotify.log()] == ["50", "50", "1"]


def test_an_empty_library_has_a_head(client: SpotifyClient, spotify: Control) -> None:
    spotify.load_saved("ada", tracks=[], albums=[])

    assert (client.liked_head(), client.saved_albums_head()) == (Head(0, ""), Head(0, ""))
    assert (client.liked(), client.saved_albums()) == ([], [])


def test_a_saved_album_has_its_tracks_with_what_only_the_album_knows(
    client: SpotifyClient, place: Place
) -> None:
    (album,) = client.saved_albums()

    names = ("Tyler, The Creator",)
    assert (album.uri, album.name, album.artist_names) == (place.album, "Suite", names)
    assert album.is_whole
    assert [track.title for track in album.tracks] == [f"Zyzzy {n}" for n in range(8)]
    assert {(one.album, one.released, one.added_at, one.album_uri) for one in album.tracks} == {
        ("Suite", "2001-05", "2024-01-02T03:04:05Z", place.album)
    }
    assert client.saved_albums_head() == Head(1, "2024-01-02T03:04:05Z")


def test_an_album_that_came_whole_costs_no_call_more(
    client: SpotifyClient, spotify: Control, place: Place
) -> None:
    album = client.album(place.album)
    spotify.clear_log()

    assert client.album_items(album) == list(album.tracks)
    assert spotify.log() == []


def test_a_long_album_is_completed_page_by_page(client: SpotifyClient, spotify: Control) -> None:
    rows = [{"title": f"Zyxxy {n}", "artists": ["Band"], "album": "Box"} for n in range(60)]
    spotify.change_catalogue(tracks=rows)

    album = client.album(client.search_tracks("track:Zyxxy")[0].album_uri)

    found = client.album_items(album)
    assert (album.is_whole, len(album.tracks), album.total) == (False, 50, 60)
    assert [track.title for track in found] == [row["title"] for row in rows]
    assert {track.album for track in found} == {"Box"}


def test_an_album_that_is_gone_keeps_its_place_in_the_page_and_is_no_album() -> None:
    body = {"items": [{"added_at": "2024-01-02T03:04:05Z", "album": None}], "total": 1}

    assert values.albums(body).items == [Album("", "", (), "", "2024-01-02T03:04:05Z", (), 0)]


def test_each_range_has_its_top_tracks(client: SpotifyClient, spotify: Control) -> None:
    wanted = {over.value: tracks(3, start=10 * place) for place, over in enumerate(TopRange)}
    spotify.load_heard("ada", top=wanted)

    found = {over.value: [one.uri for one in client.top_tracks(over)] for over in TopRange}

    assert found == wanted
    assert len(client.top_tracks(TopRange.YEAR, most=2)) == 2


def test_plays_are_dated_by_when_and_can_begin_after_a_moment(
    client: SpotifyClient, spotify: Control
) -> None:
    rows = [
        {"uri": uri, "played_at": f"2026-01-01T00:0{minute}:00Z"}
        for uri, minute in zip([*tracks(1), *tracks(2)], (3, 2, 1), strict=True)
    ]
    spotify.load_heard("ada", recent=rows)

    plays = client.recently_played()

    assert [(one.uri, one.added_at) for one in plays] == [
        (row["uri"], row["played_at"]) for row in rows
    ]
    assert len(client.recently_played(after_ms=1_767_225_720_000)) == 1  # after the minute of two
    assert len(client.recently_played(most=2)) == 2


def test_the_library_says_what_is_in_it(client: SpotifyClient) -> None:
    assert client.are_saved(tracks(3)) == [True, True, False]
    assert client.are_saved([]) == []


def test_several_are_looked_up_with_a_slot_for_what_is_gone(
    client: SpotifyClient, spotify: Control
) -> None:
    spotify.change_catalogue(dead=tracks(1, start=1))

    assert [one.uri for one in client.tracks(tracks(3))] == [
        tracks(1)[0],
        "",
        tracks(1, start=2)[0],
    ]
    assert [one.title for one in client.episodes([EPISODE])] == ["Pilot"]


def test_an_episode_is_looked_up_by_itself(client: SpotifyClient) -> None:
    episode = client.track(EPISODE)

    assert (episode.uri, episode.title, episode.released) == (EPISODE, "Pilot", "2019-06-01")


def test_the_list_of_somebody_else_is_read_with_extended_quota(
    client: SpotifyClient, spotify: Control
) -> None:
    hers = spotify.add_playlist("grace", name="Long", uris=tracks(130))
    spotify.clear_log()

    found = [item.uri for page in client.foreign_item_pages(hers) for item in page.items]

    assert found == tracks(130)
    assert len(spotify.log()) == 2


def test_details_are_changed_and_only_those_that_were_named(
    client: SpotifyClient, spotify: Control, place: Place
) -> None:
    client.change_details(place.mine, name="New", description="words")
    client.change_details(place.mine, public=True)
    client.change_details(place.mine, description="")

    playlist = client.playlist(place.mine)
    assert (playlist.name, playlist.description, playlist.public) == ("New", "", True)


@pytest.mark.parametrize("content", [b"<html>", b"ok", b"[]"])
def test_a_change_that_is_answered_by_another_is_not_believed(content: bytes) -> None:
    client = SpotifyClient(Replay([Answered(content)]), lambda: "token")

    with pytest.raises(errors.Unreadable) as caught:
        client.change_details("p", name="N")

    assert caught.value.maybe_applied


@pytest.mark.parametrize("content", [b"", b" \n", b'{"snapshot_id": "s"}'])
def test_a_change_is_believed_with_or_without_words(content: bytes) -> None:
    client = SpotifyClient(Replay([Answered(content, 202)]), lambda: "token")

    client.change_details("p", name="N")


@pytest.mark.parametrize(
    "body",
    [
        {"items": [], "total": 1},
        {"items": [{"track": {}}], "total": 1},
        {"items": [{"added_at": "2024-01-02T03:04:05Z"}], "total": True},
        {"items": [{"added_at": "2024-01-02T03:04:05Z"}], "total": "1"},
        {"items": [{"added_at": "2024-01-02T03:04:05Z"}], "total": -1},
        {"total": 0},
    ],
)
def test_a_head_without_what_it_is_read_for_is_one_error(body: Any) -> None:
    client = SpotifyClient(Replay([Answered(json.dumps(body).encode())]), lambda: "token")

    with pytest.raises(errors.Unreadable):
        client.liked_head()


@pytest.mark.parametrize("name", sorted(CALLS))
def test_an_answer_that_is_odd_anywhere_is_a_value_or_one_error(
    spotify: Control, place: Place, name: str
) -> None:
    recorder = Recorder()
    client = client_for(spotify, recorder, EXTENDED)
    use = CALLS[name][0]
    exhaust(use(client, place))
    tape = recorder.answers

    tried = 0
    for number, answer in enumerate(tape):
        for content in _odd(answer.content):
            replay = Replay([*tape[:number], Answered(content), *tape[number + 1 :]])
            odd = SpotifyClient(replay, lambda: "token", can=EXTENDED)
            tried += 1
            try:
                made = use(odd, place)
                made = list(made) if isinstance(made, Iterator) else made
            except errors.SpotifyError:
                continue
            assert _fits_the_database(made), content

    assert tried > len(tape) * len(BODIES) - 1


def _fits_the_database(made: object) -> bool:
    if isinstance(made, str):
        return "\0" not in made
    if isinstance(made, int):
        return 0 <= made < 2**31
    if isinstance(made, list | tuple):
        return all(_fits_the_database(one) for one in made)
    if is_dataclass(made):
        return all(_fits_the_database(getattr(made, one.name)) for one in fields(made))
    return made is None


def _odd(content: bytes) -> Iterator[bytes]:
    """Yield bodies that are no answer at all, and the answer with each of its parts odd."""
    yield from BODIES
    if not content:
        return
    data = json.loads(content)
    for holder, key in list(_places(data)):
        kept = holder[key]
        for junk in JUNK:
            holder[key] = junk
            yield json.dumps(data).encode()
        if isinstance(holder, dict):
            del holder[key]
            yield json.dumps(data).encode()
        holder[key] = kept


def _places(node: Any) -> Iterator[tuple[Any, Any]]:
    rows = node.items() if isinstance(node, dict) else enumerate(node[:2])
    for key, below in list(rows):
        yield node, key
        if isinstance(below, dict | list):
            yield from _places(below)
