"""In which order things come and go, so that the list is never too short on the way."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from heapq import heappop, heappush
from itertools import groupby
from typing import NamedTuple

from playlists.planning.arranging import Arrangement, additions
from playlists.planning.edits import NEW, Add, Remove
from playlists.planning.limits import MOST_ITEMS, floor


class Stuck(Exception):
    """No order of these edits keeps the list long enough."""


class Coming(NamedTuple):
    """What one call adds: neighbours in the wanted list, by their indexes there."""

    indexes: Sequence[int]
    uris: tuple[str, ...]


class Schedule:
    """Removals and additions, interleaved where the list is long.

    Where it would become too short it is filled up with ``pad``, a track that is not kept and that
    comes back last.
    """

    def __init__(
        self,
        current: Sequence[str],
        wanted: Sequence[str],
        origin: Sequence[int],
        arrangement: Arrangement,
        batch: int,
        *,
        pad: str | None,
    ) -> None:
        self.steps: list[Remove | Add | Coming] = []
        self._batch = batch
        self._floor = floor(len(current), len(wanted), batch)
        self._most = max(len(current), len(wanted), MOST_ITEMS)
        self._size = len(current)
        self._pad = pad
        kept = {place for place in origin if place != NEW}
        going = [place for place in range(len(current)) if place not in kept]
        self._copies = Counter(current[place] for place in going)
        self._coming = list(self._all_coming(wanted, origin, arrangement.order))
        self._last = list(self._pads_coming(wanted, origin, arrangement.order))
        # Those go first that must be gone before they can come back.
        need: dict[str, None] = {}
        self._blocks: dict[str, list[int]] = defaultdict(list)  # which additions wait for a URI
        self._blocked = [0] * len(self._coming)
        for number, coming in enumerate(self._coming):
            for uri in dict.fromkeys(coming.uris):
                if uri in self._copies:
                    need[uri] = None
                    self._blocks[uri].append(number)
                    self._blocked[number] += 1
        need.update((current[place], None) for place in going)
        self._waiting = [uri for uri in need if uri != pad][::-1]
        self._ready = [number for number, blocked in enumerate(self._blocked) if not blocked]
        self._next = 0  # the first addition that is not made
        self._run()

    def _all_coming(
        self, wanted: Sequence[str], origin: Sequence[int], order: Sequence[int]
    ) -> Iterator[Coming]:
        """Yield all additions but those of the padding track."""
        if self._pad is not None:
            order = [index for index in order if wanted[index] != self._pad]
        for start, end in additions(order, origin, self._batch):
            yield self._addition(wanted, order[start:end])

    def _pads_coming(
        self, wanted: Sequence[str], origin: Sequence[int], order: Sequence[int]
    ) -> Iterator[Coming]:
        for is_pad, run in groupby(order, lambda index: wanted[index] == self._pad):
            indexes = list(run) if is_pad else []
            for start in range(0, len(indexes), self._batch):
                yield self._addition(wanted, indexes[start : start + self._batch])

    def _addition(self, wanted: Sequence[str], indexes: Sequence[int]) -> Coming:
        return Coming(indexes, tuple([wanted[index] for index in indexes]))

    def _run(self) -> None:
        while self._waiting or self._next < len(self._coming):
            self._step()
        if self._pad is not None:
            if self._copies[self._pad]:
                self._remove([self._pad])
            for coming in self._last:
                self._add(coming)

    def _step(self) -> None:
        """Make the next call, or the next few that fill the list up for one."""
        uris = self._removable(whole=True)
        if uris:
            self._take_out(uris)
            return
        if self._ready and (self._ready[0] == self._next or self._pad is not None):
            self._add_ready()
            return
        uris = self._removable(whole=False)
        if uris and (self._pad is None or len(uris) >= self._blocked[self._next]):
            self._take_out(uris)
        elif self._ready:
            self._add_ready()
        elif self._pad is not None:
            self._fill_up(self._pad)
        else:
            raise Stuck

    def _removable(self, *, whole: bool) -> list[str]:
        """Return the next URIs to take out; ``whole``: a full call of them or none."""
        chosen: list[str] = []
        size = self._size
        for uri in self._waiting[: -self._batch - 1 : -1]:
            size -= self._copies[uri]
            if size < self._floor:
                return [] if whole else chosen
            chosen.append(uri)
        return chosen

    def _take_out(self, uris: list[str]) -> None:
        """Remove the next of those that wait for it."""
        del self._waiting[-len(uris) :]
        self._remove(uris)

    def _remove(self, uris: list[str]) -> None:
        self.steps.append(Remove(tuple(uris)))
        self._size -= sum(self._copies[uri] for uri in uris)
        for uri in uris:
            for number in self._blocks[uri]:
                self._blocked[number] -= 1
                if not self._blocked[number]:
                    heappush(self._ready, number)

    def _add_ready(self) -> None:
        number = heappop(self._ready)
        self._add(self._coming[number])
        self._blocked[number] = -1
        while self._next < len(self._coming) and self._blocked[self._next] < 0:
            self._next += 1

    def _add(self, coming: Coming) -> None:
        self.steps.append(coming)
        self._size += len(coming.uris)

    def _fill_up(self, pad: str) -> None:
        """Add so much padding that the next tracks can go, and take them out.

        The list becomes longer than a list may be only where the copies of one track force it to.
        """
        uris: list[str] = []
        copies = 0
        for uri in self._waiting[: -self._batch - 1 : -1]:
            copies += self._copies[uri]
            if uris and self._floor + copies > self._most:
                copies -= self._copies[uri]
                break
            uris.append(uri)
        missing = self._floor + copies - self._size
        for start in range(0, missing, self._batch):
            length = min(self._batch, missing - start)
            self.steps.append(Add(self._size, (pad,) * length))
            self._size += length
            self._copies[pad] += length
        self._take_out(uris)
