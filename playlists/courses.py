"""What a run would do to a list: the aim, the calls and what they cost; it makes none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

from playlists import guards, ledgers, outcomes, outline, versions
from playlists import plan as planner
from playlists.ledgers import View
from playlists.models import Run
from playlists.plan import Move, Plan
from playlists.spotify import Item

POLICIES: dict[str, planner.Policy] = {
    Run.Dates.STRICT: planner.Strict(),
    Run.Dates.BUDGET: planner.Budget(),
    Run.Dates.CHEAPEST: planner.Cheapest(),
}


# How many times the usual calls a plan made anew may take beyond replacing.
_STRETCHES = (2, 4, 8)


def plan_for(
    run: Run, base: Sequence[str], goal: Sequence[str], *, now: Sequence[Item] | None = None
) -> Plan:
    """Return the calls that the run would make; raise ``planner.Unreachable`` where none do.

    ``now``: the items of ``base`` where they are known with their dates. What the run itself has
    brought has a date of today, so calls are spent on the others. A plan made anew, on the way,
    may take more calls than the first one to keep the dates that were promised then.
    """
    policy = POLICIES[run.dates]
    dated = _dated(run, now) if now is not None and run.before is not None else None
    found = planner.plan(base, goal, policy, dated=dated)
    if not isinstance(policy, planner.Budget) or not run.is_planned:
        return found
    old = frozenset(range(len(base)) if dated is None else dated)
    promised = min(int(run.report.get("kept_dates", 0)), _keepable(base, goal, old))
    most = guards.limits_of(run).calls
    for stretch in _STRETCHES:
        if _kept(found, old) >= promised:
            break
        other = planner.plan(base, goal, planner.Budget(policy.extra * stretch), dated=dated)
        if other.calls > most:
            break
        found = max(found, other, key=lambda one: _kept(one, old))
    return found


def _keepable(base: Sequence[str], goal: Sequence[str], places: Collection[int]) -> int:
    there, then = Counter(base), Counter(goal)
    return sum(there[base[place]] <= then[base[place]] for place in places)


def _kept(plan: Plan, places: Collection[int]) -> int:
    return sum(was in places for was, _ in plan.kept)


def _dated(run: Run, now: Sequence[Item]) -> list[int] | None:
    """Return the places of what the run has not brought itself; None where that is everything."""
    before = run.before.items if run.before is not None else []
    old = Counter((item.uri, item.added_at) for item in before)
    ours = frozenset(run.wanted)
    found: list[int] = []
    for place, item in enumerate(now):
        known = (item.uri, item.added_at)
        if item.uri not in ours or old[known] > 0:
            found.append(place)
            old[known] -= 1
    return found if len(found) < len(now) else None


def changes(run: Run, now: Sequence[Item]) -> dict[str, Any]:
    """Return what the run would change in the playlist, ready for JSON."""
    seen = ledgers.view(run, now, ledgers.of(run.playlist_id))
    uris = [item.uri for item in now]
    became = versions.difference(uris, seen.aim.goal)
    facts = {
        "before": len(now),
        "kept": became.kept,
        "added": became.added,
        "removed": became.removed,
        "again": _again(uris, run) if run.mode == Run.Mode.APPEND else 0,
    }
    try:
        plan = plan_for(run, uris, seen.aim.goal)
    except planner.Unreachable:
        return facts | {"blocked": outcomes.TOO_MANY_COPIES}
    limits = guards.limits_of(run)
    tripped = guards.tripped(guards.Prospect(now, seen.aim.goal, plan, partial=run.partial), limits)
    warnings = guards.sentences(tripped, limits)
    return facts | told(seen, plan, now=uris) | {"tripped": tripped, "warnings": warnings}


def told(seen: View, plan: Plan, *, now: Sequence[str]) -> dict[str, Any]:
    """Return what is to be said of a plan for the list as it is ``now``, ready for JSON."""
    aim = seen.aim
    return {
        "kept_dates": len(plan.kept),
        "redated": len(plan.lost),
        "moves": sum(isinstance(edit, Move) for edit in plan.edits),
        "calls": plan.calls,
        "outline": outline.of(now, plan.edits),
        "by_hand": aim.by_hand,
        "fixed": aim.fixed,
        "left_out": aim.left_out,
        "missing": aim.missing,
    }


def _again(uris: Sequence[str], run: Run) -> int:
    """Return how many of the wanted items the playlist has already."""
    there = set(uris)
    return sum(uri in there for uri in run.wanted)
