"""A person's block list: tracks and artists that a recipe with a block rule never brings."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import User
from playlists import links, versions
from playlists.models import Block

MOST = 10_000
_LONGEST = 200  # letters of an artist's name


@dataclass(frozen=True, slots=True)
class Row:
    """An entry as the page shows it."""

    pk: int
    what: str
    kind: str


def add(user: User, text: str) -> tuple[int, list[str]]:
    """Add tracks by link or URI and artists by name; return how many are new, and what is refused.

    A line that looks like a link is never taken for an artist.
    """
    room = MOST - user.blocks.count()
    rows: list[Block] = []
    refused: list[str] = []
    for line in dict.fromkeys(part.strip() for part in text.splitlines()):
        if not line:
            continue
        if len(rows) >= room:
            refused.append(f"A block list holds {MOST:,} entries at most; the rest is left out.")
            break
        uri, reason = links.read(line)
        if uri:
            rows.append(Block(user=user, uri=uri))
        elif reason or "://" in line or len(line) > _LONGEST:
            refused.append(f"“{line[:60]}”: {reason or 'not the name of an artist'}.")
        else:
            rows.append(Block(user=user, artist=line))
    before = user.blocks.count()
    Block.objects.bulk_create(rows, ignore_conflicts=True)
    return user.blocks.count() - before, refused


def shown(user: User) -> list[Row]:
    """Return the entries with their titles, artists first."""
    rows = list(user.blocks.order_by("artist", "pk"))
    titles = {track.uri: str(track) for track in versions.titled([row.uri for row in rows])}
    return [
        Row(row.pk, row.artist or titles[row.uri], "artist" if row.artist else "track")
        for row in rows
    ]
