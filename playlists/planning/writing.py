"""The edits of an arrangement in an order that never makes the list too short on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from playlists.planning.arranging import Arrangement, additions
from playlists.planning.edits import NEW, Add, Edit, Remove


class Stuck(Exception):
    """No order of these edits keeps the list long enough."""


def write(
    current: Sequence[str],
    wanted: Sequence[str],
    origin: Sequence[int],
    arrangement: Arrangement,
    batch: int,
) -> list[Edit]:
    """Return removals and additions, interleaved where the list is long, then the moves."""
    exchange = _Exchange(current, wanted, origin, arrangement, batch)
    exchange.run()
    return [*exchange.edits, *arrangement.sorting.moves()]


class _Presence:
    """Which places of a layout are taken: counts those before a place (a Fenwick tree)."""

    def __init__(self, taken: Sequence[bool]) -> None:
        self._tree = [0, *map(int, taken)]
        for index in range(1, len(self._tree)):
            parent = index + (index & -index)
            if parent < len(self._tree):
                self._tree[parent] += self._tree[index]

    def change(self, place: int, by: int) -> None:
        index = place + 1
        while index < len(self._tree):
            self._tree[index] += by
            index += index & -index

    def before(self, place: int) -> int:
        total = 0
        while place:
            total += self._tree[place]
            place &= place - 1
        return total


class _Exchange:
    """What must go and what must come, laid out in one line with all that stays."""

    def __init__(
        self,
        current: Sequence[str],
        wanted: Sequence[str],
        origin: Sequence[int],
        arrangement: Arrangement,
        batch: int,
    ) -> None:
        self.edits: list[Edit] = []
        self._batch = batch
        self._floor = min(len(current), len(wanted)) - batch
        self._size = len(current)
        kept = {place for place in origin if place != NEW}
        going = [place for place in range(len(current)) if place not in kept]
        self._copies = Counter(current[place] for place in going)
        self._coming = [
            tuple(wanted[index] for index in arrangement.order[start:end])
            for start, end in additions(arrangement.order, origin, batch)
        ]
        self._lay_out(current, wanted, origin, arrangement.order)
        # Those go first that must be gone before they can come back.
        need: dict[str, None] = {}
        for uris in self._coming:
            need.update((uri, None) for uri in uris if uri in self._copies)
        need.update((current[place], None) for place in going)
        self._waiting = list(need)[::-1]
        self._gone: set[str] = set()

    def _lay_out(
        self,
        current: Sequence[str],
        wanted: Sequence[str],
        origin: Sequence[int],
        order: Sequence[int],
    ) -> None:
        taken: list[bool] = []
        self._old: dict[str, list[int]] = {}
        self._new: list[int] = []
        done = 0
        for index in order:
            stop = origin[index]
            if stop == NEW:
                self._new.append(len(taken))
                taken.append(False)
                continue
            for place in range(done, stop):
                self._old.setdefault(current[place], []).append(len(taken))
                taken.append(True)
            taken.append(True)
            done = stop + 1
        for place in range(done, len(current)):
            self._old.setdefault(current[place], []).append(len(taken))
            taken.append(True)
        self._presence = _Presence(taken)

    def run(self) -> None:
        added = 0  # of the chunks
        placed = 0  # of their items
        while self._waiting or added < len(self._coming):
            uris = self._removable(whole=True)
            if not uris and added < len(self._coming):
                coming = self._coming[added]
                if all(uri in self._gone or uri not in self._copies for uri in coming):
                    self._add(coming, placed)
                    added += 1
                    placed += len(coming)
                    continue
            uris = uris or self._removable(whole=False)
            if not uris:
                raise Stuck
            self._remove(uris)

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

    def _remove(self, uris: list[str]) -> None:
        self.edits.append(Remove(tuple(uris)))
        del self._waiting[-len(uris) :]
        for uri in uris:
            self._gone.add(uri)
            self._size -= self._copies[uri]
            for place in self._old[uri]:
                self._presence.change(place, -1)

    def _add(self, uris: tuple[str, ...], placed: int) -> None:
        place = self._new[placed]
        self.edits.append(Add(self._presence.before(place), uris))
        for new in self._new[placed : placed + len(uris)]:
            self._presence.change(new, 1)
        self._size += len(uris)
