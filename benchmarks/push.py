"""What a push costs in calls and seconds, beside a plain replacer.

The engine is the site's own, the simulator answers over HTTP as a process of its own, and every
call to it takes a while longer than it would here. The replacer is told the whole list, puts the
first 100 and adds the rest: it reads nothing, checks nothing, and every date is new. No limit of
calls a second is in the way. A mirror's source is not read here: the figures are the target's part.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "spotsite.settings")

import django
from django.conf import settings
from django.core.management import call_command

from benchmarks import table
from simulator.control_client import Control

django.setup()

# After the applications are loaded: these have models.
from playlists import limiter  # noqa: E402
from playlists.connection import Connection  # noqa: E402
from playlists.models import Run  # noqa: E402
from tests.playlists.cast import Member, tracks, worked  # noqa: E402

LONG_AGO = "2020-02-02T02:02:02Z"
UNLIMITED = 10**6
BATCH = 100


@dataclass(frozen=True, slots=True)
class Scenario:
    """A playlist as it is, and what is to be in it."""

    name: str  # stable, for programs
    title: str
    current: Sequence[str]
    wanted: Sequence[str]
    mode: str = Run.Mode.REPLACE
    is_managed: bool = False  # an earlier run has put the current list there


@dataclass(frozen=True, slots=True)
class Cost:
    """What was spent on one scenario, and what became of the dates."""

    reads: int
    writes: int
    seconds: float
    dates_kept: int

    @property
    def calls(self) -> int:
        return self.reads + self.writes


def main() -> None:
    options = table.parser(__doc__ or "")
    options.add_argument("--latency", type=int, default=50, help="ms that each call takes (50)")
    options.add_argument("--scale", type=float, default=1.0, help="lengths times this (1)")
    given = options.parse_args()
    call_command("migrate", verbosity=0)
    lift_limits()
    with Control(settings.SPOTIFY_ACCOUNTS_URL) as sim:
        sim.reset("empty")
        member = Member.joins(sim, "ada")
        sim.switch(latency_ms=given.latency)
        costs = [(one, measure(member, one)) for one in scenarios(given.scale)]
    title = f"Push, {given.latency} ms a call"
    totals: dict[str, Any] = {
        "latency_ms": given.latency,
        "scale": given.scale,
        "limiter": "lifted",
        "mirror": "the target's part",
    }
    if given.json:
        totals["scenarios"] = {one.name: figures(one, cost) for one, cost in costs}
    table.show(title, rows(costs), totals=totals, as_json=given.json)


def lift_limits() -> None:
    settings.SPOTIFY_CALLS_PER_SECOND = settings.SPOTIFY_BURST = UNLIMITED
    limiter.start(UNLIMITED)


def scenarios(scale: float) -> list[Scenario]:
    def some(count: int, *, start: int = 0) -> list[str]:
        return tracks(max(10, round(count * scale)), start=start)

    found = []
    for count, there in ((30, 1_000), (100, 1_000), (1_000, 1_000), (10_000, 0)):
        old, new = some(there) if there else [], some(count, start=20_000)
        title = f"append {len(new):,} to {len(old):,}"
        found.append(Scenario(f"append_{count}", title, old, new, Run.Mode.APPEND))
    likes, short = some(3_000), some(500)
    mirror = f"mirror {len(likes):,}"
    five_new = [*tracks(5, start=40_000), *likes]
    shuffled = random.Random(1).sample(short, len(short))
    return [
        *found,
        Scenario("mirror_unchanged", f"{mirror}, unchanged", likes, likes, is_managed=True),
        Scenario("mirror_5_new", f"{mirror}, 5 new on top", likes, five_new, is_managed=True),
        Scenario("shuffle_500", f"shuffle {len(short):,}", short, shuffled, is_managed=True),
    ]


def measure(member: Member, scenario: Scenario) -> dict[str, Cost]:
    return {"engine": engine(member, scenario), "replacer": replacer(member, scenario)}


def engine(member: Member, scenario: Scenario) -> Cost:
    """Have the site's own run do it."""
    playlist_id = stock(member, scenario)
    if scenario.is_managed:
        finish(member.wants(scenario.current, playlist_id))
    run = member.wants(scenario.wanted, playlist_id, scenario.mode)
    return cost(member, scenario, playlist_id, lambda: finish(run))


def replacer(member: Member, scenario: Scenario) -> Cost:
    """Put the first 100 and add the rest."""
    playlist_id = stock(member, scenario)
    spotify = Connection(member.credential).client
    goal = outcome(scenario)

    def replace() -> None:
        spotify.replace(playlist_id, goal[:BATCH])
        for start in range(BATCH, len(goal), BATCH):
            spotify.add(playlist_id, goal[start : start + BATCH], position=start)

    return cost(member, scenario, playlist_id, replace)


def stock(member: Member, scenario: Scenario) -> str:
    """Make the playlist as it is, with dates that are not of today."""
    items = [{"uri": uri, "added_at": LONG_AGO} for uri in scenario.current]
    return member.spotify.add_playlist(member.name, name="Mine", items=items)


def outcome(scenario: Scenario) -> list[str]:
    kept = scenario.current if scenario.mode == Run.Mode.APPEND else ()
    return [*kept, *scenario.wanted]


def finish(run: Run) -> None:
    run = worked(run)
    assert run.state == Run.State.DONE, (run.state, run.sentence)


def cost(member: Member, scenario: Scenario, playlist_id: str, work: Callable[[], None]) -> Cost:
    """Do it; count in the simulator what reached it, and see there that it is right."""
    sim = member.spotify
    sim.clear_log()
    began = time.perf_counter()
    work()
    seconds = time.perf_counter() - began
    counts = Counter[str]()
    for call, count in sim.counts().items():
        counts["reads" if call.startswith("GET ") else "writes"] += count
    after = sim.playlist(playlist_id)
    assert after["uris"] == outcome(scenario)
    kept = sum(item["added_at"] == LONG_AGO for item in after["items"])
    return Cost(counts["reads"], counts["writes"], seconds, kept)


def keepable(scenario: Scenario) -> int:
    return (Counter(scenario.current) & Counter(outcome(scenario))).total()


def rows(costs: Sequence[tuple[Scenario, dict[str, Cost]]]) -> list[table.Row]:
    return [
        {
            "scenario": scenario.title,
            "by": who,
            "calls": one.calls,
            "reads": one.reads,
            "writes": one.writes,
            "seconds": one.seconds,
            "dates kept": one.dates_kept,
            "of": keepable(scenario),
        }
        for scenario, found in costs
        for who, one in found.items()
    ]


def figures(scenario: Scenario, found: dict[str, Cost]) -> dict[str, Any]:
    return {
        who: {
            "calls": one.calls,
            "reads": one.reads,
            "writes": one.writes,
            "seconds": one.seconds,
            "dates_kept": one.dates_kept,
            "dates_keepable": keepable(scenario),
        }
        for who, one in found.items()
    }


if __name__ == "__main__":
    main()
