"""Is it the same song? The same track, the same ISRC, or the same title and artist within 2 s.

Titles are compared without case, accents, punctuation, guests and "remastered": that is the same
recording. Live, remix, acoustic and the like are others, so those words stay.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, insort
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Self

from playlists.recipes.candidates import Candidate

CLOSE_MS = 2_000
_LONGEST = 300  # characters of a title that are compared
_APOSTROPHES = dict.fromkeys(map(ord, "'\N{RIGHT SINGLE QUOTATION MARK}`"))
_GUESTS = re.compile(
    r"[(\[](?:feat|ft|featuring)\b[^)\]]*[)\]]|\b(?:feat|ft|featuring)\b\.?[^-([]*"
)
_REMASTERED = re.compile(
    r"[-(\[]\s*(?:\d{4}\s+)?(?:digital(?:ly)?\s+)?remaster(?:ed)?"
    r"(?:\s+version)?(?:\s+\d{4})?\s*(?:[)\]]|$)"
)


@lru_cache(maxsize=50_000)
def normal(text: str) -> str:
    """Return the text without what two spellings of one name differ in; empty only for nothing."""
    folded = fold(text[:_LONGEST])
    bare = _REMASTERED.sub(" ", _GUESTS.sub(" ", folded))
    whole = bare.translate(_APOSTROPHES)
    words = "".join(char if char.isalnum() else " " for char in whole).split()
    return " ".join(words) or folded.strip()


@lru_cache(maxsize=50_000)
def fold(text: str) -> str:
    """Return the text without case and accents."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in apart if not unicodedata.combining(char))


def isrc(candidate: Candidate) -> str:
    return candidate.isrc.replace("-", "").upper()


@dataclass(slots=True)
class Songs:
    """Songs that can be asked whether they hold another one, in the same time however many."""

    uris: set[str] = field(default_factory=set)
    isrcs: set[str] = field(default_factory=set)
    lengths: dict[tuple[str, str], list[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, candidates: Iterable[Candidate]) -> Self:
        songs = cls()
        for candidate in candidates:
            songs.add(candidate)
        return songs

    def add(self, candidate: Candidate) -> None:
        if candidate.uri:
            self.uris.add(candidate.uri)
        if candidate.isrc:
            self.isrcs.add(isrc(candidate))
        if name := _name(candidate):
            insort(self.lengths.setdefault(name, []), candidate.duration_ms)

    def has_track(self, candidate: Candidate) -> bool:
        return candidate.uri in self.uris

    def has_song(self, candidate: Candidate) -> bool:
        return self.why(candidate) != ""

    def why(self, candidate: Candidate) -> str:
        """Return what is the same, in a word or two; empty for a song that is not there."""
        if candidate.uri in self.uris:
            return "same track"
        if candidate.isrc and isrc(candidate) in self.isrcs:
            return "same ISRC"
        name = _name(candidate)
        return "same title and artist" if name and self._has_length(name, candidate) else ""

    def _has_length(self, name: tuple[str, str], candidate: Candidate) -> bool:
        lengths = self.lengths.get(name, [])
        at = bisect_left(lengths, candidate.duration_ms - CLOSE_MS)
        return at < len(lengths) and lengths[at] <= candidate.duration_ms + CLOSE_MS


def _name(candidate: Candidate) -> tuple[str, str] | None:
    """Return title and artist as they are compared, None where something is not known."""
    if not (candidate.title and candidate.artist and candidate.duration_ms):
        return None
    return normal(candidate.title), normal(candidate.artist)
