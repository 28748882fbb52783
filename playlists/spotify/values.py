"""Spotify's objects with the fields that we use: a field that is missing or odd becomes empty.

What an answer cannot do without (ids, lists, totals) is another matter: lacking it is one error,
``Unreadable``, that names it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from playlists.spotify import errors

MOST = 2**31 - 1  # what Postgres takes as an integer; nothing that Spotify counts is near it
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Profile:
    id: str
    account_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Playlist:
    id: str
    name: str
    description: str
    owner_id: str
    collaborative: bool
    snapshot_id: str
    total: int | None  # None where Spotify does not open the list to this person
    public: bool | None = None  # None where Spotify does not say


@dataclass(frozen=True, slots=True)
class Item:
    """What stands at one position. A slot without a URI is an item that is not available."""

    uri: str
    added_at: str = ""  # to a playlist or the library; for what was played, when
    is_local: bool = False
    title: str = ""
    artists: str = ""  # for people: names with commas
    album: str = ""
    duration_ms: int = 0
    isrc: str = ""
    artist_names: tuple[str, ...] = ()
    album_uri: str = ""
    released: str = ""  # "2019", "2019-06" or "2019-06-01", as exact as Spotify knows it
    explicit: bool | None = None  # None where Spotify does not say
    disc_number: int = 0
    track_number: int = 0
    added_by: str = ""

    @property
    def can_be_written(self) -> bool:
        """Say whether the Web API can put this item into a list or take it out."""
        return bool(self.uri) and not self.is_local


@dataclass(frozen=True, slots=True)
class Album:
    """An album with its first tracks, each with the date on which the album was saved."""

    uri: str
    name: str
    artist_names: tuple[str, ...]
    released: str
    added_at: str  # empty for one that was looked up and not saved
    tracks: tuple[Item, ...]
    total: int

    @property
    def is_whole(self) -> bool:
        """Say whether ``tracks`` are all of them: Spotify sends 50 at most with the album."""
        return len(self.tracks) == self.total


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    items: list[T]
    total: int


@dataclass(frozen=True, slots=True)
class Head:
    """What one entry tells of a list in the library: how long it is, and its newest date."""

    total: int
    newest: str


def profile(body: Mapping[str, Any]) -> Profile:
    return Profile(
        id=_text(body, "id"),
        account_id=_text(body, "account_id"),
        name=_text(body, "display_name"),
    )


def playlist(body: Mapping[str, Any]) -> Playlist:
    if not _text(body, "id"):
        raise errors.Unreadable(200, "playlist")
    # "items" since February 2026 and in development mode, "tracks" before and in extended mode.
    contents = _map(body, "items") or _map(body, "tracks")
    return Playlist(
        id=_text(body, "id"),
        name=_text(body, "name"),
        description=_text(body, "description"),
        owner_id=_text(_map(body, "owner"), "id"),
        collaborative=body.get("collaborative") is True,
        snapshot_id=_text(body, "snapshot_id"),
        total=_count(contents, "total"),
        public=_flag(body, "public"),
    )


def playlists(body: Mapping[str, Any]) -> Page[Playlist]:
    """Read a page of playlists; one that Spotify shows as null is left out."""
    found = page(body, lambda entry: playlist(entry) if isinstance(entry, dict) else None)
    return Page([one for one in found.items if one is not None], found.total)


def snapshot_id(body: Mapping[str, Any]) -> str:
    """Read the answer to a write: a yes without a snapshot id may not be Spotify's own."""
    found = _text(body, "snapshot_id")
    if not found:
        raise errors.Unreadable(200, "snapshot_id")
    return found


def items(body: Mapping[str, Any]) -> Page[Item]:
    return page(body, item)


def tracks(body: Mapping[str, Any]) -> Page[Item]:
    """Read a page of tracks that stand in it as they are, without a wrapper."""
    return page(body, track)


def albums(body: Mapping[str, Any]) -> Page[Album]:
    """Read a page of saved albums."""
    return page(body, _saved_album)


def page(body: Mapping[str, Any], read: Callable[[Any], T]) -> Page[T]:
    entries, total = body.get("items"), _count(body, "total")
    if not isinstance(entries, list) or total is None:
        raise errors.Unreadable(200, "page")
    return Page([read(entry) for entry in entries], total)


