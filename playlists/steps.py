"""Which calls turn one list into another without emptying it on the way: exact, 100 URIs at most.

What both lists have in common at their start and end stays. Between, blocks of the old list go and
blocks of the new one come in turn, so that the list never holds fewer items than the shorter of
the two less 100, nor (but for lists full of copies) more than the longer. A list of at most 100
items of which nothing stays is overwritten.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

BATCH = 100


class Unreachable(ValueError):
    """No such calls exist within the limits."""


class Unwritable(Unreachable):
    """A local file or an item that is not available would have to go: no call does that."""


@dataclass(frozen=True, slots=True)
class Remove:
    """Take out every copy of each URI: Spotify cannot take out only one."""

    uris: tuple[str, ...]

    def apply(self, items: Sequence[str]) -> list[str]:
        gone = frozenset(self.uris)
        return [uri for uri in items if uri not in gone]


@dataclass(frozen=True, slots=True)
class Add:
    position: int
    uris: tuple[str, ...]

    def apply(self, items: Sequence[str]) -> list[str]:
        return [*items[: self.position], *self.uris, *items[self.position :]]


@dataclass(frozen=True, slots=True)
class Overwrite:
    uris: tuple[str, ...]

    def apply(self, items: Sequence[str]) -> list[str]:
        return list(self.uris)


Step = Remove | Add | Overwrite


def append(current: Sequence[str], new: Sequence[str], *, batch: int = BATCH) -> list[Step]:
    """Return the calls that put ``new`` after the items of ``current``."""
    return [
        Add(len(current) + start, tuple(new[start : start + batch]))
        for start in range(0, len(new), batch)
    ]


def replace(
    current: Sequence[str], wanted: Sequence[str], *, floor: int | None = None, batch: int = BATCH
) -> list[Step]:
    """Return the calls that turn ``current`` into ``wanted``; raise ``Unreachable`` where none do.

    ``floor`` is the number of items that the list must never fall below, where the run started from
    a longer list than the one that is there now.
    """
    lowest = min(len(current), len(wanted)) - batch
    if floor is not None and len(current) >= floor:
        lowest = max(lowest, floor)
    head, tail = kept(current, wanted)
    old = list(current[head : len(current) - tail])
    new = list(wanted[head : len(wanted) - tail])
    if not all(_writable(uri) for uri in old):
        raise Unwritable("a local file or an item that is not available would have to go")
    if new and old and not head and not tail and len(current) <= batch:
        return _overwritten(wanted, batch=batch)
    longest = max(len(current), len(wanted))
    for way in (_Exchange, _Rounds):
        middle = way(head, tail, old, lowest=lowest, longest=longest, batch=batch)
        if middle.turn_into(new):
            return middle.steps
    raise Unreachable("one track is there too often to be taken out in one call")


def _writable(uri: str) -> bool:
    return bool(uri) and not uri.startswith("spotify:local:")


def kept(current: Sequence[str], wanted: Sequence[str]) -> tuple[int, int]:
    """Return how many items stay at the start and at the end.

    Removing takes every copy, so a kept item must not occur in the middle that goes.
    """
    most = min(len(current), len(wanted))
    head = _common(current, wanted, most)
    tail = _common(current[::-1], wanted[::-1], most - head)
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    for index, uri in enumerate(current):
        first.setdefault(uri, index)
        last[uri] = index
    start, end = head, len(current) - tail
    seen_start = seen_end = start
    while (seen_start, seen_end) != (start, end):
        # The middle grows until it holds every copy of all that it holds.
        fresh = [*current[start:seen_start], *current[seen_end:end]]
        seen_start, seen_end = start, end
        start = min([start, *(first[uri] for uri in fresh)])
        end = max([end, *(last[uri] + 1 for uri in fresh)])
    return start, len(current) - end


def _common(one: Sequence[str], other: Sequence[str], most: int) -> int:
    for index in range(most):
        if one[index] != other[index] or not one[index]:
            return index
    return most


def _overwritten(wanted: Sequence[str], *, batch: int) -> list[Step]:
    rest: list[Step] = [
        Add(start, tuple(wanted[start : start + batch]))
        for start in range(batch, len(wanted), batch)
    ]
    return [Overwrite(tuple(wanted[:batch])), *rest]


class _Middle:
    """What lies between the items that stay: the new part, then what is left of the old one."""

    def __init__(
        self, head: int, tail: int, old: list[str], *, lowest: int, longest: int, batch: int
    ) -> None:
        self.steps: list[Step] = []
        self._position = head
        self._tail = tail
        self._old = Counter(old)
        self._lowest = lowest
        self._longest = longest
        self._batch = batch

    @property
    def size(self) -> int:
        return self._position + self._old.total() + self._tail

    def _take(self, uris: Sequence[str]) -> None:
        """Take out every old copy of ``uris``."""
        for start in range(0, len(uris), self._batch):
            self.steps.append(Remove(tuple(uris[start : start + self._batch])))
        for uri in uris:
            del self._old[uri]


class _Exchange(_Middle):
    """New blocks come from start to end; what stands in a block's way goes first. Few calls."""

    def turn_into(self, new: Sequence[str]) -> bool:
        """Plan the steps; return False where taking copies out would make the list too short."""
        done = 0
        while done < len(new):
            block, going = self._block(new[done : done + self._batch])
            if not block:
                return False
            self._make_room(len(block), going)
            self._take(going)
            self.steps.append(Add(self._position, block))
            self._position += len(block)
            done += len(block)
        self._take(list(self._old))
        return True

    def _block(self, new: Sequence[str]) -> tuple[tuple[str, ...], list[str]]:
        """Return the longest next block whose own old copies may go now, and those URIs."""
        going: dict[str, int] = {}
        spare = self.size - self._lowest
        for index, uri in enumerate(new):
            copies = 0 if uri in going else self._old[uri]
            if copies > spare:
                return tuple(new[:index]), list(going)
            if copies:
                going[uri] = copies
                spare -= copies
        return tuple(new), list(going)

    def _make_room(self, coming: int, going: list[str]) -> None:
        """Add to ``going`` so many old items that the list grows no longer than it may."""
        size = self.size - sum(self._old[uri] for uri in going)
        if size + coming <= self._longest:
            return
        chosen = set(going)
        for uri in sorted(self._old.keys() - chosen, key=lambda one: (self._old[one], one)):
            if size + coming <= self._longest or len(going) == self._batch:
                return
            if size - self._old[uri] < self._lowest:
                return
            going.append(uri)
            size -= self._old[uri]


