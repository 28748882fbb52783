"""Sums of what stands before a place of a line that changes (a Fenwick tree)."""

from __future__ import annotations

from collections.abc import Sequence


class Sums:
    def __init__(self, values: Sequence[int]) -> None:
        self._tree = [0, *map(int, values)]
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
