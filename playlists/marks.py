"""Whether lists at Spotify are as they were when they were last read, told without reading them.

A mark is a hint. Equal marks mean that nobody changed the list, as far as Spotify says; other marks
mean no more than that it has to be read. Reasons and limits: docs/decisions/marks.md.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from playlists.connection import Connection
from playlists.spotify import Head, Playlist, SpotifyClient, errors
from playlists.spotify.calls import PAGE

LIKED = "liked"  # beside the ids of playlists, which have 22 characters
ALBUMS = "albums"


class Mark(NamedTuple):
    """How a list looks from outside; as JSON it is a list of two."""

    stamp: str  # a playlist's snapshot id; the newest date in a library
    total: int | None  # None where Spotify does not open the list to this person


def look(connection: Connection, places: Iterable[str]) -> dict[str, Mark]:
    """Return the marks of playlists (by id), ``LIKED`` and ``ALBUMS``.

    Look before you read and keep the mark with what was read: then a change in between is seen the
    next time. What is missing in the answer cannot be told. The liked songs cost a call, the saved
    albums one, all playlists together one if the person has 50 at most, and one for each that is
    not in the person's library.
    """
    wanted, client = set(places), connection.client
    found: dict[str, Mark] = {}
    if LIKED in wanted:
        found[LIKED] = _of_library(client.liked_head())
    if ALBUMS in wanted:
        found[ALBUMS] = _of_library(client.saved_albums_head())
    return found | _of_lists(client, wanted - {LIKED, ALBUMS})


def differing(known: Mapping[str, Mark], now: Mapping[str, Mark]) -> set[str]:
    """Return which of the places in ``known`` have to be read, by what was seen ``now``."""
    return {place for place, mark in known.items() if now.get(place) != mark}


def _of_library(head: Head) -> Mark:
    return Mark(head.newest, head.total)


def _of_lists(client: SpotifyClient, wanted: set[str]) -> dict[str, Mark]:
    """Turn the pages of the person's playlists as long as single look-ups would be dearer.

    What is on none of them may be there all the same: one that the person has removed, say.
    """
    found: dict[str, Mark] = {}
    missing, offset = wanted, 0
    while missing:
        page = client.my_playlist_page(offset)
        here = [one for one in page.items if one.id in missing]
        found |= _marks(here)
        missing = missing - {one.id for one in here}
        offset += PAGE
        pages_left = math.ceil((page.total - offset) / PAGE)
        if pages_left <= 0 or len(missing) <= pages_left:
            return found | _marks(_one_by_one(client, missing))
    return found


def _one_by_one(client: SpotifyClient, ids: Iterable[str]) -> Iterator[Playlist]:
    for playlist_id in sorted(ids):
        try:
            yield client.playlist(playlist_id)
        except (errors.NotFound, errors.Forbidden, errors.InsufficientScope):
            continue  # of this one nothing can be told, of the others all the same


def _marks(playlists: Iterable[Playlist]) -> dict[str, Mark]:
    return {one.id: Mark(one.snapshot_id, one.total) for one in playlists if one.snapshot_id}
