"""The calls about a person: who it is, what they saved, and what they listen to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum

from playlists.spotify import values
from playlists.spotify.calls import PAGE, Calls, check_batch, window
from playlists.spotify.transport import read_flags
from playlists.spotify.values import Album, Head, Item, Page, Profile

LIBRARY_BATCH = 40  # URIs that one call about the library takes, at most
MOST_HEARD = 50  # top tracks of one range, or plays: Spotify keeps no more to show


class TopRange(Enum):
    """Over what time Spotify reckons what a person plays most."""

    FOUR_WEEKS = "short_term"
    SIX_MONTHS = "medium_term"
    YEAR = "long_term"


class LibraryCalls(Calls):
    def me(self) -> Profile:
        return values.profile(self._call("GET", "/me"))

    def liked_pages(self, *, start: int = 0) -> Iterator[Page[Item]]:
        """Yield the liked songs in pages, newest first."""
        return self._pages("/me/tracks", values.items, start=start)

    def liked(self) -> list[Item]:
        return [item for page in self.liked_pages() for item in page.items]

    def liked_head(self) -> Head:
        """Return how many there are and the newest date, by the smallest call there is."""
        return values.head(self._call("GET", "/me/tracks", params=window(0, 1)))

    def saved_album_pages(self, *, start: int = 0) -> Iterator[Page[Album]]:
        """Yield the saved albums in pages, newest first, each with its first 50 tracks."""
        return self._pages("/me/albums", values.albums, start=start)

    def saved_albums(self) -> list[Album]:
        """Return them without those that are not available any more."""
        return [album for page in self.saved_album_pages() for album in page.items if album.uri]

    def saved_albums_head(self) -> Head:
        return values.head(self._call("GET", "/me/albums", params=window(0, 1)))

    def are_saved(self, uris: Sequence[str]) -> list[bool]:
        """Say for each of up to 40 URIs whether it is in the library; liked songs are."""
        check_batch(uris, LIBRARY_BATCH)
        if not uris:
            return []
        params = {"uris": ",".join(uris)}
        return read_flags(
            self._answer("GET", "/me/library/contains", params=params), count=len(uris)
        )

    def top_tracks(self, over: TopRange, *, most: int = MOST_HEARD) -> list[Item]:
        """Return what the person plays most, the favourite first."""
        _check_page(most)
        params = {"time_range": over.value, **window(0, most)}
        return values.tracks(self._call("GET", "/me/top/tracks", params=params)).items

    def recently_played(self, *, most: int = MOST_HEARD, after_ms: int | None = None) -> list[Item]:
        """Return the last plays, newest first, ``added_at`` being when; each play is one item.

        ``after_ms``: only what was played after this moment (Unix time in milliseconds).
        """
        _check_page(most)
        params = {"limit": str(most)}
        if after_ms is not None:
            params["after"] = str(after_ms)
        return values.plays(self._call("GET", "/me/player/recently-played", params=params))


def _check_page(most: int) -> None:
    if not 1 <= most <= PAGE:
        raise ValueError(f"{most} in one page; Spotify takes 1 to {PAGE}")
