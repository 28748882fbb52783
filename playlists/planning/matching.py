"""Which item of the wanted list is which item of the current one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from playlists.planning.edits import NEW, writable
from playlists.planning.limits import Unwritable
from playlists.planning.subsequences import in_order


def surplus(current: Sequence[str], wanted: Sequence[str]) -> frozenset[str]:
    """Return the URIs with more copies now than wanted: all their copies must go."""
    now, then = Counter(current), Counter(wanted)
    for uri in {*now, *then}:
        if not writable(uri) and now[uri] != then[uri]:
            raise Unwritable("a local file or an item that is not available would come or go")
    return frozenset(uri for uri, copies in now.items() if copies > then[uri])


def match(current: Sequence[str], wanted: Sequence[str]) -> list[int]:
    """Return for each wanted item its index in ``current``, or NEW; all keepable ones are paired.

    What is the same at both ends stays: an item that is there twice afterwards keeps its place and
    its date. Then as many as stay in order, the neighbours of those, and the rest as they come.
    """
    gone = surplus(current, wanted)
    places: dict[str, list[int]] = defaultdict(list)
    for index, uri in enumerate(current):
        if uri not in gone:
            places[uri].append(index)
    pairs = _Pairs(current, wanted, places)
    head, tail = _same_ends(current, wanted)
    for index in chain(range(head), range(-tail, 0)):
        if wanted[index] in places:
            pairs.take([(index % len(wanted), index % len(current))])
    between = range(head, len(current) - tail)
    inner = {uri: [place for place in copies if place in between] for uri, copies in places.items()}
    pairs.take(
        (head + index, place) for index, place in in_order(wanted[head : len(wanted) - tail], inner)
    )
    pairs.take_certain()
    pairs.take_neighbours()
    pairs.take_rest()
    return pairs.origin


def _same_ends(current: Sequence[str], wanted: Sequence[str]) -> tuple[int, int]:
    """Return how many items are the same at the start, and how many of the others at the end."""
    most = min(len(current), len(wanted))
    head = 0
    while head < most and current[head] == wanted[head]:
        head += 1
    tail = 0
    while tail < most - head and current[-1 - tail] == wanted[-1 - tail]:
        tail += 1
    return head, tail


class _Pairs:
    def __init__(
        self, current: Sequence[str], wanted: Sequence[str], places: dict[str, list[int]]
    ) -> None:
        self.origin = [NEW] * len(wanted)
        self._wanted = wanted
        self._current = current
        self._places = places
        self._target = [NEW] * len(current)

    def take(self, pairs: Iterable[tuple[int, int]]) -> None:
        for index, place in pairs:
            self.origin[index] = place
            self._target[place] = index

    def _open(self) -> Iterator[tuple[list[int], list[int]]]:
        """Yield for each URI its wanted and its current indexes that have no partner."""
        wanted: dict[str, list[int]] = defaultdict(list)
        for index, uri in enumerate(self._wanted):
            if self.origin[index] == NEW and uri in self._places:
                wanted[uri].append(index)
        for uri, indexes in wanted.items():
            free = [place for place in self._places[uri] if self._target[place] == NEW]
            yield indexes, free

    def take_certain(self) -> None:
        for indexes, free in self._open():
            if len(indexes) == len(free) == 1:
                self.take([(indexes[0], free[0])])

    def take_neighbours(self) -> None:
        for step in (1, -1):
            for place in range(len(self._current))[::step]:
                before = place - step
                if self._target[place] != NEW or not 0 <= before < len(self._current):
                    continue
                index = self._target[before] + step
                if self._target[before] == NEW or not 0 <= index < len(self._wanted):
                    continue
                uri = self._current[place]
                # A surplus URI has no places and keeps none of its copies.
                if self.origin[index] == NEW and self._wanted[index] == uri in self._places:
                    self.take([(index, place)])

    def take_rest(self) -> None:
        for indexes, free in self._open():
            self.take(list(zip(indexes, free, strict=False)))
