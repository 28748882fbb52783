"""How one list became another: what came, went, changed place or date, copy by copy.

Pure. Copies of one item are matched by their dates first and then in their order. Of what both
lists have, as much as possible counts as left in place: the longest part whose order is the same.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from playlists.spotify import Item


@dataclass(frozen=True, slots=True)
class Place:
    """An item and where it stands in its list, from 0."""

    position: int
    item: Item


@dataclass(frozen=True, slots=True)
class Pair:
    """One item as it was and as it is."""

    before: Place
    after: Place

    @property
    def is_redated(self) -> bool:
        return self.before.item.added_at != self.after.item.added_at


@dataclass(frozen=True, slots=True)
class Diff:
    """All of both lists: each item of the new one is added or kept, of the old one gone or kept.

    ``moved`` and ``redated`` name some of the kept ones, and one may be in both.
    """

    added: list[Place]
    removed: list[Place]
    kept: list[Pair]
    moved: list[Pair]
    redated: list[Pair]

    @property
    def is_empty(self) -> bool:
        return not (self.added or self.removed or self.moved or self.redated)


def diff(old: Sequence[Item], new: Sequence[Item]) -> Diff:
    """Say how ``old`` became ``new``; each list of the answer is in the order of its positions."""
    match = _match(old, new)
    taken = set(match.values())
    kept = [
        Pair(Place(match[index], old[match[index]]), Place(index, new[index]))
        for index in sorted(match)
    ]
    stays = _longest_rise([pair.before.position for pair in kept])
    return Diff(
        added=[Place(index, item) for index, item in enumerate(new) if index not in match],
        removed=[Place(index, item) for index, item in enumerate(old) if index not in taken],
        kept=kept,
        moved=[pair for index, pair in enumerate(kept) if index not in stays],
        redated=[pair for pair in kept if pair.is_redated],
    )


def _match(old: Sequence[Item], new: Sequence[Item]) -> dict[int, int]:
    """Return for positions of the new list those of the old one that hold the same item."""
    match: dict[int, int] = {}
    same: defaultdict[tuple[str, str], deque[int]] = defaultdict(deque)
    for index, item in enumerate(old):
        same[item.uri, item.added_at].append(index)
    left: list[int] = []
    for index, item in enumerate(new):
        if free := same[item.uri, item.added_at]:
            match[index] = free.popleft()
        elif item.uri:  # of two slots without a track nobody knows whether they held the same
            left.append(index)
    by_uri: defaultdict[str, deque[int]] = defaultdict(deque)
    for index in sorted(index for free in same.values() for index in free):
        by_uri[old[index].uri].append(index)
    for index in left:
        if free := by_uri[new[index].uri]:
            match[index] = free.popleft()
    return match


def _longest_rise(values: Sequence[int]) -> set[int]:
    """Return the places of a longest part of different numbers that only rises."""
    ends: list[int] = []  # of the best part of each length, the value at its end
    places: list[int] = []  # and where that stands
    before: list[int] = []
    for place, value in enumerate(values):
        length = bisect_left(ends, value)
        before.append(places[length - 1] if length else -1)
        ends[length : length + 1] = [value]
        places[length : length + 1] = [place]
    return set(_trail(places[-1] if places else -1, before))


def _trail(place: int, before: Sequence[int]) -> Iterator[int]:
    while place >= 0:
        yield place
        place = before[place]
