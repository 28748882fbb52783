"""Which dates to keep when there are not calls enough for all of them.

A chain of strips stays where it is; each gap between two of them is filled by one addition; heavy
strips of other places come back by a move each; all the rest is given up and added anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import nlargest
from itertools import accumulate

from playlists.planning.edits import NEW, writable


@dataclass(frozen=True, slots=True)
class _Strip:
    start: int
    end: int
    place: int

    @property
    def weight(self) -> int:
        return self.end - self.start


class Chooser:
    """Proposes what to keep: matchings that pair less than the whole one does."""

    def __init__(
        self, current: Sequence[str], wanted: Sequence[str], origin: Sequence[int], batch: int
    ) -> None:
        self._current = current
        self._wanted = wanted
        self._origin = origin
        self._batch = batch
        self._copies = Counter(current)
        self._strips = list(self._natural_strips())

    def _natural_strips(self) -> Iterator[_Strip]:
        """Yield runs of wanted items that stand side by side now but for what must go."""
        places = sorted(place for place in self._origin if place != NEW)
        rank = {place: index for index, place in enumerate(places)}
        start = 0
        for index, place in enumerate(self._origin):
            following = self._origin[index + 1] if index + 1 < len(self._origin) else NEW
            if NEW not in (place, following) and rank[following] == rank[place] + 1:
                continue
            if place != NEW:
                yield _Strip(start, index + 1, rank[self._origin[start]])
            start = index + 1

    def proposals(self, calls: int) -> Iterator[list[int]]:
        """Yield matchings that need about ``calls`` calls, or fewer."""
        removals = self._removals(sum(strip.weight for strip in self._strips))
        if removals > calls:
            return
        seen: set[frozenset[int]] = set()
        weights = [strip.weight for strip in self._strips]
        for light in sorted({0, *weights}, reverse=True):
            heavy = [weight > light for weight in weights]
            if sum(heavy) > 2 * calls + 10:
                return
            for spent, chain in self._chains(heavy, calls - removals):
                chosen = self._filled(chain, calls - spent)
                if chosen is not None and chosen not in seen:
                    seen.add(chosen)
                    yield self.kept(chosen)

    def _removals(self, kept: int) -> int:
        return -(-(len(self._copies) - kept) // self._batch)

    def _filled(self, chain: Sequence[int], calls: int) -> frozenset[int] | None:
        """Add to ``chain`` the heaviest strips that the calls left can move."""
        beside = set(range(len(self._strips))).difference(chain)
        weight = sum(self._strips[one].weight for one in chain)
        chosen = list(chain)
        best = len(chain) if self._removals(weight) <= calls else -1
        for one in nlargest(calls, beside, key=lambda one: (self._strips[one].weight, -one)):
            chosen.append(one)
            weight += self._strips[one].weight
            calls -= 1
            if self._removals(weight) <= calls:
                best = len(chosen)
        return frozenset(chosen[:best]) if best >= 0 else None

    def kept(self, chosen: Iterable[int]) -> list[int]:
        """Return the matching that keeps the chosen strips, whole URIs only."""
        origin = [NEW] * len(self._origin)
        for number in chosen:
            strip = self._strips[number]
            origin[strip.start : strip.end] = self._origin[strip.start : strip.end]
        for index, place in enumerate(self._origin):
            if place != NEW and not writable(self._current[place]):
                origin[index] = place
        copies = Counter(self._current[place] for place in origin if place != NEW)
        return [
            place
            if place != NEW and copies[self._current[place]] == self._copies[self._current[place]]
            else NEW
            for place in origin
        ]

    def _chains(self, heavy: Sequence[bool], calls: int) -> Iterator[tuple[int, list[int]]]:
        """Yield, for each number of calls, the heaviest chain with the heavy strips beside it.

        A gap costs a call for each 100 items to add and one for each heavy strip, which moves.
        """
        strips = self._strips
        total = len(self._origin)
        starts = [0, *(strip.start for strip in strips), total]
        ends = [0, *(strip.end for strip in strips), total]
        places = [-1, *(strip.place for strip in strips), total]
        moves = list(accumulate((0, *heavy, False), initial=0))
        saved = list(
            accumulate(
                (0, *(s.weight * h for s, h in zip(strips, heavy, strict=True)), 0), initial=0
            )
        )
        batch = self._batch
        nothing = (-1, 0, 0)
        table = [[nothing] * (calls + 1) for _ in starts]  # weight, node before, calls before
        table[0][0] = (0, 0, 0)
        for t in range(1, len(starts)):
            row = table[t]
            own = ends[t] - starts[t]
            for s in range(t - 1, -1, -1):
                moved = moves[t] - moves[s + 1]
                if moved > calls:
                    break
                if places[s] >= places[t]:
                    continue
                rescued = saved[t] - saved[s + 1]
                price = moved - (rescued + ends[s] - starts[t]) // batch
                gain = rescued + own
                for spent in range(calls + 1 - price):
                    weight = table[s][spent][0]
                    if weight >= 0 and weight + gain > row[spent + price][0]:
                        row[spent + price] = (weight + gain, s, spent)
        best = -1
        for spent in range(calls + 1):
            if table[-1][spent][0] > best:
                best = table[-1][spent][0]
                yield spent, self._chain(table, spent, heavy)

    @staticmethod
    def _chain(
        table: Sequence[Sequence[tuple[int, int, int]]], spent: int, heavy: Sequence[bool]
    ) -> list[int]:
        chosen: list[int] = []
        t = len(table) - 1
        while t > 0:
            _, s, spent = table[t][spent]
            chosen.extend(one - 1 for one in range(s + 1, t) if heavy[one - 1])
            if s:
                chosen.append(s - 1)
            t = s
        return chosen
