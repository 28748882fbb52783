"""The edits of an arrangement; where each addition goes is worked out only when it is asked for."""

from __future__ import annotations

from collections.abc import Sequence

from playlists.planning.arranging import Arrangement
from playlists.planning.edits import NEW, Add, Edit, Remove
from playlists.planning.scheduling import Coming, Schedule
from playlists.planning.sums import Sums


class Draft:
    """Calls in their order, counted but not yet written out.

    Raises ``Stuck`` where no order keeps the list long enough without ``pad``.
    """

    def __init__(
        self,
        current: Sequence[str],
        wanted: Sequence[str],
        origin: Sequence[int],
        arrangement: Arrangement,
        batch: int,
        *,
        pad: str | None = None,
    ) -> None:
        self._current = current
        self._origin = origin
        self._arrangement = arrangement
        self._steps = Schedule(current, wanted, origin, arrangement, batch, pad=pad).steps
        self.calls = len(self._steps) + arrangement.calls - arrangement.additions

    def edits(self) -> list[Edit]:
        line = _Line(self._current, self._origin, self._arrangement.order)
        return [*map(line.edit, self._steps), *self._arrangement.moves()]


class Written:
    """Calls that need no working out."""

    def __init__(self, edits: Sequence[Edit]) -> None:
        self._edits = edits

    @property
    def calls(self) -> int:
        return len(self._edits)

    def edits(self) -> Sequence[Edit]:
        return self._edits


class _Line:
    """What goes, what comes and what stays, laid out in one line."""

    def __init__(self, current: Sequence[str], origin: Sequence[int], order: Sequence[int]) -> None:
        taken: list[bool] = []
        self._old: dict[str, list[int]] = {}
        self._slots: dict[int, int] = {}  # of the new ones
        done = 0
        for index in order:
            stop = origin[index]
            if stop == NEW:
                self._slots[index] = len(taken)
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
        self._presence = Sums(taken)

    def edit(self, step: Remove | Add | Coming) -> Edit:
        """Return the edit of a step and make it in the line; padding stands behind the line."""
        if isinstance(step, Coming):
            position = self._presence.before(self._slots[step.indexes[0]])
            for index in step.indexes:
                self._presence.change(self._slots[index], 1)
            return Add(position, step.uris)
        if isinstance(step, Remove):
            for uri in step.uris:
                for place in self._old.get(uri, ()):
                    self._presence.change(place, -1)
        return step
