"""Single fields as many programs write them: text, lengths, dates and ISRCs."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import unquote_plus

from playlists import links
from playlists.formats.values import LONGEST, MOST_LINES, Line
from playlists.lists import NotAList

_ISRC = re.compile(r"([A-Z]{2})-?([A-Z0-9]{3})-?(\d{2})-?(\d{5})", re.ASCII)
_CLOCK = re.compile(r"(?:(\d{1,2}):)?(\d{1,3}):([0-5]\d)(?:\.\d+)?", re.ASCII)
_NUMBER = re.compile(r"(\d{1,9})(?:\.(\d{1,9}))?\s*(ms|s|sec)?", re.ASCII)
_ONE_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_LONGEST_MS = 24 * 3600 * 1000
# Bare numbers are seconds up to the length of a long set; no track is so short in milliseconds.
_LONGEST_SECONDS = 10_000


def lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that hold something, with their numbers, and no more than a list may have."""
    for number, line in enumerate(io.StringIO(text, newline=None), start=1):
        if number > MOST_LINES:
            raise NotAList(f"That is more than {MOST_LINES:,} lines, far more than a list needs.")
        if stripped := line.strip():
            yield number, stripped


def clean(value: object) -> str:
    """Return text that a database takes, cut to a length that titles have; empty for no text."""
    if not isinstance(value, str):
        return ""
    return value[:LONGEST].replace("\0", "").encode("utf-8", "replace").decode()


def isrc(text: str) -> str:
    """Return an ISRC without its hyphens, empty where the text is none."""
    match = _ISRC.fullmatch(text.strip().upper().removeprefix("ISRC").lstrip(": ="))
    return "".join(match.groups()) if match else ""


def duration(text: str) -> int:
    """Read "3:45", "225", "225s" or "225000" as milliseconds, 0 where it is none of them."""
    text = text.strip()[:40].strip()
    if match := _CLOCK.fullmatch(text):
        hours, minutes, seconds = (int(part or 0) for part in match.groups())
        return _sane(((hours * 60 + minutes) * 60 + seconds) * 1000)
    match = _NUMBER.fullmatch(text)
    if match is None:
        return 0
    whole, part, unit = match.groups()
    value = float(f"{whole}.{part or 0}")
    is_ms = unit == "ms" or (not unit and value > _LONGEST_SECONDS)
    return _sane(value if is_ms else value * 1000)


def milliseconds(value: object) -> int:
    """Return a length that is given in milliseconds, as a number or as text; 0 for anything odd."""
    if isinstance(value, str):
        value = int(value) if re.fullmatch(r"\s*\d{1,12}\s*", value, re.ASCII) else 0
    return _sane(value) if isinstance(value, int | float) and value is not True else 0


def date(value: object) -> str:
    """Return a moment as Spotify writes it, in UTC; empty where it is none."""
    text = clean(value).strip()[:40].removesuffix(" UTC")
    if not text:
        return ""
    try:
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        moment = moment.astimezone(UTC).replace(microsecond=0)
    except (ValueError, OverflowError):
        return ""
    if _ONE_DATE.fullmatch(text):
        return text
    return moment.replace(tzinfo=None).isoformat() + "Z"


def words(line: Line) -> str:
    """Return what people know an entry by."""
    return " - ".join(part for part in (line.artists, line.title) if part) or line.uri or line.isrc


def track_uri(text: str) -> tuple[str, str]:
    """Return the track in a cell that should hold one, or the reason why it holds none."""
    text = text.strip()
    if links.is_local(text):
        return clean(text), ""
    return links.read(text)


def local(uri: str) -> Line:
    """Read what a local file's URI says: spotify:local:artist:album:title:seconds."""
    parts = [clean(unquote_plus(part)) for part in uri.split(":")[2:]]
    artists, album, title, seconds = [*parts, "", "", "", ""][:4]
    return Line(
        0, uri=uri, title=title, artists=artists, album=album, duration_ms=duration(seconds)
    )


def one_line(text: str) -> str:
    """Return the text without what would end a line or hide in it."""
    return " ".join(text.split())


def _sane(value: float) -> int:
    return int(value) if 0 < value <= _LONGEST_MS else 0
