"""What we manage of a playlist after a run, by the mode of its recipe.

The answer goes to a run that replaces: ``playlists.aims`` weaves in what people did by hand, so
here only what is ours counts. Doing it again when nothing has changed gives the same list.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from playlists.recipes.candidates import moment
from playlists.recipes.target import (
    AddMissing,
    Append,
    Mirror,
    Mode,
    Prepend,
    Replace,
    Rolling,
    Target,
)
from playlists.spotify import Item


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a playlist is to hold besides what is somebody's own."""

    uris: list[str]
    added: list[str]
    let_go: list[str]
    on_top: int = 0  # how many of ``uris`` go before everything that is there


def read(data: Mapping[str, Any]) -> Target:
    """Return a target that was stored as plain data."""
    return Target.model_validate_json(json.dumps(data))


def wanted(
    target: Target,
    evaluated: Sequence[str],
    now: Sequence[Item],
    *,
    ours: Counter[str] | None,
    at: datetime,
) -> Wanted:
    """Return what is wanted of us; ``ours`` counts what of ``now`` we manage, None: all of it.

    What the recipe brings and somebody has added before is ours from now on, as in aims.
    """
    brought = _brought(target.mode, evaluated)
    there = [item for item in now if item.can_be_written]
    copies = Counter(item.uri for item in there)
    if ours is None or target.overwrites:
        mine = there
    else:
        taken_over = (Counter(brought) - ours) & (copies - ours)
        mine = _managed(there, ours + taken_over)
    uris = _wanted(target.mode, brought, mine=mine, there=copies, at=at)
    before = [item.uri for item in mine]
    added = _beyond(uris, before)
    return Wanted(
        uris=uris,
        added=added,
        let_go=_beyond(before, uris),
        on_top=len(added) if _adds_on_top(target) else 0,
    )


def _adds_on_top(target: Target) -> bool:
    mode = target.mode
    return isinstance(mode, Prepend) or (isinstance(mode, Rolling) and mode.at == "start")


def _brought(mode: Mode, evaluated: Sequence[str]) -> list[str]:
    """Return what the recipe brings, as often and as far as the mode takes it."""
    match mode:
        case AddMissing():
            return list(dict.fromkeys(evaluated))
        case Rolling():
            return list(dict.fromkeys(evaluated))[: mode.count]
    return list(evaluated)


def _wanted(
    mode: Mode,
    brought: Sequence[str],
    *,
    mine: Sequence[Item],
    there: Counter[str],
    at: datetime,
) -> list[str]:
    managed = [item.uri for item in mine]
    new = _beyond(brought, there.elements())
    match mode:
        case Mirror() | Replace():
            return list(brought)
        case AddMissing() | Append():
            return managed + new
        case Prepend():
            return new + managed
        case Rolling():
            stays = _staying(mine, brought, mode, room=len(new), at=at)
            return stays + new if mode.at == "end" else new + stays


def _staying(
    mine: Sequence[Item], brought: Sequence[str], window: Rolling, *, room: int, at: datetime
) -> list[str]:
    """Return what stays in a window: what the recipe still brings, and the newest of the rest."""
    held = set(brought)
    firm, rest = set[int](), list[int]()
    for place, item in enumerate(mine):
        if item.uri in held:
            held.remove(item.uri)
            firm.add(place)
        elif _is_young(item, window, at):
            rest.append(place)
    if window.count is not None:
        free = max(0, window.count - len(firm) - room)
        rest.sort(key=lambda place: (mine[place].added_at, place))
        rest = rest[len(rest) - free :] if free < len(rest) else rest
    stays = firm.union(rest)
    return [item.uri for place, item in enumerate(mine) if place in stays]


def _is_young(item: Item, window: Rolling, at: datetime) -> bool:
    added = moment(item.added_at)
    return window.days is None or added is None or added >= at - timedelta(days=window.days)


def _managed(there: Sequence[Item], ours: Counter[str]) -> list[Item]:
    """Return the items that are ours: of equal copies those that were added first, as in aims."""
    left = ours.copy()
    places = set()
    for place in sorted(range(len(there)), key=lambda place: (there[place].added_at, place)):
        if left[there[place].uri] > 0:
            left[there[place].uri] -= 1
            places.add(place)
    return [item for place, item in enumerate(there) if place in places]


def _beyond(uris: Iterable[str], others: Iterable[str]) -> list[str]:
    """Return what of ``uris`` the others have not, copy by copy, in order."""
    left = Counter(others)
    found = []
    for uri in uris:
        if left[uri] > 0:
            left[uri] -= 1
        else:
            found.append(uri)
    return found
