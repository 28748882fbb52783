"""Our own JSON: what a list holds, field by field, in a form with a version number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from playlists.formats import documents, fields, freetext, tables
from playlists.formats.values import Found, Heading, Row, check_count
from playlists.lists import NotAList, Unmatched

NAME = "spotsite playlist"
VERSION = 1
_SHAPE = 'It needs {"items": [...]} or a list of tracks.'


def read(document: Any) -> Iterator[Found]:
    """Yield the items of our own file, or of a list of texts or of objects with known names."""
    if isinstance(document, dict):
        _check_version(document)
        yield Heading(fields.clean(document.get("name")))
        document = document.get("items", document.get("tracks"))
    if not isinstance(document, list):
        raise NotAList(f"There is no list of tracks in this JSON file. {_SHAPE}")
    check_count(len(document))
    for number, entry in enumerate(document, start=1):
        yield from _entry(number, entry)


def write(rows: Iterable[Row], *, name: str) -> Iterator[str]:
    head = (
        f'{{"format": {documents.quote(NAME)}, "version": {VERSION}, '
        f'"name": {documents.quote(name)}, "items": ['
    )
    return documents.dump(head, (_item(row) for row in rows), "]}")


def _check_version(document: Mapping[str, Any]) -> None:
    version = document.get("version", VERSION)
    if document.get("format") == NAME and version != VERSION:
        raise NotAList("This file was written by a newer spotsite, in a form not known here.")


def _entry(number: int, entry: Any) -> Iterator[Found]:
    if isinstance(entry, str):
        yield from freetext.entries(number, fields.clean(entry)) if entry.strip() else ()
    elif isinstance(entry, dict):
        yield tables.entry_of(number, _values(entry))
    else:
        yield Unmatched(number, freetext.shown(str(entry)), "neither a text nor an object")


def _values(entry: Mapping[str, Any]) -> dict[str, str]:
    """Return the values whose names are ours or a table's column; the first of a kind counts."""
    values: dict[str, str] = {}
    for name, value in entry.items():
        key = "ms" if name == "duration_ms" else tables.column_of(name)
        if key and (text := _text(value)):
            values.setdefault(key, text)
    return values


def _text(value: Any) -> str:
    if isinstance(value, list):  # artists as a list of names
        return ", ".join(filter(None, (fields.clean(one) for one in value[:20])))
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(fields.milliseconds(value))
    return fields.clean(value)


def _item(row: Row) -> dict[str, str | int]:
    values: dict[str, str | int] = {
        "uri": row.uri,
        "title": row.title,
        "artists": row.artists,
        "album": row.album,
        "duration_ms": row.duration_ms,
        "isrc": row.isrc,
        "added_at": row.added_at,
    }
    return {name: value for name, value in values.items() if value}
