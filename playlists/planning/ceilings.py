"""How many dates a plan of so many calls can keep at the very most.

What a plan keeps are blocks, side by side before and after; between them are runs of new items. The
ends of the list are items that always stay. Three things are certain:

1. The places where blocks and runs meet are at most 2A + 3M for A additions and M moves: an
   addition makes two of them right, a move three.
2. The runs are at most A + M: an addition makes one, and a move makes two out of one at most.
3. In the current list no two blocks overlap: what stands between two items of a block is not kept.

The most that can be kept under these three is bounded by prices (Lagrange multipliers) for places,
runs and positions. Any prices give a valid bound; a subgradient search looks for good ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import inf

from playlists.planning.edits import NEW
from playlists.planning.matching import match

# How many prices are tried for one bound; after how many in vain the steps become smaller.
ROUNDS = 40
PATIENCE = 5
SHRINK = 0.7
# Where the best bound is guessed to be, as a part of the one found so far.
GUESS = 0.9
# Smaller differences than this are left to the errors of floating point.
CLEARLY = 1e-6


# How an item that is kept follows the one before it: in one block; in another block; that one is
# kept, too, and new items stand between them; that one is not kept.
TOGETHER, BESIDE, AFTER_NEW, AFTER_GIVEN_UP = range(4)


@dataclass(frozen=True, slots=True)
class _Prices:
    place: float
    run: float
    positions: list[float]


@dataclass(frozen=True, slots=True)
class _Choice:
    """What is worth most at some prices: its worth, and what it takes of each."""

    worth: float
    places: int
    runs: int
    covers: list[int]


class Ceiling:
    """Bounds the dates kept between two lists; for lists with copies this is an estimate."""

    def __init__(self, current: Sequence[str], wanted: Sequence[str], *, batch: int = 100) -> None:
        self._batch = batch
        self._distinct = len(set(current))
        self._length = len(wanted)
        origin = [-1, *match(current, wanted), len(current)]
        places = sorted(place for place in origin[1:] if place != NEW)
        rank = {-1: 0} | {place: number for number, place in enumerate(places, start=1)}
        self._most = len(places) - 1
        # Each item that can be kept: its number as it stands now, that of the item before it if
        # both may be one block (or NEW), and whether new items stand between the two.
        self._items: list[tuple[int, int, bool]] = []
        last, after_new = -1, False
        for place in origin[1:]:
            if place == NEW:
                after_new = True
                continue
            joined = NEW if after_new or place < last else rank[last]
            self._items.append((rank[place], joined, after_new))
            last, after_new = place, False
        self._prices = _Prices(1.0, 0.0, [0.0] * (len(places) + 1))

    def most_kept(self, calls: int) -> int:
        """Return an upper bound of the dates that any plan of ``calls`` calls keeps."""
        most = self._most
        while most > 0:
            # Each item that stays spares at most one URI its removal.
            removals = -(-max(0, self._distinct - most) // self._batch)
            additions = -(-(self._length - most) // self._batch)
            left = calls - removals
            if left < additions:
                return 0
            bound = self._bound(3 * left - additions, left, most)
            fewest = max(
                self._distinct - removals * self._batch,
                self._length - additions * self._batch,
            )
            if bound >= fewest:
                return bound
            # So few that more must be removed or added.
            most = fewest - 1
        return 0

    def _bound(self, places: int, runs: int, most: int) -> int:
        best = most + 1.0
        at = self._prices
        scale, stale = 1.0, 0
        for _ in range(ROUNDS):
            choice = self._heaviest(at)
            worth = choice.worth + at.place * places + at.run * runs + sum(at.positions)
            if worth < best - CLEARLY:
                best, stale = worth, 0
                self._prices = at
            else:
                stale += 1
            if stale == PATIENCE:
                if best > most:
                    break  # there are calls enough for all
                scale, stale = scale * SHRINK, 0
            moved = _moved(at, choice, places, runs, scale * (worth - GUESS * best))
            if moved is None:
                break
            at = moved
        return min(most, int(best + CLEARLY))

    def _heaviest(self, at: _Prices) -> _Choice:
        """Find what is worth most if each place, run and covered position has its price."""
        place, run, positions = at.place, at.place + at.run, at.positions
        below = [0.0, *accumulate(positions)]
        kept, given_up = -positions[0], -inf  # where the item before is kept; where it is not
        ways: list[int] = []
        opened: list[bool] = []
        for rank, joined, after_new in self._items:
            best, way = given_up, AFTER_GIVEN_UP
            between = kept - run
            if after_new:
                if between > best:
                    best, way = between, AFTER_NEW
            elif kept > best:
                best, way = kept, BESIDE
            best -= place + positions[rank]
            if joined != NEW:
                together = kept - below[rank + 1] + below[joined + 1]
                if together >= best:
                    best, way = together, TOGETHER
            opened.append(between > given_up)
            given_up = max(given_up, between)
            ways.append(way)
            kept = best + 1
        return self._traced(kept - 1, ways, opened)

    def _traced(self, worth: float, ways: Sequence[int], opened: Sequence[bool]) -> _Choice:
        covers = [0] * (len(self._items) + 2)
        places = runs = 0
        stays, end = True, len(self._items)
        for index in range(len(ways) - 1, -1, -1):
            if not stays:
                if opened[index]:
                    places, runs, stays = places + 1, runs + 1, True
                    end = self._items[index - 1][0] if index else 0
                continue
            way = ways[index]
            if way == TOGETHER:
                continue
            covers[self._items[index][0]] += 1
            covers[end + 1] -= 1
            places += 1
            if way == AFTER_GIVEN_UP:
                stays = False
                continue
            if way == AFTER_NEW:
                places, runs = places + 1, runs + 1
            end = self._items[index - 1][0] if index else 0
        covers[0] += 1
        covers[end + 1] -= 1
        return _Choice(worth, places, runs, list(accumulate(covers[:-1])))


def _moved(at: _Prices, choice: _Choice, places: int, runs: int, gap: float) -> _Prices | None:
    """Raise the prices of what was taken too often, and lower those of the rest."""
    taken = [choice.places - places, choice.runs - runs, *[cover - 1 for cover in choice.covers]]
    prices = [at.place, at.run, *at.positions]
    norm = sum(
        [over * over for over, price in zip(taken, prices, strict=True) if over > 0 or price > 0]
    )
    if not norm or gap <= 0:
        return None
    step = gap / norm
    raised = [price + step * over for over, price in zip(taken, prices, strict=True)]
    place, run, *positions = [price if price > 0 else 0.0 for price in raised]
    return _Prices(place, run, positions)
