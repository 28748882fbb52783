"""Make a list of items small for a row, and a list again: nothing that it says is lost.

A packed list is JSON, compressed by zlib: ``ids`` are those of the tracks, 22 characters each and
one after the other; ``odd`` has the other URIs by position; ``dates`` count seconds, each from the
one before, with what is no date as it was; ``local`` are positions of local files whose URI does
not say so. Ids are random, so they take most of the room, and no way to write them takes less.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from playlists.spotify import Item

_PREFIX = "spotify:track:"
_ID = 22
_TRACK = re.compile(rf"{_PREFIX}[0-9A-Za-z]{{{_ID}}}")
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_LOCAL = "spotify:local:"
_EMPTY: dict[str, Any] = {"n": 0, "ids": "", "odd": {}, "dates": [], "local": []}


def pack(items: Sequence[Item]) -> bytes:
    """Return the items as few bytes: URI, date and whether it is a local file; no titles."""
    columns: dict[str, Any] = {
        "n": len(items),
        "ids": "".join(item.uri[-_ID:] for item in items if _TRACK.fullmatch(item.uri)),
        "odd": {
            index: item.uri for index, item in enumerate(items) if not _TRACK.fullmatch(item.uri)
        },
        "dates": list(_steps(item.added_at for item in items)),
        "local": [
            index
            for index, item in enumerate(items)
            if item.is_local != item.uri.startswith(_LOCAL)
        ],
    }
    return zlib.compress(json.dumps(columns, separators=(",", ":")).encode(), 9)


def unpack(packed: bytes | memoryview) -> list[Item]:
    """Return the items that were packed; none where nothing was."""
    columns = _columns(packed)
    exceptions = set(columns["local"])
    return [
        Item(uri, added_at, uri.startswith(_LOCAL) != (index in exceptions))
        for index, (uri, added_at) in enumerate(
            zip(_uris(columns), _dates(columns["dates"]), strict=True)
        )
    ]


def unpack_uris(packed: bytes | memoryview) -> list[str]:
    """Return only the URIs, in a fraction of the time."""
    return list(_uris(_columns(packed)))


def _columns(packed: bytes | memoryview) -> dict[str, Any]:
    columns: dict[str, Any] = json.loads(zlib.decompress(packed)) if packed else _EMPTY
    return columns


def _uris(columns: dict[str, Any]) -> Iterator[str]:
    ids, odd, at = columns["ids"], columns["odd"], 0
    for index in range(columns["n"]):
        uri = odd.get(str(index)) if odd else None
        if uri is None:
            uri, at = _PREFIX + ids[at : at + _ID], at + _ID
        yield uri


def _steps(dates: Iterable[str]) -> Iterator[int | str]:
    last = 0
    for date in dates:
        seconds = _seconds(date)
        if seconds is None:
            yield date
        else:
            yield seconds - last
            last = seconds


def _dates(steps: Iterable[int | str]) -> Iterator[str]:
    last, text = 0, _text(0)
    for step in steps:
        if isinstance(step, str):
            yield step
            continue
        if step:
            last += step
            text = _text(last)
        yield text


def _seconds(date: str) -> int | None:
    """Return the date as a number, None where it could not be written the same way again."""
    if not _DATE.fullmatch(date):
        return None
    try:
        seconds = int(datetime.fromisoformat(date).timestamp())
    except ValueError:
        return None
    return seconds if _text(seconds) == date else None


def _text(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().removesuffix("+00:00") + "Z"
