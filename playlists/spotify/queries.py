"""Search queries in Spotify's words: by recording, or by the names of a track."""

from __future__ import annotations

import re

# A longer query was answered by 404, and one of 280 by 400 (spotipy #845, your_spotify #345).
MOST_CHARACTERS = 100
_ISRC = re.compile(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}")
# A colon would begin a filter, a quotation mark a phrase; the others have meanings of their own.
_MARKS = re.compile(r"[\":*\\]+")


def by_isrc(isrc: str) -> str:
    """Write the query for one recording; dashes and case do not matter."""
    code = re.sub(r"[\s-]", "", isrc).upper()
    if not _ISRC.fullmatch(code):
        raise ValueError(f"{isrc[:20]!r} is no ISRC")
    return f"isrc:{code}"


def by_names(title: str, *, artist: str = "", album: str = "") -> str:
    """Write the query for a track; where it is too long it loses words at the end of a name."""
    names = {"track": title, "artist": artist, "album": album}
    parts = {key: _plain(name) for key, name in names.items() if _plain(name)}
    while _written(parts) and len(_written(parts)) > MOST_CHARACTERS:
        longest = max(parts, key=lambda key: len(parts[key]))
        parts[longest] = _shorter(parts[longest])
    if not parts:
        raise ValueError("a search needs words")
    return _written(parts)


def by_text(text: str) -> str:
    """Write the query for words that stand anywhere."""
    words = _plain(text)
    while len(words) > MOST_CHARACTERS:
        words = _shorter(words)
    if not words:
        raise ValueError("a search needs words")
    return words


def _written(parts: dict[str, str]) -> str:
    return " ".join(f"{key}:{name}" for key, name in parts.items())


def _plain(text: str) -> str:
    return " ".join(_MARKS.sub(" ", text).split())


def _shorter(text: str) -> str:
    """Take the last word away, or half of an only word."""
    words = text.split()
    return " ".join(words[:-1]) if len(words) > 1 else text[: len(text) // 2]
