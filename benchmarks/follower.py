"""A list that obeys calls as Spotify does, and lists to plan for; independent of the planner."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from playlists.plan import Add, Edit, Move, Plan, Remove, Replace


@dataclass
class Item:
    uri: str
    was: int | None


def follow(
    current: Sequence[str], wanted: Sequence[str], edits: Sequence[Edit], *, batch: int = 100
) -> list[Item]:
    """Apply ``edits`` as Spotify would and check each; return the items at the end."""
    items = [Item(uri, was) for was, uri in enumerate(current)]
    shortest = min(len(current), len(wanted)) - batch
    for edit in edits:
        match edit:
            case Remove(uris):
                assert 1 <= len(uris) <= batch
                assert all(map(can_come_and_go, uris))
                assert set(uris) <= {item.uri for item in items}
                items = [item for item in items if item.uri not in uris]
            case Add(position, uris):
                assert 1 <= len(uris) <= batch
                assert all(map(can_come_and_go, uris))
                assert 0 <= position <= len(items)
                items[position:position] = [Item(uri, None) for uri in uris]
            case Move(start, length, before):
                assert length >= 1
                assert 0 <= start <= start + length <= len(items)
                assert 0 <= before <= start or start + length <= before <= len(items)
                block = items[start : start + length]
                marked = items[before] if before < len(items) else None
                rest = items[:start] + items[start + length :]
                place = len(rest)
                if marked is not None:
                    place = next(i for i, item in enumerate(rest) if item is marked)
                items = rest[:place] + block + rest[place:]
            case Replace(uris):
                assert len(items) <= batch
                assert len(uris) <= batch
                assert all(can_come_and_go(uri) for uri in [*uris, *(i.uri for i in items)])
                items = [Item(uri, None) for uri in uris]
        assert len(items) >= shortest
    return items


def can_come_and_go(uri: str) -> bool:
    return uri != "" and not uri.startswith("spotify:local:")


def check(
    current: Sequence[str], wanted: Sequence[str], plan: Plan, *, batch: int = 100
) -> list[Item]:
    """Check that ``plan`` ends at ``wanted`` and tells the truth about every item."""
    items = follow(current, wanted, plan.edits, batch=batch)
    assert [item.uri for item in items] == list(wanted)
    kept = {item.was: index for index, item in enumerate(items) if item.was is not None}
    assert dict(plan.kept) == kept
    gone = {was for was in range(len(current)) if was not in kept}
    assert {*plan.removed, *(lost.was for lost in plan.lost)} == gone
    assert len(plan.removed) + len(plan.lost) == len(gone)
    assert all(current[lost.was] == lost.uri for lost in plan.lost)
    now, then = Counter(current), Counter(wanted)
    assert Counter(wanted[index] for index in plan.added) == then - now
    assert Counter(current[was] for was in plan.removed) == now - then
    assert set(plan.moved) <= kept.keys()
    return items


def is_out_of_reach(current: Sequence[str], wanted: Sequence[str], batch: int = 100) -> bool:
    """Say whether copies must go and no track is wanted so seldom that it can go last."""
    then = Counter(wanted)
    most = batch + max(0, len(wanted) - len(current))
    return bool(Counter(current) - then) and not any(
        can_come_and_go(uri) and then[uri] <= most for uri in [*current, *wanted]
    )


def random_pair(rng: random.Random) -> tuple[list[str], list[str]]:
    """Return two lists: fresh ones, a shuffled one or one that was edited here and there."""
    size = rng.choice([3, 8, 30, 120, 250])
    catalogue = [f"spotify:track:{n}" for n in range(rng.choice([size // 2 + 2, 2 * size]))]
    current = [rng.choice(catalogue) for _ in range(rng.randrange(size + 1))]
    if rng.random() < 0.6:
        current = list(dict.fromkeys(current))
    wanted = list(current)
    how = rng.random()
    if how < 0.2:
        wanted = [rng.choice(catalogue) for _ in range(rng.randrange(size + 1))]
    elif how < 0.4:
        rng.shuffle(wanted)
    for _ in range(rng.randrange(8)):
        start, end = sorted(rng.randrange(len(wanted) + 1) for _ in range(2))
        block = wanted[start:end]
        match rng.randrange(3):
            case 0:
                del wanted[start : min(end, start + 5)]
            case 1:
                wanted[start:start] = rng.choices(catalogue, k=rng.randrange(6))
            case _:
                del wanted[start:end]
                place = rng.randrange(len(wanted) + 1)
                wanted[place:place] = block
    if rng.random() < 0.2:
        for _ in range(rng.randrange(1, 4)):
            fixed = rng.choice(["", "", "spotify:local:a:b:c:1"])
            current.insert(rng.randrange(len(current) + 1), fixed)
            wanted.insert(rng.randrange(len(wanted) + 1), fixed)
    return current, wanted


def full_of_copies(rng: random.Random, size: int) -> tuple[list[str], list[str]]:
    """Return two lists of few tracks with many copies each, of about so many items."""
    tracks = [f"spotify:track:{n}" for n in range(rng.choice([2, 3, 3, 4, 5, 8, 15, 40, 100]))]
    weights = rng.choice([None, [1 / (n + 1) for n in range(len(tracks))]])
    current = rng.choices(tracks, weights, k=size)
    wanted = list(current)
    match rng.randrange(4):
        case 0:
            wanted = rng.choices(tracks, weights, k=int(size * rng.choice([0.7, 0.95, 1, 1.3])))
        case 1:
            rng.shuffle(wanted)
        case 2:
            for _ in range(rng.randrange(1, 12)):
                start, end = sorted(rng.randrange(len(wanted) + 1) for _ in range(2))
                block = wanted[start:end]
                del wanted[start:end]
                place = rng.randrange(len(wanted) + 1)
                wanted[place:place] = block
    for _ in range(rng.choice([0, 1, 5, 50])):
        del wanted[rng.randrange(len(wanted))]
    for _ in range(rng.choice([0, 1, 5, 50])):
        wanted.insert(rng.randrange(len(wanted) + 1), rng.choice(tracks))
    for uris, kind in ((current, "old"), (wanted, "new")):
        for number in range(rng.choice([0, 0, 0, 1, 30, 150])):
            uris.insert(rng.randrange(len(uris) + 1), f"spotify:track:{kind}{number}")
    return current, wanted
