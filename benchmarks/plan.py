"""Plans for real edits of playlists, and for made-up ones of up to 10,000 items.

Each plan is followed call by call, by code that knows nothing of the planner. The policies stand
beside plain replacement, which keeps no date.
"""

from __future__ import annotations

import argparse
import gzip
import json
import multiprocessing
import os
import random
import resource
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks import follower, table
from playlists import plan as planner
from playlists.plan import Budget, Cheapest, Plan, Policy, Strict
from playlists.planning.ceilings import Ceiling
from playlists.planning.edits import as_list

DEFAULT_FILE = Path(__file__).parents[2] / "shared" / "playlist-histories" / "histories.jsonl.gz"
BUDGETS = (0, 2, 5, 10)
POLICIES: dict[str, Policy] = {
    "strict": Strict(),
    **{f"budget+{extra}": Budget(extra) for extra in BUDGETS},
    "cheapest": Cheapest(),
}
Lists = tuple[list[str], list[str]]
Task = tuple[str, list[list[str]], bool]


def main() -> None:
    options = table.parser(__doc__ or "")
    options.add_argument("file", nargs="?", type=Path, default=DEFAULT_FILE, help="histories")
    options.add_argument("--plans", type=Path, help="write the default policy's plans here")
    options.add_argument("--random", type=int, metavar="N", help="check N random pairs instead")
    options.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    given = options.parse_args()
    if given.random:
        check_random(given)
        return
    began = time.perf_counter()
    rows, figures = histories(given)
    scenes, ratios = scenarios()
    figures["scenarios"] = {"rows": scenes, **ratios}
    copies = full_of_copies()
    figures["copies"] = {"rows": copies}
    figures["seconds"] = time.perf_counter() - began
    figures["cpu_seconds"] = sum(
        used.ru_utime + used.ru_stime
        for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )
    figures["peak_mb"] = max(
        resource.getrusage(who).ru_maxrss / 1024
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    if given.json:
        table.show("plan", rows, totals=figures, as_json=True)
        return
    shown = ("pairs", "keepable", "lower_bound")
    table.show("Plans for real edits", rows, totals={n: figures[n] for n in shown}, as_json=False)
    totals = ratios | {name: figures[name] for name in ("seconds", "cpu_seconds", "peak_mb")}
    table.show("Scenarios", scenes, totals=totals, as_json=False)
    table.show("Lists full of copies", copies, as_json=False)


# Real edits


def histories(given: argparse.Namespace) -> tuple[list[table.Row], dict[str, Any]]:
    sums: dict[str, Counter[str]] = {}
    slowest: Counter[str] = Counter()
    lines: list[str] = []
    with multiprocessing.get_context("fork").Pool(given.processes) as pool:
        for tallies, written in pool.imap(measure_playlist, playlists(given), chunksize=1):
            lines += written
            for name, tally in tallies.items():
                slowest[name] = max(slowest[name], tally.pop("ns"))
                sums.setdefault(name, Counter()).update(tally)
    if given.plans:
        with gzip.open(given.plans, "wt", encoding="utf-8") as out:
            out.writelines(f"{line}\n" for line in lines)
    bound = sums.pop("bound")
    rows = [row(name, tally, slowest[name] / 1e6, bound) for name, tally in sums.items()]
    return rows, named_figures(rows, bound)


def playlists(given: argparse.Namespace) -> Iterator[Task]:
    with gzip.open(given.file, "rt", encoding="utf-8") as lines:
        for line in lines:
            one = json.loads(line)
            uris = [f"spotify:track:{track}" for track in one["tracks"]]
            versions = [[uris[index] for index in each["order"]] for each in one["versions"]]
            yield one["playlist"], versions, given.plans is not None


def measure_playlist(task: Task) -> tuple[dict[str, Counter[str]], list[str]]:
    name, versions, write = task
    tallies: dict[str, Counter[str]] = {}
    lines: list[str] = []
    for number, (current, wanted) in enumerate(pairwise(versions)):
        for policy_name, policy in POLICIES.items():
            tally = tallies.setdefault(policy_name, Counter())
            found = measure(current, wanted, policy, tally)
            if write and policy == planner.DEFAULT:
                edits = [as_list(edit) for edit in found.edits]
                line = {"playlist": name, "from": number, "to": number + 1, "edits": edits}
                lines.append(json.dumps(line))
        tallies.setdefault("replacing", Counter()).update(replacing(current, wanted))
        tallies.setdefault("bound", Counter()).update(bounds(current, wanted))
    return tallies, lines


def measure(current: list[str], wanted: list[str], policy: Policy, tally: Counter[str]) -> Plan:
    # What else the machine does must not count.
    began = time.process_time_ns()
    found = planner.plan(current, wanted, policy)
    tally["ns"] = max(tally["ns"], time.process_time_ns() - began)
    items = follower.check(current, wanted, found)
    kept = sum(item.was is not None for item in items)
    tally.update(edits=1, exact=1, calls=found.calls, kept=kept)
    return found


def replacing(current: list[str], wanted: list[str]) -> dict[str, int]:
    calls = planner.replace_price(wanted) if current != wanted else 0
    kept = len(current) if current == wanted else 0
    return {"ns": 0, "edits": 1, "exact": 1, "calls": calls, "kept": kept}


def bounds(current: list[str], wanted: list[str]) -> dict[str, int]:
    found = {
        "ns": 0,
        "pairs": 1,
        "keepable": planner.keepable(current, wanted),
        "strict": planner.least_calls(current, wanted),
    }
    ceiling = Ceiling(current, wanted)
    for extra in BUDGETS:
        calls = planner.allowance(current, wanted, extra)
        found[f"budget+{extra}"] = ceiling.most_kept(calls)
    return found


def row(name: str, tally: Counter[str], slowest: float, bound: Counter[str]) -> table.Row:
    most = bound.get(name, 0) if name.startswith("budget") else bound["keepable"]
    return {
        "policy": name,
        "edits": tally["edits"],
        "exact": tally["exact"],
        "calls": tally["calls"],
        "calls/LB": tally["calls"] / bound["strict"],
        "kept %": 100 * tally["kept"] / bound["keepable"],
        "bound %": 100 * most / bound["keepable"],
        "% of bound": 100 * tally["kept"] / most,
        "slowest ms": slowest,
    }


def named_figures(rows: Sequence[table.Row], bound: Counter[str]) -> dict[str, Any]:
    def part(one: table.Row) -> dict[str, Any]:
        return {
            "edits": one["edits"],
            "exact": one["exact"],
            "calls": one["calls"],
            "slowest_ms": one["slowest ms"],
        }

    by_name = {str(one["policy"]): one for one in rows}
    budgets = {str(extra): by_name[f"budget+{extra}"] for extra in BUDGETS}
    shares = {
        key: {extra: float(one[column]) / 100 for extra, one in budgets.items()}
        for key, column in (
            ("kept_share", "kept %"),
            ("upper_bound", "bound %"),
            ("share_of_bound", "% of bound"),
        )
    }
    default = part(budgets["5"])
    default["slowest_ms"] = max(float(one["slowest ms"]) for one in budgets.values())
    calls_of = {extra: one["calls"] for extra, one in budgets.items()}
    strict = by_name["strict"]
    bounded = {"lower_bound": bound["strict"], "calls_over_lower_bound": strict["calls/LB"]}
    others = {
        name: {**part(by_name[name]), "kept_share": float(by_name[name]["kept %"]) / 100}
        for name in ("cheapest", "replacing")
    }
    return {
        "pairs": bound["pairs"],
        "keepable": bound["keepable"],
        "lower_bound": bound["strict"],
        "policies": {
            "strict": {**part(strict), **bounded, "kept_share": float(strict["kept %"]) / 100},
            "budget": {**default, "calls_at": calls_of, **shares},
            **others,
        },
    }


# Made-up edits


def scenarios() -> tuple[list[table.Row], dict[str, Any]]:
    rows: list[table.Row] = []
    ratios: dict[str, list[float]] = defaultdict(list)
    for name, make in SCENARIOS.items():
        for size in (100, 500, 2000, 10_000):
            runs = [scenario(make, size, seed) for seed in range(1 if size == 10_000 else 5)]
            calls, bound = (sum(run[at] for run in runs) / len(runs) for at in (0, 1))
            ratio = calls / bound if bound else 1.0
            ratios["scenarios" if make is not shuffled else f"shuffle {size}"].append(ratio)
            rows.append(
                {
                    "scenario": name,
                    "items": size,
                    "calls": calls,
                    "lower bound": bound,
                    "calls/LB": ratio,
                    "slowest ms": max(run[2] for run in runs),
                }
            )
    means = {f"mean calls/LB, {name}": sum(each) / len(each) for name, each in ratios.items()}
    return rows, means


def scenario(
    make: Callable[[list[str], random.Random], list[str]], size: int, seed: int
) -> tuple[float, float, float]:
    rng = random.Random(f"{seed} {size}")
    current = [f"spotify:track:{number}" for number in range(size)]
    if make is one_copy_more:
        current.insert(rng.randrange(size), current[rng.randrange(size)])
    wanted = make(current, rng)
    tally: Counter[str] = Counter()
    found = measure(current, wanted, Strict(), tally)
    for policy in (planner.DEFAULT, Cheapest()):
        measure(current, wanted, policy, tally)
    return found.calls, planner.least_calls(current, wanted), tally["ns"] / 1e6


def unchanged(current: list[str], rng: random.Random) -> list[str]:
    return list(current)


def appended(current: list[str], rng: random.Random) -> list[str]:
    return [*current, *(f"spotify:track:new{n}" for n in range(30))]


def rolled(current: list[str], rng: random.Random) -> list[str]:
    return [*(f"spotify:track:new{n}" for n in range(30)), *current[:-30]]


def scattered(current: list[str], rng: random.Random) -> list[str]:
    wanted = list(current)
    for _ in range(5):
        del wanted[rng.randrange(len(wanted))]
    for number in range(5):
        wanted.insert(rng.randrange(len(wanted)), f"spotify:track:new{number}")
    for _ in range(3):
        track = wanted.pop(rng.randrange(len(wanted)))
        wanted.insert(rng.randrange(len(wanted)), track)
    return wanted


def blocks(current: list[str], rng: random.Random) -> list[str]:
    wanted = list(current)
    for _ in range(10):
        start = rng.randrange(len(wanted) - 5)
        block = wanted[start : start + 5]
        del wanted[start : start + 5]
        place = rng.randrange(len(wanted) + 1)
        wanted[place:place] = block
    return wanted


def one_copy_more(current: list[str], rng: random.Random) -> list[str]:
    return list(dict.fromkeys(current))


def shuffled(current: list[str], rng: random.Random) -> list[str]:
    return rng.sample(current, len(current))


SCENARIOS = {
    "unchanged": unchanged,
    "append 30": appended,
    "prepend 30, drop 30": rolled,
    "5 out, 5 in, 3 moved": scattered,
    "10 blocks of 5 moved": blocks,
    "one copy too many": one_copy_more,
    "full shuffle": shuffled,
}


# Lists full of copies


def full_of_copies() -> list[table.Row]:
    """Plan for few tracks with many copies; what is out of reach is counted, not measured."""
    rows: list[table.Row] = []
    for size, pairs in ((500, 20), (2000, 20), (10_000, 10)):
        for name in ("strict", "budget+5", "cheapest"):
            tally: Counter[str] = Counter()
            for seed in range(pairs):
                current, wanted = follower.full_of_copies(random.Random(f"{seed} {size}"), size)
                try:
                    measure(current, wanted, POLICIES[name], tally)
                except planner.Unreachable:
                    assert follower.is_out_of_reach(current, wanted)
                    tally["unreachable"] += 1
                else:
                    tally["keepable"] += planner.keepable(current, wanted)
            rows.append(
                {
                    "policy": name,
                    "items": size,
                    "exact": tally["exact"],
                    "out of reach": tally["unreachable"],
                    "calls": tally["calls"],
                    "kept %": 100 * tally["kept"] / tally["keepable"],
                    "slowest ms": tally["ns"] / 1e6,
                }
            )
    return rows


# Random pairs


def check_random(given: argparse.Namespace) -> None:
    began = time.perf_counter()
    share = -(-given.random // 100)
    with multiprocessing.get_context("fork").Pool(given.processes) as pool:
        results = pool.starmap(random_share, [(seed, share) for seed in range(100)], chunksize=1)
    total: Counter[str] = sum(results, Counter())
    totals = {"seconds": time.perf_counter() - began}
    table.show("Random pairs", [dict(total)], totals=totals, as_json=given.json)


def random_share(seed: int, count: int) -> Counter[str]:
    rng = random.Random(seed)
    tally: Counter[str] = Counter(pairs=0, exact=0, unreachable=0)
    for _ in range(count):
        current, wanted = random_lists(rng)
        policies: list[Policy] = [Strict(), Budget(rng.randrange(8)), Cheapest()]
        policy = rng.choice(policies)
        tally["pairs"] += 1
        try:
            found = planner.plan(current, wanted, policy)
        except planner.Unreachable:
            assert follower.is_out_of_reach(current, wanted)
            tally["unreachable"] += 1
            continue
        follower.check(current, wanted, found)
        tally["exact"] += 1
    return tally


def random_lists(rng: random.Random) -> tuple[list[str], list[str]]:
    """Return lists full of copies in one of ten cases."""
    if rng.random() < 0.1:
        return follower.full_of_copies(rng, rng.choice([150, 250, 400]))
    return follower.random_pair(rng)


if __name__ == "__main__":
    main()