def head(body: Mapping[str, Any]) -> Head:
    """Read a list that begins with its newest entry, of which the first one is enough."""
    first = page(body, lambda entry: _text(_as_map(entry), "added_at"))
    newest = first.items[0] if first.items else ""
    if first.total and not newest:
        raise errors.Unreadable(200, "added_at")
    return Head(first.total, newest)


def plays(body: Mapping[str, Any]) -> list[Item]:
    """Read what was played last: no page, for it has no end that one could reach."""
    entries = body.get("items")
    if not isinstance(entries, list):
        raise errors.Unreadable(200, "items")
    return [replace(item(entry), added_at=_text(_as_map(entry), "played_at")) for entry in entries]


def found(body: Mapping[str, Any]) -> list[Item]:
    """Read the tracks of a search; what is not available is no result."""
    results = page(_map(body, "tracks"), track)
    return [one for one in results.items if one.uri]


def looked_up(body: Mapping[str, Any], key: str, *, count: int) -> list[Item]:
    """Read the answer to a look-up of several: one slot for each, empty for what is gone."""
    entries = body.get(key)
    if not isinstance(entries, list) or len(entries) != count:
        raise errors.Unreadable(200, key)
    return [track(entry) for entry in entries]


def item(entry: Any) -> Item:
    """Read one position: ``item`` first, else ``track``; null stays a slot."""
    if not isinstance(entry, dict):
        return Item("")
    bare = track(_map(entry, "item") or _map(entry, "track"))
    return replace(
        bare,
        added_at=_text(entry, "added_at"),
        is_local=bare.is_local or entry.get("is_local") is True,
        added_by=_text(_map(entry, "added_by"), "id"),
    )


def track(thing: Any) -> Item:
    """Read a track or an episode itself."""
    body = _as_map(thing)
    album = _map(body, "album") or _map(body, "show")
    uri, names = _text(body, "uri"), _names(body)
    return Item(
        uri=uri,
        is_local=body.get("is_local") is True or uri.startswith("spotify:local:"),
        title=_text(body, "name"),
        artists=", ".join(names),
        album=_text(album, "name"),
        duration_ms=_count(body, "duration_ms") or 0,
        isrc=_text(_map(body, "external_ids"), "isrc"),
        artist_names=names,
        album_uri=_text(album, "uri"),
        released=_text(album, "release_date") or _text(body, "release_date"),
        explicit=_flag(body, "explicit"),
        disc_number=_count(body, "disc_number") or 0,
        track_number=_count(body, "track_number") or 0,
    )


def album(body: Mapping[str, Any], *, added_at: str = "") -> Album:
    uri = _text(body, "uri")
    if not uri.removeprefix("spotify:album:") or not uri.startswith("spotify:album:"):
        raise errors.Unreadable(200, "album")
    contents = page(_map(body, "tracks"), track)
    bare = Album(
        uri=uri,
        name=_text(body, "name"),
        artist_names=_names(body),
        released=_text(body, "release_date"),
        added_at=added_at,
        tracks=(),
        total=contents.total,
    )
    return replace(bare, tracks=tuple(of_album(bare, one) for one in contents.items))


def of_album(album: Album, track: Item) -> Item:
    """Tell a track what only its album knows: an album's own tracks are written without it."""
    return replace(
        track,
        album=album.name,
        album_uri=album.uri,
        released=album.released,
        added_at=album.added_at,
    )


def _saved_album(entry: Any) -> Album:
    body = _as_map(entry)
    if body.get("album") is None:  # not available any more: its place in the page stays
        return Album("", "", (), "", _text(body, "added_at"), (), 0)
    return album(_map(body, "album"), added_at=_text(body, "added_at"))


def _names(body: Mapping[str, Any]) -> tuple[str, ...]:
    artists = body.get("artists")
    if not isinstance(artists, list):
        return ()
    return tuple(filter(None, (_text(_as_map(one), "name") for one in artists)))


def _as_map(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _map(body: Mapping[str, Any], key: str) -> dict[str, Any]:
    return _as_map(body.get(key))


def _flag(body: Mapping[str, Any], key: str) -> bool | None:
    value = body.get(key)
    return value if isinstance(value, bool) else None


def _count(body: Mapping[str, Any], key: str) -> int | None:
    value = body.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST:
        return None
    return value


def _text(body: Mapping[str, Any], key: str) -> str:
    value = body.get(key)
    # Postgres takes no NUL in text.
    if not isinstance(value, str):
        return ""
    return value.replace("\0", "").encode("utf-8", "replace").decode()
