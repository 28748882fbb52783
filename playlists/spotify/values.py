"""Spotify's objects with the few fields that we use; whatever is missing or odd becomes empty."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from playlists.spotify import errors


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
    added_at: str = ""
    is_local: bool = False
    title: str = ""
    artists: str = ""
    album: str = ""
    duration_ms: int = 0
    isrc: str = ""

    @property
    def can_be_written(self) -> bool:
        """Say whether the Web API can put this item into a list or take it out."""
        return bool(self.uri) and not self.is_local


@dataclass(frozen=True, slots=True)
class Page:
    items: list[Item]
    total: int


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
    total, public = contents.get("total"), body.get("public")
    return Playlist(
        id=_text(body, "id"),
        name=_text(body, "name"),
        description=_text(body, "description"),
        owner_id=_text(_map(body, "owner"), "id"),
        collaborative=body.get("collaborative") is True,
        snapshot_id=_text(body, "snapshot_id"),
        total=total if isinstance(total, int) else None,
        public=public if isinstance(public, bool) else None,
    )


def page(body: Mapping[str, Any]) -> Page:
    entries, total = body.get("items"), body.get("total")
    if not isinstance(entries, list) or not isinstance(total, int):
        raise errors.Unreadable(200, "page")
    return Page([item(entry) for entry in entries], total)


def item(entry: Any) -> Item:
    """Read one position: ``item`` first, else ``track``; null stays a slot."""
    if not isinstance(entry, dict):
        return Item("")
    thing = _map(entry, "item") or _map(entry, "track")
    album = _map(thing, "album") or _map(thing, "show")
    artists = thing.get("artists")
    names = (
        [_text(one, "name") for one in artists if isinstance(one, dict)]
        if isinstance(artists, list)
        else []
    )
    duration = thing.get("duration_ms")
    uri = _text(thing, "uri")
    return Item(
        uri=uri,
        added_at=_text(entry, "added_at"),
        is_local=entry.get("is_local") is True or uri.startswith("spotify:local:"),
        title=_text(thing, "name"),
        artists=", ".join(filter(None, names)),
        album=_text(album, "name"),
        duration_ms=duration if isinstance(duration, int) else 0,
        isrc=_text(_map(thing, "external_ids"), "isrc"),
    )


def _map(body: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = body.get(key)
    return value if isinstance(value, dict) else {}


def _text(body: Mapping[str, Any], key: str) -> str:
    value = body.get(key)
    # Postgres takes no NUL in text.
    if not isinstance(value, str):
        return ""
    return value.replace("\0", "").encode("utf-8", "replace").decode()
