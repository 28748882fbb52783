"""Which few calls turn one list into another, and which dates they keep: exact, 100 URIs at most.

An item keeps the date when it was added as long as no call removes it; moving keeps the date. At
no moment the list holds fewer items than the shorter of the two less 100.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from playlists.planning import bounds
from playlists.planning.arranging import Arrangement, arrange, arrange_within
from playlists.planning.atoms import Kept
from playlists.planning.ceilings import Ceiling
from playlists.planning.edits import NEW, Add, Edit, Move, Remove, Replace, Trace, writable
from playlists.planning.keeping import FEW_STEPS, MOST_STEPS, SOME_STEPS, Keeper
from playlists.planning.limits import BATCH, Unreachable, Unwritable, floor
from playlists.planning.matching import match
from playlists.planning.padding import Padding
from playlists.planning.scheduling import Stuck
from playlists.planning.writing import Draft, Written

__all__ = [
    "DEFAULT",
    "Add",
    "Budget",
    "Cheapest",
    "Edit",
    "Lost",
    "Move",
    "Plan",
    "Policy",
    "Remove",
    "Replace",
    "Strict",
    "Unreachable",
    "Unwritable",
    "Why",
    "keepable",
    "least_calls",
    "most_kept",
    "plan",
    "replace_price",
    "rewrite_price",
]


@dataclass(frozen=True, slots=True)
class Strict:
    """Keep every date that can be kept, in the fewest calls found."""


@dataclass(frozen=True, slots=True)
class Budget:
    """Keep as many dates as found for so many calls more than replacing costs."""

    extra: int = 5


@dataclass(frozen=True, slots=True)
class Cheapest:
    """Make the fewest calls found; dates are kept where that is free."""


Policy = Strict | Budget | Cheapest
DEFAULT = Budget()

# How often fewer calls are tried, one less each time, for the cheapest plan, and with how many
# items together.
MOST_DESCENTS = 8
MOST_DESCENDED = 8_000


class Why(Enum):
    COPIES = "there were more copies than wanted, and only all of them can be removed"
    CALLS = "keeping it would have cost more calls than allowed"
    ROOM = "without taking it out the list would have become too short on the way"


@dataclass(frozen=True, slots=True)
class Lost:
    """An item that is in both lists, but with a new date in the second."""

    uri: str
    was: int
    why: Why


@dataclass(frozen=True, slots=True)
class Plan:
    """The calls and what they do; numbers are indexes in the current and the wanted list."""

    edits: tuple[Edit, ...]
    kept: tuple[tuple[int, int], ...]  # (was, is)
    added: tuple[int, ...]  # wanted items with more copies than before
    removed: tuple[int, ...]  # current items with fewer copies from now on
    moved: tuple[int, ...]  # those of the kept, as they were, that a call moves
    lost: tuple[Lost, ...]
    keepable: int

    @property
    def calls(self) -> int:
        return len(self.edits)


def keepable(current: Sequence[str], wanted: Sequence[str]) -> int:
    """Count the items whose URI has no surplus copies: their dates can be kept."""
    then = Counter(wanted)
    return sum(copies for uri, copies in Counter(current).items() if copies <= then[uri])


def replace_price(wanted: Sequence[str], *, batch: int = BATCH) -> int:
    """Return what overwriting costs, where it is allowed: budgets are measured from it."""
    return max(1, -(-len(wanted) // batch))


def rewrite_price(current: Sequence[str], wanted: Sequence[str], *, batch: int = BATCH) -> int:
    """Return what exchanging a whole long list costs without emptying it."""
    return -(-len(current) // batch) + -(-len(wanted) // batch)


def allowance(
    current: Sequence[str], wanted: Sequence[str], extra: int, *, batch: int = BATCH
) -> int:
    """Return the calls of a budget: a longer list needs enough to be rewritten."""
    calls = replace_price(wanted, batch=batch) + extra
    if replaceable(current, batch=batch):
        return calls
    return max(calls, rewrite_price(current, wanted, batch=batch))


def replaceable(current: Sequence[str], *, batch: int = BATCH) -> bool:
    return len(current) <= batch and all(writable(uri) for uri in current)


def plan(
    current: Sequence[str],
    wanted: Sequence[str],
    policy: Policy = DEFAULT,
    *,
    dated: Collection[int] | None = None,
    batch: int = BATCH,
) -> Plan:
    """Return the calls that turn ``current`` into ``wanted``; raise ``Unreachable`` if none do.

    An empty URI stands for an item that is not available: it can be moved, as local files can.
    ``dated``: indexes of the current items whose dates are worth keeping, None for all of them. A
    budget is spent on those, not on what was added just now.
    """
    if dated is not None and isinstance(policy, Budget):
        return _plan_dated(current, wanted, policy, frozenset(dated), batch)
    search = _Search(current, wanted, batch)
    match policy:
        case Strict():
            edits = search.strict()
        case Budget(extra):
            edits = search.within(allowance(current, wanted, extra, batch=batch))
        case Cheapest():
            edits = search.cheapest()
    otherwise = Why.ROOM if isinstance(policy, Strict) else Why.CALLS
    return _told(current, wanted, edits, otherwise)


def _plan_dated(
    current: Sequence[str],
    wanted: Sequence[str],
    budget: Budget,
    dated: frozenset[int],
    batch: int,
) -> Plan:
    """Return the better of two plans: one for all dates, one that counts only those ``dated``."""
    found = plan(current, wanted, budget, batch=batch)
    if not any(one.was in dated for one in found.lost):
        return found
    worth = {current[place] for place in dated}
    search = _Search(current, wanted, batch, fresh=frozenset(current) - worth)
    calls = allowance(current, wanted, budget.extra, batch=batch)
    try:
        other = _told(current, wanted, search.within(calls), Why.CALLS)
    except Unreachable:
        return found

    def worth_of(one: Plan) -> tuple[int, int, int]:
        return sum(was in dated for was, _ in one.kept), len(one.kept), -one.calls

    return max(found, other, key=worth_of)


def least_calls(current: Sequence[str], wanted: Sequence[str], *, batch: int = BATCH) -> int:
    """Return a lower bound of the calls of a strict plan."""
    return bounds.fewest_calls(current, wanted, batch=batch)


def most_kept(
    current: Sequence[str], wanted: Sequence[str], calls: int, *, batch: int = BATCH
) -> int:
    """Return an upper bound of the dates that a plan of so many calls can keep."""
    return Ceiling(current, wanted, batch=batch).most_kept(calls)


_Way = Draft | Written


class _Search:
    """The edits of each policy for one pair of lists."""

    def __init__(
        self,
        current: Sequence[str],
        wanted: Sequence[str],
        batch: int,
        *,
        fresh: Collection[str] = (),
    ) -> None:
        self._current = current
        self._wanted = wanted
        self._batch = batch
        self._origin = [
            NEW if place != NEW and writable(uri) and uri in fresh else place
            for uri, place in zip(wanted, match(current, wanted), strict=True)
        ]
        self._padding = Padding(current, wanted, batch)
        if self._padding.out_of_reach:
            raise Unreachable("every track is wanted too often for any to be taken out on the way")
        self._least_calls = bounds.fewest_calls(current, wanted, origin=self._origin, batch=batch)

    @cached_property
    def _keeper(self) -> Keeper:
        return Keeper(self._current, self._wanted, self._origin, self._batch)

    def strict(self) -> Sequence[Edit]:
        return self._all_kept.edits()

    def within(self, calls: int) -> Sequence[Edit]:
        return self._within(calls, MOST_STEPS).edits()

    def cheapest(self) -> Sequence[Edit]:
        return self._cheapest().edits()

    def _within(self, calls: int, steps: int) -> _Way:
        """Return the way that keeps the most dates found for at most ``calls``."""
        if self._padding.nothing_can_go:
            return self._all_kept
        if self._least_calls <= calls and self._all_kept.calls <= calls:
            return self._all_kept
        found = self._keeper.most(calls, self._draft, steps=steps)
        if found is not None and found.calls <= calls:
            return found
        ways = (self._overwritten, self._all_kept, found)
        return min((way for way in ways if way is not None), key=lambda way: way.calls)

    def _cheapest(self) -> _Way:
        most = rewrite_price(self._current, self._wanted, batch=self._batch)
        if replaceable(self._current, batch=self._batch):
            most = replace_price(self._wanted, batch=self._batch)
        fewest = min(most, self._keeper.fewest(most))
        descents = min(MOST_DESCENTS, MOST_DESCENDED // (len(self._wanted) + 1))
        way = self._within(fewest, FEW_STEPS if descents else SOME_STEPS)
        more = (fewest + 3, (fewest + most) // 2, most) if descents or fewest < most else ()
        for calls in more:
            if way.calls <= fewest or calls >= way.calls:
                break
            way = min(way, self._within(calls, FEW_STEPS), key=lambda one: one.calls)
        if not descents:
            return way
        for _ in range(descents):
            if not way.calls:
                break
            fewer = self._within(way.calls - 1, FEW_STEPS)
            if fewer.calls >= way.calls:
                break
            way = fewer
        return self._within(way.calls, SOME_STEPS)

    def _draft(self, kept: Kept, calls: int) -> Draft:
        """Return calls that keep these: if it can be, no more than ``calls``."""
        origin = self._keeper.matching(kept)
        left = calls - self._keeper.removals(kept)
        close = arrange_within(origin, left, self._keeper.pricer, self._batch)
        plain = arrange(origin, self._batch)
        draft = self._drafted(origin, close if close.calls <= left else plain)
        if draft.calls <= calls or close.order == plain.order:
            return draft
        return min(draft, self._drafted(origin, plain), key=lambda one: one.calls)

    def _drafted(self, origin: Sequence[int], arrangement: Arrangement) -> Draft:
        """Return the calls of a matching, or of one that keeps less where there is no room."""
        current, wanted, batch = self._current, self._wanted, self._batch
        try:
            return Draft(current, wanted, origin, arrangement, batch)
        except Stuck:
            pad, kept = self._padding.choose(origin, arrangement.order)
        if kept != origin:
            arrangement = arrange(kept, batch)
        return Draft(current, wanted, kept, arrangement, batch, pad=pad)

    @cached_property
    def _all_kept(self) -> Draft:
        return self._drafted(self._origin, arrange(self._origin, self._batch))

    @cached_property
    def _overwritten(self) -> _Way:
        """Exchange everything that can be written."""
        if replaceable(self._current, batch=self._batch):
            return Written(
                [Replace(tuple(self._wanted[: self._batch])), *_appended(self._wanted, self._batch)]
            )
        kept = self._unwritable_only()
        whole = self._drafted(kept, arrange(kept, self._batch))
        short = self._cut_short()
        return short if short is not None and short.calls < whole.calls else whole

    def _unwritable_only(self) -> list[int]:
        return [
            place if place != NEW and not writable(self._current[place]) else NEW
            for place in self._origin
        ]

    def _cut_short(self) -> Written | None:
        """Remove down to what one call may overwrite, where the list may become so short."""
        if not all(writable(uri) for uri in self._current):
            return None
        lowest = floor(len(self._current), len(self._wanted), self._batch)
        size = len(self._current)
        removals: list[list[str]] = [[]]
        copies = Counter(self._current)
        for uri in sorted(copies, key=lambda one: -copies[one]):
            if size <= self._batch:
                break
            if len(removals[-1]) == self._batch:
                removals.append([])
            if size - copies[uri] >= lowest:
                removals[-1].append(uri)
                size -= copies[uri]
        if size > self._batch:
            return None
        return Written(
            [
                *(Remove(tuple(uris)) for uris in removals if uris),
                Replace(tuple(self._wanted[: self._batch])),
                *_appended(self._wanted, self._batch),
            ]
        )


def _appended(wanted: Sequence[str], batch: int) -> Iterator[Edit]:
    for start in range(batch, len(wanted), batch):
        yield Add(start, tuple(wanted[start : start + batch]))


def _told(
    current: Sequence[str], wanted: Sequence[str], edits: Sequence[Edit], otherwise: Why
) -> Plan:
    """Follow every item through the edits and say what became of it."""
    trace = Trace(current)
    for edit in edits:
        trace.apply(edit)
    origin = trace.origin
    if trace.uris != list(wanted):
        raise AssertionError("a plan must end at the wanted list")
    now, then = Counter(current), Counter(wanted)
    stayed = set(origin)
    fresh: Counter[str] = Counter()
    added: list[int] = []
    for index, (uri, place) in enumerate(zip(wanted, origin, strict=True)):
        if place == NEW:
            fresh[uri] += 1
            if fresh[uri] <= then[uri] - now[uri]:
                added.append(index)
    removed: list[int] = []
    lost: list[Lost] = []
    seen: Counter[str] = Counter()
    for place, uri in enumerate(current):
        if place in stayed:
            continue
        seen[uri] += 1
        if seen[uri] <= then[uri]:
            why = Why.COPIES if now[uri] > then[uri] else otherwise
            lost.append(Lost(uri, place, why))
        else:
            removed.append(place)
    return Plan(
        edits=tuple(edits),
        kept=tuple((place, index) for index, place in enumerate(origin) if place != NEW),
        added=tuple(added),
        removed=tuple(removed),
        moved=tuple(sorted(trace.moved & stayed)),
        lost=tuple(lost),
        keepable=keepable(current, wanted),
    )
