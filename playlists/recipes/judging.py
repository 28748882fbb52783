"""Answers a condition for a whole list at once: a byte for each track, no, unknown or yes.

With 0, 1 and 2 for them, AND is the smaller, OR the larger, and NOT the difference to 2 (Kleene).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import TypeVar

from playlists.recipes import candidates, conditions, patterns
from playlists.recipes.candidates import Candidate
from playlists.recipes.conditions import Condition
from playlists.recipes.definition import Definition
from playlists.recipes.songs import Songs, normal

D = TypeVar("D", date, datetime)

NO, UNKNOWN, YES = 0, 1, 2
_NEGATED = bytes([YES, UNKNOWN, NO, *range(3, 256)])
Answers = bytes
Tracks = Sequence[Candidate]


@dataclass(frozen=True, slots=True)
class BlockList:
    """What a person never wants to hear."""

    songs: Songs = field(default_factory=Songs)
    artists: frozenset[str] = frozenset()  # names as songs.normal writes them

    def has(self, candidate: Candidate) -> bool:
        named = self.artists and not self.artists.isdisjoint(map(normal, candidate.artists))
        return bool(named) or self.songs.has_song(candidate)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a recipe has to know besides its sources. What could not be read is left out."""

    now: datetime
    zone: tzinfo = UTC
    playlists: Mapping[str, Songs] = field(default_factory=dict)  # by id
    mine: Mapping[str, Collection[str]] = field(default_factory=dict)  # ids by account
    liked: Mapping[str, Songs] = field(default_factory=dict)  # by account
    blocked: BlockList | None = None


def judge(
    condition: Condition, tracks: Tracks, *, recipe: Definition, around: Surroundings
) -> Answers:
    """Return the answer for each track."""

    def inner(part: Condition) -> Answers:
        return judge(part, tracks, recipe=recipe, around=around)

    match condition:
        case conditions.All(of=parts):
            return _together(min, map(inner, parts))
        case conditions.Any(of=parts):
            return _together(max, map(inner, parts))
        case conditions.Not(of=part):
            return inner(part).translate(_NEGATED)
        case conditions.Contains() | conditions.Is() | conditions.Matches():
            return _texts(condition, tracks)
        case conditions.Explicit():
            return bytes(_known(track.explicit) for track in tracks)
        case conditions.Duration():
            return _durations(condition, tracks)
        case conditions.On():
            return _dates(condition, tracks, zone=around.zone)
        case conditions.Age():
            return _ages(condition, tracks, now=around.now, zone=around.zone)
        case conditions.Blocked():
            return blocked(tracks, around=around)
        case conditions.IsLiked(same=same):
            liked = around.liked.get(recipe.account_of(condition))
            return _in_any([liked], tracks, same=same)
        case conditions.InPlaylist(playlists=ids, same=same):
            return _in_any([around.playlists.get(id_) for id_ in ids], tracks, same=same)
        case conditions.InMyPlaylists(same=same):
            mine = around.mine.get(recipe.account_of(condition))
            return _in_mine(mine, tracks, same=same, recipe=recipe, around=around)


def blocked(tracks: Tracks, *, around: Surroundings) -> Answers:
    if around.blocked is None:
        return _all(UNKNOWN, tracks)
    has = around.blocked.has
    return bytes(YES if has(track) else NO for track in tracks)


def _together(choose: Callable[[int, int], int], answers: Iterable[Answers]) -> Answers:
    first, *others = answers
    for other in others:
        first = bytes(map(choose, first, other))
    return first


def _all(answer: int, tracks: Tracks) -> Answers:
    return bytes([answer]) * len(tracks)


def _known(truth: bool | None) -> int:
    return UNKNOWN if truth is None else YES if truth else NO


