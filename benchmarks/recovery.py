"""What an outage costs: 20 people's pushes at once, and what they need is taken away under them.

Worker, beat, Postgres, Valkey and the simulator are processes of their own. Times count from the
kill of the worker, whose successor is started at once, or from the moment at which the wiped Valkey
or Postgres answers again. *Held* are the runs that the worker was at when it happened, some of them
in the middle of a write; the others wait for their turn. Nobody lends a hand: a run that is not
done at the end is counted as such.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "spotsite.settings")

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from benchmarks import table
from runner import control
from simulator.control_client import Control

django.setup()

# After the applications are loaded: these have models.
from playlists import tasks  # noqa: E402
from playlists.models import LEASE, Run  # noqa: E402
from tests.playlists.cast import ENDED, Member, tracks  # noqa: E402
from tests.processes import Beat, Worker, wait_for  # noqa: E402

AWAY_SECONDS = 3.0
HAS, WANTS = 300, 400  # tracks that a playlist has, and that it is to have
PATIENCE_SECONDS = 240.0
LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Push:
    """A run and the list that has to be there at the end."""

    run: Run
    goal: list[str]


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a run is."""

    state: str
    steps: int  # calls that Spotify confirmed
    takings: int  # times that a worker took it up
    is_held: bool
    is_writing: bool  # a call is under way whose outcome nobody will know

    @property
    def is_over(self) -> bool:
        return self.state in ENDED


Standings = dict[int, Standing]
Look = Callable[[], Standings]


@dataclass(slots=True)
class Recovery:
    """How the runs stood at the fault, and the seconds after which something happened to each."""

    before: Standings
    began: float
    taken: dict[int, float] = field(default_factory=dict)
    stepped: dict[int, float] = field(default_factory=dict)
    over: dict[int, float] = field(default_factory=dict)

    @property
    def held(self) -> set[int]:
        return {pk for pk, one in self.before.items() if one.is_held}

    @property
    def waiting(self) -> set[int]:
        return {pk for pk, one in self.before.items() if not one.is_held and not one.is_over}

    @property
    def is_over(self) -> bool:
        return len(self.over) == len(self.before)

    def note(self, now: Standings) -> None:
        seconds = time.monotonic() - self.began
        for pk, one in now.items():
            was = self.before[pk]
            if one.takings > was.takings:
                self.taken.setdefault(pk, seconds)
            if one.steps > was.steps or one.is_over:
                self.stepped.setdefault(pk, seconds)
            if one.is_over:
                self.over.setdefault(pk, seconds)


class Site:
    """The worker and beat, and whoever has what they need taken away."""

    def __init__(self, *, settle: int) -> None:
        self.extra = {"SETTLE_SECONDS": str(settle)}
        self.worker = Worker(**self.extra)
        self.beat = Beat(**self.extra)

    def __enter__(self) -> Site:
        self.beat.start()
        self.worker.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.worker.kill()
        self.beat.kill()

    def in_peace(self, look: Look) -> Recovery:
        return Recovery(look(), time.monotonic())

    def worker_killed(self, look: Look) -> Recovery:
        self.worker.kill()
        recovery = Recovery(look(), time.monotonic())
        self.worker = Worker(**self.extra).start()
        return recovery

    def valkey_wiped(self, look: Look) -> Recovery:
        with away("kill", "valkey"):
            time.sleep(AWAY_SECONDS)
        return Recovery(look(), time.monotonic())

    def postgres_restarted(self, look: Look) -> Recovery:
        return without_postgres("stop", look)

    def postgres_killed(self, look: Look) -> Recovery:
        return without_postgres("kill", look)


FAULTS: dict[str, Callable[[Site, Look], Recovery]] = {
    "peace": Site.in_peace,
    "worker_killed": Site.worker_killed,
    "valkey_wiped": Site.valkey_wiped,
    "postgres_restarted": Site.postgres_restarted,
    "postgres_killed": Site.postgres_killed,
}


def without_postgres(how: str, look: Look) -> Recovery:
    before = look()
    connection.close()
    with away(how, "postgres"):
        time.sleep(AWAY_SECONDS)
    return Recovery(before, time.monotonic())


@contextlib.contextmanager
def away(how: str, name: str) -> Iterator[None]:
    """Take a server away; it answers again at the end."""
    control.ask(how, name)
    try:
        yield
    finally:
        control.ask("start", name)


