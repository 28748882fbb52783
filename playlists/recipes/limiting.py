"""Says which tracks a rule leaves out, and why: limits and duplicates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from playlists.recipes.candidates import Candidate
from playlists.recipes.rules import Duplicates, Limit
from playlists.recipes.songs import Songs, normal

Reasons = dict[int, str]  # by the place of a track that is left out


def beyond(tracks: Sequence[Candidate], rule: Limit) -> Reasons:
    """Return what is beyond the limit: from the first track on that does not fit any more."""
    places = range(len(tracks))
    most = rule.most if rule.unit == "tracks" else rule.most * 60_000
    used: Counter[object] = Counter()
    out: Reasons = {}
    for place in places if rule.which == "first" else reversed(places):
        group = _group(tracks[place], rule)
        if group is None:
            continue
        used[group] += 1 if rule.unit == "tracks" else tracks[place].duration_ms
        if used[group] > most:
            out[place] = "beyond the limit"
    return out


def _group(track: Candidate, rule: Limit) -> object:
    """Return what the limit counts apart; None for a track that it does not count."""
    match rule.per:
        case "list":
            return ""
        case "source":
            return track.source
        case "artist":
            return normal(track.artist) if track.artist else None


def doubled(tracks: Sequence[Candidate], rule: Duplicates) -> Reasons:
    """Return the tracks that are the same as one that is kept."""
    kept = Songs()
    out: Reasons = {}
    preferred = sorted(range(len(tracks)), key=lambda place: _rank(tracks[place], place, rule))
    for place in preferred:
        track = tracks[place]
        if rule.same == "track":
            reason = "same track" if kept.has_track(track) else ""
        else:
            reason = kept.why(track)
        if reason:
            out[place] = reason
        else:
            kept.add(track)
    return out


def _rank(track: Candidate, place: int, rule: Duplicates) -> tuple[Any, ...]:
    """Return what is smallest for the copy that is kept; unknown dates and lengths lose."""
    added = track.added_at.timestamp() if track.added_at else None
    length = track.duration_ms or None
    match rule.keep:
        case "first":
            return (place,)
        case "last":
            return (-place,)
        case "oldest":
            return added is None, added or 0, place
        case "newest":
            return added is None, -(added or 0), place
        case "longest":
            return length is None, -(length or 0), place
        case "shortest":
            return length is None, length or 0, place
