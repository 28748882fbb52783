"""Which dates to keep when there are not calls enough for all of them.

A chain of strips stays where it is; each gap between two of them is filled by one addition; heavy
strips of other places come back by a move each; all the rest is given up and added anew.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import nlargest
from itertools import accumulate

from playlists.planning.edits import NEW, writable

BEYOND = 2

# Lists of more strips than this are not searched: only their heaviest strips are moved.
MOST_STRIPS = 1200
# How many steps a search for chains may take: it looks less far back in lists of many strips.
MOST_STEPS = 3_000_000


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

    def proposals(self, calls: int) -> list[frozenset[int]]:
        """Return sets of strips that need about ``calls`` calls, the heaviest first."""
        removals = self._removals(sum(strip.weight for strip in self._strips))
        if removals > calls:
            return []
        found: set[frozenset[int]] = set()
        for heavy in self._heavy(calls):
            # Block moves may join more than they are counted for here: two calls more are tried.
            for spent, chain in self._chains(heavy, calls - removals + BEYOND):
                for beyond in range(BEYOND + 1):
                    chosen = self._filled(chain, calls + beyond - spent)
                    if chosen is not None:
                        found.add(chosen)
        return sorted(found, key=lambda one: (-self.weight(one), sorted(one)))

    def _heavy(self, calls: int) -> Iterator[list[bool]]:
        """Yield which strips always stay: none, and some by other thresholds of weight."""
        weights = sorted((strip.weight for strip in self._strips), reverse=True)
        lights = {
            weights[min(most, len(weights) - 1)]
            for most in (calls // 3, calls, 2 * calls)
            if weights
        }
        yield [False] * len(weights)
        for light in sorted(lights, reverse=True):
            if light < weights[0]:
                yield [strip.weight > light for strip in self._strips]

    def weight(self, chosen: Iterable[int]) -> int:
        return sum(self._strips[one].weight for one in chosen)

    def heaviest_beside(self, chosen: Iterable[int], most: int) -> list[list[int]]:
        """Return the heaviest groups of other strips that one move each could bring back.

        A group stands together in the wanted list, and in the current one but for what is not kept.
        """
        kept = set(chosen)
        places = sorted(self._strips[one].place for one in kept)
        groups: list[list[int]] = []
        for number, strip in enumerate(self._strips):
            if number in kept:
                continue
            last = self._strips[groups[-1][-1]] if groups else None
            if (
                last is not None
                and last.end == strip.start
                and last.place < strip.place
                and bisect_left(places, last.place) == bisect_left(places, strip.place)
            ):
                groups[-1].append(number)
            else:
                groups.append([number])
        return nlargest(most, groups, key=lambda one: (self.weight(one), -one[0]))

    def _removals(self, kept: int) -> int:
        return -(-(len(self._copies) - kept) // self._batch)

    def _filled(self, chain: Sequence[int], calls: int) -> frozenset[int] | None:
        """Add to ``chain`` the heaviest groups that the calls left can move."""
        weight = self.weight(chain)
        chosen = list(chain)
        best = len(chain) if self._removals(weight) <= calls else -1
        spans: list[tuple[int, int]] = []
        for group in self.heaviest_beside(chain, 2 * calls):
            first, last = (self._strips[group[end]].place for end in (0, -1))
            if any(start <= last and first <= end for start, end in spans):
                continue
            spans.append((first, last))
            chosen += group
            weight += self.weight(group)
            calls -= 1
            if self._removals(weight) <= calls:
                best = len(chosen)
            if calls <= 0:
                break
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
        if len(strips) > MOST_STRIPS:
            yield 0, []
            return
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
        reach = MOST_STEPS // (len(starts) * (calls + 1))
        for t in range(1, len(starts)):
            row = table[t]
            own = ends[t] - starts[t]
            for s in (*range(t - 1, max(0, t - 1 - reach), -1), 0):
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
