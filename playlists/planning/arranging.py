"""In which order additions leave a list, so that they and the moves after them are few calls."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from playlists.planning.edits import NEW, Move
from playlists.planning.pricing import Pricer, pieces
from playlists.planning.sorting import Singles, Sorting, sort

# Above this many strips the fixed ones are a plain longest chain.
MOST_STRIPS = 600


@dataclass(frozen=True, slots=True)
class Arrangement:
    """``order`` holds indexes of wanted items as they stand after the additions."""

    order: list[int]
    additions: int
    sorting: Sorting | Singles
    last: tuple[Move, ...] = ()  # what is left to move when the sorting is done

    @property
    def calls(self) -> int:
        return self.additions + self.sorting.calls + len(self.last)

    def moves(self) -> list[Move]:
        return [*self.sorting.moves(), *self.last]


@dataclass(slots=True)
class _Strip:
    """Wanted items start..end (the new ones within too) whose kept ones stand in this order."""

    start: int
    end: int
    place: int  # where its first kept item stands now


def arrange(origin: Sequence[int], batch: int) -> Arrangement:
    """Find a good order for additions; ``origin`` says where each wanted item stands now."""
    strips = _strips(origin)
    fixed = _chain(strips, len(origin), batch)
    orders = [_order(strips, fixed, len(origin))]
    if len(fixed) < len(strips):
        orders.append(_order(strips, list(range(len(strips))), len(origin)))
    found = [
        Arrangement(order, sum(1 for _ in additions(order, origin, batch)), sort(order))
        for order in orders
    ]
    return min(found, key=lambda one: one.calls)


def arrange_within(origin: Sequence[int], calls: int, pricer: Pricer, batch: int) -> Arrangement:
    """Arrange as ``pricer`` found that so many calls are enough."""
    order = list(range(len(origin)))
    last: list[Move] = []
    while True:
        pattern, ends = pieces(order, origin, batch)
        cut = pricer.cut(pattern, calls - len(last))
        if cut is None:
            break
        i, j, k = (ends[place] for place in cut)
        order[i:k] = [*order[j:k], *order[i:j]]
        last.append(Move(i, k - j, k) if k - j <= j - i else Move(i + k - j, j - i, i))
    found = arrange([origin[index] for index in order], batch)
    return Arrangement(
        [order[index] for index in found.order], found.additions, found.sorting, tuple(last[::-1])
    )


def additions(order: Sequence[int], origin: Sequence[int], batch: int) -> Iterator[tuple[int, int]]:
    """Yield the parts of ``order`` (start, end) that one call each adds."""
    new = bytes([origin[index] == NEW for index in order])
    start = new.find(1)
    while start >= 0:
        end = new.find(0, start, start + batch)
        if end < 0:
            end = min(start + batch, len(new))
        yield start, end
        start = new.find(1, end)


def _strips(origin: Sequence[int]) -> list[_Strip]:
    """Return the maximal runs of kept items that follow one another now and then."""
    rank = {place: index for index, place in enumerate(sorted(p for p in origin if p != NEW))}
    strips: list[_Strip] = []
    last = -2
    for index, place in enumerate(origin):
        if place == NEW:
            continue
        if rank[place] == last + 1:
            strips[-1].end = index + 1
        else:
            strips.append(_Strip(index, index + 1, place))
        last = rank[place]
    return strips


def _chain(strips: Sequence[_Strip], length: int, batch: int) -> list[int]:
    """Choose the strips that stay where they are: fewest moves plus additions between them.

    New items in one run count once even when a strip that moves stands between them.
    """
    if len(strips) > MOST_STRIPS:
        strips_by_rank = sorted(range(len(strips)), key=lambda one: strips[one].place)
        return _longest(strips_by_rank)
    starts = [*(strip.start for strip in strips), length]
    ends = [0, *(strip.end for strip in strips)]
    places = [-1, *(strip.place for strip in strips), 1 << 60]
    fresh = [0]  # new items before strip t, strip by strip
    for start, end in zip(starts, ends, strict=True):
        fresh.append(fresh[-1] + start - end)
    cost = [0] * len(places)
    before = [0] * len(places)
    for t in range(1, len(places)):
        best = 1 << 60
        for s in range(t - 1, -1, -1):
            if t - s - 1 > best:
                break
            if places[s] < places[t]:
                price = cost[s] + t - s - 1 - (fresh[s] - fresh[t]) // batch
                if price < best:
                    best, before[t] = price, s
        cost[t] = best
    chain = []
    t = before[-1]
    while t > 0:
        chain.append(t - 1)
        t = before[t]
    return chain[::-1]


def _longest(by_rank: Sequence[int]) -> list[int]:
    """Return a longest increasing subsequence of strip numbers that stand in their order."""
    ends: list[int] = []
    before: dict[int, int] = {}
    for strip in by_rank:
        rank = bisect_left(ends, strip)
        before[strip] = ends[rank - 1] if rank else -1
        ends[rank : rank + 1] = [strip]
    chain = []
    strip = ends[-1] if ends else -1
    while strip >= 0:
        chain.append(strip)
        strip = before[strip]
    return chain[::-1]


def _order(strips: Sequence[_Strip], fixed: Sequence[int], length: int) -> list[int]:
    """Put the new items of each gap between fixed strips behind the strip before the gap."""
    behind: dict[int, list[int]] = {}
    front: list[int] = []
    chosen = set(fixed)
    run, end = front, 0
    for number, strip in enumerate(strips):
        run.extend(range(end, strip.start))
        end = strip.end
        if number in chosen:
            run = behind.setdefault(number, [])
    run.extend(range(end, length))
    order = list(front)
    for number in sorted(range(len(strips)), key=lambda one: strips[one].place):
        order.extend(range(strips[number].start, strips[number].end))
        order.extend(behind.get(number, ()))
    return order
