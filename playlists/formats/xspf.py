"""XSPF, read as it comes in with no trust in the XML, and written."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser, ParseError

from playlists import links
from playlists.formats import fields, jspf, tables
from playlists.formats.values import LONGEST, Found, Heading, Row
from playlists.lists import MOST, NotAList

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<playlist version="1" xmlns="http://xspf.org/ns/0/">\n'
)
_CHUNK = 64 * 1024
_DEEPEST = 40
_MOST_ELEMENTS = 40 * MOST
_KEPT = {"location", "identifier", "title", "creator", "album", "duration", "isrc", "added_at"}
_IN_TRACK = {*_KEPT, "extension"}  # ListenBrainz puts added_at into its extension
# XML has no way to write these.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# Soundiiz writes &lt;#039;t for an apostrophe.
_BROKEN_ENTITY = re.compile(r"<(#\d{1,6}|amp|quot|apos|lt|gt);")


def read(text: str) -> Iterator[Found]:
    """Yield the tracks; refuse a document type, and with it entities and what they could do."""
    target = _Target()
    parser = DefusedXMLParser(target=target, forbid_dtd=True)
    try:
        for start in range(0, len(text), _CHUNK):
            parser.feed(text[start : start + _CHUNK])
            yield from target.taken()
        parser.close()
    except DefusedXmlException:
        raise NotAList(
            "This XML file declares a document type or entities, which a list of tracks does "
            "not need. For safety it is not read."
        ) from None
    except ParseError as exc:
        line, _ = exc.position
        raise NotAList(f"This is not valid XML: line {line}.") from None
    yield from target.taken()
    if not target.is_xspf:
        raise NotAList("This XML file is not an XSPF playlist.")


def write(rows: Iterable[Row], *, name: str) -> Iterator[str]:
    yield f"{_HEAD}  {_element('title', name)}\n  <trackList>\n"
    for row in rows:
        yield f"    <track>{''.join(_elements(row))}</track>\n"
    yield "  </trackList>\n</playlist>\n"


class _Target:
    """What the parser tells of a document: keeps one track at a time, and no tree."""

    def __init__(self) -> None:
        self.is_xspf = False
        self._path: list[str] = []
        self._elements = 0
        self._track: dict[str, list[str]] | None = None
        self._text: list[str] = []
        self._number = 0
        self._found: list[Found] = []

    def taken(self) -> list[Found]:
        found, self._found = self._found, []
        return found

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition("}")[2]
        self._path.append(name)
        self._elements += 1
        if self._elements > _MOST_ELEMENTS or len(self._path) > _DEEPEST:
            raise NotAList("There is far more in this XML file than a list of tracks needs.")
        if self._path == ["playlist"]:
            self.is_xspf = True
        if self._path == ["playlist", "trackList", "track"]:
            self._track = {}
        self._text = []

    def data(self, text: str) -> None:
        if len(self._text) < LONGEST:
            self._text.append(text[:LONGEST])

    def end(self, tag: str) -> None:
        text = "".join(self._text)[:LONGEST]
        match self._path:
            case ["playlist", "title"]:
                self._found.append(Heading(fields.clean(text)))
            case ["playlist", "trackList", "track"]:
                self._end_track()
            case ["playlist", "trackList", "track", name] if name in _KEPT:
                self._keep(name, text)
            case ["playlist", "trackList", "track", "extension", "added_at"]:
                self._keep("added_at", text)
        self._path.pop()
        self._text = []

    def close(self) -> None:
        """Do nothing: what was read is taken as it comes."""

    def _keep(self, name: str, text: str) -> None:
        if self._track is not None and len(self._track.setdefault(name, [])) < 20:
            self._track[name].append(text)

    def _end_track(self) -> None:
        self._number += 1
        self._found.append(tables.entry_of(self._number, _values(self._track or {})))
        self._track = None


def _values(track: dict[str, list[str]]) -> dict[str, str]:
    first = {name: texts[0] for name, texts in track.items() if texts}
    if "isrc" in first:
        first = {name: _BROKEN_ENTITY.sub(_mended, text) for name, text in first.items()}
    return {
        "isrc": first.get("isrc", ""),
        **jspf.addresses(
            text.strip() for name in ("location", "identifier") for text in track.get(name, [])
        ),
        "title": first.get("title", ""),
        "artists": first.get("creator", ""),
        "album": first.get("album", ""),
        "ms": first.get("duration", ""),
        "added_at": first.get("added_at", ""),
    }


def _mended(match: re.Match[str]) -> str:
    return html.unescape(f"&{match[1]};")


def _elements(row: Row) -> Iterator[str]:
    yield _element("location", links.page(row.uri))
    yield _element("identifier", f"isrc:{row.isrc}" if row.isrc else "")
    yield _element("title", row.title)
    yield _element("creator", row.artists)
    yield _element("album", row.album)
    yield _element("duration", str(row.duration_ms or ""))
    if row.added_at:
        inner = _element("added_at", row.added_at)
        yield f'<extension application="{jspf.EXTENSION}">{inner}</extension>'


def _element(name: str, text: str) -> str:
    # A bare carriage return would come back as a newline.
    text = escape(_UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", text), {"\r": "&#13;"})
    return f"<{name}>{text}</{name}>" if text else ""