def main() -> None:
    options = table.parser(__doc__ or "")
    options.add_argument("--people", type=int, default=20, help="how many push at once (20)")
    options.add_argument("--latency", type=int, default=100, help="ms that a call takes (100)")
    options.add_argument("--faults", nargs="+", choices=FAULTS, default=list(FAULTS))
    options.add_argument(
        "--settle",
        type=int,
        default=settings.SETTLE_SECONDS,
        help=f"how long a call of unknown outcome is waited for ({settings.SETTLE_SECONDS} s)",
    )
    given = options.parse_args()
    call_command("migrate", verbosity=0)
    found = {}
    with Control(settings.SPOTIFY_ACCOUNTS_URL) as sim, Site(settle=given.settle) as site:
        sim.reset("empty")
        sim.switch(allow_list_size=given.people * len(given.faults))
        for name in given.faults:
            pushes = prepare(sim, name, people=given.people)
            sim.switch(latency_ms=given.latency)
            found[name] = measure(site, sim, name, pushes)
    totals: dict[str, Any] = {
        "latency_ms": given.latency,
        "settle_seconds": given.settle,
        "lease_seconds": LEASE.total_seconds(),
        "away_seconds": AWAY_SECONDS,
        "cores": os.cpu_count(),
    }
    if given.json:
        totals["faults"] = found
    rows = [{"fault": name, **shown(figures)} for name, figures in found.items()]
    table.show(f"Recovery of {given.people} pushes", rows, totals=totals, as_json=given.json)


def measure(site: Site, sim: Control, fault: str, pushes: list[Push]) -> dict[str, Any]:
    """Have people push, take something away under them, and wait until all is over."""
    keys = [push.run.pk for push in pushes]

    def look() -> Standings:
        return standings(keys)

    for push in pushes:
        tasks.nudge_on_commit(push.run)
    wait_for(lambda: is_busy(look()), seconds=60, what="the pushes to be under way")
    recovery = FAULTS[fault](site, look)
    while not recovery.is_over and time.monotonic() - recovery.began < PATIENCE_SECONDS:
        recovery.note(look())
        time.sleep(LOOK_SECONDS)
    lives = {"worker_lives": site.worker.is_alive, "beat_lives": site.beat.is_alive}
    return {**times(recovery), **outcome(sim, pushes), **lives}


def prepare(sim: Control, fault: str, *, people: int) -> list[Push]:
    """Give each person a playlist and a run, one half that add and one that replace."""
    sim.switch(latency_ms=0)
    pushes = []
    for number in range(people):
        member = Member.joins(sim, f"{fault}-{number}")
        start = 1_000 * number
        old = tracks(HAS, start=start)
        new = tracks(WANTS, start=start + HAS // 2)
        mode = Run.Mode.APPEND if number % 2 else Run.Mode.REPLACE
        goal = [*old, *new] if mode == Run.Mode.APPEND else new
        pushes.append(Push(member.wants(new, member.has(old), mode), goal))
    return pushes


def standings(keys: Iterable[int]) -> Standings:
    columns = ("pk", "state", "cursor", "lease_gen", "lease_until", "unknown_since")
    rows = Run.objects.filter(pk__in=keys).values_list(*columns)
    return {
        pk: Standing(state, steps, takings, lease is not None, unknown is not None)
        for pk, state, steps, takings, lease, unknown in rows
    }


def is_busy(now: Standings) -> bool:
    """Say whether some are done, some under way, one in the middle of a write, most to come."""
    held = [one for one in now.values() if one.is_held]
    over = sum(one.is_over for one in now.values())
    return any(one.is_writing for one in held) and len(held) > 1 and over >= len(now) // 10


def times(recovery: Recovery) -> dict[str, Any]:
    def first(found: dict[int, float], keys: set[int]) -> float | None:
        return min((found[pk] for pk in keys & found.keys()), default=None)

    def last(found: dict[int, float], keys: set[int]) -> float | None:
        return max((found[pk] for pk in keys & found.keys()), default=None)

    held, waiting = recovery.held, recovery.waiting
    return {
        "held": len(held),
        "writing": sum(recovery.before[pk].is_writing for pk in held),
        "waiting": len(waiting),
        "waiting_go_on_s": first(recovery.stepped, waiting),
        "held_taken_up_s": first(recovery.taken, held),
        "held_go_on_s": first(recovery.stepped, held),
        "waiting_done_s": last(recovery.over, waiting),
        "all_done_s": last(recovery.over, set(recovery.before)),
    }


def outcome(sim: Control, pushes: list[Push]) -> dict[str, int]:
    """Count in the rows and in the simulator what became of the runs."""
    done = Run.objects.filter(pk__in=[push.run.pk for push in pushes], state=Run.State.DONE)
    found = [(sim.uris(push.run.playlist_id), push.goal) for push in pushes]
    return {
        "done": done.count(),
        "right": sum(there == goal for there, goal in found),
        "lost": sum((Counter(goal) - Counter(there)).total() for there, goal in found),
        "doubled": sum((Counter(there) - Counter(goal)).total() for there, goal in found),
        "calls": sum(run.calls_used for run in done),
    }


def shown(figures: dict[str, Any]) -> table.Row:
    return {
        name.removesuffix("_s").replace("_", " ") + (" s" if name.endswith("_s") else ""): (
            "-" if value is None else value
        )
        for name, value in figures.items()
        if not name.endswith("_lives")
    }


if __name__ == "__main__":
    main()
