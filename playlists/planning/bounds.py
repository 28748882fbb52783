"""How many calls a plan that keeps all keepable dates needs at the very least."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from playlists.planning.edits import NEW
from playlists.planning.matching import match, surplus


def fewest_calls(
    current: Sequence[str],
    wanted: Sequence[str],
    *,
    origin: Sequence[int] | None = None,
    batch: int = 100,
) -> int:
    """Return a lower bound of the calls that keep all keepable dates.

    The pairing of repeated items is the planner's own: for lists with copies it is an estimate.
    """
    origin = match(current, wanted) if origin is None else origin
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
