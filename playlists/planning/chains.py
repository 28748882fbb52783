"""The heaviest chains of strips that stay where they are, each gap between two an addition."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from playlists.planning.edits import NEW


class Chains:
    """A dynamic programme over (strip, additions).

    ``start`` and ``end`` say where each strip, numbered as it stands now, is wanted; ``reach`` is
    how many strips it looks back.
    """

    def __init__(
        self, start: Sequence[int], end: Sequence[int], length: int, *, reach: int, batch: int
    ) -> None:
        self._order = sorted(range(len(start)), key=start.__getitem__)
        # In the order of the wanted list, between two empty strips at its ends.
        self._starts = [0, *(start[one] for one in self._order), length]
        self._ends = [0, *(end[one] for one in self._order), length]
        self._places = [-1, *self._order, len(start)]
        self._reach = reach
        self._batch = batch

    def rows(self, most: int) -> Iterator[tuple[int, list[int]]]:
        """Yield additions and the heaviest chain with so many, each heavier than the last."""
        starts, ends = self._starts, self._ends
        weights = [[-1] * (most + 1) for _ in starts]
        before = [[(0, 0)] * (most + 1) for _ in starts]
        weights[0][0] = 0
        for t in range(1, len(starts)):
            row, back = weights[t], before[t]
            own = ends[t] - starts[t]
            for s in self._back(t):
                price = -((ends[s] - starts[t]) // self._batch)
                for spent, weight in enumerate(weights[s][: max(0, most + 1 - price)], price):
                    if weight >= 0 and weight + own > row[spent]:
                        row[spent] = weight + own
                        back[spent] = (s, spent - price)
        best = -1
        for spent, weight in enumerate(weights[-1]):
            if weight > best:
                best = weight
                yield spent, self._chain(before, spent)

    def _back(self, t: int) -> Iterator[int]:
        """Yield the strips that may stand before ``t`` in a chain, the nearest first."""
        places, starts, ends = self._places, self._starts, self._ends
        own = places[t]
        for s in range(t - 1, max(0, t - 1 - self._reach), -1):
            if places[s] < own and not (
                # The one between could stay, too, for nothing.
                s + 1 < t and ends[s] == starts[s + 1] and places[s] < places[s + 1] < own
            ):
                yield s
        yield 0

    def _chain(self, before: Sequence[Sequence[tuple[int, int]]], spent: int) -> list[int]:
        chosen: list[int] = []
        t, spent = before[-1][spent]
        while t > 0:
            chosen.append(self._places[t])
            t, spent = before[t][spent]
        return chosen[::-1]


def heaviest_chain(as_wanted: Sequence[int], weights: Sequence[int]) -> list[int]:
    """Return the heaviest strips that stand in the same order now and then."""
    ends: list[int] = []
    tops: list[int] = []
    before: dict[int, int] = {}
    for strip in as_wanted:
        step = bisect_left(ends, strip)
        before[strip] = ends[step - 1] if step else NEW
        weight = weights[strip] + (tops[step - 1] if step else 0)
        stop = step
        while stop < len(ends) and tops[stop] <= weight:
            stop += 1
        ends[step:stop] = [strip]
        tops[step:stop] = [weight]
    chain: list[int] = []
    strip = ends[-1] if ends else NEW
    while strip != NEW:
        chain.append(strip)
        strip = before[strip]
    return chain[::-1]
