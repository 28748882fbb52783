"""The four calls that change a list, and what each does to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")

NEW = -1  # stands for an item that was not in the list before


@dataclass(frozen=True, slots=True)
class Remove:
    """Take out every copy of each URI: Spotify cannot take out only one."""

    uris: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Add:
    position: int
    uris: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Move:
    """Put ``length`` items from ``start`` before the item that stands at ``before`` now."""

    start: int
    length: int
    before: int


@dataclass(frozen=True, slots=True)
class Replace:
    """Overwrite the whole list: only for one of at most 100 items."""

    uris: tuple[str, ...]


Edit = Remove | Add | Move | Replace


class Trace:
    """A list while edits happen to it: its URIs, and which of its first items each one is."""

    def __init__(self, current: Sequence[str]) -> None:
        self.moved: set[int] = set()
        self._first = len(current)
        # Items by number: those of the first list, then those that came.
        self._uris = list(current)
        self._items = list(range(len(current)))

    @property
    def uris(self) -> list[str]:
        return [self._uris[item] for item in self._items]

    @property
    def origin(self) -> list[int]:
        return [item if item < self._first else NEW for item in self._items]

    def apply(self, edit: Edit) -> None:
        match edit:
            case Remove(uris):
                gone, all_uris = frozenset(uris), self._uris
                self._items = [item for item in self._items if all_uris[item] not in gone]
            case Add(position, uris):
                self._items[position:position] = self._new(uris)
            case Move(start, length, before):
                self.moved.update(self._items[start : start + length])
                _move(self._items, start, length, before)
            case Replace(uris):
                self._items = list(self._new(uris))

    def _new(self, uris: Sequence[str]) -> range:
        first = len(self._uris)
        self._uris += uris
        return range(first, len(self._uris))


def _move(items: list[T], start: int, length: int, before: int) -> None:
    block = items[start : start + length]
    del items[start : start + length]
    target = before if before <= start else before - length
    items[target:target] = block


def writable(uri: str) -> bool:
    """Say whether calls can remove and add it: not a local file, not an item that is missing."""
    return bool(uri) and not uri.startswith("spotify:local:")


def apply(edit: Edit, uris: Sequence[str]) -> list[str]:
    """Return the list as it is after ``edit``."""
    match edit:
        case Remove(gone):
            left = frozenset(gone)
            return [uri for uri in uris if uri not in left]
        case Add(position, new):
            return [*uris[:position], *new, *uris[position:]]
        case Move(start, length, before):
            moved = list(uris)
            _move(moved, start, length, before)
            return moved
        case Replace(new):
            return list(new)


def as_list(edit: Edit) -> list[Any]:
    """Return the plain form of an edit, ready for JSON."""
    match edit:
        case Remove(uris):
            return ["remove", list(uris)]
        case Add(position, uris):
            return ["add", position, list(uris)]
        case Move(start, length, before):
            return ["move", start, length, before]
        case Replace(uris):
            return ["replace", list(uris)]


def from_list(plain: Sequence[Any]) -> Edit:
    """Return the edit of a plain form; raise ``ValueError`` for anything else."""
    match plain:
        case ["remove", uris]:
            return Remove(tuple(uris))
        case ["add", position, uris]:
            return Add(position, tuple(uris))
        case ["move", start, length, before]:
            return Move(start, length, before)
        case ["replace", uris]:
            return Replace(tuple(uris))
    raise ValueError(f"not the plain form of an edit: {plain[:1]!r}")
