"""One call to the Web API: its address, its token, its answer; and lists that come in pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

from playlists.spotify import errors
from playlists.spotify.capability import DEVELOPMENT, Capability
from playlists.spotify.transport import Answer, Send, read
from playlists.spotify.values import Page

API_URL = "https://api.spotify.com/v1"
PAGE = 50  # entries a page, at most
T = TypeVar("T")


class Calls:
    """What all groups of calls stand on."""

    def __init__(
        self,
        send: Send,
        token: Callable[[], str],
        *,
        url: str = API_URL,
        can: Capability = DEVELOPMENT,
    ) -> None:
        self.can = can
        self._send = send
        self._token = token
        self._url = url

    def _call(
        self, method: str, path: str, *, params: dict[str, str] | None = None, json: Any = None
    ) -> dict[str, Any]:
        return read(self._answer(method, path, params=params, json=json))

    def _answer(
        self, method: str, path: str, *, params: dict[str, str] | None = None, json: Any = None
    ) -> Answer:
        headers = {"Authorization": f"Bearer {self._token()}", "Accept": "application/json"}
        return self._send(method, f"{self._url}{path}", headers=headers, params=params, json=json)

    def _pages(
        self,
        path: str,
        page_of: Callable[[dict[str, Any]], Page[T]],
        *,
        params: Mapping[str, str] | None = None,
        size: int = PAGE,
        start: int = 0,
    ) -> Iterator[Page[T]]:
        """Yield a list in pages from ``start``; a hole in it is an error, not a shorter list."""
        offset, total = start, None
        while total is None or offset < total:
            asked = {**window(offset, size), **(params or {})}
            page = page_of(self._call("GET", path, params=asked))
            if (total is not None and page.total != total) or not _fits(page, offset, size):
                raise errors.ChangedWhileRead(200)
            total = page.total
            offset += size
            yield page


def window(offset: int, size: int = PAGE) -> dict[str, str]:
    return {"limit": str(size), "offset": str(offset)}


def part(name: str) -> str:
    """Write what a person or Spotify named as one part of a path."""
    return quote(name, safe="")


def id_of(uri: str, *kinds: str) -> str:
    """Return the id that a URI ends with, if it is one of these kinds of thing."""
    scheme, kind, name = ([*uri.split(":", 2), "", ""])[:3]
    if scheme != "spotify" or kind not in kinds or not name:
        raise ValueError(f"{uri!r} is no URI of a {' or '.join(kinds)}")
    return name


def check_batch(things: Sequence[object], most: int) -> None:
    if len(things) > most:
        raise ValueError(f"{len(things)} in one call; Spotify takes {most}")


def _fits(page: Page[Any], offset: int, size: int) -> bool:
    """Say whether a page has as many entries as it must."""
    return len(page.items) == min(size, max(0, page.total - offset))
