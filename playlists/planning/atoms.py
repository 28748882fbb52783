"""What may be kept of one list in another: atoms, items that stand side by side in both.

Atoms are numbered as they stand now. A set of atoms that is kept is a rising list of them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from playlists.planning.edits import NEW, writable

Kept = list[int]


class Atoms:
    def __init__(
        self, current: Sequence[str], wanted: Sequence[str], origin: Sequence[int]
    ) -> None:
        self.length = len(wanted)
        self._origin = origin
        copies = Counter(current)
        self._lay(
            [
                place != NEW and (copies[current[place]] > 1 or not writable(current[place]))
                for place in origin
            ]
        )
        self._bind(current, copies)

    @property
    def are_copies(self) -> bool:
        """Say whether most are bound to others: then no chain of them is whole."""
        return 2 * len(self._copies) > len(self)

    def __len__(self) -> int:
        return len(self.start)

    def _lay(self, alone: Sequence[bool]) -> None:
        """Find the atoms; copies and what is only to be moved are atoms of their own."""
        places = sorted(place for place in self._origin if place != NEW)
        rank = {place: n for n, place in enumerate(places)}
        spans: list[tuple[int, int, int]] = []
        for index, place in enumerate(self._origin):
            if place == NEW:
                continue
            if (
                spans
                and spans[-1][2] == index
                and rank[place] == rank[self._origin[index - 1]] + 1
                and not alone[index]
                and not alone[index - 1]
            ):
                spans[-1] = (*spans[-1][:2], index + 1)
            else:
                spans.append((place, index, index + 1))
        order = sorted(range(len(spans)), key=lambda one: spans[one][0])
        number = {one: atom for atom, one in enumerate(order)}
        self.as_wanted = [number[one] for one in range(len(spans))]
        self.start = [spans[one][1] for one in order]
        self.end = [spans[one][2] for one in order]
        self.weight = [end - start for start, end in zip(self.start, self.end, strict=True)]
        starts = {start: atom for atom, start in enumerate(self.start)}
        ends = {end: atom for atom, end in enumerate(self.end)}
        self._next = [starts.get(end, NEW) for end in self.end]
        self._previous = [ends.get(start, NEW) for start in self.start]

    def _bind(self, current: Sequence[str], copies: Counter[str]) -> None:
        """Bind the copies of each URI together: all of them stay, or none."""
        self._copies: dict[int, list[int]] = {}
        self._fixed: Kept = []
        # How many URIs need not be removed if the atom stays.
        self.spared = list(self.weight)
        together: dict[str, list[int]] = defaultdict(list)
        for atom, start in enumerate(self.start):
            uri = current[self._origin[start]]
            if not writable(uri):
                self._fixed.append(atom)
            if copies[uri] > 1:
                together[uri].append(atom)
        self._together = list(together.values())
        for atoms in self._together:
            for atom in atoms:
                self._copies[atom] = atoms
                self.spared[atom] = atom == atoms[0]

    def matching(self, kept: Iterable[int]) -> list[int]:
        """Return the matching that keeps these atoms only."""
        origin = [NEW] * self.length
        for atom in kept:
            start, end = self.start[atom], self.end[atom]
            origin[start:end] = self._origin[start:end]
        return origin

    def weighed(self, kept: Iterable[int]) -> int:
        return sum(map(self.weight.__getitem__, kept))

    def closed(self, atoms: Iterable[int]) -> set[int]:
        if not self._copies:
            return set(atoms)
        found: set[int] = set()
        for atom in atoms:
            if atom not in found:
                found.update(self._copies.get(atom, (atom,)))
        return found

    def whole(self, kept: Iterable[int]) -> Kept:
        """Return ``kept`` without what is not whole, and with what can only be moved."""
        chosen = {*kept, *self.closed(self._fixed)}
        for copies in self._together:
            if not chosen.issuperset(copies):
                chosen.difference_update(copies)
        return sorted(chosen)

    def union(self, kept: Kept, group: Kept) -> Kept:
        """Return both, which share nothing, and all copies of what is in ``group``."""
        if not self._copies:
            return sorted(kept + group)
        return sorted({*kept, *self.closed(group)})

    def without(self, kept: Kept, gone: Iterable[int]) -> Kept:
        left = self.closed(gone).difference(self._fixed)
        return [atom for atom in kept if atom not in left]

    def extended(self, kept: Kept) -> Kept:
        """Let strips grow at their ends while nothing kept is in the way: that costs no call."""
        following, previous = self._next, self._previous
        grown: Kept = []
        last = NEW
        one = self._first()
        for atom in (*kept, len(following)):
            # Grow the last strip to the end, then this one to its start.
            while last < one < atom and one not in self._copies:
                grown.append(one)
                last = one
                one = following[one]
            low = atom
            tail: Kept = []
            one = previous[atom] if atom < len(following) else self._final()
            while last < one < low and one not in self._copies:
                tail.append(one)
                low = one
                one = previous[one]
            grown += tail[::-1]
            if atom < len(following):
                grown.append(atom)
                last = atom
                one = following[atom]
        return grown

    def _first(self) -> int:
        atom = self.as_wanted[0] if self.as_wanted else NEW
        return atom if atom != NEW and self.start[atom] == 0 else NEW

    def _final(self) -> int:
        atom = self.as_wanted[-1] if self.as_wanted else NEW
        return atom if atom != NEW and self.end[atom] == self.length else NEW

    def ascending(self) -> Iterator[Kept]:
        """Yield the runs of the wanted list whose items stand in this order now."""
        run: list[int] = []
        for atom in self.as_wanted:
            if run and self._next[run[-1]] == atom and atom > run[-1]:
                run.append(atom)
            else:
                if run:
                    yield run
                run = [atom]
        if run:
            yield run

    def groups(self, kept: Kept, most: int) -> list[Kept]:
        """Return the heaviest groups beside ``kept`` that a move could bring back.

        A group stands together in the wanted list, and in the current one but for what is not kept.
        """
        slot = self._slots(kept)
        groups: list[tuple[int, list[int]]] = []
        following, weights = self._next, self.weight
        last = NEW
        last_slot = 0
        weight = 0
        group: list[int] = []
        for atom in self.as_wanted:
            here = slot[atom]
            if not here:
                last_slot = 0
                continue
            if here == last_slot and atom > last and following[last] == atom:
                group.append(atom)
                weight += weights[atom]
            else:
                if group:
                    groups.append((-weight, group))
                group = [atom]
                weight = weights[atom]
            last, last_slot = atom, here
        if group:
            groups.append((-weight, group))
        groups.sort()
        return [group for _, group in groups[:most]]

    def _slots(self, kept: Kept) -> list[int]:
        """Return between which of the kept each atom stands now; the kept themselves in none, 0."""
        slot = [0] * len(self)
        at = 0
        for number, atom in enumerate((*kept, len(self)), start=1):
            slot[at:atom] = [number] * (atom - at)
            at = atom + 1
        return slot

    def strips(self, kept: Kept) -> list[Kept]:
        strips: list[Kept] = []
        last = -2
        for atom in kept:
            if strips and self._next[last] == atom:
                strips[-1].append(atom)
            else:
                strips.append([atom])
            last = atom
        return strips
