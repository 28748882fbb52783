"""The Web API's objects, as the OpenAPI file describes them, with what a mode leaves out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from simulator.catalogue import Episode, Track, stable_id
from simulator.clock import iso
from simulator.messages import Call, Json, Refused, web_error, with_query
from simulator.model import Entry, Playlist
from simulator.state import Person, World

OPEN = "https://open.spotify.com"
PRECISIONS = {4: "year", 7: "month", 10: "day"}  # by the length of a date
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Shapes:
    """Writes objects for one call: its address decides the links, the mode the fields."""

    world: World
    call: Call

    @property
    def base(self) -> str:
        return f"http://{self.call.headers.get('host', 'api.spotify.com')}/v1"

    @property
    def extended(self) -> bool:
        return self.world.switches.mode == "extended"

    def identity(self, kind: str, id_: str) -> Json:
        return {
            "external_urls": {"spotify": f"{OPEN}/{kind}/{id_}"},
            "href": f"{self.base}/{kind}s/{id_}",
            "id": id_,
            "type": kind,
            "uri": f"spotify:{kind}:{id_}",
        }

    def me(self, person: Person, scopes: Iterable[str]) -> Json:
        shape = self.user(person) | {"account_id": person.account_id, "images": []}
        if not self.extended:
            return shape
        shape["followers"] = {"href": None, "total": 0}
        if "user-read-private" in scopes:
            shape |= {"country": person.country, "product": person.product}
            shape["explicit_content"] = {"filter_enabled": False, "filter_locked": False}
        if "user-read-email" in scopes:
            shape["email"] = person.email
        return shape

    def user(self, person: Person) -> Json:
        return self.identity("user", person.id) | {"display_name": person.name}

    def owner(self, id_: str) -> Json:
        person = self.world.people.get(id_)
        return self.identity("user", id_) | {"display_name": person.name if person else None}

    def playlist(self, playlist: Playlist) -> Json:
        images = [{"url": f"{self.base}/_cover/{playlist.id}", "height": None, "width": None}]
        return self.identity("playlist", playlist.id) | {
            "collaborative": playlist.collaborative,
            "description": playlist.description or "",
            "images": images if playlist.cover else [],
            "name": playlist.name,
            "owner": self.owner(playlist.owner),
            "public": playlist.public or self.world.switches.public_false_ignored,
            "snapshot_id": playlist.seen_snapshot(),
        }

    def listed_playlist(self, playlist: Playlist) -> Json:
        link = f"{self.base}/playlists/{playlist.id}/{self.contents_key}"
        total = {"href": link, "total": len(playlist.seen_entries())}
        return self.playlist(playlist) | {self.contents_key: total}

    @property
    def contents_key(self) -> str:
        return "tracks" if self.extended else "items"

    def entry(self, entry: Entry, *, episodes: bool) -> Json:
        thing = self.thing(entry.uri, episodes=episodes)
        shape: Json = {
            "added_at": iso(entry.added_at),
            "added_by": self.identity("user", entry.added_by),
            "is_local": entry.uri.startswith("spotify:local:"),
        }
        keys = self.world.switches.item_keys
        if keys != "track":
            shape["item"] = thing
        if keys != "item" or self.extended:
            shape["track"] = thing
        return shape

    def thing(self, uri: str, *, episodes: bool) -> Json | None:
        """Write a track, a local file or an episode; None for what is not available."""
        _, kind, id_ = uri.split(":", 2)
        if kind == "local":
            return self.local_file(uri)
        if kind == "episode":
            episode = self.world.catalogue.episode(id_)
            return self.episode(episode) if episode and episodes else None
        track = self.world.catalogue.track(id_, invent=True)
        return self.track(track) if track else None

    def track(self, track: Track) -> Json:
        shape = self.identity("track", track.id) | {
            "album": self.album(track),
            "artists": [self.artist(id_, name) for id_, name in track.artists],
            "disc_number": 1,
            "duration_ms": track.duration_s * 1000,
            "explicit": track.explicit,
            "external_ids": {"isrc": track.isrc},
            "is_local": False,
            "is_playable": True,
            "name": track.title,
            "preview_url": None,
            "track_number": self.place(track),
        }
        if self.extended:
            shape |= {"available_markets": ["GB"], "popularity": 50}
        return shape

    def album(self, track: Track) -> Json:
        shape = self.identity("album", track.album_id) | {
            "album_type": "album",
            "artists": [self.artist(*track.artists[0])],
            "images": [],
            "name": track.album,
            "release_date": track.release_date,
            "release_date_precision": PRECISIONS[len(track.release_date)],
            "total_tracks": max(1, len(self.world.catalogue.album(track.album_id))),
        }
        if self.extended:
            shape["available_markets"] = ["GB"]
        return shape

    def place(self, track: Track) -> int:
        """Return a track's number on its album; an invented album has only that one."""
        ids = [one.id for one in self.world.catalogue.album(track.album_id)]
        return ids.index(track.id) + 1 if track.id in ids else 1

    def simple_track(self, track: Track) -> Json:
        """Write a track as its album shows it: without the album, and without an ISRC."""
        shape = self.track(track)
        for key in ("album", "external_ids", "popularity"):
            shape.pop(key, None)
        return shape

    def whole_album(self, known: Sequence[Track]) -> Json:
        """Write an album, of which the simulator knows these tracks, with the first 50."""
        track = known[0]
        path = f"/albums/{track.album_id}/tracks"
        tracks = self.page(path, known, self.simple_track, limit=50, offset=0)
        shape = self.album(track) | {
            "copyrights": [],
            "external_ids": {"upc": "000000000000"},
            "genres": [],
            "tracks": tracks,
        }
        if self.extended:
            shape |= {"label": "", "popularity": 50}
        return shape

    def artist(self, id_: str, name: str) -> Json:
        return self.identity("artist", id_) | {"name": name}

    def full_artist(self, id_: str, name: str) -> Json:
        shape = self.artist(id_, name) | {"genres": [], "images": []}
        if self.extended:
            shape |= {"followers": {"href": None, "total": 0}, "popularity": 50}
        return shape

    def local_file(self, uri: str) -> Json:
        """Write a file of the person's own: no id, no link, names from its URI."""
        artist, album, title, seconds = ([*uri.split(":")[2:], "", "", "", ""])[:4]
        plain: Json = {
            "album_type": None,
            "external_urls": {},
            "href": None,
            "id": None,
            "images": [],
        }
        return {
            "album": plain | {"artists": [], "name": _spaces(album), "type": "album", "uri": None},
            "artists": [
                {
                    "external_urls": {},
                    "href": None,
                    "id": None,
                    "name": _spaces(artist),
                    "type": "artist",
                    "uri": None,
                }
            ],
            "disc_number": 0,
            "duration_ms": int(seconds or 0) * 1000,
            "explicit": False,
            "external_ids": {},
            "external_urls": {},
            "href": None,
            "id": None,
            "is_local": True,
            "name": _spaces(title),
            "preview_url": None,
            "track_number": 0,
            "type": "track",
            "uri": uri,
        }

    def episode(self, episode: Episode) -> Json:
        words = {"description": "", "html_description": "", "explicit": False, "images": []}
        show = self.identity("show", stable_id(f"show/{episode.show}")) | words
        show |= {"copyrights": [], "is_externally_hosted": False, "languages": ["en"]}
        show |= {"media_type": "audio", "name": episode.show, "total_episodes": 1}
        if self.extended:
            show |= {"available_markets": ["GB"], "publisher": episode.show}
        return (
            self.identity("episode", episode.id)
            | words
            | {
                "audio_preview_url": None,
                "duration_ms": episode.duration_s * 1000,
                "is_externally_hosted": False,
                "is_playable": True,
                "language": "en",
                "languages": ["en"],
                "name": episode.title,
                "release_date": "2019-06-01",
                "release_date_precision": "day",
                "show": show,
            }
        )

    def page(
        self,
        path: str,
        things: Sequence[T],
        write: Callable[[T], Json | None],
        *,
        limit: int,
        offset: int,
    ) -> Json:
        """Write the part of a list that was asked for."""
        cut = [write(thing) for thing in things[offset : offset + limit]]
        link = f"{self.base}{path}"
        return self.paging(link, cut, limit=limit, offset=offset, total=len(things))

    def paging(self, link: str, items: list[Any], *, limit: int, offset: int, total: int) -> Json:
        kept = {
            key: value for key, value in self.call.query if key not in ("limit", "offset", "uris")
        }

        def at(place: int) -> str:
            return with_query(link, offset=str(place), limit=str(limit), **kept)

        return {
            "href": at(offset),
            "limit": limit,
            "next": at(offset + limit) if offset + limit < total else None,
            "offset": offset,
            "previous": at(max(0, offset - limit)) if offset else None,
            "total": total,
            "items": items,
        }


def bounds(call: Call, *, limit: int = 20, most: int = 50, furthest: int = 100_000) -> Json:
    """Read limit and offset, and refuse what Spotify refuses."""
    return {
        "limit": _number(call, "limit", limit, least=1, most=most),
        "offset": _number(call, "offset", 0, least=0, most=furthest),
    }


def moment(call: Call, name: str) -> float | None:
    """Read a time in milliseconds, None where it is not given."""
    text = call.arg(name)
    if not text:
        return None
    if not text.isascii() or not text.isdigit():
        raise Refused(web_error(400, f"Invalid {name}"))
    return int(text) / 1000


def _number(call: Call, name: str, usual: int, *, least: int, most: int) -> int:
    text = call.arg(name)
    if not text:
        return usual
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise Refused(web_error(400, f"Invalid {name}"))
    return int(text)


def _spaces(text: str) -> str:
    return text.replace("+", " ").replace("%20", " ")