class _Rounds(_Middle):
    """All copies of some tracks go and come back at their places, then those of others.

    More calls, but lists full of copies come through: tracks that gain copies go first, so the list
    is at no time shorter than the shorter one less the copies that are on their way.
    """

    def turn_into(self, new: Sequence[str]) -> bool:
        wanted = Counter(new)
        gain = {uri: wanted[uri] - self._old[uri] for uri in {*wanted, *self._old}}
        order = sorted(gain, key=lambda uri: (gain[uri], uri))  # the best at the end
        placed: set[str] = set()
        head = self._position
        while order:
            group = self._group(order, wanted)
            if not group:
                return False
            self._take([uri for uri in group if self._old[uri]])
            self._place(new, head, group, placed)
            placed |= group
        return True

    def _group(self, order: list[str], wanted: Counter[str]) -> set[str]:
        """Take the tracks of the next round out of ``order``."""
        group: set[str] = set()
        size = after = self.size
        while order and len(group) < self._batch:
            uri = self._next(order, wanted, after)
            if size - self._old[uri] < self._lowest:
                return group
            order.remove(uri)
            group.add(uri)
            size -= self._old[uri]
            after += wanted[uri] - self._old[uri]
        return group

    def _next(self, order: list[str], wanted: Counter[str], size: int) -> str:
        """Choose the track that gains most, or loses most where the list would grow too long."""
        best, worst = order[-1], order[0]
        grown = size + wanted[best] - self._old[best]
        shrunk = size + wanted[worst] - self._old[worst]
        return worst if grown > self._longest and shrunk >= self._lowest + self._batch else best

    def _place(self, new: Sequence[str], head: int, group: set[str], placed: set[str]) -> None:
        """Add the wanted copies of ``group`` among those of ``placed``, neighbours in one call."""
        run: list[str] = []
        position = head
        for uri in new:
            if uri in group:
                run.append(uri)
            if run and (uri in placed or len(run) == self._batch):
                position = self._add(position, run)
            position += uri in placed
        if run:
            self._add(position, run)

    def _add(self, position: int, run: list[str]) -> int:
        self.steps.append(Add(position, tuple(run)))
        self._position += len(run)
        position += len(run)
        run.clear()
        return position
