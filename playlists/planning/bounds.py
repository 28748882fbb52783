"""What no plan can beat: the fewest calls of strict plans, the most dates of a budget."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise

from playlists.planning.edits import NEW
from playlists.planning.matching import match, surplus


def fewest_calls(current: Sequence[str], wanted: Sequence[str], *, batch: int = 100) -> int:
    """Return a lower bound of the calls that keep all keepable dates.

    The pairing of repeated items is the planner's own: for lists with copies it is an estimate.
    """
    origin = match(current, wanted)
    removals = _calls(len(surplus(current, wanted)), batch)
    kept = [place for place in origin if place != NEW]
    new = len(origin) - len(kept)
    additions = _calls(new, batch)
    missing = _missing(origin, batch)
    rest = max(additions, _calls(missing + additions, 3))
    if not new:
        rest = max(rest, _calls(len(kept) + 1 - _odd_cycles(kept), 2))
    return removals + rest


def _calls(items: int, batch: int) -> int:
    return -(-items // batch)


def _missing(origin: Sequence[int], batch: int) -> int:
    """Count the neighbours of the wanted list that are not neighbours after the removals."""
    kept = sorted(place for place in origin if place != NEW)
    rank = {place: index for index, place in enumerate(kept)}
    pieces = list(_pieces(origin, batch))
    edges = [-1, *(rank[place] if place != NEW else None for place in pieces), len(kept)]
    return sum(one is None or other is None or other != one + 1 for one, other in pairwise(edges))


def _pieces(origin: Sequence[int], batch: int) -> Iterator[int]:
    """Yield the kept items and, for each run of new ones, NEW once for each call it needs."""
    run = 0
    for place in origin:
        if place == NEW:
            if run % batch == 0:
                yield NEW
            run += 1
        else:
            run = 0
            yield place


def _odd_cycles(kept: Sequence[int]) -> int:
    """Count the odd cycles of the breakpoint graph (Bafna and Pevzner)."""
    rank = {place: index for index, place in enumerate(sorted(kept), start=1)}
    values = [0, *(rank[place] for place in kept), len(kept) + 1]
    where = {value: index for index, value in enumerate(values)}
    seen = [False] * len(values)
    odd = 0
    for first in range(1, len(values)):
        length = 0
        index = first
        while not seen[index]:
            seen[index] = True
            length += 1
            # From the black edge (index - 1, index) along the grey edge to the next black one.
            index = where[values[index - 1] + 1]
        odd += length % 2
    return odd


def most_kept(
    current: Sequence[str], wanted: Sequence[str], calls: int, *, batch: int = 100
) -> int:
    """Return an upper bound of the dates that any plan of ``calls`` calls keeps.

    A plan that keeps p blocks (side by side before and after) has p + a - 1 pairs of neighbours to
    make where a runs are new; an addition makes two of them at most, a move three. So with q calls
    beside the removals at most 3q + 1 blocks stay, less two for each addition that there must be,
    and none is longer than an ascending run of the wanted list. The fewer stay, the more removals
    and additions there must be. For lists with copies this, too, is an estimate.
    """
    origin = match(current, wanted)
    sums = [0, *accumulate(sorted(_ascending(origin), reverse=True))]
    # Each copy that stays spares at most one URI its removal.
    distinct = len(set(current))
    for kept in range(sums[-1], 0, -1):
        removals = _calls(max(0, distinct - kept), batch)
        additions = _calls(len(wanted) - kept, batch)
        blocks = 3 * (calls - removals) + 1 - 2 * additions
        if calls >= removals + additions and sums[min(max(blocks, 0), len(sums) - 1)] >= kept:
            return kept
    return 0


def _ascending(origin: Sequence[int]) -> Iterator[int]:
    """Yield the lengths of the runs of kept neighbours that stand in this order now."""
    length = 0
    last = NEW
    for place in (*origin, NEW):
        if length and (place == NEW or place < last):
            yield length
            length = 0
        if place != NEW:
            length += 1
        last = place
