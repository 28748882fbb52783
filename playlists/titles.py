"""What items are called: known without a call, or looked up one by one at a price shown before."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import unquote_plus

from playlists import versions
from playlists.connection import Connection
from playlists.diff import Place
from playlists.models import Track
from playlists.spotify import errors
from spotsite import clock

MOST = 50  # that are looked up at once: a call each, while a person waits
SECONDS = 20.0
_ASK_AGAIN = timedelta(days=30)  # what Spotify did not find may have been gone for a moment only
_KINDS = ("spotify:track:", "spotify:episode:")


@dataclass(frozen=True, slots=True)
class Line:
    """An item as a page shows it."""

    place: Place
    track: Track | None  # without a title where Spotify does not have it any more

    @property
    def number(self) -> int:
        return self.place.position + 1

    @property
    def url(self) -> str:
        return Track(uri=self.place.item.uri).spotify_url

    @property
    def title(self) -> str:
        if self.track is not None and self.track.title:
            return self.track.title
        return _local_title(self.place.item.uri) if self.place.item.is_local else ""

    @property
    def artists(self) -> str:
        return self.track.artists if self.track is not None else ""

    @property
    def is_gone(self) -> bool:
        return self.track is not None and not self.track.title

    @property
    def is_unknown(self) -> bool:
        return self.track is None and _can_be_asked_for(self.place.item.uri)


def lines(places: Sequence[Place]) -> list[Line]:
    """Return the items with what is known of them, in one query."""
    known = Track.objects.in_bulk(sorted({place.item.uri for place in places}))
    old = clock.now() - _ASK_AGAIN
    for uri in [uri for uri, row in known.items() if not row.title and row.fetched_at < old]:
        del known[uri]
    return [Line(place, known.get(place.item.uri)) for place in places]


def unknown(shown: Iterable[Line]) -> list[str]:
    """Return the URIs that a call each could tell us of."""
    return list(dict.fromkeys(line.place.item.uri for line in shown if line.is_unknown))


def look_up(connection: Connection, uris: Sequence[str]) -> int:
    """Ask Spotify for some of them, as long as a person waits; return how many have a title now."""
    ends = time.monotonic() + SECONDS
    found = 0
    for uri in uris[:MOST]:
        found += _look_up(connection, uri)
        if time.monotonic() > ends:
            break
    return found


def _look_up(connection: Connection, uri: str) -> bool:
    try:
        item = connection.client.track(uri)
    except errors.NotFound:
        _is_gone(uri)
        return False
    if not item.title:
        _is_gone(uri)
        return False
    # Under the URI that was asked for: Spotify may show the same track under another.
    versions.remember([replace(item, uri=uri)])
    return True


def _is_gone(uri: str) -> None:
    now = clock.now()
    Track.objects.update_or_create(
        uri=uri, defaults={"title": "", "fetched_at": now, "vouched_at": now}
    )


def _can_be_asked_for(uri: str) -> bool:
    return uri.startswith(_KINDS)


def _local_title(uri: str) -> str:
    """Read a local file's name from its URI: spotify:local:artist:album:title:seconds."""
    parts = [unquote_plus(part) for part in uri.split(":")]
    return parts[4] if len(parts) > 4 else ""
