"""What no plan can beat: the fewest calls of strict plans, the most dates of a budget."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import inf

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


def most_kept(
    current: Sequence[str], wanted: Sequence[str], calls: int, *, batch: int = 100
) -> int:
    """Return an upper bound of the dates that any plan of ``calls`` calls keeps.

    A plan that keeps p blocks (side by side before and after) with a runs of new items around them
    has p + a + 1 places where pieces must meet; the start and the end may be right already. An
    addition makes two of them at most (one less for each further run that it carries), a move
    three. So p + a + 1 is at most 2A + 3M and the right ends. The fewer items stay, the more
    removals and additions there must be. What weighs most within that, if blocks need only stand
    in order, is bounded by prices on the pieces. For lists with copies this is an estimate.
    """
    origin = match(current, wanted)
    most = len(origin) - origin.count(NEW)
    distinct = len(set(current))
    prices = [(price, _worth(origin, price)) for price in PRICES]
    for kept in range(most, 0, -1):
        # Each item that stays spares at most one URI its removal.
        removals = _calls(max(0, distinct - kept), batch)
        additions = _calls(len(wanted) - kept, batch)
        if calls < removals + additions:
            return 0
        pieces = 3 * (calls - removals) - additions + 1
        if min(worth + price * pieces for price, worth in prices) >= kept:
            return kept
    return 0


PRICES = tuple(quarter / 4 for quarter in (*range(40), *range(40, 160, 8), *range(160, 1600, 80)))


def _worth(origin: Sequence[int], price: float) -> float:
    """Return the most that kept items can be worth when each block and each new run has a price.

    A run of new items at an end costs double: it also spoils that end.
    """
    kept, given_up = 0.0, -2 * price  # where the item before is kept; where it is not
    kept_before_any = True
    last = NEW
    for place in origin:
        before, gap = kept, given_up
        given_up = max(gap, before - price) if not kept_before_any else gap
        if place == NEW:
            kept = -inf
        else:
            joined = before if not kept_before_any and NEW < last < place else before - price
            kept = 1 + max(joined, gap - price)
        kept_before_any = False
        last = place
    return max(kept, given_up - price)
