"""Puts tracks in another order; the same tracks always come out in the same order."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from heapq import heappop, heappush
from typing import Any

from playlists.recipes import candidates
from playlists.recipes.candidates import Candidate
from playlists.recipes.rules import Key, Period, Shuffle
from playlists.recipes.songs import fold, isrc, normal

_KEYS: dict[str, Callable[[Candidate], Any]] = {
    "title": lambda track: fold(track.title) or None,
    "artist": lambda track: fold(", ".join(track.artists)) or None,
    "album": lambda track: fold(track.album) or None,
    "added": lambda track: track.added_at,
    "released": lambda track: candidates.days(track.released),
    "duration": lambda track: track.duration_ms or None,
    "explicit": lambda track: track.explicit,
    "isrc": lambda track: isrc(track) or None,
    "source": lambda track: track.source,
    "position": lambda track: track.position,
}


def ordered(tracks: Sequence[Candidate], by: Sequence[Key]) -> list[Candidate]:
    """Return the tracks by the first key, equal ones by the next, then as they were."""
    found = list(tracks)
    for key in reversed(by):
        value = _KEYS[key.field]
        values = [(value(track), track) for track in found]
        known = [pair for pair in values if pair[0] is not None]
        known.sort(key=lambda pair: pair[0], reverse=key.order == "descending")
        found = [track for _, track in known]
        found += [track for known_value, track in values if known_value is None]
    return found


def shuffled(tracks: Sequence[Candidate], rule: Shuffle, *, today: date) -> list[Candidate]:
    """Return the tracks in the order of numbers that seed, period and track alone decide."""
    salt = f"{rule.seed}\n{_period(rule.again, today)}\n"
    copies: Counter[str] = Counter()
    drawn = []
    for place, track in enumerate(tracks):
        copies[track.uri] += 1
        drawn.append((_number(f"{salt}{track.uri}\n{copies[track.uri]}"), place, track))
    return [track for _, _, track in sorted(drawn, key=lambda entry: entry[:2])]


def _period(again: Period, today: date) -> str:
    match again:
        case "never":
            return ""
        case "day":
            return today.isoformat()
        case "week":
            year, week, _ = today.isocalendar()
            return f"{year}-W{week}"
        case "month":
            return f"{today.year}-{today.month}"


def _number(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=8).digest()


def interleaved(
    tracks: Sequence[Candidate], *, sources: int, weights: Sequence[int] | None
) -> list[Candidate]:
    """Return the tracks taken from each source in turn, until all are taken."""
    queues: list[deque[Candidate]] = [deque() for _ in range(sources)]
    for track in tracks:
        queues[track.source].append(track)
    turns = list(zip(queues, weights or [1] * sources, strict=True))
    return list(_turns(turns))


def _turns(turns: list[tuple[deque[Candidate], int]]) -> Iterator[Candidate]:
    while turns:
        for queue, weight in turns:
            for _ in range(min(weight, len(queue))):
                yield queue.popleft()
        turns = [turn for turn in turns if turn[0]]


def spaced(tracks: Sequence[Candidate], *, apart: int) -> list[Candidate]:
    """Return the tracks with ``apart`` others between two of one artist, where that can be.

    A list that is fine stays as it is. Tracks without an artist may stand anywhere.
    """
    artists = [
        normal(track.artist) if track.artist else f"\0{at}" for at, track in enumerate(tracks)
    ]
    return [tracks[place] for place in _Spacing(artists, apart).order()]


class _Spacing:
    """Where the tracks of each artist stand, and which artists may come now."""

    def __init__(self, artists: Sequence[str], apart: int) -> None:
        self.places: defaultdict[str, deque[int]] = defaultdict(deque)
        for place, artist in enumerate(artists):
            self.places[artist].append(place)
        self.apart, self.left, self.now = apart, len(artists), 0
        self.resting: deque[tuple[int, str]] = deque()  # until when
        self.next: list[tuple[int, str]] = []  # by the place of the next track
        self.most: list[tuple[int, int, str]] = []  # by how many are left; the same artists
        self.sizes = Counter(map(len, self.places.values()))
        self.largest = max(self.sizes, default=0)
        for artist in self.places:
            self._wake(artist)

    def order(self) -> Iterator[int]:
        """Yield the places in their new order: the next that may come, unless another has to."""
        while self.left:
            while self.resting and self.resting[0][0] <= self.now:
                self._wake(self.resting.popleft()[1])
            artist = self._most() if self._is_tight() else self._next()
            # Where nobody may come, whoever has waited longest does.
            yield self._take(artist or self.resting.popleft()[1])

    def _is_tight(self) -> bool:
        """Say whether those with most tracks fill what is left, so that one has to come now."""
        while not self.sizes[self.largest]:
            self.largest -= 1
        needed = (self.largest - 1) * (self.apart + 1) + self.sizes[self.largest]
        return needed >= self.left

    def _wake(self, artist: str) -> None:
        places = self.places[artist]
        heappush(self.next, (places[0], artist))
        heappush(self.most, (-len(places), places[0], artist))

    def _next(self) -> str:
        while self.next:
            place, artist = heappop(self.next)
            if self._awaits(artist, place):
                return artist
        return ""

    def _most(self) -> str:
        while self.most:
            _, place, artist = heappop(self.most)
            if self._awaits(artist, place):
                return artist
        return ""

    def _awaits(self, artist: str, place: int) -> bool:
        """Say whether the entry of a heap still holds: each artist is in both."""
        places = self.places[artist]
        return bool(places) and places[0] == place

    def _take(self, artist: str) -> int:
        places = self.places[artist]
        self.sizes[len(places)] -= 1
        place = places.popleft()
        self.sizes[len(places)] += 1
        self.now += 1
        self.left -= 1
        if places:
            self.resting.append((self.now + self.apart, artist))
        return place
