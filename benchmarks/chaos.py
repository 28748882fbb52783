"""Does a run end right whatever happens? The real engine and rows, in virtual time, under faults.

First every crash point and every position of a late effect, in runs of at most six writes; then
random runs with up to six faults each; then a part of those without the settle wait, to show what
it is good for, and that wrong lists are seen. Ends with 1 where a list was wrong that should not.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from multiprocessing.pool import Pool
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "spotsite.settings")

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connections

from benchmarks import table

django.setup()

# After the applications are loaded: these have models.
from benchmarks.storm import cases, virtual  # noqa: E402
from benchmarks.storm.scenarios import SCENARIOS, Case  # noqa: E402
from benchmarks.storm.trial import Court, Verdict  # noqa: E402

RUNS = 5_000
CONTROL_SHARE = 5  # one random run in so many is made without the settle wait too
MOST_SHOWN = 20
CHUNK = 8

Judged = tuple[Case, Verdict]


@dataclass(slots=True)
class Tally:
    """What became of some runs."""

    runs: int = 0
    wrong: int = 0
    done: int = 0
    dates_lost: int = 0
    calls: int = 0
    seconds: float = 0.0
    not_done: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, judged: Iterable[Judged]) -> Tally:
        began = time.monotonic()
        tally = cls()
        for case, verdict in judged:
            tally.add(case, verdict)
        tally.seconds = time.monotonic() - began
        return tally

    def add(self, case: Case, verdict: Verdict) -> None:
        self.runs += 1
        self.wrong += bool(verdict.wrong)
        self.done += verdict.is_done
        self.dates_lost += verdict.dates_lost
        self.calls += verdict.calls
        if not verdict.is_done:
            self.not_done[verdict.end] += 1
        trouble = verdict.wrong or ("" if verdict.is_done else verdict.end)
        if not trouble and verdict.dates_lost:
            trouble = f"{verdict.dates_lost} dates lost"
        if trouble and len(self.examples) < MOST_SHOWN:
            self.examples.append(f"{case}: {trouble}")

    def as_row(self, part: str) -> table.Row:
        return {
            "part": part,
            "runs": self.runs,
            "wrong": self.wrong,
            "done": self.done,
            "dates lost": self.dates_lost,
            "calls a run": self.calls / max(1, self.runs),
            "seconds": self.seconds,
        }

    def as_json(self) -> dict[str, Any]:
        return {
            "runs": self.runs,
            "wrong": self.wrong,
            "done": self.done,
            "not_done": dict(self.not_done),
            "dates_lost": self.dates_lost,
            "calls_a_run": round(self.calls / max(1, self.runs), 2),
            "seconds": round(self.seconds, 1),
            "examples": self.examples,
        }


def main() -> int:
    given = _options()
    began = time.monotonic()
    call_command("migrate", verbosity=0)
    virtual.prepare()
    connections.close_all()
    wait = 0.0 if given.no_settle else settings.SETTLE_SECONDS
    with workers(given.processes, settle_seconds=wait) as pool:
        tallies = {"exhaustive": Tally.of(every_place(pool, given.only, every=given.every))}
        tallies["random"] = Tally.of(at_random(pool, given.seed, given.runs))
    if not given.no_settle:
        with workers(given.processes, settle_seconds=0.0) as pool:
            control = at_random(pool, given.seed, given.runs // CONTROL_SHARE)
            tallies["no_settle"] = Tally.of(control)
    figures = {"settle_seconds": wait, "seed": given.seed, "seconds": time.monotonic() - began}
    _show(tallies, figures, as_json=given.json)
    sound = (tallies["exhaustive"], tallies["random"])
    failed = any(one.wrong or one.not_done for one in sound)
    return int(failed and not given.no_settle)


def _options() -> argparse.Namespace:
    options = table.parser(__doc__ or "")
    options.add_argument("--runs", type=int, default=RUNS, help=f"random runs ({RUNS})")
    options.add_argument("--seed", type=int, default=1, help="of the random runs (1)")
    options.add_argument(
        "--only",
        action="append",
        choices=[one.name for one in SCENARIOS],
        metavar="SCENARIO",
        help="one of the first part, by name; may be given again (all)",
    )
    options.add_argument(
        "--every", type=int, default=1, help="make one of so many cases of the first part (1)"
    )
    options.add_argument("--no-settle", action="store_true", help="never wait for late effects")
    options.add_argument("--processes", type=int, default=2 * (os.cpu_count() or 1))
    return options.parse_args()


def _show(tallies: Mapping[str, Tally], figures: Mapping[str, Any], *, as_json: bool) -> None:
    rows = [tally.as_row(part.replace("_", " ")) for part, tally in tallies.items()]
    if as_json:
        parts = {part: tally.as_json() for part, tally in tallies.items()}
        table.show("chaos", rows, totals={**parts, **figures}, as_json=True)
        return
    table.show("Runs under faults, in virtual time", rows, totals=figures, as_json=False)
    for part, tally in tallies.items():
        for example in tally.examples:
            print(f"  {part.replace('_', ' ')}, {example}")


def every_place(pool: Pool, names: list[str] | None = None, *, every: int = 1) -> Iterator[Judged]:
    """Have each scenario made in peace, to learn where a fault can be; then with each fault."""
    chosen = [one for one in SCENARIOS if names is None or one.name in names]
    peaceful = pool.map(_judge, map(Case, chosen), chunksize=1)
    yield from peaceful
    found = [case for case, peace in peaceful for case in cases.everything(case.scenario, peace)]
    yield from pool.imap_unordered(_judge, found[::every], chunksize=CHUNK)


def at_random(pool: Pool, seed: int, runs: int) -> Iterator[Judged]:
    places = ((seed, number) for number in range(runs))
    return pool.imap_unordered(_judge_random, places, chunksize=CHUNK)


# In each of the processes -------------------------------------------------------------------------

_contexts = ExitStack()  # open until the process ends
_court: Court


def workers(processes: int, *, settle_seconds: float) -> Pool:
    context = multiprocessing.get_context("fork")
    numbers = context.SimpleQueue()
    for number in range(processes):
        numbers.put(number)
    return context.Pool(processes, _begin, (numbers, settle_seconds))


def _begin(numbers: Any, settle_seconds: float) -> None:
    gc.freeze()
    gc.set_threshold(50_000)
    global _court  # noqa: PLW0603 -- a pool's processes keep what they have in globals
    settings.SETTLE_SECONDS = settle_seconds
    _contexts.enter_context(virtual.session())
    _court = Court(numbers.get())


def _judge(case: Case) -> Judged:
    return case, _court.judge(case)


def _judge_random(place: tuple[int, int]) -> Judged:
    return _judge(cases.at_random(*place))


if __name__ == "__main__":
    sys.exit(main())
