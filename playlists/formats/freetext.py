"""Lines as people type and paste them: links, ISRCs, "1. Artist - Title (3:45)" and the like."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from playlists import links
from playlists.formats import fields
from playlists.formats.values import LONGEST, Found, Line
from playlists.lists import Unmatched

_SHOWN = 120
_LONG_DASHES = "\u2012\u2013\u2014\u2015"
_DASHES = f"-\u2010\u2011\u2212\ufe58\ufe63\uff0d{_LONG_DASHES}"
_FORMULA = re.compile(r"[=+\-@]\s*[A-Za-z][\w.]*\(|=.*[!|]")
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_BULLET = re.compile(rf"(?:[{_DASHES}*•·▪‣◦>]+\s+)+")
_NUMBER = re.compile(r"(?:#?\d{1,3}[.)]\s+|#\d{1,3}\s+|[\[(]\d{1,3}[\])]\s*|[A-H]\d{1,2}[.)]\s+)")
# "01 - Artist - Title", "[12:34] Artist - Title": only where what is left still has two halves.
_LOOSE = re.compile(
    rf"(?:\d{{1,3}} [{_DASHES}]+ |[\[(]?\d{{1,2}}(?::[0-5]\d){{1,2}}[\])]?(?: [{_DASHES}|]+)? )"
)
_LENGTH = re.compile(r"([\[(]?)(\d{1,3}(?::[0-5]\d){1,2})[\])]?")
_MAYBE_ISRC = re.compile(r"(?<!\S)\S*\d{5}\S*")
_SEPARATORS = [
    re.compile(pattern)
    for pattern in (
        rf" [{_DASHES}~]+ ",
        rf" ?[{_LONG_DASHES}]+ ?",  # a long dash separates without spaces, too; a hyphen does not
        rf" [{_DASHES}]+|(?<=\S)[{_DASHES}]+ ",
        r" [|•·/]+ ",
    )
]
_QUOTES = {'"': '"', "“": "”", "„": "“", "«": "»", "\u2018": "\u2019", "「": "」"}
_BY = re.compile(r"\s*(?:by|von|de|di)\s+", re.IGNORECASE)
_HEADS = {"artist", "artists", "title", "track", "song", "name", "interpret", "titel"}


def read(text: str) -> Iterator[Found]:
    """Yield what each line names."""
    is_first = True
    for number, line in fields.lines(text):
        if not (is_first and _is_head(line)):
            yield from entries(number, line)
        is_first = False


def entries(number: int, line: str) -> Iterator[Found]:
    """Yield what one line names: some links, or one track by its names."""
    line = line.strip()
    if reason := _unfit(line):
        yield Unmatched(number, shown(line), reason)
    elif links.is_local(line):
        yield replace(fields.local(fields.clean(line)), number=number, text=shown(line))
    else:
        yield from _linked(number, line) or [_named(number, line)]


def shown(line: str) -> str:
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"


def split(text: str) -> Line:
    """Read one text as artist and title; the number of the line is for the caller to say."""
    if "\t" in text:
        return _cells([cell.strip() for cell in text.split("\t") if cell.strip()])
    text = _unnumbered(" ".join(text.split()))
    text, duration_ms = _unmeasured(text)
    first, second = _halves(text)
    if not second:
        return _by(text, duration_ms)
    if _is_quoted(first):
        return _sure(first, second, duration_ms)
    if _is_quoted(second):
        return _sure(second, first, duration_ms)
    return Line(0, title=second, artists=first, duration_ms=duration_ms, is_guessed=True)


def _unfit(line: str) -> str:
    if len(line) > LONGEST:
        return f"longer than {LONGEST:,} letters"
    if _FORMULA.match(line):
        return "a formula, not a track"
    return ""


def _linked(number: int, line: str) -> list[Found]:
    if "spoti" not in line.lower():  # as in every address of Spotify: most lines have none
        return []
    answers = [links.read(word) for word in links.BREAKS.split(line)]
    uris = [uri for uri, _ in answers if uri]
    reasons = [reason for _, reason in answers if reason]
    found: list[Found] = [Line(number, shown(line), uri=uri) for uri in uris]
    return found + [Unmatched(number, shown(line), reason) for reason in reasons[:1]]


def _named(number: int, line: str) -> Found:
    text = _ADDRESS.sub(" ", line)
    if not text.strip():
        return Unmatched(number, shown(line), "a link, but not to Spotify")
    text, isrc = _without_isrc(text)
    found = split(text)
    if not isrc and not any(letter.isalnum() for letter in found.title + found.artists):
        return Unmatched(number, shown(line), "neither a link nor the name of a track")
    return Line(
        number,
        shown(line),
        isrc=isrc,
        title=found.title,
        artists=found.artists,
        album=found.album,
        duration_ms=found.duration_ms,
        is_guessed=found.is_guessed,
    )


def _without_isrc(text: str) -> tuple[str, str]:
    """Take an ISRC out: alone in its line however it is written, among words only in capitals."""
    if isrc := fields.isrc(text):
        return "", isrc
    for word in _MAYBE_ISRC.findall(text):
        bare = word.strip("[](),;").removeprefix("ISRC:").removeprefix("isrc:")
        if bare == bare.upper() and (isrc := fields.isrc(bare)):
            rest = text.replace(word, " ", 1).strip()
            return rest.strip(_DASHES + " |,;"), isrc
    return text, ""


def _cells(cells: list[str]) -> Line:
    """Read what was copied out of a spreadsheet: names, perhaps an album and a length."""
    lengths = [fields.duration(cell) for cell in cells if ":" in cell]
    names = [cell for cell in cells if not _is_count(cell) and not fields.duration(cell)]
    if len(names) < 2:
        return split(" ".join(names or cells))
    album = names[2] if len(names) > 2 and not fields.date(names[2]) else ""
    duration_ms = next(filter(None, lengths), 0)
    return Line(
        0, title=names[1], artists=names[0], album=album, duration_ms=duration_ms, is_guessed=True
    )


def _is_count(cell: str) -> bool:
    return cell.rstrip(".").isdecimal()


def _unnumbered(text: str) -> str:
    if match := _BULLET.match(text):
        text = text[match.end() :]
    if (match := _NUMBER.match(text)) and match.end() < len(text):
        text = text[match.end() :]
    match = _LOOSE.match(text)
    if match and _halves(text[match.end() :])[1]:
        text = text[match.end() :]
    return text


def _unmeasured(text: str) -> tuple[str, int]:
    """Take a length off the end, unless it may be the title: "Jay-Z - 4:44"."""
    head, _, last = text.rpartition(" ")
    match = _LENGTH.fullmatch(last)
    if match is None:
        return text, 0
    is_apart = bool(match[1]) or head[-1:] not in {*_DASHES, "|"}
    bare = head.rstrip(_DASHES + " |,;")
    if not bare or not (is_apart or _halves(bare)[1]):
        return text, 0
    return bare, fields.duration(match[2])


def _halves(text: str) -> tuple[str, str]:
    for separator in _SEPARATORS:
        if match := separator.search(text):
            first, second = text[: match.start()].strip(), text[match.end() :].strip()
            if first and second:
                return first, second
    return text, ""


def _by(text: str, duration_ms: int) -> Line:
    """Read «"Title" by Artist»; without quotes it may be a title: "Stand by Me"."""
    end = _QUOTES.get(text[:1], "")
    close = text.find(end, 1) if end else -1
    if close > 0:
        match = _BY.match(text, close + 1)
        if match and text[match.end() :].strip():
            return _sure(text[: close + 1], text[match.end() :], duration_ms)
    return Line(0, title=text, duration_ms=duration_ms, is_guessed=True)


def _is_quoted(text: str) -> bool:
    return len(text) > 2 and _QUOTES.get(text[0]) == text[-1]


def _sure(title: str, artists: str, duration_ms: int) -> Line:
    title = title[1:-1].strip() if _is_quoted(title) else title
    return Line(0, title=title, artists=artists.strip(), duration_ms=duration_ms)


def _is_head(line: str) -> bool:
    halves = re.split(rf"[{_DASHES}\s,;|/]+", line[:100].lower())
    return len(halves) > 1 and set(halves) <= _HEADS
