"""Whether finding what is due costs the same, however many recipes and credentials there are.

Ticks that each find 100 due, on crowds of 10,000 and 200,000, and with --million of 1,000,000:
refresh   count_due, then claim_due and the writing back of each; no HTTP and no sealing
sweep     tasks.sweep with as many ended runs, of which 1 in 100 waits for tomorrow
dispatch  dispatch.start_due: finds recipes, starts a run for each and reckons its next time
The crowds take turns, so that whatever else the machine does slows down all of them. The plans are
of the statements that these functions ran (EXPLAIN ANALYZE); "pages" is what they touched.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

import django

from benchmarks import table

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "spotsite.settings")
django.setup()

# After the applications are loaded: these have models.
from django.conf import settings  # noqa: E402

from accounts import leases, tokens  # noqa: E402
from benchmarks import crowd, plans  # noqa: E402
from benchmarks.crowd import Crowd  # noqa: E402
from benchmarks.plans import Explained  # noqa: E402
from playlists import dispatch, tasks  # noqa: E402
from playlists.models import Run  # noqa: E402
from spotsite.clock import Now  # noqa: E402

TARGET_RATIO = 1.3
SIZES, MILLION = (10_000, 200_000), 1_000_000
WARM_UP = 3
LINE = 150

Tick = Callable[[], int]
Times = dict[tuple[str, int], list[float]]


def main() -> None:
    given = options().parse_args()
    sizes = [*given.sizes, *([MILLION] if given.million else [])]
    minutes = WARM_UP + given.ticks + 1  # the last one is explained
    crowds = [crowd.gather(size, due=given.due, recipes_from=2 * minutes) for size in sizes]
    try:
        times, explained = measure(crowds, due=given.due, minutes=minutes)
    finally:
        for one in crowds:
            one.leave()
    report(crowds, times, explained, due=given.due, as_json=given.json)


def options() -> argparse.ArgumentParser:
    known = table.parser(__doc__ or "")
    known.add_argument("--million", action="store_true", help="also 1,000,000: minutes, 5 GB")
    known.add_argument("--sizes", type=int, nargs="*", default=SIZES, help="(10000 200000)")
    known.add_argument("--due", type=int, default=100, help="how many a tick finds (100)")
    known.add_argument("--ticks", type=int, default=15, help="how many are measured (15)")
    return known


def measure(
    crowds: Sequence[Crowd], *, due: int, minutes: int
) -> tuple[Times, dict[tuple[str, int], list[Explained]]]:
    times: Times = defaultdict(list)
    explained = {}
    for number, (name, tick) in enumerate(TICKS.items()):
        for minute in range(number * minutes, (number + 1) * minutes - 1):
            for one in crowds:
                one.visit()
                one.wait_for(minute)
                times[name, one.size].append(timed(tick, due))
        for one in crowds:
            one.visit()
            one.wait_for((number + 1) * minutes - 1)
            with plans.explaining() as statements:
                timed(tick, due)
            explained[name, one.size] = statements
    return times, explained


def timed(tick: Tick, due: int) -> float:
    """Return the milliseconds of a tick that finds exactly what is due."""
    began = time.perf_counter()
    found = tick()
    took = 1000 * (time.perf_counter() - began)
    assert found == due, f"{found} were found, {due} were due"
    return took


def refresh() -> int:
    """Do what a refresh does in Postgres, as if the provider had answered with the same token."""
    tokens.count_due(most=settings.BACKGROUND_SLOTS)
    found = 0
    while (lease := leases.claim_due()) is not None:
        row = lease.credential
        assert leases.store(
            lease,
            access_ct=row.access_ct,
            refresh_ct=row.refresh_ct,
            last_refreshed_at=Now(),
            next_refresh_at=Now() + timedelta(days=1),
        )
        found += 1
    return found


def sweep() -> int:
    tasks.sweep()
    return Run.objects.active().filter(nudged_at__gte=Now() - timedelta(seconds=10)).count()


def start_due() -> int:
    return len(dispatch.start_due())


TICKS: Mapping[str, Tick] = {"refresh": refresh, "sweep": sweep, "dispatch": start_due}


def report(
    crowds: Sequence[Crowd],
    times: Times,
    explained: Mapping[tuple[str, int], Sequence[Explained]],
    *,
    due: int,
    as_json: bool,
) -> None:
    medians = {key: statistics.median(some[WARM_UP:]) for key, some in times.items()}
    fewest = crowds[0].size
    rows: list[table.Row] = [
        {
            "tick": name,
            "rows": f"{size:,}" if not as_json else size,
            "median ms": median,
            "pages": sum(one.buffers for one in explained[name, size]),
            "times the fewest": median / medians[name, fewest],
        }
        for (name, size), median in medians.items()
    ]
    most = crowds[-1].size
    totals = {
        "due": due,
        "ticks": len(next(iter(times.values()))) - WARM_UP,
        **{f"{name}_ratio": medians[name, most] / medians[name, fewest] for name in TICKS},
        "ratio_target": TARGET_RATIO,
        **{f"fill_seconds_{one.size}": one.fill_seconds for one in crowds},
        "cores": os.cpu_count(),
    }
    found: list[dict[str, object]] = [
        {
            "tick": name,
            "rows": size,
            "statement": one.title,
            "finds by": ", ".join(one.scans),
            "pages": one.buffers,
            "ms": one.ms,
            "plan": one.plan,
        }
        for (name, size), statements in explained.items()
        for one in statements
    ]
    if as_json:
        table.show("Dispatch", rows, totals={**totals, "statements": found}, as_json=True)
        return
    table.show("Dispatch", rows, totals=totals, as_json=False)
    show_plans(explained, most)


def show_plans(explained: Mapping[tuple[str, int], Sequence[Explained]], most: int) -> None:
    """Print how each statement finds its rows in every crowd, and the plans in the largest."""
    rows: list[table.Row] = [
        {
            "tick": name,
            "rows": f"{size:,}",
            "statement": one.title,
            "finds by": ", ".join(one.scans),
            "pages": one.buffers,
            "ms": one.ms,
        }
        for (name, size), statements in explained.items()
        for one in statements
    ]
    table.show("Statements, one execution of each", rows, as_json=False)
    for (name, size), statements in explained.items():
        for one in statements if size == most else ():
            print(f"{name}, {size:,}: {one.title}")
            for line in one.plan:
                print(f"  {line[:LINE]}")


if __name__ == "__main__":
    main()