def _texts(
    condition: conditions.Contains | conditions.Is | conditions.Matches, tracks: Tracks
) -> Answers:
    fits = _test(condition)
    seen: dict[tuple[str, ...], int] = {(): UNKNOWN}
    found = bytearray()
    for texts in _values(condition.field, tracks):
        if texts not in seen:
            seen[texts] = YES if any(map(fits, texts)) else NO
        found.append(seen[texts])
    return bytes(found)


def _values(name: conditions.TextField, tracks: Tracks) -> list[tuple[str, ...]]:
    if name == "artist":
        return [track.artists for track in tracks]
    if name == "title":
        return [(track.title,) if track.title else () for track in tracks]
    return [(track.album,) if track.album else () for track in tracks]


def _test(
    condition: conditions.Contains | conditions.Is | conditions.Matches,
) -> Callable[[str], bool]:
    if isinstance(condition, conditions.Matches):
        found = patterns.compiled(condition.pattern, exact_case=condition.exact_case)
        return lambda text: found(patterns.plain(text))
    wanted = patterns.folded(condition.text)
    if isinstance(condition, conditions.Is):
        return lambda text: patterns.folded(text) == wanted
    return lambda text: wanted in patterns.folded(text)


def _durations(condition: conditions.Duration, tracks: Tracks) -> Answers:
    least, most = (condition.at_least or 0) * 1000, (condition.at_most or 10**6) * 1000
    return bytes(
        _known(least <= track.duration_ms <= most) if track.duration_ms else UNKNOWN
        for track in tracks
    )


def _dates(condition: conditions.On, tracks: Tracks, *, zone: tzinfo) -> Answers:
    since, until = condition.since, condition.until
    if condition.field == "released":
        return bytes(_within(candidates.days(track.released), since, until) for track in tracks)
    return bytes(_within(_day(track, zone), since, until) for track in tracks)


def _ages(condition: conditions.Age, tracks: Tracks, *, now: datetime, zone: tzinfo) -> Answers:
    since, until = _ago(now, condition.at_most_days), _ago(now, condition.at_least_days)
    if condition.field == "released":
        first, last = (moment and moment.astimezone(zone).date() for moment in (since, until))
        return bytes(_within(candidates.days(track.released), first, last) for track in tracks)
    return bytes(
        _within((track.added_at, track.added_at) if track.added_at else None, since, until)
        for track in tracks
    )


def _ago(now: datetime, days: int | None) -> datetime | None:
    return None if days is None else now - timedelta(days=days)


def _day(track: Candidate, zone: tzinfo) -> tuple[date, date] | None:
    if track.added_at is None:
        return None
    day = track.added_at.astimezone(zone).date()
    return day, day


def _within(span: tuple[D, D] | None, since: D | None, until: D | None) -> int:
    """Say whether all of the span lies within the bounds, none of it, or nobody can know."""
    if span is None:
        return UNKNOWN
    first, last = span
    if (since is not None and last < since) or (until is not None and first > until):
        return NO
    is_inside = (since is None or since <= first) and (until is None or last <= until)
    return YES if is_inside else UNKNOWN


def _in_any(lists: Sequence[Songs | None], tracks: Tracks, *, same: conditions.Same) -> Answers:
    """Answer whether one of the lists has the track; None is a list that could not be read."""
    known = [songs for songs in lists if songs is not None]
    absent = NO if len(known) == len(lists) else UNKNOWN
    if same == "track":
        uris: set[str] = set().union(*(songs.uris for songs in known))
        return bytes(YES if track.uri in uris else absent for track in tracks)
    return bytes(
        YES if any(songs.has_song(track) for songs in known) else absent for track in tracks
    )


def _in_mine(
    ids: Collection[str] | None,
    tracks: Tracks,
    *,
    same: conditions.Same,
    recipe: Definition,
    around: Surroundings,
) -> Answers:
    if ids is None:
        return _all(UNKNOWN, tracks)
    others = [id_ for id_ in ids if id_ != recipe.target.playlist_id]
    return _in_any([around.playlists.get(id_) for id_ in others], tracks, same=same)
