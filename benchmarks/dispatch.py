"""Whether finding what is due costs the same, however many recipes and credentials there are.

Each tick finds 100 due, in crowds of 10,000 and 200,000, and with --million of 1,000,000. Refresh:
count_due, then claim_due and the writing back of each, without HTTP and sealing. Sweep: the task,
beside as many ended runs, and 1 in 100 that waits for tomorrow. Dispatch: start_due, which finds
recipes, starts a run for each and reckons its next time. The crowds take turns, so that whatever
else the machine does slows down all of them. The plans are of the statements that these functions
ran (EXPLAIN ANALYZE), "pages" is what one execution of each touched.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

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

Times = dict[tuple[str, int], list[float]]
Plans = Mapping[tuple[str, int], Sequence[Explained]]


@dataclass(frozen=True, slots=True)
class Tick:
    """What beat starts, and how many it has found, asked when its time has been taken."""

    work: Callable[[], Any]
    found: Callable[[Any], int]

    def run(self) -> tuple[float, int]:
        began = time.perf_counter()
        result = self.work()
        took = time.perf_counter() - began
        return 1000 * took, self.found(result)

    def explain(self) -> list[Explained]:
        with plans.explaining() as statements:
            self.work()
        return statements


def main() -> None:
    given = options().parse_args()
    sizes = [*given.sizes, *([MILLION] if given.million else [])]
    minutes = WARM_UP + given.ticks + 1  # the last one is explained
    crowds = []
    for size in sizes:
        print(f"Filling a crowd of {size:,} ...", file=sys.stderr, flush=True)
        crowds.append(crowd.gather(size, due=given.due, recipes_from=2 * minutes))
    try:
        times, explained = measure(crowds, due=given.due, minutes=minutes)
    finally:
        for one in crowds:
            one.leave()
    report(crowds, times, explained, due=given.due, as_json=given.json)


def options() -> argparse.ArgumentParser:
    known = table.parser(__doc__ or "")
    known.add_argument(
        "--million", action="store_true", help="also 1,000,000: minutes, 4 GB of disk"
    )
    known.add_argument("--sizes", type=int, nargs="*", default=SIZES, help="(10000 200000)")
    known.add_argument("--due", type=int, default=100, help="how many a tick finds (100)")
    known.add_argument("--ticks", type=int, default=15, help="how many are measured (15)")
    return known


def measure(crowds: Sequence[Crowd], *, due: int, minutes: int) -> tuple[Times, Plans]:
    times: Times = defaultdict(list)
    explained = {}
    for number, (name, tick) in enumerate(TICKS.items()):
        for minute in range(number * minutes, (number + 1) * minutes - 1):
            for one in crowds:
                one.visit()
                one.wait_for(minute)
                took, found = tick.run()
                assert found == due, f"{name} found {found} of {due}"
                times[name, one.size].append(took)
        for one in crowds:
            one.visit()
            one.wait_for((number + 1) * minutes - 1)
            explained[name, one.size] = tick.explain()
    return times, explained


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


def nudged(_: None) -> int:
    lately = Now() - timedelta(seconds=10)
    return Run.objects.due().filter(nudged_at__gte=lately).count()


TICKS: Mapping[str, Tick] = {
    "refresh": Tick(refresh, int),
    "sweep": Tick(tasks.sweep, nudged),
    "dispatch": Tick(dispatch.start_due, lambda tick: len(tick.started)),
}


def report(
    crowds: Sequence[Crowd], times: Times, explained: Plans, *, due: int, as_json: bool
) -> None:
    medians = {key: statistics.median(some[WARM_UP:]) for key, some in times.items()}
    fewest, most = crowds[0].size, crowds[-1].size
    rows: list[table.Row] = [
        {
            "tick": name,
            "rows": size,
            "median ms": median,
            "pages": sum(one.buffers for one in explained[name, size]),
            "times the fewest": median / medians[name, fewest],
        }
        for (name, size), median in medians.items()
    ]
    totals: dict[str, Any] = {
        "due": due,
        "ticks": len(next(iter(times.values()))) - WARM_UP,
        **{f"{name}_ratio": medians[name, most] / medians[name, fewest] for name in TICKS},
        "ratio_target": TARGET_RATIO,
        **{f"fill_seconds_{one.size}": one.fill_seconds for one in crowds},
        "cores": os.cpu_count(),
    }
    if as_json:
        plans_too = [
            {**row, "plan": one.plan} for row, one in zip(*statements(explained), strict=True)
        ]
        table.show("Dispatch", rows, totals={**totals, "statements": plans_too}, as_json=True)
        return
    table.show("Dispatch", rows, totals=totals, as_json=False)
    table.show("Its statements, one execution of each", statements(explained)[0], as_json=False)
    show_plans(explained, most)


def statements(explained: Plans) -> tuple[list[table.Row], list[Explained]]:
    """Return how each statement finds its rows, and beside it the statement."""
    found = [(name, size, one) for (name, size), some in explained.items() for one in some]
    rows: list[table.Row] = [
        {
            "tick": name,
            "rows": size,
            "statement": one.title,
            "pages": one.buffers,
            "ms": one.ms,
            "finds by": ", ".join(one.scans),
        }
        for name, size, one in found
    ]
    return rows, [one for _, _, one in found]


def show_plans(explained: Plans, size: int) -> None:
    """Print the plans of one crowd, their long lines cut."""
    for name in TICKS:
        for one in explained[name, size]:
            print(f"{name}, {size:,}: {one.title}")
            for line in one.plan:
                print(f"  {line[:LINE]}")


if __name__ == "__main__":
    main()
