"""What is read from a list and written into one, whatever its format; plain values, no Spotify."""

from __future__ import annotations

from dataclasses import dataclass

from playlists import links
from playlists.lists import MOST, NotAList, Unmatched

MOST_BYTES = 10 * 1024 * 1024  # as uploads takes
LONGEST = 1_000  # letters of one field; what is beyond is no title
MOST_LINES = 50 * MOST  # of a file: programs that write one field a line need about half of them


@dataclass(frozen=True, slots=True)
class Row:
    """An item as it is written. Without a URI it is one that Spotify does not have any more."""

    uri: str
    title: str = ""
    artists: str = ""  # "A, B", as in an Item
    album: str = ""
    duration_ms: int = 0
    isrc: str = ""
    added_at: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """What an entry of a list says of one track; empty is what it does not say."""

    number: int  # of the line in a text or a table, else of the entry
    text: str = ""  # as people know it again
    uri: str = ""
    isrc: str = ""
    title: str = ""
    artists: str = ""
    album: str = ""
    duration_ms: int = 0
    added_at: str = ""
    is_guessed: bool = False  # from free text: either half may be the artist

    @property
    def is_local(self) -> bool:
        return links.is_local(self.uri)

    @property
    def needs_search(self) -> bool:
        """Say whether Spotify must be asked which track it is; it cannot add a local file."""
        return not self.uri or self.is_local


@dataclass(frozen=True, slots=True)
class Heading:
    """The name that a list gives itself."""

    name: str


Found = Line | Unmatched | Heading


@dataclass(frozen=True, slots=True)
class Reading:
    """All that was read."""

    format: str
    lines: tuple[Line, ...]
    unmatched: tuple[Unmatched, ...]
    name: str = ""


def check_count(entries: int) -> None:
    """Refuse a list that is longer than a playlist can be."""
    if entries > MOST:
        raise NotAList(f"That is too many tracks. A list can have at most {MOST:,}.")
