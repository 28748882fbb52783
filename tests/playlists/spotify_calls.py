"""Each call that the Web API's client has, in use, and the transports on which it is tried."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

from accounts.scopes import BASE
from playlists.spotify import Capability, SpotifyClient, TopRange, errors
from simulator.control_client import Control
from tests.playlists.cast import tracks

SCOPES = [*BASE, "user-library-read", "user-top-read", "user-read-recently-played"]
EPISODE = f"spotify:episode:{'e' * 22}"


@dataclass
class Wire:
    """A transport that makes each call once and remembers what was asked for."""

    asked: list[tuple[str, str, Mapping[str, str] | None, Any]] = field(default_factory=list)

    def __call__(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        params: Mapping[str, str] | None,
        json: Any,
    ) -> requests.Response:
        self.asked.append((method, url, params, json))
        try:
            return requests.request(
                method, url, headers=dict(headers), params=params, json=json, timeout=2
            )
        except requests.RequestException:
            raise errors.NoAnswer("cut", maybe_applied=True) from None


@dataclass
class Place:
    """What calls can be about: a playlist of Ada's, one of Grace's, an album that is long."""

    mine: str
    foreign: str
    album: str


Use = Callable[[SpotifyClient, Place], object]
CALLS: dict[str, tuple[Use, ...]] = {
    "add": (lambda client, at: client.add(at.mine, tracks(100), position=0),),
    "album": (lambda client, at: client.album(at.album),),
    "album_items": (lambda client, at: client.album_items(client.album(at.album)),),
    "are_saved": (lambda client, _: client.are_saved(tracks(40)),),
    "change_details": (
        lambda client, at: client.change_details(at.mine, name="N"),
        lambda client, at: client.change_details(at.mine, description="", public=True),
    ),
    "create": (
        lambda client, _: client.create("Mine", description="d"),
        lambda client, _: client.create("Mine", public=True),
    ),
    "episodes": (lambda client, _: client.episodes([EPISODE] * 50),),
    "foreign_item_pages": (lambda client, at: client.foreign_item_pages(at.foreign),),
    "item_pages": (lambda client, at: client.item_pages(at.mine),),
    "items": (lambda client, at: client.items(at.mine),),
    "liked": (lambda client, _: client.liked(),),
    "liked_head": (lambda client, _: client.liked_head(),),
    "liked_pages": (lambda client, _: client.liked_pages(),),
    "me": (lambda client, _: client.me(),),
    "my_playlist_page": (
        lambda client, _: client.my_playlist_page(),
        lambda client, _: client.my_playlist_page(50),
    ),
    "my_playlists": (lambda client, _: client.my_playlists(),),
    "playlist": (lambda client, at: client.playlist(at.mine),),
    "recently_played": (
        lambda client, _: client.recently_played(),
        lambda client, _: client.recently_played(most=1, after_ms=1_700_000_000_000),
    ),
    "remove": (lambda client, at: client.remove(at.mine, tracks(100)),),
    "reorder": (lambda client, at: client.reorder(at.mine, start=0, length=2, before=3),),
    "replace": (
        lambda client, at: client.replace(at.mine, tracks(100)),
        lambda client, at: client.replace(at.mine, []),
    ),
    "saved_album_pages": (lambda client, _: client.saved_album_pages(),),
    "saved_albums": (lambda client, _: client.saved_albums(),),
    "saved_albums_head": (lambda client, _: client.saved_albums_head(),),
    "search_tracks": (
        lambda client, _: client.search_tracks("isrc:ZZSIM2600001"),
        lambda client, _: client.search_tracks("love", most=1),
        lambda client, _: client.search_tracks("love", most=client.can.search_page),
    ),
    "top_tracks": tuple(lambda client, _, over=over: client.top_tracks(over) for over in TopRange),
    "track": (
        lambda client, _: client.track(tracks(1)[0]),
        lambda client, _: client.track(EPISODE),
    ),
    "tracks": (lambda client, _: client.tracks(tracks(50)),),
}
ONLY_EXTENDED = {"episodes", "foreign_item_pages", "tracks"}


def album_uri(spotify: Control) -> str:
    token = spotify.tokens("ada", SCOPES)["access_token"]
    client = SpotifyClient(Wire(), lambda: token, url=f"{spotify.base_url}/v1")
    return client.search_tracks("track:Zyzzy 7")[0].album_uri


def client_for(spotify: Control, wire: Wire, can: Capability) -> SpotifyClient:
    spotify.switch(mode=can.mode)
    token = spotify.tokens("ada", SCOPES)["access_token"]
    return SpotifyClient(wire, lambda: token, url=f"{spotify.base_url}/v1", can=can)


def exhaust(answer: object) -> None:
    if isinstance(answer, Iterator):
        list(answer)
