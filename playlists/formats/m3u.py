"""M3U and M3U8 with the directives that players write: read and written."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator
from dataclasses import replace
from urllib.parse import unquote

from playlists import links
from playlists.formats import fields, freetext
from playlists.formats.values import LONGEST, Found, Heading, Line, Row
from playlists.lists import NotAList, Unmatched

_INFO = "#EXTINF:"
_NAME = "#PLAYLIST:"
_ARTIST = "#EXTART:"
_ALBUM = "#EXTALB:"
_STREAM = "#EXT-X-"
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+:", re.IGNORECASE)
_ENDING = re.compile(r"\.[a-z0-9]{2,5}$", re.IGNORECASE)


def fits(text: str) -> bool:
    """Say whether a directive of M3U stands at the head."""
    return text.lstrip()[:8].upper().startswith(("#EXTM3U", _INFO))


def read(text: str) -> Iterator[Found]:
    """Yield what each address names, with what the directives before it say."""
    told = Line(0)
    for number, line in fields.lines(text):
        if line.startswith("#"):
            if line.upper().startswith(_INFO) and told.number:
                yield _alone(told)
                told = Line(0)
            told = yield from _directive(number, line, told)
        else:
            yield _entry(number, line, told)
            told = Line(0)
    if told.number:
        yield _alone(told)


def write(rows: Iterable[Row], *, name: str) -> Iterator[str]:
    yield f"#EXTM3U\n{_NAME}{fields.one_line(name)}\n"
    for row in rows:
        seconds = round(row.duration_ms / 1000) if row.duration_ms else -1
        words = " - ".join(fields.one_line(part) for part in (row.artists, row.title) if part)
        yield f"{_INFO}{seconds},{words}\n"
        if row.album:
            yield f"{_ALBUM}{fields.one_line(row.album)}\n"
        if row.uri:
            yield f"{fields.one_line(links.page(row.uri))}\n"


def _directive(number: int, line: str, told: Line) -> Generator[Found, None, Line]:
    """Add to what is told of the next address; other directives and comments say nothing."""
    head, _, value = line.partition(":")
    match f"{head.upper()}:":
        case "#EXTINF:":
            return _info(number, value)
        case "#PLAYLIST:":
            yield Heading(fields.clean(value.strip()))
        case "#EXTART:":
            return replace(told, artists=fields.clean(value.strip()), is_guessed=False)
        case "#EXTALB:":
            return replace(told, album=fields.clean(value.strip()))
        case directive if directive.startswith(_STREAM):
            raise NotAList("This M3U8 file describes one stream, not a list of tracks.")
    return told


def _info(number: int, value: str) -> Line:
    length, _, words = value.partition(",")
    words = fields.clean(words.strip())
    named = freetext.split(words) if words else Line(0)
    seconds = length.split()[0] if length.split() else ""
    return replace(
        named, number=number, text=freetext.shown(words), duration_ms=fields.duration(seconds)
    )


def _alone(told: Line) -> Found:
    if told.title or told.artists:
        return told
    return Unmatched(told.number, told.text, "no address follows, and no title is given")


def _entry(number: int, address: str, told: Line) -> Found:
    told = replace(told, number=number, text=told.text or freetext.shown(address))
    uri, reason = fields.track_uri(address)
    if uri:
        return replace(told, uri=uri)
    if told.title or told.artists:
        return told
    if reason or _is_web(address):
        return Unmatched(number, freetext.shown(address), reason or "a link, but not to Spotify")
    return _of_file(number, address, told)


def _is_web(address: str) -> bool:
    return bool(_ADDRESS.match(address)) and not address.lower().startswith("file:")


def _of_file(number: int, address: str, told: Line) -> Found:
    """Read "Artist - Title" from the name of a file; one letter and a colon is a drive."""
    path = unquote(address) if address.lower().startswith("file:") else address
    name = _ENDING.sub("", re.split(r"[/\\]", path)[-1][-LONGEST:]).replace("_", " ")
    named = freetext.split(fields.clean(name))
    if not any(letter.isalnum() for letter in named.title):
        return Unmatched(number, freetext.shown(address), "neither a link nor a title")
    return replace(named, number=number, text=told.text, album=told.album)
