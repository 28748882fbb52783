"""Which block moves sort a list: few of them (the fewest are NP-hard to find).

Sorting by transpositions: see docs/decisions/planner.md.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from playlists.planning.edits import Move

# Above this many blocks single moves beside a longest increasing chain are all we look for.
MOST_BLOCKS = 700
Cut = tuple[int, int, int]


class Block(NamedTuple):
    start: int
    end: int

    @property
    def length(self) -> int:
        return self.end - self.start


Blocks = list[Block]


class Sorting(NamedTuple):
    """Which neighbours to exchange, one after the other, so that ``blocks`` become one."""

    blocks: Blocks
    cuts: list[Cut]

    def moves(self) -> list[Move]:
        return list(_written(self.blocks, self.cuts))


def sort(order: Sequence[int]) -> Sorting:
    """Find few moves that sort ``order``, a permutation of 0, 1, 2..."""
    blocks = contract(order)
    cuts = by_chain(blocks)
    if len(blocks) <= MOST_BLOCKS:
        cuts = min(cuts, greedily(blocks, len(cuts)), key=len)
    return Sorting(blocks, cuts)


def contract(order: Sequence[int]) -> Blocks:
    """Return the runs of neighbours in ``order``, with a sentinel at each end."""
    blocks: Blocks = []
    start = end = -1
    for one in (*order, len(order)):
        if one != end + 1:
            blocks.append(Block(start, end + 1))
            start = one
        end = one
    blocks.append(Block(start, end + 1))
    return blocks


def swapped(blocks: Blocks, cut: Cut) -> Blocks:
    """Exchange the neighbours blocks[i+1..j] and blocks[j+1..k], and merge what now fits."""
    i, j, k = cut
    merged = blocks[: i + 1]
    # Only where two parts meet can anything fit that did not before.
    for part in (blocks[j + 1 : k + 1], blocks[i + 1 : j + 1], blocks[k + 1 :]):
        if part[0].start == merged[-1].end:
            merged[-1] = Block(merged[-1].start, part[0].end)
            merged += part[1:]
        else:
            merged += part
    return merged


def _written(blocks: Blocks, cuts: Sequence[Cut]) -> Iterator[Move]:
    for cut in cuts:
        i, j, k = cut
        start = sum(block.length for block in blocks[: i + 1]) - 1
        left = sum(block.length for block in blocks[i + 1 : j + 1])
        right = sum(block.length for block in blocks[j + 1 : k + 1])
        if left <= right:
            yield Move(start, left, start + left + right)
        else:
            yield Move(start + left, right, start)
        blocks = swapped(blocks, cut)


def by_chain(blocks: Blocks) -> list[Cut]:
    """Move each block beside a longest increasing chain of blocks to its place, one at a time."""
    fixed = _increasing([block.start for block in blocks])
    loose = sorted(block.start for block in blocks if block.start not in fixed)
    cuts: list[Cut] = []
    for start in loose:
        here = before = -1
        for index, block in enumerate(blocks):
            if block.start == start:
                here = index
            if block.end == start:
                before = index
        if here < 0:  # it grew together with the one before it
            continue
        cut = (here - 1, here, before) if here < before else (before, here - 1, here)
        cuts.append(cut)
        blocks = swapped(blocks, cut)
    return cuts


def _increasing(values: Sequence[int]) -> set[int]:
    ends: list[int] = []
    tails: list[int] = []
    before: list[int] = []
    for index, value in enumerate(values):
        rank = bisect_left(ends, value)
        before.append(tails[rank - 1] if rank else -1)
        ends[rank : rank + 1] = [value]
        tails[rank : rank + 1] = [index]
    chain = set()
    index = tails[-1]
    while index >= 0:
        chain.add(values[index])
        index = before[index]
    return chain


def greedily(blocks: Blocks, most: int) -> list[Cut]:
    """At each step make the move that joins most blocks."""
    cuts: list[Cut] = []
    while len(blocks) > 1 and len(cuts) < most:
        cut = _best(blocks)
        cuts.append(cut)
        blocks = swapped(blocks, cut)
    return cuts if len(blocks) == 1 else [*cuts, *by_chain(blocks)]


def _best(blocks: Blocks) -> Cut:
    best: Cut | None = None
    for joins, cut in joining(blocks):
        if joins == 3:
            return cut
        best = best or cut
    if best is not None:
        return best
    return by_chain(blocks)[0]


def joining(blocks: Blocks) -> Iterator[tuple[int, Cut]]:
    """Yield the moves that join at least two pairs of blocks, with the number of pairs."""
    at_start = {block.start: index for index, block in enumerate(blocks)}
    at_end = {block.end: index for index, block in enumerate(blocks)}
    for i in range(len(blocks) - 2):
        # blocks[j+1] could follow blocks[i]; blocks[k] could come before blocks[i+1];
        # blocks[k+1] could follow blocks[j].
        j = at_start[blocks[i].end] - 1
        k = at_end[blocks[i + 1].start]
        if i < j:
            third = at_start[blocks[j].end] - 1 if blocks[j].end in at_start else -1
            if j < k:
                yield (3 if third == k else 2), (i, j, k)
            if j < third != k:
                yield 2, (i, j, third)
        if k > i + 1 and k + 1 < len(blocks):
            middle = at_end[blocks[k + 1].start]
            if i < middle < k and middle != j:
                yield 2, (i, middle, k)
