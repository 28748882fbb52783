"""Which track may fill a list up while all copies of others are away, and what is out of reach.

A removal takes all copies of its URIs, and the list must not fall below a floor. *Padding* is more
copies of one track, added at the end for as long as others are away; then they are removed with
all of that track's copies, and those that are wanted are added last.

A track is *light* when the wanted list without it is no shorter than the floor, and only a light
one can pad. A light track is also all that it takes: with enough of its copies in the list, all
others can go and come back, and then it can. Where no track of the two lists is light, nothing can
be removed at all: whatever is removed last, the rest must then be at least the floor and holds no
copy too many, so what was removed last is light. Such lists differ by additions and moves, or they
are out of reach. (A track of neither list would do. We put none into anybody's playlist.)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from playlists.planning.edits import NEW, writable
from playlists.planning.limits import floor


class Padding:
    """Chooses what pads, for one pair of lists."""

    def __init__(self, current: Sequence[str], wanted: Sequence[str], batch: int) -> None:
        self._current = current
        self._wanted = wanted
        self._now = Counter(current)
        then = Counter(wanted)
        most = len(wanted) - floor(len(current), len(wanted), batch)
        self._surplus = bool(self._now - then)
        self._light = [
            uri for uri in dict.fromkeys([*current, *wanted]) if writable(uri) and then[uri] <= most
        ]

    @property
    def nothing_can_go(self) -> bool:
        return not self._light

    @property
    def out_of_reach(self) -> bool:
        return not self._light and self._surplus

    def choose(self, origin: Sequence[int], order: Iterable[int]) -> tuple[str, list[int]]:
        """Return a track that may pad, where something can go, and the matching without it.

        Of those that keep no dates anyway the one that comes back in the fewest runs; else the one
        that loses the fewest dates.
        """
        kept = {self._current[place] for place in origin if place != NEW}
        runs = self._runs(order)
        free = [uri for uri in self._light if uri not in kept]
        if free:
            return min(free, key=lambda uri: runs[uri]), list(origin)
        pad = min(self._light, key=lambda uri: (self._now[uri], runs[uri]))
        return pad, [
            NEW if uri == pad else place for uri, place in zip(self._wanted, origin, strict=True)
        ]

    def _runs(self, order: Iterable[int]) -> Counter[str]:
        runs: Counter[str] = Counter()
        last = None
        for index in order:
            uri = self._wanted[index]
            runs[uri] += uri != last
            last = uri
        return runs
