"""What a run would do, before it is started: counts, lines without a track; it writes nothing."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from playlists import steps, versions
from playlists.connection import Connection
from playlists.lists import TrackList
from playlists.models import Run
from playlists.spotify import Item
from playlists.steps import Remove, Unreachable, Unwritable

# A person waits: a list that takes longer to read is counted when the run starts.
READ_SECONDS = 20.0
_LINES_KEPT = 500

CANNOT_PUT_BACK = (
    "The playlist holds local files or tracks that are not available. Spotify's API cannot put "
    "those back, so it cannot be replaced. Add the list to the end instead, or remove them first."
)
TOO_MANY_COPIES = (
    "One track is in the playlist more than 100 times. It cannot be replaced without emptying the "
    "playlist on the way."
)


def report(tracks: TrackList) -> dict[str, Any]:
    """Return what is to be said of the list itself, ready for JSON."""
    lines = [[one.number, one.text, one.reason] for one in tracks.unmatched[:_LINES_KEPT]]
    return {
        "unmatched": lines,
        "unmatched_count": len(tracks.unmatched),
        "duplicates": tracks.duplicates,
    }


def changes(current: Sequence[str], wanted: Sequence[str], mode: str) -> dict[str, Any]:
    """Return what a run would change in the playlist, ready for JSON."""
    if mode == Run.Mode.APPEND:
        calls = len(steps.append(current, wanted))
        facts = {"kept": len(current), "added": len(wanted), "removed": 0, "redated": 0}
        return facts | {"before": len(current), "calls": calls, "again": _again(current, wanted)}
    difference = versions.difference(current, wanted)
    facts = {"kept": difference.kept, "added": difference.added, "removed": difference.removed}
    try:
        plan = steps.replace(current, wanted)
    except Unwritable:
        return facts | {"before": len(current), "blocked": CANNOT_PUT_BACK}
    except Unreachable:
        return facts | {"before": len(current), "blocked": TOO_MANY_COPIES}
    written = sum(len(step.uris) for step in plan if not isinstance(step, Remove))
    redated = difference.kept - max(0, len(wanted) - written)
    return facts | {"before": len(current), "calls": len(plan), "redated": max(0, redated)}


def read(connection: Connection, playlist_id: str) -> list[Item] | None:
    """Return the playlist's items, None where that takes longer than a person waits."""
    ends = time.monotonic() + READ_SECONDS
    items: list[Item] = []
    for page in connection.client.item_pages(playlist_id):
        items += page.items
        if time.monotonic() > ends:
            return None
    return items


def _again(current: Sequence[str], wanted: Sequence[str]) -> int:
    """Return how many of the wanted items the playlist has already."""
    there = set(current)
    return sum(uri in there for uri in wanted)
