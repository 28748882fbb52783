"""The calls about playlists: whose there are, what is in them, and changing them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from playlists.spotify import values
from playlists.spotify.calls import PAGE, Calls, check_batch, part, window
from playlists.spotify.transport import read_nothing
from playlists.spotify.values import Item, Page, Playlist

BATCH = 100  # URIs a write, at most
OLD_PAGE = 100  # items a page of the old call that apps with extended quota still have
MOST_PLAYLISTS = 11_000  # a person has no more, by Spotify's own word
MOST_DESCRIPTION = 300  # characters; a longer one is answered by 400 or 500
_BOTH = {"additional_types": "track,episode"}  # else an episode has no name and no URI


class PlaylistCalls(Calls):
    def my_playlists(self) -> Iterator[Playlist]:
        """Yield what the person owns or follows, page by page."""
        for offset in range(0, MOST_PLAYLISTS, PAGE):
            page = self.my_playlist_page(offset)
            yield from page.items
            if offset + PAGE >= page.total:
                return

    def my_playlist_page(self, offset: int = 0) -> Page[Playlist]:
        """Return up to 50 of them with their snapshot ids; ``total`` counts all."""
        return values.playlists(self._call("GET", "/me/playlists", params=window(offset)))

    def playlist(self, playlist_id: str) -> Playlist:
        return values.playlist(self._call("GET", _path(playlist_id)))

    def item_pages(self, playlist_id: str, *, start: int = 0) -> Iterator[Page[Item]]:
        """Yield the list in pages, without a market: the URIs are those that were written."""
        return self._pages(f"{_path(playlist_id)}/items", values.items, params=_BOTH, start=start)

    def items(self, playlist_id: str) -> list[Item]:
        """Return the whole list, each item in its place, unavailable ones and local files too."""
        return [item for page in self.item_pages(playlist_id) for item in page.items]

    def foreign_item_pages(self, playlist_id: str) -> Iterator[Page[Item]]:
        """Yield the list of somebody else: only with extended quota, by the call of before 2026."""
        self.can.need("foreign_lists", given=self.can.foreign_lists)
        path = f"{_path(playlist_id)}/tracks"
        return self._pages(path, values.items, params=_BOTH, size=OLD_PAGE)

    def create(self, name: str, *, description: str = "", public: bool = False) -> Playlist:
        """Make a playlist of the person's own. Not idempotent: look before you repeat it."""
        wish = {**_details(name, description), "public": public}
        return values.playlist(self._call("POST", "/me/playlists", json=wish))

    def change_details(
        self,
        playlist_id: str,
        *,
        name: str | None = None,
        description: str | None = None,
        public: bool | None = None,
    ) -> None:
        """Change what is said about a playlist; None leaves a thing as it is. Safe to repeat."""
        wish: dict[str, Any] = _details(name, description)
        if public is not None:
            wish["public"] = public
        if not wish:
            raise ValueError("nothing to change")
        read_nothing(self._answer("PUT", _path(playlist_id), json=wish))

    def add(self, playlist_id: str, uris: Sequence[str], *, position: int) -> str:
        """Insert up to 100 items before ``position``. Not idempotent: read before you repeat it."""
        check_batch(uris, BATCH)
        return self._write("POST", playlist_id, {"uris": list(uris), "position": position})

    def remove(self, playlist_id: str, uris: Sequence[str]) -> str:
        """Take out every copy of up to 100 URIs: Spotify cannot take out only one."""
        check_batch(uris, BATCH)
        return self._write("DELETE", playlist_id, {"items": [{"uri": uri} for uri in uris]})

    def replace(self, playlist_id: str, uris: Sequence[str]) -> str:
        """Overwrite the whole list by up to 100 items; all dates are new."""
        check_batch(uris, BATCH)
        return self._write("PUT", playlist_id, {"uris": list(uris)})

    def reorder(self, playlist_id: str, *, start: int, length: int, before: int) -> str:
        """Move a block; its items keep their dates. Not idempotent."""
        move = {"range_start": start, "range_length": length, "insert_before": before}
        return self._write("PUT", playlist_id, move)

    def _write(self, method: str, playlist_id: str, body: dict[str, Any]) -> str:
        """Make the write and return the new snapshot id."""
        return values.snapshot_id(self._call(method, f"{_path(playlist_id)}/items", json=body))


def _path(playlist_id: str) -> str:
    return f"/playlists/{part(playlist_id)}"


def _details(name: str | None, description: str | None) -> dict[str, Any]:
    """Return what is to be said, and refuse what Spotify answers by 400 or 500."""
    if name is not None and not name.strip():
        raise ValueError("a playlist has a name")
    if description is not None and (len(description) > MOST_DESCRIPTION or "\n" in description):
        raise ValueError(f"a description is one line of at most {MOST_DESCRIPTION} characters")
    said = {"name": name, "description": description}
    return {key: text for key, text in said.items() if text is not None}
