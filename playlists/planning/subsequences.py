"""A longest common subsequence of two lists, in one of two ways: of few copies, or of many."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence

from playlists.planning.edits import NEW

Places = Mapping[str, Sequence[int]]
Pairs = list[tuple[int, int]]

# With more places than this for each wanted item, whole rows are compared at once.
MOST_PLACES = 4


def in_order(wanted: Sequence[str], places: Places) -> Pairs:
    """Return the most pairs of indexes, wanted and current, that stand in the same order.

    ``places`` says where each URI stands now; what it lacks is in no pair.
    """
    pairs = sum(len(places.get(uri, ())) for uri in wanted)
    way = by_pairs if pairs <= MOST_PLACES * len(wanted) else by_rows
    return way(wanted, places)


def by_pairs(wanted: Sequence[str], places: Places) -> Pairs:
    """Go through the pairs of equal items (Hunt and Szymanski 1977): fast where they are few."""
    ends: list[int] = []
    nodes: list[tuple[int, int, int]] = []  # wanted index, current index, node before
    tails: list[int] = []
    for index, uri in enumerate(wanted):
        for place in reversed(places.get(uri, ())):
            rank = bisect_left(ends, place)
            nodes.append((index, place, tails[rank - 1] if rank else NEW))
            if rank == len(ends):
                ends.append(place)
                tails.append(len(nodes) - 1)
            else:
                ends[rank] = place
                tails[rank] = len(nodes) - 1
    found = []
    node = tails[-1] if tails else NEW
    while node != NEW:
        index, place, node = nodes[node]
        found.append((index, place))
    return found


def by_rows(wanted: Sequence[str], places: Places) -> Pairs:
    """Go through the wanted list, all places in one number (Hyyro 2004): fast whatever they are.

    A bit of a row is 0 where one item more of the current list makes the subsequence longer.
    """
    columns = sorted(place for copies in places.values() for place in copies)
    masks: dict[str, int] = defaultdict(int)
    number = {place: column for column, place in enumerate(columns)}
    for uri, copies in places.items():
        bits = bytearray(len(columns) // 8 + 1)
        for place in copies:
            bits[number[place] // 8] |= 1 << number[place] % 8
        masks[uri] = int.from_bytes(bits, "little")
    full = (1 << len(columns)) - 1
    row = full
    rows = [row]
    indexes = [index for index, uri in enumerate(wanted) if places.get(uri)]
    for index in indexes:
        equal = row & masks[wanted[index]]
        row = ((row + equal) | (row - equal)) & full
        rows.append(row)
    found = []
    at, column = len(indexes), len(columns)
    while at and column:
        bit = 1 << (column - 1)
        if rows[at] & bit:
            column -= 1
        elif rows[at - 1] & bit:
            at -= 1
            column -= 1
            found.append((indexes[at], columns[column]))
        else:
            at -= 1
    return found
