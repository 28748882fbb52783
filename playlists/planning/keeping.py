"""Which dates to keep when there are not calls enough for all of them.

A search that ruins and recreates (Schrimpf et al. 2000): from the best chain of strips that stay
where they are, take some strips out or force a run in, then put back the heaviest groups that fit.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from math import exp

from playlists.planning.atoms import Atoms, Kept
from playlists.planning.chains import Chains, heaviest_chain
from playlists.planning.edits import NEW
from playlists.planning.pricing import Pattern, Pricer
from playlists.planning.writing import Draft

# How much is searched for one plan, for what matters less, and for what is only asked whether it
# fits: in steps of less than a microsecond.
MOST_STEPS = 80_000
SOME_STEPS = 20_000
FEW_STEPS = 4_000
# How many steps a search for chains may take: it looks less far back in longer lists.
MOST_CHAIN_STEPS = 1_500_000
# How many starts are filled before the best of them is improved.
MOST_STARTS = 8
# How many items may be written out until one plan must do.
MOST_WRITTEN = 30_000
# How many drafts at least are tried that keep less, where all others take too many calls.
FEWEST_RETREATS = 2
# How often in a row nothing better may be found.
MOST_VAIN = 60
# How many groups are tried when there is room for more.
MOST_GROUPS = 8
# A step that loses one date is taken in one of seven cases.
WARMTH = 0.5


class Keeper:
    """Searches the items to keep for one pair of lists."""

    def __init__(
        self, current: Sequence[str], wanted: Sequence[str], origin: Sequence[int], batch: int
    ) -> None:
        self.pricer = Pricer(batch)
        self._atoms = Atoms(current, wanted, origin)
        self._runs = [run for run in self._atoms.ascending() if len(run) > 1]
        self._distinct = len(set(current))
        self._batch = batch
        self._stop = 0  # at so many steps of the pricer

    def most(
        self, calls: int, draft: Callable[[Kept, int], Draft], *, steps: int = MOST_STEPS
    ) -> Draft | None:
        """Return the draft of the most found that so many calls keep.

        A draft may take more calls, where the list would become too short on the way. If all do,
        return one of those that take the fewest.
        """
        self._stop = self.pricer.steps + steps
        starts = self._starts(calls)
        filled = [self._filled(start, calls) for start in starts]
        starts = sorted([*filled, *starts], key=self._atoms.weighed, reverse=True)
        best: Draft | None = None
        most = -1
        left = MOST_WRITTEN // (self._atoms.length + 1)
        refused: set[tuple[int, ...]] = set()
        nearest: Draft | None = None
        for kept in chain(starts, *(self._improved(start, calls) for start in starts[:1])):
            weight = self._atoms.weighed(kept)
            if weight <= most or tuple(kept) in refused:
                continue
            written = draft(kept, calls)
            if written.calls <= calls:
                best, most = written, weight
            else:
                refused.add(tuple(kept))
                nearest = _nearer(nearest, written)
            left -= 1
            if left <= 0:
                break
        return best if best is not None else self._safest(calls, nearest, draft)

    def _safest(
        self, calls: int, nearest: Draft | None, draft: Callable[[Kept, int], Draft]
    ) -> Draft | None:
        """Keep less, as drafts took so many calls too many; return the nearest if none fits."""
        spare = 0
        left = max(FEWEST_RETREATS, MOST_WRITTEN // (self._atoms.length + 1))
        while left > 0:
            spare += max(2, nearest.calls - calls if nearest is not None else 0)
            parts = sorted(self._parts(calls - spare), key=self._atoms.weighed)
            if not parts:
                break
            for kept in reversed(parts):
                written = draft(kept, calls)
                if written.calls <= calls:
                    return written
                nearest = _nearer(nearest, written)
                left -= 1
        return nearest

    def fewest(self, calls: int) -> int:
        """Return the fewest calls found that a chain needs, or more than ``calls``."""
        fewest = calls + 1
        for spent, stay in self._chains(calls):
            fewest = min(fewest, spent + self.removals(stay))
        return fewest

    def _starts(self, calls: int) -> list[Kept]:
        """Return the heaviest chains that fit, and the heaviest parts of all and of one chain."""
        starts: list[Kept] = []
        for _, stay in reversed(list(self._chains(calls))):
            kept = self._atoms.whole(stay)
            if self._fits(kept, calls):
                starts.append(kept)
            if len(starts) == MOST_STARTS or self.pricer.steps > self._stop:
                break
        return [*starts, *self._parts(calls)]

    def _parts(self, calls: int) -> Iterator[Kept]:
        whole = list(range(len(self._atoms)))
        yield from self._peeled(whole, calls)
        yield from self._peeled(heaviest_chain(self._atoms.as_wanted, self._atoms.weight), calls)

    def _chains(self, calls: int) -> Iterator[tuple[int, Kept]]:
        if self._atoms.are_copies:
            return iter(())
        reach = MOST_CHAIN_STEPS // (len(self._atoms) + 1) // (calls + 1)
        if not reach:
            return iter(())
        chains = Chains(
            self._atoms.start, self._atoms.end, self._atoms.length, reach=reach, batch=self._batch
        )
        return chains.rows(calls)

    def _peeled(self, kept: Kept, calls: int) -> Iterator[Kept]:
        """Yield as many of the heaviest strips of ``kept`` as fit."""
        strips = sorted(self._atoms.strips(kept), key=lambda one: (-self._atoms.weighed(one), one))
        fewest, beyond = -1, len(strips) + 1
        found = None
        while beyond - fewest > 1:
            count = (fewest + beyond) // 2
            chosen = self._atoms.whole([atom for strip in strips[:count] for atom in strip])
            if self._fits(chosen, calls):
                fewest, found = count, chosen
            else:
                beyond = count
        if found is not None:
            yield found

    # The price

    def matching(self, kept: Kept) -> list[int]:
        """Return which item is which, of those that are kept."""
        return self._atoms.matching(kept)

    def removals(self, kept: Kept) -> int:
        stay = sum(map(self._atoms.spared.__getitem__, kept))
        return -(-(self._distinct - stay) // self._batch)

    def _fits(self, kept: Kept, calls: int) -> bool:
        self.pricer.steps += 20 + len(kept)
        left = calls - self.removals(kept)
        if left < 0:
            return False
        pattern = self._pattern(kept, left)
        return pattern is not None and self.pricer.fits(pattern, left)

    def _pattern(self, kept: Kept, calls: int) -> Pattern | None:
        """Return the pattern, or None if it has more pieces than the calls could ever join."""
        starts = [*map(self._atoms.start.__getitem__, kept), self._atoms.length]
        ends = [0, *map(self._atoms.end.__getitem__, kept)]
        # Where a strip ends and the next one, as they stand now, begins somewhere else.
        breaks = [pair for pair in zip(ends, starts, strict=True) if pair[0] != pair[1]]
        if len(breaks) > 3 * calls + 1:
            return None
        lasts, firsts = zip(*breaks, strict=True) if breaks else ((), ())
        strips = sorted(
            zip((0, *firsts), range(len(breaks) + 1), (*lasts, self._atoms.length), strict=True)
        )
        new = self._atoms.length - self._atoms.weighed(kept)
        # The size of gaps matters only where one addition could not fill them all.
        one_call = new <= self._batch
        found: list[int] = []
        at = 0
        for first, number, following in strips:
            if first > at:
                found.append(NEW if one_call else at - first)
            found.append(number)
            at = following
        # An addition fills one gap and joins two pairs of pieces; a move makes one gap of two at
        # most and joins three pairs.
        if len(found) - len(strips) > calls:
            return None
        if len(found) - 1 > 3 * calls - -(-new // self._batch):
            return None
        return tuple(found)

    # Sets of atoms

    # The search

    def _improved(self, kept: Kept, calls: int) -> Iterator[Kept]:
        """Yield what the search from ``kept`` comes across, better and worse."""
        rng = random.Random(0)  # noqa: S311 -- the same plan each time
        weight = most = self._atoms.weighed(kept)
        vain = 0
        while self.pricer.steps < self._stop and vain < MOST_VAIN:
            self.pricer.steps += 10
            vain += 1
            ruined, gone = self._ruined(kept, calls, rng)
            if not self._fits(ruined, calls):
                continue
            recreated = self._filled(self._added(ruined, calls, gone), calls)
            gained = self._atoms.weighed(recreated) - weight
            if gained >= 0 or rng.random() < exp(gained / WARMTH):
                kept = recreated
                weight += gained
                if weight > most:
                    most, vain = weight, 0
                yield kept

    def _filled(self, kept: Kept, calls: int) -> Kept:
        return self._added(kept, calls, set())

    def _added(self, kept: Kept, calls: int, never: set[int]) -> Kept:
        kept = self._atoms.extended(kept)
        self.pricer.steps += len(self._atoms) // 2
        for group in self._atoms.groups(kept, MOST_GROUPS):
            if self.pricer.steps > self._stop:
                break
            if never.isdisjoint(group):
                more = self._atoms.union(kept, group)
                if self._fits(more, calls):
                    kept = more
        return kept

    def _ruined(self, kept: Kept, calls: int, rng: random.Random) -> tuple[Kept, set[int]]:
        """Return what is left of ``kept``, and what shall not come back at once."""
        if self._runs and rng.random() < 1 / 2:
            return self._forced(kept, calls, rng)
        strips = self._atoms.strips(kept)
        chosen = rng.sample(strips, min(rng.randrange(1, 4), len(strips)))
        gone = {atom for strip in chosen for atom in strip}
        return self._atoms.without(kept, gone), gone

    def _forced(self, kept: Kept, calls: int, rng: random.Random) -> tuple[Kept, set[int]]:
        """Put a run in at the cost of all that stands between, and of light strips."""
        run = rng.choice(self._runs)
        if rng.random() < 1 / 2:
            start, end = sorted(rng.sample(range(len(run) + 1), 2))
            run = run[start:end]
        inside = set(run)
        gone = {atom for atom in kept if run[0] < atom < run[-1]} - inside
        kept = self._atoms.without(kept, gone)
        kept = self._atoms.extended(self._atoms.union(kept, sorted(inside.difference(kept))))
        while not self._fits(kept, calls) and self.pricer.steps < self._stop:
            strips = [strip for strip in self._atoms.strips(kept) if inside.isdisjoint(strip)]
            if not strips:
                break
            lightest = min(map(self._atoms.weighed, strips))
            strip = rng.choice(
                [strip for strip in strips if self._atoms.weighed(strip) == lightest]
            )
            left = self._atoms.without(kept, set(strip))
            if len(left) == len(kept):
                break
            gone.update(strip)
            kept = left
        return kept, gone


def _nearer(one: Draft | None, other: Draft) -> Draft:
    return one if one is not None and one.calls <= other.calls else other
