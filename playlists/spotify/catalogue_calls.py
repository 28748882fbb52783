"""The calls about music that is in nobody's library: search, and look-ups by id."""

from __future__ import annotations

from collections.abc import Sequence

from playlists.spotify import values
from playlists.spotify.calls import Calls, check_batch, id_of, part
from playlists.spotify.capability import EXTENDED
from playlists.spotify.values import Album, Item

LOOK_UPS = 50  # ids that one look-up of several takes, at most
USUAL_RESULTS = 10


class CatalogueCalls(Calls):
    def search_tracks(self, query: str, *, most: int = USUAL_RESULTS) -> list[Item]:
        """Return the best results; ``queries`` writes the query. More than 10: extended quota."""
        if not query.strip() or not 1 <= most <= EXTENDED.search_page:
            raise ValueError(f"a search has words and asks for 1 to {EXTENDED.search_page} results")
        self.can.need("search_page", given=most <= self.can.search_page)
        params = {"q": query, "type": "track", "limit": str(most)}
        return values.found(self._call("GET", "/search", params=params))

    def track(self, uri: str) -> Item:
        """Look one track or episode up by its URI."""
        name = id_of(uri, "track", "episode")
        kind = "episodes" if uri.startswith("spotify:episode:") else "tracks"
        return values.track(self._call("GET", f"/{kind}/{part(name)}"))

    def tracks(self, uris: Sequence[str]) -> list[Item]:
        """Look up to 50 tracks up in one call, a slot for each: only with extended quota."""
        return self._several("track", uris)

    def episodes(self, uris: Sequence[str]) -> list[Item]:
        """Look up to 50 episodes up in one call, a slot for each: only with extended quota."""
        return self._several("episode", uris)

    def album(self, uri: str) -> Album:
        """Look an album up, with its first 50 tracks."""
        return values.album(self._call("GET", f"/albums/{part(id_of(uri, 'album'))}"))

    def album_items(self, album: Album) -> list[Item]:
        """Return all tracks of an album; one that came whole costs no call."""
        if album.is_whole:
            return list(album.tracks)
        path = f"/albums/{part(id_of(album.uri, 'album'))}/tracks"
        pages = self._pages(path, values.tracks)
        return [values.of_album(album, one) for page in pages for one in page.items]

    def _several(self, kind: str, uris: Sequence[str]) -> list[Item]:
        check_batch(uris, LOOK_UPS)
        self.can.need("batches", given=self.can.batches)
        if not uris:
            return []
        params = {"ids": ",".join(id_of(uri, kind) for uri in uris)}
        answer = self._call("GET", f"/{kind}s", params=params)
        return values.looked_up(answer, f"{kind}s", count=len(uris))
