"""What a run would do, before it is started; it writes nothing at Spotify."""

from __future__ import annotations

import time
from typing import Any

from playlists import courses, versions
from playlists.connection import Connection
from playlists.lists import TrackList
from playlists.models import Run
from playlists.spotify import Item

# A person waits: a list that takes longer to read is counted when the run starts.
READ_SECONDS = 20.0
_LINES_KEPT = 500


def report(tracks: TrackList) -> dict[str, Any]:
    """Return what is to be said of the list itself, ready for JSON."""
    lines = [[one.number, one.text, one.reason] for one in tracks.unmatched[:_LINES_KEPT]]
    return {
        "unmatched": lines,
        "unmatched_count": len(tracks.unmatched),
        "duplicates": tracks.duplicates,
    }


def look(run: Run, connection: Connection) -> None:
    """Read the playlist and write into the draft what it would do to it."""
    snapshot_id = _snapshot(run, connection)
    items = read(connection, run.playlist_id) if run.playlist_id else []
    versions.remember(items or ())
    found = {} if items is None else courses.changes(run, items)
    run.report = {**_of_the_list(run), **found, "looked": True, "snapshot": snapshot_id}
    run.save(update_fields=["report"])


def is_stale(run: Run, connection: Connection) -> bool:
    """Say whether the playlist has changed since it was looked at; one call."""
    seen: str = run.report.get("snapshot", "")
    return _snapshot(run, connection) != seen


def _snapshot(run: Run, connection: Connection) -> str:
    return connection.client.playlist(run.playlist_id).snapshot_id if run.playlist_id else ""


def read(connection: Connection, playlist_id: str) -> list[Item] | None:
    """Return the playlist's items, None where that takes longer than a person waits."""
    ends = time.monotonic() + READ_SECONDS
    items: list[Item] = []
    for page in connection.client.item_pages(playlist_id):
        items += page.items
        if time.monotonic() > ends:
            return None
    return items


def _of_the_list(run: Run) -> dict[str, Any]:
    kept = (
        *("unmatched", "unmatched_count", "duplicates", "restores"),
        *("sources", "steps", "local", "unavailable", "skipped", "unasked"),
    )
    return {name: run.report[name] for name in kept if name in run.report}
