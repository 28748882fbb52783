"""What Spotify itself sends to who asks for their data: playlists, and the library, as JSON.

The files are Playlist1.json, Playlist2.json and YourLibrary.json of the package "Account data".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from playlists.formats import fields, tables
from playlists.formats.values import Found, Heading
from playlists.lists import Unmatched

_NAMES = {
    "trackName": "title",
    "episodeName": "title",
    "artistName": "artists",
    "showName": "artists",
    "albumName": "album",
    "trackUri": "uri",
    "episodeUri": "uri",
    "uri": "uri",  # of a local file
}
_LIBRARY = {"artist": "artists", "album": "album", "track": "title", "uri": "uri"}


def fits(document: Any) -> bool:
    """Say whether it is one of these files, by what only they have."""
    return isinstance(document, dict) and (_is_library(document) or bool(_playlists(document)))


def read(document: Any) -> Iterator[Found]:
    """Yield the playlists one after the other, or the liked songs; a single one has its name."""
    rows: Iterator[dict[str, str]]
    if _is_library(document):
        rows = (_picked(row, _LIBRARY) for row in document["tracks"])
    else:
        playlists = _playlists(document)
        if len(playlists) == 1:
            yield Heading(fields.clean(playlists[0].get("name")))
        rows = map(_values, chain.from_iterable(one["items"] for one in playlists))
    for number, values in enumerate(rows, start=1):
        yield tables.entry_of(number, values) if values else Unmatched(number, "", "empty")


def _is_library(document: Mapping[str, Any]) -> bool:
    tracks = document.get("tracks")
    return isinstance(tracks, list) and "albums" in document and "bannedTracks" in document


def _playlists(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the playlists, none where one is not of the form that Spotify writes."""
    playlists = document.get("playlists")
    if not isinstance(playlists, list):
        return []
    fine = all(isinstance(one, dict) and isinstance(one.get("items"), list) for one in playlists)
    return playlists if fine else []


def _values(item: Any) -> dict[str, str]:
    """Return what an item says: it holds a track, an episode or a local file, and null else."""
    if not isinstance(item, dict):
        return {}
    kinds = ("track", "episode", "localTrack")
    values = _picked(next((item[kind] for kind in kinds if item.get(kind)), None), _NAMES)
    return {**values, "added_at": fields.clean(item.get("addedDate"))} if values else {}


def _picked(row: Any, names: Mapping[str, str]) -> dict[str, str]:
    if not isinstance(row, dict):
        return {}
    texts = {key: fields.clean(row.get(name)) for name, key in names.items() if row.get(name)}
    return {key: text for key, text in texts.items() if text}
