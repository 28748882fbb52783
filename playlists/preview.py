"""What a run would do, before it is started; it writes nothing at Spotify."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from playlists import guards, ledgers, outcomes, push, versions
from playlists.connection import Connection
from playlists.lists import TrackList
from playlists.models import Run
from playlists.plan import Unreachable
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
    items = read(connection, run.playlist_id) if run.playlist_id else []
    found = {} if items is None else changes(run, items)
    run.report = {**_of_the_list(run), **found, "looked": True}
    run.save(update_fields=["report"])


def changes(run: Run, now: Sequence[Item]) -> dict[str, Any]:
    """Return what the run would change in the playlist, ready for JSON."""
    seen = ledgers.view(run, now, ledgers.of(run.playlist_id))
    uris = [item.uri for item in now]
    became = versions.difference(uris, seen.aim.goal)
    facts = {
        "before": len(now),
        "kept": became.kept,
        "added": became.added,
        "removed": became.removed,
        "again": _again(uris, run) if run.mode == Run.Mode.APPEND else 0,
    }
    try:
        plan = push.plan_for(run, uris, seen.aim.goal)
    except Unreachable:
        return facts | {"blocked": outcomes.TOO_MANY_COPIES}
    tripped = guards.tripped(guards.Prospect(now, seen.aim.goal, plan, partial=run.partial))
    warnings = guards.sentences(tripped)
    return facts | push.course(seen, plan) | {"tripped": tripped, "warnings": warnings}


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
    kept = ("unmatched", "unmatched_count", "duplicates", "restores")
    return {name: run.report[name] for name in kept if name in run.report}


def _again(uris: Sequence[str], run: Run) -> int:
    """Return how many of the wanted items the playlist has already."""
    there = set(uris)
    return sum(uri in there for uri in run.wanted)
