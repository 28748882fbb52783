"""Playlists as Spotify keeps them: ordered entries, edits without a lock, views that lag.

Pure: it knows no HTTP and no event loop, and takes its time from the clock that it is handed.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from simulator.switches import Switches


class OutOfBounds(ValueError):
    """A position lies outside the list."""


class TooLong(ValueError):
    """The list would hold more items than Spotify allows."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An item at its place. Moving keeps it; adding makes a new one."""

    uri: str
    added_at: float
    added_by: str


@dataclass(frozen=True, slots=True)
class Add:
    uris: tuple[str, ...]
    by: str
    position: int | None = None  # None appends


@dataclass(frozen=True, slots=True)
class Replace:
    """Overwrite everything. Kept tracks get a new added_at, as at Spotify."""

    uris: tuple[str, ...]
    by: str


@dataclass(frozen=True, slots=True)
class Remove:
    """Take out every copy of each URI: Spotify cannot take out only one."""

    uris: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Move:
    start: int
    before: int
    length: int = 1


@dataclass(frozen=True, slots=True)
class Describe:
    """Change what is said about the list; None leaves a thing as it is."""

    name: str | None = None
    description: str | None = None
    public: bool | None = None
    collaborative: bool | None = None


@dataclass(frozen=True, slots=True)
class Cover:
    jpeg_base64: str


Edit = Add | Replace | Remove | Move | Describe | Cover


KEPT = (
    *("id", "owner", "name", "description", "public"),
    *("collaborative", "collaborators", "cover", "revision"),
)


@dataclass(slots=True)
class Conditions:
    """What all playlists of one world share: time, behaviour and chance."""

    clock: Callable[[], float]
    switches: Switches = field(default_factory=Switches)
    random: Random = field(default_factory=lambda: Random(0))


@dataclass(slots=True)
class Playlist:
    """One playlist: the truth, and what a reader is shown of it."""

    id: str
    owner: str
    conditions: Conditions = field(repr=False)
    name: str = ""
    description: str | None = None
    public: bool = True
    collaborative: bool = False
    collaborators: list[str] = field(default_factory=list)
    cover: str = ""
    revision: int = 0
    entries: list[Entry] = field(default_factory=list, repr=False)
    _past_entries: list[tuple[float, list[Entry]]] = field(default_factory=list, repr=False)
    _past_snapshots: list[tuple[float, str]] = field(default_factory=list, repr=False)

    @property
    def uris(self) -> list[str]:
        return [entry.uri for entry in self.entries]

    @property
    def snapshot_id(self) -> str:
        return _snapshot(self.id, self.revision)

    def apply(self, edit: Edit) -> str:
        """Apply an edit to the newest list, whatever the writer had seen; return the snapshot."""
        entries = self._edited(edit)
        self._remember()
        self.entries = entries
        if isinstance(edit, Describe):
            self._describe(edit)
        elif isinstance(edit, Cover):
            self.cover = edit.jpeg_base64
        self.revision += 1
        return self.snapshot_id

    def seen_entries(self) -> Sequence[Entry]:
        """Return the entries as a reader sees them now."""
        switches = self.conditions.switches
        delay = switches.items_delay_s
        if (
            switches.stale_read_share
            and self.conditions.random.random() < switches.stale_read_share
        ):
            delay = max(delay, switches.stale_read_s)
        moment = self.conditions.clock() - delay
        return next((old for until, old in self._past_entries if until > moment), self.entries)

    def seen_snapshot(self) -> str:
        """Return the snapshot id as a reader sees it now: new, old, or one nobody expects."""
        switches = self.conditions.switches
        moment = self.conditions.clock() - switches.snapshot_delay_s
        old = next((id_ for until, id_ in self._past_snapshots if until > moment), None)
        if old is None:
            return self.snapshot_id
        style = switches.snapshot_style
        if style == "mixed":
            style = self.conditions.random.choice(("stale", "third"))
        return old if style == "stale" else _snapshot(f"{self.id}/between", self.revision)

    def knows_snapshot(self, snapshot_id: str) -> bool:
        """Tell whether this looks like a snapshot id; any age will do."""
        try:
            revision, _, digest = (
                base64.b64decode(snapshot_id, validate=True).decode().partition(",")
            )
        except ValueError:
            return False
        return revision.isdigit() and len(digest) == 40

    def _edited(self, edit: Edit) -> list[Entry]:
        match edit:
            case Add(uris, by, position):
                place = len(self.entries) if position is None else position
                if not 0 <= place <= len(self.entries):
                    raise OutOfBounds
                new = self._new(uris, by)
                return self._fitting([*self.entries[:place], *new, *self.entries[place:]])
            case Replace(uris, by):
                return self._fitting(self._new(uris, by))
            case Remove(uris):
                gone = frozenset(uris)
                return [entry for entry in self.entries if entry.uri not in gone]
            case Move():
                return self._moved(edit)
        return self.entries

    def _moved(self, move: Move) -> list[Entry]:
        size, end = len(self.entries), move.start + move.length
        inside = 0 <= move.start < size and move.length >= 1 and end <= size
        if not inside or not 0 <= move.before <= size:
            raise OutOfBounds
        block = self.entries[move.start : end]
        rest = self.entries[: move.start] + self.entries[end:]
        place = move.before
        if place > move.start:
            place = max(move.start, place - move.length)
        return rest[:place] + block + rest[place:]

    def _new(self, uris: Sequence[str], by: str) -> list[Entry]:
        now = self.conditions.clock()
        return [Entry(uri, now, by) for uri in uris]

    def _fitting(self, entries: list[Entry]) -> list[Entry]:
        if len(entries) > max(self.conditions.switches.playlist_limit, len(self.entries)):
            raise TooLong
        return entries

    def _describe(self, edit: Describe) -> None:
        self.name = self.name if edit.name is None else edit.name
        self.description = self.description if edit.description is None else edit.description
        self.public = self.public if edit.public is None else edit.public
        if edit.collaborative is not None:
            self.collaborative = edit.collaborative

    def _remember(self) -> None:
        """Keep what readers still see, as long as they may see it."""
        switches, now = self.conditions.switches, self.conditions.clock()
        keep_s = max(
            switches.items_delay_s, switches.stale_read_s if switches.stale_read_share else 0
        )
        self._past_entries = [old for old in self._past_entries if old[0] > now - keep_s]
        if keep_s:
            self._past_entries.append((now, self.entries))
        keep_s = switches.snapshot_delay_s
        self._past_snapshots = [old for old in self._past_snapshots if old[0] > now - keep_s]
        if keep_s:
            self._past_snapshots.append((now, self.snapshot_id))

    def dump(self) -> dict[str, Any]:
        """Write the truth as JSON; what lags is not kept."""
        data: dict[str, Any] = {name: getattr(self, name) for name in KEPT}
        data["entries"] = [(one.uri, one.added_at, one.added_by) for one in self.entries]
        return data

    @classmethod
    def load(cls, data: dict[str, Any], conditions: Conditions) -> Playlist:
        entries = [Entry(uri, at, by) for uri, at, by in data["entries"]]
        return cls(**{**data, "entries": entries}, conditions=conditions)


def _snapshot(playlist_id: str, revision: int) -> str:
    digest = hashlib.sha1(f"{playlist_id}#{revision}".encode(), usedforsecurity=False).hexdigest()
    return base64.b64encode(f"{revision},{digest}".encode()).decode()
