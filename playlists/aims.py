"""What a playlist is to hold in the end: what is wanted, woven into what people did by hand.

Pure. An item that somebody added stays and goes on following the item that it followed; one that
somebody took out stays out. What the Web API can neither add nor remove (local files, items that
are not available) stays in any case.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from playlists.spotify import Item

# Fewer items than this that come back or go again are somebody's choice, not another program.
FEWEST_UNDONE = 5


@dataclass(frozen=True, slots=True)
class Aim:
    """A list to come. Unavailable items are empty URIs in all of these lists."""

    goal: list[str]
    ours: list[str]  # those of the goal that we manage
    by_hand: int = 0  # items that stay because somebody added them
    left_out: list[str] = field(default_factory=list)  # wanted, but taken out by hand
    fixed: int = 0  # items that stay because no call can remove them
    missing: list[str] = field(default_factory=list)  # wanted, but no call can add them


@dataclass(frozen=True, slots=True)
class Changes:
    """What somebody else did to a list that was expected to be another."""

    added: Counter[str]
    removed: Counter[str]

    @property
    def count(self) -> int:
        return self.added.total() + self.removed.total()


def changes(expected: Iterable[str], now: Iterable[str]) -> Changes:
    before, after = Counter(expected), Counter(now)
    return Changes(added=after - before, removed=before - after)


def undoing(start: Sequence[str], end: Sequence[str], now: Sequence[str]) -> Changes | None:
    """Return what of our change from ``start`` to ``end`` was undone, None where it was not.

    Half of it counts as undone: a program that restores its own list rarely restores all of it.
    """
    if list(now) == list(end):
        return None
    ours, theirs = changes(start, end), changes(end, now)
    undone = Changes(added=theirs.added & ours.removed, removed=theirs.removed & ours.added)
    if ours.count:
        return undone if undone.count * 2 >= ours.count else None
    return undone if list(now) == list(start) and list(start) != list(end) else None


def replacing(
    wanted: Sequence[str],
    now: Sequence[Item],
    *,
    ours: Counter[str] | None,
    taken_out: Counter[str],
    on_top: int = 0,
) -> Aim:
    """Aim at ``wanted``; ``ours`` counts what of ``now`` we manage, None: all of it.

    The first ``on_top`` of what is wanted go before everything that is there.
    """
    there = Counter(item.uri for item in now)
    fixed = Counter(item.uri for item in now if not item.can_be_written)
    rest, left_out = _without(wanted, taken_out)
    rest, missing = _without(rest, _surplus(rest, fixed))
    by_hand = Counter[str]() if ours is None else there - fixed - ours
    # What is wanted by now as well is ours from now on.
    by_hand -= Counter(rest) - (there - by_hand)
    stays = by_hand + (fixed - Counter(rest))
    top = len(_without(wanted[:on_top], taken_out)[0])
    return Aim(
        goal=[*rest[:top], *weave(rest[top:], now, stays)],
        ours=[uri for uri in rest if uri not in fixed],
        by_hand=by_hand.total(),
        left_out=left_out,
        fixed=fixed.total(),
        missing=missing,
    )


def appending(wanted: Sequence[str], now: Sequence[Item]) -> Aim:
    """Aim at what is there and ``wanted`` after it."""
    rest, missing = _without(wanted, Counter(uri for uri in wanted if not can_be_written(uri)))
    return Aim(goal=[*(item.uri for item in now), *rest], ours=rest, missing=missing)


def inserting(wanted: Sequence[str], now: Sequence[Item], context: Sequence[str]) -> Aim:
    """Aim at what is there, with ``wanted`` where it stood in ``context``."""
    rest, missing = _without(wanted, Counter(uri for uri in wanted if not can_be_written(uri)))
    unplaced = Counter(rest) - Counter(context)
    order = [Item(uri) for uri in context]
    goal = weave([item.uri for item in now], order, Counter(rest) - unplaced)
    return Aim(goal=[*goal, *unplaced.elements()], ours=rest, missing=missing)


def unforeseen(hand: Changes, goal: Iterable[str], now: Iterable[str]) -> Changes:
    """Return ``hand`` without the additions that the goal has yet to bring: once is enough."""
    to_come = Counter(goal) - (Counter(now) - hand.added)
    return Changes(hand.added - to_come, hand.removed)


def regained(goal: Sequence[str], now: Sequence[Item], hand: Changes) -> list[str]:
    """Return the goal as it is after somebody's changes to a list on its way there."""
    rest, _ = _without(goal, hand.removed)
    return weave(rest, now, hand.added)


def weave(base: Sequence[str], order: Sequence[Item], extra: Counter[str]) -> list[str]:
    """Return ``base`` with ``extra`` items, each after the item that it follows in ``order``.

    Where an item has more copies in ``order`` than are extra, the newest are. What follows nothing
    that is in ``base`` comes first.
    """
    followed = _places(base)
    after: dict[int, list[str]] = {}
    anchor = -1
    seen: Counter[str] = Counter()
    chosen = _newest(order, extra)
    for index, item in enumerate(order):
        if index in chosen:
            after.setdefault(anchor, []).append(item.uri)
        elif places := followed.get(item.uri):
            anchor = places[min(seen[item.uri], len(places) - 1)]
            seen[item.uri] += 1
    woven = after.get(-1, [])
    for index, uri in enumerate(base):
        woven.append(uri)
        woven += after.get(index, [])
    return woven


def can_be_written(uri: str) -> bool:
    return Item(uri, is_local=uri.startswith("spotify:local:")).can_be_written


def _places(uris: Sequence[str]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for index, uri in enumerate(uris):
        places.setdefault(uri, []).append(index)
    return places


def _newest(order: Sequence[Item], extra: Counter[str]) -> set[int]:
    """Return the places of the extra copies: by date, and the later one where dates are equal."""
    places: dict[str, list[int]] = {}
    for index, item in enumerate(order):
        if extra[item.uri] > 0:
            places.setdefault(item.uri, []).append(index)
    return set(_latest(order, places, extra))


def _latest(
    order: Sequence[Item], places: dict[str, list[int]], extra: Counter[str]
) -> Iterator[int]:
    for uri, indexes in places.items():
        yield from sorted(indexes, key=lambda at: (order[at].added_at, at))[-extra[uri] :]


def _surplus(wanted: Iterable[str], there: Counter[str]) -> Counter[str]:
    """Count what is wanted, cannot be written, and is not there."""
    return Counter(uri for uri in wanted if not can_be_written(uri)) - there


def _without(uris: Sequence[str], gone: Counter[str]) -> tuple[list[str], list[str]]:
    """Take the last copies of ``gone`` out; return what is left, and what was taken out."""
    left = gone.copy()
    kept: list[str] = []
    out: list[str] = []
    for uri in reversed(uris):
        if left[uri] > 0:
            left[uri] -= 1
            out.append(uri)
        else:
            kept.append(uri)
    return kept[::-1], out[::-1]
