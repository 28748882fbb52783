"""Lists of tracks in the formats that people and programs use, read with no trust and written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import Protocol

from playlists import links, lists
from playlists.formats import account_data, documents, freetext, jspf, m3u, ours, tables, xspf
from playlists.formats.values import MOST_BYTES, Found, Heading, Line, Reading, Row, check_count
from playlists.lists import NotAList, TrackList, Unmatched

__all__ = [
    "FORMATS",
    "MOST_BYTES",
    "Format",
    "Line",
    "NotAList",
    "Reading",
    "Row",
    "Unmatched",
    "read",
    "tracks",
    "write",
]

_XML = re.compile(r"<(?:\?xml|!DOCTYPE|!--|(?:\w{1,20}:)?playlist\b)", re.IGNORECASE)
_HTML = re.compile(r"<(?:!DOCTYPE html|html)\b", re.IGNORECASE)
_JSON = re.compile(r"\{\s*[\"}]|\[\s*[\[\]{\"]")
_ENCODING = re.compile(rb"<\?xml[^>]{1,60}encoding=[\"']([\w-]{1,20})[\"']")
# Of those that an XML head may name: UTF-8 and UTF-16 are known by themselves.
_OLD_ENCODINGS = re.compile(r"iso-8859-\d+|windows-\d+|shift_jis|euc-(jp|kr)|gb\w+|big5|koi8-[ru]")
_LINKS_ONLY = {"text", "csv"}  # lists has its own words for their lines
_BLOCK = 16 * 1024


class _Write(Protocol):
    def __call__(self, rows: Iterable[Row], *, name: str) -> Iterator[str]: ...


@dataclass(frozen=True, slots=True)
class Format:
    """A format in which a list can be taken out."""

    key: str
    label: str
    extension: str
    content_type: str
    write: _Write


FORMATS = {
    one.key: one
    for one in (
        Format("csv", "CSV", "csv", "text/csv; charset=utf-8", tables.write),
        Format("json", "JSON", "json", "application/json", ours.write),
        Format("jspf", "JSPF", "jspf", "application/json", jspf.write),
        Format("xspf", "XSPF", "xspf", "application/xspf+xml", xspf.write),
        Format("m3u8", "M3U8", "m3u8", "application/vnd.apple.mpegurl", m3u.write),
    )
}


def read(data: bytes | str, *, name: str = "") -> Reading:
    """Read a pasted text or a file of any known format; raise ``NotAList`` with what is wrong."""
    format_, found = _recognised(_text(data), PurePath(name).suffix.lower())
    return _collected(format_, found)


def tracks(data: bytes | str, *, name: str = "") -> TrackList:
    """Read a list of which only the links are wanted; the rest is named with the reason."""
    text = _text(data)
    format_, found = _recognised(text, PurePath(name).suffix.lower())
    if format_ in _LINKS_ONLY:
        return lists.parse(text)
    reading = _collected(format_, found)
    unmatched = [*reading.unmatched, *(_linkless(one) for one in reading.lines if one.needs_search)]
    return TrackList(
        tuple(one.uri for one in reading.lines if not one.needs_search),
        tuple(sorted(unmatched, key=lambda one: one.number)),
    )


def write(format_: str, rows: Iterable[Row], *, name: str) -> Iterator[str]:
    """Yield a list in one of ``FORMATS``, in blocks, as the rows come."""
    block, size = [], 0
    for piece in FORMATS[format_].write(rows, name=name):
        block.append(piece)
        size += len(piece)
        if size >= _BLOCK:
            yield "".join(block)
            block, size = [], 0
    yield "".join(block)


def _linkless(line: Line) -> Unmatched:
    return Unmatched(line.number, line.text, links.LOCAL if line.is_local else "no link in it")


def _text(data: bytes | str) -> str:
    if len(data) > MOST_BYTES:
        raise NotAList(f"That is too much. A list can have at most {MOST_BYTES // 1024**2} MB.")
    text = (_decoded(data) if isinstance(data, bytes) else data).removeprefix("\ufeff")
    if "\0" in text:
        raise NotAList("This is not a text file. Save the list as text or CSV and try again.")
    return text


def _decoded(data: bytes) -> str:
    match = _ENCODING.match(data.lstrip()[:100])
    encoding = match[1].decode().lower() if match else ""
    if not _OLD_ENCODINGS.fullmatch(encoding):
        return lists.decode(data)
    try:
        return data.decode(encoding)
    except (LookupError, UnicodeDecodeError):
        return lists.decode(data)


def _recognised(text: str, suffix: str) -> tuple[str, Iterator[Found]]:
    """Return the format and its tracks: by content, then by the file's name."""
    head = text[:1000].lstrip()
    if _HTML.match(head):
        raise NotAList("This is a web page. Save the list as text or CSV and try again.")
    if _XML.match(head):
        return "xspf", xspf.read(text.lstrip())
    if _JSON.match(head) or suffix in {".json", ".jspf"}:
        document = documents.load(text)
        return _document(document)
    if m3u.fits(text) or suffix in {".m3u", ".m3u8"}:
        return "m3u8", m3u.read(text)
    if tables.fits(text) or suffix in {".csv", ".tsv"}:
        return "csv", tables.read(text)
    if suffix == ".xspf":
        raise NotAList("This is not an XSPF playlist, whatever its name says.")
    return "text", freetext.read(text)


def _document(document: object) -> tuple[str, Iterator[Found]]:
    if jspf.fits(document):
        return "jspf", jspf.read(document)
    return "json", (account_data if account_data.fits(document) else ours).read(document)


def _collected(format_: str, found: Iterable[Found]) -> Reading:
    lines: list[Line] = []
    unmatched: list[Unmatched] = []
    name = ""
    for one in found:
        if isinstance(one, Heading):
            name = name or one.name.strip()
        elif isinstance(one, Line):
            lines.append(one)
        else:
            unmatched.append(one)
        check_count(len(lines) + len(unmatched))
    return Reading(format_, tuple(lines), tuple(unmatched), name)
