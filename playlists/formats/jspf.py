"""JSPF (XSPF as JSON), as ListenBrainz writes it: read and written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from playlists import links
from playlists.formats import documents, fields, tables
from playlists.formats.values import Found, Heading, Row, check_count
from playlists.lists import NotAList, Unmatched

# ListenBrainz' extension: added_at has no other place in JSPF.
EXTENSION = "https://musicbrainz.org/doc/jspf#track"


def fits(document: Any) -> bool:
    return _playlist(document) is not None


def read(document: Any) -> Iterator[Found]:
    playlist = _playlist(document) or {}
    tracks = playlist.get("track", [])
    if not isinstance(tracks, list):
        raise NotAList('There is no list of tracks in this JSPF file: "track" is not a list.')
    check_count(len(tracks))
    yield Heading(fields.clean(playlist.get("title")))
    for number, track in enumerate(tracks, start=1):
        if isinstance(track, dict):
            yield tables.entry_of(number, _values(track))
        else:
            yield Unmatched(number, "", "not an object")


def write(rows: Iterable[Row], *, name: str) -> Iterator[str]:
    head = f'{{"playlist": {{"title": {documents.quote(name)}, "track": ['
    return documents.dump(head, (_track(row) for row in rows), "]}}")


def addresses(texts: Iterable[str]) -> dict[str, str]:
    """Return the track and the ISRC among the addresses of an entry."""
    found: dict[str, str] = {}
    for text in texts:
        uri, reason = fields.track_uri(text)
        if uri or reason:
            if uri or "uri" not in found:
                found["uri"] = text
        elif isrc := fields.isrc(text.lower().removeprefix("urn:")):
            found["isrc"] = isrc
    return found


def _playlist(document: Any) -> dict[str, Any] | None:
    """Find the playlist; ListenBrainz' API wraps it once or twice more."""
    for _ in range(3):
        if not isinstance(document, dict):
            return None
        playlist = document.get("playlist")
        if isinstance(playlist, dict):
            return playlist
        document = document.get("payload") or document.get("jspf")
    return None


def _values(track: Mapping[str, Any]) -> dict[str, str]:
    extension = track.get("extension")
    ours = extension.get(EXTENSION) if isinstance(extension, dict) else None
    return {
        **addresses([*_texts(track.get("location")), *_texts(track.get("identifier"))]),
        "title": fields.clean(track.get("title")),
        "artists": fields.clean(track.get("creator")),
        "album": fields.clean(track.get("album")),
        "ms": str(fields.milliseconds(track.get("duration"))),
        "added_at": fields.clean(ours.get("added_at")) if isinstance(ours, dict) else "",
    }


def _texts(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [fields.clean(one) for one in values[:20]]


def _track(row: Row) -> dict[str, Any]:
    track: dict[str, Any] = {
        "location": [links.page(row.uri)] if row.uri else [],
        "identifier": [f"isrc:{row.isrc}"] if row.isrc else [],
        "title": row.title,
        "creator": row.artists,
        "album": row.album,
        "duration": row.duration_ms,
        "extension": {EXTENSION: {"added_at": row.added_at}} if row.added_at else {},
    }
    return {name: value for name, value in track.items() if value}
