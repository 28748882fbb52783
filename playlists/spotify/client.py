"""The Web API for one linked account: one call, one answer or one error; nothing is tried twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import quote

from playlists.spotify import errors, values
from playlists.spotify.transport import Send, read
from playlists.spotify.values import Item, Page, Playlist, Profile

API_URL = "https://api.spotify.com/v1"
PAGE = 50  # items and playlists a page, at most
BATCH = 100  # URIs a write, at most
MOST_PLAYLISTS = 11_000  # a person has no more, by Spotify's own word


class SpotifyClient:
    """The calls that we make. ``token`` returns the access token in clear when one is due."""

    def __init__(self, send: Send, token: Callable[[], str], *, url: str = API_URL) -> None:
        self._send = send
        self._token = token
        self._url = url

    def me(self) -> Profile:
        return values.profile(self._call("GET", "/me"))

    def my_playlists(self) -> Iterator[Playlist]:
        """Yield what the person owns or follows, page by page."""
        for offset in range(0, MOST_PLAYLISTS, PAGE):
            body = self._call("GET", "/me/playlists", params=_window(offset))
            entries, total = body.get("items"), body.get("total")
            if not isinstance(entries, list) or not isinstance(total, int):
                raise errors.Unreadable(200, "playlists")
            yield from (values.playlist(entry) for entry in entries if isinstance(entry, dict))
            if offset + PAGE >= total:
                return

    def playlist(self, playlist_id: str) -> Playlist:
        return values.playlist(self._call("GET", _path(playlist_id)))

    def item_pages(self, playlist_id: str) -> Iterator[Page]:
        """Yield the list in pages, without a market: the URIs are those that were written."""
        offset, total = 0, None
        while total is None or offset < total:
            page = self._page(playlist_id, offset)
            if (total is not None and page.total != total) or not _fits(page, offset):
                raise errors.ChangedWhileRead(200)
            total = page.total
            offset += PAGE
            yield page

    def items(self, playlist_id: str) -> list[Item]:
        """Return the whole list, each item in its place, unavailable ones and local files too."""
        return [item for page in self.item_pages(playlist_id) for item in page.items]

    def track(self, uri: str) -> Item:
        """Look one track or episode up by its URI."""
        kind, _, name = uri.removeprefix("spotify:").partition(":")
        return values.item({"item": self._call("GET", f"/{kind}s/{quote(name, safe='')}")})

    def create(self, name: str, *, description: str) -> Playlist:
        """Make a playlist of the person's own. Not idempotent: look before you repeat it."""
        wish = {"name": name, "description": description, "public": False}
        return values.playlist(self._call("POST", "/me/playlists", json=wish))

    def add(self, playlist_id: str, uris: Sequence[str], *, position: int) -> str:
        """Insert up to 100 items before ``position``. Not idempotent: read before you repeat it."""
        _check_batch(uris)
        return self._write("POST", playlist_id, {"uris": list(uris), "position": position})

    def remove(self, playlist_id: str, uris: Sequence[str]) -> str:
        """Take out every copy of up to 100 URIs: Spotify cannot take out only one."""
        _check_batch(uris)
        return self._write("DELETE", playlist_id, {"items": [{"uri": uri} for uri in uris]})

    def replace(self, playlist_id: str, uris: Sequence[str]) -> str:
        """Overwrite the whole list by up to 100 items; all dates are new."""
        _check_batch(uris)
        return self._write("PUT", playlist_id, {"uris": list(uris)})

    def reorder(self, playlist_id: str, *, start: int, length: int, before: int) -> str:
        """Move a block; its items keep their dates. Not idempotent."""
        move = {"range_start": start, "range_length": length, "insert_before": before}
        return self._write("PUT", playlist_id, move)

    def _page(self, playlist_id: str, offset: int) -> Page:
        params = {**_window(offset), "additional_types": "track,episode"}
        return values.page(self._call("GET", f"{_path(playlist_id)}/items", params=params))

    def _write(self, method: str, playlist_id: str, body: dict[str, Any]) -> str:
        """Return the new snapshot id: a yes without one may not be Spotify's own."""
        answer = self._call(method, f"{_path(playlist_id)}/items", json=body)
        snapshot_id = answer.get("snapshot_id")
        if not isinstance(snapshot_id, str) or not snapshot_id:
            raise errors.Unreadable(200, "snapshot_id")
        return snapshot_id

    def _call(
        self, method: str, path: str, *, params: dict[str, str] | None = None, json: Any = None
    ) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._token()}", "Accept": "application/json"}
        return read(
            self._send(method, f"{self._url}{path}", headers=headers, params=params, json=json)
        )


def _path(playlist_id: str) -> str:
    return f"/playlists/{quote(playlist_id, safe='')}"


def _window(offset: int) -> dict[str, str]:
    return {"limit": str(PAGE), "offset": str(offset)}


def _fits(page: Page, offset: int) -> bool:
    """Say whether a page has as many items as it must: a short one is a hole in the list."""
    return len(page.items) == min(PAGE, max(0, page.total - offset))


def _check_batch(uris: Sequence[str]) -> None:
    if len(uris) > BATCH:
        raise ValueError(f"{len(uris)} URIs in one call; Spotify takes {BATCH}")
