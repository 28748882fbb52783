"""A track that a source brings, with what is known of it; what is not known is empty."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache

from playlists.spotify import Item

LOCAL = "spotify:local:"


@dataclass(frozen=True, slots=True)
class Candidate:
    """An item of a source; ``source`` and ``position`` count from 0."""

    uri: str
    title: str = ""
    artists: tuple[str, ...] = ()
    album: str = ""
    released: str = ""  # as exact as Spotify knows: 2020, 2020-05 or 2020-05-17
    explicit: bool | None = None
    duration_ms: int = 0
    isrc: str = ""
    added_at: datetime | None = None
    is_local: bool = False
    source: int = 0
    position: int = 0

    @property
    def can_be_put(self) -> bool:
        """Say whether the Web API can put it into a playlist."""
        return bool(self.uri) and not self.is_local

    @property
    def artist(self) -> str:
        """Return the one who is named first."""
        return self.artists[0] if self.artists else ""


def from_items(items: Iterable[Item], *, source: int = 0) -> list[Candidate]:
    """Return the items of a source as candidates."""
    return [
        Candidate(
            uri=item.uri,
            title=item.title,
            artists=item.artist_names,
            album=item.album,
            released=item.released,
            explicit=item.explicit,
            duration_ms=item.duration_ms,
            isrc=item.isrc,
            added_at=moment(item.added_at),
            is_local=item.is_local or item.uri.startswith(LOCAL),
            source=source,
            position=position,
        )
        for position, item in enumerate(items)
    ]


def moment(added_at: str) -> datetime | None:
    """Return when an item was added; Spotify says 1970 where it does not know."""
    try:
        found = datetime.fromisoformat(added_at)
    except ValueError:
        return None
    if not 1970 < found.year < 9000:  # the last ones cannot be told in other time zones
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


@lru_cache(maxsize=20_000)
def days(released: str) -> tuple[date, date] | None:
    """Return the first and the last day that a release date may mean, None where it says none."""
    try:
        match [int(part) for part in released.split("-")]:
            case [year]:
                return date(year, 1, 1), date(year, 12, 31)
            case [year, month]:
                return date(year, month, 1), date(year, month, monthrange(year, month)[1])
            case [year, month, day]:
                return date(year, month, day), date(year, month, day)
    except ValueError:  # Spotify has 0000 for some
        return None
    return None
